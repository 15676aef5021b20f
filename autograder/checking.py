"""Writing and running hidden checks.

    @check("momentum", points=2)
    def follows_the_reference(student, rng):
        \"\"\"Ten updates on random gradients equal the stated rule.\"\"\"
        ...
        expect_close(path, expected, "Is the new gradient weighted by 1 - momentum?")

A check returns nothing when the answer is right and raises `CheckFailed` when it is not; the first
line of its docstring is what students read in their feedback.
"""

import hashlib
import importlib
import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autograder.student import CheckFailed, KernelDied, OutOfTime, Student

__all__ = ["CheckFailed", "check", "expect", "expect_close", "expect_number"]


@dataclass(frozen=True)
class Check:
    """One hidden check of an exercise."""

    exercise: str
    name: str
    points: float
    function: Callable[[Student, np.random.Generator], None]

    @property
    def title(self) -> str:
        return (self.function.__doc__ or self.name).strip().splitlines()[0]


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `error` is set when the grader itself failed.

    `diagnosis` is a sentence about the known mistake as which the exercise's answer behaves.
    """

    exercise: str
    check: str
    title: str
    points: float
    max_points: float
    message: str = ""
    error: str = field(default="", compare=False)
    diagnosis: str = ""


_registry: dict[str, list[Check]] = {}


def check(exercise: str, points: float):
    """Register a function `(student, rng)` as a hidden check of `exercise`, worth `points`."""
    if not (math.isfinite(points) and points > 0):
        raise ValueError(f"expected positive finite points for {exercise}, got {points}")

    def register(function):
        checks = _registry.setdefault(function.__module__, [])
        checks[:] = [c for c in checks if (c.exercise, c.name) != (exercise, function.__name__)]
        checks.append(Check(exercise, function.__name__, float(points), function))
        return function

    return register


def module_name(assignment: str) -> str:
    """`01_mlp_basics` → `mlp_basics`: the name of an assignment's modules."""
    return re.sub(r"^\d+_", "", assignment)


def checks_of(assignment: str) -> dict[str, list[Check]]:
    """Exercise → checks, in the order of the assignment's check module.

    Raises
    ------
    ModuleNotFoundError
        If the assignment has no check module.
    """
    name = f"autograder.checks.{module_name(assignment)}"
    importlib.import_module(name)
    exercises: dict[str, list[Check]] = {}
    for item in _registry.get(name, []):
        exercises.setdefault(item.exercise, []).append(item)
    return exercises


def asked_names(assignment: str) -> frozenset[str]:
    """The student's names that the assignment's probes spell out."""
    probes = importlib.import_module(f"autograder.probes.{module_name(assignment)}")
    return frozenset(re.findall(r"\bns\.(\w+)", inspect.getsource(probes)))


def held_out_sets(assignment: str) -> tuple[str, ...]:
    """The image sets on whose held-out part the assignment's checks measure: its `HELD_OUT`."""
    module = importlib.import_module(f"autograder.checks.{module_name(assignment)}")
    return getattr(module, "HELD_OUT", ())


def challenge_seed(secret: bytes, submission: bytes, *names: str) -> int:
    """The seed of a check's inputs: repeatable for a submission, unpredictable for its author."""
    digest = hashlib.sha256(b"\0".join([secret, submission, *(n.encode() for n in names)]))
    return int.from_bytes(digest.digest()[:8], "little")


def run_checks(checks: list[Check], student: Student, seed: Callable[[Check], int]):
    """Run one exercise's checks in order and return a `CheckResult` each.

    A time-out or a dead kernel is charged once: the exercise's remaining checks are not run.
    """
    results, stopped = [], ""
    for item in checks:
        message, error = stopped, ""
        if not stopped:
            try:
                student.seed = seed(item) % 2**32
                item.function(student, np.random.default_rng(seed(item)))
            except (OutOfTime, KernelDied) as verdict:
                message, stopped = str(verdict), f"not run: {verdict}"
            except CheckFailed as verdict:
                message = str(verdict) or "not as expected"
            except Exception as failure:
                error = f"{type(failure).__name__}: {failure}"
                message = "the grader failed here, not you: your teacher has been told"
        points = 0.0 if message else item.points
        results.append(
            CheckResult(item.exercise, item.name, item.title, points, item.points, message, error)
        )
    return results


def expect(condition: bool, message: str) -> None:
    """Fail the check with `message` unless `condition`."""
    if not condition:
        raise CheckFailed(message)


def expect_number(value, what: str = "the result") -> float:
    """`value` as a float, if it is one finite or infinite number; else the check fails."""
    array = _numeric(value, what)
    if array.size != 1:
        raise CheckFailed(f"{what}: expected one number, got shape {tuple(array.shape)}")
    return float(array.reshape(()))


def expect_close(got, want, hint: str = "", *, what="the result", rtol=1e-4, atol=1e-5) -> None:
    """Fail unless `got` has the shape of `want` and equals it within the tolerances.

    `got` may be anything a student's process sent. `nan` equals `nan`. The message gives shapes and
    the size of the difference, never the expected values.
    """
    want = np.asarray(want)
    array = _numeric(got, what)
    if array.shape != want.shape:
        raise CheckFailed(
            _join(f"{what}: got shape {tuple(array.shape)}, expected {tuple(want.shape)}", hint)
        )
    array, want = array.astype(np.float64), want.astype(np.float64)
    wrong = ~np.isclose(array, want, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        part = f"{int(wrong.sum())} of {wrong.size} values differ" if wrong.size > 1 else "differs"
        with np.errstate(invalid="ignore"):
            gap = np.abs(array - want)[wrong]
        size = f"by up to {np.max(gap):.3g}" if np.isfinite(gap).all() else "(nan or inf)"
        raise CheckFailed(_join(f"{what}: {part} {size}", hint))


def _numeric(value, what: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise CheckFailed(
            f"{what}: expected numbers in a regular shape, got ragged lists"
        ) from None
    if array.dtype.kind not in "biuf":
        raise CheckFailed(f"{what}: expected numbers, got {type(value).__name__}")
    return array


def _join(message: str, hint: str) -> str:
    return f"{message}. {hint}" if hint else message
