"""The hidden folder as modules: one version at a time, and nothing of it in a student's process."""

import shutil

import pytest

from autograder.authoring.classroom import hand_in, solved
from autograder.checking import hidden
from autograder.checking.check import run_checks
from autograder.checking.student import LocalStudent, sent_modules
from autograder.errors import UserError
from autograder.grading import batch
from autograder.outcome import Status

A = "99_tiny"


@pytest.fixture
def change(course):
    """Call it with a file's name and a function of its text; returns the changed hidden folder."""

    def changed(name, edit):
        path = course.hidden / A / name
        path.write_text(edit(path.read_text()))
        return hidden.load(course.hidden, A)

    return changed


def test_the_same_content_elsewhere_is_read_there(course, tmp_path):
    """A worker gets a run's hidden folder in a new place each time, and the last one is removed."""
    shutil.copytree(course.hidden, tmp_path / "second")
    hidden.load(course.hidden, A).import_all()
    shutil.rmtree(course.hidden)
    module = hidden.load(tmp_path / "second", A).module("checks")
    assert str(tmp_path / "second") in module.__file__
    assert "def doubled" in dict(sent_modules(module.probes))[f"{A}.probes"]


@pytest.mark.parametrize("name", ["checks", "answers", "probes"])
def test_what_every_assignment_has_is_missed_before_the_first_submission(course, name):
    (course.hidden / A / f"{name}.py").unlink()
    with pytest.raises(UserError, match=f"{name}"):
        hidden.load(course.hidden, A).import_all()


@pytest.mark.parametrize("name", ["answers", "pictures"])
def test_a_module_without_its_constant_is_told_before_the_first_submission(course, name):
    (course.hidden / A / f"{name}.py").write_text("# Nothing yet.\n")
    with pytest.raises(UserError, match=f"expected {name.upper()} in .*{name}.py, found none"):
        hidden.load(course.hidden, A).import_all()


def test_probes_that_import_the_engine_are_refused_before_the_first_submission(change):
    own = change("probes.py", lambda text: f"from autograder.checking import expect\n{text}")
    with pytest.raises(UserError, match="99_tiny/probes.py imports autograder"):
        own.import_all()


def test_checks_are_never_sent(change):
    """A probe in `checks.py` would take the file, and all its expected values, along."""
    probe = "\n\ndef here(ns, *args):\n    return 1\n"
    own = change("checks.py", lambda text: text.replace("probes.doubled", "here") + probe)
    asked = []
    student = LocalStudent({})
    student._ask = lambda request, timeout: asked.append(request)
    results = run_checks(own.checks["double"], student, lambda item: 1)
    assert all("99_tiny/checks.py imports autograder" in r.error for r in results) and not asked


def test_two_checks_of_one_name_are_refused(change):
    again = """

@check("double", points=1)
def one_number(student, rng):
    pass
"""
    own = change("checks.py", lambda text: text + again)
    for _ in range(2):
        with pytest.raises(UserError, match="double has two checks named one_number"):
            own.module("checks")


@pytest.mark.slow
def test_probes_that_a_kernel_cannot_load_are_nobodys_zero(course, change):
    """As where a library is installed for the grader alone: the right answer earned 0, "graded"."""
    lacking = "import sys\nif 'autograder' not in sys.modules:\n    import of_the_grader_alone\n"
    change("probes.py", lambda text: lacking + text)
    hand_in(course, "ada", A, solved(course, A))
    (outcome,) = batch.grade(course, A, ["ada"])
    assert (outcome.status, outcome.score) == (Status.GRADER_ERROR, None)
    assert "hidden/99_tiny/probes.py cannot be loaded in a student's kernel" in outcome.message
    assert "No module named 'of_the_grader_alone'" in outcome.message


def test_an_error_in_a_hidden_module_names_its_line(course, change):
    own = change("checks.py", lambda text: f"{text}\nUNKNOWN\n")
    with pytest.raises(UserError, match=r"NameError: .*UNKNOWN.* \(hidden/99_tiny/checks.py:\d+\)"):
        own.import_all()
    own = change("checks.py", lambda text: f"{text}\ndef :\n")
    with pytest.raises(UserError, match=r"SyntaxError: invalid syntax \(checks.py, line \d+\)"):
        own.import_all()
