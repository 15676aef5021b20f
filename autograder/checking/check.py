"""Writing and running hidden checks.

    @check("momentum", points=2)
    def follows_the_reference(student, rng):
        \"\"\"Ten updates on random gradients equal the stated rule.\"\"\"
        ...
        expect_close(path, expected, "Is the new gradient weighted by 1 - momentum?")

A check returns when the answer is right and raises `CheckFailed` when it is not; the first
line of its docstring is what students read in their feedback. A message with "depends on" says that
the property cannot be judged because something else is wrong: feedback folds it behind what is.
A check may return what it has measured, as in `{"accuracy": 0.66}`, for `autograder leaderboard`.
"""

import functools
import hashlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.checking.reply import CheckFailed, Reply
from autograder.checking.student import KernelDied, OutOfTime, Student
from autograder.outcome import CheckResult


@dataclass(frozen=True)
class Check:
    """One hidden check of an exercise."""

    exercise: str
    name: str
    points: float
    function: Callable[[Student, np.random.Generator], dict[str, float] | None]

    @property
    def title(self) -> str:
        return (self.function.__doc__ or self.name).strip().splitlines()[0]


_registry: dict[str, list[Check]] = {}


def check(exercise: str, points: float, **given):
    """Register a function `(student, rng, **given)` as a hidden check of `exercise`.

    One function may be registered for several exercises, each time with its own arguments:

        @check("sgd", points=1, name="SGD")
        @check("adam", points=1, name="Adam")
        def changes_in_place(student, rng, name): ...

    Parameters
    ----------
    points
        What the check is worth.
    given
        Arguments that the function gets beside the student and the random generator.
    """
    if not (math.isfinite(points) and points > 0):
        raise ValueError(f"expected positive finite points for {exercise}, got {points}")

    def register(function):
        checks = _registry.setdefault(function.__module__, [])
        bound = functools.update_wrapper(functools.partial(function, **given), function)
        new = Check(exercise, function.__name__, float(points), bound)
        known = [c for c in checks if (c.exercise, c.name) == (new.exercise, new.name)]
        # The same code again is a second attempt to import the module.
        if any(inspect.unwrap(c.function).__code__ != function.__code__ for c in known):
            raise ValueError(f"{exercise} has two checks named {new.name}: rename one")
        checks[:] = [c for c in checks if c not in known]
        # Decorators apply from the bottom up: the order of the registrations is that of the text.
        same = [i for i, c in enumerate(checks) if c.name == new.name]
        checks.insert(same[0] if same else len(checks), new)
        return function

    return register


def registered(module: str) -> list[Check]:
    """The checks that the module of this name has registered, in order."""
    return list(_registry.get(module, []))


def challenge_seed(secret: bytes, submission: bytes, *names: str) -> int:
    """The seed of a check's inputs: repeatable for a submission, unpredictable for its author.

    Parameters
    ----------
    submission
        A hash of everything handed in: whoever changes anything is asked something else, and what
        was told about the old inputs is worth nothing.
    names
        Whose submission it is, and which check.
    """
    digest = hashlib.sha256(b"\0".join([secret, submission, *(n.encode() for n in names)]))
    return int.from_bytes(digest.digest()[:8], "little")


def run_checks(
    checks: list[Check], student: Student, seed: Callable[[Check], int]
) -> list[CheckResult]:
    """Run one exercise's checks in order and return a `CheckResult` for each.

    A time-out or a dead kernel is charged once: the exercise's remaining checks are not run.
    """
    results, stopped = [], ""
    for item in checks:
        message, error, figures = stopped, "", None
        if not stopped:
            try:
                student.seed = seed(item) % 2**32
                figures = item.function(student, np.random.default_rng(seed(item)))
            except (OutOfTime, KernelDied) as verdict:
                message, stopped = str(verdict), f"not run: {verdict}"
            except CheckFailed as verdict:
                message = str(verdict) or "not as expected"
            except Exception as failure:
                error = f"{type(failure).__name__}: {failure}"
                message = "the grader failed here, not you: your teacher has been told"
        points = 0.0 if message else item.points
        results.append(
            CheckResult(
                item.exercise, item.name, item.title, points, item.points, message, error,
                figures=figures or {},
            )
        )  # fmt: skip
    return results


def expect(condition: bool, message: str) -> None:
    """Fail the check with `message` unless `condition`."""
    if not condition:
        raise CheckFailed(message)


def expect_close(got, want, hint: str = "", *, what="the result", rtol=1e-4, atol=1e-5) -> None:
    """Fail unless `got` has the shape of `want` and equals it within the tolerances.

    `got` is a `Reply`, or numbers that were read from one. `nan` equals `nan`. The message gives
    shapes and how large the difference is by orders of magnitude: who answers 0 is not told what
    would have been right.
    """
    want = np.asarray(want)
    reply = got if isinstance(got, Reply) else Reply(got)
    array = reply.array(want.shape, what, hint)
    want = want.astype(np.float64)
    wrong = ~np.isclose(array, want, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        part = f"{int(wrong.sum())} of {wrong.size} values differ" if wrong.size > 1 else "differs"
        size = _apart(array[wrong], want[wrong], np.abs(want[np.isfinite(want)]).max(initial=0))
        raise CheckFailed(f"{what}: {part} {size}. {hint}" if hint else f"{what}: {part} {size}")


def _apart(got: np.ndarray, want: np.ndarray, scale: float) -> str:
    """How far `got` is from `want`, in orders of magnitude of the largest number expected."""
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.max(np.abs(got - want))
    if not np.isfinite(gap):
        return "(nan or inf)"
    above = [percent for percent in (100, 10, 1) if gap > percent / 100 * scale]
    return f"by more than {above[0]} %" if above else "by less than 1 %"


def compared(ratio: float) -> str:
    """How a ratio that should be 1 is told: the number itself would say what is right."""
    for bound, words in ((0.5, "far too small"), (1, "too small"), (2, "too large")):
        if ratio < bound:
            return words
    return "far too large"
