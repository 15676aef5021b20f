"""What the checks of assignment 05 draw and read: small trainings, tiny image sets, checkpoints."""

from dataclasses import replace

import numpy as np
import torch

from autograder.checking import CheckFailed, expect

from ..shared import reference as ref
from ..shared.evaluation import evaluation_case
from ..shared.networks import restored
from . import probes, replay

NUM_CLASSES = 10


# Trainings


def training_case(rng, num_epochs, norm=False, telling=False):
    """A small training whose best epochs are not the first or the last one.

    `telling`: nor those that another rule than the highest validation accuracy would choose.

    Returns layers, state, training batches, learning rate, validation images and labels.
    """
    while True:
        shape, layers = ref.small_network(rng, norm=norm)
        state = ref.drawn_state(rng, layers)
        data = ref.ragged_data(rng, shape, 3, [int(n) for n in rng.integers(5, 9, size=2)] + [3])
        images, lr = ref.floats(rng, 16, *shape), float(rng.uniform(0.5, 1.0))
        losses, states, logits = ref.epochs(layers, state, data, lr, num_epochs, images)
        if min(ref.margin(x) for x in logits) < 2e-5:
            continue
        misleading = {0, num_epochs - 1}
        if telling:
            seen, answers = ref.joined(data)
            fits = [(ref.outputs(layers, s, seen).argmax(1) == answers).mean() for s in states]
            misleading |= {int(np.argmin(losses)), int(np.argmax(fits))}
        labels = _labels(rng, logits, misleading, telling)
        if labels is not None:
            return layers, state, data, lr, images, labels


def gradient(layers, state, batch, loss_fn):
    """The gradient of one batch's loss, all parameters in a row."""
    model = restored(layers, state).train()
    images, labels = (torch.tensor(part) for part in batch)
    loss_fn(model(images), labels).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()]).numpy()


def given_case(rng, rights):
    """A training whose accuracies are known before, and the parameters after each of its steps.

    `rights`: how many of the 600 validation images are right after each epoch of one step. The
    steps do not depend on the gradients.
    """
    count = 600
    layers = [["Flatten"], ["Linear", 1, 2]]
    images = ((np.arange(count) + 0.5) / count).astype(np.float32).reshape(-1, 1, 1, 1)
    scales = rng.uniform(0.5, 2, size=len(rights))
    # An image is right if it is above the second logit, which is the same for all.
    points = [
        [np.array([[s], [0]], np.float32), np.array([0, s * (1 - right / count)], np.float32)]
        for s, right in zip(scales, rights, strict=True)
    ]
    data = [[ref.floats(rng, 4, 1, 1, 1), ref.labels_of(rng, 4, 2)]]
    order = rng.permutation(count)
    labels = np.zeros(count, np.int64)
    return (layers, ref.drawn_state(rng, layers), data, 0.1, images[order], labels), points


def nested(layers, state):
    """The same network inside of two more blocks, and its state."""
    layers = [["Sequential", [["Sequential", layers]]]]
    return layers, {f"0.0.{name}": value for name, value in state.items()}


def many_batches(rng, num_classes=3, conv=False):
    """An `evaluation_case` of two batches and more than a hundred of one image, which are wrong.

    Every class has an image. With the labels in reverse order the counts would be others, and so
    would the accuracy.
    """
    while True:
        layers, state, data, logits, labels = evaluation_case(rng, num_classes, conv)
        extra = rng.integers(len(labels), size=int(rng.integers(101, 130)))
        images, _ = ref.joined(data)
        wrong = (logits[extra].argmax(1) + 1) % num_classes
        data = data[:2] + [[images[i : i + 1], wrong[n : n + 1]] for n, i in enumerate(extra)]
        kept = sum(len(y) for _, y in data[:2])
        logits = np.concatenate([logits[:kept], logits[extra]])
        labels = np.concatenate([labels[:kept], wrong])
        predicted = logits.argmax(1)
        differs = (predicted == labels).sum() != (predicted == labels[::-1]).sum()
        if differs and len(set(labels.tolist())) == num_classes:
            return layers, state, data, logits, labels


