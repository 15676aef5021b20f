"""A student's wrong answer becomes an entry of the bank: anonymous, and accepted by the audit."""

import ast

import pytest

from autograder.authoring import draft as drafting
from autograder.authoring.anonymous import anonymous
from autograder.authoring.classroom import answered, hand_in, solved
from autograder.authoring.proving.audit import audit
from autograder.checking import hidden
from autograder.checking.answers import Mistake
from autograder.errors import UserError
from autograder.gradebook.writer import opened
from autograder.grading import batch
from autograder.report import data

A = "99_tiny"
PEOPLE = ["ada-lovelace", "Ada", "Lovelace", "ada@uni.edu", "4711234", "Adam", "Max", "Bo", "Özil"]
GIVEN = "class Adam:\n    def step(self, params):\n        max_norm = 1\n"
ANSWER = '''\
"""Homework of Ada Lovelace."""
%matplotlib inline
import math as ada_math  # by Ada

class Adam:
    """Ada's optimizer."""
    def step(self, params, ada=1):
        # seed: my student number
        "Lovelace was here"
        lovelaceLoss = ada_math.sqrt(4711234)
        self.ada_state = lovelaceLoss
        max_norm, adamant, bowl = 1, 2, 3
        print("Hi, I am Ada!", "ada@uni.edu", f"Özil {max_norm}", "params")
        return self.ada_state + ada

def özil_helper(x): return Adam().step(x, ada=2)

def only_words():
    "nothing else"
'''


def test_nobody_can_be_told_from_an_anonymous_answer():
    found = anonymous(ANSWER, PEOPLE, GIVEN)
    ast.parse(found)
    for word in (
        "Lovelace",
        "lovelace",
        "Ada ",
        "ada_",
        "Özil",
        "özil",
        "4711234",
        "@",
        "#",
        '"""',
    ):
        assert word not in found, (word, found)
    # What was given stays, whoever has the same name, and so does what only looks like a name.
    for word in ("class Adam:", "max_norm", "adamant", "bowl", "'params'", "Hi, I am someone!"):
        assert word in found, (word, found)
    assert "def only_words():\n    pass" in found


def test_an_anonymous_answer_does_the_same():
    names: dict = {}
    exec(anonymous(ANSWER.replace("4711234", "16"), PEOPLE, GIVEN), names)
    assert names["Adam"]().step(None) == 5.0
    assert names["x_helper"](None) == 6.0


def test_what_is_not_python_is_refused():
    with pytest.raises(SyntaxError):
        anonymous("def f(:\n", PEOPLE, GIVEN)


SOURCE = 'def double(x):\n    return """a\\n""" if x else \'\\t"\'\n'
DRAFT = drafting.Draft(Mistake("double", "drafted_1", ("one_number", "an_array"), SOURCE), [])


def read(text: str) -> Mistake:
    names: dict = {}
    exec(f"from autograder.checking import Mistake\nfound = [\n{text}]", names)
    (mistake,) = names["found"]
    return mistake


def test_the_entry_says_the_same_source():
    assert read(DRAFT.entry) == DRAFT.mistake
    one = drafting.Draft(Mistake("double", "drafted_1", "one_number", "x = 1\n"), [])
    assert read(one.entry) == one.mistake and 'fails="one_number"' in one.entry


@pytest.mark.parametrize(
    "text",
    [
        "ANSWERS = []\nOTHER = [1]\n",
        "ANSWERS: list = [\n    1,\n]\n",
        "ANSWERS = [1,\n  'ü]', 2]  # three\nx = 1\n",
        "ANSWERS = ['ü', 1]; y = 2\n",
    ],
)
def test_the_entry_is_added_to_the_list_and_nothing_else_changes(tmp_path, text):
    path = tmp_path / "answers.py"
    path.write_text(f"from autograder.checking import Mistake\n{text}")
    before: dict = {}
    exec(path.read_text(), before)
    drafting.add(DRAFT, path)
    after: dict = {}
    exec(path.read_text(), after)
    assert after["ANSWERS"] == [*before["ANSWERS"], DRAFT.mistake]
    assert {k: v for k, v in after.items() if k not in ("ANSWERS", "__builtins__")} == {
        k: v for k, v in before.items() if k not in ("ANSWERS", "__builtins__")
    }


def test_a_new_file_is_made_and_another_one_is_left_alone(tmp_path):
    path = drafting.add(DRAFT, tmp_path / "new.py")
    names: dict = {}
    exec(path.read_text(), names)
    assert names["ANSWERS"] == [DRAFT.mistake]
    for content, message in [("x = 1\n", "expected a list ANSWERS"), ("def (", "is not Python")]:
        path.write_text(content)
        with pytest.raises(UserError, match=message):
            drafting.add(DRAFT, path)
        assert path.read_text() == content


WRONG = """\
def double(x):  # by Ada Lovelace
    lovelace = x + 1
    return lovelace
"""


@pytest.mark.slow
def test_a_drafted_mistake_is_accepted_by_the_audit(course, monkeypatch):
    monkeypatch.setattr(drafting, "CHALLENGES", 2)
    with opened(course) as book:
        book.add_student("ada", first_name="Ada", last_name="Lovelace")
    perfect = solved(course, A)
    hand_in(course, "ada", A, answered(perfect, {"double": WRONG}))
    square = "def double(x):\n    y = x\n    return x * y\n"
    hand_in(course, "ben", A, answered(perfect, {"double": square}))
    hand_in(course, "cem", A, perfect)
    batch.grade(course, A, ["ada", "ben", "cem"])
    assert data.example(course, A, "double") == "ada"
    with pytest.raises(UserError, match="behaves like no known mistake; .* double"):
        data.example(course, A, "mean")
    found = drafting.draft(course, A, "double", "ada", allow_unsealed=True)
    assert found.mistake.failing == ("one_number", "an_array")
    assert found.mistake.source == "def double(x):\n    x_ = x + 1\n    return x_\n"
    bank = course.hidden / A / "answers.py"
    drafting.add(found, bank)
    assert len(hidden.load(course.hidden, A).answers) == 4
    assert audit(course, A, seeds=3, exercise="double").problems == []
    with pytest.raises(UserError, match="the bank has this answer already: double/drafted_1"):
        drafting.draft(course, A, "double", "ada", allow_unsealed=True)
    with pytest.raises(UserError, match="a mistake that the bank knows: This is the square"):
        drafting.draft(course, A, "double", "ben", allow_unsealed=True)
    with pytest.raises(UserError, match="loses nothing for certain"):
        drafting.draft(course, A, "double", "cem", allow_unsealed=True)
