"""Probes of assignment 05. Arrays come in, plain data goes out; nothing here judges."""

import copy
import itertools
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from ..shared.networks import batches, restored
from ..shared.traces import file_content, observed

MAX_FILE_BYTES = 64 << 20


def image_tensor(images, contiguous=True):
    """The images as a tensor; on request one whose memory is in another order."""
    images = torch.tensor(images)
    if not contiguous:
        images = images.transpose(2, 3).contiguous().transpose(2, 3)
    return images


# channel_statistics, split_indices


def statistics(ns, images, contiguous=True):
    images = image_tensor(images, contiguous)
    mean, std = ns.channel_statistics(images)
    return {"mean": plain(mean), "std": plain(std), "images": images}


def plain(values):
    """A tensor, an array or a sequence of numbers or 0-dimensional tensors, as plain data."""
    if isinstance(values, (torch.Tensor, np.ndarray)):
        return values
    return [v.item() if isinstance(v, (torch.Tensor, np.generic)) else v for v in values]


def splits(ns, calls, state_seed):
    """The result of each call `(n, n_val, seed)`; torch's own generator is at `state_seed`."""
    results = []
    for n, n_val, seed in calls:
        torch.manual_seed(state_seed)
        train, val = ns.split_indices(n, n_val, seed)
        results.append([plain(train), plain(val)])
    return results


# test_model, confusion_matrix


class Reordered:
    """A loader like one that shuffles: after the first pass the images come in reverse order.

    The sizes of the batches stay.
    """

    def __init__(self, data):
        self.pair = [torch.cat(part) for part in zip(*batches(data))]
        self.sizes = [len(labels) for _, labels in data]
        self.passes = 0

    def __len__(self):
        return len(self.sizes)

    def __iter__(self):
        images, labels = (part.flip(0) for part in self.pair) if self.passes else self.pair
        self.passes += 1
        return iter(list(zip(images.split(self.sizes), labels.split(self.sizes))))


def evaluated(call, layers, state, data, x, training, reorder):
    """`observed` of `call(model, loader)`, where the model's first parameter is frozen.

    With which parameters are trainable afterwards, and the batches; with `reorder` the loader gives
    them in another order in a second pass.
    """
    loader = Reordered(data) if reorder else batches(data)
    trainable = []

    def watched(model):
        next(model.parameters()).requires_grad_(False)
        result = call(model, loader)
        trainable.extend(p.requires_grad for p in model.parameters())
        return result

    reply = observed(watched, layers, state, x, training)
    return {**reply, "trainable": trainable, "batches": [] if reorder else loader}


def tested(ns, layers, state, data, x, training, reorder=False):
    def call(model, loader):
        accuracy = ns.test_model(model, loader)
        return {"accuracy": accuracy, "plain": isinstance(accuracy, float)}

    return evaluated(call, layers, state, data, x, training, reorder)


def confusion(ns, layers, state, data, x, training, reorder=False, twice=False):
    """With `twice`, `again` is the result of a second call with the same model and batches."""

    def count(model, loader):
        counts = ns.confusion_matrix(model, loader)
        return [plain(row) for row in counts] if isinstance(counts, (list, tuple)) else counts

    again = []

    def call(model, loader):
        counts = copy.deepcopy(count(model, loader))
        again.append(count(model, loader) if twice else None)
        return counts

    reply = evaluated(call, layers, state, data, x, training, reorder)
    return {**reply, "again": again[0]}


# train_model


class LevelSteps:
    """An optimizer of an unknown kind, with only what is needed: all steps have one length."""

    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        with torch.no_grad():
            for p in self.params:
                if p.grad is not None:
                    p -= self.lr * p.grad / (p.grad.norm() + 1e-12)


class GivenSteps(torch.optim.Optimizer):
    """An optimizer whose steps are known before: each sets the parameters to the next `points`.

    After the last ones come the first again.
    """

    def __init__(self, params, points):
        super().__init__(params, {})
        self.points = itertools.cycle(points)

    @torch.no_grad()
    def step(self):
        for p, value in zip(self.param_groups[0]["params"], next(self.points)):
            p.copy_(torch.tensor(value))


def optimizer_of(name, model, lr):
    if name == "level":
        return LevelSteps(model.parameters(), lr)
    momentum = 0.9 if name == "momentum" else 0.0
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


