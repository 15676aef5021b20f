"""What the class report says about one assignment, as plain data.

`Report` and the dataclasses in it document the JSON of `autograder report --json`: an object's keys
are the fields' names. A figure that does not exist (nobody has a score, too few students) is null.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger, orals
from autograder.gradebook.records import (
    LATE,
    LOOK,
    NEEDS_MANUAL,
    NOT_SUBMITTED,
    OTHER_RUN,
    STALE_SCORE,
    UNGRADED,
    Record,
    class_records,
)
from autograder.outcome import Outcome, Status
from autograder.report import measures
from autograder.report.similarity import Group, similar_groups, solution_cells
from autograder.report.unknown import FailingAlike, failing_alike

SLOWEST = 5
# If a score and a mark, each as a share of what could be got, differ by more, somebody should look.
APART = 0.35


@dataclass(frozen=True)
class Summary:
    """The class in figures.

    `students` counts everybody in the gradebook, `scored` those with a score: `mean` and `median`
    are theirs. `statuses` counts students by `Record.status`.
    """

    students: int
    submitted: int
    scored: int
    max_score: float
    mean: float | None
    median: float | None
    lowest: float | None
    highest: float | None
    statuses: dict[str, int]
    late: int
    stale: int
    incomplete: int


@dataclass(frozen=True)
class CheckFigures(measures.Item):
    """One hidden check; `title` says what is right."""

    exercise: str
    check: str
    title: str
    max_points: float


@dataclass(frozen=True)
class KnownMistake:
    """A diagnosis of the answer bank and how many students it fits."""

    exercise: str
    diagnosis: str
    students: int


@dataclass(frozen=True)
class Attention:
    """A submission that somebody should look at."""

    student: str
    name: str
    status: str
    message: str
    flags: list[str]


@dataclass(frozen=True)
class Slow:
    student: str
    seconds: float


@dataclass(frozen=True)
class RunTimes:
    """Seconds that grading a submission took; `p95` is the 95th percentile."""

    submissions: int
    median: float | None
    p95: float | None
    slowest: list[Slow]


@dataclass(frozen=True)
class Written:
    """An exercise that a person marks: how many answers are waiting, marked (with their mean), blank."""

    exercise: str
    max_score: float
    waiting: int
    marked: int
    mean: float | None
    blank: int = 0


@dataclass(frozen=True)
class Row:
    """One student. `exercises` has points by exercise, null if it has not been graded."""

    student: str
    name: str
    status: str
    score: float | None
    flags: list[str]
    seconds: float | None
    isolation: str
    exercises: dict[str, float | None]


@dataclass(frozen=True)
class Viva:
    """How somebody did when asked about their own work: `mark` of `max_mark`, beside the `score`.

    `apart` says whether the two differ by more than `APART` of what could be got: a question, not a
    verdict.
    """

    student: str
    mark: float
    max_mark: float
    score: float | None
    apart: bool


@dataclass(frozen=True)
class Similar:
    """Groups of students with close answers; `compared` notebooks could be read."""

    compared: int
    groups: list[Group]


@dataclass(frozen=True)
class Report:
    """Everything on the page. `generated` is ISO 8601 (UTC), `exercises` the maximum points."""

    assignment: str
    generated: str
    summary: Summary
    distribution: list[measures.Bin]
    checks: list[CheckFigures]
    mistakes: list[KnownMistake]
    attention: list[Attention]
    run_times: RunTimes
    written: list[Written]
    isolation: dict[str, int]
    exercises: dict[str, float]
    students: list[Row]
    similar: Similar
    unknown: list[FailingAlike] = field(default_factory=list)
    vivas: list[Viva] = field(default_factory=list)

    @property
    def json(self) -> str:
        """This report as a JSON object."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"


