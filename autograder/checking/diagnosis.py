"""Does a wrong answer behave like a known mistake in the bank, on the same challenge?

While an exercise is judged, the replies to its failing checks are kept. The bank's mistakes, which
are the grader's own code, are then run on the same challenge in this process. A mistake is named
only if it fails the same checks with the same replies, and if every other mistake that does so is
described by the same sentence.
"""

import contextlib
import functools
import random
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autograder.checking import wire
from autograder.checking.answers import Mistake
from autograder.checking.check import Check
from autograder.checking.hidden import Hidden
from autograder.checking.reference import Reference
from autograder.checking.reply import CheckFailed
from autograder.checking.student import LocalStudent, Student
from autograder.outcome import CheckResult

# What a bank needs is some seconds on any machine; only what never ends comes to this.
SECONDS = 30.0
# Far above the rounding errors of another order of operations, far below what checks distinguish.
RTOL, ATOL = 1e-3, 1e-4
ADDRESS = re.compile(r"0x[0-9a-f]+")

# Mistakes use the global random generators, which all threads of this process share.
_lock = threading.Lock()


class Recorder(Student):
    """Passes a check's questions on to `student` and keeps the replies of failing checks."""

    def __init__(self, student: Student):
        super().__init__()
        self.replies: dict[str, list[bytes]] = {}
        self._student, self.lines = student, student.lines
        self.constants = student.constants
        self._current: list[bytes] = []

    def watched(self, item: Check) -> Check:
        """The same check, whose replies are kept under its name if it fails."""

        @functools.wraps(item.function)
        def function(student, rng):
            self._current = self.replies[item.name] = []
            figures = item.function(student, rng)
            del self.replies[item.name]
            return figures

        return replace(item, function=function)

    def _ask(self, request: bytes, timeout: float) -> bytes:
        reply = self._student._ask(request, timeout)
        self._current.append(reply)
        return reply


class Differs(Exception):
    """A mistake's reply differs from the student's."""


class Comparer(LocalStudent):
    """A mistake that is asked what the student was asked, until their replies differ."""

    def __init__(self, seconds: float):
        super().__init__({})
        self.expected: list[bytes] | None = None
        self.warm_up()
        self._deadline = time.thread_time() + seconds

    @property
    def late(self) -> bool:
        """Whether this thread's processor time is used up; a busy machine does not matter."""
        return time.thread_time() > self._deadline

    def _ask(self, request: bytes, timeout: float) -> bytes:
        if self.late:
            raise Differs
        reply = super()._ask(request, timeout)
        if self.expected is not None:
            if not self.expected or not _alike(self.expected.pop(0), reply):
                raise Differs
        return reply


def diagnose(
    hidden: Hidden,
    reference: Reference,
    checks: list[Check],
    results: list[CheckResult],
    replies: dict[str, list[bytes]],
    seed: Callable[[Check], int],
    seconds: float = SECONDS,
) -> list[CheckResult]:
    """The results of one exercise's checks; the first failing one has a diagnosis if one is found.

    Parameters
    ----------
    hidden, reference : of the assignment.
    checks, results : all checks of the exercise and what they found, in the same order.
    replies : those of the failing checks, by name, as `Recorder` keeps them.
    seed : the seed of a check's challenge.
    seconds : processor time for all mistakes together; if it runs out, there is no diagnosis. Far
        above what is needed, so that a student is told the same on a slow machine as on a fast one.
    """
    checks = [item for item in checks if item.name not in hidden.file_checks]
    names = {item.name for item in checks}
    failing = {r.check for r in results if r.points < r.max_points and r.check in names}
    if not failing or any(r.error for r in results):
        return results
    if all(map(_unsolved, replies.values())):
        return results
    mistakes = [
        a
        for a in hidden.answers
        if isinstance(a, Mistake) and a.exercise == checks[0].exercise and a.files is None
    ]
    sentences = set()
    with _lock, _random_state():
        # What its cells import is loaded once in a process, which may take longer than all mistakes.
        with contextlib.suppress(Exception):
            reference.namespace()
        student = Comparer(seconds)
        student.constants = reference.constants
        for mistake in mistakes:
            if mistake.failing[0] in failing and _behaves_alike(
                mistake, reference, student, checks, failing, replies, seed
            ):
                sentences.add(mistake.tells)
            if student.late or len(sentences) > 1:
                return results
    if not sentences:
        return results
    (sentence,) = sentences
    first = next(r for r in results if r.check in failing)
    return [replace(r, diagnosis=sentence) if r is first else r for r in results]


def _behaves_alike(mistake, reference, student, checks, failing, replies, seed) -> bool:
    try:
        namespace = reference.namespace(**{mistake.exercise: mistake.source})
        namespace["print"] = lambda *args, **kwargs: None
        student.become(namespace)
        # The failing checks first: nearly every mistake ends at its first reply.
        for item in sorted(checks, key=lambda item: item.name not in failing):
            if not _same_verdict(item, student, item.name in failing, replies, seed(item)):
                return False
    except Exception:
        # `Differs`, or an error that the mistake causes in this process but not in a student's.
        return False
    return True


def _same_verdict(item, student, fails, replies, seed) -> bool:
    if fails and not replies.get(item.name):
        return False
    student.expected = list(replies[item.name]) if fails else None
    student.seed = seed % 2**32
    try:
        item.function(student, np.random.default_rng(seed))
    except CheckFailed:
        return fails and not student.expected
    return not fails


def _unsolved(replies: list[bytes]) -> bool:
    """Whether the code still raises the error of the untouched cell, which says nothing."""
    try:
        last = wire.decode(replies[-1]) if replies else {}
        kind, said = (last["error"][key] for key in ("type", "message"))
        return (
            isinstance(kind, str)
            and kind == "NotImplementedError"
            and isinstance(said, str)
            and not said
        )
    except (wire.WireError, LookupError, TypeError):
        return False


def _alike(first: bytes, second: bytes) -> bool:
    try:
        return _equal(wire.decode(first), wire.decode(second))
    except wire.WireError:
        return False


def _equal(a, b) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) != set(b):
            return False
        # The line of an error is the student's own code.
        return all(_equal(a[key], b[key]) for key in a if not (key == "line" and "type" in a))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, str) and isinstance(b, str):
        return ADDRESS.sub("0x", a) == ADDRESS.sub("0x", b)
    kinds = (int, float, np.ndarray)
    if isinstance(a, kinds) and isinstance(b, kinds):
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        return a.shape == b.shape and np.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)
    return type(a) is type(b) and a == b


@contextlib.contextmanager
def _random_state():
    """Restore the random generators of this process afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    with torch.random.fork_rng(devices=[]) if torch is not None else contextlib.nullcontext():
        yield
    random.setstate(python)
    np.random.set_state(numpy)
