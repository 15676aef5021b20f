"""The networks of assignment 01 in plain torch: what its checks compare with."""

import itertools

import numpy as np
import torch
from torch.nn import functional as F

from autograder.checking import expect

from ..shared import reference as ref
from ..shared.networks import restored
from .probes import loss_function, square_penalty

ACTIVATIONS = {
    "ReLU": torch.relu,
    "Tanh": torch.tanh,
    "ELU": F.elu,
    "Softplus": F.softplus,
    "Sigmoid": torch.sigmoid,
}


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
        f"{missing}, and the model registers {'fewer' if len(parameters) < 2 * len(gaps) else 'more'}: "
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


def two_layer_gradients(x, labels, parameters):
    """dW1, db1, dW2, db2 of the mean cross-entropy."""
    leaves = [double(t, grad=True) for pair in parameters for t in pair]
    logits = perceptron(double(x), list(zip(leaves[::2], leaves[1::2], strict=True)))
    loss = F.cross_entropy(logits, torch.tensor(labels))
    return [gradient.numpy() for gradient in torch.autograd.grad(loss, leaves)]


def batch_norm(z, gamma, beta, mean, variance):
    return (z - mean) / torch.sqrt(variance + 1e-5) * gamma + beta


def trained(layers, state, data, loss, lr, momentum=0.0, penalty=None):
    """`(mean loss, state dict)` after an epoch from `state`."""
    model = restored(layers, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    extra = None if penalty is None else square_penalty(penalty)
    return ref.train(model, data, optimizer, loss_function(loss), extra), ref.copied(model)


def trained_in_order(layers, state, data, orders, loss, lr, momentum=0.0):
    """`(loss of every batch, state dict)` after one pass in each of these orders."""
    model, losses = restored(layers, state), []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for order in orders:
        for index in order:
            losses.append(ref.train(model, [data[index]], optimizer, loss_function(loss)))
    return losses, ref.copied(model)
