"""Gradient descent with sliders, on a loss of two weights."""

import ipywidgets
import numpy as np
import torch

from helpers import plots
from helpers.widgets.parts import Drawing, explorer, slider


def _descend(curve_func, lr, num_updates, init):
    """Return (num_updates + 1, 3): w1, w2 and the loss, from the start to the last update."""
    w = torch.tensor(init, dtype=torch.float64)
    rows = []
    for _ in range(num_updates + 1):
        w.requires_grad_()
        loss = curve_func(w[0], w[1])
        (gradient,) = torch.autograd.grad(loss, w)
        rows.append([*w.tolist(), loss.item()])
        w = w.detach() - lr * gradient
    return np.array(rows)


def descent_explorer(curve_func, init=(6, 3), lr=0.1, num_updates=20, span=((-8, 8), (-5, 5))):
    """Sliders for learning rate, start and updates; the path of gradient descent and its losses.

    Parameters
    ----------
    curve_func : maps two tensors w1, w2 to the loss, elementwise.
    init, lr, num_updates : where the sliders start.
    span : the part of the plane that is drawn: ((w1 from, to), (w2 from, to)).

    Returns
    -------
    ipywidgets.VBox
    """

    number, count = ipywidgets.FloatSlider, ipywidgets.IntSlider
    controls = {
        "lr": slider(number, "lr", lr, 0.05, 2.5, 0.05),
        "updates": slider(count, "updates", num_updates, 1, max(100, num_updates), 1),
        "w1": slider(number, "start w1", init[0], *span[0], 0.5),
        "w2": slider(number, "start w2", init[1], *span[1], 0.5),
    }
    # Side by side in any window, so that both are visible while a slider is moved.
    flat, losses = (Drawing("49%") for _ in range(2))
    note = ipywidgets.HTML()

    def draw(_=None):
        start = controls["w1"].value, controls["w2"].value
        path = _descend(curve_func, controls["lr"].value, controls["updates"].value, start)
        flat.show(plots.curve_paths(curve_func, {"gradient descent": path}, span))
        losses.show(plots.line({"loss": path[:, 2]}, "update", "loss", logy=True))
        note.value = "at the end: w1 {:.3g}, w2 {:.3g}, loss {:.3g}".format(*path[-1])

    every = list(controls.values())
    columns = [ipywidgets.VBox(every[:2]), ipywidgets.VBox(every[2:])]
    return explorer(draw, every, ipywidgets.HBox([flat, losses]), note, columns=columns)
