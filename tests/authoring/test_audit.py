"""The audit finds what is wrong with checks, answers and releases; and the course passes it."""

import pytest
from conftest import ROOT, hidden_of

from autograder.authoring.build import build
from autograder.authoring.classroom import cell_of, released
from autograder.authoring.expand import write_notebook
from autograder.authoring.proving import bench, mutants
from autograder.authoring.proving.audit import audit
from autograder.checking.answers import Alternative, Mistake
from autograder.errors import UserError
from autograder.terminal import console

A = "99_tiny"
# Of a whole audit, beside another test on a slow machine.
MINUTES = (6, 10, 8, 12, 22)
ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


def problems(course, *bank, exercise=None):
    """What the audit finds with these answers, each an expression of `answers.py`."""
    path = course.hidden / A / "answers.py"
    head = "from autograder.checking import Alternative, Mistake\n\n"
    path.write_text(f"{head}ANSWERS = [{', '.join(map(repr, bank))}]\n")
    return audit(course, A, seeds=2, exercise=exercise).problems


SQUARES = "def double(x):\n    return x * x\n"


@pytest.mark.slow
def test_a_mistake_that_passes_is_a_problem(course):
    right = Mistake("double", "no mistake", "one_number", "def double(x):\n    return x + x\n")
    passed, ticked = problems(course, right)
    assert passed == "mistake double/no mistake: passed one_number with 2 seeds"
    assert ticked.startswith("self-checks accept 1 mistakes, expected at most 0: double/no mistake")


def test_a_mistake_that_fails_more_than_it_says_is_a_problem(course):
    (problem,) = problems(course, Mistake("double", "squares", "an_array", SQUARES))
    assert problem.startswith("mistake double/squares: also fails one_number (2 of 2): say so in")
    assert problems(course, Mistake("double", "squares", ("an_array", "one_number"), SQUARES)) == []


@pytest.mark.slow
def test_a_mistake_that_is_not_recognized_is_a_problem(course):
    fails = ("an_array", "one_number")
    named = Mistake("double", "squares", fails, SQUARES, tells="This is the square.")
    assert problems(course, named) == []
    alike = Mistake("double", "power", fails, SQUARES.replace("x * x", "x**2"), tells="No.")
    (problem,) = problems(course, named, alike)
    assert problem.startswith("2 mistakes are not recognized, expected at most 0: double/squares")


def test_a_mistake_that_is_taken_for_another_is_a_problem(course, monkeypatch):
    monkeypatch.setattr(bench.Bench, "_diagnosis", lambda *args: "This is the cube.")
    fails = ("an_array", "one_number")
    (problem,) = problems(course, Mistake("double", "squares", fails, SQUARES, tells="Squared."))
    assert problem == (
        "mistake double/squares: is taken for another one, which tells a student: This is the cube."
    )


@pytest.mark.slow
def test_an_alternative_that_loses_points_is_a_problem(course):
    wrong = Alternative("mean", "sum", "def mean(values):\n    return values.sum()\n")
    lost, refused = problems(course, wrong)
    assert lost.startswith("alternative mean/sum: lost the_mean with 2 seeds")
    assert refused.startswith("alternative mean/sum: its self-check refuses it: ")


def test_an_unknown_check_or_exercise_is_a_problem(course):
    found = problems(
        course,
        Mistake("double", "a", "no_such_check", "def double(x):\n    return 0\n"),
        Mistake("nothing", "b", "one_number", ""),
        Mistake("double", "c", "one_number", "def double(x)\n"),
    )
    assert any("there is no check 'no_such_check'" in problem for problem in found)
    assert any("nothing/b: unknown exercise" in problem for problem in found)
    assert any("double/c: its cell raises SyntaxError" in problem for problem in found)


def test_one_exercise_alone_is_audited(course):
    wrong = Alternative("mean", "sum", "def mean(values):\n    return values.sum()\n")
    assert problems(course, wrong, exercise="double") == []
    with pytest.raises(UserError, match="expected an exercise of 99_tiny \\(double, mean\\)"):
        audit(course, A, seeds=1, exercise="median")


