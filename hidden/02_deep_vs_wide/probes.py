"""Probes of assignment 02. Arrays come in, plain data goes out; nothing here judges."""

import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..shared.names import replaced
from ..shared.networks import Unmasked


def widths(ns, cases):
    """`width_for_budget` of each case: `refused`, True for a ValueError; otherwise also `width`."""
    replies = []
    for case in cases:
        try:
            replies.append({"refused": False, "width": ns.width_for_budget(*case)})
        except ValueError:
            replies.append({"refused": True})
    return replies


def known_widths(ns, depths, budget, right_widths):
    """A `width_for_budget` that knows its answers for (budget, depth, 2, 4), one per depth.

    For anything else it asks the student's own.
    """
    known, own = dict(zip(depths, right_widths)), ns._namespace.get("width_for_budget")

    given = budget, 2, 4

    def width_for_budget(budget, depth, num_inputs=2, num_classes=4):
        if (budget, num_inputs, num_classes) == given and depth in known:
            return known[depth]
        return own(budget, depth, num_inputs, num_classes)

    return width_for_budget


def swept(ns, depths, budget, seeds, right_widths, **tools):
    """The `accuracies` of `depth_sweep` with other tools, and with widths that are right.

    Also the lists `depths` and `seeds` as they are afterwards.
    """
    tools["width_for_budget"] = known_widths(ns, depths, budget, right_widths)
    depths, seeds = list(depths), list(seeds)
    with replaced(ns, **tools):
        accuracies = ns.depth_sweep(depths, budget, seeds)
    return {"accuracies": accuracies, "depths": depths, "seeds": seeds}


class PretendNetwork(nn.Module):
    """A network whose share of right answers is prescribed: `share`, a function of its history.

    It knows the spiral's points (`look_up` gives a point's label, rank and split): it gets the
    first `share` of the held-out points right, and the first `1 - share` of the training points.
    """

    def __init__(self, history, share, look_up):
        super().__init__()
        self.history, self.share, self.look_up = history, share, look_up
        # A parameter, for those who give the network to an optimizer.
        self.offset = nn.Parameter(torch.zeros(()))

    def forward(self, X):
        share, classes = self.share(**self.history), []
        for point in X.detach().reshape(-1, 2).tolist():
            label, rank, is_held_out = self.look_up(tuple(point))
            right = rank < (share if is_held_out else 1 - share)
            classes.append(label if right else (label + 1) % 4)
        return F.one_hot(torch.tensor(classes), 4) + self.offset


def pretended_sweep(ns, depths, budget, seeds, wave, right_widths):
    """`depth_sweep` with `make_network` and `train_network` replaced.

    A network's accuracy on the held-out points is a wave over depth, width, seed, the number of
    trainings, and the share of held-out points in the training data, with the six coefficients
    `wave`, within rounding to a whole number of points. right_widths: what `width_for_budget`
    returns, one per depth, so that this exercise can be solved without that one.

    Returns what `swept` does, the networks in `made` when they are new, and those in `trained` after
    each training: depth, width, seed, trainings, other, a row for each kind.
    """
    points = {}
    for name in ("SPIRAL_TRAIN", "SPIRAL_HELD_OUT"):
        X, labels = getattr(ns, name)
        for i, (point, label) in enumerate(zip(X.tolist(), labels.tolist())):
            points[tuple(point)] = (label, (i + 0.5) / len(labels), name == "SPIRAL_HELD_OUT")

    def share(**history):
        phase = sum(a * history[key] for a, key in zip(wave, sorted(history))) + wave[-1]
        return 0.5 + 0.45 * math.sin(phase)

    first, trained = set(), set()

    def make_network(depth, width, seed):
        history = {"depth": int(depth), "width": int(width), "seed": int(seed)}
        history |= {"trainings": 0, "other": 0.0}
        first.add(tuple(history.values()))
        return PretendNetwork(history, share, points.__getitem__)

    def train_network(model, X, labels, num_steps=None):
        held_out = [points[tuple(point)][2] for point in X.tolist()]
        missing = 1 - len(held_out) / len(ns.SPIRAL_TRAIN[1])
        model.history["trainings"] += 1
        model.history["other"] += sum(held_out) / max(1, len(held_out)) + abs(missing)
        trained.add(tuple(model.history.values()))
        return model

    tools = {"make_network": make_network, "train_network": train_network}
    reply = swept(ns, depths, budget, seeds, right_widths, **tools)
    for name, kinds in (("made", first), ("trained", trained)):
        reply[name] = np.array(sorted(kinds), dtype=float).reshape(-1, 5)
    return reply


def real_sweep(ns, depths, budget, seeds, right_widths, num_steps):
    """`depth_sweep` with real networks and shorter trainings.

    Returns what `swept` does, and the `networks`: width, and the weights `before` and `after` the
    sweep, each a list of arrays (weight, bias, weight, ...).
    """
    made, make, train = [], ns.make_network, ns.train_network

    def weights(model):
        return [p.detach().clone() for p in model.parameters()]

    def make_network(depth, width, seed):
        model = make(depth, width, seed)
        # As an attribute, so that a copy of the network has it, too.
        model.run = {"width": int(width)}
        made.append((model, weights(model)))
        return model

    short = num_steps

    def train_network(model, X, labels, num_steps=None):
        if all(model is not network for network, _ in made):
            made.append((model, weights(model)))
        return train(model, X, labels, short)

    tools = {"make_network": make_network, "train_network": train_network}
    reply = swept(ns, depths, budget, seeds, right_widths, **tools)
    reply["networks"] = [
        {**model.run, "before": before, "after": weights(model)} for model, before in made
    ]
    return reply