def _labels(rng, logits, misleading, telling):
    """Validation labels for which no best epoch is `misleading`; None if none are found.

    If `telling`, nor one that the lowest validation loss, a comparison with the epoch before, or a
    stop at the first drop would choose.
    """
    predictions = np.stack([x.argmax(1) for x in logits])
    guesses = ref.guessed_labels(rng, predictions, 3, 200)
    shares = (predictions[:, None] == guesses).mean(2).T
    for labels, accuracies in zip(guesses, shares, strict=True):
        highest = set(np.flatnonzero(accuracies == accuracies.max()).tolist())
        if highest & misleading or telling and highest & _wrong_rules(accuracies):
            continue
        losses = [ref.scores(x, labels)[0] for x in logits] if telling else [0.0]
        if not telling or int(np.argmin(losses)) not in highest:
            return labels
    return None


def _wrong_rules(accuracies):
    """The epoch before the first drop, and the last that is better than the one before it."""
    change = np.diff(accuracies)
    rises, drops = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    return {int(rises[-1]) + 1 if len(rises) else 0, int(drops[0]) if len(drops) else 0}


def halves(images, labels):
    """Two batches of different sizes."""
    middle = len(images) // 2 + 2
    return [[images[:middle], labels[:middle]], [images[middle:], labels[middle:]]]


# Tiny image sets


def colour_images(rng, labels, faintest=1.0):
    """uint8 (N, 3, 32, 32) images of one noisy colour, a corner of the colour cube, per label.

    `faintest` to 1 is the colours' distance from grey, relative to the largest one: faint images
    are learnt later.
    """
    low, high = rng.uniform(20, 90, size=3), rng.uniform(140, 230, size=3)
    corners = np.array([[(label >> c) & 1 for c in range(3)] for label in range(8)])
    colours = np.where(corners == 1, high, low)
    grey, size = colours.mean(axis=0), len(labels)
    strength = np.exp(rng.uniform(np.log(faintest), 0, size=(size, 1)))
    shown = grey + strength * (colours[labels] - grey)
    noise = rng.normal(0, 20, size=(size, 3, 32, 32))
    return np.clip(shown[:, :, None, None] + noise, 0, 255).astype(np.uint8)


def colour_labels(rng, count):
    """Labels 0 ... 7, each equally often, in random order."""
    return rng.permutation(np.arange(count) % 8).astype(np.int64)


def statistics(images):
    """Mean and standard deviation per channel of uint8 images, in units of [0, 1]."""
    scaled = images.astype(np.float64) / 255
    return scaled.mean(axis=(0, 2, 3)), scaled.std(axis=(0, 2, 3))


def normalised(images, mean, std):
    """uint8 images as float32, normalised per channel."""
    shape = (1, -1, 1, 1)
    images = images.astype(np.float32) / 255
    return ((images - np.reshape(mean, shape)) / np.reshape(std, shape)).astype(np.float32)


# Checkpoints


def network_of(student, factory, name):
    """The network of a checkpoint, ready to be run here. Each obstacle has a message of its own."""
    reply = student.call(
        probes.checkpoint, factory, name, replay.BATCH_SIZE, replay.MAX_NUMBERS, replay.MAX_STEPS,
        timeout=60,
    )  # fmt: skip
    if "problem" in reply.mapping(what=name):
        problem, detail = reply["problem"].text(), reply["detail"].text()[:400]
        raise CheckFailed(_obstacle(problem, detail, factory, name))
    network = replay.Network(reply.untrusted)
    expect(
        network.num_outputs == NUM_CLASSES,
        f"{name}: got {network.num_outputs} logits per image, expected {NUM_CLASSES}",
    )
    return network


