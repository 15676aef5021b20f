"""What the checks of several assignments compare with: drawn inputs, and the rules in plain torch.

Nothing here sees a student's code; only the networks are shared with the probes.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from .networks import batches, network, restored

# Drawing inputs


def floats(rng, *shape, scale=1.0):
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def distinct_sizes(rng, count, low=3, high=15):
    """Different layer sizes: a shape then names its layer."""
    return [int(n) for n in rng.choice(np.arange(low, high), size=count, replace=False)]


def labels_of(rng, count, num_classes):
    return rng.integers(num_classes, size=count).astype(np.int64)


def small_network(rng, num_classes=3, *, conv=False, norm=False, dropout=False):
    """The shape of its images, and the layers of a network with one hidden layer."""
    shape, width = (1, 2, int(rng.integers(2, 4))), int(rng.integers(4, 8))
    # A model that begins with a convolution fails where the images arrive flattened.
    layers = [["Conv2d", 1, 1, 1]] if conv else []
    layers += [["Flatten"], ["Linear", math.prod(shape), width]]
    layers += [["BatchNorm1d", width]] if norm else []
    layers += [["Tanh"], *([["Dropout", 0.4]] if dropout else []), ["Linear", width, num_classes]]
    return shape, layers


def drawn_state(rng, layers, scale=0.7):
    """A random state dict of the network, as arrays: nothing at its default."""
    state = {}
    for name, tensor in network(layers).state_dict().items():
        if name.endswith("running_var"):
            state[name] = rng.uniform(0.5, 2.0, size=tuple(tensor.shape)).astype(np.float32)
        elif tensor.is_floating_point():
            state[name] = floats(rng, *tensor.shape, scale=scale)
        else:
            state[name] = tensor.numpy().copy()
    return state


def ragged_data(rng, shape, num_classes, sizes):
    """Batches of images and labels; the last one's scale sets its loss apart."""
    data = [[floats(rng, n, *shape), labels_of(rng, n, num_classes)] for n in sizes]
    data[-1][0] *= np.float32(3)
    return data


def joined(data):
    return tuple(np.concatenate(part) for part in zip(*data, strict=True))


def relabelled(data, labels):
    """The batches of `data` with other labels."""
    ends = np.cumsum([len(y) for _, y in data])[:-1]
    return [[x, own] for (x, _), own in zip(data, np.split(labels, ends), strict=True)]


def guessed_labels(rng, predictions, num_classes, count):
    """`count` rows of labels; of each, a random share agrees with a random row of `predictions`.

    Training does not depend on validation labels, so they can be chosen after it.
    """
    favoured = predictions[rng.integers(len(predictions), size=count)]
    noise = rng.integers(num_classes, size=favoured.shape)
    agrees = rng.random(favoured.shape) < rng.uniform(0.2, 0.8, (count, 1))
    return np.where(agrees, favoured, noise).astype(np.int64)


# The rules


def train(model, data, optimizer, loss_fn, penalty=None):
    """One epoch; the mean loss per sample."""
    model.train()
    total = 0.0
    for images, labels in batches(data):
        loss = loss_fn(model(images), labels)
        optimizer.zero_grad()
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
    return total / sum(len(y) for _, y in data)


def epochs(layers, state, data, lr, num_epochs, val_images):
    """Training losses, states and validation logits, one per epoch of SGD on cross-entropy."""
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, states, logits = [], [], []
    for _ in range(num_epochs):
        losses.append(train(model, data, optimizer, F.cross_entropy))
        states.append(copied(model))
        with torch.no_grad():
            logits.append(model.eval()(torch.tensor(val_images)).numpy())
    return losses, states, logits


def outputs(layers, state, x):
    """The network's outputs in evaluation mode."""
    with torch.no_grad():
        return restored(layers, state).eval()(torch.tensor(x)).numpy()


def copied(model):
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def scores(logits, labels, loss_fn=F.cross_entropy):
    """`(mean loss, accuracy)` of all samples at once."""
    logits, labels = torch.tensor(logits), torch.tensor(labels)
    right = (logits.argmax(1) == labels).double().mean().item()
    return loss_fn(logits, labels).item(), right


def margin(logits):
    """The smallest lead of a winning logit: a prediction with none could go either way."""
    top = np.sort(logits, axis=1)
    return float((top[:, -1] - top[:, -2]).min())
