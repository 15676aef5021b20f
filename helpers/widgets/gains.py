"""An explorer of how a gain acts through the layers of an untrained network."""

import math

import ipywidgets
import torch
from torch.nn import functional as F

from helpers import plots
from helpers.widgets.parts import Drawing, explorer, slider

_BATCH = 64

# Name -> the function and, if it is constant, the share of the mean square that it leaves.
ACTIVATIONS = {
    "LeakyReLU, slope 0.1": (lambda o: F.leaky_relu(o, 0.1), (1 + 0.1**2) / 2),
    "ReLU": (torch.relu, 0.5),
    "none (linear)": (lambda o: o, 1.0),
    "tanh": (torch.tanh, None),
    "sigmoid": (torch.sigmoid, None),
}


def activation_profile(gain, depth, activation, width=256, seed=0):
    """RMS after each of `depth` activations of an untrained network, from unit normal input.

    Parameters
    ----------
    gain : the weights are normal with standard deviation gain / sqrt(width), biases zero: Xavier's
        choice for square layers.
    activation : a name in `ACTIVATIONS`.

    Returns
    -------
    list of `depth` floats; inf if the numbers have become too large.
    """
    function, _ = ACTIVATIONS[activation]
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(_BATCH, width, generator=generator)
    profile = []
    for _ in range(depth):
        weight = torch.randn(width, width, generator=generator)
        x = function(x @ weight * (gain / math.sqrt(width)))
        profile.append(x.double().square().mean().sqrt().item())
    return profile


def _draw(profile, gain, activation):
    share = ACTIVATIONS[activation][1]
    layers = range(1, len(profile) + 1)
    # The smallest positive double stands in for zero, which a logarithmic axis cannot show.
    shown = [max(value, 5e-324) for value in profile]
    lines = {"measured": (layers, shown)}
    if share is not None:
        factor = gain * math.sqrt(share)
        lines[f"theory: {factor:.3f} per layer"] = layers, [factor**layer for layer in layers]
    # Fixed limits, so that settings can be compared; extended only for values outside them.
    finite = [value for value in shown if value < math.inf]
    return plots.line(
        lines,
        "layer",
        "RMS after the activation",
        title=f"{activation}, gain {gain:.2f}",
        logy=True,
        ylim=(min(1e-6, 0.5 * min(finite)), max(1e6, 2 * max(finite))),
        horizontal={"input": 1},
    )


def gain_explorer(gain=1.0, depth=30, activation="LeakyReLU, slope 0.1", width=256):
    """Sliders for gain and depth, a choice of activation; the RMS after each layer as a picture.

    Parameters
    ----------
    gain, depth, activation : where the controls start; `activation` is a name in `ACTIVATIONS`.
    width : units per layer.

    Returns
    -------
    ipywidgets.VBox; saved widget state shows the picture, too.
    """
    controls = {
        "gain": slider(ipywidgets.FloatSlider, "gain", gain, 0.5, 3, 0.01),
        "depth": slider(ipywidgets.IntSlider, "depth", depth, 2, 60, 1),
        "activation": ipywidgets.Dropdown(
            description="activation", value=activation, options=list(ACTIVATIONS)
        ),
    }
    image, note = Drawing(), ipywidgets.HTML()

    def draw(_=None):
        settings = {name: control.value for name, control in controls.items()}
        profile = activation_profile(**settings, width=width)
        image.show(_draw(profile, settings["gain"], settings["activation"]))
        note.value = (
            f"After {len(profile)} layers of {width} units the RMS is <b>{profile[-1]:.3g}</b>; "
            "that of the input is 1."
        )

    return explorer(draw, list(controls.values()), image, note)
