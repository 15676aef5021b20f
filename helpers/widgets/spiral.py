"""Small networks on the spiral: their decision maps, and an explorer of depth and width."""

import ipywidgets
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from torch import nn
from torch.nn import functional as F

from helpers import plots
from helpers.picture import Picture
from helpers.widgets.parts import Drawing, explorer, message, slider

ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh, "LeakyReLU": nn.LeakyReLU, "sigmoid": nn.Sigmoid}


def decision_maps(models, X, labels, radii=(1.5,), steps=200, side=3.1):
    """Draw which class each model assigns to the points of the plane.

    Parameters
    ----------
    models : name -> function (or module) from points (N, 2) to logits (N, classes).
    X, labels : points (N, 2) and their classes 0, 1, ..., drawn as dots.
    radii : half the side of the squares drawn around the origin, a row of maps for each.
    steps : grid points per side.
    side : width of a map in inches.

    Returns
    -------
    A `Picture` with `len(radii)` rows and `len(models)` columns.
    """
    X, labels = X.detach().cpu(), labels.detach().cpu()
    classes = [[_classes(model, radius, steps) for model in models.values()] for radius in radii]
    colours = ListedColormap(plots.COLOURS[: int(labels.max()) + 1])
    size = (side * len(models), (side + 0.1) * len(radii))
    figure = Picture(figsize=size, layout="constrained")
    axes = figure.subplots(len(radii), len(models), squeeze=False)
    for row, radius in enumerate(radii):
        for column, name in enumerate(models):
            panel = axes[row, column]
            style = {"cmap": colours, "vmin": -0.5, "vmax": colours.N - 0.5}
            panel.imshow(
                classes[row][column],
                extent=(-radius, radius, -radius, radius),
                origin="lower",
                interpolation="nearest",
                alpha=0.45,
                **style,
            )
            size = 9 * min(1, 1.5 / radius)
            panel.scatter(*X.T, c=labels, s=size, edgecolors="white", linewidths=0.2, **style)
            panel.set(xlim=(-radius, radius), ylim=(-radius, radius))
            panel.tick_params(labelsize=8)
            if row == 0:
                panel.set_title(str(name), fontsize=10)
    figure.alt = (
        f"Maps of the classes that {', '.join(map(str, models))} give the points of the plane, up "
        f"to {max(radii):g} from the middle, with {len(X)} points of {colours.N} classes."
    )
    figure.words = "; ".join(
        f"{name}: {_accuracy(model, X, labels):.1%} of the points in their own colour"
        for name, model in models.items()
    )
    return figure


def _classes(model, radius, steps):
    """Return the class of each grid point, (steps, steps), rows from bottom to top."""
    centres = (torch.arange(steps) + 0.5) / steps * 2 * radius - radius
    x2, x1 = torch.meshgrid(centres, centres, indexing="ij")
    with torch.no_grad():
        logits = model(torch.stack([x1.flatten(), x2.flatten()], dim=1))
    return np.asarray(logits.argmax(1).cpu()).reshape(steps, steps)


def spiral_network(depth, width, activation, num_classes=4, seed=0):
    """Return a network 2 → width → ... → num_classes with `depth` hidden layers, drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = [2, *[width] * depth]
        layers = []
        for fan_in, fan_out in zip(sizes, sizes[1:]):
            layers += [nn.Linear(fan_in, fan_out), activation()]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], num_classes))


def train_on_points(model, X, labels, num_steps=200, lr=0.03):
    """Train `model` in place with Adam on all points at once, and return it."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(num_steps):
        optimizer.zero_grad()
        F.cross_entropy(model(X), labels).backward()
        optimizer.step()
    return model


def _accuracy(model, X, labels):
    with torch.no_grad():
        return (model(X).argmax(1) == labels).float().mean().item()


def spiral_explorer(train, held_out, depth=2, width=6, activation="ReLU", num_steps=200):
    """Choose depth, width, activation and seed; a network is trained and its map is drawn.

    Parameters
    ----------
    train, held_out : pairs (X (N, 2), labels (N,)).
    depth, width, activation : where the controls start; the activation is one of `ACTIVATIONS`.
    num_steps : training steps, each on all points at once.

    Returns
    -------
    ipywidgets.VBox; saved widget state shows the picture, too.
    """

    controls = [
        slider(ipywidgets.IntSlider, "depth", depth, 1, 6, 1),
        slider(ipywidgets.IntSlider, "width", width, 1, 24, 1),
        slider(ipywidgets.IntSlider, "seed", 0, 0, 9, 1),
        ipywidgets.Dropdown(description="activation", options=list(ACTIVATIONS), value=activation),
    ]
    image, note = Drawing(), ipywidgets.HTML()
    num_classes = int(train[1].max()) + 1

    def draw(_=None):
        depth, width, seed, name = (control.value for control in controls)
        try:
            model = spiral_network(depth, width, ACTIVATIONS[name], num_classes, seed)
            train_on_points(model, *train, num_steps)
            count = sum(p.numel() for p in model.parameters())
            title = f"{name}, {depth} × {width}"
            image.show(decision_maps({title: model}, *held_out, steps=120, side=4.4))
            note.value = (
                f"{count} parameters, accuracy {_accuracy(model, *train):.1%} on the training "
                f"points, <b>{_accuracy(model, *held_out):.1%}</b> on the held-out points"
            )
        except Exception as error:  # noqa: BLE001  (shown where a student looks)
            note.value = message(error)

    return explorer(draw, controls, image, note)
