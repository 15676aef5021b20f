"""Answers that ask instead of answering: what do the messages of hidden checks give away?

Each check is asked with replies of the right form whose numbers are 0, 1, or what the student's
process has just been asked, and with functions that do the same. A message that repeats a number
that was drawn, or one that would have been right, would be collected over many hand-ins.

    python tests/checking/asking.py 03_optimizers [EXERCISE]

prints the messages with such a number.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from forging import Forger, numbers

from autograder.authoring.expand import expand
from autograder.checking import hidden, wire
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.grading.judging import data

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def leaves(value) -> Iterator[np.ndarray]:
    """The numbers in plain data: an array for each place."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool):
        if abs(np.asarray(value, dtype=np.float64)).max(initial=0) < 1e300:
            yield np.asarray(value, dtype=np.float64)


class Remembering(Forger):
    """A forger that keeps what was asked, and what the reference would have replied."""

    def __init__(self, student, forge: Callable, replies: dict):
        super().__init__(student, lambda value: forge(value, self.asked), replies)
        self.asked: list[np.ndarray] = []
        self.known: list[np.ndarray] = []

    def _ask(self, request: bytes, timeout: float) -> bytes:
        question = wire.decode(request)
        self.asked = list(leaves([question["args"], question["kwargs"]]))
        reply = self._true_reply(request, timeout)
        self.known += [*self.asked, *leaves(wire.decode(reply).get("value"))]
        self.lines = frozenset()
        forged = self._forge(wire.decode(reply).get("value"))
        if isinstance(forged, Raised):
            self.replaced += 1
            return wire.encode({"error": vars(forged)})
        return super()._ask(request, timeout)


class Raised:
    """An error that a student's code has raised, whose every word is of its choice."""

    def __init__(self, value, asked):
        text = ", ".join(f"{number:.6g}" for a in asked for number in a.ravel()[:3])
        self.type, self.message, self.line = f"E{text}", text, f"raise E({text})"


def everything(asked: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([a.ravel() for a in asked] or [np.zeros(1)])


def filled(fill: Callable) -> Callable:
    """A reply of the right form with one number everywhere: `fill` of all that was asked."""

    def forge(value, asked):
        number = float(fill(everything(asked)))
        change = numbers(lambda v: np.full(np.shape(v), number) if np.shape(v) else number)
        return change(value)

    return forge


def echoed(value, asked):
    """Every array is the numbers that were asked for, as many as fit."""
    flat = everything(asked)
    return numbers(lambda v: np.resize(flat, np.shape(v)) if np.shape(v) else float(flat[0]))(value)


ANSWERS: dict[str, Callable] = {
    "zero": filled(lambda asked: 0),
    "one": filled(lambda asked: 1),
    "the first number asked": filled(lambda asked: asked[0]),
    "the last number asked": filled(lambda asked: asked[-1]),
    "the largest number asked": filled(lambda asked: asked.max(initial=0)),
    "all that was asked": echoed,
    "all that was asked, flat": lambda value, asked: everything(asked),
    "as much as was asked": lambda value, asked: np.zeros(
        [int(abs(a.ravel()[0])) % 50 for a in asked if a.size][:5]
    ),
    "right but for one in a hundred": lambda value, asked: numbers(lambda v: v * 1.013 + 0.001)(
        value
    ),
    "an error that says what was asked": Raised,
}


def telling(message: str, known: list[np.ndarray], published: set[str]) -> list[str]:
    """The numbers in a message that were drawn or are right, as far as nobody knows them before.

    Single numbers are recognized by two digits, those among others by three.
    """
    # Counts, shapes and orders of magnitude are told: of the numbers in it, a reply's form says little.
    message = re.sub(r"\d+ of \d+|(shape|expected) \([\d, ]*\)|items, got \d+|\d+ %", "", message)
    single = [float(a.ravel()[0]) for a in known if a.size == 1]
    several = np.concatenate([a.ravel() for a in known if 1 < a.size <= 64] or [np.zeros(0)])
    found = []
    for text in NUMBER.findall(message):
        digits = re.sub(r"e.*|\D", "", text).lstrip("0")
        number = abs(float(text))
        if len(digits) < 2 or number == 0 or text in published:
            continue
        pool = np.abs(np.concatenate([single, several if len(digits) > 2 else []]))
        if (np.abs(pool - number) <= 5e-4 * number).any():
            found.append(text)
    return found


FEW = ("zero", "one", "all that was asked", "an error that says what was asked")


def asking(
    course: Course, assignment: str, exercise: str = "", seed: int = 0, kinds=tuple(ANSWERS)
):
    """Every check of an assignment with every answer: (exercise, check, answer, message, numbers)."""
    own = hidden.load(course.hidden, assignment)
    text = (course.notebooks / f"{assignment}.py").read_text(encoding="utf-8")
    published = set(NUMBER.findall(text))
    reference = LocalStudent(Reference(expand(course, assignment)).namespace())
    for name, checks in own.checks.items():
        for item in checks if exercise in ("", name) else ():
            cache: dict = {}
            for kind in kinds:
                student = Remembering(reference, ANSWERS[kind], cache)
                number = challenge_seed(b"asked", bytes([seed]), item.name)
                with np.errstate(all="ignore"):
                    (result,) = run_checks([item], student, lambda _, n=number: n)
                yield (
                    name,
                    item.name,
                    kind,
                    result.message,
                    telling(result.message, student.known, published),
                )


def main(assignment: str, exercise: str = "") -> int:
    course = Course(Path(__file__).resolve().parents[2])
    found, shown = 0, set()
    with data.built_in(hidden.load(course.hidden, assignment)):
        for seed in range(2):
            for name, check, kind, message, told in asking(course, assignment, exercise, seed):
                if told and (name, check, message) not in shown:
                    found += 1
                    shown.add((name, check, message))
                    print(f"{name}/{check}: {kind}: {told}: {message}", flush=True)
    print(f"{found} messages tell a number")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
