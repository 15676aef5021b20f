"""What late submissions lose, kept in step with dates, late policy, points and marks.

nbgrader computes a penalty once, when a submission is graded. But it depends on more: another due
date, an extension, or a mark given later. So it is computed anew whenever scores are about to be read.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.orm import selectinload

from autograder.course import Course, steps
from autograder.errors import UserError
from autograder.gradebook import dates
from autograder.rules import AssignmentRules


class Penalties(AssignLatePenalties):
    """nbgrader's step, with the dates and the late policy of `course.toml`.

    Without a policy there, nbgrader's plugin decides, as ever.
    """

    def preprocess(self, nb, resources):
        course = Course(Path(self.config.CourseDirectory.get("root", ".")).resolve())
        about = resources["nbgrader"]
        with Gradebook(about["db_url"], course.course_id) as book:
            dates.enter(course, book, about["assignment"])
            submission = book.find_submission(about["assignment"], about["student"])
            self.penalize(course.rules.of(about["assignment"]), submission)
            book.db.commit()
        return nb, resources

    def penalize(self, rules: AssignmentRules, submission: SubmittedAssignment) -> bool:
        """Enter what each notebook loses; returns whether that has changed."""
        late, changed = dates.seconds_late(submission), False
        for notebook in submission.notebooks:
            lost = None
            if late > 0 and rules.late:
                lost = rules.late.penalty(float(notebook.max_score), timedelta(seconds=late))
                lost = min(lost, max(0.0, float(notebook.score)))
            elif late > 0:
                self.assignment_id, self.student_id = submission.name, submission.student.id
                self.init_plugin()
                lost = self.plugin_inst.late_submission_penalty(
                    submission.student.id, notebook.score, late
                )
                lost = None if lost is None else self._check_late_penalty(notebook, lost)
            if abs((lost or 0.0) - (notebook.late_submission_penalty or 0.0)) > 1e-9:
                notebook.late_submission_penalty, changed = lost, True
        return changed


@dataclass(frozen=True)
class Change:
    """A score that counts otherwise than before; `penalty` is what lateness costs now."""

    student: str
    before: float
    after: float
    penalty: float

    def __str__(self) -> str:
        late = (
            f"{self.penalty:g} less for lateness" if self.penalty else "nothing less for lateness"
        )
        return f"{self.student}: {self.before:g} → {self.after:g} points ({late})"


def step(course: Course) -> Penalties | None:
    """The step that penalizes; None if the course's configuration has none.

    Raises
    ------
    UserError
        If there is none, and `course.toml` has a late policy.
    """
    config = copy.deepcopy(course.config)
    if any(issubclass(found, AssignLatePenalties) for found in steps(config)):
        return Penalties(config=config)
    if course.rules.has_late_policy:
        raise UserError(
            f"{course.rules.path} has a late policy, but c.Autograde.autograde_preprocessors in "
            "nbgrader_config.py has no AssignLatePenalties: delete one of them"
        )
    return None


def settle(
    course: Course,
    book: Gradebook,
    assignment: str,
    tell: Callable[[str], None] = lambda sentence: None,
) -> list[Change]:
    """Enter dates and compute all penalties of an assignment; returns which scores have changed.

    The caller holds the course's lock. Nothing is done for an assignment that was never graded.

    Parameters
    ----------
    tell
        Called with a sentence if the due date is another one now.
    """
    penalties = step(course)
    try:
        entry = book.find_assignment(assignment)
    except MissingEntry:
        return []
    if moved := dates.enter(course, book, assignment):
        tell(moved)
    if penalties is None:
        return []
    rules, changes = course.rules.of(assignment), []
    submissions = (
        book.db.query(SubmittedAssignment)
        .filter(SubmittedAssignment.assignment_id == entry.id)
        .options(
            selectinload(SubmittedAssignment.notebooks), selectinload(SubmittedAssignment.student)
        )
    )
    for submission in submissions:
        before = counting(submission)
        if penalties.penalize(rules, submission):
            book.db.flush()
            book.db.refresh(submission)
            penalty = float(submission.late_submission_penalty or 0)
            changes.append(Change(submission.student.id, before, counting(submission), penalty))
    book.db.commit()
    return changes


def counting(submission: SubmittedAssignment) -> float:
    """The points that count: what was earned, less what lateness costs."""
    penalty = float(submission.late_submission_penalty or 0)
    return max(0.0, float(submission.score) - penalty)
