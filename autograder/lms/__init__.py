"""Learning platforms: what they hand out becomes `submitted/`."""