def _obstacle(problem, detail, factory, name):
    texts = {
        "missing": f"{name} was not handed in: run the training cell, and hand in the file that it "
        "writes, together with the notebook",
        "size": f"{name} is too large ({detail}): save only the state dict, of a smaller model",
        "unloadable": f"{name} could not be loaded ({detail}): is it complete, and did torch.save "
        "write a state dict into it?",
        "factory": f"{factory}() should return an nn.Module, got {detail}",
        "mismatch": f"{name} does not fit {factory}(): was the model changed after the training? "
        f"({detail})",
        "large": f"the model of {name} is too large to be checked: {detail}",
        "output": f"{factory}() returns no logits that depend on the images (got {detail})",
    }
    return texts.get(problem, f"{name} could not be read")


def held_out_logits(network, held, name, count=None):
    """Logits on the first `count` held-out images, normalised with the training statistics."""
    shape = (1, -1, 1, 1)
    images = (
        held.images[:count].float() / 255 - torch.tensor(held.mean).view(shape)
    ) / torch.tensor(held.std).view(shape)
    logits = network.logits(images)
    expect(bool(torch.isfinite(logits).all()), f"{name}: its model gives nan or inf as logits")
    return logits


def changed(held, rng):
    """Held-out images with a little noise, half of them mirrored, and which half that is.

    This costs a network half a point at most. What finds the images in a table finds none of these.
    """
    shape = held.images.shape
    noise = torch.tensor(rng.integers(-2, 3, size=shape, dtype=np.int8))
    mirrored = torch.tensor(rng.random(shape[0]) < 0.5)
    images = (held.images.to(torch.int16) + noise).clamp(0, 255).to(torch.uint8)
    images[mirrored] = images[mirrored].flip(3)
    return replace(held, images=images), mirrored


# Training images that are asked about, at most.
NUM_ASKED = 5_000


def most_gained(*sizes):
    """By how much chance may make kept-back images look better known than training images.

    Five standard deviations of the difference, 0.05 for CIFAR-10. Measured there, on 5,000 of each, the
    reference loses 0.14 (baseline: 0.55 and 0.69) and 0.08 (improved: 0.66 and 0.74); on the synthetic
    images, where there are 1,000, improved loses 0.01.
    """
    return 5 * sum(0.25 / size for size in sizes) ** 0.5


def accuracies(networks, held, rng):
    """The accuracy of each network on changed held-out images; `networks` by their files' names.

    The held-out images are public, and so are their labels: a network that stores them, mirrored ones
    too, is right about them and about little else. One that has learnt knows its training images best.
    """
    held, mirrored = changed(held, rng)
    seen = None
    if held.seen is not None:
        images, labels = held.seen
        chosen = torch.tensor(rng.permutation(len(images))[:NUM_ASKED])
        seen, _ = changed(replace(held, images=images[chosen], labels=labels[chosen]), rng)
    found = []
    for name, network in networks.items():
        logits = held_out_logits(network, held, name)
        right = (logits.argmax(1) == held.labels).double()
        turned, straight = right[mirrored].mean().item(), right[~mirrored].mean().item()
        expect(
            abs(turned - straight) < 0.15,
            f"{name}: of mirrored images {turned:.0%} are right, of the others {straight:.0%}. A "
            "network that has learnt from training images hardly sees the difference: does this one "
            "know the test images one by one?",
        )
        found.append(right.mean().item())
        if seen is None:
            continue
        known = accuracy(held_out_logits(network, seen, name), seen)
        expect(
            found[-1] < known + most_gained(len(held.images), len(seen.images)),
            f"{name}: {found[-1]:.0%} of the images kept back are right, of training images "
            f"{known:.0%}. Who has learnt from training images knows these best: does this network "
            "know the test images one by one?",
        )
    return found


def accuracy(logits, held):
    """Fraction of right predictions among the first held-out images."""
    return (logits.argmax(1) == held.labels[: len(logits)]).double().mean().item()
