"""An explorer of two neurons and their sum."""

import ipywidgets
import numpy as np

from helpers.picture import course
from helpers.plots import COLOURS, panels
from helpers.widgets.parts import Drawing, explorer, slider

_REACH = 3  # x, weights and biases go from -3 to 3


def _draw(weights, biases):
    """Draw relu(w x + b) of two neurons and their sum, each beside the line without ReLU."""
    x = np.linspace(-_REACH, _REACH, 601)
    lines = np.outer(weights, x) + np.reshape(biases, (2, 1))
    neurons = np.maximum(lines, 0)
    figure, ((left, right),) = panels(1, 2, figsize=(9, 3.6))
    for i, colour in enumerate(COLOURS[:2]):
        left.plot(x, lines[i], color=colour, linestyle="--", linewidth=1)
        left.plot(x, neurons[i], color=colour, linewidth=2, label=f"neuron {i + 1}")
        w, b = weights[i], biases[i]
        if w and abs(b / w) <= _REACH:
            left.plot(-b / w, 0, "o", color=colour, markersize=7, markeredgecolor="white")
    right.plot(x, lines.sum(0), color="black", linestyle="--", linewidth=1, label="without ReLU")
    right.plot(x, neurons.sum(0), color=COLOURS[2], linewidth=2, label="with ReLU")
    left.set(title="each neuron: ReLU(w x + b); dashed: w x + b", ylim=(-4, 8))
    right.set(title="their sum", ylim=(-4, 8))
    for axes in (left, right):
        axes.axhline(0, color="grey", linewidth=0.8, zorder=0)
        axes.set_xlabel("x")
        axes.legend(frameon=False, fontsize=9, loc="upper center", ncols=2)
    figure.alt = f"Two neurons ReLU(w x + b), and their sum, for x from {-_REACH} to {_REACH}."
    figure.words = "; ".join(
        [f"neuron {i}: {course(y, x)}" for i, y in enumerate(neurons, start=1)]
        + [f"sum: {course(neurons.sum(0), x)}"]
    )
    return figure


def _describe(w, b):
    """Say where a neuron is active; at -b / w the sign of w x + b changes."""
    if not w:
        return f"w = 0: the same output, {max(b, 0):g}, for every x"
    return f"kink at x = {0 - b / w:.3g}, above 0 to the {'right' if w > 0 else 'left'} of it"


def neuron_explorer():
    """Sliders for weight and bias of two neurons relu(w x + b); they and their sum over x.

    Returns
    -------
    ipywidgets.VBox
    """

    def control(name, value):
        return slider(ipywidgets.FloatSlider, name, value, -_REACH, _REACH, 0.25)

    w = control("w1", 1), control("w2", -1)
    b = control("b1", 0), control("b2", 0)
    image, notes = Drawing(), ipywidgets.HTML()

    def draw(_=None):
        pairs = [(weight.value, bias.value) for weight, bias in zip(w, b)]
        image.show(_draw(*np.transpose(pairs)))
        notes.value = "<br>".join(
            f"<b>neuron {i}</b>: {_describe(*pair)}" for i, pair in enumerate(pairs, start=1)
        )

    columns = [ipywidgets.VBox(pair) for pair in zip(w, b)]
    return explorer(draw, (*w, *b), ipywidgets.HBox([image]), notes, columns=columns)
