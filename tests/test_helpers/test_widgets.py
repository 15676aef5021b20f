"""The widgets, moved as a student's hand would: helpers.widgets."""

import io
from datetime import UTC, datetime

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
import torch
from drawings import Drawing, alt, png_of
from PIL import Image


@pytest.fixture
def widgets():
    mpl.use("Agg")
    from helpers import widgets

    return widgets


def find(widget, kind):
    """Return all widgets of a kind inside `widget`, in order."""
    here = [widget] if type(widget) is kind else []
    return here + [
        found for child in getattr(widget, "children", ()) for found in find(child, kind)
    ]


def notes(box):
    return find(box, ipywidgets.HTML)[-1].value


def bowl(w1, w2):
    return w1**2 + 0.1 * w2**2


def descend(optimizer_func, curve_func, num_updates, init):
    weights = torch.tensor(init, dtype=torch.float32, requires_grad=True)
    optimizer = optimizer_func([weights])
    rows = []
    for _ in range(num_updates):
        optimizer.zero_grad()
        loss = curve_func(weights[0], weights[1])
        loss.backward()
        rows.append([*weights.tolist(), loss.item()])
        optimizer.step()
    return np.array(rows)


def sgd(params, lr, momentum):
    return torch.optim.SGD(params, lr, momentum=momentum)


class Unsolved:
    def __init__(self, params):
        raise NotImplementedError


def is_png(picture):
    with Image.open(io.BytesIO(png_of(picture))) as image:
        return image.format == "PNG" and len(image.convert("L").getcolors(256)) > 10


def test_explorer_draws_at_once_and_after_every_move(widgets):
    calls = []

    def train_curve(optimizer_func, curve_func, num_updates, init):
        calls.append((num_updates, init))
        return descend(optimizer_func, curve_func, num_updates, init)

    box = widgets.optimizer_explorer(
        bowl, {"SGD": sgd}, train_curve, num_updates=5, lr=0.1, init=(1, 2)
    )
    flat, surface = find(box, Drawing)
    assert is_png(flat) and is_png(surface)
    assert calls == [(6, (1, 2))], "a row is before its update: one more shows where all have led"
    before = flat.value, surface.value, notes(box)
    (w1,) = (s for s in find(box, ipywidgets.FloatSlider) if s.description == "start w1")
    w1.value = -4.0
    assert calls[1:] == [(6, (-4.0, 2))]
    assert all(
        new != old for new, old in zip((flat.value, surface.value, notes(box)), before, strict=True)
    )


def test_explorer_hands_over_lr_and_momentum_and_reports_the_end(widgets):
    given = []

    def factory(params, lr, momentum):
        given.append((lr, momentum))
        return sgd(params, lr, momentum)

    box = widgets.optimizer_explorer(
        bowl, {"SGD": factory}, descend, num_updates=4, lr=0.1, momentum=0.5
    )
    (lr,) = find(box, ipywidgets.FloatLogSlider)
    lr.value = 0.01
    assert given == [pytest.approx((0.1, 0.5)), pytest.approx((0.01, 0.5))]
    end = descend(lambda params: sgd(params, 0.01, 0.5), bowl, 5, (5, 5))[-1]
    assert f"w1 {end[0]:.2f}, w2 {end[1]:.2f}, loss {end[2]:.4f}" in notes(box)


def test_explorer_survives_unsolved_and_broken_optimizers(widgets):
    def broken(params, lr, momentum):
        raise ValueError("<script>alert(1)</script>")

    box = widgets.optimizer_explorer(
        bowl, {"mine": lambda p, lr, m: Unsolved(p), "<b>": broken, "SGD": sgd}, descend, lr=0.1
    )
    text = notes(box)
    assert "Unsolved.__init__" in text and "first" in text
    assert "<script>" not in text and "&lt;script&gt;" in text and "&lt;b&gt;" in text
    assert "w1" in text
    assert all(map(is_png, find(box, Drawing)))


def test_explorer_survives_an_unsolved_train_curve_and_a_wrong_path(widgets):
    def unsolved(*_):
        raise NotImplementedError

    text = notes(widgets.optimizer_explorer(bowl, {"SGD": sgd}, unsolved))
    assert "unsolved" in text and "first" in text
    wrong = widgets.optimizer_explorer(bowl, {"SGD": sgd}, lambda *_: [[1, 2]])
    assert "expected shape (T, 3), got (1, 2)" in notes(wrong)


def test_explorer_survives_divergence(widgets):
    box = widgets.optimizer_explorer(bowl, {"SGD": sgd}, descend, lr=100.0, num_updates=200)
    assert "nan" in notes(box) or "inf" in notes(box)
    assert all(map(is_png, find(box, Drawing)))


def test_explorer_survives_an_unsolved_curve(widgets):
    def curve(w1, w2):
        raise NotImplementedError

    text = notes(widgets.optimizer_explorer(curve, {"SGD": sgd}, descend))
    assert text.count("first") == 2


def test_centre_digit_fits_a_drawing_to_twenty_pixels(widgets):
    ink = torch.zeros(40, 60)
    ink[3:33, 5:15] = 1
    image = widgets.centre_digit(ink)
    assert image.shape == (1, 1, 28, 28)
    rows, columns = image[0, 0].sum(1).nonzero(), image[0, 0].sum(0).nonzero()
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (20, 7)
    for dim in (2, 3):
        mass = image.sum(dim=(0, 1, 5 - dim))
        assert abs((mass * torch.arange(28)).sum() / mass.sum() - 13.5) <= 0.5


@pytest.mark.parametrize("row, column", [(0, 0), (13, 13), (0, 13)])
def test_centre_digit_takes_a_dot_anywhere(widgets, row, column):
    ink = torch.zeros(14, 14)
    ink[row, column] = 1
    image = widgets.centre_digit(ink)
    assert image.shape == (1, 1, 28, 28) and 0 <= image.min() and image.max() == 1


