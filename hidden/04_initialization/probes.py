"""Probes of assignment 04. Arrays come in, plain data goes out; nothing here judges."""

import contextlib

import numpy as np
import torch
from torch import nn

from ..shared.names import replaced
from ..shared.networks import Broken, restored

# xavier_std, xavier_bound, leaky_relu_gain


def spreads(ns, name, cases):
    """`xavier_std` or `xavier_bound` for each case: (fan_in, fan_out) or (fan_in, fan_out, gain)."""
    function = getattr(ns, name)
    return [function(*case) for case in cases]


def spreads_by_name(ns, name, cases):
    """The same, with all arguments passed by name."""
    function = getattr(ns, name)
    names = ("fan_in", "fan_out", "gain")
    return [function(**dict(zip(names, case))) for case in cases]


def gains_of(ns, slopes):
    return [ns.leaky_relu_gain(slope) for slope in slopes]


# xavier_init


def initialized_twice(ns, layers, state, gain, mode):
    """The states of two equal models, each after a call."""
    models = [restored(layers, state) for _ in range(2)]
    memories = [model.state_dict(keep_vars=True) for model in models]
    for model in models:
        ns.xavier_init(model, gain, mode)
    return memories


def initialized_and_returned(ns, layers, state, gain, mode, x):
    """The output of the returned model after 1 was added to the given model's parameters.

    Also the given model's state, whether each parameter is still the same tensor and requires a
    gradient, and the mode of each module, which was training mode.
    """
    model = restored(layers, state)
    parameters = dict(model.named_parameters())
    returned = ns.xavier_init(model, gain, mode)
    kept = {
        name: bool(value is parameters[name] and value.requires_grad)
        for name, value in model.named_parameters()
    }
    modes = [module.training for module in model.modules()]
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.add_(1.0)
    output = None
    if isinstance(returned, nn.Module):
        output = returned.eval()(torch.tensor(x))
    return {"state": model.state_dict(), "kept": kept, "returned": output, "modes": modes}


def single_linear(ns, fan_in, fan_out, gain, mode):
    """Weight and bias of a model that is one Linear."""
    model = nn.Linear(fan_in, fan_out)
    ns.xavier_init(model, gain, mode)
    return [model.weight, model.bias]


# activation_rms, gradient_rms


def hooks_of(model):
    """The numbers of hooks: of each module, of all modules together, of the parameters."""
    tables = [
        [table for name, table in vars(owner).items() if name.endswith("_hooks")]
        for owner in (*model.modules(), nn.modules.module)
    ]
    tables += [[p._backward_hooks, p._post_accumulate_grad_hooks] for p in model.parameters()]
    return [sum(len(table or ()) for table in group) for group in tables]


def snapshot(model):
    """What a measurement should leave unchanged."""
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": hooks_of(model),
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "state": {name: value.detach().clone() for name, value in model.state_dict().items()},
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
    }


@contextlib.contextmanager
def gradients_on():
    """Gradients are on inside; afterwards the switch is reset, whatever was done to it."""
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    try:
        yield
    finally:
        torch.set_grad_enabled(before)


def prepared(layers, state, modes, gradients):
    """A network with weights, modes per module, and gradients (or None) per parameter."""
    model = restored(layers, state)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = bool(mode)
    for p, gradient in zip(model.parameters(), gradients, strict=True):
        p.grad = None if gradient is None else torch.tensor(gradient)
    return model


def measured(ns, name, layers, state, modes, gradients, *inputs):
    """One of the two measurements, twice; the model before and after; whether gradients are on."""
    model = prepared(layers, state, modes, gradients)
    before = snapshot(model)
    tensors = [torch.tensor(value) for value in inputs]
    with gradients_on():
        values = [getattr(ns, name)(model, *tensors) for _ in range(2)]
        tracked = torch.is_grad_enabled()
    after = snapshot(model)
    return {"values": values, "before": before, "after": after, "tracked": tracked,
            "inputs": tensors}  # fmt: skip


