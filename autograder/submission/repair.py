"""Put a damaged submission back into a form that nbgrader can grade.

Stock nbgrader stops the whole batch at one duplicated cell and leaves a deleted one without a score
for ever. Here every graded cell is present exactly once, with the metadata of the release, whatever
the student's editor did to it; repairs are reported.
"""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.checking import hidden
from autograder.course import Course
from autograder.notebook import grade_id_of
from autograder.submission import pictures, written
from autograder.submission.given import presentable
from autograder.submission.layout import Expected, Layout, plain
from autograder.submission.put_back import put_back
from autograder.submission.relink import relink
from autograder.variants import filled

MISSING = "# This cell was missing from the submission."


class Repair(NbGraderPreprocessor):
    """The first sanitize step of this course: `repair` against the cells the gradebook knows.

    `resources["layout"]` is the assignment's layout; without it, the course's own source counts.
    """

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        layout = resources["layout"] = resources.get("layout") or self._layout(info)
        path = resources.get("metadata", {}).get("path")
        notes = repair(nb, layout, Path(path) if path else None)
        for note in notes:
            self.log.warning("%s: %s", info["student"], note)
        resources["repairs"] = notes
        return nb, resources

    def _layout(self, info) -> Layout:
        course = Course(Path(self.config.CourseDirectory.get("root", ".")).resolve())
        name, source = info["assignment"], course.source_notebook(info["assignment"])
        with Gradebook(info["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(info["notebook"], info["assignment"])
            expected = Expected.from_gradebook(notebook)
        if not source.is_file():
            return Layout.of(expected, None)
        if name in course.variants:
            own = hidden.load(course.hidden, name)
            return Layout.of(expected, filled.source(course, own, info["student"]))
        return Layout.of(expected, nbformat.read(source, as_version=4))


def repair(nb: NotebookNode, layout: Layout, folder: Path | None = None) -> list[str]:
    """Repair `nb` in place; return one sentence per repair.

    `folder` has the files that were handed in beside it.
    """
    notes: list[str] = []
    by_id = {item.grade_id: item for item in layout.expected}
    for cell in nb.cells:
        _tidy(cell)
        name = grade_id_of(cell)
        if name not in by_id and cell.metadata.pop("nbgrader", None) is not None and name:
            notes.append(f"a cell with the unknown id {name[:60]!r} is treated as an ordinary cell")
    notes += _free_changed_checks(nb, layout)
    notes += relink(nb, layout)
    copies: dict[str, list[NotebookNode]] = {}
    for cell in nb.cells:
        if name := grade_id_of(cell):
            copies.setdefault(name, []).append(cell)
    for name, cells in copies.items():
        if len(cells) > 1:
            notes.append(
                f"{name}: {len(cells)} cells had this id; {_unify(nb, by_id[name], cells)}"
            )
    for name, (cell, *_) in copies.items():
        notes.extend(_restore(cell, by_id[name]))
    for item in layout.expected:
        if item.grade_id not in copies:
            _add(nb, item, layout)
            notes.append(f"{item.grade_id}: the cell had been deleted and was put back")
    notes.extend(_checks_after_solutions(nb, layout.expected))
    notes += put_back(nb, layout)
    notes += written.gather(nb, layout, folder)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.pop("attachments", None)
    if folder is not None:
        pictures.embed(nb, folder)
    return notes


def _free_changed_checks(nb: NotebookNode, layout: Layout) -> list[str]:
    """Let what a student wrote into a self-check's cell run as an ordinary cell before the check."""
    notes, cells = [], []
    by_id = {item.grade_id: item for item in layout.expected if item.locked}
    as_given = {
        name
        for cell in nb.cells
        if (name := grade_id_of(cell)) in by_id and plain(cell.source) == plain(by_id[name].source)
    }
    last = {grade_id_of(cell): index for index, cell in enumerate(nb.cells)}
    for index, cell in enumerate(nb.cells):
        cells.append(cell)
        name = grade_id_of(cell)
        item = by_id.get(name or "")
        if item is None or item.cell_type != "code" or item.is_untouched(cell.source):
            continue
        if _is_as_released(cell):
            # The self-check of an earlier release.
            continue
        del cell.metadata["nbgrader"]
        if name not in as_given and index == last[name]:
            cells.append(item.new_cell(item.source))
        notes.append(f"{name}: what was written into the self-check runs as an ordinary cell")
    nb.cells = cells
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
        cells[:] = [kept]
        written.joined(nb, kept, item, [c for c in spare if not item.is_untouched(c.source)])
        _remove(nb, spare)
        return "their texts were joined"
    # Copies or parts of a solution run in order, as they would in Jupyter; an untouched copy would
    # undo the answer.
    untouched = [c for c in cells if item.is_untouched(c.source)]
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


def _restore(cell: NotebookNode, item: Expected) -> list[str]:
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


def _add(nb: NotebookNode, item: Expected, layout: Layout) -> None:
    # A deleted code answer stays deleted: its stub would undo the same answer given elsewhere.
    empty = item.solution and not item.grade
    new = item.new_cell(MISSING if empty else item.source)
    order = [e.grade_id for e in layout.expected]
    before = set(order[: order.index(item.grade_id)])
    texts = {plain(g.source) for g in layout.given if g.before in before | {item.grade_id}} - {""}
    places = [
        i
        for i, c in enumerate(nb.cells)
        if grade_id_of(c) in before or (grade_id_of(c) is None and plain(c.source) in texts)
    ]
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
