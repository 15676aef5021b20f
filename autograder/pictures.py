"""Pictures in feedback: what a wrong answer does on a given example, beside what is right there.

The examples are fixed and no secret; hidden inputs are never drawn. A picture asks the student's
code once more, through a probe, and is left out where that fails.
"""

import base64
import io
import textwrap
import threading
from collections.abc import Callable

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from autograder.checking import CheckFailed
from autograder.checks import deep_vs_wide, initialization, optimizers
from autograder.probes import deep_vs_wide as wide_probes
from autograder.probes import initialization as init_probes
from autograder.probes import mlp_basics as mlp_probes
from autograder.probes import optimizers as optimizer_probes
from autograder.student import Student

SECONDS = 5.0
YOURS, RIGHT = "#c2410c", "#1d4ed8"
# matplotlib is not made for threads.
_lock = threading.Lock()

Draw = Callable[[Student, Figure], str]


def picture(assignment: str, exercise: str, student: Student) -> dict | None:
    """A mime bundle for the exercise, PNG and caption; None where there is nothing to see."""
    draw = PICTURES.get((assignment, exercise))
    if draw is None:
        return None
    try:
        student.seed = 0
        with _lock:
            figure = Figure(figsize=(5.6, 3.2), dpi=100, layout="constrained")
            caption = draw(student, figure)
            figure.suptitle(textwrap.fill(caption, 84), fontsize=8)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            file = io.BytesIO()
            # 64 colours take a third of the bytes, of which every page has its own copy.
            Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64).save(
                file, "png"
            )
    except Exception:
        # Whatever a student's code replies: a picture must not cost the grade.
        return None
    return {
        "image/png": base64.b64encode(file.getvalue()).decode("ascii"),
        "text/plain": caption,
    }


def _expect_different(yours: np.ndarray, right: np.ndarray) -> None:
    """Raise `CheckFailed` where the example goes right: the picture would only mislead."""
    if yours.shape == right.shape and np.allclose(yours, right, rtol=1e-3, atol=2e-3):
        raise CheckFailed("nothing to see")


def _path(name: str, lr: float) -> Draw:
    def draw(student, figure):
        start = np.array([5, 5], dtype=np.float32)
        reply = student.call(optimizer_probes.descents, name, [start], [lr], 100, timeout=SECONDS)
        yours = optimizers.array_of(optimizers.parts(reply, 1)[0], (101, 2), "the path")
        rule, right = optimizers.RULES[name](), [start.astype(np.float64)]
        for _ in range(100):
            right.append(rule.step(right[-1], optimizers.slopes(*right[-1]), lr))
        right = np.array(right)
        # Far along a path only its own places tell whether a step is right: rounding grows.
        rule = optimizers.RULES[name]()
        steps = [rule.step(0.0, optimizers.slopes(*place), lr) for place in yours[:-1]]
        _expect_different(np.diff(yours, axis=0), np.array(steps))
        axes = figure.add_subplot()
        w1, w2 = np.meshgrid(np.linspace(-6, 6, 121), np.linspace(-14, 8, 111))
        axes.contourf(w1, w2, optimizers.curve(w1, w2), levels=18, cmap="Greys", alpha=0.4)
        for path, color, style, label in (
            (right, RIGHT, "-", "the stated rule"),
            (yours, YOURS, "--", "yours"),
        ):
            axes.plot(*path.T, style, color=color, marker=".", markersize=4, label=label)
            axes.plot(*path[-1], "o", color=color)
        axes.set(xlim=(-6, 6), ylim=(-14, 8), xlabel="w1", ylabel="w2")
        axes.legend(loc="lower right", fontsize=8)
        end = ", ".join(f"{value:.3g}" for value in yours[-1])
        return (
            f"100 updates of {name} on the given curve, from (5, 5) with learning rate {lr:g}. "
            f"Yours ends at w1, w2 = {end}."
        )

    return draw


