"""Feedback is no oracle: who hands in again and again learns nothing that was drawn; see `asking`."""

import json

import asking
import nbformat
import numpy as np
import pytest
from conftest import ROOT, hidden_of, reference_of

from autograder.authoring.classroom import cell_of, hand_in, solved
from autograder.checking.check import challenge_seed, run_checks
from autograder.checking.raised import described
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.grading import batch
from autograder.grading.judging.data import built_in

ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))
A = "99_tiny"


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_message_repeats_what_was_drawn_or_would_have_been_right(assignment):
    with built_in(hidden_of(assignment)):
        found = list(asking.asking(Course(ROOT), assignment, kinds=asking.FEW))
    assert [row for row in found if row[-1]] == []


def test_no_message_of_a_course_of_ones_own_does():
    template = Course(ROOT / "autograder" / "authoring" / "template")
    assert [row for row in asking.asking(template, "01_images") if row[-1]] == []


def test_fifty_hand_ins_tell_nothing_about_a_formula():
    """Whatever is answered: each time other numbers are asked, and none of them is told."""
    checks = hidden_of("04_initialization").checks["xavier_std"]
    reference = LocalStudent(reference_of("04_initialization").namespace())
    kinds = list(asking.ANSWERS.values())
    asked = set()
    for number in range(50):
        student = asking.Remembering(reference, kinds[number % len(kinds)], {})
        results = run_checks(
            checks, student, lambda c, n=number: challenge_seed(b"s", bytes([n]), "me", c.name)
        )
        assert not any(r.points or r.error for r in results)
        for result in results:
            assert asking.telling(result.message, student.known, set()) == []
        asked.add(tuple(float(a.ravel()[0]) for a in student.known[:8]))
    assert len(asked) == 50


def test_a_message_that_tells_is_found():
    known = [np.array(0.0391), np.array(634.0), np.linspace(0.111, 0.222, 7)]
    for message in ("differs by up to 0.0391", "xavier_std(634, 1)", "got 0.2220"):
        assert asking.telling(message, known, set())
    for message in (
        "634 of 634 values differ",
        "got shape (634, 3)",
        "by more than 10 %",
        "got 0.7",
    ):
        assert not asking.telling(message, known, set())


SPY = """
ASKED = []
_double = double
def double(x):
    ASKED.append(float(x))
    return _double(x)
"""


def asked_of(course, student) -> str:
    """What the student's notebook has printed about its inputs."""
    path = course.folder("autograded") / student / A / f"{A}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    return next(c for c in cells if c.source.startswith("print(ASKED)")).outputs[0].text


@pytest.mark.slow
def test_whoever_changes_anything_is_asked_something_else(course):
    notebook = solved(course, A)
    cell_of(notebook, "double").source += SPY
    notebook.cells.append(nbformat.v4.new_code_cell("print(ASKED)"))

    def submit(student, **files):
        hand_in(course, student, A, notebook)
        for name, text in files.items():
            (course.folder("submitted") / student / A / name).write_text(text)

    submit("same")
    submit("file", beside="1")
    submit("other-file", beside="2")
    submit("somebody")
    submit("metadata")
    path = course.folder("submitted") / "metadata" / A / f"{A}.ipynb"
    raw = json.loads(path.read_text())
    raw["metadata"]["note"] = "1"
    path.write_text(json.dumps(raw))
    students = ["same", "file", "other-file", "somebody", "metadata"]
    assert all(r.score for r in batch.grade(course, A, students))
    first = [asked_of(course, student) for student in students]
    assert len(set(first)) == len(students) and len(first[0]) > 5
    batch.grade(course, A, students[:1])
    assert asked_of(course, "same") == first[0], "a regrade repeats its challenge"


@pytest.mark.parametrize(
    "message",
    [
        "'NoneType' object is not callable",
        "name 'momentum' is not defined",
        "mat1 and mat2 shapes cannot be multiplied (5x12 and 11x4)",
        "forward() missing 1 required positional argument: 'x'",
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
    ],
)
def test_what_python_says_itself_is_told(message):
    assert described("TypeError", message, "y = f(x)") == (
        f"your code raised TypeError at `y = f(x)`: {message}"
    )


def test_code_for_a_graphics_card_is_told_what_to_do_without_one():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    for attempt in (lambda: torch.ones(1).cuda(), lambda: torch.nn.Linear(1, 1).to("cuda")):
        with pytest.raises((RuntimeError, AssertionError)) as failed:
            attempt()
        text = described(type(failed.value).__name__, str(failed.value), "x.cuda()")
        assert "this computer has none" in text and "NVIDIA" not in text, text


def test_a_librarys_not_implemented_error_is_no_stub():
    unsolved = "not solved yet: the code still raises NotImplementedError"
    assert described("NotImplementedError", "", "raise NotImplementedError()") == unsolved
    message = 'Module [Perceptron] is missing the required "forward" function'
    assert described("NotImplementedError", message, "model(x)") == (
        f"your code raised NotImplementedError at `model(x)`: {message}"
    )


@pytest.mark.parametrize(
    "message",
    ["0.731", "asked: [3, 4]", "name 'x0731' is not defined", "'E731' object is not callable",
     "mat1 and mat2 shapes cannot be multiplied (7310x12 and 11x4)", "division by zero: 0.731"],
)  # fmt: skip
def test_an_error_whose_words_are_the_students_own_is_not_repeated(message):
    assert described("ValueError", message, "") == "your code raised ValueError"
    assert "731" not in described("E0731", message, "")


def test_a_line_that_nobody_has_handed_in_is_not_shown(course):
    probes = hidden_of("04_initialization").module("probes")
    names: dict = {}
    exec(
        compile("def leaky_relu_gain(slope):\n    raise ValueError(slope)", "<student 1>", "exec"),
        names,
    )
    student = LocalStudent(names)
    with pytest.raises(Exception, match="ValueError"):
        student.call(probes.gains_of, [0.731])
    student._agent["describe"] = lambda error: {"type": "E", "message": "", "line": "# 0.731"}
    student.lines = frozenset({"def leaky_relu_gain(slope):"})
    with pytest.raises(Exception) as failed:
        student.call(probes.gains_of, [0.731])
    assert "731" not in str(failed.value)
