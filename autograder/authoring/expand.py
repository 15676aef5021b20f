"""From a hand-written `notebooks/NAME.py` to the notebook that nbgrader reads.

The terse headers `setup=true`, `solution="id"`, `selfcheck="id" points=4` and `answer="id" points=3`
become nbgrader metadata; self-checks get the region that fails closed.
"""

import ast
import hashlib
import math
import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder import files
from autograder.authoring import hosted
from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.notebook import FAIL_CLOSED, SETUP, as_text, cell_id_of
from autograder.variants import filled

SOLUTION = re.compile(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", re.DOTALL)
# What a cell's id in nbgrader begins with, by its role.
PREFIXES = {"solution": "", "selfcheck": "check_", "answer": "answer_"}
ROLES = ("setup", *PREFIXES)
TITLE = "# @title Self-check: "
# Where jupytext keeps a header that it cannot read.
UNREAD = "incorrectly_encoded_metadata"
HEADER = re.compile(r"^# %%", re.MULTILINE)


def read_cells(path: Path) -> list[NotebookNode]:
    """The cells of a py:percent file, each with the line of its header in `metadata["line"]`.

    Raises
    ------
    UserError
        If the file cannot be read, does not begin with a cell or a header cannot be read.
    """
    text = files.read_text(path)
    headers = list(HEADER.finditer(text))
    starts = [text.count("\n", 0, header.start()) + 1 for header in headers]
    if not headers or text[: headers[0].start()].strip():
        raise UserError(f"{path}:1: expected the file to begin with a cell header `# %%`")
    cells = jupytext.reads(text, fmt="py:percent").cells
    if len(cells) != len(starts):
        raise UserError(
            f"{path}: expected {len(starts)} cells, found {len(cells)}: "
            "is there a `# %%` inside a cell?"
        )
    for cell, line in zip(cells, starts, strict=True):
        if (header := cell.metadata.get(UNREAD)) is not None:
            raise UserError(
                f'{path}:{line}: expected a header such as `# %% selfcheck="name" points=3`, '
                f"got `# %% {header}`"
            )
        cell.metadata.pop("lines_to_next_cell", None)
        cell.metadata["line"] = line
    return cells


def stub_of(source: str) -> str:
    """A solution cell as nbgrader releases it: its regions are replaced by a stub."""
    return SOLUTION.sub(r"\1# YOUR CODE HERE\n\1raise NotImplementedError()", source)


def expand(course: Course, assignment: str) -> NotebookNode:
    """The nbgrader source notebook of one text file; the same text gives the same bytes.

    Raises
    ------
    UserError
        With file and line, for duplicate or malformed ids, a self-check without its solution, a
        solution without its self-check, points that the hidden checks do not add up to, or a stub
        that is not valid Python.
    """
    path = course.notebooks / f"{assignment}.py"
    written = read_cells(path)
    _refuse_errors(course, path, written)
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = NotebookNode(
        kernelspec={
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        language_info={"name": "python"},
    )
    used: set[str] = set()
    for cell in written:
        source = cell.source
        nbgrader = _nbgrader_metadata(cell)
        metadata: dict = {"nbgrader": nbgrader} if nbgrader else {}
        if "selfcheck" in cell.metadata:
            # Colab shows a title in place of the code, JupyterLab and Notebook a line of dots.
            source = f"{TITLE}{cell.metadata['selfcheck']}\n{source}\n{FAIL_CLOSED}"
            metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
        if "setup" in cell.metadata:
            metadata[SETUP] = True
        elif cell.cell_type == "code":
            # What is not solved yet does not stop "Run all".
            metadata["tags"] = ["raises-exception"]
        new = new_code_cell if cell.cell_type == "code" else new_markdown_cell
        id = _cell_id(nbgrader.get("grade_id"), source, used)
        notebook.cells.append(new(source, id=id, metadata=nbformat.from_dict(metadata)))
    if constants := hidden.load(course.hidden, assignment).constants:
        filled.mark(notebook, constants, path)
    for place, (new, source) in enumerate(hosted.first_cells(course, assignment), start=1):
        id = _cell_id(None, source, used)
        notebook.cells.insert(place, new(source, id=id))
    return notebook


def _nbgrader_metadata(cell: NotebookNode) -> dict:
    role = next((role for role in PREFIXES if role in cell.metadata), None)
    if role is None:
        return {}
    points = {} if role == "solution" else {"points": cell.metadata["points"]}
    return points | {
        "schema_version": 3, "task": False, "grade_id": PREFIXES[role] + cell.metadata[role],
        "grade": role != "solution", "solution": role != "selfcheck", "locked": role == "selfcheck",
        "cell_type": "markdown" if role == "answer" else "code",
    }  # fmt: skip


def _cell_id(grade_id: str | None, source: str, used: set[str]) -> str:
    """A valid nbformat id that follows from the cell itself, so that edits elsewhere keep it."""
    base = cell_id_of(grade_id) if grade_id else hashlib.sha256(source.encode()).hexdigest()[:12]
    unique, copy = base, 1
    while unique in used:
        copy += 1
        unique = f"{base}-{copy}"
    used.add(unique)
    return unique


def _refuse_errors(course: Course, path: Path, cells: list[NotebookNode]) -> None:
    checks = hidden.load(course.hidden, path.stem).checks
    seen: dict[str, int] = {}
    solved: set[str] = set()
    checked: set[str] = set()

    def refuse(cell, message):
        raise UserError(f"{path}:{cell.metadata['line']}: {message}")

    for cell in cells:
        meta = cell.metadata
        roles = [role for role in ROLES if role in meta]
        unknown = set(meta) - {*ROLES, "points", "line"}
        if len(roles) > 1 or unknown:
            refuse(cell, f"expected one of {', '.join(ROLES)}, got {', '.join({*roles, *unknown})}")
        _refuse_bad_code(cell, refuse)
        if not roles or roles == ["setup"]:
            continue
        role, name = roles[0], meta[roles[0]]
        if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name)):
            refuse(cell, f"expected an id in snake case, got {name!r}")
        grade_id = PREFIXES[role] + name
        if grade_id in seen:
            refuse(cell, f"the id {grade_id!r} is already used on line {seen[grade_id]}")
        seen[grade_id] = meta["line"]
        if (cell.cell_type == "markdown") != (role == "answer"):
            refuse(cell, f"expected a {'markdown' if role == 'answer' else 'code'} cell")
        points = meta.get("points")
        if role != "solution" and not _is_positive(points):
            refuse(cell, f"expected points above 0, got {points!r}")
        if role == "solution":
            solved.add(name)
            if "### BEGIN SOLUTION" not in cell.source:
                refuse(cell, "expected a `### BEGIN SOLUTION` … `### END SOLUTION` region")
        if role == "selfcheck":
            checked.add(name)
            if name not in solved:
                refuse(cell, f"self-check {name!r} has no solution cell before it")
            total = sum(c.points for c in checks.get(name, []))
            if total != points:
                refuse(
                    cell,
                    f"self-check {name!r} is worth {points} points, its hidden checks {total:g}",
                )
    for name in solved - checked:
        raise UserError(f"{path}:{seen[name]}: solution {name!r} has no self-check")
    for name in checks.keys() - checked:
        raise UserError(f"{path}: there are hidden checks for {name!r}, but no self-check")


def _is_positive(points) -> bool:
    number = isinstance(points, (int, float)) and not isinstance(points, bool)
    return number and 0 < points < math.inf


def _refuse_bad_code(cell, refuse) -> None:
    if cell.cell_type != "code":
        return
    if cell.source.count("### BEGIN SOLUTION") != cell.source.count("### END SOLUTION"):
        refuse(cell, "expected as many `### END SOLUTION` as `### BEGIN SOLUTION` lines")
    for form, source in (("cell", cell.source), ("stub", stub_of(cell.source))):
        # IPython's own lines (%matplotlib …) are not Python and are not parsed.
        plain = re.sub(r"^( *)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
        try:
            ast.parse(plain)
        except SyntaxError as error:
            line = cell.metadata["line"] + (error.lineno or 0)
            refuse(cell, f"the {form} is not valid Python: {error.msg} (line {line})")


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook of the course's own, after a look at whether it is one."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(notebook), encoding="utf-8", newline="\n")
