"""The vocabulary of the answer bank: known mistakes, accepted alternatives, scenarios."""

import itertools
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

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


@dataclass(frozen=True)
class Scenario:
    """Code that uses an exercise's answer: what questions about that answer are made from.

    Students see it; it is run after their own cell, and then they are asked about an expression.

    Parameters
    ----------
    exercise
        The exercise whose cell the code uses.
    code
        Python, with `$name` for what is drawn. Short, and with numbers for mental arithmetic.
    asks
        An expression: a number, a truth value, a text, a shape or a short list of these.
    draws
        What each `$name` may be.
    over
        What is counted along the list that `asks` gives, such as "steps", if its 13 to 100 numbers are
        to be shown as a curve.
    """

    exercise: str
    code: str
    asks: str
    draws: dict[str, list[Any]] = field(default_factory=dict)
    over: str = ""

    def drawn(self, rng: np.random.Generator, count: int) -> list[str]:
        """Up to `count` different versions of the code, in random order.

        Raises
        ------
        KeyError
            If the code has a name that is not drawn.
        """
        every = [
            string.Template(self.code).substitute(dict(zip(self.draws, values)))
            for values in itertools.product(*self.draws.values())
        ]
        return [every[i] for i in rng.permutation(len(every))[:count]]
