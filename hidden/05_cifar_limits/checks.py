"""Hidden checks of assignment 05: how far an MLP gets on CIFAR-10, and why it gets no further."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from autograder.checking import CheckFailed, check, expect, expect_close

from ..shared import reference as ref
from ..shared.evaluation import (
    evaluation_case,
    expect_mode,
    expect_no_gradients,
    expect_state,
    expect_unchanged,
    mode_case,
)
from ..shared.networks import restored
from . import cases, held_out, probes, replay

THRESHOLDS = json.loads(Path(__file__).with_name("thresholds.json").read_text(encoding="utf-8"))
# Weights after a training in float32, whose steps may be summed in another order.
WEIGHTS = {"rtol": 5e-3, "atol": 1e-3}

# channel_statistics, split_indices


def _image_batch(rng, num_channels, high=256):
    """uint8 images whose channels differ, and whose images differ in brightness."""
    count, height, width = (
        int(n) for n in (rng.integers(5, 9), *rng.choice(range(4, 9), 2, False))
    )
    shape = (count, num_channels, height, width)
    level = rng.uniform(0.2, 1, size=(count, 1, 1, 1)) * rng.uniform(
        0.3, 1, (1, num_channels, 1, 1)
    )
    images = rng.integers(0, high, size=shape) * level
    images[0, :, 0, 0] = high - 1
    return np.ceil(images).astype(np.uint8)


def _expect_statistics(reply, scaled):
    """Mean and std, with either divisor, of images (N, C, H, W) in units of [0, 1]."""
    axes, size = (0, 2, 3), scaled.shape[1]
    hint = "One number per channel, over all images and pixels, in units of [0, 1]"
    mean, std = reply["mean"].array(None, "the mean"), reply["std"].array(None, "the std")
    for what, got in (("the mean", mean), ("the std", std)):
        expect(got.size == size, f"{what}: got {got.size} number(s), expected {size}. {hint}")
    mean, std = mean.reshape(-1), std.reshape(-1)
    expect_close(mean, scaled.mean(axes), hint, what="the mean")
    either = [scaled.std(axes, ddof=ddof) for ddof in (0, 1)]
    if not any(np.allclose(std, own, rtol=1e-3, atol=1e-6) for own in either):
        hint = f"{hint}; not a mean over the images' own standard deviations"
        expect_close(std, either[0], hint, what="the std", rtol=1e-3)


@check("channel_statistics", points=1)
def statistics_of_bytes(student, rng):
    """uint8 images give one mean and one std per channel, in units of [0, 1]."""
    for num_channels, high in ((3, 256), (int(rng.choice([2, 4, 5])), 256), (3, 2)):
        images = _image_batch(rng, num_channels, high)
        reply = student.call(probes.statistics, images)
        _expect_statistics(reply, images.astype(np.float64) / 255)
    # The last ones of many images are darker: none may be left out, or count more than others.
    count = int(rng.integers(2100, 2900))
    images = rng.integers(100, 256, size=(count, 3, 1, 2)).astype(np.uint8)
    images[-count // 7 :] //= 4
    reply = student.call(probes.statistics, images)
    _expect_statistics(reply, images.astype(np.float64) / 255)


def _own_statistics(student, images, contiguous=True):
    """The student's mean and std, and the images afterwards, as arrays."""
    reply = student.call(probes.statistics, images, contiguous)
    mean, std = reply["mean"].finite(None, "the mean"), reply["std"].finite(None, "the std")
    return mean.reshape(-1), std.reshape(-1), reply["images"]


@check("channel_statistics", points=1)
def statistics_of_floats(student, rng):
    """Floating point images are in [0, 1] already and are not scaled again."""
    hint = "Floating point images are in [0, 1] already"
    for dtype, factor in ((np.float32, 1.0), (np.float64, 0.2)):
        images = _image_batch(rng, int(rng.choice([1, 2, 4])))
        floats = (images / 255 * factor).astype(dtype)
        mean, std, _ = _own_statistics(student, floats)
        expect(mean.size > 0, "there is no mean")
        # What else is right is judged with bytes: here the level counts, and that std follows it.
        expect_close(mean.mean(), floats.mean(), hint, what="the channels' mean", rtol=1e-3)
        own_mean, own_std, _ = _own_statistics(student, images)
        same = mean.shape == own_mean.shape and std.shape == own_std.shape
        expect(same, "bytes and floats give different numbers of channels")
        if factor == 1.0 and own_mean.mean() > 0:
            what, scale = "the std, compared with that of the same images as bytes", own_mean.mean()
            expect_close(std * scale, own_std * mean.mean(), hint, what=what, rtol=1e-3, atol=1e-4)


@check("channel_statistics", points=0.5)
def statistics_leave_the_images(student, rng):
    """The images stay unchanged, and may lie in memory in any order."""
    for dtype in (np.uint8, np.float32, np.float64):
        images = _image_batch(rng, 3)
        others = images // 4
        if dtype != np.uint8:
            images, others = ((x / 255).astype(dtype) for x in (images, others))
        mean, std, after = _own_statistics(student, images)
        expect_close(after, images, "Which operation works in place?", what="the images")
        moved, moved_std, _ = _own_statistics(student, images, False)
        hint = "The same images lie in memory in another order"
        expect_close(moved, mean, hint, what="the mean", rtol=1e-3)
        expect_close(moved_std, std, hint, what="the std", rtol=1e-3)
        other = _own_statistics(student, others)[0]
        expect(other.mean() < mean.mean(), "depends on the mean: darker images have a lower one")


def _splits(student, calls, state_seed):
    """The split of each call `(n, n_val, seed)`, a pair of integer arrays."""
    reply = student.call(probes.splits, calls, state_seed)
    return [
        [part.integers((-1,), "the indices") for part in split.items(2, "a split")]
        for split in reply.items(len(calls), "the results")
    ]


def _expect_partition(train, val, n, n_val):
    expect(
        len(val) == n_val,
        f"got {'fewer' if len(val) < n_val else 'more'} validation indices than n_val. Train comes "
        "first, then val",
    )
    everything = np.sort(np.concatenate([train, val]))
    expect(
        everything.shape == (n,) and bool((everything == np.arange(n)).all()),
        "every index from 0 to n - 1 should be in train or in val, once",
    )


@check("channel_statistics", points=1)
def split_is_a_partition(student, rng):
    """`split_indices`: every index is in train or val, once, and n_val of them in val."""
    sizes = [(int(n), int(rng.integers(1, n))) for n in rng.integers(20, 200, size=3)]
    sizes.append((sizes[0][0], 0))
    calls = [[n, n_val, int(rng.integers(1000))] for n, n_val in sizes]
    splits = _splits(student, calls, int(rng.integers(1000)))
    for (n, n_val, _), (train, val) in zip(calls, splits, strict=True):
        _expect_partition(train, val, n, n_val)


