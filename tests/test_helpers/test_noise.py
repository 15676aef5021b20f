"""The explorer of noise, and the noisy descent that it draws: helpers.widgets.noise."""

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
from drawings import Drawing, alt

mpl.use("Agg")
from helpers import widgets
from helpers.widgets.noise import noisy_descent


def valley(w1, w2):
    return 0.025 * w1**2 + 0.5 * w2**2


def test_without_noise_it_is_gradient_descent():
    path = noisy_descent(valley, [0.5, 0.1], 0.0, (6, 3))
    w1, w2 = np.cumprod([[6, 3], [0.975, 0.5], [0.995, 0.9]], axis=0).T
    np.testing.assert_allclose(path, np.stack([w1, w2, valley(w1, w2)], axis=1))


def test_noise_is_as_large_as_stated_and_repeats_with_its_seed():
    paths = [
        noisy_descent(lambda w1, w2: 0 * w1 * w2, [1.0] * 4000, 0.5, (0, 0), s) for s in (1, 1, 2)
    ]
    steps = np.diff(paths[0][:, :2], axis=0)
    assert steps.std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
    assert abs(np.corrcoef(steps.T)[0, 1]) < 0.1
    np.testing.assert_array_equal(paths[0], paths[1])
    assert not np.allclose(paths[0], paths[2])


@pytest.mark.slow
def test_the_floor_follows_the_formula_of_the_text():
    path = noisy_descent(lambda w1, w2: 0.5 * (w1**2 + w2**2), [0.4] * 20_000, 1.0, (0, 0))
    assert path[100:, 2].mean() == pytest.approx(2 * 0.4 / (2 * (2 - 0.4)), rel=0.05)


@pytest.mark.slow
def test_the_explorer_draws_at_once_and_after_every_move():
    box = widgets.noise_explorer(valley, num_updates=100)

    def find(widget, kind):
        here = [widget] if isinstance(widget, kind) else []
        return here + [f for c in getattr(widget, "children", ()) for f in find(c, kind)]

    def shown():
        return [text.value for text in find(box, ipywidgets.HTML)]

    before = shown()
    drawn = find(box, Drawing)
    assert len(drawn) == 2 and all(alt(drawing) for drawing in drawn)
    controls = find(box, (ipywidgets.FloatSlider, ipywidgets.IntSlider, ipywidgets.Checkbox))
    assert [c.description for c in controls] == ["lr", "noise", "updates", "the rate falls to 0"]
    for control, value in zip(controls, (1.0, 2.0, 300, True), strict=True):
        control.value = value
        assert shown() != before
        before = shown()
    controls[0].value, controls[2].value = 2.5, 500  # It runs away, and is drawn all the same.
    assert shown() != before