class Watch:
    """Writes down a training: the model's state at the start and after each step of any optimizer
    of torch, and its answers on validation images. `order` has an "o" for each such step and an "s"
    for each step of the schedule, which the watch is itself.
    """

    def __init__(self, model, val):
        self.model = model
        self.known = {image.tobytes() for images, _ in val for image in images}
        self.states, self.answers, self.order = [copied(model)], [], ""

    def __enter__(self):
        self.hooks = [
            register_optimizer_step_post_hook(lambda *_: self.stepped()),
            register_module_forward_hook(self.called),
        ]
        return self

    def __exit__(self, *error):
        for hook in self.hooks:
            hook.remove()

    def step(self):
        self.order += "s"

    def stepped(self):
        self.order += "o"
        self.states.append(copied(self.model))

    def called(self, module, args, output):
        # The type, not the model itself: a copy of it may be asked.
        if type(module) is nn.Sequential and args[0][0].numpy().tobytes() in self.known:
            answer = {"images": args[0].clone(), "logits": output.detach().clone()}
            answer |= {"step": len(self.states) - 1, "after": copied(self.model)}
            self.answers.append(answer)


def copied(model):
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def trained_model(
    ns, layers, state, train, val, num_epochs, lr, optimizer="sgd", as_path=True, smoothing=None,
    points=None, earlier=None,
):  # fmt: skip
    """What `train_model` returns, leaves in the model and in the file at `path`, and on the way.

    `steps`: the states of `Watch`, each entry's values stacked. With `smoothing` the call gets a
    loss with label smoothing, and a schedule. With `points` the steps are those of `GivenSteps`.
    `earlier`, a pair (state, val), is another training, of one epoch, that has left its file at
    `path`.
    """
    model = restored(layers, state).eval()
    if points is None:
        optimizer = optimizer_of(optimizer, model, lr)
    else:
        optimizer = GivenSteps(model.parameters(), points)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "best.pt"
        path = path if as_path else str(path)
        if earlier is not None:
            other = restored(layers, earlier[0])
            other_optimizer = optimizer_of("sgd", other, lr)
            ns.train_model(other, other_optimizer, batches(train), batches(earlier[1]), 1, path)
        with Watch(model, val) as watch:
            extra = {}
            if smoothing is not None:
                extra["loss_fn"] = nn.CrossEntropyLoss(label_smoothing=smoothing)
                extra["scheduler"] = watch
            history = ns.train_model(
                model, optimizer, batches(train), batches(val), num_epochs, path, **extra
            )
        saved = file_content(Path(path))
    return {
        "history": listed(history, ("train_loss", "val_accuracy")),
        "state": copied(model),
        "saved": saved,
        "steps": {name: torch.stack([s[name] for s in watch.states]) for name in watch.states[0]},
        "answers": watch.answers,
        "order": watch.order,
    }


def listed(history, names):
    """The lists of a history, and whether they hold plain floats; None if there are none."""
    if not isinstance(history, dict) or not all(
        isinstance(history.get(name), (list, tuple)) for name in names
    ):
        return None
    floats = all(isinstance(v, float) for name in names for v in history[name])
    return {"floats": floats, **{name: [float(v) for v in history[name]] for name in names}}


# shuffle_pixels


def shuffled(ns, images, permutation, contiguous=True):
    images, permutation = image_tensor(images, contiguous), torch.tensor(permutation)
    before = permutation.clone()
    result = ns.shuffle_pixels(images, permutation)
    sent = {"result": result.clone(), "images": images.clone()}
    result.fill_(0)
    return {**sent, "later": images, "same": torch.equal(before, permutation)}


class FreshBatches:
    """A loader with new tensors in each pass: what is changed in place does not stay.

    In pass `n`, counted from 0, the images of each batch are rolled by `n`.
    """

    def __init__(self, data):
        self.data, self.passes = data, 0

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        self.passes += 1
        pairs = batches(self.data)
        return iter([[part.roll(self.passes - 1, 0) for part in pair] for pair in pairs])


