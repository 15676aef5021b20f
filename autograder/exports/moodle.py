"""Moodle: the offline grading worksheet, filled in, and a file for the gradebook's import.

Moodle recognises and reads back the worksheet by its headings (mod/assign/feedback/offline):
Identifier, Grade and Last modified (grade) must be there; rows without a grade are skipped. Moodle
writes the headings in the teacher's language; English and German are known here.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from traitlets import Bool

from autograder import files
from autograder.errors import UserError
from autograder.exports import text
from autograder.exports.people import Directory
from autograder.exports.plugin import Exporter, Written
from autograder.exports.worksheet import Worksheet
from autograder.gradebook.records import Record
from autograder.lms.roster import MOODLE_HEADINGS, slug
from autograder.submission import collected

NEEDED = ("identifier", "grade", "modified")
NO = {"no", "nein"}


class MoodleWorksheetExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.moodle.MoodleWorksheetExporter`.

    `template` is the worksheet that Moodle lets teachers download ("Download grading worksheet").
    Its Grade and Feedback comments are filled in; every other byte stays unchanged.
    """

    scale = Bool(False, help="Convert points if Moodle's maximum grade is different.").tag(
        config=True
    )
    default_output = "moodle-worksheet.csv"
    one_assignment = True
    flags_beside = True

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        if not self.template:
            raise UserError(
                "expected the grading worksheet that Moodle offers for download: in Moodle choose "
                "Submissions → Download grading worksheet, and pass that file with --template FILE"
            )
        ((assignment, records),) = classes.items()
        sheet = Worksheet(Path(self.template))
        known = collected.lms_ids(self.course, assignment)
        notes = fill(sheet, records, known, self.scale)
        return Written([files.write(output, bytes(sheet))], notes)


def fill(
    sheet: Worksheet, records: list[Record], known: Mapping[str, str], scale: bool = False
) -> list[str]:
    """Fill in Grade and Feedback comments; returns what could not be filled in.

    A student without a score gets an empty grade and keeps the feedback that is there.

    Raises
    ------
    UserError
        If this is not a grading worksheet, or its maximum grade is different and `scale` is not set.
    """
    columns = {
        name: sheet.header.index(heading)
        for name, headings in MOODLE_HEADINGS.items()
        for heading in headings
        if heading in sheet.header
    }
    missing = [MOODLE_HEADINGS[name][0] for name in NEEDED if name not in columns]
    if missing:
        raise UserError(
            f"expected Moodle's grading worksheet, but {sheet.path} has no column "
            f"{' and no '.join(missing)}: download it with Moodle set to English or German"
        )

    def cell(row, name):
        return row[columns[name]] if name in columns else ""

    directory = Directory(records, known)
    notes: list[str] = []
    seen: dict[str, int] = {}
    if "feedback" not in columns:
        unfinished = [r.student for r in records if r.score is not None and r.unfinished]
        if unfinished:
            raise UserError(
                f"expected a column Feedback comments in {sheet.path}, to say that the scores of "
                f"{', '.join(unfinished)} are not final: switch it on in Moodle, or finish them"
            )
        notes.append("the worksheet has no column Feedback comments: switch it on in Moodle")
    for number, row in enumerate(sheet.rows):
        if len(row) != len(sheet.header):
            continue
        identifier = "".join(re.findall(r"\d+$", cell(row, "identifier")))
        email = cell(row, "email")
        ids = [
            cell(row, "id_number"), cell(row, "username"), email, email.partition("@")[0],
            slug(cell(row, "name")),
        ]  # fmt: skip
        record = directory.find(ids, cell(row, "name"), identifier)
        who = cell(row, "name") or cell(row, "identifier")
        if record is None:
            notes.append(
                f"row {number + 2} of the worksheet, {who}, matches nobody in the gradebook"
            )
            continue
        if record.student in seen:
            raise UserError(
                f"rows {seen[record.student] + 2} and {number + 2} of {sheet.path} are both "
                f"{record.student}: give the students' ids to `autograder collect --roster`"
            )
        seen[record.student] = number
        if cell(row, "changeable").strip().casefold() in NO:
            notes.append(f"{who}: Moodle does not let this grade be changed")
        points = _points(record, cell(row, "maximum"), scale)
        sheet.set(number, columns["grade"], points)
        if "feedback" in columns and record.score is not None:
            comment = text.inert(text.as_html(text.summary(record)))
            sheet.set(number, columns["feedback"], comment)
    notes += [f"{r.student} is not in the worksheet" for r in records if r.student not in seen]
    return notes


def _points(record: Record, maximum: str, scale: bool) -> str:
    try:
        most = float(maximum.replace(",", ".")) if maximum.strip() else record.max_score
    except ValueError:
        raise UserError(
            f"expected a number as the maximum grade, but the worksheet says {maximum!r}: "
            "in Moodle grade the assignment by points, not by a scale"
        ) from None
    return text.converted(record, most, scale, "the worksheet")


class MoodleGradebookExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.moodle.MoodleGradebookExporter`.

    A file for Grades → Import → CSV file. Moodle asks what each column is; the headings are those
    of its own export. Tell it to ignore the column Flags.
    """

    default_output = "moodle-gradebook.csv"

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        return Written([files.write(output, gradebook_csv(classes))])


def gradebook_csv(classes: Mapping[str, list[Record]]) -> str:
    """One row per student; for each assignment a grade, feedback and flags."""
    people = {r.student: r for records in classes.values() for r in records}
    by_student = {a: {r.student: r for r in records} for a, records in classes.items()}
    header = ["First name", "Last name", "ID number", "Email address"]
    for a in classes:
        header += [f"Assignment: {a} (Real)", f"Assignment: {a} (Feedback)", f"Flags: {a}"]
    rows = []
    for student, person in people.items():
        row = [person.first_name, person.last_name, student, person.email]
        for records in by_student.values():
            r = records.get(student)
            if r is None:
                row += ["", "", ""]
                continue
            feedback = text.as_html(text.summary(r)) if r.score is not None else ""
            row += [text.number(r.score), feedback, "; ".join(r.flags)]
        rows.append(row)
    return text.table([header, *rows])
