"""The page a student gets: rendered, cleaned, with a table of checks and pictures."""
