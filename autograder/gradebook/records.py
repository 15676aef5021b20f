"""What is known about a class's work on one assignment: the single source of every export."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import dates, ledger
from autograder.gradebook.best import Best, is_on
from autograder.gradebook.drift import points_differ
from autograder.gradebook.penalties import counting
from autograder.gradebook.released import read_source
from autograder.gradebook.scores import agrees, graded_points, sqlite_file
from autograder.gradebook.writer import STALE, bring_up_to_date, opened, whole_submissions
from autograder.outcome import CheckResult, Outcome, Status
from autograder.rules import AssignmentRules
from autograder.submission import collected
from autograder.submission.pack import digest

NOT_SUBMITTED = "not submitted"
UNGRADED = "ungraded"

LATE = "late"
STALE_SCORE = "stale"
NEEDS_MANUAL = "needs manual grading"
OTHER_RUN = "results of another run"
OLD = "This score is of an earlier submission; the last one could not be graded."
LOOK = "needs attention"


@dataclass(frozen=True)
class Exercise:
    """One graded cell. `score` is None until it has been graded.

    `by_hand` says whether a person has given it, and `comment` is what a person has written.
    """

    name: str
    score: float | None
    max_score: float
    written: bool = False
    needs_manual: bool = False
    comment: str = ""
    by_hand: bool = False


@dataclass(frozen=True)
class Record:
    """One student's standing in one assignment.

    `status` is a `Status`, or "ungraded" (handed in, no score), or "not submitted". `score` is what
    counts: automatic and manual points minus the late penalty. It is None, never 0, if nothing was
    graded. `flags` says what an instructor should know before trusting the score, `stale` why it is
    not up to date, in a sentence.
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
    stale: str = ""

    @property
    def unfinished(self) -> str:
        """What is still to be done before the score is final; "" if it is, or if there is none to come."""
        if self.status == NOT_SUBMITTED:
            return ""
        if STALE_SCORE in self.flags:
            return self.stale
        if NEEDS_MANUAL in self.flags:
            return f"waiting for a mark: {', '.join(self.unmarked)}"
        return f"{self.status}, no score yet" if self.score is None else ""

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
    expect_gradebook(course)
    bring_up_to_date(course, assignment)
    attempts = ledger.latest(course, assignment)
    if results is not None:
        outcomes = _read_results(results, assignment)
    else:
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
        submissions = {s.student.id: s for s in whole_submissions(book, assignment)}
        people = {s.id: s for s in book.students}
        handed_in = set(course.submitted_students(assignment))
        late = collected.late_students(course, assignment)
        order = _exercise_order(course, assignment)
        behind = _behind(course, assignment, book, attempts, handed_in)
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
                course.rules.of(assignment),
                behind.get(name, ""),
            )
            for name in sorted({*people, *submissions, *handed_in})
        ]


def _behind(
    course: Course,
    assignment: str,
    book: Gradebook,
    attempts: dict[str, ledger.Attempt],
    handed_in: set[str],
) -> dict[str, str]:
    """Why the scores of students are not up to date: what `grade` would grade again, in a sentence.

    Another version of a library or of this package is no reason: the score was right when it was
    given. Attempts of versions that did not tell the engine from the checks say nothing.
    """
    attempts = {s: attempt for s, attempt in attempts.items() if "engine" in attempt.hashes}
    if not course.source_notebook(assignment).is_file():
        return {}
    again = f"run `autograder grade {assignment}`"
    if points_differ(course, book, assignment):
        reason = f"The points of {assignment} have changed since: {again}."
        return {s.id: reason for s in book.students}
    now = {
        "assignment": ledger.assignment_hash(course, assignment),
        "checks": ledger.checks_hash(course, assignment),
    }
    same = [s for s, a in attempts.items() if now.items() <= a.hashes.items() and s in handed_in]
    folder = course.folder("submitted")
    with ThreadPoolExecutor() as pool:
        found = dict(zip(same, pool.map(lambda s: digest(folder / s / assignment), same)))
    changed = f"The exercises or checks of {assignment} have changed since: {again}."
    resubmitted = f"Another submission has been handed in since: {again}."
    another = f"Another submission counts now, or may count once it is judged: {again}."
    best = Best(course, assignment, hashes=now) if is_on(course, assignment) else None
    reasons = {}
    for student, attempt in attempts.items():
        if not now.items() <= attempt.hashes.items():
            reasons[student] = changed
        elif best is not None:
            if student in handed_in and not best.is_in_place(student):
                reasons[student] = another
        elif student in found and found[student] != attempt.hashes.get("submission"):
            reasons[student] = resubmitted
    # `nbgrader autograde` leaves no attempt, but the notebook that it has graded.
    checks = _checks(course.source_notebook(assignment))
    for student in {s.id for s in book.students} - attempts.keys():
        path = course.folder("autograded") / student / assignment / f"{assignment}.ipynb"
        if path.is_file() and _checks(path) != checks:
            reasons[student] = changed
    return reasons


