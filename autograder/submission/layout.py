"""What was handed out: the cells of a release in their order, to recognize them in what comes back."""

import ast
import functools
import re
from collections import Counter
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from autograder.notebook import FAIL_CLOSED, SETUP, grade_id_of
from autograder.submission.given import ONE_PARSER, names_of

# Lines that answer nothing.
NOTHING = frozenset(("", "pass", "...", "raise NotImplementedError", "raise NotImplementedError()"))
# Longer code takes seconds to be parsed: it is searched for definitions.
MAX_SOURCE = 200_000
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


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

    @classmethod
    def from_gradebook(cls, notebook) -> list["Expected"]:
        """The cells of a gradebook's notebook, each check right after its solution."""
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        return [
            cls(
                cell.name, cell.cell_type, cell.name in points, cell.name in solutions,
                cell.locked, points.get(cell.name), cell.source,
            )
            for cell in notebook.source_cells
        ]  # fmt: skip

    @property
    def written(self) -> bool:
        """Whether a person marks it."""
        return self.grade and self.solution

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

    def is_untouched(self, source: str) -> bool:
        """Whether `source` has no line of the student's own in it."""
        given = {line.strip() for line in self.source.splitlines()} | NOTHING
        lines = (line.strip() for line in source.splitlines())
        code = self.cell_type == "code"
        return all(line in given or (code and line.startswith("#")) for line in lines)


@dataclass(frozen=True)
class Given:
    """A cell of the release that nbgrader does not know.

    `before` is the id of the next cell that it knows; None if there is none.
    """

    cell_id: str
    cell_type: str
    source: str
    setup: bool
    before: str | None


@dataclass(frozen=True)
class Layout:
    """An assignment's cells, as far as they help to recognize a student's.

    Parameters
    ----------
    names
        By the id of a solution: the names that an answer defines, and nothing else does.
    """

    expected: list[Expected]
    given: list[Given] = field(default_factory=list)
    names: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, expected: list[Expected], source: NotebookNode | None) -> "Layout":
        """`source` is the notebook with solutions; without it, only ids are recognized."""
        if source is None:
            return cls(expected)
        given: list[Given] = []
        names: dict[str, frozenset[str]] = {}
        before = None
        for cell in reversed(source.cells):
            if name := grade_id_of(cell):
                before = name
                if cell.cell_type == "code" and utils.is_solution(cell):
                    names[name] = definitions(cell.source)
            else:
                setup = bool(cell.metadata.get(SETUP))
                about = (cell.get("id", ""), cell.cell_type, cell.source, setup, before)
                given.insert(0, Given(*about))
        bound = Counter(n for g in given if g.cell_type == "code" for n in bound_by(g.source))
        bound.update(name for own in names.values() for name in own)
        alone = {n: frozenset(x for x in own if bound[x] == 1) for n, own in names.items()}
        return cls(expected, given, alone)

    @functools.cached_property
    def texts(self) -> frozenset[str]:
        """The given cells, as `plain` text."""
        return frozenset(plain(g.source) for g in self.given)

    @functools.cached_property
    def lines(self) -> frozenset[str]:
        """The lines of the given cells."""
        return frozenset(line.strip() for g in self.given for line in g.source.splitlines())


def plain(source: str) -> str:
    """A cell's text without what editors change in passing: space at the end of lines, empty lines."""
    lines = source.removesuffix(FAIL_CLOSED).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def bound_by(source: str) -> frozenset[str]:
    """The global names that code binds; as far as they can be seen if it is not quite Python."""
    if len(source) <= MAX_SOURCE:
        names = names_of(source)
        if names.opaque and not names.changes:
            names = names_of(MAGIC.sub("", source))
        if names.changes:
            return names.changes
    return frozenset(re.findall(r"^(?:class|def)\s+(\w+)", source, re.MULTILINE))


def definitions(source: str) -> frozenset[str]:
    """The functions and classes that code defines; without any, the other names that it binds."""
    try:
        with ONE_PARSER:
            tree = ast.parse(MAGIC.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = frozenset(node.name for node in tree.body if isinstance(node, kinds))
    return found or names_of(source).changes - names_of(source).imports