def test_centre_digit_without_ink_is_empty(widgets):
    assert not widgets.centre_digit(torch.zeros(14, 14)).any()


class Recorder:
    """A model that is sure of class 3 and keeps what it was shown."""

    def __init__(self):
        self.seen = []

    def __call__(self, image):
        self.seen.append(image)
        return torch.nn.functional.one_hot(torch.tensor([3]), 10) * 1.0


def test_pad_shows_what_predict_says_about_a_drawing(widgets):
    predict = Recorder()
    box = widgets.digit_pad(predict)
    cells, (chart,) = find(box, ipywidgets.ToggleButton), find(box, Drawing)
    assert len(cells) == 14 * 14 and not predict.seen
    for row in range(2, 12):
        cells[14 * row + 7].value = True
    image = predict.seen[-1]
    assert image.shape == (1, 1, 28, 28) and image.dtype == torch.float32
    assert image.min() == 0 and image.max() == 1
    assert image[0, 0, 4:24, 13:15].min() > 0.9 and image.sum() == pytest.approx(40, abs=1)
    assert "<b>3</b> (100%)" in notes(box) and is_png(chart)


def test_pad_clears_at_once(widgets):
    predict = Recorder()
    box = widgets.digit_pad(predict)
    cells, (chart,) = find(box, ipywidgets.ToggleButton), find(box, Drawing)
    cells[20].value = cells[34].value = True
    (clear,) = find(box, ipywidgets.Button)
    clear.click()
    assert not any(cell.value for cell in cells)
    assert len(predict.seen) == 2 and chart.value == ""
    assert "Nothing drawn" in notes(box)


def upload(box, content):
    (widget,) = find(box, ipywidgets.FileUpload)
    widget.value = (
        {
            "name": "<i>.png",
            "type": "image/png",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime.now(UTC),
        },
    )


def png(array, mode=None):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(array, dtype=np.uint8), mode).save(buffer, "png")
    return buffer.getvalue()


def stroke(paper, ink):
    picture = np.full((60, 50), paper)
    picture[10:50, 20:30] = ink
    return picture


def test_pad_reads_pictures_light_on_dark_and_dark_on_light(widgets):
    predict = Recorder()
    box = widgets.digit_pad(predict)
    upload(box, png(stroke(0, 255)))
    upload(box, png(stroke(230, 40)))
    transparent = np.zeros((60, 50, 4))
    transparent[..., 3] = stroke(0, 255)
    upload(box, png(transparent))
    assert len(predict.seen) == 3
    for image in predict.seen:
        torch.testing.assert_close(image, predict.seen[0], atol=0.05, rtol=0)
        assert image[0, 0, 5:23, 12:16].min() > 0.9


def test_pad_refuses_what_is_no_picture_or_too_large(widgets, monkeypatch):
    box = widgets.digit_pad(Recorder())
    upload(box, b"<script>alert(1)</script>")
    assert "cannot be used" in notes(box) and "<script>" not in notes(box)
    monkeypatch.setattr(widgets.digits, "_MAX_PIXELS", 100)
    upload(box, png(stroke(0, 255)))
    assert "got 50 x 60" in notes(box)


@pytest.mark.parametrize(
    "answer, message",
    [
        (torch.zeros(1, 9), "9 numbers, expected 10"),
        (torch.arange(10.0), "softmax"),
        (torch.full((10,), float("nan")), "softmax"),
        ("<b>3</b>", "Error"),
    ],
)
def test_pad_says_when_predict_returns_no_probabilities(widgets, answer, message):
    box = widgets.digit_pad(lambda image: answer)
    find(box, ipywidgets.ToggleButton)[0].value = True
    assert message in notes(box) and "<b>" not in notes(box)


def test_pad_survives_an_unsolved_model(widgets):
    box = widgets.digit_pad(lambda image: Unsolved(None))
    find(box, ipywidgets.ToggleButton)[0].value = True
    assert "Unsolved.__init__" in notes(box)


def test_an_explorer_says_that_it_is_busy_and_stops_saying_it(widgets):
    from helpers.widgets import parts

    slider = ipywidgets.IntSlider()
    said, calls = [], []

    def draw():
        (state,) = find(box, ipywidgets.HTML) if calls else (None,)
        calls.append(slider.value)
        said.append(state and state.value)
        if slider.value == 2:
            raise ValueError

    box = parts.explorer(draw, [slider])
    (state,) = find(box, ipywidgets.HTML)
    slider.value = 1
    assert "computing" in said[1] and state.value == ""
    with pytest.raises(ValueError):
        slider.value = 2
    assert "computing" in said[2] and state.value == ""


def test_pictures_say_what_they_show(widgets):
    box = widgets.optimizer_explorer(bowl, {"SGD": sgd}, descend, num_updates=3, lr=0.1)
    flat, surface = find(box, Drawing)
    assert "Map of the loss" in alt(flat) and "Landscape of the loss" in alt(surface)
    assert "SGD: 3 steps from (5, 5)" in alt(flat)
    pad = widgets.digit_pad(Recorder())
    cells, (chart,) = find(pad, ipywidgets.ToggleButton), find(pad, Drawing)
    assert cells[15].tooltip == "row 2, column 2"
    cells[15].value = True
    assert "most likely 3 (100%)" in alt(chart)


def test_pictures_are_sharp_on_screens_with_twice_the_pixels(widgets):
    box = widgets.gain_explorer(depth=2, width=8)
    (picture,) = find(box, Drawing)
    with Image.open(io.BytesIO(png_of(picture))) as image:
        assert f'<img width="{image.width // 2}" ' in picture.value
