"""The class of twelve on a real assignment: twelve statuses, every honest score right, no cheat paid."""

import shutil

import pytest
from conftest import ROOT, hidden_of
from test_class import EQUALS_EVERYTHING, STRIP_ASSERTS

from autograder.authoring.classroom import answered, cell_of, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.kernel.grader import tiers
from autograder.outcome import Status

# The tiny course of test_class has the same accidents and cheats; this is a real assignment.
pytestmark = pytest.mark.slow
A = "03_optimizers"

THIEF = """\
import glob, json, os
for pattern in ("../../../source", "../../source", "../source", {root!r} + "/source",
                {checkout!r} + "/source", "/**/source"):
    for path in glob.glob(pattern + "/03_optimizers/03_optimizers.ipynb"):
        for cell in json.load(open(path))["cells"]:
            if cell["metadata"].get("nbgrader", {{}}).get("solution"):
                exec("".join(cell["source"]), globals())
"""
EQUALS = EQUALS_EVERYTHING.replace("def double(x): return Equal()", "")


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    root = tmp_path_factory.mktemp("twelve") / "course"
    root.mkdir()
    for name in ("notebooks", "hidden", "source", "release"):
        shutil.copytree(ROOT / name, root / name)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config.replace("timeout = 120", "timeout = 20"))
    course = Course(root)
    points = {e: sum(c.points for c in cs) for e, cs in hidden_of(A).checks.items()}
    full = sum(points.values())
    perfect, stub = solved(course, A), released(course, A)

    def changed(grade_id, **metadata):
        notebook = answered(perfect, {})
        cell_of(notebook, grade_id).metadata.nbgrader.update(metadata)
        return notebook

    def without(grade_id):
        notebook = answered(perfect, {})
        notebook.cells.remove(cell_of(notebook, grade_id))
        return notebook

    def twice(grade_id):
        notebook = answered(perfect, {})
        cell = cell_of(notebook, grade_id)
        notebook.cells.insert(notebook.cells.index(cell), cell)
        return notebook

    def adam(code):
        return answered(perfect, {"adam": code})

    thief = THIEF.format(root=str(root), checkout=str(ROOT))
    equal = EQUALS + "class Adam:\n    def __new__(cls, *args, **kwargs): return Equal()\n"
    wrong = "class Adam(SGD):\n    def __init__(self, params, lr, **kwargs): super().__init__(params, lr)\n"
    submissions = {
        "right": (perfect, Status.GRADED, full),
        "deleted_cell": (without("check_sgd_momentum"), Status.GRADED, full),
        "duplicated_cell": (twice("check_adam"), Status.GRADED, full),
        "endless_loop": (adam("while True:\n    pass"), Status.TIMED_OUT, full - points["adam"]),
        "os_exit": (
            adam("import os\nos._exit(0)"), Status.CRASHED,
            sum(points[e] for e in ("sgd", "noisy", "sgd_momentum", "stable_lr_limit"))),
        "assert_stripper": (prepend(answered(stub, {}), STRIP_ASSERTS), Status.GRADED, 0),
        "file_thief": (prepend(answered(stub, {}), thief), Status.GRADED, 0),
        "stderr_warning": (
            prepend(answered(perfect, {}), "import warnings\nwarnings.warn('x')"),
            Status.GRADED, full),
        "changed_points": (changed("check_adam", points=1000), Status.GRADED, full),
        "grade_false": (changed("check_adam", grade=False), Status.GRADED, full),
        "always_equal": (adam(equal), Status.GRADED, full - points["adam"]),
        "wrong": (adam(wrong), Status.GRADED, None),
    }  # fmt: skip
    for student, (notebook, _, _) in submissions.items():
        hand_in(course, student, A, notebook)
    results = batch.grade(course, A, course.choose_students(A))
    return {s: v[1:] for s, v in submissions.items()}, {r.student: r for r in results}, full


STUDENTS = """right deleted_cell duplicated_cell endless_loop os_exit assert_stripper file_thief
stderr_warning changed_points grade_false always_equal""".split()


def test_twelve_statuses_and_scores(twelve):
    expected, results, full = twelve
    assert len(results) == 12
    # Without sealed kernels files are exposed.
    exposed = set() if tiers.probe().tier.sealed else {"file_thief"}
    wrong = {
        student: (results[student].message, results[student].notes)
        for student in STUDENTS
        if student not in exposed
        if (results[student].status, results[student].score) != expected[student]
    }
    assert wrong == {}
    result = results["wrong"]
    assert result.status is Status.GRADED and 0 < result.score < full
    assert {c.exercise for c in result.checks if c.points < c.max_points} == {"adam"}
