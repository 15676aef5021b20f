"""A cell's lines and its small changes."""

import pytest
from steps import STEPS

from autograder.viva.source import Cell


def test_comments_docstrings_and_doubled_empty_lines_are_left_out():
    cell = Cell.of(STEPS.replace("    seen = []\n", "    seen = []\n\n\n\n"))
    assert "#" not in cell.source and '"""' not in cell.source
    assert cell.source.splitlines()[:5] == [
        "def steps(start, rate, count):",
        "    w = start",
        "    seen = []",
        "",
        "    for _ in range(count):",
    ]


def test_a_text_keeps_its_lines_even_if_they_look_like_comments():
    text = 'def f():\n    return """\n# not a comment\n\n\nend"""\n'
    assert Cell.of(text).source == text


def test_a_body_that_is_a_docstring_alone_keeps_it():
    cell = Cell.of('class Empty(Exception):\n    """Nothing."""\n\ndef f():\n    return 1\n')
    assert '"""Nothing."""' in cell.source


@pytest.mark.parametrize("text", ["def f(:\n", "x = 1 \0", "return 5\n", "(" * 3000])
def test_what_is_not_python_is_refused(text):
    with pytest.raises(ValueError, match="not Python"):
        Cell.of(text)


def test_every_statement_of_a_line_is_left_out_once_and_nothing_else_changes():
    cell = Cell.of(STEPS)
    assert [change.before for change in cell.left_out] == [
        "w = start",
        "seen = []",
        "seen.append(w)",
        "gradient = w",
        "w = w - rate * gradient",
    ]
    for change in cell.left_out:
        lines = change.source.splitlines()
        assert lines[change.line - 1].strip() == "pass"
        lines[change.line - 1] = cell.lines[change.line - 1]
        assert lines == cell.lines


def test_a_return_and_the_call_of_the_base_class_stay():
    cell = Cell.of(
        "class A(B):\n    def __init__(self):\n        super().__init__()\n        self.x = 1\n"
    )
    assert [change.before for change in cell.left_out] == ["self.x = 1"]


def test_a_change_alters_one_place_and_can_be_compiled():
    cell = Cell.of("def f(ä):\n    'x'\n    y = ä.mean(0) * 2 + 0.5\n    return y <= 1, True\n")
    assert {change.after for change in cell.altered} == {
        "y = ä.sum(0) * 2 + 0.5",
        "y = ä.mean(1) * 2 + 0.5",
        "y = ä.mean(0) / 2 + 0.5",
        "y = ä.mean(0) * 3 + 0.5",
        "y = ä.mean(0) * 2 - 0.5",
        "y = ä.mean(0) * 2 + 1",
        "return y < 1, True",
        "return y <= 2, True",
        "return y <= 1, False",
    }
    for change in cell.altered:
        compile(change.source, "changed", "exec")


def test_a_line_with_a_comprehension_is_not_counted():
    cell = Cell.of("def f(n):\n    a = [i for i in range(n)]\n    b = n\n    return a, b\n")
    assert not cell.is_counted(2) and cell.is_counted(3)


PARTS = """\
import math as m
SIZE = 3
SIZE += 1

@cached
def inner(x):
    return m.floor(x) * SIZE

def other(x):
    return inner(x) + 1

def outer(x):
    return inner(x)
"""


def test_a_part_is_what_code_uses_and_what_that_uses():
    part = Cell.of(PARTS).part("y = inner(2.5)\n")
    assert part.source.split("\n\n") == [
        "import math as m\nSIZE = 3\nSIZE += 1",
        "@cached\ndef inner(x):\n    return m.floor(x) * SIZE\n",
    ]
    assert "def other" not in Cell.of(PARTS).part("print(outer)").source
    assert Cell.of(PARTS).part("other(outer(1))") == Cell.of(PARTS)
    assert Cell.of(PARTS).part("x = 1").lines == []
