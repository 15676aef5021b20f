"""Hidden checks of assignment 05: how far an MLP gets on CIFAR-10, and why it gets no further."""

import itertools
import json
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


@check("channel_statistics", points=1)
def statistics_of_floats(student, rng):
    """Floating point images are in [0, 1] already and are not scaled again."""
    for dtype, factor in ((np.float32, 1.0), (np.float64, 0.2)):
        images = (_image_batch(rng, int(rng.integers(1, 5))) / 255 * factor).astype(dtype)
        reply = student.call(probes.statistics, images)
        _expect_statistics(reply, images.astype(np.float64))


@check("channel_statistics", points=0.5)
def statistics_leave_the_images(student, rng):
    """The images stay unchanged, and may lie in memory in any order."""
    for as_bytes, contiguous in itertools.product((True, False), repeat=2):
        images = _image_batch(rng, 3)
        images = images if as_bytes else (images / 255).astype(np.float32)
        reply = student.call(probes.statistics, images, contiguous)
        _expect_statistics(reply, images.astype(np.float64) / (255 if as_bytes else 1))
        expect_close(reply["images"], images, "Which operation works in place?", what="the images")


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
        f"n={n}, n_val={n_val}: got {len(val)} validation indices. Train comes first, then val",
    )
    everything = np.sort(np.concatenate([train, val]))
    expect(
        everything.shape == (n,) and bool((everything == np.arange(n)).all()),
        f"n={n}, n_val={n_val}: every index from 0 to n - 1 should be in train or in val, once",
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
    seeds = [int(s) for s in rng.choice(10_000, size=60, replace=False)]
    calls = [[n, n_val, seed] for seed in seeds]
    first = _splits(student, calls, 1)
    again = _splits(student, calls[::-1], 2)[::-1]
    chosen = np.zeros(n)
    for (train, val), (_, same) in zip(first, again, strict=True):
        _expect_partition(train, val, n, n_val)
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


@check("test_model", points=1)
def accuracy_counts_every_sample_alike(student, rng):
    """The accuracy is the fraction of right predictions, the small last batch included."""
    for conv in (False, True):
        layers, state, data, logits, labels = evaluation_case(rng, conv=conv)
        reply = student.call(probes.tested, layers, state, data, data[0][0], False)
        _expect_accuracy(reply, logits, labels)


@check("test_model", points=1)
def accuracy_is_measured_in_evaluation_mode(student, rng):
    """A model in training mode is tested without dropout, with stored means, and stays the same."""
    layers, state, data, logits, labels = evaluation_case(rng)
    reply = student.call(probes.tested, layers, state, data, data[0][0], True)
    _expect_accuracy(reply, logits, labels)
    expect_unchanged(reply, state)


@check("test_model", points=1)
def test_leaves_no_traces(student, rng):
    """The mode is unchanged, no gradients are tracked, and the result is a plain float."""
    for training in (True, False):
        layers, state, x, width = mode_case(rng)
        data = [[x[:7], ref.labels_of(rng, 7, width)], [x[7:9], ref.labels_of(rng, 2, width)]]
        reply = student.call(probes.tested, layers, state, data, x, training)
        labels = np.concatenate([y for _, y in data])
        _expect_accuracy(reply, ref.outputs(layers, state, x[:9]), labels)
        expect_mode(reply, layers, state, x, training)
        expect_no_gradients(reply, state)
        plain = reply["result"]["plain"].flag()
        expect(plain, "expected a Python float: which method takes a number from a tensor?")


# train_model


def _trained(student, case, num_epochs, **options):
    layers, state, data, lr, _, images, labels, _ = case
    val = cases.halves(images, labels)
    return student.call(probes.trained_model, layers, state, data, val, num_epochs, lr, **options)


def _expect_best(got, states, accepted, hint, what):
    """`got` is one of the accepted epochs' states; the message tells which one it is instead."""
    got.mapping(what=what)
    fits = {epoch for epoch, state in enumerate(states) if _is_state(got, state)}
    if not fits & accepted:
        found = "the last epoch" if len(states) - 1 in fits else "an epoch with a lower accuracy"
        raise CheckFailed(
            f"{what}: these are the weights of {found if fits else 'none of the epochs'}. {hint}"
        )


def _is_state(got, state):
    try:
        expect_state(got, state, "", **WEIGHTS)
    except CheckFailed:
        return False
    return True


@check("train_model", points=1)
def one_epoch_follows_the_optimizer(student, rng):
    """One step of cross-entropy per training batch, with any optimizer; training mode is on."""
    for name in ("signs", "momentum"):
        layers = [["Flatten"], ["Linear", 6, 5], ["BatchNorm1d", 5], ["Tanh"], ["Linear", 5, 3]]
        state = ref.drawn_state(rng, layers)
        data = ref.ragged_data(rng, (1, 2, 3), 3, [int(n) for n in rng.integers(5, 9, 2)] + [3])
        val = [[ref.floats(rng, 6, 1, 2, 3), ref.labels_of(rng, 6, 3)]]
        lr = float(rng.uniform(0.01, 0.03) if name == "signs" else rng.uniform(0.1, 0.3))
        reply = student.call(probes.trained_model, layers, state, data, val, 1, lr, optimizer=name)
        model = restored(layers, state)
        ref.train(model, data, probes.optimizer_of(name, model, lr), F.cross_entropy)
        hint = "Per batch: gradients zeroed, cross-entropy backward, one step; in training mode"
        expect_state(reply["state"], ref.copied(model), hint, **WEIGHTS)


@check("train_model", points=1.5)
def model_ends_with_the_best_epoch(student, rng):
    """Afterwards the model holds the weights of the highest validation accuracy."""
    num_epochs = 10
    case = cases.training_case(rng, num_epochs)
    reply = _trained(student, case, num_epochs)
    hint = "Were the best weights copied when they were current, and put back at the end?"
    _expect_best(reply["state"], case[4], case[7], hint, "the model at the end")


@check("train_model", points=1)
def file_holds_the_best_epoch(student, rng):
    """The file at `path` is the state dict of the best epoch, loadable without running code."""
    num_epochs = 10
    case = cases.training_case(rng, num_epochs)
    for as_path in (True, False):
        reply = _trained(student, case, num_epochs, as_path=as_path)
        saved = reply["saved"]
        kind = saved["kind"].text()
        expect(kind == "state", f"at `path`: expected a saved state dict, got {kind[:40]}")
        hint = "Is the file written when an epoch is better than all before it?"
        _expect_best(saved["state"], case[4], case[7], hint, "the file")


@check("train_model", points=1)
def validation_is_in_evaluation_mode(student, rng):
    """The validation accuracy is that of evaluation mode; the best epoch's buffers come back."""
    num_epochs = 8
    case = cases.training_case(rng, num_epochs, norm=True)
    reply = _trained(student, case, num_epochs)
    hint = "Is it validated in evaluation mode, and does training mode come back after it?"
    _expect_best(reply["state"], case[4], case[7], hint, "the model at the end")


@check("train_model", points=0.5)
def loss_and_schedule_can_be_chosen(student, rng):
    """`loss_fn` replaces the training loss; `scheduler` steps after each step of the optimizer."""
    layers = [["Flatten"], ["Linear", 6, 5], ["Tanh"], ["Linear", 5, 3]]
    state = ref.drawn_state(rng, layers)
    data = ref.ragged_data(rng, (1, 2, 3), 3, [6, 5, 3])
    val = [[ref.floats(rng, 6, 1, 2, 3), ref.labels_of(rng, 6, 3)]]
    lr, smoothing, decay = (float(rng.uniform(*r)) for r in ((0.2, 0.5), (0.3, 0.6), (0.3, 0.7)))
    reply = student.call(
        probes.trained_model, layers, state, data, val, 1, lr, smoothing=smoothing, decay=decay
    )
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loss_fn = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    for index, batch in enumerate(data):
        optimizer.param_groups[0]["lr"] = lr * decay**index
        ref.train(model, [batch], optimizer, loss_fn)
    hint = "Is loss_fn used for training, and does the scheduler step once per batch?"
    expect_state(reply["state"], ref.copied(model), hint, **WEIGHTS)


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
        reply = student.call(probes.shuffled, images, permutation)
        hint = "Which way round: does output pixel k come from permutation[k], or go there?"
        expected = _moved(images, permutation)
        expect_close(reply["result"], expected, hint, what="the shuffled images")


@check("shuffle_pixels", points=1)
def shuffling_leaves_its_input(student, rng):
    """Images and permutation stay unchanged; the type is kept; any order in memory will do."""
    for dtype, contiguous in ((np.uint8, False), (np.float32, True)):
        images, permutation = _shuffle_case(rng, dtype=dtype)
        reply = student.call(probes.shuffled, images, permutation, contiguous)
        expect_close(reply["result"], _moved(images, permutation), what="the shuffled images")
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


def _permutations(batches, data, what):
    """The permutation of each batch, read off its pixels; labels and order must be unchanged."""
    result = []
    for batch, (images, labels) in zip(batches.items(len(data), what), data, strict=True):
        shuffled, same = batch.items(2, "a batch")
        shuffled = shuffled.integers(images.shape, f"{what}: the images")
        expect_close(same, labels, what=f"{what}: the labels")
        flat = shuffled.reshape(*images.shape[:2], -1)
        own = images.reshape(*images.shape[:2], -1)
        place = flat[0, 0] % own.shape[2]
        expect(
            np.array_equal(np.sort(place), np.arange(own.shape[2])),
            f"{what}: pixels are missing or appear twice",
        )
        expect(
            np.array_equal(flat, own[:, :, place]),
            f"{what}: every image and every channel should be shuffled in the same way",
        )
        result.append(tuple(place))
    return result


def _shuffled_case(student, rng, fixed):
    height, width = (int(n) for n in rng.choice(range(4, 8), 2, replace=False))
    shape = (int(rng.integers(1, 4)), height, width)
    train = _labelled_data(rng, shape, [5, 5, 2])
    test = _labelled_data(rng, shape, [4, 3])
    seed, other = (int(s) for s in rng.choice(1000, size=2, replace=False))
    loaders = [[train, seed], [test, seed], [train, other]]
    reply = student.call(probes.shuffled_batches, loaders, 3, fixed)
    expect_close(reply["lengths"], [3, 2, 3], what="the loaders' lengths (batches)")
    names = ("the training loader", "the test loader", "a loader with another seed")
    return [
        [
            _permutations(epoch, data, f"{name}, epoch {number + 1}")
            for number, epoch in enumerate(epochs.items(3, "the epochs"))
        ]
        for epochs, (data, _), name in zip(
            reply["epochs"].items(3, "loaders"), loaders, names, strict=True
        )
    ]


@check("shuffle_pixels", points=1.5)
def fixed_shuffle_is_one_for_everything(student, rng):
    """`fixed=True`: one permutation for each image, batch, epoch and loader of the same seed."""
    train, test, other = _shuffled_case(student, rng, True)
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


@check("shuffle_pixels", points=1)
def new_shuffle_differs_between_batches(student, rng):
    """`fixed=False`: a new permutation for every batch of every epoch, one within a batch."""
    train, test, _ = _shuffled_case(student, rng, False)
    for name, epochs in (("training", train), ("test", test)):
        every = [p for epoch in epochs for p in epoch]
        expect(
            len(set(every)) == len(every),
            f"{len(every)} batches of the {name} loader in 3 epochs had {len(set(every))} "
            "different permutations: draw a new one for every batch, also in the next epochs",
        )


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
        case = evaluation_case(rng, num_classes, conv)
        while (case[3].argmax(1) != case[4]).sum() < 3:
            case = evaluation_case(rng, num_classes, conv)
        layers, state, data, logits, labels = case
        reply = student.call(probes.confusion, layers, state, data, data[0][0], False)
        _expect_counts(reply["result"], logits, labels)


@check("confusion_matrix", points=0.5)
def every_class_has_a_row(student, rng):
    """There are as many classes as logits, even if some have no image; counts are integers."""
    num_classes = int(rng.integers(12, 16))
    layers, state, data, logits, labels = evaluation_case(rng, num_classes)
    labels = labels % 9
    data = ref.relabelled(data, labels)
    reply = student.call(probes.confusion, layers, state, data, data[0][0], False)
    _expect_counts(reply["result"], logits, labels)
    # The matrix may also be a list of rows.
    rows = [row.untrusted for row in reply["result"].items()]
    expect(np.asarray(rows).dtype.kind in "iu", "the counts should be integers")


@check("confusion_matrix", points=1)
def counting_leaves_no_traces(student, rng):
    """Counted in evaluation mode, without gradients; mode and state are unchanged."""
    layers, state, data, logits, labels = evaluation_case(rng, 4)
    reply = student.call(probes.confusion, layers, state, data, data[0][0], True)
    _expect_counts(reply["result"], logits, labels)
    expect_unchanged(reply, state)
    expect_no_gradients(reply, state)
    for training in (True, False):
        layers, state, x, width = mode_case(rng)
        data = [[x[:7], ref.labels_of(rng, 7, width)]]
        reply = student.call(probes.confusion, layers, state, data, x, training)
        _expect_counts(reply["result"], ref.outputs(layers, state, x[:7]), data[0][1])
        expect_mode(reply, layers, state, x, training)


# baseline


@check("baseline", points=0.5)
def momentum_follows_the_rule(student, rng):
    """`SGDMomentum` is the one of assignment 3: m = beta m + (1 - beta) g, then w -= lr m."""
    shapes = [(3, 2), (4,)]
    start = [ref.floats(rng, *shape) for shape in shapes]
    gradients = [[ref.floats(rng, *shape) for shape in shapes] for _ in range(6)]
    lr, momentum = float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.5, 0.95))
    path = student.call(probes.momentum_steps, start, gradients, lr, momentum)
    values = [a.astype(np.float64) for a in start]
    means = [np.zeros(shape) for shape in shapes]
    steps = path.items(len(gradients), "the steps")
    for step, (pair, parameters) in enumerate(zip(gradients, steps, strict=True)):
        for i, gradient in enumerate(pair):
            if i == 0 or step > 0:
                means[i] = momentum * means[i] + (1 - momentum) * gradient
                values[i] = values[i] - lr * means[i]
        for own, got in zip(values, parameters.items(2, "the parameters"), strict=True):
            hint = "Is it your tested optimizer of assignment 3, with 1 - momentum at the gradient?"
            expect_close(got, own, hint, what=f"a parameter after step {step + 1}", rtol=1e-3)


