"""Learning platforms: the submissions in their downloads become `submitted/`."""
