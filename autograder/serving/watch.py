"""Grades what arrives, all the time, and gives it back."""

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from autograder import lock, rules
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.grading import batch, workers
from autograder.grading.plan import plan
from autograder.outcome import Outcome, Status
from autograder.serving import page, protocol
from autograder.serving.arrivals import Arrivals
from autograder.serving.attempts import Attempts
from autograder.serving.giving import Giving
from autograder.serving.state import State, Waiting
from autograder.submission.pack import digest

# Submissions that are handed out together: those of other assignments wait for the last of them.
TOGETHER = 16
# Seconds until what could not be done is tried again.
AGAIN = 5
# How often what the grader failed at is tried again, until it arrives anew.
TRIES = 2


class Watch:
    """Grades one course until it is told to end."""

    def __init__(self, course: Course):
        self._course = course
        self._arrivals = Arrivals(course)
        self._giving = Giving(course)
        self._state = State(course)
        self._attempts = Attempts(course)
        # Whom the limit of attempts holds back, and until when; with the submission they were told of.
        self._held: dict[tuple[str, str], datetime] = {}
        self._told: dict[tuple[str, str], tuple[datetime, str]] = {}
        self._rules = course.rules
        self._ended = threading.Event()
        self._tries: Counter[tuple[str, str]] = Counter()

    def end(self, *_) -> None:
        """End after what is being graded has been written."""
        self._ended.set()

    def run(self) -> None:
        count, parent = os.cpu_count() or 1, os.getppid()
        place = protocol.folder(self._course)
        with ExitStack() as stack:
            # One that has lost its parent ends after what it is grading.
            lock.take(stack.enter_context(open(place / "watching", "ab")), wait=True)
            for left in place.glob("scratch-*"):
                shutil.rmtree(left, ignore_errors=True)
            cluster = stack.enter_context(
                workers.local(self._course, count, in_process=False, place=place)
            )
            self._arrivals.start()
            self._look_at_all()
            # Without the process that it was forked from, it would be left behind.
            while not self._ended.is_set() and os.getppid() == parent:
                for name, student in list(self._arrivals.problems):
                    self._state.problem(name, student, self._arrivals.problems.pop((name, student)))
                self._read_rules()
                for name, student in self._giving.due_now():
                    self._give_back(ledger.latest(self._course, name)[student].outcome)
                chosen = self._arrivals.take(TOGETHER, 1, self._is_held)
                self._state.queue(self._waiting(), chosen)
                if chosen:
                    self._grade(chosen, cluster)
        self._arrivals.end()

    def _look_at_all(self) -> None:
        """What has arrived, or was left unfinished, while nobody watched."""
        for assignment in self._course.assignments:
            students = self._course.submitted_students(assignment)
            if not (students and self._course.source_notebook(assignment).is_file()):
                continue
            try:
                planned = plan(self._course, assignment, students)
            except UserError as error:
                self._state.problem(assignment, "", str(error))
                continue
            self._arrivals.add(assignment, planned.todo)
            for outcome in planned.unchanged.values():
                self._give_back(outcome)

    def _read_rules(self) -> None:
        """While the file is wrong, what it said before holds."""
        with self._problem_of("", ""):
            self._rules = rules.read(self._course.root / rules.FILE, self._course.assignments)
            self._state.problem("", "", "")

    def _is_held(self, waiting: Waiting) -> bool:
        """Whether the student has handed in too often to be graded now, and is told so."""
        key, now = (waiting.assignment, waiting.student), ledger.now()
        until = self._attempts.next_one(self._rules, *key, now)
        if until <= now:
            self._held.pop(key, None)
            return False
        told = until, self._giving.receipt(*key)
        if self._told.get(key) != told:
            if self._is_graded(*key):
                return False
            self._told[key] = told
            limit = self._rules.of(waiting.assignment).attempts_per_hour or 0
            with self._problem_of(*key):
                self._giving.say_waiting(*key, limit, until)
        self._held[key] = until
        return True

    def _is_graded(self, assignment: str, student: str) -> bool:
        """Whether just these files have been graded before, so that there is nothing to do."""
        found = digest(self._course.folder("submitted") / student / assignment)
        return any(
            a.student == student and a.hashes.get("submission") == found
            for a in ledger.read(self._course, assignment)
        )

    def _waiting(self) -> list[Waiting]:
        """All that wait, and until when those do that the limit of attempts holds back."""
        held = {key: until.timestamp() for key, until in self._held.items()}
        return [
            replace(w, until=held.get((w.assignment, w.student))) for w in self._arrivals.waiting()
        ]

    def _grade(self, chosen: list[Waiting], cluster: workers.Workers) -> None:
        self._read_rules()
        assignment = chosen[0].assignment
        since = {w.student: w.since for w in chosen}

        def written(outcome: Outcome) -> None:
            key = assignment, outcome.student
            if outcome.status == Status.GRADER_ERROR and self._tries[key] < TRIES:
                # Its process may have died of something else.
                self._tries[key] += 1
                self._arrivals.add(assignment, [outcome.student])
            else:
                self._tries.pop(key, None)
            self._give_back(outcome)
            self._attempts.update(assignment)
            self._state.graded(outcome, since.get(outcome.student))
            self._state.queue(self._waiting(), [])

        try:
            there = self._course.submitted_students(assignment)
            students = [w.student for w in chosen if w.student in there]
            watcher = batch.Watcher(outcome=written)
            course = self._course.with_rules(self._rules)
            batch.grade(course, assignment, students, watcher=watcher, cluster=cluster)
        except batch.Interrupted:
            self._ended.set()
        except UserError as error:
            # Somebody else is grading, or the course is being edited.
            self._state.problem(assignment, "", str(error))
            self._ended.wait(AGAIN)
            self._arrivals.add(assignment, since)
        else:
            self._state.problem(assignment, "", "")

    def _give_back(self, outcome: Outcome) -> None:
        with self._problem_of(outcome.assignment, outcome.student):
            self._giving.give_back(self._rules.of(outcome.assignment), outcome)

    @contextmanager
    def _problem_of(self, assignment: str, student: str) -> Iterator[None]:
        """What goes wrong is a problem of one submission."""
        try:
            yield
        except UserError as error:
            self._state.problem(assignment, student, str(error))


def main(course: Course) -> None:
    """Watch until a signal comes."""
    watching = Watch(course)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, watching.end)
    address = page.serve(course)
    # Whoever started it may no longer read what it says.
    with suppress(BrokenPipeError):
        print(f"queue       {address}", flush=True)
    watching.run()
