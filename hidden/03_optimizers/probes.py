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


# Ids of parameters that are gone are given out again, so what is kept under an id would be found
# only sometimes: here every parameter stays.
KEPT = []


def parameter(values, turned=False):
    """A new parameter with these values. turned: whether its memory goes column by column."""
    tensor = torch.tensor(values)
    KEPT.append(nn.Parameter(tensor.t().contiguous().t() if turned else tensor))
    return KEPT[-1]


def updates(ns, name, start, gradients, lr, settings, rates=None, same_tensor=False, turned=False):
    """Steps of one optimizer on given gradients.

    start: an array per parameter. gradients: per step a list with an array or None per parameter.
    rates: the learning rate to set before each step, if it changes. same_tensor: whether a gradient
    lies in the same tensor at every step. turned: whether matrices lie in memory column by column.

    Returns `path`, `memory` and `gradients`, each a list with an array (steps, ...) per parameter:
    its value after each step, the same read through the memory it had at the beginning, and its
    gradient after each step (zeros where it has none).
    """
    params = [parameter(values, turned) for values in start]
    memory = [p.data for p in params]
    optimizer = getattr(ns, name)(params, lr, **settings)
    rows = {"path": [], "memory": [], "gradients": []}
    for index, step in enumerate(gradients):
        if not same_tensor:
            set_gradients(params, [None] * len(params))
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


def taking_turns(ns, name, start, gradients, rates):
    """Two optimizers that take turns on the same parameter; its value (steps, ...) after each."""
    p = parameter(start)
    optimizers = [getattr(ns, name)([p], lr) for lr in rates]
    path = []
    for index, gradient in enumerate(gradients):
        set_gradients([p], [None])
        set_gradients([p], [gradient])
        optimizers[index % 2].step()
        path.append(p.detach().clone())
    return torch.stack(path)


def valley(ns, name, start, matrix, lr, num_updates, second):
    """A training loop on w·A·w / 2, the parameters given as a generator; the path (steps, n).

    second: whether another optimizer is made, which is never used.
    """
    w, matrix = parameter(start), torch.tensor(matrix)
    optimizer = getattr(ns, name)((p for p in [w]), lr)
    if second:
        getattr(ns, name)([parameter(np.zeros(2, dtype=np.float32))], 3 * lr)
    path = []
    for _ in range(num_updates):
        optimizer.zero_grad()
        (0.5 * w @ matrix @ w).backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def given_curve(w1, w2, plateau=0.01):
    return torch.tanh(w1) ** 2 + plateau * torch.abs(w1) + torch.sigmoid(w2)


def descents(ns, name, starts, rates, num_updates):
    """Paths (num_updates + 1, 2) on the given curve, one per start, ends included."""
    paths = []
    for start, lr in zip(starts, rates, strict=True):
        w = parameter(start)
        optimizer = getattr(ns, name)((p for p in [w]), lr)
        path = [w.detach().clone()]
        for _ in range(num_updates):
            optimizer.zero_grad()
            given_curve(w[0], w[1]).backward()
            optimizer.step()
            path.append(w.detach().clone())
        paths.append(torch.stack(path))
    return paths


def arrivals(ns, name, starts, rates, num_updates):
    """How descents on the given curve begin and end, up to the first that does not arrive.

    Where a path ends that runs away depends on rounding; whether it arrives does not. So of each
    there is `begin`, how far it is from the start after two updates (2,), and `arrived`.
    """
    found = []
    for start, lr in zip(starts, rates, strict=True):
        (path,) = descents(ns, name, [start], [lr], num_updates)
        w1, w2 = path[-1]
        arrived = bool(w2 < -7.5 and abs(w1) < 0.1 and given_curve(w1, w2) < 0.01)
        found.append({"begin": path[2] - path[0], "arrived": arrived})
        if not arrived:
            break
    return found


class Logbook:
    """An optimizer that moves every weight by given amounts and notes what it finds at each step.

    params: as `train_curve` passes them. amounts: one per step. log: gets an entry for each step.
    """

    def __init__(self, params, amounts, log):
        if isinstance(params, torch.Tensor):
            raise TypeError("the optimizer expects a list of parameters, got one tensor")
        self.params, self.amounts, self.log = list(params), amounts, log
        self.number = log[-1]["number"] + 1 if log else 0

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.params]
        entry = {"number": self.number, "weights": joined(self.params), "gradient": joined(grads)}
        amount = self.amounts[len(self.log)] if len(self.log) < len(self.amounts) else 0.0
        with torch.no_grad():
            for p in self.params:
                p += amount
        self.log.append({**entry, "moved": joined(self.params)})


def joined(tensors):
    """All their entries in one new tensor, as float64."""
    return torch.cat([t.detach().flatten().double() for t in tensors])


def smooth_curve(coefficients):
    """a w1^2 + b w2^2 + c w1 w2 + d sin(w1) + e w2 + f."""
    a, b, c, d, e, f = coefficients
    return lambda w1, w2: a * w1**2 + b * w2**2 + c * w1 * w2 + d * torch.sin(w1) + e * w2 + f


def readable(path):
    """The path, an array of floats as float64: a longdouble cannot be sent."""
    is_float = isinstance(path, np.ndarray) and path.dtype.kind == "f"
    return path.astype(np.float64) if is_float else path