def features(ns, X, degree):
    """`polynomial_features` of a tensor, and the tensor afterwards."""
    X = torch.tensor(X)
    return {"features": ns.polynomial_features(X, degree), "X": X}


def write_tree(root, tree):
    """Write the images (H, W, 3) uint8 of [split, class, file name, image] rows as files."""
    from PIL import Image

    for split, name, file_name, image in tree:
        folder = Path(root) / split / name
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(image)).save(folder / file_name)


def batches(loader):
    """One epoch as a list of [images, labels]; labels may be given as a list of numbers, too."""
    return [[images, torch.as_tensor(labels)] for images, labels in loader]


def epochs(ns, tree, batch_size, seeds, num_epochs, splits):
    """Epochs of the loaders of `image_loaders`, made from each seed before any of them is used.

    Between the epochs, which take turns, the global random state changes, and the test loaders of
    all but the first seed are begun. Returns per seed a dict with the epochs of the splits named
    ("train", "test"), each a list of [images, labels] batches.
    """
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, tree)
        made = []
        for turn, seed in enumerate(seeds):
            torch.manual_seed(1000 + turn)
            made.append(
                dict(zip(("train", "test"), ns.image_loaders(Path(root), batch_size, seed)))
            )
        replies = [{split: [] for split in splits} for _ in seeds]
        for _ in range(num_epochs):
            for turn, (loaders, reply) in enumerate(zip(made, replies)):
                if turn and splits == ["train"]:
                    next(iter(loaders["test"]), None)
                for split in splits:
                    torch.rand(turn + 1)
                    reply[split].append(batches(loaders[split]))
    return replies


class Block(nn.Module):
    """A network that keeps its layers in nested modules and flattens images itself."""

    def __init__(self, layers):
        super().__init__()
        # Not in the order of their names.
        self.trunk = nn.ModuleList([nn.Sequential(layers[0], nn.ReLU())])
        self.head = nn.Sequential(*layers[1:])

    def forward(self, images):
        return self.head(self.trunk[0](images.flatten(1)))


class Mixed(nn.Module):
    """A layer that is no `nn.Linear`, with a matrix of as many columns."""

    def __init__(self, inputs):
        super().__init__()
        self.weight = nn.Parameter(0.01 * torch.randn(2, inputs))

    def forward(self, x):
        return x + x @ self.weight.T @ self.weight


def network_of(kind, weight, num_classes):
    """A model with the given first layer, in one of several forms."""
    units, inputs = weight.shape
    first = nn.Linear(inputs, units)
    with torch.no_grad():
        first.weight.copy_(torch.tensor(weight))
    last = nn.Linear(units, num_classes)
    if kind == "nested":
        wider = inputs + 8
        return nn.Sequential(
            Block([first, nn.Linear(units, wider), nn.ReLU(), nn.Linear(wider, num_classes)])
        )
    if kind == "normed":
        return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(inputs), first, nn.Tanh(), last)
    if kind == "mixed":
        return nn.Sequential(nn.Flatten(), Mixed(inputs), first, nn.Tanh(), last)
    # Its only linear layer, at the most usual place.
    return nn.Sequential(nn.Flatten(), first, nn.BatchNorm1d(units))


def state_of(model):
    """What a model is beside its tensors, in numbers: modes, trainable, gradients, hooks."""
    modules, parameters = list(model.modules()), list(model.parameters())
    return {
        "modes": [float(m.training) for m in modules],
        "trainable": [float(p.requires_grad) for p in parameters],
        "gradients": [0.0 if p.grad is None else float(p.grad.sum()) for p in parameters],
        "hooks": [float(len(m._forward_hooks) + len(m._forward_pre_hooks)) for m in modules],
    }


def maps(ns, kind, weight, image_shape, by_default=False, training=True):
    """`first_layer_maps` of a model in training mode or not, and the model before and after.

    Its last parameter is frozen, and all have gradients. Returns `maps`, `before` and `after` (all
    of the model's tensors), `old_state` and `new_state` (see `state_of`), and the `gradient` of the
    first layer's weight in a training step (zeros if there is none).
    """
    model = network_of(kind, weight, 3)
    model.train(training)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    parameter.requires_grad_(False)
    old_state, masks = state_of(model), Unmasked(model)
    before = [values.clone() for values in model.state_dict().values()]
    if by_default:
        result = ns.first_layer_maps(model)
    else:
        result = ns.first_layer_maps(model, tuple(image_shape))
    masks.undo()
    if isinstance(result, torch.Tensor):
        result = result.detach().clone()
    after = [values.clone() for values in model.state_dict().values()]
    new_state = state_of(model)
    model.zero_grad()
    images = torch.randn(8, *image_shape)
    outputs = model(images)
    (outputs.square() * torch.randn_like(outputs)).sum().backward()
    layer = next(m for m in model.modules() if isinstance(m, nn.Linear))
    gradient = layer.weight.grad
    gradient = torch.zeros_like(layer.weight) if gradient is None else gradient
    reply = {"maps": result, "before": before, "after": after, "gradient": gradient}
    return reply | {"old_state": old_state, "new_state": new_state}
