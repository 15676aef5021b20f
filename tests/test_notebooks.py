"""The solved notebooks run from a fresh kernel and earn full marks; the stubs earn nothing."""

import os
import shutil

import nbformat
import pytest
from conftest import ROOT

from autograder import batch
from autograder.classroom import hand_in, released, solved
from autograder.course import Course
from autograder.status import Status

ASSIGNMENTS = ["01_mlp_basics", "03_optimizers"]
# A cell that needs what an unsolved cell before it would have made.
OF_A_STUB = {"NotImplementedError", "NameError"}


def graded(tmp_path, assignment):
    for name in ("notebooks", "source", "release"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    course = Course(tmp_path)
    hand_in(course, "solved", assignment, solved(course, assignment))
    hand_in(course, "stub", assignment, released(course, assignment))
    results = batch.grade(course, assignment, ["solved", "stub"])
    notebooks = {
        s: nbformat.read(course.folder("autograded") / s / assignment / f"{assignment}.ipynb", 4)
        for s in ("solved", "stub")
    }
    return {r.student: r for r in results}, notebooks


def outputs(notebook):
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solved_earns_everything_and_the_stub_nothing(tmp_path, monkeypatch, assignment):
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    results, notebooks = graded(tmp_path, assignment)
    assert results["solved"].status is results["stub"].status is Status.GRADED
    assert results["solved"].score == results["solved"].max_score
    assert results["stub"].score == 0
    problems = [
        o
        for o in outputs(notebooks["solved"])
        if o.output_type == "error" or o.get("name") == "stderr"
    ]
    assert problems == []
    assert any("image/png" in o.get("data", {}) for o in outputs(notebooks["solved"]))
    raised = {o.ename for o in outputs(notebooks["stub"]) if o.output_type == "error"}
    assert "NotImplementedError" in raised and raised <= OF_A_STUB


def test_the_solved_basics_reach_97_percent_on_real_mnist(tmp_path):
    folder = os.environ.get("MLP_COURSE_DATA")
    if not folder or not os.path.isfile(os.path.join(folder, "mnist.npz")):
        pytest.skip("no mnist.npz in $MLP_COURSE_DATA")
    results, notebooks = graded(tmp_path, "01_mlp_basics")
    assert results["solved"].score == results["solved"].max_score
    text = "".join(o.text for o in outputs(notebooks["solved"]) if o.output_type == "stream")
    accuracy = float(text.split("test accuracy: ")[1].split("%")[0])
    assert accuracy >= 97
