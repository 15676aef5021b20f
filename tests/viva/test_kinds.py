"""Each kind of question: what is right, against values worked out by hand."""

import ast
import itertools
from dataclasses import replace

import numpy as np
import pytest
from steps import STEPS, Reference, bench_of

from autograder.checking.answers import Scenario
from autograder.checking.student import OutOfTime
from autograder.viva import verify
from autograder.viva.curve import APART
from autograder.viva.kinds import (
    count,
    picture,
    result,
    shape,
    variable,
    what_if,
    which_line,
    why_not,
)
from autograder.viva.making import KINDS, questions


def made(module, bench=None, seed=0):
    return list(module.make(bench or bench_of(), np.random.default_rng(seed)))


def walked(after: str) -> float:
    """What the exercise gives by its formula: each step multiplies w by 1 - rate."""
    start, rate, steps = ast.literal_eval(after.split("steps")[1].strip())
    return start * (1 - rate) ** steps


def test_a_result_is_what_the_formula_gives():
    (question,) = made(result)
    assert float(question.options[question.right]) == walked(question.after)
    assert question.text == "What is `end` at the end?"


def test_a_count_is_the_number_of_steps():
    found = made(count)
    assert {q.claim["count"]["line"] for q in found} == {5, 6, 7} or found
    for question in found:
        steps = ast.literal_eval(question.after.split("steps")[1].strip())[2]
        assert question.options[question.right] == str(steps)


def test_a_shape_is_told_for_a_line_that_assigns_a_tensor():
    source = "def f(x):\n    y = x @ x.T\n    z = y.sum(dim=0)\n    return z\n"
    scenario = Scenario("steps", "a = f(torch.ones($n, 3))\n", "a.tolist()", {"n": [2, 4]})
    found = made(shape, bench_of("import torch\n" + source, scenario, mistakes=[]))
    told = {q.claim["shape"]["name"]: (q.options[q.right], q.after) for q in found}
    for name, (text, after) in told.items():
        n = int(after.split("ones(")[1].split(",")[0])
        assert text == str({"y": (n, n), "z": (n,)}[name])
    assert set(told) == {"y", "z"}


def test_a_variable_is_what_it_holds_when_the_function_returns():
    for question in made(variable):
        name = question.claim["variable"]["name"]
        start, rate, steps = ast.literal_eval(question.after.split("steps")[1].strip())
        # The gradient is taken before the last step.
        expected = {"w": walked(question.after), "gradient": start * (1 - rate) ** (steps - 1)}
        if name in expected:
            assert float(question.options[question.right]) == expected[name]


def test_without_the_step_the_walk_stays_where_it_was():
    found = [q for q in made(what_if) if "is left out" in q.text and "w = w - rate" in q.text]
    for question in found:
        start = ast.literal_eval(question.after.split("steps")[1].strip())[0]
        assert question.options[question.right] == str(start)
    assert found


def test_the_missing_line_is_the_only_one_with_this_outcome():
    found = made(which_line)
    assert found
    for question in found:
        assert question.are_code and "NameError" not in question.text
        assert verify.problem(question, lambda: Reference().namespace()) == ""


