"""Put a damaged submission back into a form that nbgrader can grade.

Stock nbgrader stops the whole batch at one duplicated cell and leaves a deleted one without a score
for ever. Here every graded cell is present exactly once, with the metadata of the release, whatever
the student's editor did to it; repairs are reported.
"""

import re
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.notebook import grade_id_of
from autograder.submission.given import presentable

MISSING = "# This cell was missing from the submission."


@dataclass(frozen=True)
class Expected:
    """A cell of the release that nbgrader knows by its id."""

    grade_id: str
    cell_type: str
    grade: bool
    solution: bool
    locked: bool
    points: float | None
    source: str

    @classmethod
    def from_notebook(cls, notebook: NotebookNode) -> list["Expected"]:
        """The graded, solution and locked cells of an nbgrader notebook, in order."""
        cells = [c for c in notebook.cells if "nbgrader" in c.metadata]
        return [
            cls(
                c.metadata.nbgrader.grade_id, c.cell_type, utils.is_grade(c), utils.is_solution(c),
                utils.is_locked(c), c.metadata.nbgrader.get("points"), c.source,
            )
            for c in cells
        ]  # fmt: skip

    @property
    def metadata(self) -> dict:
        known = {
            "grade": self.grade, "grade_id": self.grade_id, "locked": self.locked,
            "schema_version": 3, "solution": self.solution, "task": False,
            "cell_type": self.cell_type,
        }  # fmt: skip
        return known | ({"points": self.points} if self.grade else {})

    def new_cell(self, source: str) -> NotebookNode:
        make = getattr(nbformat.v4, f"new_{self.cell_type}_cell")
        return make(source, metadata={"nbgrader": self.metadata})