@check("channel_statistics", points=1.5)
def split_is_drawn_from_the_seed(student, rng):
    """The same seed always gives the same split, another seed gives another one, at random."""
    n, n_val = int(rng.integers(40, 60)), int(rng.integers(10, 20))
    seeds = [0, *(int(s) for s in 1 + rng.choice(10_000, size=59, replace=False))]
    calls = [[n, n_val, seed] for seed in seeds]
    first = _splits(student, calls, 1)
    again = _splits(student, calls[::-1], 2)[::-1]
    chosen = np.zeros(n)
    for (_, val), (_, same) in zip(first, again, strict=True):
        # Which part is which is judged above.
        fits = 1 < len(val) < n and bool(((val >= 0) & (val < n)).all())
        expect(fits, "depends on the partition: the second part should hold some of the indices")
        expect(
            set(val) == set(same),
            "the same seed gave two different splits: is every random number drawn from it?",
        )
        block = bool((np.diff(np.sort(val)) == 1).all())
        expect(not block, "the validation indices are neighbours: shuffle before you cut")
        chosen[val] += 1
    different = len({tuple(np.sort(val)) for _, val in first})
    expect(different > 55, f"{len(seeds)} seeds gave only {different} different splits")
    # Each index is in val with probability of at least 1/6; 60 misses in a row: 2e-5 for one seed.
    expect((chosen > 0).sum() > n - 4, "some indices are never in val, whatever the seed")


# test_model


def _expect_accuracy(reply, logits, labels):
    got = reply["result"]["accuracy"].number("the accuracy")
    expected = (logits.argmax(1) == labels).mean()
    hint = "Is it the fraction of right predictions among all samples, in evaluation mode?"
    expect_close(got, expected, hint, what="the accuracy", rtol=1e-4)


def _expect_untouched(reply, state, data):
    """The first parameter is still frozen, and the batches are those of `data`."""
    found = reply["trainable"].items(len(_parameters(state)), "the parameters")
    trainable = [item.flag() for item in found]
    expect(not trainable[0], "a parameter was frozen before the call, and is not so afterwards")
    expect(all(trainable[1:]), "a parameter is frozen after the call, and was not so before")
    for got, batch in zip(reply["batches"].items(len(data), "the batches"), data, strict=True):
        hint = "The loader's batches belong to the caller: which operation works in place?"
        for part, own, what in zip(got.items(2), batch, ("images", "labels"), strict=True):
            expect_close(part, own, hint, what=f"the {what} after the call")


@check("test_model", points=1)
def accuracy_counts_every_sample_alike(student, rng):
    """The accuracy is the fraction of right predictions, the small last batch included."""
    for conv in (False, True):
        layers, state, data, logits, labels = cases.many_batches(rng, conv=conv)
        reply = student.call(probes.tested, layers, state, data, data[0][0], False, reorder=True)
        _expect_accuracy(reply, logits, labels)


@check("test_model", points=1)
def accuracy_is_measured_in_evaluation_mode(student, rng):
    """A model in training mode is tested without dropout, with stored means, and stays the same."""
    layers, state, data, logits, labels = evaluation_case(rng)
    right = ref.relabelled(data, logits.argmax(1))
    wrong = ref.relabelled(data, (logits.argmax(1) + 1) % logits.shape[1])
    layers, state = cases.nested(layers, state)

    def accuracy(data, training):
        reply = student.call(probes.tested, layers, state, data, data[0][0], training)
        return reply, reply["result"]["accuracy"].number("the accuracy")

    expect(
        accuracy(wrong, False)[1] < accuracy(right, False)[1],
        "depends on the accuracy: with right labels it should be higher than with wrong ones",
    )
    for case in (data, right):
        reply, got = accuracy(case, True)
        hint = "The same model in evaluation mode gives another accuracy: switch the mode first"
        expect_close(got, accuracy(case, False)[1], hint, what="the accuracy", rtol=1e-4)
        expect_unchanged(reply, state)


@check("test_model", points=1)
def test_leaves_no_traces(student, rng):
    """The model and the batches do not change, no gradients are tracked, the result is a float."""
    for training in (True, False):
        layers, state, x, width = mode_case(rng)
        data = [[x[:7], ref.labels_of(rng, 7, width)], [x[7:9], ref.labels_of(rng, 2, width)]]
        reply = student.call(probes.tested, layers, state, data, x, training)
        got = reply["result"]["accuracy"].number("the accuracy")
        expect(0 <= got <= 100, "depends on the accuracy, which is no fraction")
        expect_mode(reply, layers, state, x, training)
        expect_no_gradients(reply, state)
        _expect_untouched(reply, state, data)
        plain = reply["result"]["plain"].flag()
        expect(plain, "expected a Python float: which method takes a number from a tensor?")


# train_model: except for the first check, all are relative to the student's own training.