def recorded(ns, coefficients, amounts, init):
    """Two calls of `train_curve` with a logbook: `paths`, `logs`, and `inits`, its lists afterwards.

    A log has one array per field of its entries.
    """
    inits, paths, logs = [list(init), list(init)], [], []
    curve, entries = smooth_curve(coefficients), []

    def optimizer(params):
        return Logbook(params, amounts, entries)

    for own in inits:
        entries.clear()
        path = ns.train_curve(
            optimizer_func=optimizer, curve_func=curve, num_updates=len(amounts), init=own
        )
        paths.append(readable(path))
        logs.append({key: [entry[key] for entry in entries] for key in (entries or [{}])[0]})
    return {"paths": paths, "logs": logs, "inits": inits}


def recorded_by_default(ns, coefficients):
    """`train_curve` without optional arguments, standing still: the path, and whether it is an array.

    `steps` is how many its optimizer made, `rows` how many rows there are of 7 updates that move.
    """
    log, curve = [], smooth_curve(coefficients)
    path = ns.train_curve(lambda params: Logbook(params, [], log), curve)
    moving = ns.train_curve(
        lambda params: Logbook(params, [0.1] * 7, []), curve, num_updates=7, init=[1.0, 2.0]
    )
    return {
        "path": readable(path),
        "array": isinstance(path, np.ndarray),
        "steps": len(log),
        "rows": len(moving),
    }


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
    """The student's loss at the points and its slopes in w1 and in w2, each of the same shape.

    The points are of the dtype of the arrays.
    """
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


def contest(ns, starts, entries, num_updates):
    """Paths on the student's curve, one array (num_updates, 2, starts, n) per entry.

    starts: (starts, 2). entries: pairs of an optimizer ("sgd", "momentum" or "adam") and its n
    learning rates.
    """
    counts = [len(rates) for _, rates in entries]
    w = torch.tensor(starts).T[:, :, None].repeat(1, 1, sum(counts))
    rules = [
        (stepper(name, part.shape), torch.tensor(rates))
        for (name, rates), part in zip(entries, w.split(counts, dim=2))
    ]
    path = []
    for _ in range(num_updates):
        path.append(w)
        w = w.clone().requires_grad_()
        # The sum keeps the runs apart: the curve works element by element.
        ns.pathological_curve(w[0], w[1]).sum().backward()
        parts = zip(rules, w.grad.split(counts, dim=2))
        w = w.detach() - torch.cat([rates * step(part) for (step, rates), part in parts], dim=2)
    return list(torch.stack(path).split(counts, dim=3))


def tilted_gradients(ns, starts, slopes, sigma, seed, num_calls, again=False, global_seed=0):
    """Gradients of the student's `noisy` version of a1 sum(w1^2) + a2 sum(sin(w2)).

    starts: two arrays. slopes: a1, a2. again: whether all calls get the same weights, else each
    gets new ones. global_seed: for torch's own generator, which has no say in this.

    Returns, for each of the two weights, `gradients` (num_calls, ...) and `weights`, at the end.
    """

    def loss(w1, w2):
        return slopes[0] * (w1**2).sum() + slopes[1] * torch.sin(w2).sum()

    torch.manual_seed(global_seed)
    func = ns.noisy(loss, sigma, torch.Generator().manual_seed(seed))
    weights, rows = [parameter(values) for values in starts], []
    for _ in range(num_calls):
        if not again:
            weights = [parameter(values) for values in starts]
        for w in weights:
            w.grad = None
        func(*weights).backward()
        rows.append([torch.zeros_like(w) if w.grad is None else w.grad.clone() for w in weights])
    return {
        "gradients": [torch.stack(column) for column in zip(*rows)],
        "weights": [w.detach() for w in weights],
    }


def limits(ns, curvatures, momenta):
    """The student's limits, one per pair; a momentum of None is not passed at all."""
    replies = []
    for curvature, momentum in zip(curvatures, momenta, strict=True):
        settings = {} if momentum is None else {"momentum": momentum}
        replies.append(ns.stable_lr_limit(curvature=curvature, **settings))
    return replies


class Passes:
    """A loader of given batches."""

    def __init__(self, batches):
        self.batches = [tuple(map(torch.tensor, batch)) for batch in batches]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


class Descent:
    """Gradient descent that notes at each step what it finds; `number` tells optimizers apart."""

    def __init__(self, params, log, number):
        self.params, self.lr, self.log, self.number = list(params), 0.0, log, number

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        before = joined(self.params)
        slopes = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.params]
        with torch.no_grad():
            for p, slope in zip(self.params, slopes):
                p -= self.lr * slope
        self.log.append(
            {
                "number": self.number,
                "rate": float(self.lr),
                "weights": before,
                "gradient": joined(slopes),
                "moved": joined(self.params),
            }
        )


def range_test(ns, start, batches, rates):
    """A range test of a linear model on given batches, its weights at first `start`.

    Returns the student's `losses`, whether some are `attached` to their graph, and a `log` with a
    list per field of the optimizers' notes.
    """
    log, numbers = [], []

    def make_model():
        model = nn.Linear(len(start), 1, bias=False)
        model.weight.data.copy_(torch.tensor(start)[None])
        return model

    def make_optimizer(params):
        numbers.append(len(numbers))
        return Descent(params, log, numbers[-1])

    losses = ns.lr_range_test(
        make_model=make_model,
        make_optimizer=make_optimizer,
        loader=Passes(batches),
        loss_fn=lambda outputs, targets: ((outputs[:, 0] - targets) ** 2).mean(),
        rates=rates,
    )
    attached = any(isinstance(x, torch.Tensor) and x.requires_grad for x in losses)
    return {
        "losses": losses,
        "attached": attached,
        "log": {key: [e[key] for e in log] for key in (log or [{}])[0]},
    }
