"""Networks and data from plain data: what the probes of several assignments build.

Its source is sent to the student's process beside the probes that import it.
"""

import torch
from torch import nn


class Scale(nn.Module):
    """A custom layer: one trainable factor per feature and a buffer that is not a parameter."""

    def __init__(self, num_features):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(num_features))
        self.register_buffer("offset", torch.zeros(num_features))

    def forward(self, x):
        return x * self.factor + self.offset


class Path(nn.Module):
    """Modules that are created in one order and used in another, some of them perhaps twice."""

    def __init__(self, parts, order):
        super().__init__()
        self.order = order
        for name, module in parts.items():
            self.add_module(name, module)

    def forward(self, x):
        for name in self.order:
            x = getattr(self, name)(x)
        return x


class Residual(nn.Module):
    """x plus the output of the inner module."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Function(nn.Module):
    """A nonlinearity that is a plain function, not an activation module."""

    def forward(self, x):
        return torch.sin(x)


class OwnLeaky(nn.LeakyReLU):
    """A student's own kind of LeakyReLU."""


class OwnLinear(nn.Linear):
    """A student's own kind of Linear."""


class Dense(nn.Linear):
    """A Linear whose name does not say so."""


class MixLinearly(nn.Module):
    """A square matrix and a bias, named like those of a Linear, in a module that is none."""

    def __init__(self, num_features):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        return x @ self.weight + self.bias


class Broken(RuntimeError):
    """What `Breaking` raises."""


class Breaking(nn.Module):
    """A module that raises an error when it is called."""

    def forward(self, x):
        raise Broken("this module is broken")


OWN = {
    kind.__name__: kind
    for kind in (Scale, Function, OwnLeaky, OwnLinear, Dense, MixLinearly, Breaking)
}


def network(layers):
    """An `nn.Sequential` of layers, each a list of a class name and its arguments.

    `["Linear", 3, 4]` is `nn.Linear(3, 4)`; the names in `OWN` are the layers above. "Sequential"
    and "Residual" take a list of layers. "Path" takes pairs of a name and a layer, or the name of
    an earlier one for the same module again, and the order of use. A last argument that is a dict
    holds keyword arguments.
    """
    return nn.Sequential(*map(layer, layers))


def layer(description):
    kind, *args = description
    if kind == "Sequential":
        return network(args[0])
    if kind == "Residual":
        return Residual(network(args[0]))
    if kind == "Path":
        parts = {}
        for name, part in args[0]:
            parts[name] = parts[part] if isinstance(part, str) else layer(part)
        return Path(parts, list(args[1]))
    kwargs = args.pop() if args and isinstance(args[-1], dict) else {}
    return (OWN.get(kind) or getattr(nn, kind))(*args, **kwargs)


def restored(layers, state):
    """The network with the arrays of `state` as its parameters and buffers."""
    model = network(layers)
    model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return model


METHODS = frozenset(n for n in dir(nn.Module) if callable(getattr(nn.Module, n))) - {"forward"}


class Unmasked:
    """Undo, after a student's call, what hides from a probe how a model really is.

    A model with a `state_dict` of its own could always tell the one from before. What a call has
    changed in the modules and parameters themselves stays changed.
    """

    def __init__(self, model):
        self.model, self.kinds = model, self._kinds(model)

    @staticmethod
    def _kinds(model):
        found, waiting = [], [model]
        for module in waiting:  # grows on the way
            own = vars(module)
            waiting += [m for m in own["_modules"].values() if m is not None]
            found += [(p, type(p)) for p in own["_parameters"].values() if p is not None]
        return found + [(module, type(module)) for module in waiting]

    def undo(self):
        """Take off masks from all parts that were there before the call, and those of now."""
        for part, kind in self.kinds:
            if type(part) is not kind:
                part.__class__ = kind
        for part, _ in self.kinds + self._kinds(self.model):
            for name in (
                METHODS & vars(part).keys() if isinstance(part, nn.Module) else list(vars(part))
            ):
                vars(part).pop(name)


def batches(data):
    """Pairs of arrays as a list of `(images, labels)` tensors: the plainest loader there is."""
    return [(torch.tensor(images), torch.tensor(labels)) for images, labels in data]
