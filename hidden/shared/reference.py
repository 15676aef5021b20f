"""What the checks of several assignments compare with: drawn inputs, and the rules in plain torch.

Nothing here sees a student's code; only `network` and the losses are shared with the probes.
"""

import itertools

import numpy as np
import torch
from torch.nn import functional as F

from autograder.checking import expect

from .networks import loss_function, network, restored, square_penalty

ACTIVATIONS = {
    "ReLU": torch.relu,
    "Tanh": torch.tanh,
    "ELU": F.elu,
    "Softplus": F.softplus,
    "Sigmoid": torch.sigmoid,
}


# Drawing inputs


def floats(rng, *shape, scale=1.0):
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def distinct_sizes(rng, count, low=3, high=15):
    """Different layer sizes: a shape then names its layer."""
    return [int(n) for n in rng.choice(np.arange(low, high), size=count, replace=False)]


def image_shape(rng):
    """(C, H, W) with more values, 16 to 50, than any of `distinct_sizes`."""
    return int(rng.integers(1, 3)), int(rng.integers(4, 6)), int(rng.integers(4, 6))


def labels_of(rng, count, num_classes):
    return rng.integers(num_classes, size=count).astype(np.int64)


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


def tensors(data):
    return [(torch.tensor(x), torch.tensor(y)) for x, y in data]


# The rules


def perceptron(x, layers):
    """Logits of images `x` from `(W, b)` tensors with W of shape (in, out)."""
    hidden = x.flatten(1)
    for index, (weight, bias) in enumerate(layers):
        hidden = hidden @ weight + bias.reshape(-1)
        if index < len(layers) - 1:
            hidden = hidden.relu()
    return hidden


def nearest_kink(x, layers):
    """The smallest distance of a hidden pre-activation from ReLU's kink.

    Very near it, single precision may end up on the other side, where the gradient is different.
    """
    hidden, nearest = double(x).flatten(1), float("inf")
    for weight, bias in layers[:-1]:
        hidden = (hidden @ weight + bias.reshape(-1)).detach()
        nearest = min(nearest, float(hidden.abs().min()))
        hidden = hidden.relu()
    return nearest


def double(value, grad=False):
    return torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=grad)


def arrangements(parameters, dims):
    """Ways to read a model's parameters, which are arrays, as the layers between `dims`.

    A way is a list `(index of W, transposed, index of b)`. The first is the order of registration;
    equal layer sizes allow several. Fails when the shapes do not fit.
    """
    gaps = list(zip(dims[:-1], dims[1:], strict=True))
    missing = f"expected a weight and a bias for each of {len(gaps)} layers"
    expect(
        len(parameters) == 2 * len(gaps),
        f"the model registers {len(parameters)} parameter tensors, {missing}: "
        "is every layer an attribute of the module or in an nn.ModuleList, and used once?",
    )
    weights = [i for i, p in enumerate(parameters) if p.ndim == 2 and 1 not in p.shape]
    biases = [i for i in range(len(parameters)) if i not in weights]
    orders = itertools.product(itertools.permutations(weights), itertools.permutations(biases))
    ways = []
    for weight_order, bias_order in itertools.islice(orders, 2000):
        if len(weight_order) != len(gaps) or any(
            parameters[b].size != out for b, (_, out) in zip(bias_order, gaps, strict=True)
        ):
            continue
        choices = [
            [
                (w, t, b)
                for t, shape in ((True, gap[::-1]), (False, gap))
                if parameters[w].shape == shape
            ]
            for w, b, gap in zip(weight_order, bias_order, gaps, strict=True)
        ]
        ways.extend(list(way) for way in itertools.product(*choices))
    expect(bool(ways), f"the parameters' shapes do not fit the layer sizes: {missing}")
    return ways[:64]


def explain(parameters, dims, x, logits):
    """The arrangement of `parameters` that gives `logits`, else the first, with its own logits."""
    found = None
    for way in arrangements(parameters, dims):
        pairs = [
            (double(parameters[w]).T if t else double(parameters[w]), double(parameters[b]))
            for w, t, b in way
        ]
        own = perceptron(double(x), pairs).numpy()
        if own.shape == logits.shape and np.allclose(own, logits, rtol=1e-3, atol=1e-3):
            return way, own
        found = found or (way, own)
    return found


def perceptron_gradients(parameters, way, x, labels):
    """Gradients of the mean cross-entropy with respect to every parameter, in their own shapes."""
    leaves = [double(p, grad=True) for p in parameters]
    pairs = [(leaves[w].T if t else leaves[w], leaves[b]) for w, t, b in way]
    loss = F.cross_entropy(perceptron(double(x), pairs), torch.tensor(labels))
    return [g.numpy() for g in torch.autograd.grad(loss, leaves)]


def batch_norm(z, gamma, beta, mean, variance):
    return (z - mean) / torch.sqrt(variance + 1e-5) * gamma + beta


def train(model, data, optimizer, loss_fn, penalty=None):
    """One epoch; the mean loss per sample."""
    model.train()
    total = 0.0
    for images, labels in tensors(data):
        loss = loss_fn(model(images), labels)
        optimizer.zero_grad()
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
    return total / sum(len(y) for _, y in data)


def trained(layers, state, data, loss, lr, momentum=0.0, penalty=None):
    """`(mean loss, state dict)` after an epoch from `state`."""
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    extra = None if penalty is None else square_penalty(penalty)
    return train(model, data, optimizer, loss_function(loss), extra), copied(model)


def outputs(layers, state, x):
    """The network's outputs in evaluation mode."""
    with torch.no_grad():
        return restored(layers, state).eval()(torch.tensor(x)).numpy()


def copied(model):
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def scores(logits, labels, loss):
    """`(mean loss, accuracy)` of all samples at once."""
    logits, labels = torch.tensor(logits), torch.tensor(labels)
    right = (logits.argmax(1) == labels).double().mean().item()
    return loss_function(loss)(logits, labels).item(), right


def margin(logits):
    """The smallest lead of a winning logit: a prediction with none could go either way."""
    top = np.sort(logits, axis=1)
    return float((top[:, -1] - top[:, -2]).min())


def joined(data):
    return tuple(np.concatenate(part) for part in zip(*data, strict=True))


def epochs(layers, state, data, loss, lr, num_epochs, val_images):
    """Training losses, states and validation logits, one per epoch."""
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, states, logits = [], [], []
    for _ in range(num_epochs):
        losses.append(train(model, data, optimizer, loss_function(loss)))
        states.append(copied(model))
        with torch.no_grad():
            logits.append(model.eval()(torch.tensor(val_images)).numpy())
    return losses, states, logits


def labels_with(rng, predictions, losses, wanted, num_classes):
    """Validation labels for which `wanted(accuracies, losses)` holds, or None.

    Training does not depend on them, so they can be chosen after it.
    """
    predictions = np.stack(predictions)
    for _ in range(100):
        favoured = predictions[rng.integers(len(predictions))]
        noise = labels_of(rng, favoured.size, num_classes)
        labels = np.where(rng.random(favoured.size) < rng.uniform(0.2, 0.8), favoured, noise)
        if wanted((predictions == labels).mean(axis=1), losses):
            return labels
    return None
