"""Stochastic gradient descent with sliders for the learning rate and for the gradient's noise."""

import ipywidgets
import numpy as np
import torch

from helpers import plots
from helpers.widgets.parts import Drawing, explorer, slider


def noisy_descent(curve_func, rates, sigma, init, seed=0):
    """Return (len(rates) + 1, 3): w1, w2 and the loss without noise, from start to end.

    Every entry of every gradient carries normal noise of standard deviation `sigma`; the same seed
    draws the same noise, times sigma.
    """
    w = torch.tensor(init, dtype=torch.float64)
    draws = torch.randn(
        len(rates), 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    rows = []
    for lr, draw in zip([*rates, 0.0], [*draws, torch.zeros(2)]):
        w.requires_grad_()
        loss = curve_func(w[0], w[1])
        (gradient,) = torch.autograd.grad(loss, w)
        rows.append([*w.tolist(), loss.item()])
        w = w.detach() - lr * (gradient + sigma * draw)
    return np.array(rows)


def noise_explorer(
    curve_func, init=(6, 3), lr=0.5, sigma=1.0, num_updates=200, span=((-8, 8), (-5, 5)), seed=0
):
    """Sliders for learning rate, noise and updates, and a rate that falls; the path and its losses.

    Parameters
    ----------
    curve_func : maps two tensors w1, w2 to the loss, elementwise.
    init : the two weights at the start.
    lr, sigma, num_updates : where the sliders start.
    span : the part of the plane that is drawn: ((w1 from, to), (w2 from, to)).
    seed : of the noise, so that two positions of a slider are compared with the same noise.

    Returns
    -------
    ipywidgets.VBox
    """

    number, count = ipywidgets.FloatSlider, ipywidgets.IntSlider
    controls = {
        "lr": slider(number, "lr", lr, 0.05, 2.5, 0.05),
        "noise": slider(number, "noise", sigma, 0, 3, 0.1),
        "updates": slider(count, "updates", num_updates, 50, max(500, num_updates), 50),
        "falls": ipywidgets.Checkbox(description="the rate falls to 0", indent=False),
    }
    # Side by side in any window, so that both are visible while a slider is moved.
    flat, losses = (Drawing("49%") for _ in range(2))
    note = ipywidgets.HTML()

    def draw(_=None):
        lr, updates = controls["lr"].value, controls["updates"].value
        shares = 1 - np.arange(updates) / updates if controls["falls"].value else np.ones(updates)
        path = noisy_descent(curve_func, lr * shares, controls["noise"].value, init, seed)
        flat.show(plots.curve_paths(curve_func, {"SGD": path}, span))
        losses.show(plots.line({"loss": path[:, 2]}, "update", "loss", logy=True))
        last = path[-20:, 2].mean()
        note.value = f"mean loss of the last 20 updates: {last:.3g}"

    every = list(controls.values())
    columns = [ipywidgets.VBox(every[:2]), ipywidgets.VBox(every[2:])]
    return explorer(draw, every, ipywidgets.HBox([flat, losses]), note, columns=columns)
