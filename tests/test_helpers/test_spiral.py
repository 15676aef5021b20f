"""The explorer of depth and width, and decision maps: helpers.widgets.spiral."""

import io
import time

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawings import Drawing, png_of
from PIL import Image

mpl.use("Agg")

from helpers import data, plots  # noqa: E402
from helpers.widgets import spiral, spiral_explorer  # noqa: E402


@pytest.fixture(scope="module")
def points():
    X, labels = data.spiral(600, num_arms=4, seed=0)
    return (X[:400], labels[:400]), (X[400:], labels[400:])


@pytest.fixture
def explorer(points):
    return spiral_explorer(*points, num_steps=20)


def parts(box):
    """Return the controls by description, the picture and the note."""
    controls = {c.description: c for c in box.children[0].children}
    return controls, *box.children[1:]


def quarter(X):
    """Logits of four classes, one for each quarter of the plane."""
    return torch.stack([X.sum(1), X[:, 1] - X[:, 0], -X.sum(1), X[:, 0] - X[:, 1]], dim=1)


def test_each_control_draws_another_picture(explorer):
    controls, picture, note = parts(explorer)
    assert isinstance(picture, Drawing) and "held-out points" in note.value
    seen = {picture.value}
    for name, value in {"depth": 4, "width": 11, "seed": 3, "activation": "tanh"}.items():
        controls[name].value = value
        assert picture.value not in seen, name
        seen.add(picture.value)
    with Image.open(io.BytesIO(png_of(picture))) as image:
        assert image.format == "PNG" and min(image.size) > 200
    sliders = [c for c in controls.values() if isinstance(c, ipywidgets.IntSlider)]
    assert len(sliders) == 3 and not any(c.continuous_update for c in sliders)


def test_the_note_counts_parameters_as_torch_does(explorer):
    controls, _, note = parts(explorer)
    controls["depth"].value, controls["width"].value = 3, 5
    network = spiral.spiral_network(3, 5, torch.nn.ReLU)
    assert note.value.startswith(f"{sum(p.numel() for p in network.parameters())} parameters")
    assert note.value.startswith("99 parameters")


def test_a_setting_gives_the_same_picture_whatever_came_before(explorer):
    controls, picture, note = parts(explorer)
    first = picture.value, note.value
    controls["width"].value = 3
    torch.rand(5)
    controls["width"].value = 6
    assert (picture.value, note.value) == first


def test_global_random_state_is_left_alone(points):
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    spiral_explorer(*points, num_steps=2)
    assert torch.equal(torch.rand(3), want)


def test_a_move_takes_less_than_two_seconds_of_cpu(points):
    controls, _, note = parts(spiral_explorer(*points))
    start = time.process_time()
    controls["depth"].value = 6
    assert time.process_time() - start < 2
    assert "%" in note.value


def test_the_network_learns_the_spiral(points):
    train, held_out = points
    model = spiral.spiral_network(1, 13, torch.nn.Tanh)
    spiral.train_on_points(model, *train)
    right = model(held_out[0]).argmax(1) == held_out[1]
    assert right.float().mean() > 0.9


def test_errors_are_shown_below_the_picture(points):
    X, labels = points[0]
    *_, note = parts(spiral_explorer((X[:, :1], labels), points[1], num_steps=1))
    assert "RuntimeError" in note.value


def test_decision_maps_have_the_class_of_each_place():
    X = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    labels = torch.arange(4)
    figure = spiral.decision_maps({"a": quarter, "b": quarter}, X, labels, radii=(1, 3), steps=20)
    axes = np.array(figure.axes).reshape(2, 2)
    for row, radius in zip(axes, (1, 3)):
        for panel in row:
            (image,) = panel.get_images()
            classes = image.get_array()
            # Row 0 is at the bottom.
            assert classes[-1, -3] == classes[-3, -1] == 0 and classes[-1, 2] == 1
            assert classes[0, 2] == 2 and classes[0, -3] == 3
            assert image.get_extent() == [-radius, radius, -radius, radius]
            assert image.cmap.colors == plots.COLOURS[:4]
    assert [panel.get_title() for panel in axes[0]] == ["a", "b"]
    assert not plt.get_fignums()


def test_a_model_that_raises_leaves_no_open_figure():
    def broken(X):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        spiral.decision_maps({"x": broken}, torch.zeros(4, 2), torch.arange(4))
    assert not plt.get_fignums()
