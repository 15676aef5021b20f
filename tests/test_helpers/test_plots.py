"""What the plots show, and what they say they show: helpers.plots, helpers.picture."""

import base64
import io
import re

import matplotlib as mpl
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image


@pytest.fixture
def plots(monkeypatch):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from helpers import plots

    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("a plot called plt.show"))
    before = plt.get_fignums()
    yield plots
    assert plt.get_fignums() == before, "an open figure would be shown twice in a notebook"


def bowl(w1, w2):
    return w1**2 + 0.1 * w2**2


PATH = np.array([[5.0, 5.0, 27.5], [1.0, 2.0, 1.4], [0.5, -1.0, 0.35]])


def curves(axes):
    """Return label -> (x, y) of the labelled lines."""
    return {
        line.get_label(): line.get_data()
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def draws(figure):
    """Whether the figure can be rendered without a warning."""
    figure.savefig(io.BytesIO())
    return isinstance(figure, mpl.figure.Figure)


def shown(figure):
    return [axes.images[0].get_array() for axes in figure.axes if axes.images]


def test_image_grid_shows_every_image_in_its_place(plots):
    images = torch.randint(0, 256, (5, 3, 4, 6), dtype=torch.uint8)
    figure = plots.image_grid(images, titles=list("abcde"), columns=3, title="five")
    assert draws(figure) and figure.get_suptitle() == "five"
    assert len(figure.axes) == 6
    assert [axes.get_title() for axes in figure.axes] == [*"abcde", ""]
    for image, picture in zip(images, shown(figure), strict=True):
        np.testing.assert_allclose(picture, image.permute(1, 2, 0) / 255)


def test_image_grid_leaves_the_unit_range_alone_and_stretches_the_rest_together(plots):
    images = torch.rand(2, 1, 3, 3) * 0.5
    for picture, image in zip(shown(plots.image_grid(images)), images, strict=True):
        np.testing.assert_allclose(picture, image[0])
    stretched = np.stack(shown(plots.image_grid(images[:, 0] * 4 - 1)))
    expected = (images[:, 0] - images.min()) / (images.max() - images.min())
    np.testing.assert_allclose(stretched, expected, atol=1e-6)


def test_image_grid_refuses_what_is_no_image(plots):
    for shape in ((28, 28), (2, 2, 28, 28), (0, 1, 28, 28)):
        with pytest.raises(ValueError, match=r"expected \(N, C, H, W\)"):
            plots.image_grid(torch.zeros(shape))
    with pytest.raises(ValueError, match="expected 2, one per image, got 1"):
        plots.image_grid(torch.zeros(2, 1, 4, 4), titles=["one"])


def heights(axes):
    return [bar.get_height() for bar in axes.patches]


def ticks(axes):
    return [text.get_text() for text in axes.get_xticklabels()]


@pytest.mark.parametrize(
    "values, labels, expected",
    [
        ({"cat": 0.5, "dog": 1.0}, None, ["cat", "dog"]),
        ([0.5, 1.0], None, ["0", "1"]),
        (torch.tensor([0.5, 1.0]), ["x", "y"], ["x", "y"]),
        ({3: torch.tensor(0.5), 7: 1}, None, ["3", "7"]),
    ],
)
def test_bar(plots, values, labels, expected):
    figure = plots.bar(values, "accuracy", labels=labels, reference=0.75)
    assert draws(figure)
    axes = figure.axes[0]
    assert figure.words == f"{expected[0]} 0.5, {expected[1]} 1; reference 0.75"
    assert heights(axes) == [0.5, 1.0] and ticks(axes) == expected
    assert axes.get_ylabel() == "accuracy"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 0.75)


def test_bar_with_groups_and_a_gap(plots):
    figure = plots.bar({"one": [1.0, float("nan")], "two": [3.0, 4.0]}, "n", labels=["a", "b"])
    assert draws(figure)
    assert heights(figure.axes[0]) == [1.0, 3.0, 4.0]
    assert [text.get_text() for text in figure.legends[0].texts] == ["one", "two"]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in figure.axes[0].patches]
    # Where there are two bars, their middle is above the name.
    assert (centres[0] + centres[1]) / 2 == pytest.approx(0) and 1 < centres[2] < 1.4
    with pytest.raises(ValueError, match="expected 2"):
        plots.bar({"one": [1, 2], "two": [1]}, "n")


def test_bar_has_a_colour_for_every_group(plots):
    figure = plots.bar({f"model {i}": [i, i] for i in range(12)}, "n")
    assert len({bar.get_facecolor() for bar in figure.axes[0].patches}) == 12


