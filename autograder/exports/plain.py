"""A plain CSV file: one row per student, with status, flags and one column per exercise."""

from collections.abc import Mapping
from pathlib import Path

from autograder import files
from autograder.exports import text
from autograder.exports.plugin import Exporter, Written
from autograder.gradebook.records import Record

COLUMNS = (
    "assignment", "student_id", "last_name", "first_name", "email", "status", "flags", "score",
    "max_score", "late_penalty", "seconds_late", "message", "comments",
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
                text.number(r.penalty), text.number(r.seconds_late), r.message,
                "\n".join(text.comments(r)),
                *(points.get(name, "") for name in exercises),
            )
        )  # fmt: skip
    return text.table([(*COLUMNS, *exercises), *rows])


class PlainExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.plain.PlainExporter`."""

    default_output = "results.csv"

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        return Written([files.write(output, csv_text(classes))])
