"""The visible checks of a whole notebook: by button, by command, and by nbgrader's own validate."""

import io
import json
import linecache
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import ROOT
from nbgrader.validator import Validator

from autograder.authoring.classroom import answered, cell_of, released, solved
from helpers import selfcheck

A = "99_tiny"
WRONG = {"double": "def double(x):\n    return x + 1"}
# What the check cell of `double` itself says then.
MESSAGE = "got 4, expected 6"


@pytest.fixture
def release(course):
    return released(course, A)


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """The names of a notebook's kernel, which works in `tmp_path`."""
    names = {}
    monkeypatch.setattr(selfcheck, "get_ipython", lambda: SimpleNamespace(user_ns=names))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return names


def run_cells(notebook, names, *grade_ids):
    exec("import torch", names)
    for grade_id in grade_ids:
        source, place = cell_of(notebook, grade_id).source, f"<cell {grade_id}>"
        # As IPython keeps a cell's lines.
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        exec(compile(source, place, "exec"), names)


def test_each_exercise_is_told_by_what_the_kernel_holds(kernel, release, tmp_path):
    write(release, tmp_path / f"{A}.ipynb")
    run_cells(answered(release, WRONG), kernel, "double")
    lines = selfcheck.check_all(A).splitlines()
    assert lines[:2] == [
        f"✗ double: {MESSAGE}",
        "✗ mean: `mean` is not defined: run its cell first",
    ]
    run_cells(release, kernel, "mean")
    kernel["double"] = lambda x: 2 * x
    assert selfcheck.check_all(A).splitlines() == [
        "✓ double", "○ mean: not solved yet", "", "solved 1 of 2", selfcheck.LEGEND,
        "written answers still empty: why (as last saved)",
    ]  # fmt: skip


def test_checks_leave_the_kernels_names_alone(kernel, release):
    run_cells(release, kernel)
    before = dict(kernel)
    sources = {"a": "torch = 1\nnew = 2", "b": "assert new == 2\nprint('not shown')"}
    verdicts = selfcheck.try_all(sources, kernel, {})
    assert verdicts == [selfcheck.Verdict("a"), selfcheck.Verdict("b")]
    assert kernel == before


def test_the_button_judges_what_the_functions_themselves_see(kernel):
    """On a copy of the names, `sweep` called the old `train`: the reference was refused."""
    exec("def train(): return 0\ndef sweep(): return train()", kernel)
    sources = {"sweep": "_old, train = train, lambda: 7\nassert sweep() == 7\ntrain = _old"}
    assert selfcheck.try_all(sources, kernel, {}) == [selfcheck.Verdict("sweep")]


def test_an_interrupt_ends_the_report_and_not_the_button(kernel, release, tmp_path):
    write(release, tmp_path / f"{A}.ipynb")
    run_cells(release, kernel, "mean")

    def double(x):
        raise KeyboardInterrupt

    kernel["double"] = double
    button, shown = selfcheck.button(A).children
    button.click()
    assert "✗ double: interrupted" in shown.value and "mean" not in shown.value
    assert "interrupted: 1 not checked" in shown.value
    assert not button.disabled


def test_progress_is_told(kernel, release, tmp_path):
    write(release, tmp_path / f"{A}.ipynb")
    told = []
    selfcheck.check_all(A, told.append)
    assert told == ["checking double (1 of 2) …", "checking mean (2 of 2) …"]


