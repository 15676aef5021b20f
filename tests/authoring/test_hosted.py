"""Releases that can be opened on Colab and Kaggle."""

import shutil

import pytest

from autograder.authoring.build import build
from autograder.authoring.classroom import hand_in, released, solved
from autograder.authoring.new import TEMPLATE
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import batch

A = "01_images"
ADDRESS = "https://github.com/teachers/images/tree/v1.0"


def course_in(tmp_path, address: object, helpers: bool = True) -> Course:
    root = tmp_path / "course"
    shutil.copytree(TEMPLATE, root)
    with open(root / "nbgrader_config.py", "a") as config:
        config.write(f"\nc.Course.repository = {address!r}\nc.Judge.allow_unsealed = True\n")
    if helpers:
        (root / "helpers").mkdir()
        (root / "helpers" / "pyproject.toml").write_text('[project]\nname = "image-helpers"\n')
    return Course(root)


def test_a_release_says_where_it_opens_and_installs_what_it_imports(tmp_path):
    course = course_in(tmp_path, ADDRESS)
    build(course)
    title, links, install, *_ = released(course, A).cells
    assert title.source.startswith("# ")
    path = "teachers/images/blob/v1.0/release/01_images/01_images.ipynb"
    assert f"(https://colab.research.google.com/github/{path})" in links.source
    assert f"src=https://github.com/{path})" in links.source
    wanted = "image-helpers @ git+https://github.com/teachers/images@v1.0#subdirectory=helpers"
    assert wanted in install.source
    compile(install.source, "cell", "exec")


def test_what_comes_back_earns_the_same(tmp_path):
    # helpers are not there for students' code: then the cell would install something.
    course = course_in(tmp_path, ADDRESS, helpers=False)
    build(course)
    hand_in(course, "ada", A, solved(course, A))
    (outcome,) = batch.grade(course, A, ["ada"])
    assert outcome.score == outcome.max_score > 0 and not outcome.said


@pytest.mark.parametrize(
    "address", ["github.com/a/b", "https://github.com/a/b", 3, "https://github.com/a b/c/tree/x"]
)
def test_another_address_gets_one_message(tmp_path, address):
    with pytest.raises(UserError, match="expected an address such as https://github.com/OWNER"):
        build(course_in(tmp_path, address))


def test_without_an_address_there_is_nothing_to_see(tmp_path):
    course = course_in(tmp_path, "")
    build(course)
    assert "colab" not in str(released(course, A)).lower()
