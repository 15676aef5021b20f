"""Due dates and extensions: from `course.toml` into the gradebook, where nbgrader keeps them.

A due date that was set in formgrader stays as long as the file has none for the assignment. Once
the file has had one, the file alone decides, also when the line is deleted again.
"""

import difflib
import json
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment

from autograder import files
from autograder.course import Course
from autograder.rules import AssignmentRules


def enter(course: Course, book: Gradebook, assignment: str) -> str:
    """Enter the due date and the extensions of an assignment that is in the gradebook.

    Returns a sentence about a due date that is another one now, or "".
    """
    rules = course.rules.of(assignment)
    ours = _ours(course)
    if rules.due is None and assignment not in ours:
        return ""
    entry = book.find_assignment(assignment)
    for submission in entry.submissions:
        extend(rules, submission)
    due = rules.due.replace(tzinfo=None) if rules.due else None
    before = entry.duedate
    if before != due:
        book.update_or_create_assignment(assignment, duedate=due)
    book.db.commit()
    now_ours = ours | {assignment} if rules.due else ours - {assignment}
    if now_ours != ours:
        files.write(_memory(course), json.dumps(sorted(now_ours)) + "\n")
    if before == due:
        return ""
    return f"{assignment} is due {_said(due)} now; it was due {_said(before)}"


def extend(rules: AssignmentRules, submission: SubmittedAssignment) -> None:
    """Give the student the extension that `course.toml` says, or none."""
    extension = rules.extensions.get(submission.student.id)
    if submission.extension != extension:
        submission.extension = extension


def seconds_late(submission: SubmittedAssignment) -> float:
    """How late it was handed in; 0 if nothing was due or no time is known."""
    # nbgrader adds an extension to a due date even where there is none.
    due = submission.assignment.duedate is not None
    return float(submission.total_seconds_late) if due else 0.0


def due_for(rules: AssignmentRules, student: str, entered: datetime | None) -> datetime | None:
    """When the assignment is due for a student who has handed in nothing; in UTC, without a zone.

    Parameters
    ----------
    entered
        The due date in the gradebook, which counts if `course.toml` has none.
    """
    own = rules.due_for(student)
    return entered if own is None else own.replace(tzinfo=None)


def unknown_students(course: Course, book: Gradebook, assignment: str) -> list[str]:
    """A sentence for each extension of a student whom nobody knows."""
    extensions = course.rules.of(assignment).extensions
    known = {s.id for s in book.students} | set(course.submitted_students(assignment))
    sentences = []
    for student in sorted(extensions.keys() - known):
        place = course.rules.place("assignments", assignment, "extensions", student)
        close = difflib.get_close_matches(student, known, 1)
        hint = f": did you mean {close[0]}?" if close else ""
        sentences.append(f"{place}: no student {student!r} is known yet{hint}")
    return sentences


def _said(due: datetime | None) -> str:
    return f"{due:%Y-%m-%d %H:%M:%S} UTC" if due else "at no time"


def _ours(course: Course) -> set[str]:
    """The assignments whose due date is from `course.toml`."""
    path = _memory(course)
    return set(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else set()


def _memory(course: Course) -> Path:
    return course.private / "dates.json"
