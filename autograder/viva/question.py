"""A question with options, exactly one of them right."""

import re
from dataclasses import dataclass, field

from autograder.viva.curve import Curve, Frame
from autograder.viva.value import Value

MOST_OPTIONS = 4
# Whoever sees these errors has the answer: their messages name what is missing.
TELLING = ("NameError", "UnboundLocalError", "AttributeError")


@dataclass(frozen=True)
class Question:
    """One question about one exercise.

    Parameters
    ----------
    kind
        The module that made it.
    level
        1 (reading) to 3 (what if).
    text
        The question; code in it stands between backticks.
    cell, after
        The student's code, whose lines are numbered, and what is run after it.
    other
        Code of somebody else that the question is about, if any.
    options
        In the order in which they are shown; code if `are_code`.
    right
        The position of the right one.
    because
        Why, in a sentence, for the key.
    curves, frame, over
        The options as pictures, if they are: each a list of numbers, what the y-axis shows of them, and
        what the x-axis counts. Their texts are in `options`.
    claim
        What an independent run can verify (see `audit`).
    """

    kind: str
    exercise: str
    level: int
    text: str
    cell: str
    after: str
    options: tuple[str, ...]
    right: int
    because: str
    other: str = ""
    are_code: bool = False
    curves: tuple[Curve, ...] = ()
    frame: Frame | None = None
    over: str = ""
    claim: dict = field(default_factory=dict, compare=False)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def form(text: str) -> str:
    """The text without its numbers."""
    return NUMBER.sub("#", text)


def alike(a: Value, b: Value) -> bool:
    """Whether two values are equal as texts, or differ by rounding only."""
    if a.text == b.text:
        return True
    if form(a.text) != form(b.text):
        return False
    pairs = zip(NUMBER.findall(a.text), NUMBER.findall(b.text), strict=True)
    return all(
        abs(float(x) - float(y)) <= 0.05 * max(abs(float(x)), abs(float(y))) for x, y in pairs
    )
