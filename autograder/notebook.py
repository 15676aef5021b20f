"""How cells are marked: in the notebook that nbgrader reads and in what students hand in."""

import functools
import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# Key in the metadata of a source notebook's cells that always run: `setup=true` in the text file.
SETUP = "autograder_setup"
# Key in the metadata of a notebook made for one student: see `variants`.
CONSTANTS = "autograder_constants"
# The end of every self-check's cell in `source/`: it fails unless this course's judge replaces it.
FAIL_CLOSED = """\
### BEGIN HIDDEN TESTS
raise RuntimeError("the hidden checks have not run: grade with this course's nbgrader_config.py")
### END HIDDEN TESTS"""


def grade_id_of(cell: NotebookNode) -> str | None:
    """The nbgrader id that a cell carries, whatever the shape of its metadata."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return name if isinstance(name, str) else None


def cell_id_of(grade_id: str) -> str:
    """The id in the notebook format that the build gives the cell with this nbgrader id."""
    return grade_id[:56].replace("_", "-")


def as_text(notebook: NotebookNode) -> str:
    """With sorted keys and a final newline, so that equal notebooks give equal files."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def reference_cells(source: NotebookNode) -> list[tuple[str | None, str]]:
    """The setup and solution cells of a source notebook, in order: the solution's id and the code.

    The id is None for a setup cell.
    """
    return [
        (cell.metadata.nbgrader.grade_id if _is_solution(cell) else None, cell.source)
        for cell in source.cells
        if cell.cell_type == "code" and (_is_solution(cell) or cell.metadata.get(SETUP))
    ]


def selfchecks(source: NotebookNode) -> dict[str, str]:
    """Exercise → the code of its self-check, as students see it."""
    graded = {
        grade_id_of(cell): cell.source.removesuffix(FAIL_CLOSED)
        for cell in source.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    }
    return {str(name).removeprefix("check_"): code for name, code in graded.items()}


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def demonstrations(path: Path) -> frozenset[str]:
    """The code of a source notebook's given cells: neither setup, nor solved or graded.

    Empty if there is no notebook. `path` must be the course's own notebook, not a submission.
    """
    try:
        return _demonstrations(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return frozenset()


@functools.lru_cache(maxsize=32)
def _demonstrations(path: Path, changed: int) -> frozenset[str]:
    cells = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8"))).cells
    texts = ((cell, "".join(cell.source)) for cell in cells if cell.cell_type == "code")
    return frozenset(
        text.rstrip()
        for cell, text in texts
        if "nbgrader" not in cell.metadata and not cell.metadata.get(SETUP)
    )
