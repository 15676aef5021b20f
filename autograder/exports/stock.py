"""What `nbgrader export` writes in this course: the columns of nbgrader's own file, without its zeros.

nbgrader gives 0 to whoever has handed in nothing or has not been graded. Here these cells are empty.
"""

from collections.abc import Mapping
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import files
from autograder.exports import text
from autograder.exports.plugin import Exporter, Written
from autograder.gradebook.records import Record

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score", "flags", "unfinished",
)  # fmt: skip


class StockExporter(Exporter):
    """`nbgrader export`; with `--StockExporter.allow_unfinished=True` before all marks are given."""

    default_output = "grades.csv"

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        with Gradebook(self.course.db_url, self.course.course_id) as book:
            entries = {name: book.find_assignment(name) for name in classes}
            due = {name: str(entry.duedate or "") for name, entry in entries.items()}
            times = {
                (name, s.student.id): str(s.timestamp or "")
                for name, entry in entries.items()
                for s in entry.submissions
            }
        rows = [
            (
                r.assignment, due[r.assignment], times.get((r.assignment, r.student), ""), r.student,
                r.last_name, r.first_name, r.email,
                text.number(None if r.score is None else r.score + r.penalty),
                text.number(None if r.score is None else r.penalty), text.number(r.score),
                text.number(r.max_score), "; ".join(r.flags), r.unfinished,
            )
            for records in classes.values() for r in records
        ]  # fmt: skip
        return Written([files.write(output, text.table([COLUMNS, *rows]))])
