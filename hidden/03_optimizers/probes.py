"""Probes of assignment 03. Arrays come in, plain data goes out; nothing here judges."""

import numpy as np
import torch
from torch import nn


def set_gradients(params, gradients):
    """Give each parameter its gradient, in the same tensor as before where there is one.

    `zero_grad()` and `backward()` do so too: an optimizer that has kept the tensor sees it change.
    """
    for p, gradient in zip(params, gradients, strict=True):
        if gradient is None:
            p.grad = None
        elif p.grad is None:
            p.grad = torch.tensor(gradient)
        else:
            p.grad.copy_(torch.tensor(gradient))


def updates(ns, name, start, gradients, lr, settings, rates=None):
    """Steps of one optimizer on given gradients.

    start: an array per parameter. gradients: per step a list with an array or None per parameter.
    rates: the learning rate to set before each step, if it changes.

    Returns `path`, `memory` and `gradients`, each a list with an array (steps, ...) per parameter:
    its value after each step, the same read through the memory it had at the beginning, and its
    gradient after each step (zeros where it has none).
    """
    params = [nn.Parameter(torch.tensor(values)) for values in start]
    memory = [p.data for p in params]
    optimizer = getattr(ns, name)(params, lr, **settings)
    rows = {"path": [], "memory": [], "gradients": []}
    for index, step in enumerate(gradients):
        set_gradients(params, step)
        if rates is not None:
            optimizer.lr = rates[index]
        optimizer.step()
        rows["path"].append([p.detach().clone() for p in params])
        rows["memory"].append([values.clone() for values in memory])
        rows["gradients"].append(
            [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in params]
        )
    return {key: [torch.stack(column) for column in zip(*row)] for key, row in rows.items()}


def taking_turns(ns, name, start, gradients, rates, settings):
    """Two optimizers that take turns on the same parameter; its value (steps, ...) after each.

    Each finds on the parameter only those attributes that it has put there itself.
    """
    p = nn.Parameter(torch.tensor(start))
    optimizers, attributes = [], []
    for lr in rates:
        p.__dict__.clear()
        optimizers.append(getattr(ns, name)([p], lr, **settings))
        attributes.append(dict(p.__dict__))
    path = []
    for index, gradient in enumerate(gradients):
        turn = index % 2
        p.__dict__.clear()
        p.__dict__.update(attributes[turn])
        set_gradients([p], [gradient])
        optimizers[turn].step()
        attributes[turn] = dict(p.__dict__)
        path.append(p.detach().clone())
    return torch.stack(path)


def valley(ns, name, start, matrix, lr, num_updates):
    """A training loop on w·A·w / 2, the parameters given as a generator; the path (steps, n)."""
    w, matrix = nn.Parameter(torch.tensor(start)), torch.tensor(matrix)
    optimizer = getattr(ns, name)((p for p in [w]), lr)
    # A second optimizer, made later and never used, should make no difference.
    getattr(ns, name)([nn.Parameter(torch.zeros(2))], 3 * lr)
    path = []
    for _ in range(num_updates):
        optimizer.zero_grad()
        (0.5 * w @ matrix @ w).backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def descents(ns, name, starts, rates, num_updates):
    """Paths (num_updates + 1, 2) on the given curve, one per start, ends included."""
    paths = []
    for start, lr in zip(starts, rates, strict=True):
        w = nn.Parameter(torch.tensor(start))
        optimizer = getattr(ns, name)((p for p in [w]), lr)
        path = [w.detach().clone()]
        for _ in range(num_updates):
            optimizer.zero_grad()
            loss = torch.tanh(w[0]) ** 2 + 0.01 * torch.abs(w[0]) + torch.sigmoid(w[1])
            loss.backward()
            optimizer.step()
            path.append(w.detach().clone())
        paths.append(torch.stack(path))
    return paths


