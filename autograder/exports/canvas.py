"""Canvas: the CSV file for Grades → Import.

Canvas takes every column after Section for an assignment, so flags go into a file beside it. It does
not read Section: what is not final about a score is said there, too. It
looks for a student by ID, then by SIS ids, and only then by name. An empty cell in place of an
existing score counts as a change; Canvas shows all changes before it saves them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from traitlets import Bool, Unicode

from autograder import files
from autograder.errors import UserError
from autograder.exports import text
from autograder.exports.people import Directory
from autograder.exports.plugin import Exporter, Written
from autograder.exports.worksheet import Worksheet
from autograder.gradebook.records import Record

STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "    Points Possible"


class CanvasExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.canvas.CanvasExporter`.

    With `template`, the file of Grades → Export, students keep the ids and sections they have
    there, and the assignment's column is found by its name. Without it, the nbgrader student id
    serves as the SIS Login ID, and `lms_user_id` as Canvas' ID.
    """

    column = Unicode(
        "", help="The assignment's column in Canvas, such as `MLP basics (4711)`."
    ).tag(config=True)
    scale = Bool(False, help="Convert points if Canvas' points possible are different.").tag(
        config=True
    )
    default_output = "canvas.csv"
    flags_beside = True

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        if self.column and len(classes) > 1:
            raise UserError(
                f"expected one assignment together with --column, got {', '.join(classes)}: name one"
            )
        headings = {name: self.column or name for name in classes}
        if not self.template:
            return Written([files.write(output, canvas_csv(classes, headings))])
        sheet = Worksheet(Path(self.template))
        content, notes = from_template(sheet, classes, headings, self.scale)
        return Written([files.write(output, content)], notes)


def canvas_csv(classes: Mapping[str, list[Record]], headings: Mapping[str, str]) -> str:
    """Headings, points possible, and one row per student."""
    people = {r.student: r for records in classes.values() for r in records}
    identities = {
        student: [r.sortable_name, _canvas_id(r), "", _login(r), ""]
        for student, r in people.items()
    }
    points = {a: records[0].max_score for a, records in classes.items() if records}
    return _table(classes, headings, STUDENT_COLUMNS, identities, points)


def _canvas_id(record: Record) -> str:
    # Without a roster, `autograder collect` uses Canvas' own numbers as student ids.
    return record.lms_user_id or (record.student if record.student.isdecimal() else "")


def _login(record: Record) -> str:
    return "" if record.student == _canvas_id(record) else record.student


def _table(classes, headings, columns, identities, points, scale=False) -> str:
    """`points`: the points possible of each assignment in Canvas."""
    by_student = {a: {r.student: r for r in records} for a, records in classes.items()}
    rows = [
        [*columns, *(headings[a] for a in classes)],
        [
            POINTS_POSSIBLE,
            *[""] * (len(columns) - 1),
            *(text.number(points.get(a)) for a in classes),
        ],
    ]
    for student, identity in identities.items():
        found = {a: records.get(student) for a, records in by_student.items()}
        open_ends = [f"{a}: {r.unfinished}" for a, r in found.items() if r and r.unfinished]
        section = "; ".join(filter(None, [identity[-1], *open_ends]))
        scores = (
            text.converted(r, points[a], scale, f"Canvas' column {headings[a]}") if r else ""
            for a, r in found.items()
        )
        rows.append([*identity[:-1], section, *scores])
    return text.table(rows)


def from_template(
    sheet: Worksheet,
    classes: Mapping[str, list[Record]],
    headings: Mapping[str, str],
    scale: bool = False,
) -> tuple[str, list[str]]:
    """The students of Canvas' own export with the assignments' scores, and what did not fit.

    Raises
    ------
    UserError
        If the sheet is not an export of Canvas' gradebook, or an assignment has other points there
        and `scale` is not set.
    """
    header = sheet.header
    if not header or header[0] != "Student" or "ID" not in header or "Section" not in header:
        raise UserError(
            f"expected Canvas' gradebook (Student, ID, …, Section, …), but {sheet.path} is something "
            "else: in Canvas choose Grades → Export → Export Entire Gradebook"
        )
    width = header.index("Section") + 1
    named = {a: _column(header[width:], heading) for a, heading in headings.items()}
    notes = [
        f"no column of {sheet.path} is called {headings[a]}: Canvas will ask whether to create "
        "one (or pass the name with --column)"
        for a, found in named.items()
        if found is None
    ]
    people = {r.student: r for records in classes.values() for r in records}
    directory = Directory(people.values())
    identities: dict[str, list[str]] = {}
    for number, row in enumerate(sheet.rows, start=2):
        cells = dict(zip(header[:width], row))
        name = cells.get("Student", "")
        no_student = not name.strip() or "Points Possible" in name or name == "Student, Test"
        if no_student or not any(cells.values()):
            continue
        ids = [cells.get(c, "") for c in ("ID", "SIS User ID", "SIS Login ID")]
        record = directory.find(ids, name)
        if record is None:
            notes.append(f"row {number} of the template, {name}, matches nobody in the gradebook")
            continue
        if record.student in identities:
            raise UserError(
                f"{name} in row {number} of {sheet.path} is {record.student}, and so is a row "
                "before it: give the students' ids to `autograder collect --roster`"
            )
        identities[record.student] = row[:width]
    notes += [f"{s} is not in the template" for s in people if s not in identities]
    chosen = {a: found or headings[a] for a, found in named.items()}
    points = {
        a: _points_possible(sheet, found, records[0].max_score if records else 0.0)
        for (a, found), records in zip(named.items(), classes.values())
    }
    return _table(classes, chosen, header[:width], identities, points, scale), notes


def _points_possible(sheet: Worksheet, title: str | None, ours: float) -> float:
    """What Canvas says an assignment is worth; ours for one that is not there yet."""
    rows = [row for row in sheet.rows if "Points Possible" in row[0]]
    said = rows[0][sheet.header.index(title)] if rows and title else ""
    try:
        return float(said) if said.strip() else ours
    except ValueError:
        raise UserError(
            f"expected a number as points possible of {title} in {sheet.path}, got {said!r}: in "
            "Canvas display the grade as points"
        ) from None


def _column(titles: list[str], heading: str) -> str | None:
    """The title that is `heading`, with or without Canvas' number in parentheses."""
    return next((t for t in titles if heading in (t, re.sub(r" \(\d+\)$", "", t))), None)
