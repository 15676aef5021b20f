"""What the plots show: helpers.plots."""

import matplotlib as mpl
import numpy as np
import pytest
import torch


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
    figure.canvas.draw()
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
    assert heights(axes) == [0.5, 1.0] and ticks(axes) == expected
    assert axes.get_ylabel() == "accuracy"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 0.75)


def test_bar_with_groups_and_a_gap(plots):
    figure = plots.bar({"one": [1.0, float("nan")], "two": [3.0, 4.0]}, "n", labels=["a", "b"])
    assert draws(figure)
    np.testing.assert_equal(heights(figure.axes[0]), [1.0, np.nan, 3.0, 4.0])
    assert [text.get_text() for text in figure.legends[0].texts] == ["one", "two"]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in figure.axes[0].patches]
    np.testing.assert_allclose(np.add(centres[:2], centres[2:]) / 2, [0, 1])
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
    points = {line.get_marker(): tuple(np.ravel(line.get_data())) for line in axes.lines[:3]}
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
