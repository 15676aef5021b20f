"""Probes of assignment 04. Arrays come in, plain data goes out; nothing here judges."""

import contextlib

import numpy as np
import torch
from torch import nn

from ..shared.names import replaced
from ..shared.networks import Broken, MixLinearly, Unmasked, layer, restored

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


def built(layers, state):
    """The network, or a single layer if `layers` describes one."""
    if isinstance(layers[0], list):
        model = restored(layers, state)
        for module in model.modules():
            if isinstance(module, MixLinearly):  # it may well know its sizes
                module.in_features, module.out_features = module.weight.shape
        return model
    model = layer(layers)
    model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return model


def initialized(ns, layers, state, gain, mode):
    """The state after a call, and whether it raised ValueError.

    It is that of the returned model if there is one, so that a copy may count.
    """
    model, refused = built(layers, state), False
    try:
        returned = ns.xavier_init(model, gain, mode)
        if isinstance(returned, nn.Module) and set(returned.state_dict()) == set(state):
            model = returned
    except ValueError:
        refused = True
    return {"state": model.state_dict(), "refused": refused}


def initialized_twice(ns, layers, state, gain, mode):
    """The same for two equal models, one after the other."""
    return [initialized(ns, layers, state, gain, mode) for _ in range(2)]


def initialized_and_returned(ns, layers, state, gain, mode, x):
    """The output of the returned model after 1 was added to the given model's parameters.

    Also the given model's state, whether each parameter is still the same tensor and requires a
    gradient if it did before, whether it has the same .grad, whether each module is in the mode it
    was in before, and whether gradients are still on.
    """
    model = restored(layers, state)
    parameters = dict(model.named_parameters())
    # One layer is frozen.
    for frozen in list(parameters.values())[:2]:
        frozen.requires_grad_(False)
    required = {name: value.requires_grad for name, value in parameters.items()}
    gradients = {name: torch.ones_like(value) for name, value in parameters.items()}
    for name, value in parameters.items():
        value.grad = gradients[name]
    # One part is in evaluation mode.
    model[1].eval()
    modes = [module.training for module in model.modules()]
    masks = Unmasked(model)
    with gradients_on():
        returned = ns.xavier_init(model, gain, mode)
        tracked = torch.is_grad_enabled()
    masks.undo()
    kept = {
        name: value is parameters[name] and value.requires_grad == required[name]
        for name, value in model.named_parameters()
    }
    modes = [module.training == mode for module, mode in zip(model.modules(), modes)]
    gradients = {name: value.grad is gradients[name] for name, value in model.named_parameters()}
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.add_(1.0)
    output = None
    if isinstance(returned, nn.Module):
        output = returned.eval()(torch.tensor(x))
    return {"state": model.state_dict(), "kept": kept, "gradients": gradients, "modes": modes,
            "tracked": tracked, "returned": output}  # fmt: skip


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


def measured(ns, name, layers, state, modes, gradients, *inputs, frozen=()):
    """One of the two measurements: the model before and after, and whether gradients are on.

    frozen: names of parameters that require no gradient.
    """
    model = prepared(layers, state, modes, gradients)
    for part in frozen:
        model.get_parameter(part).requires_grad_(False)
    before, masks = snapshot(model), Unmasked(model)
    tensors = [torch.tensor(value) for value in inputs]
    with gradients_on():
        values = getattr(ns, name)(model, *tensors)
        tracked = torch.is_grad_enabled()
    masks.undo()
    parts = values if isinstance(values, (list, tuple)) else [values]
    return {
        "values": values,
        "graph": any(torch.is_tensor(part) and part.requires_grad for part in parts),
        "before": before,
        "after": snapshot(model),
        "tracked": tracked,
        "inputs": tensors,
        "input_tracked": any(tensor.requires_grad for tensor in tensors),
    }


def activations_alone(ns, calls):
    """What `activation_rms` gives for single LeakyReLUs, each a slope and an input.

    A pair for each: for its input, and for three times that.
    """
    replies = []
    for slope, x in calls:
        inputs = torch.tensor(x), 3 * torch.tensor(x)
        with gradients_on():
            replies.append([ns.activation_rms(leaky(slope), value) for value in inputs])
    return replies


def leaky(slope):
    return nn.Sequential(nn.LeakyReLU(slope)).eval()


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


def swept(ns, gains, seeds, train_accuracy, test_accuracy, mode=None, named=True):
    """`gain_sweep` with stand-ins for the given tools, which are passed.

    train_accuracy, test_accuracy: (R,), what `train` returns in its first call, its second, …
    mode: passed on if there is one. named: the notebook's own names stand for the stand-ins, too,
    so that it makes no difference which are used; otherwise they stand for others.

    Returns `means`; `calls`, how often make_model was called and how often one of the others; `runs`,
    for each run the index of its gain, the seeds that made and trained the model, and how often it
    was trained before; `draws`, the first weights of each run at standard deviation 1; and `gains`
    and `seeds` as they are afterwards.
    """
    gains, seeds = list(gains), list(seeds)
    known = tuple(gains)
    runs, draws, made, stray = [], [], [], []

    def make_model(seed):
        made.append(seed)
        model = Net(float(seed))
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
        model.gain = position(gain, known)
        return model

    def train(model, seed):
        first = model.inner[0].weight.detach().flatten()
        gain = model.gain
        if gain is None:  # initialized in another way: the spread of its weights tells the gain
            gain = position(float(first.std()) * ((60 + 90) / 2) ** 0.5, known)
        number = len(runs) % len(train_accuracy)
        runs.append([gain, model.made, float(seed), model.trained])
        draws.append(first[:NUM_DRAWN] / first.std())
        model.trained += 1
        return {
            "train_accuracy": float(train_accuracy[number]),
            "test_accuracy": float(test_accuracy[number]),
        }

    def stray_model(seed):
        stray.append(seed)
        return Net(float(seed))

    def stray_train(model, seed):
        stray.append(seed)
        return {"train_accuracy": 0.5, "test_accuracy": 0.5}

    tools = {"make_model": make_model, "train": train}
    own = tools if named else {"make_model": stray_model, "train": stray_train}
    options = {} if mode is None else {"mode": mode}
    with replaced(ns, xavier_init=xavier_init, **own):
        means = ns.gain_sweep(gains, seeds, **tools, **options)
    draws = torch.stack(draws) if draws else None
    return {"means": means, "calls": [len(made), len(stray)], "runs": runs, "draws": draws,
            "gains": gains, "seeds": seeds}  # fmt: skip


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
        return ns.gain_sweep(gains, seeds, make_model=make_model)