def hooks_left(ns, layers, state, x):
    """Numbers of hooks before and after `activation_rms`, for a model with hooks of its owner.

    `growth`: how many values another forward pass adds to the list. `calls`: how often the owner's
    hooks were called in a forward pass before and in one after the measurement.
    """
    model, x = restored(layers, state), torch.tensor(x)
    calls = []

    def own(module, args, output):
        calls[-1] += 1

    for module in list(model.modules())[1:]:
        module.register_forward_hook(own)
    before = hooks_of(model)
    calls.append(0)
    model(x)
    calls.append(0)
    with gradients_on():
        values = ns.activation_rms(model, x)
    count = len(values)
    after = hooks_of(model)
    calls[1] = 0
    model(x)
    return {"values": values[:count], "before": before, "after": after, "calls": calls,
            "growth": len(values) - count}  # fmt: skip


def hooks_after_an_error(ns, layers, state, x):
    """Numbers of hooks before and after a call in which the model raises an error."""
    model = restored(layers, state)
    before = hooks_of(model)
    with gradients_on(), contextlib.suppress(Broken):
        ns.activation_rms(model, torch.tensor(x))
    return {"before": before, "after": hooks_of(model)}


# gain_sweep

# How many of the first weights of a network are compared.
NUM_DRAWN = 200


class Net(nn.Module):
    """A small network that knows which seed made it and how often it was trained."""

    def __init__(self, made):
        super().__init__()
        self.made, self.trained, self.gain = made, 0, None
        self.inner = nn.Sequential(nn.Linear(60, 90), nn.LeakyReLU(0.1), nn.Linear(90, 50))

    def forward(self, x):
        return self.inner(x)


def position(value, values):
    """The index of the nearest value."""
    return int(np.argmin(np.abs(np.asarray(values, dtype=float) - float(value))))


def swept(ns, gains, seeds, train_accuracy, test_accuracy):
    """`gain_sweep` with stand-ins for the given tools.

    train_accuracy, test_accuracy: (G, S, S, 2), what `train` returns for a gain, the seed that made
    the model, the seed of the training, and a model that is new or was trained before.

    Returns `means`; `runs`, for each run the index of its gain, the indices of the two seeds (-1 if
    unknown) and how often the model was trained before; and `draws`, the first weights of each run
    at standard deviation 1.
    """
    gains, seeds = list(gains), list(seeds)
    index = {seed: i for i, seed in enumerate(seeds)}
    runs, draws = [], []

    def make_model(seed):
        model = Net(index.get(seed, -1))
        torch.manual_seed(int(seed))
        return model

    def xavier_init(model, gain, mode="normal"):
        for module in model.modules():
            if isinstance(module, nn.Linear):
                std = float(gain) * (2 / (module.in_features + module.out_features)) ** 0.5
                with torch.no_grad():
                    if mode == "uniform":
                        module.weight.uniform_(-(3**0.5) * std, 3**0.5 * std)
                    else:
                        module.weight.normal_(0, std)
                    module.bias.zero_()
        model.gain = position(gain, gains)
        return model

    def train(model, seed):
        first = model.inner[0].weight.detach().flatten()
        gain = model.gain
        if gain is None:  # initialized in another way: the spread of its weights tells the gain
            gain = position(float(first.std()) * ((60 + 90) / 2) ** 0.5, gains)
        trained = index.get(seed, -1)
        runs.append([gain, model.made, trained, model.trained])
        draws.append(first[:NUM_DRAWN] / first.std())
        place = gain, model.made, trained, min(model.trained, 1)
        model.trained += 1
        known = min(place) >= 0
        return {
            "train_accuracy": float(train_accuracy[place]) if known else 0.0,
            "test_accuracy": float(test_accuracy[place]) if known else 0.0,
        }

    with replaced(ns, make_model=make_model, train=train, xavier_init=xavier_init):
        means = ns.gain_sweep(gains, seeds)
    return {"means": means, "runs": runs, "draws": torch.stack(draws) if draws else None}


def really_swept(ns, gains, seeds):
    """`gain_sweep` with the notebook's own `train`, of networks with four hidden layers."""

    def make_model(seed):
        layers = [nn.Linear(64, 32), nn.LeakyReLU(0.1)]
        for _ in range(3):
            layers += [nn.Linear(32, 32), nn.LeakyReLU(0.1)]
        model = nn.Sequential(*layers, nn.Linear(32, 10))
        torch.manual_seed(int(seed))
        return model

    with replaced(ns, make_model=make_model):
        return ns.gain_sweep(gains, seeds)