@check("baseline", points=1)
def baseline_learns_from_its_loader(student, rng):
    """`baseline` trains on the given batches, writes the file at `path` and returns the model."""
    labels, val_labels = cases.colour_labels(rng, 48), cases.colour_labels(rng, 24)
    images = cases.colour_images(rng, np.concatenate([labels, val_labels]))
    images = cases.normalised(images, *cases.statistics(images[:48]))
    # The classes are permuted: what was learnt elsewhere does not help.
    renamed = rng.permutation(10)[:8]
    train = [[images[i : i + 16], renamed[labels[i : i + 16]]] for i in range(0, 48, 16)]
    val = [[images[48:], renamed[val_labels]]]
    reply = student.call(probes.baseline_run, train, val, 15, images[48:], timeout=60)
    expect(reply["exists"].flag(), "there is no file at `path` after the training")
    expect(not reply["returned"].is_none, "baseline should return the trained model")
    saved = reply["saved"].finite((24, 10), "the logits")
    hint = "Both should be the best epoch's: is it your train_model that trains?"
    what = "the returned model's logits against those of the file"
    expect_close(reply["returned"], saved, hint, what=what, rtol=1e-3, atol=1e-3)
    got = (saved.argmax(1) == renamed[val_labels]).mean()
    expect(
        got > 0.6,
        f"images of eight plain colours, 15 epochs: {got:.0%} of the validation images are right, "
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
    network = cases.network_of(student, "baseline_model", "baseline.pt")
    got = cases.accuracy(cases.held_out_logits(network, held, "baseline.pt"), held)
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
            files = ", ".join(name.text() for name in reply["files"].items()) or "none"
            raise CheckFailed(
                f"there is no improved_{index}.pt after a call with {len(seeds)} seeds; "
                f"files: {files[:400]}"
            )
        logits.append(item.finite((len(x), 10), "the logits"))
        expect(
            bool((logits[-1] != logits[-1][0]).any()),
            f"the model in improved_{index}.pt gives the same logits for all images",
        )
    return reply["value"], logits


@check("improved", points=1)
def mean_over_the_seeds(student, rng):
    """`improved` returns the mean of its saved models' test accuracies, one model per seed."""
    told_apart = False
    for calls in range(1, 6):
        train, val = _improved_case(rng)
        images, _ = _noise_images(rng, 120)
        # A model takes most of them for one class or another: with classes of very different sizes
        # no two models are equally right.
        sizes = rng.permutation(2.0 ** np.arange(8))
        labels = rng.choice(8, size=len(images), p=sizes / sizes.sum())
        x = cases.normalised(images, *cases.statistics(train[0]))
        seeds = [int(s) for s in rng.choice(10_000, size=3, replace=False)]
        value, logits = _improved(
            student, train, val, [images, labels.astype(np.int64)], seeds, 2, x
        )
        value = value.number("the returned accuracy")
        each = [_accuracies(item, labels) for item in logits]
        lowest, highest = np.mean(each, axis=0)
        expect(
            highest - lowest < 0.5,
            "for most images the two highest logits are almost equal: the accuracy is not clear",
        )
        slack = 0.5 / (len(seeds) * len(labels))
        expect(
            lowest - slack <= value <= highest + slack,
            f"got {value:.4f}, which is not the mean test accuracy (a fraction) of the "
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
    scores = []
    for name in NAMES:
        network = cases.network_of(student, "improved_model", name)
        scores.append(cases.accuracy(cases.held_out_logits(network, held, name), held))
    needed = THRESHOLDS["improved"][held.name]["threshold"]
    _expect_threshold(float(np.mean(scores)), needed, held.name, "the mean of three files")