def gather(course: Course, assignment: str, now: datetime) -> Report:
    """Read the gradebook, the ledger and the autograded notebooks of an assignment.

    Raises
    ------
    UserError
        If the assignment was never graded, or the class is empty.
    """
    records = class_records(course, assignment)
    if not records:
        raise UserError(
            f"expected students or submissions of {assignment}, found none: collect submissions into "
            f"{course.folder('submitted')}/STUDENT/{assignment} and run `autograder grade {assignment}`"
        )
    attempts = ledger.latest(course, assignment)
    # An outcome of another run says nothing about the points in the gradebook.
    outcomes = {
        r.student: attempts[r.student].outcome
        for r in records
        if r.student in attempts and OTHER_RUN not in r.flags
    }
    judged = {s: found for s, found in outcomes.items() if found.status.has_score}
    max_score = max(r.max_score for r in records)
    scores = [r.score for r in records if r.score is not None]
    exercises = {e.name: e.max_score for r in records for e in r.exercises}
    released, notebooks = _released(course, assignment), _notebooks(course, assignment, records)
    return Report(
        assignment=assignment,
        generated=now.isoformat(timespec="seconds"),
        summary=_summary(records, scores, max_score),
        distribution=measures.histogram(scores, max_score),
        checks=_checks(course, assignment, list(judged.values())),
        mistakes=_mistakes(judged),
        attention=_attention(records),
        run_times=_run_times(outcomes),
        written=_written(records),
        isolation=dict(Counter(o.isolation for o in outcomes.values() if o.isolation)),
        exercises=exercises,
        students=[_row(r) for r in records],
        similar=_similar(released, notebooks),
        unknown=failing_alike(released, notebooks, judged),
        vivas=_vivas(orals.read(course, assignment), records),
    )


def _summary(records: list[Record], scores: list[float], max_score: float) -> Summary:
    def flagged(flag: str) -> int:
        return sum(flag in r.flags for r in records)

    return Summary(
        students=len(records),
        submitted=sum(r.status != NOT_SUBMITTED for r in records),
        scored=len(scores),
        max_score=max_score,
        mean=float(np.mean(scores)) if scores else None,
        median=measures.percentile(scores, 50),
        lowest=min(scores, default=None),
        highest=max(scores, default=None),
        statuses=dict(Counter(r.status for r in records).most_common()),
        late=flagged(LATE),
        stale=flagged(STALE_SCORE),
        incomplete=flagged(NEEDS_MANUAL),
    )


def _checks(course: Course, assignment: str, outcomes: list[Outcome]) -> list[CheckFigures]:
    """The figures of each check, in the order of the assignment's checks."""
    checks = hidden.load(course.hidden, assignment).checks
    titles = {(c.exercise, c.name): c.title for cs in checks.values() for c in cs}
    tops = {(c.exercise, c.check): c.max_points for o in outcomes for c in o.checks}
    keys = [k for k in titles if k in tops] + [k for k in tops if k not in titles]
    if not keys:
        return []
    column = {key: i for i, key in enumerate(keys)}
    points = np.full((len(outcomes), len(keys)), np.nan)
    for row, outcome in zip(points, outcomes):
        for check in outcome.checks:
            row[column[check.exercise, check.check]] = check.points
    figures = measures.items(points, np.array([tops[k] for k in keys]))
    return [
        CheckFigures(
            **asdict(item), exercise=key[0], check=key[1], title=titles.get(key, ""),
            max_points=tops[key],
        )
        for key, item in zip(keys, figures)
    ]  # fmt: skip


def _mistakes(judged: dict[str, Outcome]) -> list[KnownMistake]:
    """Known mistakes, the most frequent first; each counts once per student."""
    found: Counter[tuple[str, str]] = Counter()
    for outcome in judged.values():
        found.update({(c.exercise, c.diagnosis) for c in outcome.checks if c.diagnosis})
    return [
        KnownMistake(exercise, diagnosis, students)
        for (exercise, diagnosis), students in sorted(found.items(), key=lambda e: (-e[1], e[0]))
    ]


