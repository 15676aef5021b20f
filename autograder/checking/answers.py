"""Known mistakes and accepted alternatives: the vocabulary of the answer bank."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Writes the files that are handed in beside the notebook, given the names that its cells define and
# the folder.
WriteFiles = Callable[[dict, Path], None]


@dataclass(frozen=True)
class Mistake:
    """A wrong solution cell and exactly the hidden checks that fail on it, the one it is meant for first.

    `files` changes the folder of handed-in files, which at first holds the reference's. `tells` is
    for a student whose answer behaves the same way: what is wrong, not what is right; empty if the
    mistake should not be named.
    """

    exercise: str
    name: str
    fails: str | tuple[str, ...]
    source: str
    files: WriteFiles | None = None
    tells: str = ""

    @property
    def failing(self) -> tuple[str, ...]:
        """`fails` as a tuple."""
        return (self.fails,) if isinstance(self.fails, str) else self.fails


@dataclass(frozen=True)
class Alternative:
    """An unusual but right solution cell: it must earn full marks."""

    exercise: str
    name: str
    source: str
    files: WriteFiles | None = None
