"""Probes of assignment 03. Arrays come in, plain data goes out; nothing here judges."""

import numpy as np
import torch
from torch import nn


def set_gradients(params, gradients):
    """Give each parameter its gradient, in the same tensor as before where there is one.

    So do `zero_grad()` and `backward()`: an optimizer that has kept the tensor sees it change.
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
    """Two optimizers on the same parameter, used in turns; its value (steps, ...) after each."""
    p = nn.Parameter(torch.tensor(start))
    optimizers = [getattr(ns, name)([p], lr, **settings) for lr in rates]
    path = []
    for index, gradient in enumerate(gradients):
        set_gradients([p], [gradient])
        optimizers[index % 2].step()
        path.append(p.detach().clone())
    return torch.stack(path)


def valley(ns, name, start, matrix, lr, num_updates):
    """A training loop on w·A·w / 2, the parameters given as a generator; the path (steps, n)."""
    w, matrix = nn.Parameter(torch.tensor(start)), torch.tensor(matrix)
    optimizer = getattr(ns, name)((p for p in [w]), lr)
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


def recorded(ns, coefficients, amounts, init):
    """`train_curve` with an optimizer that drifts by `amounts`."""
    return ns.train_curve(
        lambda params: Drift(params, amounts), smooth_curve(coefficients), len(amounts), tuple(init)
    )


def recorded_by_default(ns, coefficients):
    """`train_curve` without optional arguments, standing still; and whether it is an array."""
    path = ns.train_curve(lambda params: Drift(params, []), smooth_curve(coefficients))
    return {"path": path, "array": isinstance(path, np.ndarray)}


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
    return {"paths": paths, "init": init}


def settings(ns):
    """The student's settings of the contest."""
    return ns.pathological_settings()


def values_and_slopes(ns, w1, w2):
    """The student's loss at the points and its slopes in w1 and in w2, each of the same shape."""
    w1, w2 = (torch.tensor(w, requires_grad=True) for w in (w1, w2))
    loss = ns.pathological_curve(w1, w2)
    slopes = torch.autograd.grad(loss.sum(), (w1, w2), allow_unused=True)
    return [loss, *(torch.zeros_like(w1) if s is None else s for s in slopes)]


def run(ns, start, factors, make, num_updates):
    """Paths (num_updates, 2, n) of n runs side by side, loss number i multiplied by factor i."""
    w = nn.Parameter(torch.tensor(start)[:, None].repeat(1, len(factors)))
    factors = torch.tensor(factors)
    optimizer = make([w])
    path = []
    for _ in range(num_updates):
        path.append(w.detach().clone())
        optimizer.zero_grad()
        (factors * ns.pathological_curve(w[0], w[1])).sum().backward()
        optimizer.step()
    return torch.stack(path)


def contest(ns, start, rates, rival, lr, num_updates):
    """Paths of SGD at all rates (num_updates, 2, n) and of the rival (num_updates, 2, 1)."""

    def make(params):
        if rival == "adam":
            return torch.optim.Adam(params, lr=lr)
        # PyTorch adds the full gradient to its buffer, the course (1 - momentum) times it.
        return torch.optim.SGD(params, lr=0.1 * lr, momentum=0.9)

    # A factor on the loss is a factor on plain SGD's learning rate.
    sgd = run(ns, start, rates, lambda params: torch.optim.SGD(params, lr=1.0), num_updates)
    return [sgd, run(ns, start, np.ones(1), make, num_updates)]
