"""Marks of vivas, which a person enters into a table beside the sheets."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.errors import UserError

FOLDER, FILE = "viva", "marks.csv"
COLUMNS = ["student", "name", "mark", "max_mark"]


@dataclass(frozen=True)
class Mark:
    """What somebody got in a viva: from 0 to `max_mark`, which is positive."""

    mark: float
    max_mark: float

    @property
    def share(self) -> float:
        """The mark as a part of what could be got."""
        return self.mark / self.max_mark


def folder(course: Course, assignment: str) -> Path:
    """Where sheets and marks of an assignment are."""
    return course.root / FOLDER / assignment


def prepare(folder: Path, names: dict[str, str]) -> Path:
    """Write the table with a row for each of these students, and keep the rows that are there."""
    path = folder / FILE
    rows = _rows(path) if path.is_file() else []
    known = {row.get("student") for row in rows}
    rows += [{"student": s, "name": n} for s, n in names.items() if s not in known]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return files.write(path, text.getvalue())


def read(course: Course, assignment: str) -> dict[str, Mark]:
    """The marks by student: of those who have one.

    Raises
    ------
    UserError
        If the table cannot be read, or a mark is not a number from 0 to `max_mark`.
    """
    path = folder(course, assignment) / FILE
    if not path.is_file():
        return {}
    found = {}
    for number, row in enumerate(_rows(path), 2):
        mark, most = (_number(row.get(name), path, number, name) for name in ("mark", "max_mark"))
        if mark is None:
            continue
        if not most or not 0 <= mark <= most:
            raise UserError(
                f"{path}, line {number}: expected a mark from 0 to max_mark, got {mark:g} of "
                f"{'nothing' if most is None else format(most, 'g')}"
            )
        found[row.get("student") or ""] = Mark(mark, most)
    return found


def _rows(path: Path) -> list[dict]:
    try:
        text = files.read_text(path)
        first = text.partition("\n")[0]
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ","))
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path} could not be read: {error}") from None
    if rows and not {"student", "mark", "max_mark"} <= set(rows[0]):
        raise UserError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {first.strip()}")
    return rows


def _number(text: str | None, path: Path, line: int, column: str) -> float | None:
    if not (text or "").strip():
        return None
    try:
        number = float(str(text).replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{path}, line {line}: expected a number as {column}, got {text!r}")
    return number
