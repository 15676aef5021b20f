"""Pictures in feedback: small, only of what goes wrong, and never at the cost of a grade."""

import base64
import io

import numpy as np
import pytest
from conftest import hidden_of, reference_of
from PIL import Image

from autograder.authoring.expand import stub_of
from autograder.checking import wire
from autograder.checking.student import LocalStudent, Student
from autograder.feedback import figures

# Assignment → an exercise with a picture, and a wrong answer to it.
WRONG = {
    "01_mlp_basics": ("moving_average", "def moving_average(values, window):\n    return values"),
    "02_deep_vs_wide": ("width_for_budget", "def width_for_budget(b, d, i, c):\n    return 9"),
    "03_optimizers": (
        "sgd",
        "class SGD(OptimizerTemplate):\n    def update_param(self, p):\n        p -= p.grad",
    ),
    "04_initialization": (
        "activation_rms",
        "def activation_rms(model, x):\n    return [0.5] * 10",
    ),
}


@pytest.mark.parametrize("assignment", WRONG)
def test_a_picture_is_small_and_only_of_what_goes_wrong(assignment):
    exercise, source = WRONG[assignment]
    hidden, reference = hidden_of(assignment), reference_of(assignment)

    def picture(**replaced):
        return figures.picture(hidden, exercise, LocalStudent(reference.namespace(**replaced)))

    bundle = picture(**{exercise: source})
    content = base64.b64decode(bundle["image/png"])
    assert len(content) < 40_000
    assert np.asarray(Image.open(io.BytesIO(content))).std() > 10
    assert bundle["text/plain"]
    assert picture() is None
    assert picture(**{exercise: stub_of(reference.solutions[exercise])}) is None


class Says(Student):
    """Gives the same reply to every question."""

    def __init__(self, reply):
        super().__init__()
        self.reply = reply

    def _ask(self, request: bytes, timeout: float) -> bytes:
        return wire.encode({"value": self.reply})


HOSTILE_REPLIES = [None, "x", [], [1], {"values": "x"}, [{"width": "9"}] * 8, np.full(3, np.nan),
                   [np.full((101, 2), np.nan)], [np.full((101, 2), 1e300)],
                   {"values": [[np.inf, -1.0], [1.0]]}, {"values": [[], []]}]  # fmt: skip


@pytest.mark.parametrize("assignment", WRONG)
def test_no_reply_stops_a_picture(assignment):
    hidden = hidden_of(assignment)
    for exercise in hidden.pictures:
        for reply in HOSTILE_REPLIES:
            bundle = figures.picture(hidden, exercise, Says(reply))
            assert bundle is None or "image/png" in bundle


def test_an_assignment_may_have_no_pictures():
    assert figures.picture(hidden_of("05_cifar_limits"), "any", Says({})) is None


def test_a_picture_that_cannot_be_drawn_is_said():
    hidden, notes = hidden_of("04_initialization"), []
    exercise, wrong = "activation_rms", "def activation_rms(model, x):\n    return [0.5] * 10"
    namespace = reference_of("04_initialization").namespace(**{exercise: wrong})

    def broken(student, figure):
        raise KeyError("colour")

    class Broken:
        pictures = hidden.pictures | {exercise: broken}

    assert figures.picture(Broken, exercise, LocalStudent(namespace), notes.append) is None
    assert notes == ["no picture of activation_rms: KeyError: 'colour'"]