HISTORY = {"train_loss": [3.0, 1.0], "val_loss": [2.0, 1.5], "val_accuracy": [0.5, 0.75]}


def test_learning_curves_of_one_run(plots):
    figure = plots.learning_curves(HISTORY, "run")
    assert draws(figure)
    loss, accuracy = figure.axes
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    assert set(curves(loss)) == {"train loss", "val loss"}
    np.testing.assert_array_equal(curves(loss)["train loss"], [[1, 2], [3.0, 1.0]])
    np.testing.assert_array_equal(curves(accuracy)["val accuracy"], [[1, 2], [0.5, 0.75]])


def test_learning_curves_of_several_runs(plots):
    figure = plots.learning_curves({"a": HISTORY, "b": {"val_accuracy": [0.1] * 40}})
    assert draws(figure)
    assert set(curves(figure.axes[0])) == {"a train loss", "a val loss"}
    assert set(curves(figure.axes[1])) == {"a", "b"}
    assert figure.axes[1].get_ylabel() == "val accuracy"
    assert len(plots.learning_curves({"train_loss": [1.0]}).axes) == 1
    with pytest.raises(ValueError, match="got"):
        plots.learning_curves({"speed": [1]})


def test_line(plots):
    figure = plots.line(
        {"y": [3.0, 2.0], "xy": ([5, 6], torch.tensor([1.0, 4.0]))}, "x", "loss", logy=True
    )
    assert draws(figure)
    axes = figure.axes[0]
    np.testing.assert_array_equal(curves(axes)["y"], [[0, 1], [3.0, 2.0]])
    np.testing.assert_array_equal(curves(axes)["xy"], [[5, 6], [1.0, 4.0]])
    assert axes.get_yscale() == "log" and axes.get_xlabel() == "x"


def test_a_tuple_of_two_numbers_is_y(plots):
    axes = plots.line({"y": (3.0, 2.0)}, "x", "y").axes[0]
    np.testing.assert_array_equal(curves(axes)["y"], [[0, 1], [3.0, 2.0]])


def test_curve_paths_mark_start_and_end(plots):
    away = PATH * [1, 10, 1]
    figure = plots.curve_paths(bowl, {"near": PATH, "far": away}, span=((-6, 6), (-9, 9)))
    assert draws(figure)
    axes = figure.axes[0]
    assert set(curves(axes)) == {"near", "far (ends outside)"}
    np.testing.assert_array_equal(np.transpose(curves(axes)["near"]), PATH[:, :2])
    points = {line.get_marker(): tuple(np.ravel(line.get_data())) for line in axes.lines[:4]}
    assert points["o"] == (5.0, 5.0) and points["*"] == (0.5, -1.0)
    assert axes.get_xlim() == (-6, 6) and axes.get_ylim() == (-9, 9)
    with pytest.raises(ValueError, match=r"expected \(T, 3\)"):
        plots.curve_paths(bowl, {"bad": PATH[:, :2]})


def test_curve_surface_follows_the_loss(plots):
    figure = plots.curve_surface(bowl, {"path": torch.from_numpy(PATH)}, span=((-2, 2), (-3, 3)))
    assert draws(figure)
    line = figure.axes[0].lines[0]
    expected = PATH.copy()
    expected[0] = np.nan
    np.testing.assert_array_equal(np.transpose(line.get_data_3d()), expected)
    assert figure.axes[0].get_zlabel() == "loss"
    assert draws(plots.curve_surface(bowl))


def test_a_diverged_path_is_drawn_without_warnings(plots, recwarn):
    path = np.vstack([PATH, [[np.nan, np.inf, np.nan]]])
    assert draws(plots.curve_paths(bowl, {"diverged": path}))
    assert draws(plots.curve_surface(bowl, {"diverged": path}))
    assert not list(recwarn)


def test_digit_and_probabilities(plots):
    probabilities = torch.arange(10) / 45
    figure = plots.digit_and_probabilities(torch.rand(1, 1, 28, 28), probabilities)
    assert draws(figure)
    np.testing.assert_allclose(heights(figure.axes[1]), probabilities)


def labels_of(axis):
    """The numbers that can be read along an axis."""
    low, high = axis.get_view_interval()
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels())
    return [text.get_text() for place, text in ticks if low <= place <= high]


