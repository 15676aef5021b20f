"""What a learning platform said about the submissions that were collected from it."""

import json
from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.errors import UserError


def read(course: Course, assignment: str) -> dict[str, dict]:
    """By student: platform, id and name there, lateness, and the archive that contained the files.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    path = _path(course, assignment)
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {student: {**entry} for student, entry in found.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(
            f"{path} is damaged ({error}): move it away, and collect the same archives again"
        ) from None


def write(course: Course, assignment: str, found: dict[str, dict]) -> None:
    """Replace the stored records."""
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
    files.write(_path(course, assignment), text + "\n")


def lms_ids(course: Course, assignment: str) -> dict[str, str]:
    """The platform's ids of the students whose submissions were collected, to student ids."""
    return {entry["lms_id"]: name for name, entry in read(course, assignment).items()}


def late_students(course: Course, assignment: str) -> set[str]:
    """The students whose submission the platform called late."""
    return {name for name, entry in read(course, assignment).items() if entry["late"]}


def _path(course: Course, assignment: str) -> Path:
    return course.private / "collected" / f"{assignment}.json"