def _profile(name: str, what: str) -> Draw:
    """RMS per layer of ten layers of 64 with LeakyReLU, beside what they are."""

    def draw(student, figure):
        generator = np.random.default_rng(0)
        layers, size = [], 64
        for _ in range(10):
            layers += [["Linear", size, size], ["LeakyReLU", 0.1]]
        layers.append(["Linear", size, 4])
        state = initialization.drawn_state(generator, layers)
        x = generator.normal(size=(32, size)).astype(np.float32)
        y = generator.integers(4, size=32).astype(np.int64)
        inputs = (x,) if name == "activation_rms" else (x, y)
        reply = student.call(
            init_probes.measured, name, layers, state, initialization.all_modes(layers),
            initialization.no_gradients(layers), *inputs, timeout=SECONDS,
        )  # fmt: skip
        values = initialization.parts(initialization.item(reply, "values"), 2)[0]
        yours = np.ravel(initialization.array(values, what)).astype(np.float64)
        if name == "activation_rms":
            right = initialization.expected_activations(layers, state, x)
        else:
            right, _ = initialization.expected_gradients(layers, state, x, y)
        right = np.asarray(right, dtype=np.float64)
        _expect_different(yours, right)
        axes = figure.add_subplot()
        layer = np.arange(1, len(right) + 1)
        axes.fill_between(layer, right / 1.1, right * 1.1, color=RIGHT, alpha=0.25, linewidth=0)
        axes.plot(layer, right, color=RIGHT, label="what it is (band: ± 10 %)")
        shown = yours[:30]
        axes.plot(
            np.arange(1, len(shown) + 1), shown, "o--", color=YOURS, markersize=4, label="yours"
        )
        axes.set(xlabel=what, ylabel="RMS", yscale="log" if (shown > 0).all() else "linear")
        axes.legend(fontsize=8)
        return (
            f"{name} of a network with ten hidden layers of 64. Expected: {len(right)} numbers; "
            f"yours: {len(yours)}."
        )

    return draw


def _widths(student, figure) -> str:
    budget, depths = 1000, range(1, 9)
    replies = student.call(
        wide_probes.widths, [(budget, depth, 2, 4) for depth in depths], timeout=SECONDS
    )
    if not (isinstance(replies, list) and len(replies) == len(depths)):
        raise CheckFailed("parts are missing")
    found = {}
    for depth, reply in zip(depths, replies, strict=True):
        width = np.asarray(reply.get("width", np.nan) if isinstance(reply, dict) else np.nan)
        if width.dtype.kind in "iuf" and width.size == 1 and 0 <= float(width) <= 10 * budget:
            found[depth] = deep_vs_wide.cost(float(width), depth, 2, 4)
    right = [deep_vs_wide.widest(budget, depth, 2, 4) for depth in depths]
    right = [deep_vs_wide.cost(width, depth, 2, 4) for width, depth in zip(right, depths)]
    _expect_different(np.array(list(found.values())), np.array(right))
    if not found:
        raise CheckFailed("no width came")
    axes = figure.add_subplot()
    axes.bar(list(found), list(found.values()), color=YOURS, alpha=0.8, label="with your width")
    axes.axhline(budget, color=RIGHT, label=f"budget: {budget:,}")
    axes.set(
        xlabel="hidden layers", ylabel="parameters", ylim=(0, 1.3 * max(budget, *found.values()))
    )
    axes.legend(fontsize=8, loc="upper right")
    return (
        f"Parameters of the networks with 2 inputs, 4 classes and the widths that your function "
        f"gives for a budget of {budget:,}. No bar may cross the line, and each comes close to it."
    )


def _moving_average(student, figure) -> str:
    steps, window = np.arange(60), 10
    noise = np.random.default_rng(0).normal(scale=0.15, size=len(steps))
    values = np.exp(-steps / 25) + noise
    got = student.call(mlp_probes.averaged, values, window, "list", timeout=SECONDS)
    yours = initialization.array(got, "the means").astype(np.float64)
    if yours.ndim != 1 or not 0 < len(yours) <= 10 * len(steps):
        raise CheckFailed("no list of means")
    right = np.convolve(values, np.ones(window) / window, mode="valid")
    _expect_different(yours, right)
    axes = figure.add_subplot()
    axes.plot(steps, values, color="#bbbbbb", label="values")
    axes.plot(steps[window - 1 :], right, color=RIGHT, label="mean of each full window, at its end")
    ends = np.arange(len(yours)) + window - 1
    axes.plot(ends, yours, "--", color=YOURS, label="yours, in its order")
    axes.set(xlabel="position")
    axes.legend(fontsize=8)
    return (
        f"{len(values)} values, window {window}. Expected: {len(right)} means; yours: {len(yours)}."
    )


PICTURES: dict[tuple[str, str], Draw] = {
    ("01_mlp_basics", "moving_average"): _moving_average,
    ("02_deep_vs_wide", "width_for_budget"): _widths,
    ("03_optimizers", "sgd"): _path("SGD", 10.0),
    ("03_optimizers", "sgd_momentum"): _path("SGDMomentum", 10.0),
    ("03_optimizers", "adam"): _path("Adam", 1.0),
    ("04_initialization", "activation_rms"): _profile("activation_rms", "activation"),
    ("04_initialization", "gradient_rms"): _profile("gradient_rms", "weight, first layer first"),
}
