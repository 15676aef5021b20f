"""The audit finds what is wrong with checks, answers and releases; and the course passes it."""

import pytest
from conftest import ROOT, hidden_of

from autograder.authoring.audit import audit
from autograder.authoring.classroom import cell_of, released
from autograder.authoring.expand import write_notebook
from autograder.checking.answers import Alternative, Mistake

A = "99_tiny"
ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


def problems(course, *bank):
    """What the audit finds with these answers, each an expression of `answers.py`."""
    path = course.hidden / A / "answers.py"
    head = "from autograder.checking import Alternative, Mistake\n\n"
    path.write_text(f"{head}ANSWERS = [{', '.join(map(repr, bank))}]\n")
    return audit(course, A, seeds=2).problems


def test_a_mistake_that_passes_is_a_problem(course):
    right = Mistake("double", "no mistake", "one_number", "def double(x):\n    return x + x\n")
    (problem,) = problems(course, right)
    assert problem == "mistake double/no mistake: passed one_number with 2 seeds"


def test_an_alternative_that_loses_points_is_a_problem(course):
    wrong = Alternative("mean", "sum", "def mean(values):\n    return values.sum()\n")
    (problem,) = problems(course, wrong)
    assert problem.startswith("alternative mean/sum: lost the_mean with 2 seeds")


def test_an_unknown_check_or_exercise_is_a_problem(course):
    found = problems(
        course,
        Mistake("double", "a", "no_such_check", "def double(x):\n    return 0\n"),
        Mistake("nothing", "b", "one_number", ""),
        Mistake("double", "c", "one_number", "def double(x)\n"),
    )
    assert "there is no check 'no_such_check'" in found[0]
    assert "unknown exercise" in found[1]
    assert "its cell raises SyntaxError" in found[2]


def test_a_solution_in_the_release_is_a_leak(course):
    notebook = released(course, A)
    cell_of(notebook, "mean").source += "\n# return values.sum() / values.numel()"
    cell_of(notebook, "mean").source += "\nreturn values.sum() / values.numel()"
    write_notebook(notebook, course.folder("release") / A / f"{A}.ipynb")
    (problem,) = audit(course, A, seeds=1).problems
    assert "shows a line of the solution on line 17: return values.sum()" in problem


@pytest.mark.parametrize(
    "assignment",
    # The others train networks, or have many answers.
    [pytest.param(a, marks=[pytest.mark.slow] if a[:2] != "03" else []) for a in ASSIGNMENTS],
)
def test_the_course_is_proven(real_course, assignment):
    # `autograder audit` tries 25 seeds; this is to find what a change has broken.
    report = audit(real_course, assignment, seeds=1)
    assert report.problems == []
    for exercise in hidden_of(assignment).checks:
        kinds = [row.kind for row in report.rows if row.exercise == exercise]
        assert kinds.count("mistake") >= 2 and kinds.count("alternative") >= 2
