"""The kinds of questions, each a module with a function `make(bench, rng) → Iterator[Question]`."""