def test_another_answer_differs_after_one_of_the_codes_only():
    found = made(why_not)
    assert {"It walks uphill." in q.because for q in found} == {True, False}
    for question in found:
        rates = [ast.literal_eval(o.split("steps")[1].strip())[1] for o in question.options]
        # Without a rate nobody moves, uphill or down, however often.
        assert rates[question.right] == 0.5 and rates.count(0.5) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_depends_on_chance_is_not_asked(kind):
    source = "import random\n" + STEPS.replace("gradient = w", "gradient = w + random.random()")
    scenario = Scenario("steps", "end = steps($start, 0.5, 2)\n", "end", {"start": [8, 4, 2, 1]})
    assert list(KINDS[kind](bench_of(source, scenario), np.random.default_rng(0))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_unsolved_exercise_gives_nothing(kind):
    source = "def steps(start, rate, count):\n    raise NotImplementedError()\n"
    assert list(KINDS[kind](bench_of(source), np.random.default_rng(0))) == []


def test_every_question_is_verified_and_a_wrong_key_is_noticed():
    found = list(questions(bench_of(), np.random.default_rng(1)))
    assert {q.kind for q in found} >= {
        "count",
        "result",
        "variable",
        "what_if",
        "which_line",
        "why_not",
    }
    for question in found:
        assert verify.problem(question, lambda: Reference().namespace()) == "", question
        wrong = replace(question, right=(question.right + 1) % len(question.options))
        assert verify.problem(wrong, lambda: Reference().namespace()) == "another option is right"
        twice = replace(question, options=(*question.options, question.options[0]))
        assert verify.problem(twice, lambda: Reference().namespace())


@pytest.mark.parametrize("kind", ["what_if", "which_line"])
@pytest.mark.parametrize("made", ["np.empty(2)", "np.empty(2, np.float32)", "torch.empty(2)"])
def test_what_depends_on_memory_that_nobody_has_set_is_not_asked(kind, made):
    source = (
        "import numpy as np\nimport torch\ndef f(n):\n"
        f"    a = {made}\n    a[0] = n\n    a[1] = 2 * n\n    return a\n"
    )
    scenario = Scenario("steps", "a = f($n)\n", "a.tolist()", {"n": [3, 4, 5, 6]})
    found = list(KINDS[kind](bench_of(source, scenario, mistakes=[]), np.random.default_rng(0)))
    assert not [q for q in found if "left out" in q.text and "a[" in q.text]


def test_a_coin_that_falls_twice_on_the_same_side_is_noticed():
    """Two runs agree by chance half of the time."""
    coin = "        w = w - rate * w * (random.random() < 0.5)\n"
    source = "import random\n" + STEPS.replace("        w = w - rate * gradient\n", coin)
    draws = {"start": [8, 4, 2, 16], "count": [1]}
    scenario = Scenario("steps", "end = steps($start, 0.5, $count)\n", "end", draws)
    assert list(questions(bench_of(source, scenario), np.random.default_rng(0))) == []
    scenario = Scenario("steps", "end = steps($start, 0.5, $count)\n", "end", draws)
    changed = bench_of(STEPS, scenario, mistakes=[])
    assert not changed.is_certain([source], "end = steps(8, 0.5, 1)\n", "end")
    assert changed.is_certain([STEPS], "end = steps(8, 0.5, 1)\n", "end")


def test_code_that_does_not_end_in_time_costs_its_own_exercise_alone():
    bench = bench_of()
    calls = []

    def call(*arguments, **options):
        calls.append(arguments)
        raise OutOfTime("the code did not finish")

    bench.student.call = call
    assert list(questions(bench, np.random.default_rng(0))) == []
    assert len(calls) == 1, "no more time is given to it"
    assert list(questions(bench_of(), np.random.default_rng(0)))


PATH = "path = [float(steps(8, $rate, n)) for n in range(15)]\n"


def pictures(rate, seed=0):
    scenario = Scenario("steps", PATH, "path", {"rate": [rate]}, over="steps")
    return made(picture, bench_of(STEPS, scenario), seed)


@pytest.mark.parametrize("rate", [0.25, 0.5, 1.5])
def test_the_right_picture_is_the_curve_of_the_formula(rate):
    first, *others = pictures(rate)
    assert first.curves[first.right] == pytest.approx(
        [8 * (1 - rate) ** n for n in range(15)], 1e-5
    )
    assert first.text == "Which picture shows `path` over the steps?"
    still = [q for q in others if "`w = w - rate * gradient`, is left out" in q.text]
    assert all(set(q.curves[q.right]) == {8.0} for q in still)


def test_some_question_is_about_a_line_that_is_left_out():
    assert any("left out" in q.text for seed in range(4) for q in pictures(0.5, seed))


def test_pictures_of_a_question_look_different_and_a_wrong_key_is_noticed():
    found = pictures(0.25)
    for question in found:
        assert len(set(question.options)) == len(question.curves) >= 3
        assert question.frame.is_log
        heights = [question.frame._seen(curve) for curve in question.curves]
        for a, b in itertools.combinations(heights, 2):
            assert max(abs(x - y) for x, y in zip(a, b, strict=True)) >= APART
        assert verify.problem(question, lambda: Reference().namespace()) == ""
        wrong = replace(question, right=(question.right + 1) % len(question.options))
        assert verify.problem(wrong, lambda: Reference().namespace()) == "another option is right"
    assert found
