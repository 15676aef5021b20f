"""A small piece of code that uses an exercise's answer: what questions about that answer are made from."""

import itertools
import string
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scenario:
    """Code that students see, run after their own, and an expression that they are asked about.

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
    """

    exercise: str
    code: str
    asks: str
    draws: dict[str, list[Any]] = field(default_factory=dict)

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
