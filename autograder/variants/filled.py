"""A notebook with the constants of one student in place of everybody's."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import files
from autograder.checking.hidden import Hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.notebook import CONSTANTS, SETUP, as_text
from autograder.variants import constants

# Where a source notebook's Markdown cell keeps its text with the marks in it.
TEMPLATE = "autograder_template"
MARK = re.compile(r"\{\{(\w+)\}\}")
ASSIGNED = re.compile(r"^(\w+) = (.+?)(?=\s*(?:#.*)?$)", re.MULTILINE)


def mark(notebook: NotebookNode, values: Mapping[str, object], path: Path) -> None:
    """Prepare a source notebook in place: its marks are filled, and can be filled again.

    Raises
    ------
    UserError
        If a name is in no text and no setup cell, or a setup cell has another value than `values`.
    """
    used = set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := set(MARK.findall(cell.source))):
            if unknown := sorted(found - set(values)):
                raise UserError(
                    f"{path}: {{{{{unknown[0]}}}}} is none of the constants of this assignment "
                    f"({', '.join(values)})"
                )
            used |= found
            cell.metadata[TEMPLATE] = cell.source
        elif cell.metadata.get(SETUP):
            for name, value in ASSIGNED.findall(cell.source):
                if name in values and value != repr(values[name]):
                    raise UserError(
                        f"{path}: expected `{name} = {values[name]!r}` as in "
                        f"{constants.MODULE}.py, found `{name} = {value}`"
                    )
                used.add(name)
    if missing := sorted(set(values) - used):
        raise UserError(
            f"{path}: {missing[0]} of {constants.MODULE}.py is neither `{missing[0]} = …` in a "
            f"setup cell nor {{{{{missing[0]}}}}} in a text"
        )
    fill(notebook, values)


def fill(notebook: NotebookNode, values: Mapping[str, object]) -> None:
    """Put these constants into a source notebook, in place."""
    notebook.metadata[CONSTANTS] = dict(values)
    for cell in notebook.cells:
        if template := cell.metadata.get(TEMPLATE):
            cell.source = MARK.sub(lambda m: str(values[m[1]]), template)
        elif cell.metadata.get(SETUP):
            cell.source = ASSIGNED.sub(
                lambda m: f"{m[1]} = {values[m[1]]!r}" if m[1] in values else m[0], cell.source
            )


def source(course: Course, own: Hidden, student: str) -> NotebookNode:
    """The notebook with solutions with one student's constants; `own` is the assignment's folder."""
    path = course.source_notebook(own.assignment)
    notebook = nbformat.from_dict(json.loads(files.read_text(path)))
    fill(notebook, constants.drawn(own, student))
    return notebook


def write_source(course: Course, own: Hidden, student: str, place: Path) -> Path:
    """Write `source` into the folder `place`, unless it is there already; return its path."""
    path = place / own.assignment / f"{student}.ipynb"
    text = as_text(source(course, own, student))
    if not path.is_file() or files.read_text(path) != text:
        files.write(path, text)
    return path


def release(course: Course, own: Hidden, student: str) -> NotebookNode:
    """The released notebook with one student's constants."""
    varied = source(course, own, student)
    ours = {cell.id: cell.source for cell in varied.cells if "nbgrader" not in cell.metadata}
    path = course.folder("release") / own.assignment / f"{own.assignment}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata[CONSTANTS] = varied.metadata[CONSTANTS]
    for cell in notebook.cells:
        cell.source = ours.get(cell.id, cell.source)
    return notebook
