"""Text and numbers in the form that spreadsheets and learning platforms expect.

A spreadsheet takes a cell that starts with = + - @ (or a tab or a line break) for a formula. Such
text gets an apostrophe in front: spreadsheets then show it as text. The platforms find a person by
id or e-mail address and ignore the name, so the apostrophe never keeps a grade from its student.
"""

import html
import re
from collections.abc import Iterable

from autograder.errors import UserError
from autograder.gradebook.records import (
    LATE,
    NEEDS_MANUAL,
    NOT_SUBMITTED,
    STALE_SCORE,
    UNGRADED,
    Record,
)

# The full-width forms are formulas too in spreadsheets set to Chinese, Japanese or Korean.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
# Where a spreadsheet begins another cell that was told, or has guessed, another separator.
INNER = re.compile(r"([;\t\r\n] *)([=+\-@＝＋－＠])")
SPECIAL = re.compile(r'[",;\t\r\n]|^ | $')
FLAG_COLUMNS = (
    "assignment", "student_id", "last_name", "first_name", "status", "flags", "score",
    "max_score", "waiting_for_a_person", "message",
)  # fmt: skip


def inert(text: str) -> str:
    """`text` in a form that no spreadsheet takes for a formula, whatever separates its cells."""
    text = INNER.sub(r"\1'\2", text)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def number(value: float | None) -> str:
    """A score with at most four decimals and a decimal point; empty if there is none."""
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def table(rows: Iterable[Iterable[str]]) -> str:
    """The rows as CSV (RFC 4180); every text is made inert."""
    return "".join(",".join(map(cell, row)) + "\r\n" for row in rows)


def cell(text: str) -> str:
    """A cell of a CSV file, inert and in quotes if it holds any of the usual separators."""
    text = inert(text)
    return '"' + text.replace('"', '""') + '"' if SPECIAL.search(text) else text


def flag_table(records: Iterable[Record]) -> str:
    """Records that have a flag, for platforms whose own files have no room for it."""
    rows = [
        (
            r.assignment, r.student, r.last_name, r.first_name, r.status, "; ".join(r.flags),
            number(r.score), number(r.max_score), "; ".join(r.unmarked), r.message,
        )
        for r in records
    ]  # fmt: skip
    return table([FLAG_COLUMNS, *rows])


def remarks(record: Record) -> list[str]:
    """What a student should know about the score, in a few sentences."""
    said = []
    if record.status == NOT_SUBMITTED:
        return ["Nothing was handed in."]
    if record.score is None:
        waiting = NEEDS_MANUAL in record.flags
        return [
            f"Still {record.unfinished}." if waiting else "This submission has not been graded yet."
        ]
    if STALE_SCORE in record.flags:
        said.append(record.stale)
    if record.status not in ("graded", UNGRADED) and record.message:
        said.append(f"{record.status}: {record.message}".capitalize())
    if LATE in record.flags:
        cost = f", {number(record.penalty)} points less" if record.penalty else ""
        said.append(f"Handed in late{cost}.")
    if NEEDS_MANUAL in record.flags:
        said.append(f"Still to be graded by a person: {', '.join(record.unmarked)}.")
    return said


def summary(record: Record) -> list[str]:
    """The remarks, the points of each exercise, and the checks' messages where points were lost."""
    lines = remarks(record)
    if record.score is None:
        return lines
    for exercise in record.exercises:
        points = number(exercise.score) or "–"
        lines.append(f"{exercise.name}: {points} / {number(exercise.max_score)}")
        lines += [f"  {said}" for said in lost(record, exercise.name)]
        # A comment may have several lines, and a line without anything in front may be a formula.
        lines += [f"  comment: {said}" for said in exercise.comment.splitlines() if said.strip()]
    return lines


def lost(record: Record, exercise: str) -> list[str]:
    """What a check looks at and what it found, for each that lost points."""
    return [
        f"{check.title.rstrip('.')}: {check.message}"
        for check in record.checks
        if check.exercise == exercise and check.points < check.max_points
    ]


def comments(record: Record) -> list[str]:
    """What a person has written about each exercise."""
    return [f"{e.name}: {e.comment}" for e in record.exercises if e.comment]


def converted(record: Record, most: float, scale: bool, where: str) -> str:
    """The score as a platform takes it where the assignment has `most` points.

    Raises
    ------
    UserError
        If that is another number than here and `scale` is not set.
    """
    if abs(most - record.max_score) < 1e-6:
        return number(record.score)
    if not scale:
        raise UserError(
            f"{record.assignment} has {record.max_score:g} points, but {where} says {most:g}: "
            f"set it to {record.max_score:g} there, or pass --scale"
        )
    if record.score is None or not record.max_score:
        return ""
    return number(min(most, record.score * most / record.max_score))


def as_html(lines: Iterable[str]) -> str:
    """Lines of plain text as HTML, for fields that platforms show as HTML."""
    text = "<br>".join(html.escape(line, quote=False) for line in lines)
    # The `;` of an entity and what follows it would otherwise be changed by `inert`.
    return INNER.sub(lambda found: f"{found[1]}&#{ord(found[2])};", text)