def shuffled_batches(ns, loaders, num_epochs, fixed, leave=False):
    """Every batch of every epoch of `ShuffledLoader(loader, seed, fixed)`, for each loader.

    `loaders` are pairs `(data, seed)`; the epochs of the loaders take turns. `lengths` are what
    `len` says; `passes` how many passes over the data each epoch's end has seen. With `leave` there
    is another epoch before the last one, which is left after its first batch.
    """
    given = [FreshBatches(data) for data, _ in loaders]
    made = [ns.ShuffledLoader(own, pair[1], fixed=fixed) for own, pair in zip(given, loaders)]
    epochs, passes = [[] for _ in made], [[] for _ in made]
    for epoch in range(num_epochs):
        for loader, own, seen, counted in zip(made, given, epochs, passes):
            # Other random numbers are drawn in between, as in a training.
            torch.rand(3 + epoch)
            if leave and epoch == num_epochs - 1:
                next(iter(loader))
            seen.append([[images, labels] for images, labels in loader])
            counted.append(own.passes)
    return {"epochs": epochs, "passes": passes, "lengths": [len(loader) for loader in made]}


# honest_headline


def headlines(ns, cases):
    """What `honest_headline` returns for each of the attempts, and whether these are unchanged."""
    results = []
    for attempts in cases:
        before = copy.deepcopy(attempts)
        result = ns.honest_headline(attempts)
        name, mean, std, num_runs = result
        results.append(
            {
                "name": str(name),
                "mean": number_of(mean),
                "std": number_of(std),
                "num_runs": number_of(num_runs),
                "same": attempts == before,
            }
        )
    return results


def number_of(value):
    return value.item() if isinstance(value, (torch.Tensor, np.generic)) else value


# baseline, improved


def networks(ns, shape, num_classes, sizes, batch_size, max_numbers, max_steps):
    """Two records of the student's `MLP` for each of `sizes`, the second with all parameters zero."""
    found = []
    for hidden_sizes in sizes:
        size = math.prod(shape)
        model = ns.MLP(input_size=size, num_classes=num_classes, hidden_sizes=tuple(hidden_sizes))
        record = recorded(model, shape, batch_size, max_numbers, max_steps)
        with torch.no_grad():
            for p in model.parameters():
                p.zero_()
        found.append([record, recorded(model, shape, batch_size, max_numbers, max_steps)])
    return found


def momentum_steps(ns, start, gradients, rates, momentum):
    """Two parameters after each step of the student's optimizer, with a learning rate for each.

    The second one has no gradient in the first step. Another optimizer had them before.
    """
    first, second = (nn.Parameter(torch.tensor(s)) for s in start)
    earlier = ns.SGDMomentum([first, second], rates[0], momentum=momentum)
    first.grad, second.grad = torch.ones_like(first), torch.ones_like(second)
    earlier.step()
    with torch.no_grad():
        first.copy_(torch.tensor(start[0]))
        second.copy_(torch.tensor(start[1]))
    optimizer = ns.SGDMomentum([first, second], rates[0], momentum=momentum)
    path = []
    for step, (a, b) in enumerate(gradients):
        optimizer.lr = rates[step]
        first.grad = torch.tensor(a)
        second.grad = torch.tensor(b) if step else None
        optimizer.step()
        path.append([first.detach().clone(), second.detach().clone()])
    return path


def module_of(result):
    """The model among what a training function returned: itself, or first in a tuple."""
    if isinstance(result, (tuple, list)) and result:
        result = result[0]
    return result if isinstance(result, nn.Module) else None


def outputs_of_file(factory, path, x):
    """Logits of the model that `factory` makes, with the weights of the file."""
    model = factory()
    model.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    with torch.no_grad():
        return model.cpu().eval()(torch.tensor(x)).float()


