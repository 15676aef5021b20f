"""What the watching process is doing, for people: one file, written anew at each change."""

import json
import statistics
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.outcome import Outcome
from autograder.serving import protocol

# Of how many submissions the seconds from arrival to feedback are kept.
KEPT = 1000


@dataclass(frozen=True)
class Waiting:
    """A submission that is to be graded; times as of `time.time`.

    It is not graded before `until`, if that is given: its student has handed in too often.
    """

    assignment: str
    student: str
    since: float
    until: float | None = None


def path(course: Course) -> Path:
    """The file; it is there while the process watches."""
    return protocol.folder(course) / "queue.json"


def read(course: Course) -> dict:
    """What the process that watches this course has written last.

    Raises
    ------
    UserError
        If none has.
    """
    try:
        return json.loads(path(course).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"nothing watches {course.root}: start `autograder serve --watch` there"
        ) from None


@dataclass
class State:
    """See `as_dict` for what is known."""

    course: Course
    _waiting: Sequence[Waiting] = ()
    _running: Sequence[Waiting] = ()
    _problems: dict[tuple[str, str], str] = field(default_factory=dict)
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def __post_init__(self) -> None:
        self._latest = {
            name: {s: a.outcome for s, a in ledger.latest(self.course, name).items()}
            for name in self.course.assignments
        }
        self._write()

    def queue(self, waiting: Sequence[Waiting], running: Sequence[Waiting]) -> None:
        """Who waits, and who is being graded."""
        if (waiting, running) != (self._waiting, self._running):
            self._waiting, self._running = waiting, running
            self._write()

    def graded(self, outcome: Outcome, since: float | None) -> None:
        """An outcome has been written and given back; it had arrived at `since`."""
        self._latest.setdefault(outcome.assignment, {})[outcome.student] = outcome
        self._problems.pop((outcome.assignment, outcome.student), None)
        self._running = [w for w in self._running if w.student != outcome.student]
        if since is not None:
            self._seconds.append(time.time() - since)
        self._write()

    def problem(self, assignment: str, student: str, message: str) -> None:
        """Something that an instructor should know; an empty message: no more."""
        before = self._problems.pop((assignment, student), "")
        if message:
            self._problems[assignment, student] = message
        if message != before:
            self._write()

    def _write(self) -> None:
        files.write(path(self.course), json.dumps(self.as_dict(), indent=1, ensure_ascii=False))

    def as_dict(self) -> dict:
        """Plain data; times are seconds since 1970, `latency` is from arrival to feedback."""
        failed = {
            (name, student): f"{outcome.status}: {'; '.join(outcome.said)}"
            for name, outcomes in self._latest.items()
            for student, outcome in outcomes.items()
            if outcome.needs_attention
        }
        return {
            "course": self.course.root.name,
            "time": time.time(),
            "waiting": [asdict(w) for w in self._waiting],
            "running": [asdict(w) for w in self._running],
            "latency": self._latency(),
            "problems": [
                {"assignment": name, "student": student, "message": message}
                for (name, student), message in sorted({**failed, **self._problems}.items())
            ],
            "assignments": [
                {
                    "name": name,
                    "submissions": len(outcomes),
                    "statuses": Counter(str(o.status) for o in outcomes.values()),
                    "exercises": _progress(outcomes.values()),
                }
                for name, outcomes in self._latest.items()
                if outcomes
            ],
        }

    def _latency(self) -> dict:
        if not self._seconds:
            return {"n": 0, "p50": None, "p95": None}
        ordered = sorted(self._seconds)
        p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
        return {
            "n": len(ordered),
            "p50": round(statistics.median(ordered), 2),
            "p95": round(p95, 2),
        }


def _progress(outcomes) -> list[dict]:
    """How many have solved each exercise: all of its points, a part, or nothing."""
    counts: dict[str, Counter] = {}
    for outcome in outcomes:
        points: dict[str, list[float]] = {}
        for check in outcome.checks:
            sums = points.setdefault(check.exercise, [0.0, 0.0])
            sums[0] += check.points
            sums[1] += check.max_points
        for name, (earned, most) in points.items():
            kind = "all" if earned >= most else "part" if earned else "nothing"
            counts.setdefault(name, Counter())[kind] += 1
    return [
        {"name": name, **{kind: found[kind] for kind in ("all", "part", "nothing")}}
        for name, found in counts.items()
    ]
