"""Feedback goes back to students: as the zip file that Moodle or Canvas takes, or by nbgrader's exchange.

Moodle finds a student by the number in the name of a folder, Canvas by the student's and the
submission's number in the name of a file; both stand in the names of what was downloaded, and
`collect` has recorded them.
"""

import copy
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from autograder import files, lock
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook.records import (
    NEEDS_MANUAL,
    NOT_SUBMITTED,
    OTHER_RUN,
    STALE_SCORE,
    UNGRADED,
    Record,
    class_records,
)
from autograder.gradebook.writer import RECEIPTS, Writer, opened
from autograder.outcome import Status
from autograder.submission import collected

EXCHANGE = "exchange"
PLATFORMS = ("moodle", "canvas", EXCHANGE)
# As many students are named in a message.
TOLD = 5
NOTES = {
    "moodle": "in Moodle: Submissions → Upload multiple feedback files in a zip; the assignment "
    "needs the feedback type Feedback files",
    "canvas": "in Canvas: the assignment → Upload Submissions. Canvas shows the page under the name "
    "of the file that was handed in: a student saves it, and gives it the ending .html",
}


@dataclass
class Returned:
    """What was given back, and by student why the others' pages were not."""

    path: Path | None = None
    students: list[str] = field(default_factory=list)
    held_back: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def give_back(
    course: Course,
    assignment: str,
    to: str,
    output: Path | None = None,
    everybody: bool = False,
    advance: Callable[[str], None] = lambda student: None,
) -> Returned:
    """Give the students their pages, rendered with the marks and comments of now.

    Parameters
    ----------
    to
        One of `PLATFORMS`.
    output
        The zip file to write; default: `ASSIGNMENT_feedback_PLATFORM.zip`.
    everybody
        Whether those get theirs, too, whose marking is not done.

    Raises
    ------
    UserError
        If the assignment was never graded, or nobody's page can be returned. Then nothing is written.
    """
    if to not in PLATFORMS:
        raise UserError(f"expected --to {'|'.join(PLATFORMS)}, got {to!r}")
    if to == EXCHANGE and output is not None:
        raise UserError("--to exchange writes no zip file: leave --output out")
    if output is not None and output.is_dir():
        raise UserError(f"expected the name of a zip file, got the folder {output}")
    records = [r for r in class_records(course, assignment) if r.status != NOT_SUBMITTED]
    returned, pages = Returned(), {}
    known = collected.read(course, assignment)
    with lock.held(course.private, f"grading in {course.root}"), opened(course) as book:
        writer = Writer(course, assignment, book)
        for record in records:
            name = record.student
            reason = "" if everybody else _unfinished(record)
            reason = reason or _not_from(to, known.get(name))
            if not reason:
                advance(name)
                page = writer.refresh(name)
                reason = _not_there(to, page)
                if page is not None and not reason:
                    pages[name] = page
            if reason:
                returned.held_back[name] = reason
    if not pages:
        told = [f"{name}: {why}" for name, why in returned.held_back.items()]
        more = [f"and {len(told) - TOLD} more"] if len(told) > TOLD else []
        hint = [] if everybody else ["--all also returns what is not marked yet"]
        reasons = "; ".join(told[:TOLD] + more + hint)
        raise UserError(f"there is no feedback of {assignment} to return: {reasons}")
    returned.students = list(pages)
    if to == EXCHANGE:
        _release(course, assignment, returned.students)
        return returned
    returned.path = output or Path(f"{assignment}_feedback_{to}.zip")
    content = {_place(to, known[n], assignment): page.read_bytes() for n, page in pages.items()}
    try:
        files.write(returned.path, _zip(content))
    except OSError as error:
        raise UserError(f"{returned.path} could not be written: {error.strerror}") from None
    returned.notes = [NOTES[to]]
    return returned


def _unfinished(record: Record) -> str:
    """Why a student should not see the page yet; empty if the marking is done."""
    if record.status == UNGRADED or OTHER_RUN in record.flags:
        return "not graded yet"
    if record.status == Status.GRADER_ERROR:
        return "the grader failed: see `autograder grade`"
    if record.status == Status.UNREADABLE:
        # There is nothing to mark, and the page says what to do.
        return ""
    if STALE_SCORE in record.flags:
        return "the score is out of date: grade again"
    if NEEDS_MANUAL in record.flags:
        return f"waiting for a mark: {', '.join(record.unmarked)}"
    return ""


def _not_from(to: str, entry: dict | None) -> str:
    if to == EXCHANGE or (entry is not None and entry["platform"] == to):
        return ""
    return f"not collected from {to.capitalize()} by `autograder collect`"


def _not_there(to: str, page: Path | None) -> str:
    if page is None:
        return "there is no page: grade again"
    if to == EXCHANGE and not all((page.parent / name).is_file() for name in RECEIPTS):
        return "not handed in by the exchange"
    return ""


def _place(to: str, entry: dict, assignment: str) -> str:
    """The page's path in the zip file."""
    name, number = entry["name"], entry["lms_id"]
    if to == "moodle":
        return f"{name}_{number}_assignsubmission_file_/{assignment}.html"
    late = "LATE_" if entry["late"] else ""
    who = f"{name}_{late}{number}" if name else f"anon_{number}{'_LATE' if late else ''}"
    return f"{who}_{entry['attachment']}_{assignment}.html"


def _zip(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, page in sorted(content.items()):
            files.add_to_zip(archive, name, page)
    return packed.getvalue()


def _release(course: Course, assignment: str, students: list[str]) -> None:
    """Put the pages where nbgrader's *Fetch feedback* finds them."""
    from nbgrader.apps import NbGraderAPI

    api = NbGraderAPI(config=copy.deepcopy(course.config))
    for number, student in enumerate(students):
        result = api.release_feedback(assignment, student)
        if not result["success"]:
            lines = (result.get("error") or result.get("log") or "no reason given").strip()
            raise UserError(
                f"nbgrader's exchange did not take the feedback of {student} "
                f"({number} were released before): {lines.splitlines()[-1]}"
            )