class _Training:
    """A reply of `probes.trained_model`: own states after each epoch, and the epochs validated.

    The length of an epoch follows from the number of steps, if that can be divided; unless each epoch
    of the usual length is validated, and each of that length is not: then the training ended early.
    """

    def __init__(self, reply, case, num_epochs):
        self.layers, self.state, self.data, *_ = case
        self.num_epochs = num_epochs
        stacked = reply["steps"].mapping(self.state, "the model's state in training")
        arrays = {
            name: item.array((-1, *self.state[name].shape), "the model's state in training")
            for name, item in stacked.items()
        }
        lengths = {len(a) for a in arrays.values()}
        self.num_steps = min(lengths) - 1
        expect(len(lengths) == 1 and self.num_steps > 0, "the optimizer made no step")
        with np.errstate(over="ignore"):
            self.steps = [
                {name: np.asarray(a[i], np.float32) for name, a in arrays.items()}
                for i in range(self.num_steps + 1)
            ]
        self.answers = [item.mapping() for item in reply["answers"].items(what="the validations")]
        at = {answer["step"].integer() for answer in self.answers}
        possible = [len(self.data)]
        if self.num_steps % num_epochs == 0:
            possible.insert(0, self.num_steps // num_epochs)
        ends = [list(range(n, self.num_steps + 1, n)) for n in possible]
        self.ends = next((e for e in ends if at.issuperset(e)), ends[0])
        self.states = [self.steps[end] for end in self.ends]
        expect(_is_state(self.steps[0], self.state), "the training began with other weights")
        expect(
            bool(self.states)
            and not any(_is_state(a, b) for a, b in itertools.pairwise([self.state, *self.states])),
            "depends on the training: the weights should change in every epoch",
        )
        self.validated = [epoch for epoch, end in enumerate(self.ends) if end in at]

    def accuracies(self, images, labels):
        """The accuracy of each epoch's own weights, in evaluation mode."""
        logits = [ref.outputs(self.layers, state, images) for state in self.states]
        return [float((x.argmax(1) == labels).mean()) for x in logits]

    def best(self, images, labels):
        """Which epochs count as the best, ties included."""
        accuracies = self.accuracies(images, labels)
        highest = max((accuracies[e] for e in self.validated), default=None)
        return {e for e in self.validated if accuracies[e] == highest}

    def epochs_of(self, got, names=None):
        """The epochs whose states (or those entries of them) `got` holds."""
        return {e for e, state in enumerate(self.states) if _is_state(got, state, names)}


def _is_state(got, state, names=None):
    """Whether `got`, a mapping of replies or arrays, holds these entries of `state`."""
    close = {"rtol": 1e-5, "atol": 1e-6}
    try:
        for name in names or state:
            expect(name in got, name)
            expect_close(got[name], state[name], **close)
    except CheckFailed:
        return False
    return True


def _parameters(state):
    return [name for name in state if name.endswith(("weight", "bias"))]


def _trained(student, case, num_epochs, **options):
    layers, state, data, lr, images, labels = case
    val = cases.halves(images, labels)
    reply = student.call(probes.trained_model, layers, state, data, val, num_epochs, lr, **options)
    return reply, _Training(reply, case, num_epochs)


def _expect_best(got, run, best, hint, what):
    """`got` is the state of one of these epochs; the message tells which one it is instead."""
    fits = run.epochs_of(got.mapping(what=what))
    if not fits & best:
        found = "the last epoch" if len(run.states) - 1 in fits else "an epoch that is not the best"
        raise CheckFailed(
            f"{what}: these are the weights of {found if fits else 'none of the epochs'}. {hint}"
        )


def _short_case(rng, layers):
    """A case of one epoch in which a third of the validation images is right, whatever happens."""
    state = ref.drawn_state(rng, layers)
    data = ref.ragged_data(rng, (1, 2, 3), 3, [int(n) for n in rng.integers(5, 9, 2)] + [3])
    images, labels = np.repeat(ref.floats(rng, 3, 1, 2, 3), 3, axis=0), np.tile([0, 1, 2], 3)
    return layers, state, data, images, labels


@check("train_model", points=1)
def one_epoch_follows_the_optimizer(student, rng):
    """One step of cross-entropy per training batch, with any optimizer; training mode is on."""
    # Without a bias: before batch norm its gradient is 0, or what rounding makes of it.
    norm = [["Flatten"], ["Linear", 6, 5, {"bias": False}], ["BatchNorm1d", 5], ["Tanh"]]
    norm += [["Linear", 5, 3]]
    plain = [["Flatten"], ["Linear", 6, 5], ["Tanh"], ["Linear", 5, 3]]
    for name, layers in (("level", norm), ("momentum", norm), ("sgd", plain)):
        layers, state, data, images, labels = _short_case(rng, layers)
        if layers is plain:  # a last batch of one image, which batch norm could not do
            data[-1] = [part[:1] for part in data[-1]]
        val = [[images, labels]]
        lr = float(rng.uniform(0.1, 0.3))
        reply = student.call(probes.trained_model, layers, state, data, val, 1, lr, optimizer=name)
        model = restored(layers, state)
        ref.train(model, data, probes.optimizer_of(name, model, lr), F.cross_entropy)
        hint = "Per batch: gradients zeroed, cross-entropy backward, one step; in training mode"
        expected = {k: v for k, v in ref.copied(model).items() if k in _parameters(state)}
        expect_state(reply["state"], expected, hint, **WEIGHTS)


@check("train_model", points=1)
def model_ends_with_the_best_epoch(student, rng):
    """Afterwards the model holds the weights of the highest validation accuracy."""
    hint = "Were the best weights copied when they were current, and put back at the end?"
    what = "the model at the end"
    num_epochs = 10
    case = cases.training_case(rng, num_epochs, telling=True)
    reply, run = _trained(student, case, num_epochs)
    count = len(run.states)
    expect(count == num_epochs, f"{num_epochs} epochs: got {run.num_steps} steps, for {count}")
    few = "validate after every epoch, or after every few, and after the last"
    expect(bool(run.validated), f"no validation image was looked at: {few}")
    expect(run.validated[-1] == num_epochs - 1, f"the last epoch was not validated: {few}")
    expect(len(run.validated) > 1, f"only the last epoch was validated: {few}")
    _expect_best(reply["state"], run, run.best(*case[4:]), hint, what)
    for rights, hint in _given_accuracies(rng):
        case, points = cases.given_case(rng, rights)
        reply, run = _trained(student, case, len(rights), points=points)
        count = len(run.states)
        expect(count == len(rights), f"{len(rights)} epochs: the training ended after {count}")
        _expect_best(reply["state"], run, run.best(*case[4:]), hint, what)


def _given_accuracies(rng):
    """Numbers of right images of 600, epoch by epoch, and a hint for where the best one is."""
    best = int(rng.integers(450, 550))
    low = [int(n) for n in rng.integers(50, 400, size=12)]
    yield [best, *low], "It may be the first one, long before the last"
    yield (
        [low[0], best - 1, best, low[1]],
        "It may be the last but one, and hardly better than another",
    )
    yield [*low[:3], best], "It may be the last one"
    yield [0], "Here every validation accuracy is 0: it still is the highest"


@check("train_model", points=0.5)
def file_holds_the_best_epoch(student, rng):
    """The file at `path` is the state dict of the best epoch, loadable without running code."""
    num_epochs = 10
    case = cases.training_case(rng, num_epochs, telling=True)
    starts = []
    for as_path, earlier in ((True, None), (False, _earlier(rng, case))):
        reply, run = _trained(student, case, num_epochs, as_path=as_path, earlier=earlier)
        starts.append(run.steps[1])
        kind = reply["saved"]["kind"].text()
        expect(kind == "state", f"at `path`: expected a saved state dict, got {kind[:40]}")
        # Which epoch the model holds is judged above.
        own = run.epochs_of(reply["state"].mapping(what="the model at the end"))
        hint = "Is the file written when an epoch is better than all before it?"
        best = run.best(*case[4:]) | own
        _expect_best(reply["saved"]["state"], run, best, hint, "the file")
    hint = "With an older file at `path` the training begins elsewhere: it should be written only"
    for name, value in starts[0].items():
        expect_close(starts[1][name], value, hint, what=f"{name} after a step", **WEIGHTS)


def _earlier(rng, case):
    """Another start, and validation data that are all right after one epoch of SGD from there."""
    layers, state, data, lr, images, _ = case
    state = ref.drawn_state(rng, layers)
    _, _, (logits,) = ref.epochs(layers, state, data, lr, 1, images)
    return [state, [[images, logits.argmax(1)]]]


@check("train_model", points=0.5)
def validation_is_in_evaluation_mode(student, rng):
    """Validation is in evaluation mode, and the training after it in training mode again."""
    case = cases.training_case(rng, 6, norm=True)
    _, run = _trained(student, case, 6)
    expect(bool(run.validated), "depends on the validation: no validation image was looked at")
    for answer in run.answers:
        step = answer["step"].integer()
        if step in run.ends:
            images = answer["images"].finite((-1, *case[4].shape[1:]), "the images")
            expected = ref.outputs(run.layers, run.steps[step], images.astype(np.float32))
            hint = "They are not those of evaluation mode"
            what = "the model's answers on validation images"
            expect_close(answer["logits"], expected, hint, what=what, rtol=2e-3, atol=1e-3)
    means = [state["2.running_mean"] for state in [run.state, *run.states]]
    still = [np.array_equal(a, b) for a, b in itertools.pairwise(means)]
    expect(
        still[0] or not any(still),
        "after the first validation the model is trained in evaluation mode: switch training mode "
        "on again in every epoch",
    )


@check("train_model", points=0.5)
def buffers_belong_to_the_epoch(student, rng):
    """Batch norm's statistics, in the model and in the file, are those of the same epoch."""
    case = cases.training_case(rng, 6, norm=True)
    reply, run = _trained(student, case, 6)
    found = [("the model at the end", reply["state"].mapping(what="the model at the end"))]
    if reply["saved"]["kind"].text() == "state":
        found.append(("the file", reply["saved"]["state"].mapping(what="the file")))
    buffers = [name for name in run.state if name not in _parameters(run.state)]
    # A validation in training mode, which another check judges, changes the statistics.
    later = [(a["step"].integer(), a["after"].mapping(buffers + _parameters(run.state)))
             for a in run.answers]  # fmt: skip
    for what, got in found:
        missing = [name for name in run.state if name not in got]
        expect(not missing, f"{what}: {len(missing)} of {len(run.state)} entries are missing")
        epochs = run.epochs_of(got, _parameters(run.state))
        expect(bool(epochs), f"{what}: depends on the weights, which are those of no epoch")
        ends = {run.ends[e] for e in epochs}
        own = [run.states[e] for e in epochs] + [s for step, s in later if step in ends]
        expect(
            any(_is_state(got, {n: _plain(s[n]) for n in buffers}) for s in own),
            f"{what}: the parameters of one epoch, the running statistics of another. A state dict "
            "holds both",
        )


def _plain(item):
    return item if isinstance(item, np.ndarray) else item.array()


@check("train_model", points=0.5)
def loss_and_schedule_can_be_chosen(student, rng):
    """`loss_fn` replaces the training loss; `scheduler` steps after each step of the optimizer."""
    layers = [["Flatten"], ["Linear", 6, 5], ["Tanh"], ["Linear", 5, 3]]
    loss_fn = torch.nn.CrossEntropyLoss(label_smoothing=0.9)
    while True:
        layers, state, data, images, labels = _short_case(rng, layers)
        plain, expected = (
            cases.gradient(layers, state, data[0], f) for f in (F.cross_entropy, loss_fn)
        )
        if _cosine(plain, expected) < 0.95:
            break
    lr = float(rng.uniform(0.2, 0.5))
    case = layers, state, data, lr, images, labels
    reply, run = _trained(student, case, 1, smoothing=0.9)
    # Only the direction of the first step: its length is the optimizer's.
    expect(
        _cosine(_first_step(run), expected) > 0.995,
        "with a loss_fn the first step does not go along the gradient of this loss",
    )
    order = reply["order"].text()
    expect(
        order == "os" * (len(order) // 2),
        f"the scheduler made {order.count('s')} steps in {order.count('o')} steps of the "
        "optimizer: it steps once after each of them",
    )


def _first_step(run):
    names = _parameters(run.state)
    return np.concatenate([(run.state[n] - run.steps[1][n]).ravel() for n in names])


def _cosine(a, b):
    with np.errstate(all="ignore"):
        a, b = a.astype(np.float64), b.astype(np.float64)
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@check("train_model", points=1)
def history_tells_the_training(student, rng):
    """The history has each epoch's mean training loss and each validation's accuracy, as floats."""
    num_epochs = 4
    for smoothing in (None, 0.9):  # the second has nothing of the first
        case = cases.training_case(rng, num_epochs)
        reply, run = _trained(student, case, num_epochs, smoothing=smoothing)
        history = reply["history"]
        form = 'return a dict with two lists, "train_loss" and "val_accuracy"'
        expect(not history.is_none, form)
        losses, accuracies = history["train_loss"], history["val_accuracy"]
        losses = losses.array((len(run.states),), "train_loss", "One number per epoch")
        expected, of_batches = _mean_losses(run, _own_loss(run, smoothing))
        hint = "The mean over the epoch's images, of the losses that the model was trained on"
        if np.allclose(losses, of_batches, rtol=1e-3):
            hint = "A mean of the batches' means: a small last batch should weigh less"
        expect_close(losses, expected, hint, what="train_loss", rtol=1e-3)
        expected = run.accuracies(*case[4:])
        expected = [expected[e] for e in run.validated or range(len(expected))]
        hint = "The accuracy of each validation, in their order"
        expect_close(accuracies, expected, hint, what="val_accuracy", rtol=1e-3)
        expect(history["floats"].flag(), "the history should hold Python floats, not tensors")


def _own_loss(run, smoothing):
    """The loss of the training: whether it is the one that was given is judged above."""
    if smoothing is None:
        return F.cross_entropy
    given, step = torch.nn.CrossEntropyLoss(label_smoothing=smoothing), _first_step(run)
    fits = [
        _cosine(step, cases.gradient(run.layers, run.state, run.data[0], loss_fn))
        for loss_fn in (given, F.cross_entropy)
    ]
    return F.cross_entropy if fits[1] > fits[0] else given


def _mean_losses(run, loss_fn):
    """The mean training loss of each epoch over its images, and that over its batches' means."""
    length = len(run.data)
    expect(
        run.num_steps == length * len(run.states),
        f"depends on the training: expected {length} steps per epoch, one for each batch",
    )
    outputs = [ref.outputs(run.layers, s, run.data[i % length][0]) for i, s in enumerate(run.steps)]
    losses = [
        ref.scores(x, run.data[i % length][1], loss_fn)[0] for i, x in enumerate(outputs[:-1])
    ]
    losses = np.reshape(losses, (-1, length))
    return np.average(losses, 1, [len(y) for _, y in run.data]), losses.mean(1)


# shuffle_pixels


def _shuffle_case(rng, num_channels=None, dtype=np.float32):
    num_channels = num_channels or int(rng.integers(1, 5))
    height, width = (int(n) for n in rng.choice(range(3, 8), 2, replace=False))
    shape = (int(rng.integers(2, 5)), num_channels, height, width)
    images = rng.integers(0, 256, size=shape)
    return images.astype(dtype), rng.permutation(height * width).astype(np.int64)


def _moved(images, permutation):
    flat = images.reshape(*images.shape[:2], -1)
    return flat[:, :, permutation].reshape(images.shape)


@check("shuffle_pixels", points=1.5)
def pixels_go_where_the_permutation_says(student, rng):
    """Output pixel k, row by row, is input pixel permutation[k], in every channel and image."""
    for num_channels, dtype in ((3, np.float32), (None, np.uint8), (None, np.float64)):
        images, permutation = _shuffle_case(rng, num_channels, dtype)
        if dtype == np.float64:  # a batch of one image
            images = images[:1]
        reply = student.call(probes.shuffled, images, permutation)
        hint = "Which way round: does output pixel k come from permutation[k], or go there?"
        expected = _moved(images, permutation)
        expect_close(reply["result"], expected, hint, what="the shuffled images")
    shape = (3, *(int(n) for n in rng.choice(range(4, 8), 2, replace=False)))
    data = _labelled_data(rng, shape, [3, 2])
    loaders = [[data, int(rng.integers(10**6))]]
    reply = student.call(probes.shuffled_batches, loaders, 1, True)
    (epoch,) = reply["epochs"].items(1, "loaders")[0].items(1, "the epochs")
    (passes,) = reply["passes"].items(1, "loaders")[0].items(1, "the epochs")
    data = _rolled(data, passes.integer() - 1)
    for batch, (images, _) in zip(epoch.items(2, "the batches"), data, strict=True):
        got = batch.items(2, "a batch")[0].array(images.shape, "the loader's images")
        places = got.reshape(len(got), 3, -1) - images.reshape(len(images), 3, -1)[:, :, :1]
        expect(
            np.array_equal(places, places[:, :1].repeat(3, 1))
            and np.array_equal(
                np.sort(places[:, 0]), [np.arange(shape[1] * shape[2])] * len(images)
            ),
            "ShuffledLoader: pixels of an image should move with all their channels",
        )


@check("shuffle_pixels", points=1)
def shuffling_leaves_its_input(student, rng):
    """Images and permutation stay unchanged; the type is kept; any order in memory will do."""
    for dtype, contiguous in ((np.uint8, False), (np.float32, True)):
        size = int(rng.integers(4, 8))
        images = rng.integers(0, 256, size=(3, 2, size, size)).astype(dtype)
        permutation = rng.permutation(size * size).astype(np.int64)
        reply = student.call(probes.shuffled, images, permutation, contiguous)
        result = reply["result"].array(images.shape, "the shuffled images")
        # Where each pixel goes is judged above.
        expect(
            np.array_equal(np.sort(result, None), np.sort(images, None))
            and not np.array_equal(result, images),
            "the shuffled images should have the pixels of the input, in another order",
        )
        dtype, kind = images.dtype.name, reply["result"].dtype()
        expect(kind == dtype, f"images of {dtype} came back as {kind}")
        hint = "Which operation works in place?"
        expect_close(reply["images"], images, hint, what="the input images")
        expect(reply["same"].flag(), "the permutation was changed")
        hint = "The result shares memory with the input"
        expect_close(reply["later"], images, hint, what="the input after the result was changed")


def _labelled_data(rng, shape, sizes):
    """Batches whose pixels say where they are from: value = pixel + H W (channel + C image)."""
    channels, height, width = shape
    data = []
    for size in sizes:
        count = size * channels * height * width
        images = np.arange(count, dtype=np.float32).reshape(size, *shape)
        data.append([images, ref.labels_of(rng, size, 10)])
    return data


def _rolled(data, count):
    """The batches in a later pass: `probes.FreshBatches`."""
    return [[np.roll(part, count, 0) for part in pair] for pair in data]


def _permutations(batches, data, what, strict):
    """The permutation of each batch, read off its first image.

    `strict`: all images have the same one; labels and their order are unchanged.
    """
    result = []
    for batch, (images, labels) in zip(batches.items(len(data), what), data, strict=True):
        shuffled, same = batch.items(2, "a batch")
        shuffled = shuffled.integers(images.shape, f"{what}: the images")
        flat = shuffled.reshape(*images.shape[:2], -1)
        own = images.reshape(*images.shape[:2], -1)
        place = flat[0, 0] % own.shape[2]
        expect(
            np.array_equal(np.sort(place), np.arange(own.shape[2])),
            f"{what}: pixels are missing or appear twice",
        )
        if strict:
            expect_close(same, labels, "They stay as they are", what=f"{what}: the labels")
            expect(
                np.array_equal(flat, own[:, :, place]),
                f"{what}: every image should be shuffled in the same way",
            )
        result.append(tuple(place))
    return result


def _shuffled_case(student, rng, fixed, strict=True, num_epochs=3):
    """The permutations of four loaders or more: for each loader and epoch, one per batch."""
    # One channel and as many rows as columns: what else can go wrong is judged above.
    size = int(rng.integers(4, 8))
    train = _labelled_data(rng, (1, size, size), [5, 5, 2] if fixed else [5, 5, *[2] * 12])
    test = _labelled_data(rng, (1, size, size), [4, 3])
    seed, other = (int(s) for s in rng.choice(1000, size=2, replace=False))
    loaders = [[train, seed], [test, seed], [train, other], [train, seed]]
    if fixed:
        loaders.append([_labelled_data(rng, (1, size + 1, size + 1), [3]), seed])
    reply = student.call(probes.shuffled_batches, loaders, num_epochs, fixed, leave=fixed)
    lengths = [len(data) for data, _ in loaders]
    expect_close(reply["lengths"], lengths, what="the loaders' lengths (batches)")
    names = ("the training loader", "the test loader", "a loader with another seed")
    names += ("a second training loader", "a loader of larger images")[: len(loaders) - 3]
    replies = [reply[key].items(len(loaders), "loaders") for key in ("epochs", "passes")]
    found = []
    for epochs, counted, (data, _), name in zip(*replies, loaders, names, strict=True):
        passes = counted.integers((num_epochs,), "the passes")
        again = not strict or bool((np.diff([0, *passes]) > 0).all())
        expect(again, f"{name}: in each epoch the other loader should be gone through again")
        parts = enumerate(zip(epochs.items(num_epochs, "the epochs"), passes, strict=True), 1)
        found.append(
            [
                _permutations(epoch, _rolled(data, passed - 1), f"{name}, epoch {number}", strict)
                for number, (epoch, passed) in parts
            ]
        )
    return found


@check("shuffle_pixels", points=1.5)
def fixed_shuffle_is_one_for_everything(student, rng):
    """`fixed=True`: one permutation for each image, batch, epoch and loader of the same seed."""
    _expect_one_shuffle(student, rng)


def _expect_one_shuffle(student, rng):
    train, test, other, *_ = _shuffled_case(student, rng, True)
    for epoch in train:
        expect(len(set(epoch)) == 1, "the batches of an epoch have different permutations")
    expect(len({epoch[0] for epoch in train}) == 1, "the permutation changes with the epoch")
    expect(
        {p for epoch in test for p in epoch} == {train[0][0]},
        "training and test images are shuffled differently, though the seed is the same",
    )
    expect(other[0][0] != train[0][0], "another seed should give another permutation")
    expect(
        train[0][0] != tuple(range(len(train[0][0]))), "the images are not shuffled: pixels stay"
    )
    size = math.isqrt(len(train[0][0]))
    places = np.reshape(train[0][0], (size, size))
    for kept in (np.diff(places, axis=1) == 1, np.diff(places, axis=0) == size):
        expect(kept.mean() < 0.75, "whole rows or columns change places: pixels should, one by one")


@check("shuffle_pixels", points=1)
def new_shuffle_differs_between_batches(student, rng):
    """`fixed=False`: a new permutation for every batch of every epoch, drawn from the seed."""
    try:
        _expect_one_shuffle(student, rng)
        strict = True
    except CheckFailed:  # of both kinds of loaders, and judged above
        strict = False
    train, test, other, same = _shuffled_case(student, rng, False, strict, 3 if strict else 1)
    for name, epochs in (("training", train), ("test", test)):
        every = [p for epoch in epochs for p in epoch]
        expect(
            len(set(every)) == len(every),
            f"{len(every)} batches of the {name} loader in 3 epochs had {len(set(every))} "
            "different permutations: draw a new one for every batch, also in the next epochs",
        )
    drawn = [np.array(p) for epoch in train for p in epoch]
    for steps in (
        {tuple(np.argsort(a)[b]) for a, b in itertools.pairwise(drawn)},
        {tuple(b[np.argsort(a)]) for a, b in itertools.pairwise(drawn)},
    ):
        follows = len(steps) < len(drawn) - 1
        expect(not follows, "each permutation follows from the one before: draw every one anew")
    if strict:
        hint = "is every permutation drawn from `seed`?"
        expect(train == same, f"two loaders of one seed have different permutations: {hint}")
        expect(train[0] != other[0], f"loaders of two seeds have the same permutations: {hint}")


# confusion_matrix


def _expect_counts(result, logits, labels):
    num_classes = logits.shape[1]
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (labels, logits.argmax(1)), 1)
    hint = "Rows are true classes, columns predicted ones, entries are counts of images"
    expect_close(result, counts, hint, what="the matrix")


@check("confusion_matrix", points=1.5)
def rows_are_true_classes(student, rng):
    """Entry (t, p) counts the images of class t that the model takes for class p."""
    for conv in (False, True):
        num_classes = int(rng.integers(3, 7))
        layers, state, data, logits, labels = cases.many_batches(rng, num_classes, conv)
        reply = student.call(probes.confusion, layers, state, data, data[0][0], False, reorder=True)
        _expect_counts(reply["result"], logits, labels)


@check("confusion_matrix", points=0.5)
def every_class_has_a_row(student, rng):
    """There are as many classes as logits, even if some have no image; counts are integers."""
    num_classes = int(rng.integers(12, 16))
    layers, state, data, _, labels = evaluation_case(rng, num_classes)
    found = []
    for shift in (0, 1):
        data = ref.relabelled(data, (labels + shift) % 9)
        reply = student.call(probes.confusion, layers, state, data, data[0][0], False)
        shape = (num_classes, num_classes)
        found.append(reply["result"].array(shape, "the matrix", "One row and column per logit"))
        # The matrix may also be a list of rows.
        rows = [row.untrusted for row in reply["result"].items()]
        expect(np.asarray(rows).dtype.kind in "iu", "the counts should be integers")
    expect(
        found[0].sum() > 0 and bool((found[0] >= 0).all()) and not np.array_equal(*found),
        "depends on the counts, which should follow the labels",
    )
    # More images in one cell than a small integer type can count.
    layers = [["Flatten"], ["Linear", 2, 2]]
    state = {"1.weight": np.zeros((2, 2), np.float32), "1.bias": np.array([1, 0], np.float32)}
    data = [[ref.floats(rng, 400, 1, 1, 2), np.zeros(400, np.int64)] for _ in range(2)]
    reply = student.call(probes.confusion, layers, state, data, data[0][0], False)
    counts = reply["result"].array((2, 2), "the matrix")
    expect(bool((counts >= 0).all()), "of 800 images in one cell: got a negative count")
    small = counts.sum() in {800 % 256, 400 % 256}
    expect(not small, "of 800 images in one cell too few are counted: which integer type is it?")


@check("confusion_matrix", points=1)
def counting_leaves_no_traces(student, rng):
    """Counted in evaluation mode, without gradients; the model and the batches do not change."""
    layers, state, data, logits, _ = evaluation_case(rng, 4)
    while logits.argmax(1).max() < 3:
        layers, state, data, logits, _ = evaluation_case(rng, 4)
    data = ref.relabelled(data, logits.argmax(1))
    others = ref.relabelled(data, (logits.argmax(1) + 1) % 4)
    layers, state = cases.nested(layers, state)
    replies = [
        student.call(probes.confusion, layers, state, used, data[0][0], training)
        for used, training in ((data, True), (data, False), (others, False))
    ]
    # Its size is judged above.
    in_training, counts, other = (r["result"].array((-1, -1), "the matrix") for r in replies)
    expect(
        counts.sum() > 0 and not np.array_equal(counts, other),
        "depends on the counts, which should follow the labels",
    )
    hint = "The same model in evaluation mode gives other counts: switch the mode first"
    expect_close(in_training, counts, hint, what="the matrix")
    expect_unchanged(replies[0], state)
    expect_no_gradients(replies[0], state)
    _expect_untouched(replies[0], state, data)
    for training in (True, False):
        layers, state, x, width = mode_case(rng)
        data = [[x[:7], ref.labels_of(rng, 7, width)]]
        reply = student.call(probes.confusion, layers, state, data, x, training, twice=True)
        expect_mode(reply, layers, state, x, training)
        hint = "A second call on the same model and loader counts otherwise: does it begin at 0?"
        expect_close(reply["again"], reply["result"].array((-1, -1)), hint, what="the matrix")


# honest_headline


# The winner in `_attempts`, which the mean validation accuracy alone chooses.
_BEST = "best mean validation"


def _attempts(rng, single=False):
    """Configurations of which each wrong way to choose finds another one than the right one.

    `single`: the right one has a single run.
    """

    def runs(vals, tests):
        seeds = rng.choice(10_000, size=len(vals), replace=False)
        noise = rng.uniform(-0.002, 0.002, size=(2, len(vals)))
        pairs = np.stack([vals, tests]) + noise
        return [
            {"seed": int(s), "val_accuracy": float(v), "test_accuracy": float(t)}
            for s, v, t in zip(seeds, *pairs, strict=True)
        ]

    level, step = rng.uniform(0.4, 0.6), rng.uniform(0.02, 0.03)
    count = 1 if single else int(rng.integers(3, 6))
    spread = rng.uniform(-step, step, size=count)
    made = {
        _BEST: (np.full(count, level), level - step + spread),
        "best single validation": ([level - 3 * step, level + 2 * step], [level - 2 * step] * 2),
        "best single test": ([level - 2 * step] * 2, [level + 3 * step, level - 4 * step]),
        "best mean test": ([level - step] * 3, [level + step] * 3),
        "most runs": ([level - step] * 7, [level - 2 * step] * 7),
        "best lowest validation": ([level - 0.3 * step] * 2, [level - 2 * step] * 2),
        "best median validation": (
            [level + 0.9 * step, level - 3 * step, level + 0.9 * step],
            [level - 2 * step] * 3,
        ),
    }
    if not single:
        made[_BEST][0][0] -= 0.8 * step
        made[_BEST][0][1:] += 0.8 * step / (count - 1)
    names = [list(made)[i] for i in rng.permutation(len(made))]
    # Names that say nothing.
    shown = dict(
        zip(names, [f"setting {i}" for i in rng.permutation(100)[: len(made)]], strict=True)
    )
    return {shown[name]: runs(*made[name]) for name in names}, shown


def _headlines(student, cases):
    return student.call(probes.headlines, cases).items(len(cases), "the results")


def _own_tests(reply, attempts):
    """The test accuracies of the configuration that the student names."""
    name = reply["name"].text()
    expect(name in attempts, "the first item is not the name of a configuration")
    return [run["test_accuracy"] for run in attempts[name]]


@check("honest_headline", points=1)
def mean_validation_chooses(student, rng):
    """The configuration with the highest mean validation accuracy is chosen, by nothing else."""
    cases = [_attempts(rng), _attempts(rng), _attempts(rng, single=True)]
    replies = _headlines(student, [attempts for attempts, _ in cases])
    for reply, (attempts, shown) in zip(replies, cases, strict=True):
        _own_tests(reply, attempts)
        meant = {name: kind for kind, name in shown.items()}[reply["name"].text()]
        expect(
            meant == _BEST,
            f"chosen was the configuration with the {meant}, not that with the highest mean "
            "validation accuracy",
        )


@check("honest_headline", points=1)
def test_accuracies_are_reported(student, rng):
    """Mean and sample standard deviation are those of the named configuration's test accuracies."""
    cases = [_attempts(rng)[0], _attempts(rng)[0]]
    # Of one configuration: which one is named is judged above.
    cases += [{name: runs} for name, runs in list(cases[0].items())[:3] if len(runs) > 1]
    for reply, attempts in zip(_headlines(student, cases), cases, strict=True):
        tests = _own_tests(reply, attempts)
        hint = "Is it of the test accuracies of the configuration that is named, over all its runs?"
        expect_close(reply["mean"], np.mean(tests), hint, what="the mean", rtol=1e-5)
        if len(tests) > 1:
            got, others = reply["std"].number("the std"), np.std(tests)
            if abs(got - others) < 1e-7:
                hint = "The sample standard deviation divides by n - 1"
            expect_close(got, np.std(tests, ddof=1), hint, what="the std", rtol=1e-4)


@check("honest_headline", points=0.5)
def one_run_has_no_spread(student, rng):
    """The standard deviation of a single run is nan; that of equal runs is 0."""
    name, accuracy = "only", float(rng.uniform(0.3, 0.7))
    run = {"seed": 0, "val_accuracy": accuracy, "test_accuracy": accuracy - 0.01}
    alone, equal = _headlines(student, [{name: [run]}, {name: [run, {**run, "seed": 1}]}])
    got = alone["std"].untrusted
    expect(
        isinstance(got, float) and np.isnan(got),
        "one run: expected nan as standard deviation, as nothing is known of the spread",
    )
    got = equal["std"].number("the std of two equal runs")
    expect(abs(got) < 1e-6, "two runs with equal accuracies: expected a standard deviation of 0")


@check("honest_headline", points=0.5)
def every_run_counts(student, rng):
    """The number of runs is that of all configurations together; `attempts` stay as they are."""
    cases = [_attempts(rng)[0], _attempts(rng, single=True)[0]]
    for reply, attempts in zip(_headlines(student, cases), cases, strict=True):
        got, expected = reply["num_runs"].integer("num_runs"), sum(map(len, attempts.values()))
        if got == len(attempts):
            raise CheckFailed("num_runs is the number of configurations: count their runs")
        expect(got == expected, "num_runs is not the number of runs of all configurations together")
        expect(reply["same"].flag(), "`attempts` were changed: they belong to the caller")


# baseline


@check("baseline", points=1)
def mlp_of_any_sizes(student, rng):
    """`MLP` has a layer for each of `hidden_sizes`, something nonlinear between, plain logits."""
    shape = (int(rng.integers(1, 4)), *(int(n) for n in rng.integers(2, 5, size=2)))
    num_classes = int(rng.integers(2, 9))
    sizes = [[int(n) for n in rng.choice(range(3, 30), k, False)] for k in (0, 1, 2, 4)]
    limits = replay.BATCH_SIZE, replay.MAX_NUMBERS, replay.MAX_STEPS
    replies = student.call(probes.networks, shape, num_classes, sizes, *limits)
    for pair, hidden in zip(replies.items(len(sizes), "networks"), sizes, strict=True):
        what = f"{len(hidden)} hidden size(s)"
        records = pair.items(2, what)
        for record in records:
            problem = "problem" in record.mapping(what=what)
            expect(not problem, f"{what}: no logits that depend on the images")
        network, zeroed = (replay.Network(record.untrusted, shape) for record in records)
        expected = [math.prod(shape), *hidden, num_classes]
        expect(
            network.sizes == expected,
            f"{what}: got layer sizes {_sizes_text(network)}, expected "
            f"{'-'.join(map(str, expected))}",
        )
        expect(
            all(layer.after_nonlinearity for layer in network.layers[1:]),
            f"{what}: there is no nonlinear function between two layers",
        )
        expect(
            not network.nonlinear_output,
            f"{what}: a function comes after the last layer; logits are its plain outputs",
        )
        expect(
            not any(bool(layer.weight.any()) for layer in zeroed.layers),
            f"{what}: there are weights that are not among `parameters()`: is every layer registered?",
        )


@check("baseline", points=0.5)
def momentum_follows_the_rule(student, rng):
    """`SGDMomentum` is the one of assignment 3: m = beta m + (1 - beta) g, then w -= lr m."""
    shapes = [(3, 2), (3, 2)]  # each has a mean of its own
    start = [ref.floats(rng, *shape) for shape in shapes]
    gradients = [[ref.floats(rng, *shape) for shape in shapes] for _ in range(6)]
    # The rate is another one in the last steps.
    rates = [float(rng.uniform(0.2, 0.5))] * 4 + [float(rng.uniform(0.05, 0.1))] * 2
    momentum = float(rng.uniform(0.5, 0.95))
    path = student.call(probes.momentum_steps, start, gradients, rates, momentum)
    values = [a.astype(np.float64) for a in start]
    means = [np.zeros(shape) for shape in shapes]
    steps = path.items(len(gradients), "the steps")
    for step, (pair, parameters) in enumerate(zip(gradients, steps, strict=True)):
        for i, gradient in enumerate(pair):
            if i == 0 or step > 0:
                means[i] = momentum * means[i] + (1 - momentum) * gradient
                values[i] = values[i] - rates[step] * means[i]
        for own, got in zip(values, parameters.items(2, "the parameters"), strict=True):
            hint = "Is it your tested optimizer of assignment 3, with 1 - momentum at the gradient?"
            if rates[step] != rates[0]:
                hint = "The learning rate was changed between two steps: it counts from the next on"
            expect_close(got, own, hint, what=f"a parameter after step {step + 1}", rtol=1e-3)


@check("baseline", points=1)
def baseline_learns_from_its_loader(student, rng):
    """`baseline` trains on the given batches, writes the file at `path` and returns the model."""
    labels, asked = cases.colour_labels(rng, 48), cases.colour_labels(rng, 24)
    # Two classes have no validation image: who trains on these does not learn them.
    val_labels = rng.permutation(np.arange(24) % 6).astype(np.int64)
    images = cases.colour_images(rng, np.concatenate([labels, val_labels, asked]))
    images = cases.normalised(images, *cases.statistics(images[:48]))
    # The classes are permuted: what was learnt elsewhere does not help.
    renamed = rng.permutation(10)[:8]
    train = [[images[i : i + 16], renamed[labels[i : i + 16]]] for i in range(0, 48, 16)]
    val = [[images[48:72], renamed[val_labels]]]
    reply = student.call(probes.baseline_run, train, val, 15, images[72:], timeout=60)
    expect(reply["exists"].flag(), "there is no file at `path` after the training")
    expect(not reply["returned"].is_none, "baseline should return the trained model")
    saved = reply["saved"].finite((24, 10), "the logits")
    hint = "Both should be the best epoch's: is it your train_model that trains?"
    what = "the returned model's logits against those of the file"
    expect_close(reply["returned"], saved, hint, what=what, rtol=1e-3, atol=1e-3)
    right = saved.argmax(1) == renamed[asked]
    got = right.mean()
    expect(
        got > 0.6 and right[asked >= 6].mean() > 0.4,
        f"images of eight plain colours, 15 epochs: {got:.0%} of new images are right, "
        "expected nearly all. Is the model trained on the given loader?",
    )


@check("baseline", points=1)
def baseline_file_is_the_asked_network(student, rng):
    """`baseline.pt` fits `baseline_model()`, which is an MLP 3072-256-128-10."""
    network = cases.network_of(student, "baseline_model", "baseline.pt")
    expect(
        network.sizes == [3072, 256, 128, 10],
        f"got layer sizes {_sizes_text(network)}, expected 3072-256-128-10",
    )
    expect(
        all(layer.after_nonlinearity for layer in network.layers[1:]),
        "there is no nonlinear function between two layers: together they are a single layer",
    )


def _sizes_text(network):
    if network.sizes:
        return "-".join(map(str, network.sizes))
    return ", ".join(f"{layer.fan_in}-{layer.fan_out}" for layer in network.layers[:8])


@check("baseline", points=1.5)
def baseline_reaches_its_accuracy(student, rng):
    """The network of `baseline.pt`, run by the grader on images kept back, is accurate enough."""
    held = held_out.load(held_out.NAME)
    name = "baseline.pt"
    networks = {name: cases.network_of(student, "baseline_model", name)}
    (got,) = cases.accuracies(networks, held, rng)
    _expect_threshold(got, THRESHOLDS["baseline"][held.name]["threshold"], held.name, "baseline.pt")


def _expect_threshold(got, needed, name, what):
    expect(
        got >= needed,
        f"{what}: accuracy {got:.1%} on {name} images kept back, expected at least {needed:.1%}. "
        "Are the images normalised with the training images' statistics?",
    )


# improved


def _improved_case(rng, num_train=120, num_val=40, faintest=1.0):
    labels, val_labels = cases.colour_labels(rng, num_train), cases.colour_labels(rng, num_val)
    images = cases.colour_images(rng, np.concatenate([labels, val_labels]), faintest)
    return [images[:num_train], labels], [images[num_train:], val_labels]


def _noise_images(rng, count):
    """Images of no class: what a model takes them for depends on its initial weights."""
    images = rng.integers(0, 256, size=(count, 3, 32, 32)).astype(np.uint8)
    return images, rng.integers(10, size=count)


def _improved(student, train, val, test, seeds, num_epochs, x):
    """What `improved` returns, and the logits of its files on `x`, an array per file."""
    reply = student.call(probes.improved_run, train, val, test, seeds, num_epochs, x, timeout=120)
    logits = []
    for index, item in enumerate(reply["logits"].items(len(seeds), "the logits")):
        if item.is_none:
            raise CheckFailed(
                f"there is no improved_{index}.pt after a call with {len(seeds)} seeds, but "
                f"{len(reply['files'].items())} file(s) in all"
            )
        logits.append(item.finite((len(x), 10), "the logits"))
        expect(
            bool((logits[-1] != logits[-1][0]).any()),
            f"the model in improved_{index}.pt gives the same logits for all images",
        )
    return reply, logits


@check("improved", points=1)
def mean_over_the_seeds(student, rng):
    """`improved` returns the mean of its saved models' test accuracies, one model per seed."""
    told_apart = False
    for calls in range(1, 6):
        train, val = _improved_case(rng)
        images, _ = _noise_images(rng, 240)
        # A model takes most of them for one class or another: with classes of very different sizes
        # no two models are equally right.
        sizes = rng.permutation(2.0 ** np.arange(8))
        labels = rng.choice(8, size=len(images), p=sizes / sizes.sum())
        x = cases.normalised(images, *cases.statistics(train[0]))
        seeds = [int(s) for s in rng.choice(10_000, size=3, replace=False)]
        reply, logits = _improved(
            student, train, val, [images, labels.astype(np.int64)], seeds, 2, x
        )
        expect(reply["same"].flag(), "the list `seeds` was changed: it belongs to the caller")
        value = reply["value"].number("the returned accuracy")
        each = [_accuracies(item, labels) for item in logits]
        lowest, highest = np.mean(each, axis=0)
        expect(
            highest - lowest < 0.5,
            "for most images the two highest logits are almost equal: the accuracy is not clear",
        )
        slack = 0.5 / (len(seeds) * len(labels))
        expect(
            lowest - slack <= value <= highest + slack,
            "what is returned is not the mean test accuracy (a fraction) of the "
            f"{len(seeds)} models in the files, on test images normalised with the training "
            f"images' statistics.{_which(value, each, slack)}",
        )
        # That is enough once no single model's accuracy could be taken for the mean. It takes two
        # calls at least: a wrong value may hit the mean by chance.
        told_apart |= all(high < lowest - slack or low > highest + slack for low, high in each)
        if told_apart and calls > 1:
            return


def _accuracies(logits, labels):
    """The lowest and highest accuracy: where two logits are almost equal, either may win."""
    best = logits.max(axis=1)
    near = best - 0.005 * np.abs(logits).max()
    own = logits[np.arange(len(labels)), labels]
    clear = (logits >= near[:, None]).sum(axis=1) == 1
    return ((own == best) & clear).mean(), (own >= near).mean()


def _which(value, each, slack):
    named = ("best", max(each)), ("first", each[0]), ("last", each[-1])
    for name, (low, high) in named:
        if low - slack <= value <= high + slack:
            return f" It is that of the {name} one"
    return ""


@check("improved", points=0.5)
def seed_decides_the_model(student, rng):
    """Another seed gives another model; the same seed gives the same one."""
    train, val = _improved_case(rng)
    images, labels = _noise_images(rng, 24)
    first, second = (int(s) for s in rng.choice(10_000, size=2, replace=False))
    x = cases.normalised(images, *cases.statistics(train[0]))
    test = [images, labels.astype(np.int64)]
    _, logits = _improved(student, train, val, test, [first, second, first], 2, x)
    expect(
        not _alike(logits[0], logits[1]),
        "two seeds gave the same model: does each training start from its own seed?",
    )
    expect(
        _alike(logits[0], logits[2]),
        "the same seed gave two different models: does the seed decide start, order, dropout and "
        "augmentation?",
    )


def _alike(first, second):
    """Equal up to what rounding errors grow to in a few steps of training."""
    with np.errstate(over="ignore"):
        return np.abs(first - second).max() <= 0.02 * (np.abs(first).max() + 1e-3)


@check("improved", points=1)
def test_data_stay_out_of_training(student, rng):
    """Other test images and labels, same seeds: the saved models are the same."""
    # With faint images the accuracy grows for long, so that test labels would choose the epoch.
    train, val = _improved_case(rng, num_val=80, faintest=0.02)
    images, labels = val
    seeds = [int(rng.integers(10_000))]
    x = cases.normalised(images, *cases.statistics(train[0]))
    dark, drawn = images // 4, rng.permutation(labels)
    runs = []
    for test in ([images, labels], [images, (labels + 1) % 8], [dark, drawn]):
        _, logits = _improved(student, train, val, test, seeds, 4, x)
        runs.append(logits[0])
    hint = "it must depend on training and validation data and the seed alone"
    expect(
        _alike(runs[0], runs[1]),
        f"with other test labels the saved model changes: {hint}. Is the epoch chosen on "
        "validation data?",
    )
    expect(
        _alike(runs[0], runs[2]),
        f"with other test images the saved model changes: {hint}. Whose mean and standard "
        "deviation normalise the images?",
    )


NAMES = [f"improved_{index}.pt" for index in range(3)]


@check("improved", points=1)
def three_files_are_three_mlps(student, rng):
    """`improved_0.pt` to `improved_2.pt` are MLPs, from three trainings of their own."""
    held = held_out.load(held_out.NAME)
    networks = [cases.network_of(student, "improved_model", name) for name in NAMES]
    # These are enough to see whether two models differ; all of them would take a second more.
    logits = [
        cases.held_out_logits(network, held, name, 3 * replay.BATCH_SIZE)
        for network, name in zip(networks, NAMES, strict=True)
    ]
    for i, j in itertools.combinations(range(len(NAMES)), 2):
        pair = f"{NAMES[i]} and {NAMES[j]}"
        expect(
            _likeness(networks[i], networks[j]) < 0.9,
            f"{pair} have nearly the same weights: train each model from a start of its own",
        )
        differ = (logits[i].argmax(1) != logits[j].argmax(1)).double().mean().item()
        errors = 1 - (cases.accuracy(logits[i], held) + cases.accuracy(logits[j], held)) / 2
        expect(
            differ >= 0.1 * errors,
            f"{pair} give the same answers: train each model from a start of its own",
        )


def _likeness(first, second):
    """The lowest cosine between matching weight matrices, over large ones; 0 if none match.

    The lowest, because a first layer may be made from the data, in the same way for every seed.
    """
    cosines = [
        F.cosine_similarity(a.weight.double().flatten(), b.weight.double().flatten(), dim=0).item()
        for a, b in zip(first.layers, second.layers, strict=False)
        if a.weight.shape == b.weight.shape and a.weight.numel() > 5000
    ]
    return min(cosines, default=0.0)


@check("improved", points=1.5)
def improved_reaches_its_accuracy(student, rng):
    """The mean accuracy of the three files, run by the grader on images kept back, is enough."""
    held = held_out.load(held_out.NAME)
    networks = {name: cases.network_of(student, "improved_model", name) for name in NAMES}
    scores = cases.accuracies(networks, held, rng)
    mean, needed = float(np.mean(scores)), THRESHOLDS["improved"][held.name]["threshold"]
    _expect_threshold(mean, needed, held.name, "the mean of three files")
    return {
        "accuracy": mean,
        # Of the draw of the images, which are the same for the three networks.
        "standard error": (mean * (1 - mean) / len(held.labels)) ** 0.5,
        "numbers": max(network.num_constants for network in networks.values()),
    }
