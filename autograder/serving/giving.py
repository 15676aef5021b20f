"""Which feedback goes back to the exchange, and when: `before_due` and `feedback` of `course.toml`."""

import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from nbgrader.api import MissingEntry

from autograder import files
from autograder.course import Course
from autograder.feedback import early
from autograder.feedback.facts import full_name
from autograder.gradebook import ledger
from autograder.gradebook.best import Best
from autograder.gradebook.writer import RECEIPTS, opened
from autograder.outcome import Outcome, Status
from autograder.rules import AT_ONCE, BEST, MESSAGES, NOTHING, POINTS, WHEN_MARKED, AssignmentRules
from autograder.serving import protocol
from autograder.serving.exchange import Exchange


class Giving:
    """Releases what a student may see now, and the rest once it is due."""

    def __init__(self, course: Course):
        self._course = course
        self._exchange = Exchange(course)
        # What has been given back in part, or not yet, and until when.
        self._held: dict[tuple[str, str], datetime] = {}

    def give_back(self, rules: AssignmentRules, outcome: Outcome) -> None:
        """Release the feedback on an outcome, if it has come from the exchange.

        Raises
        ------
        UserError
            If nbgrader cannot.
        """
        student, assignment = outcome.student, outcome.assignment
        due = rules.due_for(student)
        self._held.pop((assignment, student), None)
        folder = self._course.folder("feedback") / student / assignment
        if not (self._exchange.is_there and (folder / "submission_secret.txt").is_file()):
            return
        seen = rules.before_due if due is not None and ledger.now() < due else None
        if due is not None and seen not in (None, MESSAGES):
            self._held[assignment, student] = due
            if seen != NOTHING and outcome.status != Status.GRADER_ERROR:
                earlier = rules.counts == BEST and bool(
                    Best(self._course, assignment).later(student)
                )
                name, with_points = self._name(student), seen == POINTS
                page = early.page(outcome, name, due, with_points, earlier)
                self._release(page, folder, student, assignment)
        elif (
            seen == MESSAGES
            or rules.feedback == AT_ONCE
            or (rules.feedback == WHEN_MARKED and self._is_marked(assignment, student))
        ):
            self._exchange.release(student, assignment, self._course.folder("feedback"))

    def receipt(self, assignment: str, student: str) -> str:
        """What the exchange has given a submission, another one each; "" if it came another way."""
        folder = self._course.folder("submitted") / student / assignment
        found = [folder / name for name in RECEIPTS]
        return "".join(p.read_text("utf-8", "replace") for p in found if p.is_file())

    def say_waiting(self, assignment: str, student: str, limit: int, until: datetime) -> None:
        """Tell a student who hands in more often than is graded when it goes on."""
        folder = self._course.folder("submitted") / student / assignment
        if self._exchange.is_there and (folder / "submission_secret.txt").is_file():
            page = early.waiting_page(assignment, self._name(student), limit, until)
            self._release(page, folder, student, assignment)

    def due_now(self) -> list[tuple[str, str]]:
        """The submissions, as assignment and student, whose whole feedback may be seen by now."""
        now = ledger.now()
        return [key for key, due in self._held.items() if due <= now]

    def _release(self, page: str, receipts: Path, student: str, assignment: str) -> None:
        """Give back a page in place of the feedback."""
        place = protocol.folder(self._course) / "pages"
        target = place / student / assignment
        target.mkdir(parents=True, exist_ok=True)
        for name in RECEIPTS:
            shutil.copyfile(receipts / name, target / name)
        files.write(target / f"{assignment}.html", page)
        try:
            self._exchange.release(student, assignment, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _name(self, student: str) -> str:
        with opened(self._course) as book, suppress(MissingEntry):
            return full_name(book.find_student(student))
        return student

    def _is_marked(self, assignment: str, student: str) -> bool:
        with opened(self._course) as book:
            return not book.find_submission(assignment, student).needs_manual_grade
