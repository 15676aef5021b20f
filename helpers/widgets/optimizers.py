"""An explorer of optimizers on a loss of two weights."""

import html

import ipywidgets
import numpy as np

from helpers import plots
from helpers.widgets.parts import Drawing, explorer, message, slider


def optimizer_explorer(
    curve_func,
    optimizers,
    train_curve,
    num_updates=100,
    init=(5, 5),
    lr=10.0,
    momentum=0.9,
    span=plots.SPAN,
):
    """Sliders for learning rate, momentum, start and number of updates; paths in 2D and 3D.

    Parameters
    ----------
    curve_func : maps two tensors w1, w2 to the loss, elementwise.
    optimizers : name -> `factory(params, lr, momentum)` that returns an optimizer.
    train_curve : `train_curve(optimizer_func, curve_func, num_updates, init)` -> (T, 3) array, each
        row before its update.
    num_updates, init, lr, momentum : where the sliders start.
    span : the part of the plane that is drawn.

    Returns
    -------
    ipywidgets.VBox; saved widget state shows the pictures, too. What
    an optimizer raises is shown below the pictures; the other optimizers are still drawn.
    """

    number, count = ipywidgets.FloatSlider, ipywidgets.IntSlider
    controls = {
        "lr": slider(ipywidgets.FloatLogSlider, "lr", lr, -3, 2, 0.05),
        "momentum": slider(number, "momentum", momentum, 0, 0.99, 0.01),
        "w1": slider(number, "start w1", init[0], *span[0], 0.5),
        "w2": slider(number, "start w2", init[1], *span[1], 0.5),
        "updates": slider(count, "updates", num_updates, 1, max(300, num_updates), 1),
    }
    # Side by side in any window, so that both are visible while a slider is moved.
    flat, surface = (Drawing("49%") for _ in range(2))
    notes = ipywidgets.HTML()

    def train(factory):
        settings = controls["lr"].value, controls["momentum"].value
        start = controls["w1"].value, controls["w2"].value
        # A row is recorded before its update: the last one is where all of them have led.
        path = train_curve(
            lambda params: factory(params, *settings),
            curve_func,
            controls["updates"].value + 1,
            start,
        )
        path = np.asarray(path, dtype=float)
        if path.ndim != 2 or path.shape[1] != 3 or not len(path):
            raise ValueError(f"train_curve: expected shape (T, 3), got {path.shape}")
        return path

    def draw(_=None):
        paths, lines = {}, []
        for name, factory in optimizers.items():
            try:
                path = paths[name] = train(factory)
                text = "w1 {:.2f}, w2 {:.2f}, loss {:.4f}".format(*path[-1])
            except Exception as error:  # noqa: BLE001  (a student's code may raise anything)
                text = message(error)
            lines.append(f"<b>{html.escape(str(name))}</b>: {text}")
        try:
            flat.show(plots.curve_paths(curve_func, paths, span))
            surface.show(plots.curve_surface(curve_func, paths, span))
        except Exception as error:  # noqa: BLE001
            lines.append(f"<b>curve</b>: {message(error)}")
        notes.value = "<br>".join(lines)

    return explorer(draw, list(controls.values()), ipywidgets.HBox([flat, surface]), notes)
