"""Whether anything can have changed since the last run: what scores and pages follow from.

Dates, late policy, points and marks change what counts although no submission has changed. To find
out what they change, the gradebook is opened, which takes seconds. A file's time takes none.
"""

from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.gradebook.scores import sqlite_file


def is_settled(course: Course, assignment: str) -> bool:
    """Whether all is as `note` found it; never, if a database server keeps the gradebook."""
    place, now = _place(course, assignment), _state(course, assignment)
    return now is not None and place.is_file() and place.read_text(encoding="ascii") == now


def note(course: Course, assignment: str) -> None:
    """Remember the state of now, in which everything has been brought up to date."""
    if (now := _state(course, assignment)) is not None:
        files.write(_place(course, assignment), now)


def _place(course: Course, assignment: str) -> Path:
    return course.private / "settled" / assignment


def _state(course: Course, assignment: str) -> str | None:
    book = sqlite_file(course)
    if book is None or not book.is_file():
        return None
    info = book.stat()
    texts = (
        course.source_notebook(assignment),
        course.root / "nbgrader_config.py",
        course.rules.path,
    )
    return files.digest_of(
        [
            f"{info.st_mtime_ns} {info.st_size}".encode(),
            ledger.engine_hash().encode(),
            *(path.read_bytes() if path.is_file() else b"" for path in texts),
        ]
    )
