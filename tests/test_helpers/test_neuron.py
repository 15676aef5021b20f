"""The widgets that need nothing solved: helpers.widgets.neuron and helpers.widgets.descent."""

import io

import ipywidgets
import numpy as np
import pytest
import torch
from drawings import Drawing, png_of
from PIL import Image

from helpers.widgets import descent, neuron


def find(widget, kind):
    """Return all widgets of a kind inside `widget`, in order."""
    here = [widget] if isinstance(widget, kind) else []
    return here + [
        found for child in getattr(widget, "children", ()) for found in find(child, kind)
    ]


def sliders(box):
    kinds = (ipywidgets.FloatSlider, ipywidgets.IntSlider)
    return {slider.description: slider for slider in find(box, kinds)}


def pictures(box):
    return [png_of(picture) for picture in find(box, Drawing)]


def notes(box):
    return find(box, ipywidgets.HTML)[-1].value


def valley(w1, w2):
    return 0.025 * w1**2 + 0.5 * w2**2


@pytest.mark.parametrize("box", [neuron.neuron_explorer, lambda: descent.descent_explorer(valley)])
def test_every_slider_redraws_every_picture_once_released(box):
    box = box()
    for picture in pictures(box):
        with Image.open(io.BytesIO(picture)) as image:
            assert image.format == "PNG" and len(image.convert("L").getcolors(256)) > 10
    for slider in sliders(box).values():
        assert not slider.continuous_update
        before = pictures(box)
        slider.value += 2 * slider.step
        assert all(new != old for new, old in zip(pictures(box), before, strict=True))


def test_neurons_are_drawn_as_relu_of_their_lines_and_summed():
    figure = neuron._draw(np.array([2.0, -0.5]), np.array([-1.0, 1.0]))
    each, together = figure.axes
    x = torch.linspace(-3, 3, 601, dtype=torch.float64)
    first, second = 2 * x - 1, -0.5 * x + 1
    drawn = {line.get_label(): line.get_ydata() for line in each.lines + together.lines}
    for label, expected in {
        "neuron 1": first.relu(),
        "neuron 2": second.relu(),
        "without ReLU": first + second,
        "with ReLU": first.relu() + second.relu(),
    }.items():
        np.testing.assert_allclose(drawn[label], expected, atol=1e-12)
    assert [line.get_xdata() for line in each.lines if line.get_marker() == "o"] == [[0.5], [2.0]]


@pytest.mark.parametrize(
    "w, b, said",
    [
        (1, -1, "kink at x = 1, above 0 to the right of it"),
        (-2, -1, "kink at x = -0.5, above 0 to the left of it"),
        (1, 0, "kink at x = 0, above 0 to the right of it"),
        (0, 1.5, "w = 0: the same output, 1.5, for every x"),
        (0, -2, "w = 0: the same output, 0, for every x"),
    ],
)
def test_the_note_says_where_a_neuron_is_on(w, b, said):
    assert neuron._describe(w, b) == said


def test_the_note_is_that_of_the_neuron_on_the_sliders():
    box = neuron.neuron_explorer()
    sliders(box)["w1"].value, sliders(box)["b1"].value = -2, -1
    assert notes(box).startswith(f"<b>neuron 1</b>: {neuron._describe(-2, -1)}<br>")


def test_gradient_descent_is_that_of_torch():
    weights = torch.tensor([6.0, 3.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.3)
    rows = []
    for _ in range(6):
        loss = valley(*weights)
        rows.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(descent._descend(valley, 0.3, 5, (6, 3)), rows)


def test_a_path_that_runs_away_is_drawn():
    box = descent.descent_explorer(valley, lr=2.5, num_updates=100)
    assert "e+" in notes(box) and all(pictures(box))