def test_the_notebook_is_found_where_students_have_it(kernel, release, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=f"expected {A}.ipynb in .*, found none"):
        selfcheck.find_notebook(A)
    assert "could not be read: expected 99_tiny.ipynb" in selfcheck.check_all(A)
    # Renamed by the browser, as the only one in its folder.
    renamed = write(release, tmp_path / f"{A} (1).ipynb")
    assert selfcheck.find_notebook(A).samefile(renamed)
    # Uploaded to Colab, beside the zip that the first cell unpacks.
    unpacked = write(release, tmp_path / "course" / A / f"{A}.ipynb")
    assert selfcheck.find_notebook(A).samefile(unpacked)
    beside = write(release, tmp_path / f"{A}.ipynb")
    assert selfcheck.find_notebook(A).samefile(beside)
    # Jupyter and VS Code say which notebook a kernel belongs to.
    mine = write(release, tmp_path / "elsewhere" / "mine.ipynb")
    kernel["__vsc_ipynb_file__"] = str(mine)
    assert selfcheck.find_notebook(A).samefile(mine)
    monkeypatch.setenv("JPY_SESSION_NAME", str(beside))
    assert selfcheck.find_notebook(A).samefile(beside)


def test_a_notebook_without_checks_is_no_success(kernel, tmp_path):
    (tmp_path / "empty.ipynb").write_text('{"cells": []}')
    assert "has no self-checks" in selfcheck.check_all()
    (tmp_path / "empty.ipynb").write_text("nothing")
    assert "could not be read" in selfcheck.check_all()


def test_the_button_runs_nothing_until_it_is_pressed(kernel, release, tmp_path):
    message = "assert double(2) == 4, '<b> & co'"
    release = answered(release, {"check_double": message})
    write(release, tmp_path / f"{A}.ipynb")
    run_cells(answered(release, WRONG), kernel, "double", "mean")
    button, shown = selfcheck.button(A).children
    assert shown.value == ""
    button.click()
    assert "✗ double: &lt;b&gt; &amp; co\n○ mean: not solved yet" in shown.value
    assert not button.disabled


def test_the_command_runs_a_notebook_from_the_beginning(release, tmp_path, capsys):
    # The setup cell, which defines torch, is run as well; the file stays as it is.
    path = write(answered(release, WRONG), tmp_path / "my notebook.ipynb")
    before = path.read_bytes()
    assert selfcheck.main([str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"✗ double: {MESSAGE}", "○ mean: not solved yet", "", "solved 0 of 2", selfcheck.LEGEND,
        "written answers still empty: why",
    ]  # fmt: skip
    assert path.read_bytes() == before


def test_what_is_no_notebook_is_named(tmp_path, capsys):
    assert selfcheck.main([str(tmp_path / "none.ipynb")]) == 2
    (tmp_path / "bad.ipynb").write_text("nothing")
    assert selfcheck.main([str(tmp_path / "bad.ipynb")]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("expected a notebook, found no file") and "none.ipynb" in first
    assert "bad.ipynb could not be run" in second


def test_nbgrader_validates_a_release(release, tmp_path):
    path = write(answered(release, WRONG), tmp_path / f"{A}.ipynb")
    validator, said = Validator(), io.StringIO()
    validator.stream = said
    validator.validate_and_print(str(path))
    assert MESSAGE in said.getvalue() and "NotImplementedError" in said.getvalue()
    assert "hidden checks" not in said.getvalue()


def test_every_release_ends_with_the_button(real_course):
    for name in real_course.assignments:
        notebook = released(real_course, name)
        assert notebook.cells[-1].source.endswith(f'selfcheck.button("{name}")')
        exercises = list(selfcheck.checks(notebook.cells))
        assert exercises and len(exercises) == len(set(exercises))


@pytest.mark.slow
def test_both_commands_agree_on_a_solved_notebook(real_course, tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    path = write(solved(real_course, "03_optimizers"), tmp_path / "03_optimizers.ipynb")
    commands = (
        [sys.executable, "-m", "helpers.selfcheck", path],
        [sys.executable, "-m", "nbgrader", "validate", path],
    )
    said = [subprocess.run(c, cwd=ROOT, capture_output=True, text=True) for c in commands]
    assert all(run.returncode == 0 for run in said), said
    assert said[0].stdout.endswith("solved 8 of 8\n")
    assert "Success! Your notebook passes all the tests." in said[1].stdout
