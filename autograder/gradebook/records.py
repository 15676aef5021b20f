"""What is known about a class's work on one assignment: the single source of every export."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.gradebook.writer import STALE, agrees, recover
from autograder.outcome import CheckResult, Outcome, Status
from autograder.submission import collected

NOT_SUBMITTED = "not submitted"
UNGRADED = "ungraded"

LATE = "late"
STALE_SCORE = "stale"
NEEDS_MANUAL = "needs manual grading"
OTHER_RUN = "results of another run"
LOOK = "needs attention"


@dataclass(frozen=True)
class Exercise:
    """One graded cell. `score` is None until it has been graded."""

    name: str
    score: float | None
    max_score: float
    written: bool = False
    needs_manual: bool = False


@dataclass(frozen=True)
class Record:
    """One student's standing in one assignment.

    `status` is a `Status`, or "ungraded" (handed in, no score), or "not submitted". `score` is what
    counts: automatic and manual points minus the late penalty. It is None, never 0, if nothing was
    graded. `flags` says what an instructor should know before trusting the score.
    """

    student: str
    assignment: str
    status: str
    score: float | None
    max_score: float
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    penalty: float = 0.0
    seconds_late: float = 0.0
    seconds: float | None = None
    message: str = ""
    exercises: tuple[Exercise, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    flags: tuple[str, ...] = ()
    isolation: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The full name; the student's id if no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def sortable_name(self) -> str:
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.student

    @property
    def unmarked(self) -> list[str]:
        """Names of the written answers that still wait for a person."""
        return [e.name for e in self.exercises if e.needs_manual]


def class_records(
    course: Course,
    assignment: str,
    results: Path | None = None,
    gradebook: Gradebook | None = None,
) -> list[Record]:
    """The records of everybody in the gradebook or in `submitted/`, sorted by student id.

    Scores come from the gradebook, statuses and the messages of the checks from the ledger, or from
    `results`, a file that `autograder grade … --results FILE` wrote.

    Raises
    ------
    UserError
        If the assignment was never graded, or `results` cannot be read.
    """
    if gradebook is None:
        recover(course, assignment)
    if results is not None:
        outcomes = _read_results(results, assignment)
    else:
        attempts = ledger.latest(course, assignment)
        outcomes = {student: attempt.outcome for student, attempt in attempts.items()}
    with _opened(course, gradebook) as book:
        try:
            entry = book.find_assignment(assignment)
        except MissingEntry:
            place = course.db_url.removeprefix("sqlite:///")
            raise UserError(
                f"expected {assignment} in the gradebook {place}, which does not have it: run "
                f"`autograder grade {assignment}` first"
            ) from None
        submissions = {s.student.id: s for s in entry.submissions}
        people = {s.id: s for s in book.students}
        handed_in = set(course.submitted_students(assignment))
        late = collected.late_students(course, assignment)
        order = _exercise_order(course, assignment)
        return [
            _record(
                assignment,
                name,
                people.get(name),
                submissions.get(name),
                outcomes.get(name),
                float(entry.max_score or 0),
                name in handed_in,
                name in late,
                order,
            )
            for name in sorted({*people, *submissions, *handed_in})
        ]


@contextmanager
def _opened(course: Course, gradebook: Gradebook | None) -> Iterator[Gradebook]:
    if gradebook is not None:
        yield gradebook
        return
    path = Path(course.db_url.removeprefix("sqlite:///"))
    if course.db_url.startswith("sqlite:///") and not path.is_file():
        raise UserError(f"expected the gradebook {path}, which does not exist: grade first")
    with Gradebook(course.db_url, course.course_id) as opened:
        yield opened


def _record(
    assignment, student, person, submission, outcome, max_score, handed_in, told_late, order
) -> Record:
    about = {
        key: getattr(person, key, None) or ""
        for key in ("first_name", "last_name", "email", "lms_user_id")
    }
    flags: list[str] = []
    seconds_late = penalty = 0.0
    exercises: tuple[Exercise, ...] = ()
    score, stale = None, False
    if submission is not None:
        exercises = _exercises(submission, order)
        stale = _is_stale(submission)
        seconds_late = float(submission.total_seconds_late or 0)
        penalty = float(submission.late_submission_penalty or 0)
        # An interrupted run leaves cells without points: half a grade is not a grade.
        if exercises and all(e.score is not None or e.written for e in exercises):
            score = max(0.0, float(submission.score) - penalty)
    status = UNGRADED if handed_in or submission is not None else NOT_SUBMITTED
    if score is not None:
        status = str(Status.GRADED)
    checks: tuple[CheckResult, ...] = ()
    message, seconds, isolation = "", None, ""
    if outcome is not None:
        if not _same_run(outcome, submission):
            flags.append(OTHER_RUN)
        else:
            status, message = str(outcome.status), outcome.message
            seconds, isolation = outcome.seconds, outcome.isolation
            checks = tuple(outcome.checks)
            stale = stale or (not outcome.status.has_score and score is not None)
            if outcome.attention:
                flags.append(LOOK)
                message = message or outcome.attention[0]
    if score is None:
        flags.append(status)
    if told_late or seconds_late > 0:
        flags.append(LATE)
    if stale:
        flags.append(STALE_SCORE)
    # With a stale score every cell is marked as needing a look; only the staleness matters.
    elif score is not None and any(e.needs_manual for e in exercises):
        flags.append(NEEDS_MANUAL)
    return Record(
        student, assignment, status, score, max_score, **about, penalty=penalty,
        seconds_late=seconds_late, seconds=seconds, message=message, exercises=exercises,
        checks=checks, flags=tuple(dict.fromkeys(flags)), isolation=isolation,
    )  # fmt: skip


def _exercises(submission: SubmittedAssignment, order: dict[str, int]) -> tuple[Exercise, ...]:
    found = []
    for grade in (g for notebook in submission.notebooks for g in notebook.grades):
        judged = grade.manual_score is not None or grade.auto_score is not None
        found.append(
            Exercise(
                grade.name.removeprefix("check_").removeprefix("answer_"),
                float(grade.score) if judged else None,
                float(grade.max_score),
                grade.cell.cell_type != "code",
                bool(grade.needs_manual_grade),
            )
        )
    return tuple(sorted(found, key=lambda e: (order.get(e.name, len(order)), e.name)))


def _is_stale(submission: SubmittedAssignment) -> bool:
    return any(
        (comment.auto_comment or "").startswith(STALE)
        for notebook in submission.notebooks
        for comment in notebook.comments
    )


def _same_run(outcome: Outcome, submission: SubmittedAssignment | None) -> bool:
    """Whether the automatic points in the gradebook are those of this outcome."""
    if outcome.score is None:
        return True
    if submission is None:
        return False
    scores = {
        grade.name: grade.auto_score
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.cell.cell_type == "code"
    }
    return agrees(outcome, scores)


def _exercise_order(course: Course, assignment: str) -> dict[str, int]:
    """The position of each graded cell in the notebook, by exercise; empty without a build."""
    path = course.source_notebook(assignment)
    if not path.is_file():
        return {}
    cells = nbformat.read(path, as_version=4).cells
    names = [c.metadata.get("nbgrader", {}).get("grade_id", "") for c in cells]
    short = [n.removeprefix("check_").removeprefix("answer_") for n in names if n]
    return {name: place for place, name in enumerate(dict.fromkeys(short))}


def _read_results(path: Path, assignment: str) -> dict[str, Outcome]:
    """The outcomes of this assignment by student."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        mine = {r["student"]: Outcome.from_dict(r) for r in found if r["assignment"] == assignment}
    except OSError as error:
        raise UserError(f"{path} could not be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"expected a file written by `autograder grade … --results {path}`, "
            f"got something else ({type(error).__name__}: {error})"
        ) from None
    if not mine:
        raise UserError(f"expected results of {assignment} in {path}, found none")
    return mine
