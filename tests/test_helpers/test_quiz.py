"""Questions about a student's own code in the notebook."""

import random
from types import SimpleNamespace

import pytest

from helpers import quiz

CELL = '''\
def walk(start, rate, count):
    """Downhill."""
    w = start
    for _ in range(count):
        w = w - rate * w
    return w


def other():
    return 1
'''
USE = quiz.Use("walk", "end = walk(8, 0.5, 2)\n", "end")


def questions(source=CELL, use=USE, count=20):
    names: dict = {}
    exec(source, names)
    return [quiz.make(use, source, names, random.Random(seed)) for seed in range(count)]


def test_as_it_is_the_right_option_is_what_the_formula_gives():
    found = [q for q in questions() if not q.change]
    assert found and {q.right for q in found} == {"2"}
    assert all(len(set(q.options)) == len(q.options) >= 2 and q.right in q.options for q in found)


def test_with_a_change_it_is_what_the_changed_code_gives():
    expected = {
        "line 5 of yours, <code>w = w - rate * w</code>, were left out": "8",
        "line 5 of yours were <code>w = w + rate * w</code>": "18",
        "line 5 of yours were <code>w = w - rate / w</code>": "7.87",
    }
    found = {q.change: q.right for q in questions(count=60) if q.change}
    assert found == expected


def test_each_outcome_says_which_code_gives_it():
    question = next(q for q in questions() if not q.change)
    assert question.told["2"] == "as it is"
    assert "w + rate" in question.told["18"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise NotImplementedError()", "solve it and run its cell first"),
        ("raise NotImplementedError('not for bytes')", "it raises NotImplementedError: correct it"),
        ("return missing", "it raises NameError: correct it"),
        ("return start + 'a'", "it raises TypeError: correct it"),
        ("import random; return random.random()", "depends on chance"),
        ("return list(range(100))", "too long to ask about"),
    ],
)
def test_where_nothing_can_be_asked_it_says_why(body, reason):
    with pytest.raises(quiz.Unasked, match=reason):
        questions(f"def walk(start, rate, count):\n    {body}\n", count=1)


def test_endless_code_is_an_outcome_and_names_stay():
    names = {"walk": None}
    text = quiz.result(
        "def walk():\n    while True:\n        pass\n", quiz.Use("walk", "walk()", "1"), names
    )
    assert text == "it never ends" and names == {"walk": None}


def test_a_changed_line_that_warns_prints_nothing(recwarn):
    """The spread of a single image: a page of warnings stood above the questions of CIFAR."""
    body = "return float(np.ones(1).std(ddof=1)) + float(torch.ones(1).std())"
    source = f"import numpy as np, torch, warnings\ndef walk():\n    {body}\n"
    assert quiz.result(source, quiz.Use("walk", "end = walk()", "end"), {}) == "nan"
    assert not recwarn.list


def test_the_last_cell_that_defines_the_name_counts():
    inputs = ["", CELL, "x = (", CELL.replace("8", "9"), "walk(1, 1, 1)", "%matplotlib inline"]
    assert quiz.source_of("walk", inputs) == inputs[3]
    with pytest.raises(quiz.Unasked):
        quiz.source_of("nobody", inputs)


@pytest.fixture
def shell(monkeypatch):
    names: dict = {"In": ["", CELL]}
    exec(CELL, names)
    monkeypatch.setattr(quiz, "get_ipython", lambda: SimpleNamespace(user_ns=names))
    return names


def test_an_answer_is_judged_at_once_and_explained(shell):
    (box,) = quiz.ask(USE).children
    text, choice, answer = box.children
    assert "walk" in text.value
    right = next(
        o for o in choice.options if _picked(choice, answer, o).startswith('<p role="status">✓')
    )
    wrong = next(o for o in choice.options if o != right)
    assert "✗ No." in _picked(choice, answer, wrong)


def _picked(choice, answer, option):
    choice.value = option
    return answer.value


def test_before_its_cell_has_run_an_exercise_says_so(shell):
    shell["In"] = [""]
    (box,) = quiz.ask(USE).children
    assert "solve it and run its cell first" in box.value