def _checks(path: Path) -> dict[str, float]:
    """The points of a notebook's self-checks."""
    found = graded_points(path)
    return {name: points for name, (kind, points) in found.items() if kind == "code"}


def expect_gradebook(course: Course) -> None:
    """Raise `UserError` if the course has no gradebook yet."""
    path = sqlite_file(course)
    if path is not None and not path.is_file():
        raise UserError(f"expected the gradebook {path}, which does not exist: grade first")


@contextmanager
def _opened(course: Course, gradebook: Gradebook | None) -> Iterator[Gradebook]:
    if gradebook is not None:
        # It may have been read before it was brought up to date.
        gradebook.db.rollback()
        yield gradebook
        return
    with opened(course) as book:
        yield book


def _record(
    assignment,
    student,
    person,
    submission,
    outcome,
    max_score,
    handed_in,
    told_late,
    order,
    rules: AssignmentRules,
    behind: str,
) -> Record:
    about = {
        key: getattr(person, key, None) or ""
        for key in ("first_name", "last_name", "email", "lms_user_id")
    }
    flags: list[str] = []
    seconds_late = penalty = 0.0
    exercises: tuple[Exercise, ...] = ()
    score, stale = None, ""
    if submission is not None:
        exercises = _exercises(submission, order)
        if _is_stale(submission):
            stale = OLD
        seconds_late = dates.seconds_late(submission)
        penalty = float(submission.late_submission_penalty or 0)
        if submission.assignment.duedate is not None and submission.timestamp is not None:
            # Whatever the platform called it: extensions are known here.
            told_late = seconds_late > rules.grace.total_seconds()
        # An interrupted run leaves cells without points: half a grade is not a grade.
        judged = [e.score is not None for e in exercises]
        if any(judged) and all(j or e.written for j, e in zip(judged, exercises)):
            score = counting(submission)
    status = UNGRADED if handed_in or submission is not None else NOT_SUBMITTED
    if score is not None:
        status = str(Status.GRADED)
    checks: tuple[CheckResult, ...] = ()
    message, seconds, isolation = "", None, ""
    # A file that could not be read, and was taken away again, was not handed in.
    if outcome is not None and (handed_in or submission is not None):
        if not _same_run(outcome, submission):
            flags.append(OTHER_RUN)
        else:
            status, message = str(outcome.status), outcome.message
            seconds, isolation = outcome.seconds, outcome.isolation
            checks = tuple(outcome.checks)
            if not outcome.status.has_score:
                stale = stale or OLD
            if outcome.attention:
                flags.append(LOOK)
                message = message or outcome.attention[0]
    stale = (stale or behind) if score is not None else ""
    if score is None:
        # A submission of written answers alone, which nobody has marked, has been graded.
        flags.append(NEEDS_MANUAL if status == Status.GRADED else status)
    if told_late:
        flags.append(LATE)
    if stale:
        flags.append(STALE_SCORE)
    # With a stale score every cell is marked as needing a look; only the staleness matters.
    elif score is not None and any(e.needs_manual for e in exercises):
        flags.append(NEEDS_MANUAL)
    return Record(
        student, assignment, status, score, max_score, **about, penalty=penalty,
        seconds_late=seconds_late, seconds=seconds, message=message, exercises=exercises,
        checks=checks, flags=tuple(dict.fromkeys(flags)), isolation=isolation, stale=stale,
    )  # fmt: skip


def _exercises(submission: SubmittedAssignment, order: dict[str, int]) -> tuple[Exercise, ...]:
    found = []
    notebooks = list(submission.notebooks)
    comments = {
        _exercise_of(c): c.manual_comment for n in notebooks for c in n.comments if c.manual_comment
    }
    for grade in (g for notebook in notebooks for g in notebook.grades):
        judged = grade.manual_score is not None or grade.auto_score is not None
        found.append(
            Exercise(
                _exercise_of(grade),
                float(grade.score) if judged else None,
                float(grade.max_score),
                grade.cell.cell_type != "code",
                bool(grade.needs_manual_grade),
                comments.get(_exercise_of(grade), ""),
                grade.manual_score is not None,
            )
        )
    return tuple(sorted(found, key=lambda e: (order.get(e.name, len(order)), e.name)))


def _exercise_of(entry) -> str:
    """The exercise of a grade or a comment: a check and its solution are cells of the same one."""
    return entry.name.removeprefix("check_").removeprefix("answer_")


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
    if not course.source_notebook(assignment).is_file():
        return {}
    cells = read_source(course, assignment).cells
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
