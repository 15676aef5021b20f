"""An assignment in the gradebook, kept in step with `source/` even after students have been graded.

Stock nbgrader then refuses to add or remove cells, and advises deleting the assignment with all its
grades. Here cells are changed in place, and the gradebook's previous content is kept in a file.
"""

import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
)

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.gradebook.scores import graded_points
from autograder.snapshot import Snapshot


@dataclass
class Drift:
    """How an assignment differs from the one that `submissions` submissions were graded by.

    `points`: (before, now) by cell. `manual`: how many grades given by hand this affects. `lost`:
    by removed cell, in how many submissions it has a grade or a comment.
    """

    assignment: str
    submissions: int
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    manual: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.submissions and (self.added or self.removed or self.points))

    def __str__(self) -> str:
        parts = [f"added {', '.join(self.added)}"] if self.added else []
        parts += [f"removed {', '.join(self.removed)}"] if self.removed else []
        parts += [f"{name} {old:g} → {new:g} points" for name, (old, new) in self.points.items()]
        text = (
            f"{self.assignment} has changed since {self.submissions} submissions were graded: "
            + "; ".join(parts)
        )
        if self.manual:
            text += f". {self.manual} grades given by hand need another look"
        return text


def points_differ(course: Course, book: Gradebook, assignment: str) -> bool:
    """Whether `source/` gives other points, or has other graded cells, than the gradebook knows.

    False for an assignment that is in neither.
    """
    path = course.source_notebook(assignment)
    try:
        cells = book.find_notebook(assignment, assignment).grade_cells
    except MissingEntry:
        return False
    known = {cell.name: (cell.cell_type, float(cell.max_score)) for cell in cells}
    return path.is_file() and graded_points(path) != known


def register(course: Course, book: Gradebook, snapshot: Snapshot, accept: bool = False) -> str:
    """Bring the gradebook's cells up to date; returns what an instructor should know about it, or "".

    Parameters
    ----------
    accept
        Whether grades and comments of removed cells may be dropped from the gradebook. A copy is
        always kept in `.autograder/versions/`.

    Raises
    ------
    UserError
        If grades would be dropped and `accept` is false. Then nothing has been changed.
    """
    with tempfile.TemporaryDirectory() as folder:
        with Gradebook(snapshot.write_gradebook(Path(folder))) as released:
            new = released.find_notebook(snapshot.name, snapshot.name)
            kernelspec, cells, sources = new.kernelspec, _cells(new), _sources(new)
    assignment = book.update_or_create_assignment(snapshot.name)
    try:
        notebook = book.find_notebook(snapshot.name, snapshot.name)
    except MissingEntry:
        notebook = Notebook(name=snapshot.name, assignment=assignment, kernelspec=kernelspec)
        book.db.add(notebook)
        book.db.flush()
    drift = _compare(notebook, cells)
    place = None
    if drift:
        place = course.private / "versions" / f"{snapshot.name}-{ledger.now():%Y%m%dT%H%M%S}.json"
        if drift.lost and not accept:
            book.db.rollback()
            lost = ", ".join(f"{name} in {count}" for name, count in drift.lost.items())
            raise UserError(
                f"{drift}. The gradebook would lose grades and comments ({lost} submissions): put the "
                f"cells back, or pass --accept-drift, which keeps a copy of them in {place.parent}"
            )
        _keep(notebook, drift, place)
    notebook.kernelspec = kernelspec
    _change(book, notebook, cells, drift)
    _change_sources(book, notebook, sources)
    book.db.commit()
    return f"{drift}. What the gradebook held before is in {place}" if drift else ""


def _cells(notebook: Notebook) -> dict[tuple[type, str], dict]:
    """The fields of each cell, by kind and name."""
    found = {}
    for cell in notebook._base_cells:
        graded = not isinstance(cell, SolutionCell)
        fields = {"max_score": cell.max_score, "cell_type": cell.cell_type} if graded else {}
        found[type(cell), cell.name] = fields
    return found


def _sources(notebook: Notebook) -> dict[str, dict]:
    names = ("cell_type", "locked", "source", "checksum")
    return {cell.name: {n: getattr(cell, n) for n in names} for cell in notebook.source_cells}


def _compare(notebook: Notebook, cells: dict[tuple[type, str], dict]) -> Drift:
    old = _cells(notebook)
    drift = Drift(notebook.name, len(notebook.submissions))
    drift.added = _names(cells.keys() - old.keys())
    drift.removed = _names(old.keys() - cells.keys())
    for key in old.keys() & cells.keys():
        if "max_score" in cells[key]:
            before, now = old[key]["max_score"], cells[key]["max_score"]
            if before != now:
                drift.points[key[1]] = (before, now)
    for submitted in notebook.submissions:
        lost = set()
        for grade in submitted.grades:
            by_hand = grade.manual_score is not None
            if (type(grade.cell), grade.name) not in cells:
                if by_hand or grade.auto_score is not None:
                    lost.add(grade.name)
            elif grade.name in drift.points:
                drift.manual += by_hand
        for comment in submitted.comments:
            if (type(comment.cell), comment.name) not in cells and comment.manual_comment:
                lost.add(comment.name)
        drift.lost.update(sorted(lost))
    return drift


def _names(keys: set[tuple[type, str]]) -> list[str]:
    return sorted({name for _, name in keys})


def _keep(notebook: Notebook, drift: Drift, place: Path) -> None:
    """Write all grades and comments of the assignment, in one step."""
    students = {}
    for submitted in notebook.submissions:
        students[submitted.student.id] = {
            "grades": [
                {
                    "cell": g.name, "auto_score": g.auto_score, "manual_score": g.manual_score,
                    "extra_credit": g.extra_credit, "max_score": g.max_score,
                    "needs_manual_grade": g.needs_manual_grade,
                }
                for g in submitted.grades
            ],
            "comments": [
                {"cell": c.name, "auto_comment": c.auto_comment, "manual_comment": c.manual_comment}
                for c in submitted.comments
            ],
        }  # fmt: skip
    kept = {"assignment": drift.assignment, "change": str(drift), "students": students}
    files.write(place, json.dumps(kept, indent=1))


def _change(book: Gradebook, notebook: Notebook, cells: dict, drift: Drift) -> None:
    there = {(type(cell), cell.name): cell for cell in notebook._base_cells}
    for (kind, name), fields in cells.items():
        cell = there.get((kind, name))
        if cell is None:
            book.db.add(kind(name=name, notebook=notebook, **fields))
            continue
        for key, value in fields.items():
            setattr(cell, key, value)
        if name in drift.points:
            for grade in book.db.query(Grade).filter(Grade.cell_id == cell.id):
                grade.needs_manual_grade |= grade.manual_score is not None
    for key in there.keys() - cells.keys():
        cell = there[key]
        for row in (Grade, Comment):
            for entry in book.db.query(row).filter(row.cell_id == cell.id):
                book.db.delete(entry)
        book.db.flush()
        book.db.delete(cell)


def _change_sources(book: Gradebook, notebook: Notebook, sources: dict[str, dict]) -> None:
    there = {cell.name: cell for cell in notebook.source_cells}
    for name, fields in sources.items():
        if name not in there:
            book.db.add(SourceCell(name=name, notebook=notebook, **fields))
            continue
        for key, value in fields.items():
            setattr(there[name], key, value)
    for name in there.keys() - sources.keys():
        book.db.delete(there[name])
