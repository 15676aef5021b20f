"""Made-up submissions, for the demo, the tests and the benchmarks."""

import json
import os
import shutil
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.course import Course
from autograder.notebook import grade_id_of


def solved(course: Course, assignment: str) -> NotebookNode:
    """The release with every exercise solved and every question answered, as by a good student."""
    source = nbformat.read(course.source_notebook(assignment), as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    return answered(released(course, assignment), answers)


def released(course: Course, assignment: str) -> NotebookNode:
    """The notebook a student opens."""
    path = course.folder("release") / assignment / f"{assignment}.ipynb"
    return nbformat.read(path, as_version=4)


def answered(notebook: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """A copy of `notebook` in which `answers` replace the sources of the cells with these ids."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    for name, source in answers.items():
        cell_of(copy, name).source = source
    return copy


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell with this nbgrader id."""
    for cell in notebook.cells:
        if grade_id_of(cell) == grade_id:
            return cell
    raise KeyError(f"there is no cell {grade_id}")


def prepend(notebook: NotebookNode, code: str) -> NotebookNode:
    """Insert a code cell at the top; returns the same notebook."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(code))
    return notebook


def worked_on(notebook: NotebookNode, folder: Path, timeout: float = 900) -> NotebookNode:
    """Run `notebook` in `folder`, as a student does at home, and return it with its outputs.

    Cells may raise. What they save, such as checkpoints, is in the folder afterwards.
    """
    copy = answered(notebook, {})
    resources = {"metadata": {"path": str(folder)}}
    # Whatever backend this process uses: plots belong in the notebook.
    env = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    client = NotebookClient(copy, timeout=timeout, allow_errors=True, resources=resources)
    client.execute(env=env)
    return copy


def hand_in(
    course: Course,
    student: str,
    assignment: str,
    content: NotebookNode | bytes,
    files: Path | None = None,
) -> Path:
    """Write a submission into `submitted/` and return its notebook's path.

    `files` is a folder whose contents are handed in beside the notebook.
    """
    folder = course.folder("submitted") / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    if files is not None:
        shutil.copytree(files, folder, dirs_exist_ok=True)
    path = folder / f"{assignment}.ipynb"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    return path