def test_a_log_axis_has_plain_numbers_however_short_it_is(plots):
    figure = plots.line({"y": [4, 40, 400]}, "x", "loss", logy=True)
    assert draws(figure)
    assert labels_of(figure.axes[0].yaxis) == ["5", "10", "20", "50", "100", "200", "500"]
    long = plots.line({"y": ([1e-4, 1, 1e4], [1e-6, 1, 1e6])}, "x", "y", logx=True, logy=True)
    assert draws(long)
    assert {"0.0001", "1", "10000"} <= set(labels_of(long.axes[0].xaxis))
    short = plots.line({"y": [4.0, 4.6]}, "x", "y", logy=True)
    assert draws(short) and len(labels_of(short.axes[0].yaxis)) >= 3


def test_a_log_axis_of_a_loss_that_runs_away(plots, recwarn):
    assert draws(plots.line({"y": [1.0, 1e100, np.inf]}, "x", "loss", logy=True))
    assert not list(recwarn)


RUNS = np.array([[0.2, 0.4, 0.9], [0.4, 0.4, 0.7], [0.6, 0.1, np.nan]])


def band(axes):
    """x -> lowest and highest point of the only band."""
    (area,) = axes.collections
    x, y = area.get_paths()[0].vertices.T
    return {place: (y[x == place].min(), y[x == place].max()) for place in np.unique(x)}


def test_runs_are_a_mean_in_a_band_from_lowest_to_highest(plots):
    figure = plots.line({"relu": ([1, 2, 3], RUNS)}, "depth", "accuracy")
    assert draws(figure)
    np.testing.assert_allclose(curves(figure.axes[0])["relu"][1], [0.4, 0.3, 0.8])
    expected = {1: (0.2, 0.6), 2: (0.1, 0.4), 3: (0.7, 0.9)}
    for place, ends in band(figure.axes[0]).items():
        assert ends == pytest.approx(expected[place])
    assert figure.words == "relu, mean of 3 runs: from 0.4 to 0.8, lowest 0.3 at 2"


def test_learning_curves_of_several_seeds(plots):
    seeds = [{"val_accuracy": run} for run in RUNS[:2].tolist()]
    figure = plots.learning_curves({"a": seeds, "b": seeds[:1]})
    assert draws(figure)
    np.testing.assert_allclose(curves(figure.axes[0])["a"][1], [0.3, 0.4, 0.8])
    assert figure.words == "a, mean of 2 runs: from 0.3 to 0.8; b, mean of 1 runs: from 0.2 to 0.9"


def test_bars_of_several_runs(plots):
    figure = plots.bar({"": RUNS[:2]}, "accuracy", labels="abc")
    assert draws(figure)
    assert heights(figure.axes[0]) == pytest.approx([0.3, 0.4, 0.8])
    ends = [tuple(line.get_ydata()) for line in figure.axes[0].lines]
    assert ends == [pytest.approx(pair) for pair in [(0.2, 0.4), (0.4, 0.4), (0.7, 0.9)]]
    assert figure.words == "mean of 2 runs: a 0.3, b 0.4, c 0.8"


def test_lines_for_comparison(plots):
    figure = plots.line({"y": [1, 3]}, "x", "y", horizontal={"guess": 2}, vertical={"theory": 0.5})
    assert draws(figure)
    lines = curves(figure.axes[0])
    assert set(lines["guess"][1]) == {2} and set(lines["theory"][0]) == {0.5}
    assert figure.words == "y: from 1 to 3; guess: 2; theory: 0.5"


def test_curves_differ_without_colours_too(plots):
    axes = plots.line({name: [1, 2] for name in "abcd"}, "x", "y").axes[0]
    assert len({line.get_linestyle() for line in axes.lines}) == 4
    assert len({line.get_marker() for line in axes.lines}) == 4
    runs = {name: {"val_loss": [1, 2]} for name in "abcd"}
    assert len({line.get_marker() for line in plots.learning_curves(runs).axes[0].lines}) == 4


def test_distributions(plots):
    values = {"a": torch.tensor([[0.0, 0.0], [1.0, 3.0]]), "b": [1.0, 1.0]}
    figure = plots.distributions(values, "weight", bins=[0, 1, 2, 4], logy=True)
    assert draws(figure) and figure.axes[0].get_yscale() == "log"
    drawn = curves(figure.axes[0])
    assert set(drawn) == {"a", "b"}
    assert [drawn["a"][1][drawn["a"][0] == edge].max() for edge in (0, 1, 2)] == [2, 1, 1]
    assert figure.words.startswith("a: mean 1, standard deviation 1.22, from 0 to 3; b: mean 1,")
    density = plots.distributions(values, "weight", bins=[0, 1, 2, 4])
    assert curves(density.axes[0])["b"][1].max() == pytest.approx(1)


