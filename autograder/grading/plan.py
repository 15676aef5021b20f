"""What a grading run would do, and why; nothing is changed."""

from pathlib import Path

from autograder.course import Course
from autograder.files import printable
from autograder.gradebook import ledger
from autograder.gradebook.writer import opened
from autograder.grading import batch
from autograder.outcome import Status
from autograder.submission.pack import digest

# The hashes of an attempt as an instructor knows what they cover.
CAUSES = {
    "submission": "the submission has changed",
    "assignment": "the assignment has changed",
    "checks": "the checks have changed",
    "engine": "the autograder itself has changed",
    "environment": "libraries, helpers or settings have changed",
}


def plan(
    course: Course, assignment: str, students: list[str], force: bool = False
) -> dict[str, str]:
    """Why each submission would be graded now; empty where it would not.

    Raises
    ------
    UserError
        If the gradebook cannot be used.
    """
    folders = {s: course.folder("submitted") / s / assignment for s in students}
    hashes = ledger.hashes(course, assignment)
    known = ledger.latest(course, assignment)
    done: dict = {}
    # It would be created otherwise.
    path = Path(course.db_url.removeprefix("sqlite:///"))
    if not force and (path.is_file() or not course.db_url.startswith("sqlite:///")):
        with opened(course) as book:
            done = batch.unchanged(course, assignment, folders, hashes, known, book)
    return {
        student: ""
        if student in done
        else _why(known.get(printable(student)), hashes, folder, force)
        for student, folder in folders.items()
    }


def _why(attempt: ledger.Attempt | None, hashes: dict[str, str], folder: Path, force: bool) -> str:
    if attempt is None:
        return "it has not been graded yet"
    if attempt.outcome.status == Status.GRADER_ERROR:
        return "the grader failed the last time"
    if force:
        return "all are graded again (--force)"
    now = hashes | {"submission": digest(folder)}
    causes = [CAUSES[name] for name in now if attempt.hashes.get(name) != now[name]]
    # What is left: it is asked for, or somebody has removed something.
    return (
        "; ".join(causes) or "its results are not all in the gradebook, autograded/ and feedback/"
    )
