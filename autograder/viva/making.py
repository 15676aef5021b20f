"""All questions about one exercise as one student has solved it."""

from collections.abc import Iterator

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.kinds import (
    count,
    picture,
    result,
    shape,
    variable,
    what_if,
    which_line,
    why_not,
)
from autograder.viva.question import Question

KINDS = {
    "count": count.make,
    "shape": shape.make,
    "result": result.make,
    "variable": variable.make,
    "what_if": what_if.make,
    "picture": picture.make,
    "which_line": which_line.make,
    "why_not": why_not.make,
}


def questions(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """Every question of every kind."""
    for make in KINDS.values():
        yield from make(bench, rng)