def test_heat_map(plots):
    shares = [[0.9, 0.1, 0.0], [0.25, 0.5, 0.25], [0.0, 0.3, 0.7]]
    figure = plots.heat_map(shares, "predicted", "true", ["cat", "dog", "ship"], "Confusion")
    assert draws(figure)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["90", "10", "0", "25", "50", "25", "0", "30", "70"]
    assert ticks(figure.axes[0]) == ["cat", "dog", "ship"]
    assert figure.alt == "Confusion. Table of shares in percent, true × predicted."
    assert figure.words == (
        "on the diagonal from 50% (dog) to 90% (cat); "
        "beside it most for true ship, predicted dog: 30%"
    )
    with pytest.raises(ValueError, match="expected 2 × 2 values"):
        plots.heat_map(shares, "p", "t", ["a", "b"])


def test_a_path_has_a_dot_for_each_step(plots):
    for figure in (plots.curve_paths(bowl, {"p": PATH}), plots.curve_surface(bowl, {"p": PATH})):
        (line,) = (line for line in figure.axes[0].lines if line.get_label() == "p")
        assert line.get_marker() == "." and len(line.get_xdata()) == len(PATH)
        assert figure.words.endswith("p: 2 steps from (5, 5) to (0.5, -1), loss from 27.5 to 0.35")


def test_a_landscape_gets_darker_with_the_loss_and_can_be_logarithmic(plots):
    colours = mpl.colormaps[plots.LANDSCAPE](np.linspace(0, 1, 30))[:, :3]
    grey = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) < 0).all() and grey[0] - grey[-1] > 0.6
    figure = plots.curve_paths(lambda w1, w2: bowl(w1, w2) + 0.01, {}, log=True)
    assert draws(figure) and isinstance(figure.axes[0].collections[0].norm, mpl.colors.LogNorm)
    assert {"0.1", "1", "10"} <= set(labels_of(figure.axes[1].yaxis))
    assert draws(plots.curve_paths(lambda w1, w2: (w1 - w2).relu(), {}, log=True)), "losses of 0"


def test_the_words_of_curves(plots):
    figure = plots.learning_curves({"val_loss": [2.0, 0.5, 0.75]}, "Adam")
    assert figure.alt == "Adam. Curves of loss over 3 epochs."
    assert figure.words == "val loss: from 2 to 0.75, lowest 0.5 at 2"
    figure = plots.line({"a": ([3, 6, 9], [1.0, np.nan, 6000.0])}, "update", "loss", logy=True)
    assert figure.alt == "Lines: loss (logarithmic) over update from 3 to 9."
    assert figure.words == "a: from 1 to 6000, 1 of 3 values not finite"
    assert "no finite value" in plots.line({"a": [np.nan]}, "x", "y").words


def test_the_words_of_many_bars(plots):
    figure = plots.bar({name: [1.0, 3.0, 2.0] for name in "abc"}, "n", labels="xyz")
    assert figure.words.startswith("a: lowest x 1, highest y 3; b: lowest")
    assert (
        "most likely 3 (60%), 7 (40%)"
        in plots.digit_and_probabilities(
            torch.zeros(1, 1, 28, 28), torch.eye(10)[3] * 0.6 + torch.eye(10)[7] * 0.4
        ).words
    )


def test_a_notebook_gets_the_picture_sharp_and_with_its_words(plots, monkeypatch):
    figure = plots.bar({"<b>": 1}, "n", title='a "title"')
    sent = []
    shell = InteractiveShell.instance()
    monkeypatch.setattr(
        shell.display_pub, "publish", lambda data, metadata=None, **_: sent.append((data, metadata))
    )
    assert shell.display_formatter.format(figure) == ({}, {})
    ((data, metadata),) = sent
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
        assert image.format == "PNG" and image.width == 2 * figure.size[0]
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert 'alt="a &quot;title&quot;. 1 bars: n." src="data:image/png' in data["text/html"]
    assert f'<img width="{figure.size[0]}"' in data["text/html"]
    assert re.search(r"<figcaption>(.*)</figcaption>", data["text/html"])[1] == "&lt;b&gt; 1"
    assert data["text/plain"] == 'a "title". 1 bars: n.\n<b> 1'
    assert metadata["image/png"]["alt"] == 'a "title". 1 bars: n. <b> 1'
