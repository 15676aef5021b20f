"""A made-up class with the ordinary accidents of a real one."""

import shutil
from pathlib import Path

import autograder
from autograder.answer_bank import Mistake, answers_of
from autograder.build import build
from autograder.classroom import answered, cell_of, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.errors import UserError

ASSIGNMENT = "03_optimizers"

STRIP_ASSERTS = """\
import ast

class StripAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(StripAsserts())
"""


def make_course(folder: Path) -> Course:
    """Copy this course's text files into an empty `folder` and build them.

    Raises
    ------
    UserError
        If the folder is not empty, or the package is not run from a checkout of the course.
    """
    checkout = Path(autograder.__file__).resolve().parents[1]
    if not (checkout / "notebooks").is_dir():
        raise UserError("expected to run from a checkout of the course: clone it and use `uv run`")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(f"expected an empty folder, got {folder}: name another one")
    shutil.copytree(checkout / "notebooks", folder / "notebooks")
    shutil.copy(checkout / "nbgrader_config.py", folder)
    config = folder / "nbgrader_config.py"
    # So that the endless loop below does not hold up the demo.
    config.write_text(config.read_text().replace("c.Judge.timeout = 120", "c.Judge.timeout = 15"))
    course = Course(folder.resolve())
    build(course)
    return course


def make_class(course: Course) -> int:
    """Hand in a dozen submissions; return how many."""
    perfect, stub = solved(course, ASSIGNMENT), released(course, ASSIGNMENT)
    mistakes = {}
    for answer in answers_of(ASSIGNMENT):
        if isinstance(answer, Mistake):
            mistakes.setdefault(answer.exercise, answer)
    momentum, adam = mistakes["sgd_momentum"], mistakes["adam"]

    def copy(**answers):
        return answered(perfect, answers)

    deleted = copy()
    deleted.cells.remove(cell_of(deleted, "check_sgd_momentum"))
    duplicated = copy()
    twice = cell_of(duplicated, "check_adam")
    duplicated.cells.insert(duplicated.cells.index(twice), twice)
    half = answered(stub, {k: cell_of(perfect, k).source for k in ("sgd", "sgd_momentum")})
    loop = "def train_curve(*args, **kwargs):\n    while True:\n        pass\n"
    warned = prepend(copy(), "import warnings\nwarnings.warn('an old habit')")
    submissions = {
        "all-right": perfect,
        "half-right": half,
        "untouched": stub,
        f"wrong-momentum-{momentum.name}".replace("_", "-"): copy(sgd_momentum=momentum.source),
        f"wrong-adam-{adam.name}".replace("_", "-"): copy(adam=adam.source),
        "endless-loop": copy(train_curve=loop),
        "crash": copy(adam=cell_of(perfect, "adam").source + "\n\nimport os\nos._exit(1)\n"),
        "deleted-check-cell": deleted,
        "duplicated-check-cell": duplicated,
        "cheat-strips-asserts": prepend(released(course, ASSIGNMENT), STRIP_ASSERTS),
        "warning-on-stderr": warned,
        "broken-file": b'{"cells": [{"cell_type": "code", "sour',
    }
    for student, content in submissions.items():
        hand_in(course, student, ASSIGNMENT, content)
    return len(submissions)
