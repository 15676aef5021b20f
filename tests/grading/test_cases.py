"""Damaged and unusual submissions to the real course, as the script beside this checkout writes them."""

import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT, course_with

from autograder.authoring.build import build
from autograder.authoring.classroom import cell_of
from autograder.course import Course
from autograder.grading import batch
from autograder.notebook import selfchecks
from autograder.outcome import Status

SCRIPT = ROOT.parent / "shared" / "cases" / "make.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCRIPT.is_file(), reason=f"there is no {SCRIPT}"),
]
NOTES = {
    "missing-package": "the original runs first",
    "import-cell-deleted": "was put back",
    "pair-typed-anew": "adam: the answer was found",
    "check-copied-as-scratch": "runs as an ordinary cell",
    "stub-beside-the-work": "03_optimizers-Copy1.ipynb was graded",
    "timestamp-far-away": "graded without one",
}


def graded(root, assignment: str) -> tuple[Course, dict]:
    course = course_with(root / "course", assignment)
    build(course)
    submitted = course.folder("submitted")
    command = [sys.executable, SCRIPT, ROOT / "source", submitted]
    subprocess.run(command, check=True, capture_output=True)
    students = course.submitted_students(assignment)
    return course, {o.student: o for o in batch.grade(course, assignment, students)}


def test_what_is_right_earns_every_point(tmp_path):
    course, results = graded(tmp_path, "03_optimizers")
    assert len(results) == 8
    for name, result in results.items():
        told = "; ".join([result.message, *result.attention, *result.notes])
        assert (result.status, result.score) == (Status.GRADED, result.max_score), (name, told)
        assert NOTES.get(name, "") in told, name
    place = course.folder("feedback") / "photo-in-answer" / "03_optimizers"
    page = (place / "03_optimizers.html").read_text()
    path = course.folder("autograded") / "photo-in-answer" / "03_optimizers" / "03_optimizers.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    (cell,) = [c for c in cells if c.get("attachments")]
    assert cell.attachments["sketch.png"]["image/png"] in page
    assert "My sketch:" in page and "and what it means." in page


def test_another_default_type_costs_nothing(tmp_path):
    _, results = graded(tmp_path, "04_initialization")
    result = results["float64-everywhere"]
    assert result.score == result.max_score, [c.message for c in result.checks]


def test_lazy_layers_are_refused_by_the_self_check_before_they_lose_points(tmp_path):
    name = "01_mlp_basics"
    course, results = graded(tmp_path, name)
    assert results["lazy-layers"].score < results["lazy-layers"].max_score
    source = nbformat.read(course.source_notebook(name), as_version=4)
    handed_in = course.folder("submitted") / "lazy-layers" / name / f"{name}.ipynb"
    answer = cell_of(nbformat.read(handed_in, as_version=4), "mlp").source
    namespace: dict = {}
    exec("import torch\nfrom torch import nn\n" + answer, namespace)
    with pytest.raises(AssertionError, match="a lazy layer has no weights yet"):
        exec(selfchecks(source)["mlp"], namespace)
