"""What a run has to grade. That there is nothing to do is found out without any heavy import."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.files import printable
from autograder.gradebook import best, ledger
from autograder.gradebook.scores import agrees, automatic_scores
from autograder.outcome import Outcome, Status
from autograder.submission.pack import digest

# The hashes of an attempt as an instructor knows what they cover.
CAUSES = {
    "submission": "the submission has changed",
    "assignment": "the assignment has changed",
    "checks": "the checks have changed",
    "engine": "the autograder itself has changed",
    "environment": "libraries, helpers or settings have changed",
}


@dataclass(frozen=True)
class Plan:
    """Parameters
    ----------
    todo
        The folder of each student whose submission is to be graded.
    unchanged
        The outcomes of the others, whose last attempt is complete and still up to date.
    current
        The students with an outcome of this assignment as it is now.
    hashes
        What an outcome depends on besides the submission (see `ledger.hashes`).
    failed
        Whether a submission in `todo` is one that could not be graded the last time.
    """

    todo: dict[str, Path]
    unchanged: dict[str, Outcome]
    current: set[str]
    hashes: dict[str, str]
    failed: bool


def plan(
    course: Course,
    assignment: str,
    students: list[str],
    force: bool = False,
    folders: dict[str, Path] | None = None,
) -> Plan:
    """Compare the submissions with the ledger and the gradebook; with `force`, grade all of them.

    `folders`: those of the submissions that count, if that is known already.
    """
    if folders is None and best.is_on(course, assignment):
        known_of = best.Best(course, assignment)
        folders = {s: known_of.folder(s) for s in students}
    folders = folders or {s: course.folder("submitted") / s / assignment for s in students}
    hashes = ledger.hashes(course, assignment)
    known = ledger.latest(course, assignment)
    unchanged = {} if force else _unchanged(course, assignment, folders, hashes, known)
    todo = {s: folder for s, folder in folders.items() if s not in unchanged}
    attempts = [known[name] for s in todo if (name := printable(s)) in known]
    failed = any(a.outcome.status == Status.GRADER_ERROR for a in attempts)
    current = {s for s, a in known.items() if hashes.items() <= a.hashes.items()}
    return Plan(todo, unchanged, current, hashes, failed)


def reasons(
    course: Course, assignment: str, students: list[str], force: bool = False
) -> dict[str, str]:
    """Why each submission would be graded now; empty where it would not."""
    planned = plan(course, assignment, students, force)
    known = ledger.latest(course, assignment)
    causes = CAUSES
    if best.is_on(course, assignment):
        causes = CAUSES | {"submission": "another submission counts, or is not judged yet"}
    why = {
        student: _why(known.get(printable(student)), planned.hashes, folder, force, causes)
        for student, folder in planned.todo.items()
    }
    return {student: why.get(student, "") for student in students}


def _why(
    attempt: ledger.Attempt | None,
    hashes: dict[str, str],
    folder: Path,
    force: bool,
    causes: dict[str, str],
) -> str:
    if attempt is None:
        return "it has not been graded yet"
    if attempt.outcome.status == Status.GRADER_ERROR:
        return "the grader failed the last time"
    if force:
        return "all are graded again (--force)"
    now = hashes | {"submission": digest(folder)}
    found = [causes[name] for name in now if attempt.hashes.get(name) != now[name]]
    # What is left: it is asked for, or somebody has removed something.
    return "; ".join(found) or "its results are not all in the gradebook, autograded/ and feedback/"


def _unchanged(
    course: Course,
    assignment: str,
    folders: dict[str, Path],
    hashes: dict[str, str],
    known: dict[str, ledger.Attempt],
) -> dict[str, Outcome]:
    likely = {}
    for student in folders:
        attempt = known.get(printable(student))
        if attempt is not None and hashes.items() <= attempt.hashes.items():
            if attempt.outcome.status != Status.GRADER_ERROR:
                likely[student] = attempt
    with ThreadPoolExecutor() as pool:
        found = dict(zip(likely, pool.map(lambda s: digest(folders[s]), likely)))
    scores = automatic_scores(course, assignment) if likely else {}
    return {
        student: attempt.outcome
        for student, attempt in likely.items()
        if found[student] == attempt.hashes["submission"]
        and _is_complete(course, assignment, attempt, scores.get(student))
    }


def _is_complete(course: Course, assignment: str, attempt: ledger.Attempt, scores) -> bool:
    if not attempt.outcome.status.has_score:
        return True
    pages = (("autograded", "ipynb"), ("feedback", "html"))
    place = Path(attempt.student, assignment)
    return (
        scores is not None
        and agrees(attempt.outcome, scores)
        and all((course.folder(k) / place / f"{assignment}.{end}").is_file() for k, end in pages)
    )
