"""The course that `autograder new` writes is complete, proven, and a good example to copy."""

import warnings

import nbformat
import pytest
from conftest import ROOT

from autograder.authoring.build import build
from autograder.authoring.expand import expand
from autograder.authoring.new import TEMPLATE, new_course
from autograder.authoring.proving.audit import audit
from autograder.checking import hidden
from autograder.checking.answers import Alternative, Mistake
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback import figures
from autograder.notebook import FAIL_CLOSED

A = "01_images"


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Course:
    """A new course, built; tests do not write into it."""
    course = new_course(tmp_path_factory.mktemp("new") / "a" / "course")
    build(course)
    return course


def test_every_file_of_the_template_is_written(new):
    def files(root):
        return {p.relative_to(root) for p in root.rglob("*") if "__pycache__" not in p.parts}

    expected, written = files(TEMPLATE), files(new.root)
    assert expected <= written
    assert {p.parts[0] for p in written - expected} <= {"source", "release"}
    assert new.assignments == [A]


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with pytest.raises(UserError, match="expected an empty folder, got .*: choose another folder"):
        new_course(tmp_path)
    assert list(tmp_path.iterdir()) == [kept]
    with pytest.raises(UserError, match="expected a folder, but .* is none"):
        new_course(kept)


@pytest.mark.slow
def test_the_checks_are_proven(new):
    report = audit(new, A, seeds=5)
    assert report.problems == []
    checks = hidden.load(new.hidden, A).checks
    # No check is there without a mistake that it has to catch.
    named = {(a.exercise, a.failing[0]) for a in bank(new, Mistake)}
    assert named == {(e, item.name) for e, items in checks.items() for item in items}
    for exercise in checks:
        assert [a for a in bank(new, Alternative) if a.exercise == exercise]
    assert all(a.tells for a in bank(new, Mistake))


def test_no_forged_reply_passes_or_raises(new, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tests" / "checking")
    from forging import KINDS, forged

    tried = list(forged(new, A))
    assert len(tried) == 11 * len(KINDS)
    assert [t for t in tried if t[-1]] == []


def test_all_cells_run_with_the_solutions(new):
    namespace = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        for cell in nbformat.read(new.source_notebook(A), as_version=4).cells:
            if cell.cell_type == "code":
                exec(cell.source.removesuffix(FAIL_CLOSED), namespace)


def test_the_self_checks_agree_with_the_hidden_ones(new):
    notebook = expand(new, A)
    visible = {
        cell.metadata.nbgrader.grade_id: cell.source.removesuffix(FAIL_CLOSED)
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    }
    reference = Reference(notebook)
    for answer in bank(new):
        namespace = reference.namespace(**{answer.exercise: answer.source})
        try:
            exec(visible[f"check_{answer.exercise}"], namespace)
            passed = True
        except AssertionError:
            passed = False
        assert passed == isinstance(answer, Alternative), answer.name


def test_wrong_answers_have_a_picture_and_right_ones_have_none(new):
    own, reference = hidden.load(new.hidden, A), Reference(expand(new, A))

    def drawn(answer):
        namespace = reference.namespace(**{answer.exercise: answer.source})
        return figures.picture(own, answer.exercise, LocalStudent(namespace))

    with_picture = {a.name for a in bank(new) if drawn(a)}
    assert with_picture >= {"limited_too_late", "multiplied", "first_point", "grey"}
    assert not with_picture & {a.name for a in bank(new, Alternative)}


def test_the_configuration_shares_what_every_course_needs(new, real_course):
    for name in ("Autograde", "ZipCollectApp", "HTMLExporter"):
        assert new.config[name] == real_course.config[name]


def bank(course, kind=(Mistake, Alternative)):
    return [a for a in hidden.load(course.hidden, A).answers if isinstance(a, kind)]
