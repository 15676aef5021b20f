"""Known mistakes and accepted alternatives: the vocabulary of `autograder/answers/`."""

import importlib
from dataclasses import dataclass

from autograder.checking import module_name


@dataclass(frozen=True)
class Mistake:
    """A wrong solution cell and the hidden check that must fail on it."""

    exercise: str
    name: str
    fails: str
    source: str


@dataclass(frozen=True)
class Alternative:
    """An unusual but right solution cell: it must earn full marks."""

    exercise: str
    name: str
    source: str


def answers_of(assignment: str) -> list[Mistake | Alternative]:
    """The `ANSWERS` list of the assignment's answer module."""
    return importlib.import_module(f"autograder.answers.{module_name(assignment)}").ANSWERS
