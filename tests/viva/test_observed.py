"""Watched runs: values, counts, errors and endless code. The student's names are left unchanged."""

import math

import numpy as np
import pytest
import torch
from steps import STEPS, Reference

from autograder.checking.reply import Reply
from autograder.checking.student import LocalStudent
from autograder.viva import bench, observe, value


def ran(cell, after, asks, names=None, seed=1):
    student = LocalStudent(names if names is not None else {})
    (found,) = bench.run(student, [(cell, seed)], after, asks, {6: ["w"]})
    return found


def test_lines_are_counted_and_what_they_assign_is_kept():
    source = "def f(n):\n    w = 0\n    for i in range(n):\n        w = w + i\n        w = w + 0.5\n    return w\n"
    student = LocalStudent({})
    (found,) = bench.run(student, [(source, 1)], "x = f(3)\n", "x", {4: ["w"], 5: ["w"]})
    assert found.value.text == "4.5"
    assert found.counts == {2: 1, 3: 4, 4: 3, 5: 3, 6: 1}
    kept = [(line, told.text) for line, name, told in found.values if line > 0]
    assert kept == [(4, "0"), (5, "0.5"), (4, "1.5"), (5, "2"), (4, "4"), (5, "4.5")]
    assert (-1, "4.5") in [(line, told.text) for line, name, told in found.values if name == "w"]


@pytest.mark.parametrize(
    "after, text",
    [
        ("x = missing\n", "it raises NameError"),
        ("x = 1 / 0\n", "it raises ZeroDivisionError"),
        ("while True:\n    x = 1\n", "it never ends"),
        (
            "while True:\n    try:\n        x = 1\n    except Exception:\n        pass\n",
            "it never ends",
        ),
    ],
)
def test_errors_and_endless_code_are_values(after, text):
    assert ran(STEPS, after, "x").value.text == text


def test_the_names_are_unchanged_and_other_functions_see_the_changed_cell():
    names = Reference().namespace()
    exec("def twice(x):\n    return steps(steps(x, 0.5, 1), 0.5, 1)\n", names)
    before = dict(names)
    changed = STEPS.replace("w - rate", "w + rate")
    assert ran(changed, "x = twice(8)\n", "x", names).value.text == "18"
    assert names == before


def test_the_seed_decides_what_is_drawn():
    texts = [
        ran(STEPS, "x = torch.rand(3).tolist()\n", "x", {"torch": torch}, seed=s).value.text
        for s in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    "given, text, is_short",
    [
        (3, "3", True),
        (0.1 + 0.2, "0.3", True),
        (1 / 3, "0.333", False),
        (float("nan"), "nan", True),
        (True, "True", True),
        (None, "None", True),
        ("ab", "'ab'", True),
        ((2, 3), "(2, 3)", True),
        ((2,), "(2,)", True),
        ([1.5, [2]], "[1.5, [2]]", True),
        ({"a": 1}, "{'a': 1}", True),
        (torch.tensor([[1.0, 2.0]]), "[[1, 2]]", True),
        (torch.tensor(0.25), "0.25", True),
        (np.arange(3), "[0, 1, 2]", True),
    ],
)
def test_a_value_is_told_in_one_line(given, text, is_short):
    found = value.read(Reply(observe.plain(given)))
    assert (found.text, found.is_short) == (text, is_short)


@pytest.mark.parametrize(
    "given", [object(), list(range(101)), list("x" * 50), "x" * 99, 10**30, {object(): 1}]
)
def test_what_cannot_be_told_in_a_line_is_no_value(given):
    assert value.read(Reply(observe.plain(given))) is None


def test_a_long_list_of_numbers_is_a_curve():
    given = [1.0 / 3, math.inf, math.nan, *range(10)]
    found = value.read(Reply(observe.plain(given)))
    assert (found.text, found.curve) == ("", (0.333333, math.inf, None, *range(10)))
    assert value.read(Reply(["curve", [1.0] * 101])) is None


def test_a_large_tensor_has_a_shape_only():
    found = value.read(Reply(observe.plain(torch.zeros(7, 5))))
    assert (found.text, found.shape) == ("", (7, 5))


@pytest.mark.parametrize(
    "forged",
    [None, [], ["plain"], ["plain", {}], ["tuple", 3], ["tensor", [1]], ["tensor", "x", [1]], ["dict", [[1, 2]]],
     ["list", [["list"]]], [["plain"], 1], {"value": 1}, ["plain", "x" * 10**6], ["array", [10**9, 10**9], None]],
)  # fmt: skip
def test_a_forged_value_is_none_or_short(forged):
    found = value.read(Reply(forged))
    assert found is None or len(found.text) <= value.MOST_LETTERS


@pytest.mark.parametrize(
    "forged", [3, [], [3], [{"value": 1}], [{"error": 3, "counts": [], "values": []}], [{"value": ["plain", 1], "counts": [[1]], "values": []}]],
)  # fmt: skip
def test_a_forged_reply_is_a_run_without_a_value(forged):
    class Forger(LocalStudent):
        def call(self, *args, **kwargs):
            return Reply(forged)

    assert bench.run(Forger({}), [("x = 1\n", 1)], "", "x")[0].value is None