class Repair(NbGraderPreprocessor):
    """The first sanitize step of this course: `repair` against the cells the gradebook knows."""

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        with Gradebook(info["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(info["notebook"], info["assignment"])
            expected = expected_from_gradebook(notebook)
        notes = repair(nb, expected)
        for note in notes:
            self.log.warning("%s: %s", info["student"], note)
        resources["repairs"] = notes
        return nb, resources


def expected_from_gradebook(notebook) -> list[Expected]:
    """The expected cells of a gradebook's notebook; each check right after its solution."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    return [
        Expected(
            cell.name, cell.cell_type, cell.name in points, cell.name in solutions,
            cell.locked, points.get(cell.name), cell.source,
        )
        for cell in notebook.source_cells
    ]  # fmt: skip


def grade_ids(nb: NotebookNode) -> set[str]:
    """The nbgrader ids in a notebook, whatever the form of its metadata."""
    return {name for cell in nb.cells if (name := grade_id_of(cell)) is not None}


def repair(nb: NotebookNode, expected: list[Expected]) -> list[str]:
    """Repair `nb` in place; return one sentence per repair."""
    notes: list[str] = []
    by_id = {item.grade_id: item for item in expected}
    copies: dict[str, list[NotebookNode]] = {}
    for cell in nb.cells:
        _tidy(cell)
        name = grade_id_of(cell)
        if name in by_id:
            copies.setdefault(name, []).append(cell)
        elif cell.metadata.pop("nbgrader", None) is not None and name:
            notes.append(f"a cell with the unknown id {name[:60]!r} is treated as an ordinary cell")
    for name, cells in copies.items():
        if len(cells) > 1:
            notes.append(
                f"{name}: {len(cells)} cells had this id; {_unify(nb, by_id[name], cells)}"
            )
    for name, (cell, *_) in copies.items():
        notes.extend(_restore(nb, cell, by_id[name]))
    for item in expected:
        if item.grade_id not in copies:
            _add(nb, item, expected)
            notes.append(f"{item.grade_id}: the cell had been deleted and was put back")
    notes.extend(_checks_after_solutions(nb, expected))
    return notes


def _tidy(cell: NotebookNode) -> None:
    """Give a cell the fields every later step relies on."""
    if not isinstance(cell.get("metadata"), dict):
        cell.metadata = NotebookNode()
    # A tag could make the executor skip the cell.
    cell.metadata.pop("tags", None)
    if cell.get("cell_type") not in ("code", "markdown", "raw"):
        cell["cell_type"] = "raw"
    source = cell.get("source", "")
    cell.source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    # For the cells that the judge need not run; no other handed-in output is ever read.
    handed_in = [] if "nbgrader" in cell.metadata else presentable(cell.get("outputs"))
    _fit_type(cell, cell.cell_type)
    if cell.cell_type == "code":
        cell.outputs = handed_in


def _fit_type(cell: NotebookNode, cell_type: str) -> None:
    cell.cell_type = cell_type
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        cell.pop("attachments", None)
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _unify(nb: NotebookNode, item: Expected, cells: list[NotebookNode]) -> str:
    """Leave one of several cells with the same id in `cells`; returns what happened to the others."""
    if item.locked:
        *spare, kept = cells
        cells[:] = [kept]
        _remove(nb, spare)
        return "the last one counts"
    if item.cell_type == "markdown":
        kept, *spare = cells
        texts = [c.source for c in cells if c.source.strip() and c.source != item.source]
        kept.source = "\n\n".join(dict.fromkeys(texts)) or item.source
        cells[:] = [kept]
        _remove(nb, spare)
        return "their texts were joined"
    # Copies or parts of a solution run in order, as they would in Jupyter; an untouched copy would
    # undo the answer.
    untouched = [c for c in cells if c.source.strip() == item.source.strip()]
    worked = [c for c in cells if not any(c is u for u in untouched)]
    kept, *others = worked or cells
    cells[:] = [kept]
    if worked:
        _remove(nb, untouched)
    for cell in others:
        _fit_type(cell, "code")
        cell.metadata.pop("nbgrader", None)
    return "they run in order"


def _remove(nb: NotebookNode, spare: list[NotebookNode]) -> None:
    nb.cells = [c for c in nb.cells if not any(c is s for s in spare)]


def _restore(nb: NotebookNode, cell: NotebookNode, item: Expected) -> list[str]:
    notes = []
    if cell.cell_type != item.cell_type:
        notes.append(f"{item.grade_id}: the {cell.cell_type} cell is a {item.cell_type} cell again")
        _fit_type(cell, item.cell_type)
    found = dict(cell.metadata["nbgrader"])
    changed = [
        key
        for key in ("grade", "solution", "locked", "points")
        if key in item.metadata and found.get(key) != item.metadata[key]
    ]
    if changed == ["points"] and (item.solution or _is_as_released(cell)):
        # The release was given out before the points were changed: the student has done nothing.
        notes.append(
            f"{item.grade_id}: worth {item.points:g} points now, {found.get('points')} in the "
            "release that was handed in"
        )
    elif changed:
        notes.append(f"{item.grade_id}: restored the changed {', '.join(changed)}")
    checksum = found.get("checksum")
    cell.metadata["nbgrader"] = NotebookNode(item.metadata)
    if isinstance(checksum, str):
        cell.metadata["nbgrader"]["checksum"] = checksum
    return notes


def _is_as_released(cell: NotebookNode) -> bool:
    """Whether the cell is as some release gave it out: its checksum covers its text and its points."""
    try:
        return cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return False


def _add(nb: NotebookNode, item: Expected, expected: list[Expected]) -> None:
    # A deleted code answer stays deleted: its stub would undo the same answer given elsewhere.
    empty = item.solution and not item.grade
    new = item.new_cell(MISSING if empty else item.source)
    index = expected.index(item)
    before = {e.grade_id for e in expected[:index]}
    places = [i for i, c in enumerate(nb.cells) if grade_id_of(c) in before]
    solution = re.sub("^check_", "", item.grade_id)
    own = [i for i, c in enumerate(nb.cells) if grade_id_of(c) == solution]
    position = max(own or places or [len(nb.cells) - 1]) + 1
    nb.cells.insert(position, new)


def _checks_after_solutions(nb: NotebookNode, expected: list[Expected]) -> list[str]:
    """Move a check that comes before its solution to the place right after it."""
    notes = []
    for item in expected:
        if not (item.locked and item.grade_id.startswith("check_")):
            continue
        solution = item.grade_id.removeprefix("check_")
        where = {grade_id_of(c): i for i, c in enumerate(nb.cells)}
        if solution in where and where[item.grade_id] < where[solution]:
            check = nb.cells.pop(where[item.grade_id])
            nb.cells.insert(where[solution], check)
            notes.append(f"{item.grade_id}: it came before {solution} and was moved after it")
    return notes
