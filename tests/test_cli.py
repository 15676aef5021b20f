"""The command: what people type, exit codes, and one clear message instead of a traceback."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

from autograder.authoring.classroom import hand_in, solved
from autograder.lms.collect import Placed, Report
from autograder.terminal import console

A = "99_tiny"


def autograder(course, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments],
        cwd=course.root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.mark.slow
def test_grade_exits_0_when_nobody_needs_the_instructor_and_1_otherwise(course, tmp_path):
    hand_in(course, "right", A, solved(course, A))
    results = tmp_path / "results.json"
    done = autograder(course, "grade", "99", "--results", str(results))
    assert done.returncode == 0, done.stderr
    assert "right" in done.stdout and "5 / 8" in done.stdout
    assert "1 graded, 1 waiting for a mark, 0 late, 0 needing attention" in done.stdout
    assert str(course.root / "gradebook.db") in done.stdout
    assert done.stderr == ""
    assert [r["score"] for r in json.loads(results.read_text())] == [5.0]
    hand_in(course, "broken", A, b"{")
    done = autograder(course, "grade", A, "--student", "broken")
    assert done.returncode == 1
    assert "needs attention broken: unreadable: 99_tiny.ipynb is not a notebook" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "77_nothing"], "expected the name of an assignment (99_tiny), got '77_nothing'"),
        (["grade", A], "expected submissions in"),
        (["grade", A, "--student", "nobody"], "nobody/99_tiny, which does not exist"),
        (["audit", "zz"], "expected the name of an assignment"),
        (["build", "--course", "/"], "expected a course folder"),
        (["export", A, "--to", "canvas"], "grade first"),
        (["collect", A, "missing.zip"], "which does not exist"),
    ],
)
def test_a_wrong_call_gets_one_message(course, arguments, message):
    done = autograder(course, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1


HEAVY = ("torch", "distributed", "matplotlib", "nbgrader")


def imported(course, *arguments) -> tuple[list[str], int]:
    """Which heavy modules a command imports, and its exit code."""
    code = (
        "import sys; from autograder import cli\n"
        "try: cli.main()\n"
        "except SystemExit as end: code = end.code\n"
        f"print('imported', [m for m in {HEAVY!r} if m in sys.modules], code or 0, sep=';')"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    last = done.stdout.splitlines()[-1] if done.stdout else ""
    assert last.startswith("imported"), done.stdout + done.stderr
    _, names, status = last.split(";")
    return ast.literal_eval(names), int(status)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["grade", "77_nothing"], ["grade", A, "--student", "nobody"], ["audit", "zz"],
     ["queue"]],
)  # fmt: skip
def test_what_takes_seconds_is_not_imported_before_it_is_needed(course, arguments):
    assert imported(course, *arguments) == ([], 0 if arguments == ["--help"] else 2)


@pytest.mark.slow
def test_a_command_imports_only_what_it_works_with(course):
    hand_in(course, "ada", A, solved(course, A))
    assert autograder(course, "grade", A).returncode == 0
    assert imported(course, "grade", A) == ([], 0)
    export = ("export", A, "--to", "csv", "--allow-unfinished")
    assert imported(course, *export) == (["nbgrader"], 0)
    # A report names checks and known mistakes: this course's import torch.
    assert imported(course, "report", A) == (["torch", "nbgrader"], 0)


def test_a_wrong_configuration_gets_one_message(course):
    (course.root / "nbgrader_config.py").write_text("c = get_config()\nc.Judge.timeout = = 3\n")
    done = autograder(course, "grade", A)
    assert done.returncode == 2
    assert "nbgrader_config.py could not be read: SyntaxError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_build_check_says_what_is_stale(course):
    path = course.root / "notebooks" / f"{A}.py"
    path.write_text(path.read_text().replace("Two small", "Two smal"))
    done = autograder(course, "build", "--check")
    assert done.returncode == 2
    assert "stale: source/99_tiny/99_tiny.ipynb" in done.stderr
    assert autograder(course, "build").returncode == 0


@pytest.mark.slow
def test_audit_proves_the_tiny_course(course):
    done = autograder(course, "audit", "--seeds", "3")
    assert done.returncode == 0, done.stdout
    assert "2 mistakes, 1 alternatives, 3 seeds" in done.stdout
    assert "proven, no leak" in done.stdout


def test_an_exact_name_is_enough_where_another_begins_with_it(course):
    (course.notebooks / f"{A}_more.py").write_text("# %%\n")
    assert course.expect_assignment(A) == A


@pytest.mark.parametrize("command", ["build", "audit", "grade"])
def test_a_configuration_without_the_judge_gets_one_message(course, command):
    arguments = [command, A] if command == "grade" else [command]
    (course.root / "nbgrader_config.py").write_text("c = get_config()\n")
    done = autograder(course, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "does not call use_autograder(c)" in done.stderr


@pytest.mark.parametrize("command", ["build", "audit"])
def test_a_notebook_in_another_encoding_gets_one_message(course, command):
    path = course.notebooks / f"{A}.py"
    path.write_bytes(path.read_text().replace("Two small", "Zwei kleine Übungen").encode("latin-1"))
    done = autograder(course, command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "is not UTF-8 text" in done.stderr


@pytest.mark.slow
def test_a_demo_in_which_nothing_can_be_graded_fails(course, tmp_path):
    checks = course.hidden / A / "checks.py"
    broken = 'def broken(student, rng):\n    """Broken."""\n    1 / 0\n'
    first = checks.read_text().partition('@check("mean"')[0]
    checks.write_text(f'{first}@check("mean", points=2)\n{broken}')
    done = autograder(course, "demo", str(tmp_path / "demo"))
    assert done.returncode == 1, done.stdout
    assert "This is expected" not in done.stdout


def test_nothing_that_is_printed_is_a_command_to_the_terminal(capsys):
    name = "a\x1b[2J\x9b31m\r\u202e[red]b"
    console.say(name)
    console.collect_report(Report([Placed("s", name, "new", {}, [name])], {name: name}, []))
    console.fail(name)
    told = "".join(capsys.readouterr())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told), repr(told)
    assert "a\\x1b[2J" in told and "[red]b" in told