def baseline_run(ns, train, val, num_epochs, x):
    """Logits on `x` of a small training's result and of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.pt"
        result = ns.baseline(batches(train), batches(val), path, num_epochs=num_epochs)
        exists = path.is_file()
        saved = outputs_of_file(ns.baseline_model, path, x) if exists else None
    model = module_of(result)
    returned = None
    if model is not None:
        with torch.no_grad():
            returned = model.cpu().eval()(torch.tensor(x)).float()
    return {"exists": exists, "saved": saved, "returned": returned}


def improved_run(ns, train, val, test, seeds, num_epochs, x):
    """What `improved` returns, and the logits on `x` of each file that it wrote."""
    data = [torch.tensor(a) for pair in (train, val, test) for a in pair]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        given = list(seeds)
        value = ns.improved(*data, given, folder, num_epochs=num_epochs)
        files = sorted(path.name for path in folder.iterdir())[:20]
        logits = [
            outputs_of_file(ns.improved_model, folder / f"improved_{i}.pt", x)
            if (folder / f"improved_{i}.pt").is_file()
            else None
            for i in range(len(seeds))
        ]
    return {"value": value, "files": files, "logits": logits, "same": given == seeds}


class Recorder(TorchDispatchMode):
    """Writes down every tensor operation that depends on the images, and the numbers it needs.

    Images have id 0. Tensors that do not depend on them are constants, no matter what made them.
    """

    def __init__(self, images, max_numbers, max_steps):
        super().__init__()
        self.ids = {id(images): 0}
        self.active = {0}
        self.kept = [images]  # an id() is unique only while the object lives
        self.arrays, self.steps = [], []
        self.room, self.max_steps = max_numbers, max_steps

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with self:
            parts = func.decompose(*args, **kwargs)
        if parts is not NotImplemented:
            return parts
        tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
        if not any(self.ids.get(id(t)) in self.active for t in tensors):
            return func(*args, **kwargs)
        kwargs_sent = {
            name: self.written(value)
            for name, value in kwargs.items()
            if name not in ("device", "layout", "pin_memory", "memory_format", "non_blocking")
        }
        step = [str(func), [self.written(a) for a in args], kwargs_sent]
        result = func(*args, **kwargs)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        self.steps.append([*step, [self.number(r) for r in results]])
        if len(self.steps) > self.max_steps:
            raise RecordTooLarge(f"it takes more than {self.max_steps} operations")
        return result

    def number(self, result):
        """The id of a result, which depends on the images from now on."""
        if not isinstance(result, torch.Tensor):
            return None
        number = self.ids.setdefault(id(result), len(self.kept))
        if number == len(self.kept):
            self.kept.append(result)
        self.active.add(number)
        return number

    def written(self, value):
        if isinstance(value, torch.Tensor):
            return {"tensor": self.constant(value)}
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        if isinstance(value, (list, tuple)):
            return [self.written(v) for v in value]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        return {"unknown": type(value).__name__}

    def constant(self, tensor):
        if id(tensor) not in self.ids:
            self.room -= tensor.numel() * tensor.element_size() // 4
            if self.room < 0:
                raise RecordTooLarge("it has too many numbers")
            self.ids[id(tensor)] = len(self.kept)
            self.arrays.append([len(self.kept), tensor.detach().clone()])
            self.kept.append(tensor)
        return self.ids[id(tensor)]


def first_line(error):
    """An error without torch's advice to load the file with fewer safeguards."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:120]


class RecordTooLarge(Exception):
    """The network is too large to be sent."""


def recorded(model, image_shape, batch_size, max_numbers, max_steps):
    """One forward pass of a random batch in evaluation mode, as `replay` reads it."""
    images = torch.randn(batch_size, *image_shape)
    model = model.cpu().eval()
    with torch.no_grad(), Recorder(images, max_numbers, max_steps) as recorder:
        output = model(images)
    if not isinstance(output, torch.Tensor) or id(output) not in recorder.ids:
        return {"problem": "output", "detail": type(output).__name__}
    return {
        "arrays": recorder.arrays,
        "steps": recorder.steps,
        "output": recorder.ids[id(output)],
    }


def checkpoint(ns, factory, name, batch_size, max_numbers, max_steps):
    """The record of a model with the weights of a file in the working directory.

    Where that is not possible, `problem` names the step that failed and `detail` the reason.
    """
    path = Path(name)
    model = getattr(ns, factory)()
    if not path.is_file():
        return {"problem": "missing", "detail": ""}
    if path.stat().st_size > MAX_FILE_BYTES:
        return {"problem": "size", "detail": f"{path.stat().st_size / 2**20:.0f} MiB"}
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        return {"problem": "unloadable", "detail": first_line(error)}
    if not isinstance(model, nn.Module):
        return {"problem": "factory", "detail": type(model).__name__}
    try:
        model.load_state_dict(state)
    except Exception as error:
        return {"problem": "mismatch", "detail": str(error)[:300]}
    try:
        return recorded(model, (3, 32, 32), batch_size, max_numbers, max_steps)
    except RecordTooLarge as error:
        return {"problem": "large", "detail": str(error)}
