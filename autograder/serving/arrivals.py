"""Who has handed in: found by watching folders, in the order in which it happened."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, watch

from autograder.course import Course
from autograder.errors import UserError
from autograder.serving.exchange import Exchange
from autograder.serving.state import Waiting

# Seconds without a change after which a submission is complete; a file that comes later counts as
# another one.
QUIET = 0.3
# Seconds between two looks at everything: not every file system tells what happens on it.
LOOK = 60


class Arrivals(threading.Thread):
    """Watches `submitted/` and the exchange, from which it collects."""

    def __init__(self, course: Course):
        super().__init__(daemon=True, name="watch folders")
        self._course = course
        self._exchange = Exchange(course)
        self._changed = threading.Condition()
        self._ended = threading.Event()
        # For each submission: when it arrived, and when it last changed.
        self._waiting: dict[tuple[str, str], tuple[float, float]] = {}
        # The same for folders in the exchange.
        self._inbound: dict[str, tuple[float, float]] = {}
        # What has been taken from there: a better submission may have been put in its place since.
        self._collected: set[str] = set()
        self.problems: dict[tuple[str, str], str] = {}

    def add(self, assignment: str, students: Iterable[str]) -> None:
        """These wait, too."""
        now = time.time()
        with self._changed:
            for student in students:
                self._waiting.setdefault((assignment, student), (now, 0.0))
            self._changed.notify()

    def waiting(self) -> list[Waiting]:
        """All that wait, the first one first."""
        with self._changed:
            found = [Waiting(a, s, since) for (a, s), (since, _) in self._waiting.items()]
        return sorted(found, key=lambda w: w.since)

    def take(
        self, most: int, seconds: float, held: Callable[[Waiting], bool] = lambda waiting: False
    ) -> list[Waiting]:
        """Up to `most` complete submissions of one assignment, the first one's; they wait no more.

        Waits `seconds` for one; empty if none has come. Those that are `held` stay.
        """
        end = time.time() + seconds
        while True:
            found = self._take(most, held)
            left = end - time.time()
            if found or left <= 0:
                return found
            with self._changed:
                self._changed.wait(min(left, QUIET / 2 if self._waiting else left))

    def _take(self, most: int, held: Callable[[Waiting], bool]) -> list[Waiting]:
        before = time.time() - QUIET
        with self._changed:
            quiet = {key for key, (_, last) in self._waiting.items() if last <= before}
        ready = [w for w in self.waiting() if (w.assignment, w.student) in quiet]
        ready = [w for w in ready if not held(w)]
        chosen = [w for w in ready if w.assignment == ready[0].assignment][:most]
        with self._changed:
            for w in chosen:
                del self._waiting[w.assignment, w.student]
        return chosen

    def end(self) -> None:
        self._ended.set()

    def run(self) -> None:
        folder = self._course.folder("submitted")
        folder.mkdir(exist_ok=True)
        places = [folder] + [self._exchange.inbound] * self._exchange.is_there
        # What came through the exchange while nobody watched is found by the first look.
        looked, seen = 0.0, self._times()
        for changes in watch(
            *places, watch_filter=None, debounce=200, step=50, stop_event=self._ended,
            rust_timeout=int(1000 * QUIET), yield_on_timeout=True, raise_interrupt=False,
        ):  # fmt: skip
            self._note(changes)
            if time.time() - looked > LOOK:
                looked = time.time()
                before, seen = seen, self._times()
                new = [path for path, changed in seen.items() if before.get(path) != changed]
                if self._exchange.is_there:
                    there = self._exchange.inbound.iterdir()
                    new += [path for path in there if path.name not in self._collected]
                self._note({(Change.added, str(path)) for path in new})
            self._collect()

    def _times(self) -> dict[Path, int]:
        """When each submission's folder, or a file in it, was last changed."""
        found = {}
        for folder in self._course.folder("submitted").glob("*/*"):
            with contextlib.suppress(OSError):
                there = [folder, *folder.iterdir()]
                found[folder] = max(path.stat().st_mtime_ns for path in there)
        return found

    def _note(self, changes: set[tuple[Change, str]]) -> None:
        now = time.time()
        submitted = os.path.realpath(self._course.folder("submitted"))
        with self._changed:
            for _, path in changes:
                inside = os.path.relpath(os.path.realpath(path), submitted).split(os.sep)
                if inside[0] != os.pardir:
                    for key in self._submissions(path, inside):
                        since, _ = self._waiting.get(key, (now, now))
                        self._waiting[key] = since, now
                elif self._exchange.is_there:
                    name = os.path.relpath(path, self._exchange.inbound).split(os.sep)[0]
                    since, _ = self._inbound.get(name, (now, now))
                    self._inbound[name] = since, now
            self._changed.notify()

    def _submissions(self, path: str, inside: list[str]) -> list[tuple[str, str]]:
        """The submissions that a change at `path` may be of.

        What is created in a new folder before that is watched, too, is not told of: a new folder of a
        student may have submissions in it.
        """
        student, *below = inside
        names = below[:1] or [n for n in self._course.assignments if os.path.isdir(f"{path}/{n}")]
        return [(name, student) for name in names if name in self._course.assignments]

    def _collect(self) -> None:
        """Take from the exchange what is complete there; a submission's time is its arrival there."""
        before = time.time() - QUIET
        for name in [name for name, (_, last) in self._inbound.items() if last <= before]:
            since, _ = self._inbound.pop(name)
            found = self._exchange.submitted(name)
            if found is None or not (self._exchange.inbound / name / "timestamp.txt").is_file():
                continue
            student, assignment = found
            with self._changed:
                self._waiting.setdefault((assignment, student), (since, time.time()))
            try:
                remarks = self._exchange.collect(student, assignment)
                self._collected.add(name)
            except UserError as error:
                remarks = str(error)
            if remarks:
                self.problems[assignment, student] = remarks
