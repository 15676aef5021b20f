"""Scenarios of the course: every exercise has some, and the reference gives enough to ask about."""

import ast

import numpy as np
import pytest
from conftest import ROOT, hidden_of, reference_of

from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.viva import audit, verify
from autograder.viva.bench import Bench, Mistakes
from autograder.viva.making import questions
from autograder.viva.source import Cell

ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_exercise_has_scenarios_whose_code_runs_after_the_reference(assignment):
    own, reference = hidden_of(assignment), reference_of(assignment)
    asked = {scenario.exercise for scenario in own.scenarios}
    assert asked == set(reference.solutions)
    names = reference.namespace()
    for scenario in own.scenarios:
        codes = scenario.drawn(np.random.default_rng(0), 8)
        cell = reference.solutions[scenario.exercise]
        # Some draws are there because a mistake, or the reference itself, raises an error.
        assert sum(runs(cell, code, scenario.asks, names) for code in codes) >= 3, scenario


def runs(cell: str, code: str, asks: str, names: dict) -> bool:
    space = dict(names)
    try:
        # The code may replace what the cell uses.
        exec(compile(cell, "<cell>", "exec"), space)
        exec(compile(code, "<after>", "exec"), space)
        eval(asks, space)
    except (ValueError, ZeroDivisionError, TypeError):
        return False
    return True


def names_in(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_answer_is_called_by_the_code_that_is_shown_and_not_by_what_is_asked(assignment):
    """How often its lines run would be told of code that a student does not see."""
    solutions = reference_of(assignment).solutions
    for scenario in hidden_of(assignment).scenarios:
        cell = ast.parse(solutions[scenario.exercise])
        own = {n.name for n in cell.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        assert not own & names_in(scenario.asks), scenario


@pytest.mark.slow
@pytest.mark.last(minutes=8)
def test_enough_is_asked_about_the_reference_and_a_key_of_each_kind_is_right():
    # `autograder viva --audit` verifies all keys, of all answers.
    own, reference = hidden_of("03_optimizers"), reference_of("03_optimizers")
    names, mistakes = reference.namespace(), Mistakes(own, reference)
    student = LocalStudent(names)
    for exercise, source in reference.solutions.items():
        scenarios = [s for s in own.scenarios if s.exercise == exercise]
        bench = Bench(student, Cell.of(source), scenarios, mistakes)
        found = list(questions(bench, np.random.default_rng(1)))
        row = audit.Row(exercise, "reference", True, len(bench.cell.lines))
        row.kinds.update(q.kind for q in found)
        assert row.is_enough, row
        for question in {q.kind: q for q in found}.values():
            assert verify.problem(question, lambda: dict(names)) == "", question


@pytest.mark.slow
def test_all_answers_of_a_course_of_ones_own_give_enough():
    template = Course(ROOT / "autograder" / "authoring" / "template")
    found = audit.audit(template, "01_images")
    assert found.verified > 50 and found.problems == [] and found.without == []
