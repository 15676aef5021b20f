"""A made-up class with the usual accidents of a real one, for any course."""

import ast
import shutil
from pathlib import Path

from autograder import files
from autograder.authoring.build import build
from autograder.authoring.classroom import (
    answered,
    cell_of,
    hand_in,
    prepend,
    released,
    solved,
)
from autograder.checking import hidden
from autograder.checking.answers import Mistake
from autograder.course import Course

# The folders of a course that are copied; the rest is built.
COPIED = ("notebooks", "hidden")
SECONDS_FOR_A_CELL = 15
# The student whose submission cannot be graded.
BROKEN = "broken-file"
STRIP_ASSERTS = """\
import ast

class StripAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(StripAsserts())
"""


def make_course(course: Course, folder: Path) -> Course:
    """Copy a course's hand-written files into an empty `folder` and build it.

    Raises
    ------
    UserError
        If the folder is not empty.
    """
    files.expect_empty(folder)
    for name in COPIED:
        shutil.copytree(course.root / name, folder / name)
    config = (course.root / "nbgrader_config.py").read_text(encoding="utf-8")
    # Keeps the endless loop below from holding up the demo.
    config += f"\nc.Judge.timeout = {SECONDS_FOR_A_CELL}\n"
    (folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
    copied = Course(folder.resolve())
    build(copied)
    return copied


def assignment_of(course: Course) -> str:
    """The assignment that the demo grades: `c.Course.demo` in the configuration, or the first one."""
    return course.expect_assignment(course.config.Course.get("demo", course.assignments[0]))


def make_class(course: Course, assignment: str) -> int:
    """Hand in about a dozen submissions; return how many."""
    perfect, stub = solved(course, assignment), released(course, assignment)
    own = hidden.load(course.hidden, assignment)
    names = list(own.checks)
    # Of five exercises the second, third and fourth: different accidents if possible.
    early, middle, late = (names[len(names) * k // 5] for k in (1, 2, 3))
    wrong: dict[str, Mistake] = {}
    for answer in own.answers:
        if isinstance(answer, Mistake) and answer.files is None:
            wrong.setdefault(answer.exercise, answer)

    def copy(**answers):
        return answered(perfect, answers)

    deleted = copy()
    deleted.cells.remove(cell_of(deleted, f"check_{early}"))
    duplicated = copy()
    twice = cell_of(duplicated, f"check_{middle}")
    duplicated.cells.insert(duplicated.cells.index(twice), twice)
    first_half = names[: len(names) // 2]
    crash = f"{cell_of(perfect, middle).source}\n\nimport os\nos._exit(1)\n"
    submissions = {
        "all-right": perfect,
        "half-right": answered(stub, {name: cell_of(perfect, name).source for name in first_half}),
        "untouched": stub,
        "endless-loop": copy(**{late: _endless(cell_of(perfect, late).source)}),
        "crash": copy(**{middle: crash}),
        "deleted-check-cell": deleted,
        "duplicated-check-cell": duplicated,
        "cheat-strips-asserts": prepend(released(course, assignment), STRIP_ASSERTS),
        "warning-on-stderr": prepend(copy(), "import warnings\nwarnings.warn('an old habit')"),
        BROKEN: b'{"cells": [{"cell_type": "code", "sour',
    }
    for exercise in list(dict.fromkeys((early, middle, late)))[:2]:
        if exercise in wrong:
            name = f"wrong-{exercise}-{wrong[exercise].name}".replace("_", "-").replace(" ", "-")
            submissions[name] = copy(**{exercise: wrong[exercise].source})
    for student, content in submissions.items():
        hand_in(course, student, assignment, content)
    return len(submissions)


def _endless(source: str) -> str:
    """A cell with functions of the same names as in `source`, which never return."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = [node.name for node in ast.parse(source).body if isinstance(node, kinds)]
    return "\n\n".join(
        f"def {name}(*args, **kwargs):\n    while True:\n        pass\n" for name in names
    )
