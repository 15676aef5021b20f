"""Known mistakes and accepted alternatives of assignment 02."""

from autograder.checking import Alternative, Mistake

from . import (
    features,
    images,
    maps,
    sweep,
    widths,
)
from .survivors import SURVIVORS as SURVIVORS

ANSWERS: list[Mistake | Alternative] = [
    *widths.ANSWERS,
    *sweep.ANSWERS,
    *features.ANSWERS,
    *images.ANSWERS,
    *maps.ANSWERS,
]
