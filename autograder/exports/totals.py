"""The term's table as a CSV file: three columns per assignment, then the percentages."""

from autograder.exports import text
from autograder.gradebook.totals import Totals


def csv_text(totals: Totals) -> str:
    """A row per student; what is not known is empty, and the note beside it says why."""
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
