"""Known mistakes and accepted alternatives: the vocabulary of `autograder/answers/`."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.checking import module_name

# Writes the files that are handed in beside the notebook: given the names that its cells define,
# and the folder.
WriteFiles = Callable[[dict, Path], None]


@dataclass(frozen=True)
class Mistake:
    """A wrong solution cell and the hidden check that must fail on it.

    `files` changes the folder of handed-in files, which holds the reference's at first. `tells` is
    for a student whose answer behaves alike: what is wrong, not what is right; empty where it
    should not be named.
    """

    exercise: str
    name: str
    fails: str
    source: str
    files: WriteFiles | None = None
    tells: str = ""


@dataclass(frozen=True)
class Alternative:
    """An unusual but right solution cell: it must earn full marks."""

    exercise: str
    name: str
    source: str
    files: WriteFiles | None = None


def answers_of(assignment: str) -> list[Mistake | Alternative]:
    """The `ANSWERS` list of the assignment's answer module."""
    return _module(assignment).ANSWERS


def reference_files(assignment: str) -> WriteFiles | None:
    """What writes the files that the reference hands in; None where there are none."""
    return getattr(_module(assignment), "FILES", None)


def file_checks(assignment: str) -> tuple[str, ...]:
    """The names of the checks that read handed-in files, which no mistake's source explains."""
    return getattr(_module(assignment), "FILE_CHECKS", ())


def _module(assignment: str):
    return importlib.import_module(f"autograder.answers.{module_name(assignment)}")
