"""Grades what arrives, all the time, and gives it back."""

import os
import shutil
import signal
import threading
from collections import Counter

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook.writer import opened
from autograder.grading import batch, workers
from autograder.grading.plan import plan
from autograder.outcome import Outcome, Status
from autograder.rules import AT_ONCE, WHEN_MARKED
from autograder.serving import page, protocol
from autograder.serving.arrivals import Arrivals, Waiting
from autograder.serving.exchange import Exchange
from autograder.serving.state import State

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
        self._exchange = Exchange(course)
        self._state = State(course)
        self._ended = threading.Event()
        self._tries: Counter[tuple[str, str]] = Counter()

    def end(self, *_) -> None:
        """End after what is being graded has been written."""
        self._ended.set()

    def run(self) -> None:
        count, parent = os.cpu_count() or 1, os.getppid()
        place = protocol.folder(self._course)
        for left in place.glob("scratch-*"):
            shutil.rmtree(left, ignore_errors=True)
        with workers.local(self._course, count, in_process=False, place=place) as cluster:
            self._arrivals.start()
            self._look_at_all()
            # Without the process that it was forked from, it would be left behind.
            while not self._ended.is_set() and os.getppid() == parent:
                for name, student in list(self._arrivals.problems):
                    self._state.problem(name, student, self._arrivals.problems.pop((name, student)))
                chosen = self._arrivals.take(TOGETHER, seconds=1)
                self._state.queue(self._arrivals.waiting(), chosen)
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
            for student in planned.unchanged:
                self._give_back(assignment, student)

    def _grade(self, chosen: list[Waiting], cluster: workers.Workers) -> None:
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
            self._give_back(assignment, outcome.student)
            self._state.graded(outcome, since.get(outcome.student))
            self._state.queue(self._arrivals.waiting(), [])

        try:
            there = self._course.submitted_students(assignment)
            students = [w.student for w in chosen if w.student in there]
            watcher = batch.Watcher(outcome=written)
            batch.grade(self._course, assignment, students, watcher=watcher, cluster=cluster)
        except batch.Interrupted:
            self._ended.set()
        except UserError as error:
            # Somebody else is grading, or the course is being edited.
            self._state.problem(assignment, "", str(error))
            self._ended.wait(AGAIN)
            self._arrivals.add(assignment, since)
        else:
            self._state.problem(assignment, "", "")

    def _give_back(self, assignment: str, student: str) -> None:
        """Release the student's feedback, if it has come from the exchange and may be seen now."""
        folder = self._course.folder("feedback") / student / assignment
        if not (self._exchange.is_there and (folder / "submission_secret.txt").is_file()):
            return
        rule = Course(self._course.root).rules.of(assignment).feedback
        if rule == AT_ONCE or (rule == WHEN_MARKED and self._is_marked(assignment, student)):
            try:
                self._exchange.release(student, assignment)
            except UserError as error:
                self._state.problem(assignment, student, str(error))

    def _is_marked(self, assignment: str, student: str) -> bool:
        with opened(self._course) as book:
            return not book.find_submission(assignment, student).needs_manual_grade


def main(course: Course) -> None:
    """Watch until a signal comes."""
    watching = Watch(course)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, watching.end)
    print(f"queue       {page.serve(course)}", flush=True)
    watching.run()
