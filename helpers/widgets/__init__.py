"""Things to play with in a notebook, made only of ipywidgets."""

from helpers.widgets.descent import descent_explorer
from helpers.widgets.digits import centre_digit, digit_pad
from helpers.widgets.gains import gain_explorer
from helpers.widgets.neuron import neuron_explorer
from helpers.widgets.noise import noise_explorer
from helpers.widgets.optimizers import optimizer_explorer
from helpers.widgets.shuffle import shuffle_explorer
from helpers.widgets.spiral import spiral_explorer

__all__ = [
    "centre_digit",
    "descent_explorer",
    "digit_pad",
    "gain_explorer",
    "neuron_explorer",
    "noise_explorer",
    "optimizer_explorer",
    "shuffle_explorer",
    "spiral_explorer",
]
