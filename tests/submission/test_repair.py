"""Repair without a kernel: property tests over shuffled and damaged notebooks."""

import copy
import random

import nbformat
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.utils import compute_checksum

from autograder.authoring.classroom import answered, cell_of, released, solved
from autograder.authoring.expand import expand, stub_of
from autograder.course import Course
from autograder.submission.layout import Expected, Layout
from autograder.submission.relink import holds_exercises, worked_on
from autograder.submission.repair import MISSING, repair


@pytest.fixture(scope="module")
def source(built_course):
    return expand(Course(built_course), "99_tiny")


def ids(notebook):
    return [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]


def released_of(source):
    return answered(source, {n: stub_of(cell_of(source, n).source) for n in ("double", "mean")})


def layout_of(source):
    return Layout.of(Expected.from_notebook(released_of(source)), source)


def test_an_undamaged_notebook_is_left_alone(source):
    notebook = answered(source, {})
    assert repair(notebook, layout_of(source)) == []
    assert [c.source for c in notebook.cells] == [c.source for c in source.cells]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_damage_leaves_every_graded_cell_once_with_its_metadata(source, seed):
    layout = layout_of(source)
    draw = random.Random(seed)
    notebook = answered(source, {})
    for _ in range(draw.randint(1, 8)):
        damage(notebook, draw)
    repair(notebook, layout)
    for item in layout.expected:
        assert ids(notebook).count(item.grade_id) == 1
        cell = cell_of(notebook, item.grade_id)
        assert cell.cell_type == item.cell_type
        assert item.metadata.items() <= cell.metadata["nbgrader"].items()
    for exercise in ("double", "mean"):
        assert ids(notebook).index(exercise) < ids(notebook).index(f"check_{exercise}")
    assert repair(notebook, layout) == []


def damage(notebook, draw):
    if not notebook.cells:
        return
    cell = draw.choice(notebook.cells)
    kind = draw.randrange(7)
    if kind == 0:
        notebook.cells.remove(cell)
    elif kind == 1:
        notebook.cells.insert(draw.randint(0, len(notebook.cells)), copy.deepcopy(cell))
    elif kind == 2:
        draw.shuffle(notebook.cells)
    elif kind == 3:
        cell["cell_type"] = draw.choice(["code", "markdown", "raw"])
    elif kind == 4:
        cell["metadata"] = draw.choice(
            [None, 5, {}, {"nbgrader": 3}, {"nbgrader": {"grade_id": 7}}]
        )
    elif kind == 5 and isinstance(cell.get("metadata"), dict):
        known = cell["metadata"].get("nbgrader")
        if isinstance(known, dict):
            known[draw.choice(["grade", "solution", "locked", "points", "task"])] = draw.choice(
                [False, True, -1, "x", None, 1e9]
            )
    elif kind == 6:
        cell["source"] = draw.choice(["", "x = 1", ["a", "b"]])


def test_halves_of_a_written_answer_are_joined(source):
    notebook = answered(source, {"answer_why": "First half."})
    half = answered(source, {"answer_why": "Second half."})
    notebook.cells.append(cell_of(half, "answer_why"))
    repair(notebook, layout_of(source))
    assert cell_of(notebook, "answer_why").source == "First half.\n\nSecond half."


def test_an_untouched_copy_does_not_undo_the_answer(source):
    notebook = answered(source, {})
    notebook.cells.append(cell_of(released_of(source), "double"))
    repair(notebook, layout_of(source))
    assert "return 2 * x" in cell_of(notebook, "double").source
    assert not any("NotImplementedError" in c.source for c in notebook.cells)


def test_an_answer_typed_into_a_new_cell_is_found(source):
    notebook = answered(source, {})
    moved = nbformat.v4.new_code_cell(cell_of(notebook, "double").source)
    notebook.cells.remove(cell_of(notebook, "double"))
    notebook.cells.insert(2, moved)
    repair(notebook, layout_of(source))
    assert cell_of(notebook, "double") is moved
    assert ids(notebook).index("check_double") > ids(notebook).index("double")


def test_an_answer_that_is_nowhere_stays_deleted(source):
    notebook = answered(source, {})
    notebook.cells.remove(cell_of(notebook, "double"))
    repair(notebook, layout_of(source))
    assert cell_of(notebook, "double").source == MISSING


def test_an_unknown_id_counts_as_an_ordinary_cell(source):
    notebook = answered(source, {})
    extra = cell_of(answered(source, {}), "double")
    extra.metadata.nbgrader.grade_id = "extra"
    notebook.cells.append(extra)
    notes = repair(notebook, layout_of(source))
    assert "nbgrader" not in extra.metadata
    assert notes == ["a cell with the unknown id 'extra' is treated as an ordinary cell"]


def with_checksums(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return notebook


def test_points_that_an_instructor_has_changed_are_not_told_as_a_students_change(source):
    handed_in = with_checksums(answered(source, {"answer_why": "Because."}))
    now = answered(source, {})
    cell_of(now, "check_double").metadata.nbgrader.points = 4
    cell_of(now, "answer_why").metadata.nbgrader.points = 5
    assert repair(handed_in, Layout.of(Expected.from_notebook(now), now)) == [
        "check_double: worth 4 points now, 3 in the release that was handed in",
        "answer_why: worth 5 points now, 3 in the release that was handed in",
    ]
    forged = with_checksums(answered(source, {}))
    cell_of(forged, "check_double").metadata.nbgrader.points = 100
    (note,) = repair(forged, Layout.of(Expected.from_notebook(now), now))[:1]
    assert note == "check_double: restored the changed points"


# The real course: nothing is mistaken for damage, and everything is found again.

ASSIGNMENTS = sorted(path.stem for path in ROOT.glob("notebooks/*.py"))


@pytest.fixture(params=ASSIGNMENTS)
def assignment(request, real_course):
    """(course, name, source, layout) of an assignment."""
    source = nbformat.read(real_course.source_notebook(request.param), as_version=4)
    expected = Expected.from_notebook(released(real_course, request.param))
    return real_course, request.param, source, Layout.of(expected, source)


def test_solved_and_untouched_notebooks_are_left_alone(assignment):
    course, name, _, layout = assignment
    for notebook in (solved(course, name), released(course, name)):
        before = [cell.source for cell in notebook.cells]
        assert repair(notebook, layout) == []
        assert [cell.source for cell in notebook.cells] == before
    exercises = {item.grade_id for item in layout.expected if item.solution}
    assert worked_on(solved(course, name), layout).keys() == exercises
    assert worked_on(released(course, name), layout) == {}


def test_every_cell_is_found_again_without_any_id(assignment):
    course, name, source, layout = assignment
    notebook = solved(course, name)
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        cell.pop("id", None)
    assert holds_exercises(notebook, layout)
    repair(notebook, layout)
    assert ids(notebook) == ids(source)
    for item in layout.expected:
        text, solution = (cell_of(nb, item.grade_id).source for nb in (notebook, source))
        assert item.locked or text.startswith(solution[:200].split("### BEGIN")[0])


def test_no_assignment_is_taken_for_another(assignment):
    course, name, _, layout = assignment
    others = [other for other in ASSIGNMENTS if other != name]
    assert not any(holds_exercises(solved(course, other), layout) for other in others)