class Drift:
    """An optimizer that moves every weight by given amounts, whatever the gradients."""

    def __init__(self, params, amounts):
        if isinstance(params, torch.Tensor):
            raise TypeError("the optimizer expects a list of parameters, got one tensor")
        self.params, self.amounts = list(params), iter(amounts)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        amount = next(self.amounts, 0.0)
        with torch.no_grad():
            for p in self.params:
                p += amount


def smooth_curve(coefficients):
    """a w1^2 + b w2^2 + c w1 w2 + d sin(w1) + e w2."""
    a, b, c, d, e = coefficients
    return lambda w1, w2: a * w1**2 + b * w2**2 + c * w1 * w2 + d * torch.sin(w1) + e * w2


def readable(path):
    """The path, an array of floats as float64: a longdouble cannot be sent."""
    is_float = isinstance(path, np.ndarray) and path.dtype.kind == "f"
    return path.astype(np.float64) if is_float else path


def recorded(ns, coefficients, amounts, init):
    """`train_curve` with an optimizer that drifts by `amounts`."""
    path = ns.train_curve(
        lambda params: Drift(params, amounts), smooth_curve(coefficients), len(amounts), tuple(init)
    )
    return readable(path)


def recorded_by_default(ns, coefficients):
    """`train_curve` without optional arguments, standing still; and whether it is an array."""
    path = ns.train_curve(lambda params: Drift(params, []), smooth_curve(coefficients))
    return {"path": readable(path), "array": isinstance(path, np.ndarray)}


def descended(ns, coefficients, lr, momentum, init, num_updates):
    """Two runs of `train_curve` with `torch.optim.SGD`, and the list `init` afterwards."""
    init = list(init)
    paths = [
        ns.train_curve(
            optimizer_func=lambda params: torch.optim.SGD(params, lr=lr, momentum=momentum),
            curve_func=smooth_curve(coefficients),
            num_updates=num_updates,
            init=init,
        )
        for _ in range(2)
    ]
    return {"paths": [readable(path) for path in paths], "init": init}


def settings(ns):
    """The student's settings of the contest; empty where there are none."""
    try:
        chosen = ns.pathological_settings
    except (AttributeError, NameError):
        return {}
    try:
        return chosen() if callable(chosen) else chosen
    except NotImplementedError:
        return {}


def values_and_slopes(ns, w1, w2):
    """The student's loss at the points and its slopes in w1 and in w2, each of the same shape."""
    w1, w2 = (torch.tensor(w, requires_grad=True) for w in (w1, w2))
    loss = ns.pathological_curve(w1, w2)
    slopes = torch.autograd.grad(loss.sum(), (w1, w2), allow_unused=True)
    return [loss, *(torch.zeros_like(w1) if s is None else s for s in slopes)]


def stepper(name, shape):
    """A function from gradient to step, for learning rate 1, with a memory of its own."""
    if name == "sgd":
        return lambda gradient: gradient
    mean, square, count = torch.zeros(shape), torch.zeros(shape), 0

    def step(gradient):
        nonlocal mean, square, count
        count += 1
        mean = 0.9 * mean + 0.1 * gradient
        if name == "momentum":
            return mean
        square = 0.999 * square + 0.001 * gradient**2
        return mean / (1 - 0.9**count) / ((square / (1 - 0.999**count)).sqrt() + 1e-8)

    return step


def contest(ns, start, entries, num_updates):
    """Paths on the student's curve, all from `start`, one array (num_updates, 2, n) per entry.

    entries: pairs of an optimizer ("sgd", "momentum" or "adam") and its n learning rates.
    """
    replies = []
    for name, rates in entries:
        rates = torch.tensor(rates)
        w = torch.tensor(start)[:, None].repeat(1, len(rates))
        step, path = stepper(name, w.shape), []
        for _ in range(num_updates):
            path.append(w)
            w = w.clone().requires_grad_()
            # The sum keeps the runs apart: the curve works element by element.
            ns.pathological_curve(w[0], w[1]).sum().backward()
            w = w.detach() - rates * step(w.grad)
        replies.append(torch.stack(path))
    return replies
