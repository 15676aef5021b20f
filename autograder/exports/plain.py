"""Plain CSV files, a row per student: of an assignment, with status, flags and a column per exercise,
and of the term."""

from collections.abc import Mapping
from pathlib import Path

from autograder import files
from autograder.exports import text
from autograder.exports.plugin import Exporter, Written
from autograder.gradebook.records import Record
from autograder.gradebook.totals import Totals

COLUMNS = (
    "assignment", "student_id", "last_name", "first_name", "email", "status", "flags", "score",
    "max_score", "late_penalty", "seconds_late", "message", "unfinished", "comments",
)  # fmt: skip


def csv_text(classes: Mapping[str, list[Record]]) -> str:
    """All records; an exercise that has not been graded is empty."""
    everybody = [record for records in classes.values() for record in records]
    exercises = list(dict.fromkeys(e.name for r in everybody for e in r.exercises))
    rows = []
    for r in everybody:
        points = {e.name: text.number(e.score) for e in r.exercises} if r.score is not None else {}
        rows.append(
            (
                r.assignment, r.student, r.last_name, r.first_name, r.email, r.status,
                "; ".join(r.flags), text.number(r.score), text.number(r.max_score),
                text.number(r.penalty), text.number(r.seconds_late), r.message, r.unfinished,
                "\n".join(text.comments(r)),
                *(points.get(name, "") for name in exercises),
            )
        )  # fmt: skip
    return text.table([(*COLUMNS, *exercises), *rows])


def totals_text(totals: Totals) -> str:
    """The term's table, a row per student; what is not known is empty, and the note beside it says why."""
    header = ["student_id", "last_name", "first_name", "email"]
    for name in totals.weights:
        header += [name, f"{name}: of", f"{name}: note"]
    header += ["finished", "so_far_percent", "total_percent"]
    rows = []
    for row in totals.rows:
        cells = [row.student, row.last_name, row.first_name, row.email]
        for part in row.parts.values():
            most = text.number(part.record.max_score or None)
            cells += [text.number(part.record.score), most, part.note]
        finished = f"{row.finished} of {totals.counting}"
        rows.append([*cells, finished, text.number(row.so_far), text.number(row.total)])
    return text.table([header, *rows])


class PlainExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.plain.PlainExporter`."""

    default_output = "results.csv"

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        return Written([files.write(output, csv_text(classes))])
