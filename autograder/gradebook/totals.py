"""The term so far: everybody's scores in all assignments, and what they come to together."""

from dataclasses import dataclass
from datetime import UTC, datetime

from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import dates
from autograder.gradebook.records import (
    NOT_SUBMITTED,
    UNGRADED,
    Record,
    class_records,
    expect_gradebook,
)


@dataclass(frozen=True)
class Part:
    """One assignment of one student.

    `share` is the part of its points that counts in the end: 0 if nothing was handed in until it was
    due, None as long as it is not known. `note` says what there is to know about it.
    """

    record: Record
    share: float | None
    note: str


@dataclass(frozen=True)
class Row:
    """One student. `so_far` and `total` are percentages, weighted as `course.toml` says.

    `so_far` is of the `finished` assignments alone and None if there are none; `total` is None until
    every assignment that counts is finished.
    """

    student: str
    first_name: str
    last_name: str
    email: str
    parts: dict[str, Part]
    finished: int
    so_far: float | None
    total: float | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.student


@dataclass(frozen=True)
class Totals:
    """The term's table. `weights` has the assignments in their order; `notes` are for the instructor."""

    weights: dict[str, float]
    rows: list[Row]
    notes: list[str]

    @property
    def counting(self) -> int:
        """How many assignments count."""
        return sum(weight > 0 for weight in self.weights.values())

    def as_dict(self) -> dict:
        """Plain data, for JSON; what does not exist is None."""
        students = [
            {
                "student": row.student, "name": row.name, "so_far": row.so_far, "total": row.total,
                "finished": row.finished,
                "assignments": {
                    name: {
                        "status": p.record.status, "score": p.record.score,
                        "max_score": p.record.max_score, "penalty": p.record.penalty,
                        "flags": list(p.record.flags), "unfinished": p.record.unfinished,
                        "share": p.share, "note": p.note,
                    }
                    for name, p in row.parts.items()
                },
            }
            for row in self.rows
        ]  # fmt: skip
        return {"weights": self.weights, "counting": self.counting, "students": students}


def gather(course: Course, now: datetime) -> Totals:
    """The table of all assignments in `notebooks/`, with everybody whom any of them knows.

    Raises
    ------
    UserError
        If nothing has been graded yet.
    """
    expect_gradebook(course)
    with Gradebook(course.db_url, course.course_id) as book:
        known = [entry.name for entry in book.assignments if entry.notebooks]
        notes = [s for name in known for s in dates.unknown_students(course, book, name)]
    names = course.assignments
    if not set(known) & set(names):
        raise UserError("expected graded assignments in the gradebook, found none: grade first")
    notes += [
        f"{name} is in the gradebook but not in notebooks/: it does not count"
        for name in sorted(set(known) - set(names))
    ]
    classes = {
        name: {r.student: r for r in class_records(course, name)} if name in known else {}
        for name in names
    }
    with Gradebook(course.db_url, course.course_id) as book:
        entered = {entry.name: entry.duedate for entry in book.assignments}
    handed_in = {name: set(course.submitted_students(name)) for name in names}
    people = {student: r for records in classes.values() for student, r in records.items()}
    weights = {name: course.rules.of(name).weight for name in names}
    moment = now.astimezone(UTC).replace(tzinfo=None)
    rows = []
    for student in sorted({*people, *(s for students in handed_in.values() for s in students)}):
        parts = {}
        for name in names:
            status = UNGRADED if student in handed_in[name] else NOT_SUBMITTED
            record = classes[name].get(student) or Record(
                student, name, status, None, 0.0, flags=(status,)
            )
            due = dates.due_for(course.rules.of(name), student, entered.get(name))
            parts[name] = _part(record, due, moment)
        rows.append(_row(student, people.get(student), parts, weights))
    return Totals(weights, rows, notes)


def _part(record: Record, due: datetime | None, now: datetime) -> Part:
    if record.status == NOT_SUBMITTED:
        if due is not None and due < now:
            return Part(record, 0.0, NOT_SUBMITTED)
        when = "no due date" if due is None else "not due yet"
        return Part(record, None, f"{NOT_SUBMITTED}, {when}")
    note = "; ".join(record.flags)
    if record.unfinished or record.score is None or not record.max_score:
        return Part(record, None, note)
    return Part(record, record.score / record.max_score, note)


def _row(
    student: str, person: Record | None, parts: dict[str, Part], weights: dict[str, float]
) -> Row:
    shares = {
        name: part.share
        for name, part in parts.items()
        if part.share is not None and weights[name] > 0
    }
    weight = sum(weights[name] for name in shares)
    so_far = (
        100 * sum(weights[n] * share for n, share in shares.items()) / weight if shares else None
    )
    whole = len(shares) == sum(w > 0 for w in weights.values())
    about = (person.first_name, person.last_name, person.email) if person else ("", "", "")
    return Row(student, *about, parts, len(shares), so_far, so_far if whole else None)
