"""The gain explorer, moved as a student's hand would: helpers.widgets.gains."""

import io
import time

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
from drawings import png_of
from PIL import Image


@pytest.fixture
def gains():
    mpl.use("Agg")
    from helpers.widgets import gains

    return gains


def controls(box):
    found, open_widgets = {}, [box]
    while open_widgets:
        widget = open_widgets.pop()
        open_widgets += getattr(widget, "children", ())
        found.setdefault(getattr(widget, "description", "") or type(widget).__name__, widget)
    return found


def is_png(picture):
    with Image.open(io.BytesIO(png_of(picture))) as image:
        return image.format == "PNG" and len(image.convert("L").getcolors(256)) > 10


@pytest.mark.parametrize(
    "description, value", [("gain", 2.0), ("depth", 7), ("activation", "tanh")]
)
def test_a_move_redraws_the_picture(gains, description, value):
    found = controls(gains.gain_explorer(width=64))
    picture, note = found["Drawing"], found["HTML"]
    assert is_png(picture)
    before = picture.value, note.value
    found[description].value = value
    assert is_png(picture)
    assert picture.value != before[0] and note.value != before[1]


def test_sliders_wait_for_the_hand_to_let_go(gains):
    found = controls(gains.gain_explorer(width=16))
    assert not found["gain"].continuous_update and not found["depth"].continuous_update


def test_a_move_takes_less_than_a_second(gains):
    found = controls(gains.gain_explorer())
    found["depth"].value = 60
    start = time.process_time()
    found["gain"].value = 1.41
    assert time.process_time() - start < 1


@pytest.mark.slow
def test_every_corner_can_be_drawn(gains):
    box = gains.gain_explorer()
    found = controls(box)
    assert isinstance(box, ipywidgets.VBox)
    for activation in gains.ACTIVATIONS:
        found["activation"].value = activation
        for gain in (found["gain"].min, found["gain"].max):
            for depth in (found["depth"].min, found["depth"].max):
                found["gain"].value, found["depth"].value = gain, depth
                assert is_png(found["Drawing"])
                assert f"After {depth} layers" in found["HTML"].value


@pytest.mark.parametrize("activation", ["LeakyReLU, slope 0.1", "ReLU", "none (linear)"])
def test_the_profile_follows_theory(gains, activation):
    share = gains.ACTIVATIONS[activation][1]
    profile = np.array(gains.activation_profile(1.2, 10, activation, width=512))
    assert len(profile) == 10
    theory = (1.2 * share**0.5) ** np.arange(1, 11)
    np.testing.assert_allclose(profile, theory, rtol=0.2)


def test_thirty_layers_of_256_die_hold_and_explode(gains):
    last = [gains.activation_profile(gain, 30, "LeakyReLU, slope 0.1")[-1] for gain in (1, 1.41, 2)]
    assert last[0] < 1e-4 and 0.5 < last[1] < 2 and last[2] > 1e4
