"""What the checks of assignment 05 draw and read: models with a state, tiny image sets, records."""

import numpy as np
import torch

from autograder.checking import CheckFailed, expect, expect_close

from ..shared import reference as ref
from . import probes, replay

NUM_CLASSES = 10


# A network in evaluation


def evaluation_case(rng, num_classes=3, conv=False):
    """A network with batch norm and dropout, its state, ragged data, logits and labels.

    Every prediction has a clear winner, so accuracies do not depend on rounding.
    """
    shape, width = (1, 2, int(rng.integers(2, 4))), int(rng.integers(4, 8))
    # A model that begins with a convolution fails where the images arrive flattened.
    layers = [["Conv2d", 1, 1, 1]] if conv else []
    layers += [["Flatten"], ["Linear", shape[1] * shape[2], width], ["BatchNorm1d", width]]
    layers += [["Tanh"], ["Dropout", 0.4], ["Linear", width, num_classes]]
    while True:
        state = ref.drawn_state(rng, layers)
        sizes = [*(int(n) for n in rng.integers(6, 12, size=2)), 2]
        data = ref.ragged_data(rng, shape, num_classes, sizes)
        images, labels = ref.joined(data)
        logits = ref.outputs(layers, state, images)
        if ref.margin(logits) > 1e-3:
            break
    # Most labels right in the first batches and wrong in the last, so that batches score apart.
    favoured = np.where(rng.random(len(labels)) < 0.6, logits.argmax(1), labels)
    favoured[-2:] = (logits[-2:].argmax(1) + 1) % num_classes
    start = 0
    for batch in data:
        batch[1] = favoured[start : start + len(batch[1])].astype(np.int64)
        start += len(batch[1])
    return layers, state, data, logits, np.concatenate([y for _, y in data])


def mode_case(rng):
    """A network that shows its mode: its output is that of batch norm, tanh and dropout."""
    size, width = int(rng.integers(3, 6)), int(rng.integers(6, 10))
    layers = [["Flatten"], ["Linear", size, width], ["BatchNorm1d", width], ["Tanh"]]
    layers += [["Dropout", 0.5]]
    state = ref.drawn_state(rng, layers)
    return layers, state, ref.floats(rng, 60, 1, 1, size), width


def expect_mode(after, layers, state, x, training):
    """The outputs `after` of `mode_case` show batch norm and dropout in one mode."""
    model = probes.restored(layers, state).eval()
    model[2].train(training)
    with torch.no_grad():
        kept = model(torch.tensor(x)).numpy()
    what = "the output after the call"
    after = after.array(kept.shape, what)
    share = (after == 0).mean()
    if training:
        expect(0.3 < share < 0.7, "dropout was in training mode before the call, not after it")
        kept = 2 * kept
    else:
        expect(share < 0.05, "dropout was in evaluation mode before the call, not after it")
    shown = after != 0
    mode = "training" if training else "evaluation"
    hint = f"Batch norm was in {mode} mode before the call"
    expect_close(after[shown], kept[shown], hint, what=what, rtol=5e-3, atol=2e-3)


def expect_no_gradients(reply, layers, state):
    """No graph was built, the parameters have no gradients, and gradients are on again."""
    tracked = [item.flag("requires_grad") for item in reply["tracked"].items()]
    expect(bool(tracked), "the model was never called")
    expect(not any(tracked), "the model's outputs carry a graph: evaluation needs no gradients")
    parameters = list(probes.restored(layers, state).parameters())
    gradients = reply["gradients"].items(len(parameters), "the gradients")
    for parameter, gradient in zip(parameters, gradients, strict=True):
        none = gradient.is_none or not gradient.array(parameter.shape, "a gradient").any()
        expect(none, "evaluation left gradients in the parameters")
    expect(reply["still_tracks"].flag(), "gradients are still switched off after the call")


def expect_state(got, expected, hint, *, what="the weights", rtol=5e-3, atol=1e-3):
    """The state dict `got` has the entries of `expected`."""
    got = got.mapping(what=what)
    for name, value in expected.items():
        expect(name in got, f"{what}: {name} is missing")
        expect_close(got[name], value, hint, what=f"{what}: {name}", rtol=rtol, atol=atol)


# Trainings


def accepted_epochs(accuracies, strides=(1, 2, 3, 4)):
    """Epochs that may count as the best, ties included.

    Validated is each epoch, or every few epochs and the last one.
    """
    last, found = len(accuracies) - 1, set()
    for stride in strides:
        for offset in range(stride):
            seen = sorted({*range(offset, len(accuracies), stride), last})
            best = max(accuracies[e] for e in seen)
            found |= {e for e in seen if accuracies[e] == best}
    return found


def training_case(rng, num_epochs, norm=False):
    """A small training whose best epochs are not the last one, nor those of the lowest losses.

    Returns layers, state, training batches, learning rate, the states after each epoch, validation
    images and labels, and the accepted epochs.
    """
    while True:
        shape, width = (1, 2, int(rng.integers(2, 4))), int(rng.integers(4, 8))
        layers = [["Flatten"], ["Linear", shape[1] * shape[2], width]]
        layers += [["BatchNorm1d", width]] if norm else []
        layers += [["Tanh"], ["Linear", width, 3]]
        state = ref.drawn_state(rng, layers)
        data = ref.ragged_data(rng, shape, 3, [int(n) for n in rng.integers(5, 9, size=2)] + [3])
        images, lr = ref.floats(rng, 16, *shape), float(rng.uniform(0.5, 1.0))
        run = (data, "module", lr, num_epochs, images)
        losses, states, logits = ref.epochs(layers, state, *run)
        if min(ref.margin(x) for x in logits) < 3e-4:
            continue
        seen, answers = ref.joined(data)
        fits = [(ref.outputs(layers, s, seen).argmax(1) == answers).mean() for s in states]
        misleading = {0, num_epochs - 1, int(np.argmin(losses)), int(np.argmax(fits))}
        labels = _telling_labels(rng, logits, misleading)
        if labels is None:
            continue
        accepted = accepted_epochs([(x.argmax(1) == labels).mean() for x in logits])
        # Two computers do not agree on the weights where rounding errors grow.
        shaken = {
            k: v * np.float32(1 + 1e-6) if v.dtype.kind == "f" else v for k, v in state.items()
        }
        end = ref.epochs(layers, shaken, *run)[1][-1]
        if max(np.abs(end[k] - states[-1][k]).max() for k in end) < 1e-4:
            return layers, state, data, lr, states, images, labels, accepted


def _telling_labels(rng, logits, misleading):
    """Validation labels for which no accepted epoch is `misleading` or has the lowest loss.

    None if none are found. Training does not depend on them, so they can be chosen after it.
    """
    predictions = np.stack([x.argmax(1) for x in logits])
    for _ in range(60):
        favoured = predictions[rng.integers(len(predictions))]
        noise = ref.labels_of(rng, favoured.size, 3)
        labels = np.where(rng.random(favoured.size) < rng.uniform(0.2, 0.8), favoured, noise)
        accepted = accepted_epochs(list((predictions == labels).mean(axis=1)))
        if not accepted & misleading:
            losses = [ref.scores(x, labels, "module")[0] for x in logits]
            if int(np.argmin(losses)) not in accepted:
                return labels
    return None


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


def accuracy(logits, held):
    """Fraction of right predictions among the first held-out images."""
    return (logits.argmax(1) == held.labels[: len(logits)]).double().mean().item()
