"""A class of odd submissions, graded once: what is right earns its points, or somebody is told."""

import shutil

import nbformat
import pytest
from conftest import ROOT
from nbgrader.api import Gradebook
from odd import CASES, A, write

from autograder.authoring.build import build
from autograder.authoring.classroom import cell_of, solved
from autograder.course import Course
from autograder.grading import batch


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class after one grading run: (course, results by student)."""
    root = tmp_path_factory.mktemp("odd") / "course"
    shutil.copytree(ROOT / "tests" / "odd", root)
    course = Course(root)
    build(course)
    for name, case in CASES.items():
        folder = course.folder("submitted") / name / A
        folder.mkdir(parents=True)
        book = solved(course, A)
        cell_of(book, "answer_why").source = "Because it grows in both directions."
        cell_of(book, "answer_leaf").source = "Count the squares."
        if case.edit(book, folder) is not False:
            write(folder / f"{A}.ipynb", book)
    results = batch.grade(course, A, course.choose_students(A))
    return course, {r.student: r for r in results}


@pytest.mark.parametrize("name", CASES)
def test_what_is_right_earns_its_points_or_somebody_is_told(graded, name):
    case, result = CASES[name], graded[1][name]
    told = "; ".join([result.message, *result.attention, *result.notes])
    assert (result.status, result.score) == (case.status, case.score), told
    assert case.told in told
    assert result.needs_attention == case.looked_at, told
    # The real cause leads.
    if case.looked_at:
        assert case.told in result.message


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.answers])
def test_all_of_a_written_answer_waits_for_a_person(graded, name):
    course = graded[0]
    path = course.folder("autograded") / name / A / f"{A}.ipynb"
    book = nbformat.read(path, as_version=4)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for answer, words in CASES[name].answers.items():
            cell, grade = f"answer_{answer}", None
            grade = gradebook.find_grade(cell, A, A, name)
            assert bool(grade.needs_manual_grade) == (words is not None)
            if words is not None:
                assert words in cell_of(book, cell).source
