"""PrairieLearn: the CSV file for an assessment's Uploads → Upload new question scores.

PrairieLearn knows a submission by its `submission_id`, which is in the file that it offers for
download (Downloads → `…_submissions_for_manual_grading.csv`); it compares `uid` and `qid` with it. A
row's empty cells change nothing, and feedback is Markdown (docs/manualGrading.md, lib/score-upload.ts).
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from traitlets import Unicode

from autograder import files
from autograder.errors import UserError
from autograder.exports import text
from autograder.exports.people import Directory
from autograder.exports.plugin import Exporter, Written
from autograder.exports.worksheet import Worksheet
from autograder.gradebook.records import Record

COLUMNS = ("uid", "qid", "submission_id", "score_perc", "feedback")
IDENTITY = COLUMNS[:3]
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$])")


class PrairieLearnExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.prairielearn.PrairieLearnExporter`.

    With `template`, the file that PrairieLearn offers for download, each student's latest submission
    gets the score. Without it there are no submission ids, which have to be filled in by hand.
    """

    column = Unicode("", help="The question's qid, where it is not the assignment's name.").tag(
        config=True
    )
    default_output = "prairielearn.csv"
    one_assignment = True
    flags_beside = True

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        ((assignment, records),) = classes.items()
        if not self.template:
            qid = self.column or assignment
            rows = [[r.email or r.student, qid, "", *_result(r)] for r in records]
            notes = [
                "PrairieLearn finds a submission by its submission_id: pass the file that it offers "
                "under Downloads (…_submissions_for_manual_grading.csv) with --template"
            ]
        else:
            sheet = Worksheet(Path(self.template))
            rows, notes = from_template(sheet, records, self.column, assignment)
        return Written([files.write(output, text.table([COLUMNS, *rows]))], notes)


def from_template(
    sheet: Worksheet, records: list[Record], qid: str, assignment: str
) -> tuple[list[list[str]], list[str]]:
    """A row for the latest submission of each student in the sheet, and what did not fit.

    Raises
    ------
    UserError
        If the sheet is not PrairieLearn's, or nobody can tell which of its questions is meant.
    """
    place = {name: sheet.header.index(name) for name in IDENTITY if name in sheet.header}
    missing = [name for name in IDENTITY if name not in place]
    if missing:
        raise UserError(
            f"expected PrairieLearn's submissions for manual grading, but {sheet.path} has no column "
            f"{' and no '.join(missing)}: download it from the assessment's tab Downloads"
        )
    found = [dict(zip(sheet.header, row)) for row in sheet.rows if len(row) == len(sheet.header)]
    qid = _expect_question({row["qid"] for row in found}, qid, assignment, sheet.path)
    latest: dict[str, dict[str, str]] = {}
    for row in sorted((row for row in found if row["qid"] == qid), key=_number):
        latest[row["uid"]] = row
    directory = Directory(records)
    rows, notes, seen = [], [], set()
    for uid, row in latest.items():
        ids = [uid, row.get("uin", ""), row.get("username", ""), uid.partition("@")[0]]
        record = directory.find(ids, row.get("name", ""))
        if record is None:
            notes.append(f"{uid} in {sheet.path} matches nobody in the gradebook")
            continue
        if record.student in seen:
            raise UserError(
                f"two students of {sheet.path} are {record.student}; one of them is {uid}"
            )
        seen.add(record.student)
        rows.append([uid, qid, row["submission_id"], *_result(record)])
    notes += [f"{r.student} is not in {sheet.path}" for r in records if r.student not in seen]
    return rows, notes


def _expect_question(there: Iterable[str], wanted: str, assignment: str, path: Path) -> str:
    known = sorted(there)
    if (wanted or assignment) in known:
        return wanted or assignment
    if not wanted and len(known) == 1:
        return known[0]
    raise UserError(
        f"expected the question {wanted or assignment} in {path}, which has "
        f"{', '.join(known) or 'none'}: name it with --column QID"
    )


def _number(row: dict[str, str]) -> tuple[int, str]:
    """Later submissions have larger numbers."""
    return (int(row["submission_id"]) if row["submission_id"].isdecimal() else -1), row["uid"]


def _result(record: Record) -> tuple[str, str]:
    """Percentage and feedback; nothing for a score that is not there or not whole.

    PrairieLearn knows only shares of all points, in which a part that nobody has marked would be 0.
    """
    if record.score is None or record.unfinished or not record.max_score:
        return "", _plain([record.unfinished])
    percent = min(100.0, max(0.0, 100 * record.score / record.max_score))
    return text.number(percent), _plain(text.summary(record))


def _plain(lines: Iterable[str]) -> str:
    """Markdown that shows these lines as they are; a blank line ends a paragraph."""
    return "\n\n".join(MARKUP.sub(r"\\\1", line.strip()) for line in lines)