def test_a_mutant_that_no_check_notices_is_a_problem_until_it_is_listed(course):
    path = course.hidden / A / "checks.py"
    asked = "student.call(probes.averaged, values, timeout=2)"
    text = path.read_text().replace(f"expect_close({asked}, values.mean())", f"{asked}.number()")
    path.write_text(text)
    report = audit(course, A, seeds=1, exercise="mean")
    names = {row.name for row in report.of("mutant")}
    assert "return values.sum() / values.numel() → return values.sum() * values.numel()" in names
    answers = course.hidden / A / "answers.py"
    listed = {"mean": dict.fromkeys(names, "nobody looks")}
    answers.write_text(f"{answers.read_text()}\nSURVIVORS = {listed!r}\n")
    report = audit(course, A, seeds=1, exercise="mean")
    assert (report.of("mutant"), report.listed) == ([], len(names))


@pytest.mark.slow
def test_mutants_that_are_not_tried_are_said(course, capsys):
    answers = course.hidden / A / "answers.py"
    answers.write_text(f"{answers.read_text()}\nSURVIVORS = {{'mean': 'no time'}}\n")
    report = audit(course, A, seeds=1)
    assert (report.problems, report.untried) == ([], {"mean": "no time"})
    console.audit_report(report)
    assert "mutants of mean are not tried: no time" in capsys.readouterr().out
    assert audit(course, A, seeds=1, exercise="double").untried == {}


@pytest.mark.slow
def test_a_listed_mutant_that_is_noticed_is_a_problem(course):
    answers = course.hidden / A / "answers.py"
    answers.write_text(f"{answers.read_text()}\nSURVIVORS = {{'mean': {{'a → b': 'equal'}}}}\n")
    (problem,) = audit(course, A, seeds=1).problems
    assert problem == "mutant mean/a → b: is listed in SURVIVORS, and is none"


@pytest.mark.slow
def test_known_mutants_are_not_tried_again_until_something_changes(course, monkeypatch):
    first = audit(course, A, seeds=1)
    monkeypatch.setattr(mutants, "mutants", None)
    assert audit(course, A, seeds=1).killed == first.killed > 5
    (course.hidden / A / "checks.py").open("a").write("# changed\n")
    with pytest.raises(TypeError):
        audit(course, A, seeds=1)


@pytest.mark.slow
def test_a_self_check_that_ticks_the_stub_is_a_problem(course):
    path = course.notebooks / f"{A}.py"
    text = path.read_text()
    check = next(line for line in text.splitlines() if line.startswith("assert mean("))
    path.write_text(text.replace(check, "assert True"))
    build(course)
    found = problems(course)
    assert "stub mean/stub: its self-check accepts it" in found


@pytest.mark.slow
def test_a_solution_in_the_release_is_a_leak(course):
    notebook = released(course, A)
    cell_of(notebook, "mean").source += "\n# return values.sum() / values.numel()"
    cell_of(notebook, "mean").source += "\nreturn values.sum() / values.numel()"
    write_notebook(notebook, course.folder("release") / A / f"{A}.ipynb")
    (problem,) = audit(course, A, seeds=1).problems
    assert "shows a line of the solution on line 17: return values.sum()" in problem


@pytest.mark.slow
@pytest.mark.parametrize(
    "assignment",
    [*ASSIGNMENTS[:-1], pytest.param(ASSIGNMENTS[-1], marks=pytest.mark.last(minutes=12))],
)
def test_the_answers_of_the_course_earn_what_they_should(real_course, assignment):
    # `autograder audit` tries 25 seeds; this is to find what a change has broken.
    report = audit(real_course, assignment, seeds=1, quick=True)
    assert report.problems == []
    for exercise in hidden_of(assignment).checks:
        kinds = [row.kind for row in report.rows if row.exercise == exercise]
        assert kinds.count("mistake") >= 2 and kinds.count("alternative") >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "assignment",
    [pytest.param(a, marks=pytest.mark.last(minutes=m)) for a, m in zip(ASSIGNMENTS, MINUTES)],
)
def test_the_course_is_proven(real_course, assignment):
    assert audit(real_course, assignment, seeds=1).problems == []


def test_a_quick_audit_says_what_it_leaves_out(course, capsys):
    report = audit(course, A, seeds=1, quick=True)
    assert report.problems == [] and report.killed == 0 and report.of("mutant") == []
    assert not any(row.told for row in report.rows)
    console.audit_report(report)
    printed = capsys.readouterr().out
    assert "--quick leaves them out" in printed and "not recognized" not in printed
    assert "answers as expected, no leak" in printed and "proven" not in printed
