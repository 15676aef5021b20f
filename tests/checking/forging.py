"""Wrong replies of every kind, sent to every hidden check: none may raise, none may pass.

The reference answers, and what its probes reply is replaced before a check sees it. From a shell:

    python tests/checking/forging.py 03_optimizers [EXERCISE]

prints each check that raised (a grader error) or passed, with the kind of reply.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from autograder.authoring.expand import expand
from autograder.checking import hidden, wire
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent, Student
from autograder.course import Course
from autograder.grading.judging import data


def everywhere(change: Callable) -> Callable:
    """A reply of the right form in which `change` was applied to every leaf."""

    def forge(value):
        if isinstance(value, dict):
            return {key: forge(item) for key, item in value.items()}
        if isinstance(value, list):
            return [forge(item) for item in value]
        return change(value)

    return forge


def numbers(change: Callable) -> Callable:
    """A reply in which `change` was applied to every number and array, flags apart."""

    def leaf(value):
        plain = isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool)
        return change(value) if plain else _other(value)

    return everywhere(leaf)


def _other(value):
    """Something else of the same type, for what is not a number."""
    if isinstance(value, bool):
        return not value
    return value[::-1] + "?" if isinstance(value, str) else value


def _filled(fill: float) -> Callable:
    def change(value):
        if isinstance(value, np.ndarray):
            return np.full(value.shape, fill, dtype=np.float64)
        return fill

    return change


def _resized(count: int) -> Callable:
    """Lists and arrays of another length, everywhere."""

    def forge(value):
        if isinstance(value, dict):
            return {key: forge(item) for key, item in value.items()}
        if isinstance(value, list):
            items = [forge(item) for item in value]
            return items[:-1] if count < 0 else items + (items[-1:] or [0])
        if isinstance(value, np.ndarray) and value.ndim:
            return value[:-1] if count < 0 else np.concatenate([value, value[-1:], value[-1:]])
        return _other(value) if isinstance(value, (str, bool)) else None

    return forge


def _nested(value):
    for _ in range(15):
        value = [value]
    return value


def _emptied(value):
    return type(value)() if isinstance(value, (dict, list)) else np.zeros((0,))


def _without_values(value):
    """The right keys with nothing under them."""
    return {key: None for key in value} if isinstance(value, dict) else [None] * 3


KINDS: dict[str, Callable] = {
    "nothing": lambda value: None,
    "true": lambda value: True,
    "zero": lambda value: 0,
    "minus one": lambda value: -1,
    "nan": lambda value: math.nan,
    "infinity": lambda value: math.inf,
    "a huge integer": lambda value: 10**400,
    "text": lambda value: "1.0",
    "no text": lambda value: "",
    "an empty list": lambda value: [],
    "an empty dict": lambda value: {},
    "an empty array": lambda value: np.zeros((0, 3)),
    "a list of texts": lambda value: ["a", "b"],
    "ragged lists": lambda value: [[1.0, 2.0], [3.0], 4],
    "nested lists": _nested,
    "the wrong keys": lambda value: {"no": value, "such": value, "key": value},
    "one list deeper": lambda value: [value],
    "emptied": _emptied,
    "keys without values": _without_values,
    "every leaf nothing": everywhere(lambda leaf: None),
    "every leaf text": everywhere(lambda leaf: "x"),
    "every leaf a list": everywhere(lambda leaf: [leaf, [leaf]]),
    "every leaf a dict": everywhere(lambda leaf: {"value": leaf}),
    "every leaf an empty array": everywhere(lambda leaf: np.zeros((0,))),
    "every leaf an empty table": everywhere(lambda leaf: np.zeros((0, 7, 0))),
    "every number nan": numbers(_filled(math.nan)),
    "every number infinite": numbers(_filled(math.inf)),
    "every number huge": numbers(_filled(1e300)),
    "every number negative and huge": numbers(_filled(-1e300)),
    "every number zero": numbers(_filled(0.0)),
    "every number one": numbers(_filled(1.0)),
    "every number a huge integer": numbers(lambda value: 2**62),
    "every number a half": numbers(_filled(0.5)),
    "everything one shorter": _resized(-1),
    "everything one longer": _resized(1),
    "every array flat": numbers(lambda v: np.ravel(v) + 1.5 if isinstance(v, np.ndarray) else None),
    "every array one number": numbers(lambda value: np.float64(3.25)),
    "every array complex lists": numbers(lambda value: [[["1", None], {}], 2]),
}


class Forger(Student):
    """Passes questions on to `student`, each once, and replaces what comes back."""

    def __init__(self, student: Student, forge: Callable, replies: dict[bytes, bytes]):
        super().__init__()
        self._student, self._forge, self._replies = student, forge, replies
        self.replaced = 0

    def _true_reply(self, request: bytes, timeout: float) -> bytes:
        if request not in self._replies:
            self._replies[request] = self._student._ask(request, timeout)
        return self._replies[request]

    def _ask(self, request: bytes, timeout: float) -> bytes:
        reply = self._true_reply(request, timeout)
        value = wire.decode(reply)
        if set(value) != {"value"}:
            return reply
        self.replaced += 1
        return wire.encode({"value": self._forge(value["value"])})


def forged(course: Course, assignment: str, exercise: str = "", seed: int = 0):
    """Every check of an assignment with every kind: (exercise, check, kind, problem).

    The problem is empty where the check failed, as it should.
    """
    own = hidden.load(course.hidden, assignment)
    reference = Reference(expand(course, assignment))
    student = LocalStudent(reference.namespace())
    for name, checks in own.checks.items():
        for item in checks if exercise in ("", name) else ():
            replies: dict[bytes, bytes] = {}
            # A check that reads files fails before it asks for anything.
            for kind, forge in KINDS.items():
                forger = Forger(student, forge, replies)
                number = challenge_seed(b"forged", bytes([seed]), item.name)
                with np.errstate(all="ignore"):
                    (result,) = run_checks([item], forger, lambda _, n=number: n)
                problem = f"raised {result.error}" if result.error else ""
                if result.points and not problem:
                    problem = "passed" if forger.replaced else "passed without asking"
                yield name, item.name, kind, problem


def main(assignment: str, exercise: str = "") -> int:
    course = Course(Path(__file__).resolve().parents[2])
    own = hidden.load(course.hidden, assignment)
    tried = problems = 0
    with data.built_in(own):
        for name, check, kind, problem in forged(course, assignment, exercise):
            tried += 1
            if problem:
                problems += 1
                print(f"{name}/{check}: {kind}: {problem}", flush=True)
    print(f"{tried} forged replies, {problems} problems")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
