"""What commands print: `console` as they go on, `summary` at the end of a grading run."""