def _attention(records: list[Record]) -> list[Attention]:
    """Everything that is not simply graded, most urgent first."""
    first: list[str] = [Status.GRADER_ERROR, Status.UNREADABLE, UNGRADED]
    found = [
        Attention(r.student, r.name, r.status, r.message or r.stale, list(r.flags))
        for r in records
        if r.status not in (Status.GRADED, NOT_SUBMITTED)
        or not {STALE_SCORE, OTHER_RUN, LOOK}.isdisjoint(r.flags)
    ]
    return sorted(
        found,
        key=lambda a: (first.index(a.status) if a.status in first else len(first), a.status, a.student),
    )  # fmt: skip


def _run_times(outcomes: dict[str, Outcome]) -> RunTimes:
    seconds = {student: outcome.seconds for student, outcome in outcomes.items()}
    slowest = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))[:SLOWEST]
    values = list(seconds.values())
    return RunTimes(
        len(values),
        measures.percentile(values, 50),
        measures.percentile(values, 95),
        [Slow(*item) for item in slowest],
    )


def _written(records: list[Record]) -> list[Written]:
    """Exercises that a person marks. With a stale score only the submission itself is waiting."""
    waiting: Counter[str] = Counter()
    marked: dict[str, list[float]] = {}
    blank: Counter[str] = Counter()
    tops: dict[str, float] = {}
    for record in records:
        for exercise in record.exercises:
            if exercise.written:
                tops[exercise.name] = exercise.max_score
            if exercise.needs_manual and NEEDS_MANUAL in record.flags:
                tops[exercise.name] = exercise.max_score
                waiting[exercise.name] += 1
            elif exercise.written and exercise.score is not None and not exercise.by_hand:
                # Handed in unchanged: nobody has marked it, and nobody needs to.
                blank[exercise.name] += 1
            elif exercise.written and exercise.score is not None:
                marked.setdefault(exercise.name, []).append(exercise.score)
    return [
        Written(
            name, top, waiting[name], len(marked.get(name, [])),
            float(np.mean(marked[name])) if name in marked else None, blank[name],
        )
        for name, top in tops.items()
    ]  # fmt: skip


def _vivas(marks: dict[str, orals.Mark], records: list[Record]) -> list[Viva]:
    """Everybody with a mark, those first whose mark and score differ most."""
    found = []
    for record in records:
        mark = marks.get(record.student)
        if mark is None:
            continue
        part = None if record.score is None else record.score / record.max_score
        gap = 0.0 if part is None else abs(part - mark.share)
        viva = Viva(record.student, mark.mark, mark.max_mark, record.score, gap > APART)
        found.append((gap, viva))
    return [viva for _, viva in sorted(found, key=lambda pair: (-pair[0], pair[1].student))]


def _row(record: Record) -> Row:
    return Row(
        record.student, record.name, record.status, record.score, list(record.flags),
        record.seconds, record.isolation, {e.name: e.score for e in record.exercises},
    )  # fmt: skip


def _released(course: Course, assignment: str) -> Path:
    """The notebook that students were given."""
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not released.is_file():
        raise UserError(f"expected {released}, which does not exist: run `autograder build`")
    try:
        solution_cells(released)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{released} is not a notebook ({error}): run `autograder build`") from None
    return released


def _notebooks(course: Course, assignment: str, records: list[Record]) -> dict[str, Path]:
    """What counts, by student: the notebooks in `autograded/` that the scores come from."""
    return {
        r.student: course.folder("autograded") / r.student / assignment / f"{assignment}.ipynb"
        for r in records
        if r.score is not None and STALE_SCORE not in r.flags
    }


def _similar(released: Path, notebooks: dict[str, Path]) -> Similar:
    groups, compared = similar_groups(released, notebooks)
    return Similar(compared, groups)


def example(course: Course, assignment: str, exercise: str) -> str:
    """The student whose wrong answer stands for the largest group that matches no known mistake.

    Raises
    ------
    UserError
        If there is none for this exercise.
    """
    unknown = gather(course, assignment, ledger.now()).unknown
    for group in unknown:
        if group.exercise == exercise:
            return group.example
    others = ", ".join(dict.fromkeys(group.exercise for group in unknown)) or "none"
    raise UserError(
        f"expected a wrong answer to {exercise} that behaves like no known mistake; exercises with "
        f"such answers: {others}"
    )
