"""Automatic scores, read from the gradebook's tables: without nbgrader, whose import takes seconds."""

import json
from pathlib import Path

from autograder.course import Course
from autograder.outcome import Outcome

QUERY = """
SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score
FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN grade_cells ON grade_cells.id = base_cell.id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
JOIN assignment ON assignment.id = submitted_assignment.assignment_id
WHERE assignment.name = :assignment AND grade_cells.cell_type = 'code'
"""


def automatic_scores(course: Course, assignment: str) -> dict[str, dict[str, float | None]]:
    """The automatic score of each check cell in the gradebook, by student; empty without a gradebook."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError, ProgrammingError

    if (file := sqlite_file(course)) and not file.is_file():
        return {}
    engine = create_engine(course.db_url)
    found: dict[str, dict[str, float | None]] = {}
    try:
        with engine.connect() as db:
            for student, cell, score in db.execute(text(QUERY), {"assignment": assignment}):
                found.setdefault(student, {})[cell] = score
    except (OperationalError, ProgrammingError):
        # There are no tables yet, or no database: whoever writes into it says what is wrong.
        return {}
    finally:
        engine.dispose()
    return found


def sqlite_file(course: Course) -> Path | None:
    """The gradebook's file; None if a database server keeps it."""
    kind, _, place = course.db_url.partition(":///")
    return Path(place) if kind == "sqlite" else None


def agrees(outcome: Outcome, scores: dict[str, float | None]) -> bool:
    """Whether the automatic scores are those of the outcome."""
    earned: dict[str, float] = {}
    for check in outcome.checks:
        name = f"check_{check.exercise}"
        earned[name] = earned.get(name, 0.0) + check.points
    return all(
        score is not None and abs(score - earned.get(name, 0.0)) < 1e-6
        for name, score in scores.items()
    )


def graded_points(path: Path) -> dict[str, tuple[str, float]]:
    """The kind and the points of each graded cell in a notebook of the course's own, by name."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    marked = ((cell["cell_type"], cell["metadata"].get("nbgrader", {})) for cell in cells)
    return {m["grade_id"]: (kind, float(m["points"])) for kind, m in marked if m.get("grade")}
