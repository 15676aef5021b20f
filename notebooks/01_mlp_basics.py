# %% [markdown]
# # 1 · Multi-layer perceptrons from the ground up
#
# You build a classifier for handwritten digits three times, from bare tensors to `nn.Module`, then
# the tools every later assignment uses: a training loop, an evaluation, a trainer that keeps its
# best weights, penalties, initialisations, and measurements that say more than one accuracy.
#
# - **Time:** about four hours. The whole notebook runs in under two minutes on a laptop without a
#   GPU.
# - **Rhythm of an exercise:** read the goal, write down a guess in one line, write the code, run
#   the check below it, look at the plot. Hints are folded; open as many as you like, one at a time.
# - **Where to write:** replace `# YOUR CODE HERE` and the `raise NotImplementedError()` below it.
#   The checks in the notebook find common slips; after you hand in, others run on inputs you have
#   not seen.
# - **Two conventions:** images stay `(N, C, H, W)` and a model flattens them itself; a model
#   returns *logits* (any real numbers), never probabilities.

# %% setup=true
import copy
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# %%
import json

import matplotlib.pyplot as plt
from IPython.display import display

from helpers import data, plots, seeding, widgets
from helpers.cells import needs
from helpers.checkpoints import train_or_load
from helpers.progress import progress

seeding.seed_everything(0)
device = seeding.default_device()
torch.set_num_threads(1)  # networks this small gain nothing from more, and lose much on busy cores
print(f"computing on: {device}")

# %% [markdown]
# ## Play first: what a neuron can do
#
# A neuron with one input computes $\operatorname{ReLU}(w x + b)$: a straight line, cut off below 0.
# Here are two of them (left) and their sum (right), dashed without the ReLU. With the sliders as
# they are, the sum is $|x|$.
#
# Predict first, then move:
#
# 1. Where does the kink of neuron 1 go when `b1` is -1? And when `w1` is then 2?
# 2. What changes when `w1` is negative, and what is left of the neuron when `w1` is 0?
# 3. Which four numbers make the sum a trough: 0 from $x = -1$ to $x = 1$, rising on both sides?
#    What can the dashed line on the right never do?
#
# *My guesses:* …

# %%
widgets.neuron_explorer()

# %% [markdown]
# The bias moves the kink, the weight sets the slope and the side, and every neuron adds a kink of
# its own to the sum. Without ReLU the sum of any number of neurons, in any number of layers, stays
# one straight line. A picture has 784 inputs instead of one $x$; nothing else changes.

# %% [markdown]
# ## The data
#
# MNIST: 60,000 training and 10,000 test images of handwritten digits, each of 28 × 28 grey values
# between 0 and 255. The figures quoted in this notebook were measured on MNIST on a CPU; on the
# small synthetic set the accuracies are lower, the comparisons come out the same.

# %%
images = data.load_images(data.default_name("mnist"))
images

# %% [markdown]
# Look at the data before you train anything. Which digits would *you* confuse?

# %%
plots.image_grid(
    images.train_images[:24],
    titles=[images.classes[label] for label in images.train_labels[:24]],
    title="The first training images",
)

# %% [markdown]
# **What to expect below:** ten bars of similar height. On MNIST 1 is the most frequent digit
# (6,742) and 5 the rarest (5,421), so always answering "1" is right in about 11 % of cases: any
# accuracy has to be compared with that.

# %%
class_counts = torch.bincount(images.train_labels, minlength=10)
print(
    f"always the most frequent class: {class_counts.max().item() / class_counts.sum().item():.1%}"
)
plots.bar(
    class_counts.tolist(),
    ylabel="training images",
    title="Class distribution",
    labels=images.classes,
    reference=len(images.train_labels) / 10,
)

# %% [markdown]
# ### Mean, standard deviation, and what normalising does
#
# Most pixels are black, so the grey values have a mean far from zero. Normalising subtracts the
# mean and divides by the standard deviation: `(x - mean) / std`. Both numbers come from the
# *training* images only and are applied to the test images as they are, since test data must not
# influence the model in any way.

# %%
train_pixels = images.train_images.float() / 255
pixel_mean, pixel_std = train_pixels.mean().item(), train_pixels.std().item()
normalised = (train_pixels - pixel_mean) / pixel_std
print(f"before: mean {pixel_mean:.4f}, std {pixel_std:.4f}, from 0 to 1")
print(
    f"after:  mean {abs(normalised.mean().item()):.4f}, std {normalised.std().item():.4f}, "
    f"from {normalised.min().item():.2f} to {normalised.max().item():.2f}"
)

# %% [markdown]
# Does it matter? Below, logistic regression (one linear layer) sees 10,000 images once, with the
# same start and the same learning rate, in three scalings.
#
# **What to expect:** a gradient with respect to a weight is proportional to the pixel it
# multiplies. With values up to 255 the steps are far too long and the loss is in the hundreds (mind
# the logarithmic axis); between 0 and 1 the steps are short; normalised, the same learning rate is
# the fastest of the three.


# %%
def some_batches(count=10_000, batch_size=100, mean=pixel_mean, std=pixel_std, seed=0):
    """The first `count` training images, normalised, in a new order every epoch."""
    return data.TensorLoader(
        images.train_images[:count],
        images.train_labels[:count],
        batch_size,
        shuffle=True,
        seed=seed,
        mean=mean,
        std=std,
        device=device,
    )


def batch_losses(model, loader, optimizer, num_epochs=1):
    """Train and record the loss of every single batch."""
    losses = []
    for _ in range(num_epochs):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


scalings = {"0 to 255": (0.0, 1 / 255), "0 to 1": (0.0, 1.0), "normalised": (pixel_mean, pixel_std)}
curves = {}
for name, (mean, std) in scalings.items():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    curves[name] = batch_losses(model, some_batches(mean=mean, std=std), optimizer)
plots.line(curves, xlabel="batch", ylabel="loss", title="Same model, same learning rate", logy=True)

# %% [markdown]
# ## ReLU from elementary operations
#
# $\operatorname{ReLU}(x) = \max(x, 0)$ needs no library function. Here are three ways to write it,
# beside `F.relu`. Their values are equal everywhere. Their gradients are equal everywhere but at 0,
# where the function has a kink and each formula picks its own slope between 0 and 1.

# %%
relus = {
    "F.relu(x)": F.relu,
    "x * (x > 0)": lambda x: x * (x > 0),
    "(x + |x|) / 2": lambda x: (x + x.abs()) / 2,
    "x.clamp(min=0)": lambda x: x.clamp(min=0),
}
grid = torch.linspace(-3, 3, 121)
for name, relu in relus.items():
    assert torch.equal(relu(grid), F.relu(grid))
    points = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    relu(points).sum().backward()
    print(f"{name:15} slopes at -1, 0 and 2: {points.grad.tolist()}")
plots.line(
    {
        "F.relu(x)": (grid, F.relu(grid)),
        "x / 2": (grid, grid / 2),
        "|x| / 2": (grid, grid.abs() / 2),
    },
    xlabel="x",
    ylabel="value",
    title="ReLU is the sum of x / 2 and |x| / 2",
)

# %% [markdown]
# ## Autograd in five lines
#
# A tensor made with `requires_grad=True` is a **leaf**: autograd has no earlier operation to
# follow, so `backward()` stores the gradient there, in `.grad`. The *result* of an operation is no
# leaf: it passes gradients on and keeps none.

# %%
weight = torch.tensor(2.0, requires_grad=True)
tripled = 3 * weight
print(f"weight is a leaf: {weight.is_leaf}; 3 * weight is a leaf: {tripled.is_leaf}")

(tripled**2).backward()  # d/dw (3w)^2 = 18 w
print(f"gradient after one backward():       {weight.grad.item()}")
((3 * weight) ** 2).backward()
print(f"after a second one, without zeroing: {weight.grad.item()}  (gradients accumulate)")
weight.grad.zero_()
((3 * weight) ** 2).backward()
print(f"zeroed before a third one:           {weight.grad.item()}")

# %% [markdown]
# Remember the middle line: half of all training loops that "somehow do not learn" forget to zero
# the gradients.

# %% [markdown]
# # Part A · Three ways to write the same network
#
# ## A1 · Parameters as plain tensors  (10 minutes, 3 points)
#
# **Goal:** make the weights and biases of a network with layer sizes `dims` by hand: `W` of shape
# `(in, out)` from a normal distribution with mean 0 and standard deviation `std`, `b` of zeros. All
# of them must be leaves that receive gradients.

# %% [markdown]
# **Predict in one line:** for `dims = (784, 500, 10)`, how many tensors do you get, and of which
# shapes?
#
# *My guess:* …


# %% solution="functional_parameters"
def functional_parameters(dims, std=0.01):
    """Weights and biases of a multi-layer perceptron as plain tensors.

    dims: layer sizes, input first, e.g. (784, 500, 10).
    std: standard deviation of the normal distribution the weights are drawn from.

    Returns a list of pairs (W, b), one per layer: W of shape (in, out), b of shape (out,), zero.
    All of them are leaf tensors that receive a gradient in `backward()`.
    """
    ### BEGIN SOLUTION
    parameters = []
    for fan_in, fan_out in zip(dims[:-1], dims[1:]):
        W = (torch.randn(fan_in, fan_out) * std).requires_grad_()
        b = torch.zeros(fan_out, requires_grad=True)
        parameters.append((W, b))
    return parameters
    ### END SOLUTION


# %% selfcheck="functional_parameters" points=3
torch.manual_seed(0)
_pairs = functional_parameters((400, 300, 7), std=0.05)
assert len(_pairs) == 2, f"got {len(_pairs)} layers, expected 2: three sizes have two gaps"
for _index, (_W, _b) in enumerate(_pairs):
    _shape = [(400, 300), (300, 7)][_index]
    assert tuple(_W.shape) == _shape, (
        f"W of layer {_index}: got {tuple(_W.shape)}, expected {_shape}: is it (in, out)?"
    )
    assert tuple(_b.shape) == _shape[1:], f"b: got {tuple(_b.shape)}, expected {_shape[1:]}"
    assert not _b.detach().any(), "the biases should start at zero"
    assert _W.dtype == _b.dtype == torch.float32, (
        f"got {_W.dtype} and {_b.dtype}: images are torch.float32, and so must these be"
    )
_std = _pairs[0][0].std().item()
assert abs(_std - 0.05) < 0.002, f"the weights' standard deviation is {_std:.3f}, expected 0.05"
_inside = (_pairs[0][0].abs() < 0.05).float().mean().item()
assert abs(_inside - 0.683) < 0.02, (
    f"{_inside:.0%} of the weights are closer to 0 than one standard deviation, expected 68 %: "
    "are they drawn from a normal distribution?"
)
for _index, _pair in enumerate(_pairs):
    for _name, _tensor in zip(("W", "b"), _pair):
        assert _tensor.requires_grad, (
            f"{_name} of layer {_index} asks for no gradient: where is requires_grad?"
        )
sum((_W.sum() + _b.sum()) for _W, _b in _pairs).backward()
for _name, _tensor in zip(("W", "b"), _pairs[0]):
    assert _tensor.is_leaf and _tensor.grad is not None, (
        f"{_name} received no gradient: it is the result of a computation, not a leaf. "
        "Which operation came after requires_grad?"
    )
assert len(functional_parameters((4, 3))) == 1, "a second call starts with an empty list"
(_W1, _), (_W2, _) = functional_parameters((5, 5, 5))
assert not torch.equal(_W1, _W2), "two layers of equal size: draw anew for each of them"
print("✓ shapes, spread and gradients look right")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# Neighbouring sizes belong together: layer *i* maps `dims[i]` values to `dims[i + 1]`. A tensor is
# a leaf as long as no tracked operation made it, so the order of "scale" and "ask for gradients"
# matters.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `zip(dims[:-1], dims[1:])`, `torch.randn(rows, columns)`, `torch.zeros(n)`, and on a finished
# tensor `.requires_grad_()`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for each pair (fan_in, fan_out) of neighbouring sizes:
#         W = scaled random numbers; then switch its gradient on
#         b = zeros; switch its gradient on
#         append (W, b)
# </details>
#
# **The common mistake:** asking for gradients first and scaling afterwards. The scaled tensor is
# the result of an operation, `backward()` stores nothing in its `.grad`, and training silently
# stands still.

# %% [markdown]
# ## A2 · The forward pass with tensor operations  (15 minutes, 4 points)
#
# **Goal:** turn inputs into logits with nothing but tensor operations: flatten, multiply, add, ReLU
# between the layers. The function takes parameters of any depth and leaves `x` as it was.

# %% [markdown]
# **Predict in one line:** with all weights drawn with `std=0.01`, roughly how large are the ten
# logits of an image, and what cross-entropy does a model have that gives each of ten classes the
# same probability?
#
# *My guess:* …


# %% solution="functional_mlp"
def functional_mlp(x, parameters):
    """Logits of a multi-layer perceptron, computed with tensor operations only.

    x: inputs of shape (N, in) or images of shape (N, C, H, W); left as it is.
    parameters: list of pairs (W, b) as `functional_parameters` returns it, of any length.

    Returns a tensor (N, out): ReLU after every layer except the last.
    """
    ### BEGIN SOLUTION
    hidden = x.flatten(1)
    for W, b in parameters[:-1]:
        hidden = torch.relu(hidden @ W + b)
    W, b = parameters[-1]
    return hidden @ W + b
    ### END SOLUTION


# %% selfcheck="functional_mlp" points=4
_W1, _b1 = torch.tensor([[1.0, -1.0], [2.0, 0.0]]), torch.tensor([0.5, -3.0])
_W2, _b2 = torch.tensor([[-1.0], [4.0]]), torch.tensor([1.0])
_x = torch.tensor([[1.0, 1.0], [-4.0, 1.0]])
_before = _x.clone()
_layers = [(_W1, _b1), (_W2, _b2)]
_got = functional_mlp(_x, _layers)
assert len(_layers) == 2, "the list of parameters was changed: a layer is missing from it now"
assert tuple(_got.shape) == (2, 1), f"got {tuple(_got.shape)}, expected (2, 1): one row per input"
assert torch.equal(_x, _before), "x was changed: avoid in-place operations on the input"
assert (_got < 0).any(), "no output is negative: logits get neither ReLU nor softmax"
assert torch.allclose(_got, torch.tensor([[-2.5], [5.0]])), (
    f"got {_got.flatten().tolist()}, expected [-2.5, 5.0]: work the first row out on paper; "
    "is a ReLU between the layers, is every bias added?"
)
_images = torch.ones(3, 1, 2, 1)
try:
    _got = tuple(functional_mlp(_images, [(_W1, _b1), (_W2, _b2)]).shape)
except RuntimeError as _error:
    _got = _error
assert _got == (3, 1), f"images (3, 1, 2, 1): got {_got}, expected (3, 1): flatten them first"
_one = functional_mlp(_x, [(_W2.reshape(1, 2).T, _b2)])
assert torch.allclose(_one, _x @ _W2 + _b2), "a single layer is the output layer: no ReLU"
_alone = functional_mlp(_x[:1], _layers)
assert tuple(_alone.shape) == (1, 1), f"one input alone: got {tuple(_alone.shape)}, expected (1, 1)"
_same = (torch.eye(2), torch.tensor([-1.0, 0.0]))
_three = functional_mlp(_x, [(_W1, _b1), _same, (_W2, _b2)])
assert torch.allclose(_three, torch.tensor([[-1.5], [5.0]])), (
    f"three layers: got {_three.flatten().tolist()}, expected [-1.5, 5.0]: "
    "does every layer but the last have its ReLU?"
)
_W1.requires_grad_()
functional_mlp(_x, _layers).sum().backward()
assert _W1.grad is not None, "no gradient reaches the first layer: what cuts the graph?"
print("✓ one to three layers, image batches and gradients look right")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# Every layer computes "inputs times weights plus bias"; row *n* of the result belongs to image *n*.
# Only hidden layers are followed by a ReLU: a logit may be negative.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `x.flatten(1)` keeps the first dimension and joins the rest (and does nothing to a matrix); `a @
# b` multiplies matrices; a bias `(out,)` is added to every row by broadcasting. For the ReLU, see
# the section above.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     h = x, flattened
#     for every (W, b) but the last:
#         h = relu(h times W plus b)
#     return h times the last W plus the last b
# </details>
#
# **The common mistake:** a ReLU on the output as well. It looks harmless, but a class with a
# negative score then gets exactly 0 and no gradient, and the model stops learning about it.
#
# Now train it without any help: take the gradient, step against it, zero it. **What to expect:**
# the loss starts at $\ln 10 \approx 2.303$, the value of a model that knows nothing (was that your
# prediction?), and falls below 1 within two passes over 10,000 images; about three seconds.

# %%
torch.manual_seed(0)
parameters = functional_parameters((784, 100, 10), std=0.01)
hand_losses = []
for _ in range(2):
    for inputs, labels in some_batches():
        inputs, labels = inputs.cpu(), labels.cpu()
        loss = F.cross_entropy(functional_mlp(inputs, parameters), labels)
        loss.backward()
        with torch.no_grad():
            for tensor in (tensor for pair in parameters for tensor in pair):
                tensor -= 0.1 * tensor.grad
                tensor.grad.zero_()
        hand_losses.append(loss.item())
plots.line(
    {"batch loss": hand_losses}, xlabel="batch", ylabel="loss", title="Gradient descent by hand"
)

# %% [markdown]
# ## A3 · Count what is trained  (5 minutes, 3 points)
#
# **Goal:** the number of trainable parameters of any `nn.Module`. A parameter is frozen, and not
# counted, when its `requires_grad` is `False`.

# %% [markdown]
# **Predict in one line:** logistic regression on 784 pixels and ten classes has how many
# parameters? And 784-500-10?
#
# *My guess:* …


# %% solution="count_parameters"
def count_parameters(model):
    """Number of trainable parameters of an `nn.Module`, as an int.

    A tensor that two layers share counts once.
    """
    ### BEGIN SOLUTION
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
    ### END SOLUTION


# %% selfcheck="count_parameters" points=3
_logistic = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
_got = count_parameters(_logistic)
assert _got == 7850, f"logistic regression on 784 pixels: got {_got}, expected 7850" + (
    ": the biases are missing" if _got == 7840 else ""
)
_frozen = nn.Linear(3, 2)
_frozen.weight.requires_grad_(False)
_got = count_parameters(_frozen)
assert _got == 2, f"got {_got}, expected 2: frozen parameters are not trainable"
_frozen.requires_grad_(True).bias.requires_grad_(False)
_got = count_parameters(_frozen)
assert _got == 6, f"got {_got}, expected 6: only the bias is frozen now"
assert isinstance(_got, int), f"got {type(_got).__name__}, expected a plain int"
_inner = nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3))
_got = count_parameters(nn.Sequential(_inner, nn.Flatten()))
assert _got == 12, (
    f"a nested Linear with 6 weights and its batch norm: got {_got}, expected 12: "
    "a norm's scale and shift are trained, its running statistics are not"
)
_twice = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
_twice[1].weight = _twice[0].weight
_got = count_parameters(_twice)
assert _got == 8, f"two layers share 4 weights and have 2 biases each: got {_got}, expected 8"
print("✓ every trainable number counted once, frozen parameters left out")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# A module knows its parameters, those of all its submodules included. Each is a tensor with a
# number of elements.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.parameters()`, `tensor.numel()`, `tensor.requires_grad`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     add up the number of elements of every parameter that requires a gradient
# </details>
#
# **The common mistake:** adding up the weight matrices only. Every layer also has one bias per
# output.

# %% [markdown]
# ## Written question: parameter arithmetic  (10 minutes, 3 points)
#
# By hand, with the multiplication written out (then check yourself with `count_parameters`):
#
# 1. How many parameters has 784-500-10, layer by layer? What share sits in the first layer?
# 2. You double the hidden layer to 1,000. By which factor does the total grow, and why is it not
#    exactly 2?
# 3. Now take two hidden layers, 784-500-500-10, and double both. Why is the factor clearly larger
#    than before?
#
# | points | |
# |---|---|
# | 0 | No count is right, or none is derived. |
# | 1 | The count of 784-500-10 is derived layer by layer, biases included. |
# | 2 | Also the first doubling: total or factor, with the reason why it is not exactly 2. |
# | 3 | Also the second: the hidden-to-hidden matrix grows with the width's *square*, in numbers. |

# %% [markdown] answer="parameter_arithmetic" points=3
# 1. First layer 784 · 500 + 500 = 392,500; second layer 500 · 10 + 10 = 5,010; together 397,510.
#    The first layer holds 392,500 / 397,510 = 98.7 % of them.
# 2. 784 · 1,000 + 1,000 + 1,000 · 10 + 10 = 785,000 + 10,010 = 795,010, a factor of 2.000. Every
#    term has the hidden width in it exactly once (784 h + h + 10 h = 795 h), except the 10 biases
#    of the output, which stay: 2 · 397,510 − 10 = 795,010.
# 3. 784-500-500-10 has 392,500 + (500 · 500 + 500) + 5,010 = 648,010 parameters; 784-1000-1000-10
#    has 785,000 + (1,000 · 1,000 + 1,000) + 10,010 = 1,796,010, a factor of 2.77. Both sides of the
#    matrix between the hidden layers grow, so it becomes four times as large (250,000 → 1,000,000),
#    while the first and the last layer only double.

# %% [markdown]
# ## A4 · One hidden layer with options  (15 minutes, 4 points)
#
# **Goal:** a function that builds one hidden layer as `nn.Sequential`, always in the order Linear →
# BatchNorm1d → activation → Dropout, and only with the parts that were asked for.
#
# Batch norm subtracts each unit's mean over the batch. Whatever bias the Linear has added is gone
# after that, so under batch norm it gets none (the norm brings a shift of its own).

# %% [markdown]
# **Predict in one line:** how many parameters has `dense_layer(784, 500, batch_norm=True)`,
# compared with the plain one?
#
# *My guess:* …


# %% solution="dense_layer"
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    """One hidden layer as `nn.Sequential`: Linear → BatchNorm1d → activation → Dropout.

    activation: a class (or function without arguments) that makes the activation module.
    batch_norm: put a BatchNorm1d behind the Linear, which then has no bias of its own.
    dropout: probability of Dropout; at 0 none is needed.
    """
    ### BEGIN SOLUTION
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)
    ### END SOLUTION


# %% selfcheck="dense_layer" points=4
_plain = dense_layer(6, 4)
assert isinstance(_plain, nn.Sequential), f"got {type(_plain).__name__}, expected nn.Sequential"


def _parts(layer):
    """The modules that do something, in order."""
    leaves = [m for m in layer.modules() if not list(m.children())]
    return [m for m in leaves if not isinstance(m, nn.Identity) and getattr(m, "p", 1) > 0]


assert not any(isinstance(p, nn.parameter.UninitializedParameter) for p in _plain.parameters()), (
    "a lazy layer has no weights yet: make it with its input size"
)
_names = [type(m).__name__ for m in _parts(_plain)]
assert _names == ["Linear", "ReLU"], f"without options: got the modules {_names}"
assert _parts(_plain)[0].bias is not None, "without batch norm the Linear keeps its bias"
for _batch_norm in (False, True):
    _full = dense_layer(6, 4, activation=nn.Tanh, batch_norm=_batch_norm, dropout=0.3)
    _names = [type(m).__name__ for m in _parts(_full)]
    _want = ["Linear", *["BatchNorm1d"] * _batch_norm, "Tanh", "Dropout"]
    assert _names == _want, f"batch_norm={_batch_norm}: got the modules {_names}, expected {_want}"
    assert _batch_norm or _parts(_full)[0].bias is not None, "with dropout alone the bias stays"
    assert not _parts(_full)[-1].inplace, "an in-place Dropout overwrites what Tanh still needs"
_linear, _norm, _, _dropout = _parts(_full)
assert _norm.num_features == 4, (
    f"the norm has {_norm.num_features} features, expected 4: it follows the Linear"
)
assert _norm.affine, "the norm has a scale and a shift of its own: leave them in"
assert _linear.bias is None, "a bias before batch norm is subtracted again: leave it out"
assert _dropout.p == 0.3, f"dropout probability: got {_dropout.p}, expected 0.3"
print("✓ order, widths and options look right (not looked at: what the layer computes)")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# Collect modules in a list, some of them only under a condition, and hand the list over at the end.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `nn.Linear(..., bias=...)`, `nn.BatchNorm1d(width)`, `activation()` (it is a class: call it),
# `nn.Dropout(p)`, `nn.Sequential(*modules)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     modules = [Linear, with a bias only without batch norm]
#     if batch_norm: append the norm, as wide as the Linear's output
#     append a new activation
#     if dropout > 0: append Dropout
#     return them as Sequential
# </details>
#
# **The common mistake:** normalising *after* the activation, or with `in_features`. The norm
# belongs to what the Linear puts out.

# %% [markdown]
# ## A5 · The network as a module  (20 minutes, 5 points)
#
# **Goal:** a class for multi-layer perceptrons of any depth, `hidden_sizes=()` (no hidden layer)
# included. It flattens its input and returns logits.

# %% [markdown]
# **Predict in one line:** what does `list(model.parameters())` show if the layers are kept in an
# ordinary Python list?
#
# *My guess:* …


# %% solution="mlp"
class MLP(nn.Module):
    """A multi-layer perceptron of any depth with ReLU between its layers.

    input_size: number of values per input after flattening.
    num_classes: number of logits.
    hidden_sizes: widths of the hidden layers, first to last; may be empty.
    """

    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        ### BEGIN SOLUTION
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(
            nn.Linear(fan_in, fan_out) for fan_in, fan_out in zip(sizes[:-1], sizes[1:])
        )
        self.output = nn.Linear(sizes[-1], num_classes)
        ### END SOLUTION

    def forward(self, x):
        """Logits (N, num_classes) of inputs (N, ...), flattened here."""
        ### BEGIN SOLUTION
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
        ### END SOLUTION


# %% selfcheck="mlp" points=5
torch.manual_seed(0)
_x = torch.randn(64, 1, 4, 5)
for _sizes, _count in [((), 63), ((8,), 195), ((8, 8, 8, 8), 411)]:
    _model = MLP(input_size=20, num_classes=3, hidden_sizes=_sizes)
    assert not any(
        isinstance(p, nn.parameter.UninitializedParameter) for p in _model.parameters()
    ), "a lazy layer has no weights yet: make it with its input size"
    _got = sum(p.numel() for p in _model.parameters())
    assert _got == _count, f"hidden_sizes={_sizes}: {_got} parameters, expected {_count}" + (
        ": are the layers in a plain list, or is one used twice?" if _got < _count else ""
    )
    try:
        _logits = _model(_x)
        _got = tuple(_logits.shape)
    except RuntimeError as _error:
        _got = _error
    assert _got == (64, 3), (
        f"hidden_sizes={_sizes}, images (64, 1, 4, 5): got {_got}, expected (64, 3): flattened?"
    )
    assert tuple(_model(_x[:1, 0]).shape) == (1, 3), "one image (1, 4, 5) should give logits (1, 3)"
    _logits.square().sum().backward()
    assert all(p.grad is not None for p in _model.parameters()), (
        f"hidden_sizes={_sizes}: a parameter gets no gradient: is its layer used?"
    )
    assert torch.allclose(_model.eval()(_x), _logits), "evaluation mode should give the same logits"
    with torch.no_grad():
        for _p in _model.parameters():
            _p.mul_(0 if _p.ndim == 1 or 1 in _p.shape else 3)
    assert torch.allclose(_model(2 * _x), 2 * _model(_x), rtol=1e-3, atol=1e-3), (
        f"hidden_sizes={_sizes}, no biases: twice the input should give twice the logits. "
        "Is ReLU the only activation, and is nothing on the output?"
    )
    assert (_model(_x) < 0).any(), "no logit is negative: is an activation on the output?"
    _bend = _model(_x) + _model(-_x) - 2 * _model(0 * _x)
    _is_line = torch.allclose(_bend, torch.zeros(64, 3), atol=1e-4)
    assert _is_line == (_sizes == ()), (
        f"hidden_sizes={_sizes}: is there a ReLU after every hidden layer, and nowhere else?"
    )
_got = sum(p.numel() for p in MLP().parameters())
_want = (784 + 1) * 256 + (256 + 1) * 128 + (128 + 1) * 10
assert _got == _want, f"MLP() without arguments: {_got} parameters, expected {_want}"
print("✓ every depth, registered parameters, plain logits")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# `nn.Module` finds parameters through its attributes. It looks into modules, and into containers
# that are modules themselves, but not into Python lists, tuples or dicts.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `nn.ModuleList` or `nn.Sequential` for a changing number of layers, `x.flatten(1)`, `F.relu`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     __init__: sizes = input size followed by all hidden sizes
#               one Linear per pair of neighbours, in a registered container
#               one more Linear from the last size to num_classes
#     forward:  flatten; for each hidden layer: relu(layer(x)); return output(x)
# </details>
#
# **The common mistake:** a plain list. The forward pass works, but the optimizer gets no
# parameters, `.to(device)` moves nothing, and a saved state dict is empty.

# %% [markdown]
# ## A6 · The same as nn.Sequential  (10 minutes, 3 points)
#
# **Goal:** build the network with layer sizes `dims` from ready-made modules only; it takes images,
# too.

# %% [markdown]
# **Predict in one line:** with the same weights, do the functional, the module and the sequential
# network give exactly the same logits?
#
# *My guess:* …


# %% solution="sequential_mlp"
def sequential_mlp(dims):
    """The multi-layer perceptron with layer sizes `dims`, input first, as `nn.Sequential`.

    It takes inputs (N, ...) and returns logits (N, dims[-1]).
    """
    ### BEGIN SOLUTION
    layers = [nn.Flatten()]
    for fan_in, fan_out in zip(dims[:-2], dims[1:-1]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[-2], dims[-1]))
    ### END SOLUTION


# %% selfcheck="sequential_mlp" points=3
torch.manual_seed(0)
_model = sequential_mlp((6, 5, 5, 5, 3, 3))
assert isinstance(_model, nn.Sequential), f"got {type(_model).__name__}, expected nn.Sequential"
_linears = [m for m in _model.modules() if isinstance(m, nn.Linear)]
_got = [(m.in_features, m.out_features) for m in _linears]
assert _got == [(6, 5), (5, 5), (5, 5), (5, 3), (3, 3)], (
    f"got Linear layers {_got}: each has its own weights, and its sizes from the start"
)
try:
    _got = tuple(_model(torch.ones(2, 1, 2, 3)).shape)
except RuntimeError as _error:
    _got = _error
assert _got == (2, 3), f"images (2, 1, 2, 3): got {_got}, expected (2, 3): flattened?"
_x = torch.randn(50, 6)
_h = _x
for _linear in _linears[:-1]:
    _h = F.relu(_linear(_h))
assert torch.allclose(_model(_x), _linears[-1](_h), atol=1e-4), (
    "the logits are not those of Linear and ReLU in turn: is there a ReLU after every Linear but "
    "the last, and nothing behind that?"
)
_single = sequential_mlp((6, 3))
assert (_single(_x) < 0).any(), "a single layer is the output: no ReLU behind it"
print("✓ the layers stand in the right order")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# The number of ReLUs is one less than the number of Linear layers.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `nn.Flatten()`, `nn.Linear`, `nn.ReLU()`, `nn.Sequential(*modules)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     modules = [Flatten]
#     for each pair of neighbours, except the last pair: append Linear and ReLU
#     append the Linear of the last pair
# </details>
#
# **The common mistake:** the loop puts a ReLU behind the last Linear as well.
#
# Now the three networks with the same weights. `nn.Linear` stores its weight as `(out, in)`, so
# ours is transposed on the way. **What to expect:** differences of about one in a million, from
# rounding alone.


# %%
def copy_into(model, parameters):
    """Give a module's Linear layers, in order, the weights of a functional network."""
    linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for linear, (W, b) in zip(linears, parameters, strict=True):
            linear.weight.copy_(W.T)
            linear.bias.copy_(b)
    return model


torch.manual_seed(0)
shared = functional_parameters((784, 500, 10), std=0.05)
batch = (images.train_images[:64].float() / 255 - pixel_mean) / pixel_std
with torch.no_grad():
    by_hand = functional_mlp(batch, shared)
    as_module = copy_into(MLP(784, 10, (500,)), shared)(batch)
    as_sequential = copy_into(sequential_mlp((784, 500, 10)), shared)(batch)
print(f"largest logit:                    {by_hand.abs().max().item():.2f}")
print(f"by hand against the module:       {(by_hand - as_module).abs().max().item():.1e}")
print(f"by hand against the sequential:   {(by_hand - as_sequential).abs().max().item():.1e}")
print(f"parameters of 784-500-10:         {count_parameters(MLP(784, 10, (500,))):,}")

# %% [markdown]
# # Part B · Training, measured properly
#
# The checks of this part use a tiny model, five points, and a "loader": a list of two batches, of
# which the last is smaller.


# %% setup=true
def tiny_model(*extra):
    """Two inputs, two classes, fixed weights; `extra` modules follow the Linear layer."""
    model = nn.Sequential(nn.Linear(2, 2), *extra)
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[0.5, -0.5], [0.25, 1.0]]))
        model[0].bias.zero_()
    return model


five_x = torch.tensor([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0], [-1.0, 1.0], [3.0, 1.0]])
five_y = torch.tensor([0, 1, 0, 1, 1])
ragged_loader = [(five_x[:4], five_y[:4]), (five_x[4:], five_y[4:])]

# %% [markdown]
# ## B1 · One epoch of training  (20 minutes, 5 points)
#
# **Goal:** one pass over a loader, and the mean training loss *per sample*. If there is a
# `penalty`, it is added to what is minimised but not to what is reported, so that runs with and
# without it stay comparable.

# %% [markdown]
# **Predict in one line:** 60,000 images in batches of 128: how large is the last batch, and by how
# much does one of its images count too much if you average the batch means?
#
# *My guess:* …


# %% solution="train_epoch"
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    """Train `model` for one pass over `loader`, in training mode.

    loader: yields (images, labels); its last batch may be smaller than the others.
    loss_fn: (logits, labels) → mean loss of the batch, a scalar tensor.
    penalty: None, or a function model → scalar tensor that is added to what is minimised.

    Returns the mean training loss per sample, without the penalty, as a float.
    """
    ### BEGIN SOLUTION
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        objective = loss if penalty is None else loss + penalty(model)
        objective.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
    ### END SOLUTION


# %% selfcheck="train_epoch" points=5
_model = tiny_model()
_want = F.cross_entropy(_model(five_x), five_y).item()
_still = torch.optim.SGD(_model.parameters(), lr=0.0)
_got = train_epoch(_model, ragged_loader, _still, nn.CrossEntropyLoss())
assert isinstance(_got, float), f"got {type(_got).__name__}, expected a plain float: use .item()"
assert abs(_got - _want) < 1e-5, (
    f"got {_got:.4f}, expected {_want:.4f}: batches of 4 and 1 images do not count the same"
)
_fast = torch.optim.SGD(_model.parameters(), lr=0.1)
_start = _model[0].weight.detach().clone()
train_epoch(_model, [(five_x, five_y)], _fast, nn.CrossEntropyLoss())
assert not torch.equal(_start, _model[0].weight), "the weights did not move: was step() called?"
_model, _other = tiny_model(), tiny_model()
_fast = torch.optim.SGD(_model.parameters(), lr=0.1)
train_epoch(_model, [(five_x, five_y)] * 2, _fast, nn.CrossEntropyLoss())
for _ in range(2):
    train_epoch(
        _other,
        [(five_x, five_y)],
        torch.optim.SGD(_other.parameters(), lr=0.1),
        nn.CrossEntropyLoss(),
    )
    _other.zero_grad()
assert torch.allclose(_model[0].weight, _other[0].weight), (
    "the second batch still felt the gradient of the first: when are gradients zeroed?"
)
_model = tiny_model()
_none = train_epoch(
    _model,
    [(five_x, five_y)],
    torch.optim.SGD(_model.parameters(), lr=0.1),
    nn.CrossEntropyLoss(),
    penalty=lambda m: 100 * m[0].bias.sum() + 1000,
)
assert (_model[0].bias < -5).all(), "the penalty had no effect on the step"
assert abs(_none - _want) < 1e-5, (
    f"with a penalty: got {_none:.4f}, expected {_want:.4f}: report the loss without the penalty, "
    "as it is before the step"
)
_model = tiny_model(nn.BatchNorm1d(2)).eval()
_still = torch.optim.SGD(_model.parameters(), lr=0.0)
train_epoch(_model, [(five_x, five_y)], _still, nn.CrossEntropyLoss())
assert _model.training, "train in training mode: dropout and batch norm depend on it"
_seen = _model[1].num_batches_tracked.item()
assert _seen == 1, f"batch norm saw one batch {_seen} times, expected once, in training mode"
_model = tiny_model()
_still = torch.optim.SGD(_model.parameters(), lr=0.0)
_got = train_epoch(_model, (batch for batch in ragged_loader), _still, nn.MultiMarginLoss())
_want = nn.MultiMarginLoss()(_model(five_x), five_y).item()
assert abs(_got - _want) < 1e-5, (
    f"another loss function, and a loader that can be read once: got {_got:.4f}, "
    f"expected {_want:.4f}"
)
print("✓ loss per sample, fresh gradients, penalty and mode look right")
print("  (not looked at: images, and which loss is minimised)")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# A batch loss is a mean. Mean times number of images is a sum; sums over batches may be added;
# divide once, at the end.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.train()`, `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, `loss.item()`,
# `len(labels)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     training mode; sum = 0; count = 0
#     for inputs and labels in the loader:
#         forget the old gradients
#         loss = loss function of logits and labels
#         differentiate the loss (plus the penalty, if there is one); make a step
#         add loss times batch size to the sum, as a plain number; add the batch size to the count
#     return sum / count
# </details>
#
# **The common mistake:** adding up `loss` itself, not `loss.item()`. The sum then holds on to the
# graph of every batch, and memory grows until the epoch ends.

# %% [markdown]
# ## B2 · Evaluation that leaves no trace  (15 minutes, 4 points)
#
# **Goal:** loss and accuracy on a loader, in evaluation mode (dropout off, batch norm with its
# running statistics), without gradients. Afterwards the model is as it was: in training mode if it
# came in training mode, in evaluation mode if it came in that.

# %% [markdown]
# **Predict in one line:** a model with dropout 0.5 is evaluated twice in *training* mode. Are the
# two accuracies equal?
#
# *My guess:* …


# %% solution="evaluate"
def evaluate(model, loader, loss_fn):
    """Loss and accuracy of `model` on all of `loader`, in evaluation mode.

    Returns (loss, accuracy): mean loss per sample and fraction of right predictions, floats.
    No gradient is tracked, no buffer changes, and afterwards the model is again in the mode
    (training or evaluation) it was in before.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
    ### END SOLUTION


# %% selfcheck="evaluate" points=4
_tracked = []


def _spy(logits, labels):
    _tracked.append(logits.requires_grad)
    return F.cross_entropy(logits, labels)


_model = tiny_model(nn.BatchNorm1d(2), nn.Dropout(1.0))
_result = evaluate(_model, [(five_x, five_y)], _spy)
assert isinstance(_result, tuple) and len(_result) == 2, "return the pair (loss, accuracy)"
_loss, _accuracy = _result
assert isinstance(_loss, float) and isinstance(_accuracy, float), (
    f"got {type(_loss).__name__} and {type(_accuracy).__name__}, expected two floats"
)
assert not any(_tracked), "gradients were tracked: nothing is trained here, so switch them off"
assert not _model[1].running_mean.any(), "the running mean of batch norm changed: was it training?"
assert all(m.training for m in _model.modules()), "it came in training mode: bring it back there"
_plain = tiny_model().eval()
_want = F.nll_loss(_plain(five_x), five_y).item()
_loss, _accuracy = evaluate(_plain, ragged_loader, nn.NLLLoss())
assert abs(_accuracy - 0.8) < 1e-6, f"accuracy: got {_accuracy:.3f}, expected 0.8 (4 of 5)"
assert abs(_loss - _want) < 1e-5, f"loss: got {_loss:.4f}, expected {_want:.4f} per sample"
assert not _plain.training, "it came in evaluation mode: leave it there"
print("✓ loss, accuracy and modes look right (not looked at: images, and gradients afterwards)")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# To bring a mode back you have to know what it was *before* `model.eval()`. One flag does for a
# model that is in one mode throughout; if a layer may be frozen in evaluation mode, remember the
# mode of every submodule.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.training`, `model.eval()`, `model.train(mode)`, `torch.no_grad()`, `logits.argmax(1)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     remember the mode; switch to evaluation
#     without gradients, for every batch:
#         add loss times batch size, the number of right answers, the batch size
#     bring the mode back
#     return the two quotients as floats
# </details>
#
# **The common mistake:** ending with `model.train()`. A model that came in evaluation mode leaves
# in training mode, and the next prediction is drawn with dropout.

# %% [markdown]
# ## B3 · A trainer that keeps its best weights  (25 minutes, 5 points)
#
# **Goal:** train for some epochs, keep a record, and end with the weights of the epoch that had the
# highest validation accuracy (the first of equals). Validation data chooses; it never trains. Use
# your `train_epoch` and `evaluate`.

# %% [markdown]
# **Predict in one line:** is the last epoch the best one? Which of the three curves would tell you?
#
# *My guess:* …


# %% solution="trainer"
class Trainer:
    """Trains a model, keeps a record and ends with the best weights.

    model: nn.Module; optimizer: of the model's parameters; loss_fn: mean loss of a batch.
    """

    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        """Train for `num_epochs` passes over `train_loader`, validating after each.

        Returns {"train_loss": [...], "val_loss": [...], "val_accuracy": [...]}, one float per
        epoch each. Afterwards the model holds the weights of the epoch with the highest
        validation accuracy, the first such epoch if several are equal.
        """
        ### BEGIN SOLUTION
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best_accuracy, best_state = -1.0, None
        for _ in range(num_epochs):
            train_loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, val_accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(train_loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_accuracy)
            if val_accuracy > best_accuracy:
                best_accuracy = val_accuracy
                best_state = copy.deepcopy(self.model.state_dict())
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return history
        ### END SOLUTION


# %% selfcheck="trainer" points=5
torch.manual_seed(3)
_x = torch.randn(40, 2)
_train = [(_x[:20], (_x[:20, 0] > 0).long())]
_val = [(_x[20:], (_x[20:, 0] < 0).long())]  # labels reversed: training makes it worse
_model = tiny_model()
_history = Trainer(_model, torch.optim.SGD(_model.parameters(), lr=0.5), nn.CrossEntropyLoss()).fit(
    _train, _val, 6
)
assert set(_history) == {"train_loss", "val_loss", "val_accuracy"}, f"got keys {set(_history)}"
for _key, _values in _history.items():
    assert len(_values) == 6, f"{_key}: got {len(_values)} values, expected one per epoch, 6"
assert _history["train_loss"][-1] < _history["train_loss"][0], "the training loss did not fall"
_, _now = evaluate(_model, _val, nn.CrossEntropyLoss())
_best = max(_history["val_accuracy"])
assert abs(_now - _best) < 1e-6, (
    f"the model scores {_now:.2f} on the validation data, its best epoch scored {_best:.2f}: "
    "were the weights copied at that epoch? A state dict alone still points at the live weights."
)
_sure = [(torch.tensor([[9.0, -9.0]]), torch.tensor([0]))]  # right in every epoch
_model, _twin = tiny_model(), tiny_model()
_history = Trainer(_model, torch.optim.SGD(_model.parameters(), lr=0.1), nn.CrossEntropyLoss()).fit(
    _train, _sure, 3
)
assert len(_history["train_loss"]) == 3, "accuracy 1 in the first epoch: train for all 3 epochs"
train_epoch(_twin, _train, torch.optim.SGD(_twin.parameters(), lr=0.1), nn.CrossEntropyLoss())
assert torch.allclose(_model[0].weight, _twin[0].weight), (
    "three epochs of equal validation accuracy: keep the weights of the first of them"
)
print("✓ record and best weights look right (not looked at: batch norm, a second call)")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# `model.state_dict()` hands out the live tensors, not a photograph of them. The next step changes
# them in place, and your "best" weights with them.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `copy.deepcopy(model.state_dict())`, `model.load_state_dict(state)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     best accuracy = less than any accuracy
#     for each epoch:
#         train on the training data, evaluate on the validation data, write all three numbers down
#         if the accuracy is higher than the best one: remember it and a copy of the weights
#     load the remembered weights; return the record
# </details>
#
# **The common mistake:** `best = model.state_dict()` without a copy. The code runs, and silently
# returns the last weights.

# %% [markdown]
# ## B4 · Save and load  (5 minutes, 3 points)
#
# **Goal:** write a model's state dict to a file and read it back into a model, in place. A file
# written on a GPU has to load on a machine without one.

# %% [markdown]
# **Predict in one line:** what must you still know to use a file that holds only a state dict?
#
# *My guess:* …


# %% solution="save_model"
def save_model(model, path):
    """Write the state dict of `model` to the file `path`."""
    ### BEGIN SOLUTION
    torch.save(model.state_dict(), path)
    ### END SOLUTION


def load_model(model, path):
    """Read a state dict from `path` into `model`, in place, and return `model`.

    A file that was written on a GPU loads on a machine without one; the model stays where it is.
    """
    ### BEGIN SOLUTION
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model
    ### END SOLUTION


# %% selfcheck="save_model" points=3
with tempfile.TemporaryDirectory() as _folder:
    _path = Path(_folder) / "weights"
    _first = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    _first(torch.randn(8, 3))
    save_model(nn.Linear(1, 1), _path)
    save_model(_first, _path)  # overwrites the file
    assert _path.exists(), f"no file was written at {_path.name!r}, the path that was given"
    try:
        _state = torch.load(_path, weights_only=True)
    except Exception:
        _state = {}
    assert set(_state) == set(_first.state_dict()), "the file should hold the state dict, no more"
    _second = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    _weight = _second[0].weight
    assert load_model(_second, _path) is _second, "load_model returns the model it was given"
assert _second[0].weight is _weight, "the parameters were replaced, not changed in place"
for _name, _value in _first.state_dict().items():
    assert torch.equal(_value, _second.state_dict()[_name]), f"{_name} differs after the round trip"
print("✓ the round trip keeps weights and buffers (not looked at: files written on a GPU)")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# The state dict maps names to tensors: weights and buffers, no code. Tensors remember the device
# they were saved from unless you say where to put them.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `torch.save`, `torch.load(path, map_location=..., weights_only=True)`, `model.load_state_dict`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     save: write the model's state dict
#     load: read the dict to the CPU, copy it into the model, return the model
# </details>
#
# **The common mistake:** `torch.save(model, path)`. That pickles the class by name: the file breaks
# as soon as your code changes, and opening a stranger's pickle runs his code.

# %% [markdown]
# ## Train the real model
#
# 784-500-10, batches of 128, Adam at 0.001, five epochs. A twelfth of the training images is set
# aside for validation; the test images are used once, at the end.
#
# This takes **15 to 30 seconds** on a CPU, so it follows *train or load*: the cell trains and saves
# the weights beside the notebook, or loads them if they are there. Delete the files to train again.
#
# **What to expect on MNIST:** validation accuracy above 95 % after the first epoch; in the end a
# test accuracy between 97.5 and 98.2 %.


# %%
class Watched:
    """A loader that shows a progress bar for every pass over it."""

    def __init__(self, loader, description):
        self.loader = loader
        self.description = description
        self.epoch = 0

    def __iter__(self):
        self.epoch += 1
        return iter(progress(self.loader, f"{self.description}, epoch {self.epoch}"))

    def __len__(self):
        return len(self.loader)


def loader_of(pixels, labels, batch_size=1000, shuffle=False):
    """Normalised batches on the device."""
    return data.TensorLoader(
        pixels, labels, batch_size, shuffle, seed=0, mean=pixel_mean, std=pixel_std, device=device
    )


num_images = len(images.train_images)
train_index, val_index = data.split_indices(num_images, num_images // 12, seed=0)
train_loader = loader_of(
    images.train_images[train_index], images.train_labels[train_index], 128, shuffle=True
)
val_loader = loader_of(images.train_images[val_index], images.train_labels[val_index])
test_loader = loader_of(images.test_images, images.test_labels)
loss_fn = nn.CrossEntropyLoss()

# %%
checkpoint = Path(f"mlp_basics_{images.name}.pt")
record = checkpoint.with_suffix(".json")

seeding.seed_everything(0)
classifier = MLP(784, 10, (500,)).to(device)
if checkpoint.exists() and record.exists():
    load_model(classifier, checkpoint)
    history = json.loads(record.read_text())
    print(f"loaded {checkpoint}: delete it to train again")
else:
    optimizer = torch.optim.Adam(classifier.parameters(), lr=1e-3)
    trainer = Trainer(classifier, optimizer, loss_fn)
    history = trainer.fit(Watched(train_loader, "training"), val_loader, num_epochs=5)
    save_model(classifier, checkpoint)
    record.write_text(json.dumps(history))

best_epoch = history["val_accuracy"].index(max(history["val_accuracy"])) + 1
test_loss, test_accuracy = evaluate(classifier, test_loader, loss_fn)
print(f"best epoch: {best_epoch}, validation accuracy {max(history['val_accuracy']):.2%}")
print(f"test accuracy: {test_accuracy:.2%}, test loss: {test_loss:.4f}")

# %%
needs("history")
plots.learning_curves(history, title="784-500-10 with Adam")

# %% [markdown]
# The training loss falls faster than the validation loss and ends well below it: the gap is the
# first sign of overfitting, here still a harmless one, since the validation accuracy rises as well.
# Was your prediction about the last epoch right?

# %% [markdown]
# ## Written question: why logits  (15 minutes, 3 points)
#
# The plot shows how strongly three losses pull on the right class's logit, against the value of
# that logit; the other nine logits are 0. Far left the model is confidently wrong, far right
# confidently right.

# %%
right_logit = torch.linspace(-10, 10, 201, requires_grad=True)
logits = torch.cat([right_logit[:, None], torch.zeros(201, 9)], dim=1)
probabilities = logits.softmax(1)
target = torch.zeros(201, dtype=torch.long)
losses = {
    "cross-entropy of logits": F.cross_entropy(logits, target, reduction="sum"),
    "cross-entropy of softmax": F.cross_entropy(probabilities, target, reduction="sum"),
    "squared error of softmax": (probabilities - F.one_hot(target, 10)).square().sum(),
}
pulls = {}
for name, loss in losses.items():
    (gradient,) = torch.autograd.grad(loss, right_logit, retain_graph=True)
    pulls[name] = (right_logit.detach(), gradient.abs())
plots.line(
    pulls,
    xlabel="logit of the right class",
    ylabel="size of the gradient",
    title="Who still learns from a bad mistake?",
)

# %% [markdown]
# 1. What does `nn.CrossEntropyLoss` do with its input, and what goes wrong, numerically and in
#    training, if it gets softmax probabilities? (What is the smallest loss it can then reach with
#    ten classes?)
# 2. What would the squared error (MSE) between softmax probabilities and one-hot labels do instead?
#    Use the plot.
#
# | points | |
# |---|---|
# | 0 | No correct statement about what the loss expects. |
# | 1 | Says that the loss applies (log-)softmax itself, so probabilities are squashed twice. |
# | 2 | Also derives a consequence: weak gradients, a floor under the loss, or instability. |
# | 3 | Also explains MSE: its gradient vanishes for confidently wrong answers, unlike CE's. |

# %% [markdown] answer="logits" points=3
# 1. `CrossEntropyLoss` takes logits and computes $-z_y + \log \sum_k e^{z_k}$, that is log-softmax
#    and negative log-likelihood in one, with the largest logit subtracted first so that nothing
#    overflows and no $\log 0$ occurs. Its gradient with respect to the logits is
#    $p - \text{one-hot}$: close to 1 in size as long as the answer is confidently wrong. Given
#    probabilities, it applies softmax a second time. Its inputs then lie in $[0, 1]$, so that even
#    a perfect answer counts as only $e / (e + 9) \approx 0.23$, the loss cannot fall below
#    $\ln(1 + 9/e) \approx 1.46$, and the gradient is small everywhere, since it also passes through
#    the first softmax; training is slow and stalls. A softmax followed by a separate logarithm is
#    unstable, too: a probability that underflows to 0 gives an infinite loss.
# 2. The squared error's gradient is the error times the derivative of softmax, which contains
#    factors $p_k (1 - p_k)$. A confidently wrong answer has $p_y \approx 0$, so the gradient is
#    nearly 0 just where the error is largest (left in the plot): the model is slow to unlearn its
#    worst mistakes. The loss of one image is also bounded by 2. Cross-entropy, the negative
#    log-likelihood of a class label, grows without bound there and keeps pulling with full
#    strength.

# %% [markdown]
# # Part C · What changes the training
#
# ## C1 · Initialisation  (20 minutes, 4 points)
#
# **Goal:** give every `nn.Linear` of a model, however deeply nested, new weights by a named scheme,
# and zero biases. Nothing else changes; an unknown name is an error.
#
# Both schemes choose the spread so that signals neither fade nor grow from layer to layer: Xavier
# draws from $[-a, a]$ with $a = \sqrt{6 / (\text{fan in} + \text{fan out})}$, Kaiming for ReLU from
# a normal distribution with variance $2 / \text{fan in}$. Assignment 4 derives them.

# %% [markdown]
# **Predict in one line:** what does a network with a hidden layer learn if *all* its weights start
# at zero?
#
# *My guess:* …


# %% solution="initialize"
def initialize(model, scheme):
    """Draw the weights of every `nn.Linear` in `model` anew and set their biases to zero.

    scheme: "xavier_uniform", "kaiming_normal" (for ReLU) or "zeros".

    Works in place, however deep a Linear is nested, leaves every other module alone and
    returns `model`. An unknown scheme raises ValueError.
    """
    ### BEGIN SOLUTION
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(f"unknown scheme {scheme!r}, expected one of {', '.join(schemes)}")
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
    ### END SOLUTION


# %% selfcheck="initialize" points=4
torch.manual_seed(0)
_inner = nn.Sequential(nn.Linear(200, 300), nn.BatchNorm1d(300), nn.ReLU())
_bare, _words = nn.Linear(100, 2, bias=False), nn.Embedding(5, 4)
_model = nn.Sequential(nn.Flatten(), nn.Sequential(_inner), nn.Linear(300, 100), _bare, _words)
_inner[1].weight.data.fill_(3.0)
_inner[1].bias.data.fill_(3.0)
_words.weight.data.fill_(3.0)
_own = list(_model.parameters())
assert initialize(_model, "kaiming_normal") is _model, "return the model itself"
assert not _inner[0].bias.any() and not _model[2].bias.any(), (
    "every Linear's bias should be zero, also that of a nested one"
)
_std = _inner[0].weight.std().item()
assert abs(_std - (2 / 200) ** 0.5) < 0.003, (
    f"kaiming_normal, 200 inputs: std {_std:.4f}, expected about 0.1. Is the nested layer reached?"
)
assert all((p == 3).all() for m in (_inner[1], _words) for p in m.parameters()), (
    "a norm or an embedding was changed: only Linear layers are meant"
)
assert all(a is b for a, b in zip(_own, _model.parameters(), strict=True)), (
    "a parameter was replaced: an optimizer made before would train the old one"
)
_twins = initialize(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), "xavier_uniform")
assert not torch.equal(_twins[0].weight, _twins[1].weight), "draw anew for every Linear"
initialize(_model, "xavier_uniform")
_bound = _inner[0].weight.abs().max().item()
assert abs(_bound - (6 / 500) ** 0.5) < 0.002, (
    f"xavier_uniform: largest weight {_bound:.4f}, expected close to 0.1095"
)
initialize(_model, "zeros")
assert not _model[2].weight.any(), "scheme 'zeros' should leave no weight other than zero"
for _unknown in ("no such scheme", "xavier_normal"):
    try:
        initialize(_model, _unknown)
    except ValueError:
        pass
    else:
        raise AssertionError(f"{_unknown!r} is unknown: raise ValueError, do not pass in silence")
print("✓ nested layers initialised, everything else untouched")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# Reject an unknown name before you touch anything. Then visit all submodules, not only the
# children.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.modules()`, `isinstance(module, nn.Linear)`, `nn.init.xavier_uniform_`,
# `nn.init.kaiming_normal_(w, nonlinearity="relu")`, `nn.init.zeros_`. A Linear may have no bias:
# then `module.bias` is `None`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     if the scheme is unknown: raise ValueError
#     for every submodule that is a Linear:
#         fill its weight by the scheme
#         if it has a bias: fill it with zeros
#     return the model
# </details>
#
# **The common mistake:** looping over `model.children()`. It sees only the first level, and a
# Linear inside a block keeps its old weights.
#
# **What to expect below** (three hidden layers of 100, plain SGD, two passes over 10,000 images,
# about two seconds): Kaiming and Xavier lead with about 90 %, PyTorch's default, which starts with
# smaller weights, is still behind, and zeros stay where they were: at the frequency of one class.
# With zero weights every hidden unit puts out 0 and no gradient reaches a weight; only the last
# bias learns. Like the big training, the comparisons from here on *train or load*: after you have
# changed one, delete its file.


# %%
def accuracies_of_starts():
    """Scheme → test accuracy after the same short training."""
    accuracies = {}
    for scheme in ("default", "xavier_uniform", "kaiming_normal", "zeros"):
        torch.manual_seed(0)
        model = MLP(784, 10, (100, 100, 100)).to(device)
        if scheme != "default":
            initialize(model, scheme)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        loader = some_batches()
        for _ in range(2):
            train_epoch(model, loader, optimizer, loss_fn)
        accuracies[scheme] = evaluate(model, test_loader, loss_fn)[1]
    return accuracies


start_accuracies = train_or_load(f"starts_{images.name}.pt", accuracies_of_starts)
plots.bar(
    start_accuracies,
    ylabel="test accuracy",
    title="The same training from four starts",
    reference=0.1,
)

# %% [markdown]
# ## C2 · Moving average  (10 minutes, 2 points)
#
# **Goal:** smooth a noisy curve. Only full windows count, so the result is shorter than the input
# by `window - 1`.

# %% [markdown]
# **Predict in one line:** 300 batch losses, window 20: how many means? Which batches is the first
# of them about?
#
# *My guess:* …


# %% solution="moving_average"
def moving_average(values, window):
    """Means of every `window` neighbouring values: `len(values) - window + 1` numbers.

    values: sequence of numbers; window: int, 1 ≤ window ≤ len(values).
    """
    ### BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    return np.convolve(values, np.ones(window) / window, mode="valid")
    ### END SOLUTION


# %% selfcheck="moving_average" points=2
_values = [1, 2, 6, 3, 0]
_got = [float(v) for v in moving_average(_values, 3)]
assert _values == [1, 2, 6, 3, 0], f"the values passed are {_values} now: leave them as they are"
assert len(_got) == 3, f"five values, window 3: got {len(_got)} means, expected 3"
assert np.allclose(_got, [3, 11 / 3, 3]), f"got {_got}: the first mean is that of 1, 2 and 6"
assert np.allclose([float(v) for v in moving_average([4, 5], 1)], [4, 5]), "window 1: the values"
print("✓ full windows only")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# The first window starts at 0, the last at `len(values) - window`.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# A list comprehension with `sum`, or `np.convolve(..., mode="valid")`, or differences of
# `np.cumsum`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for every possible start: the mean of values[start : start + window]
# </details>
#
# **The common mistake:** padding with zeros to keep the length. The ends of the curve then dip
# towards 0, and a loss seems to fall when it does not.
#
# ### Batch norm's effect on convergence
#
# Four hidden layers of 128 from your `dense_layer`, once plain, once with batch norm; the same
# learning rate, the same batches, three passes over 10,000 images (about two seconds).
#
# **What to expect:** the plain network spends its first pass almost on a plateau at 2.3, because
# small signals fade through four layers. Batch norm rescales them in every layer and the loss falls
# from the first batch on.


# %%
def deep_network(batch_norm):
    """784-128-128-128-128-10 from `dense_layer`."""
    sizes = [784, 128, 128, 128, 128]
    hidden = [
        dense_layer(fan_in, fan_out, batch_norm=batch_norm)
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:])
    ]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(sizes[-1], 10))


def plain_and_batch_norm():
    """Name → batch losses and test accuracy."""
    results = {}
    for name, batch_norm in {"plain": False, "with batch norm": True}.items():
        torch.manual_seed(0)
        model = deep_network(batch_norm).to(device).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        losses = batch_losses(model, some_batches(), optimizer, num_epochs=3)
        accuracy = evaluate(model, test_loader, loss_fn)[1]
        results[name] = {"losses": losses, "accuracy": accuracy}
    return results


norm_results = train_or_load(f"batch_norm_{images.name}.pt", plain_and_batch_norm)
for name, result in norm_results.items():
    print(f"{name:16} test accuracy {result['accuracy']:.1%}")
plots.line(
    {name: moving_average(result["losses"], window=15) for name, result in norm_results.items()},
    xlabel="batch",
    ylabel="loss, mean of 15 batches",
    title="Batch norm: the plateau disappears",
)

# %% [markdown]
# ## C3 · L1 and L2 penalties  (10 minutes, 3 points)
#
# **Goal:** two functions of a model for the `penalty` argument of `train_epoch`: the sum of
# absolute entries and the sum of squared entries of the weight matrices of all Linear layers.
# Biases and norm layers are left out.

# %% [markdown]
# **Predict in one line:** which of the two makes weights *exactly* small, and which only makes
# large ones smaller?
#
# *My guess:* …


# %% solution="l1_penalty"
def l1_penalty(model):
    """Sum of the absolute entries of all Linear layers' weight matrices: a scalar tensor."""
    ### BEGIN SOLUTION
    return sum(m.weight.abs().sum() for m in model.modules() if isinstance(m, nn.Linear))
    ### END SOLUTION


def l2_penalty(model):
    """Sum of the squared entries of all Linear layers' weight matrices: a scalar tensor."""
    ### BEGIN SOLUTION
    return sum(m.weight.square().sum() for m in model.modules() if isinstance(m, nn.Linear))
    ### END SOLUTION


# %% selfcheck="l1_penalty" points=3
_model = nn.Sequential(
    nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 1)), nn.Embedding(2, 3)
)
with torch.no_grad():
    _model[0].weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
    _model[0].bias.fill_(10.0)
    _model[2][0].weight.copy_(torch.tensor([[-1.0, 0.5]]))
    _model[2][0].bias.fill_(10.0)
for _penalty, _want in [(l1_penalty, 7.5), (l2_penalty, 15.25)]:
    _got = _penalty(_model)
    assert isinstance(_got, torch.Tensor) and _got.ndim == 0, (
        f"{_penalty.__name__}: got {type(_got).__name__}, expected a scalar tensor"
    )
    assert abs(_got.item() - _want) < 1e-5, (
        f"{_penalty.__name__}: got {_got.item():.4f}, expected {_want}: weight matrices only, "
        "of every Linear, without a root"
    )
    _model.zero_grad()
    assert _got.requires_grad, f"{_penalty.__name__} is cut off from the weights: no .item() here"
    _got.backward()
    assert _model[2][0].weight.grad is not None, f"{_penalty.__name__} reaches no nested layer"
    assert _model[0].weight.grad.isfinite().all(), "one weight is 0: its gradient is nan or inf"
print("✓ both penalties and their gradients look right")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# The result takes part in `backward()`, so it has to stay a tensor that remembers where it came
# from.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.modules()`, `isinstance(module, nn.Linear)`, `tensor.abs()`, `tensor.square()`, `.sum()`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for every submodule that is a Linear: sum over |entries| (or entries²) of its weight
#     add these sums up
# </details>
#
# **The common mistake:** `.item()` (or `float(...)`): the number is right, its gradient is gone,
# and the penalty has no effect. The second: `weight.norm()`, which is the *root* of the sum of
# squares.
#
# ### L1 against L2
#
# The same small network (784-64-10, five passes over 10,000 images, about three seconds in all)
# without a penalty, with L1 and with L2.
#
# **What to expect:** L1 pulls on every weight with the same strength, however small it is, and most
# of the first layer ends near 0: a high thin peak in the histogram, and filters that ignore the
# border of the image. L2 pulls in proportion to the weight: large weights shrink, few end at 0. The
# accuracies stay close together, L1 at this strength costs about two percentage points.

# %%
penalties = {
    "no penalty": None,
    "L1": lambda model: 1e-3 * l1_penalty(model),
    "L2": lambda model: 5e-3 * l2_penalty(model),
}


def trained_with_penalties():
    """Name → first layer's weights and test accuracy."""
    results = {}
    for name, penalty in penalties.items():
        torch.manual_seed(0)
        model = MLP(784, 10, (64,)).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
        loader = some_batches()
        for _ in range(5):
            train_epoch(model, loader, optimizer, loss_fn, penalty)
        first_linear = next(m for m in model.modules() if isinstance(m, nn.Linear))
        accuracy = evaluate(model, test_loader, loss_fn)[1]
        results[name] = {"first_weights": first_linear.weight.detach(), "accuracy": accuracy}
    return results


penalty_results = train_or_load(f"penalties_{images.name}.pt", trained_with_penalties)
first_weights = {name: result["first_weights"] for name, result in penalty_results.items()}
for name, weights in first_weights.items():
    near_zero = (weights.abs() < 0.003).float().mean().item()
    print(
        f"{name:11} test accuracy {penalty_results[name]['accuracy']:.1%}, first layer: "
        f"{near_zero:4.0%} of the weights below 0.003, largest {weights.abs().max().item():.2f}"
    )

figure, all_axes = plt.subplots(1, 3, figsize=(10, 2.8), sharey=True, layout="constrained")
for axes, (name, weights) in zip(all_axes, first_weights.items()):
    axes.hist(weights.flatten(), bins=np.linspace(-0.15, 0.15, 76), log=True)
    axes.set(title=name, xlabel="weight")
all_axes[0].set_ylabel("count (log)")
plt.close(figure)
display(figure)
for name, weights in first_weights.items():
    display(
        plots.image_grid(
            weights[:8].reshape(-1, 1, 28, 28), title=f"First-layer weights as images: {name}"
        )
    )

# %% [markdown]
# # Part D · Look behind the accuracy
#
# ## D1 · Accuracy per class  (15 minutes, 3 points)
#
# **Goal:** of the images *of* each class, which fraction is recognised? A class without images has
# no accuracy: `nan`, not 0 and not an error. The model is left as in `evaluate`.

# %% [markdown]
# **Predict in one line:** which digit is recognised best, which worst?
#
# *My guess:* …


# %% solution="accuracy_per_class"
def accuracy_per_class(model, loader, num_classes=10):
    """Accuracy on the images of each class: dict class → fraction, nan where there are none.

    The model is evaluated, and left, as in `evaluate`.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            predicted = model(images).argmax(1)
            for label, guess in zip(labels.tolist(), predicted.tolist()):
                seen[label] += 1
                right[label] += label == guess
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / seen[c] if seen[c] else math.nan for c in range(num_classes)}
    ### END SOLUTION


# %% selfcheck="accuracy_per_class" points=3
_model = nn.Sequential(nn.Identity(), nn.Dropout(1.0))  # in training mode it answers 0
_logits = F.one_hot(torch.tensor([0, 1, 0, 0, 1, 0]), 3).float()
_labels = torch.tensor([0, 0, 0, 1, 1, 1])
_loader = [(_logits[:4], _labels[:4]), (_logits[4:], _labels[4:])]
_got = accuracy_per_class(_model, _loader, num_classes=3)
assert sorted(_got) == [0, 1, 2], f"got the keys {sorted(_got)}, expected every class: [0, 1, 2]"
assert abs(_got[0] - 2 / 3) < 1e-6, (
    f"class 0: got {_got[0]}, expected 2/3: two of its three images are answered right. "
    "Is the model in evaluation mode? Is every class divided by its own number of images?"
)
assert abs(_got[1] - 1 / 3) < 1e-6, f"class 1: got {_got[1]}, expected 1/3 of its three images"
assert math.isnan(_got[2]), f"class 2 has no images: got {_got[2]}, expected nan"
assert all(m.training for m in _model.modules()), "the model's mode should be as before"
print("✓ accuracy of every class, nan where there is none")

# %% [markdown]
# <details><summary>Hint 1: the concept</summary>
#
# Two counts per *true* class: how many images there were, how many of them were answered right.
# Divide at the end.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `logits.argmax(1)`, `(labels == c)`, `math.nan`; everything you used in `evaluate` for the modes.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for every batch: for every class c:
#         seen[c]  += number of labels equal to c
#         right[c] += number of those with prediction c
#     for every class: right / seen, or nan if seen is 0
# </details>
#
# **The common mistake:** dividing by the number of *predictions* of a class. That is precision,
# another question: "if the model says 4, is it a 4?"
#
# Above 95 % the bars of accuracies all look alike, so the plot shows the errors. **What to expect
# on MNIST:** between 0.5 and 4 %, with 1 among the lowest: the worst digit has several times the
# errors of the best.

# %%
needs("classifier", "test_accuracy")
class_accuracies = accuracy_per_class(classifier, test_loader)
plots.bar(
    {images.classes[c]: 1 - accuracy for c, accuracy in class_accuracies.items()},
    ylabel="error = 1 - accuracy",
    title="Test error per class",
    reference=1 - test_accuracy,
)

# %% [markdown]
# ### Right and wrong, as pictures
#
# The sure and right ones look like a textbook. The wrong ones are sorted by how sure the model was:
# are these mistakes you would forgive?

# %%
needs("classifier")
classifier.eval()
with torch.no_grad():
    test_probabilities = torch.cat(
        [classifier(inputs).softmax(1).cpu() for inputs, _ in test_loader]
    )
confidence, predicted = test_probabilities.max(1)
is_right = predicted == images.test_labels


def show_predictions(chosen, title):
    """Test images with true class, prediction and the probability of the prediction."""
    captions = []
    for i in chosen:
        true, guess = images.classes[images.test_labels[i]], images.classes[predicted[i]]
        captions.append(f"{true} → {guess} ({confidence[i]:.0%})")
    return plots.image_grid(images.test_images[chosen], titles=captions, title=title)


by_confidence = confidence.argsort(descending=True)
surest_right = by_confidence[is_right[by_confidence]][:16]
surest_wrong = by_confidence[~is_right[by_confidence]][:16]
print(f"{int((~is_right).sum())} of {len(is_right)} test images are wrong")
display(show_predictions(surest_right, "Right, and sure of it (true → predicted)"))
display(show_predictions(surest_wrong, "Wrong, and still sure of it (true → predicted)"))

# %% [markdown]
# ### Your own handwriting
#
# Draw a digit by clicking cells, or upload a picture of one. It is cut out, scaled and centred as
# the MNIST images were, then your model answers. Try a 7 with a bar, a 1 with a foot, a letter: the
# model has to choose one of ten digits, and is often very sure of nonsense. Being sure is not the
# same as being right.


# %%
def predict_digit(image):
    """Probabilities (10,) of an image tensor (1, 1, 28, 28) with values from 0 to 1."""
    classifier.eval()
    with torch.no_grad():
        logits = classifier(((image - pixel_mean) / pixel_std).to(device))
    return logits.softmax(1)[0].cpu()


widgets.digit_pad(predict_digit)

# %% [markdown]
# Without widgets: a drawing in characters. Change it and run the cell again.

# %%
needs("classifier")
drawing = """
..........
..######..
.##....##.
.......##.
.....###..
.......##.
........##
.......##.
.##...##..
..#####...
"""
ink = torch.tensor([[float(mark == "#") for mark in row] for row in drawing.split()])
digit = widgets.centre_digit(ink)
plots.digit_and_probabilities(digit, predict_digit(digit))

# %% [markdown]
# ### Six equal models
#
# Six networks 784-100-10 see the same 10,000 images in the same order, once. They differ in nothing
# but the random numbers they start from. First with Adam at its usual 0.001, then at **0.04**
# (about five seconds).
#
# Before you run it: will six models of nearly equal accuracy be equally good at every digit?


# %%
def six_models(lr):
    """Class accuracies of six models, by name, and their overall accuracies."""
    per_class, overall = {}, []
    for seed in progress(range(6), f"Adam at {lr}"):
        torch.manual_seed(seed)
        model = MLP(784, 10, (100,)).to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        train_epoch(model, some_batches(batch_size=128, seed=0), optimizer, loss_fn)
        overall.append(evaluate(model, test_loader, loss_fn)[1])
        accuracies = accuracy_per_class(model, test_loader)
        per_class[f"model {seed + 1}: {overall[-1]:.1%}"] = [accuracies[c] for c in range(10)]
    return {"per_class": per_class, "overall": overall}


for lr in (0.001, 0.04):
    six = train_or_load(f"six_models_{lr}_{images.name}.pt", lambda: six_models(lr))
    per_class, overall = six["per_class"], six["overall"]
    table = np.array(list(per_class.values()))
    spread = table.max(axis=0) - table.min(axis=0)
    widest = int(spread.argmax())
    print(
        f"Adam at {lr}: overall {min(overall):.1%} to {max(overall):.1%}; "
        f"class {images.classes[widest]} from {table[:, widest].min():.1%} "
        f"to {table[:, widest].max():.1%}"
    )
    display(
        plots.bar(
            per_class,
            ylabel="test accuracy",
            title=f"Class accuracies, Adam at {lr}",
            labels=images.classes,
        )
    )

# %% [markdown]
# ## Written question: unequal classes  (15 minutes, 3 points)
#
# The six models have the same architecture, data, order of batches and optimizer. At 0.04 their
# class accuracies differ by tens of percentage points.
#
# 1. Where does the difference come from, and why is it so much larger at 0.04 than at 0.001?
# 2. Why do some classes swing widely and others hardly at all, and why does the overall accuracy
#    hide it?
# 3. What would you do, or report, before you call one of these models better than another?
#
# | points | |
# |---|---|
# | 0 | No cause is named, or the data or its order is blamed, although both are equal. |
# | 1 | Names the random start as the only difference and the learning rate that makes it count. |
# | 2 | Also explains the pattern: look-alike classes trade accuracy, and the mean hides it. |
# | 3 | Also draws a consequence: several seeds, figures per class, or a smaller learning rate. |

# %% [markdown] answer="unequal_classes" points=3
# 1. Only the initial weights differ. Adam's step is about the learning rate for every single
#    weight, whatever the size of the gradient: at 0.04 one step is as large as the initial weights
#    themselves (up to 1/√784 ≈ 0.036 in the first layer). The models part ways at once, units die,
#    and the iterates never settle but jump around a minimum. Where a model stands after the last
#    batch is an accident of its path, and the last few batches decide which side of a boundary is
#    favoured. At 0.001 all six follow the loss closely and end at about the same function.
# 2. A step that moves the boundary between two look-alike classes (4 and 9, 3, 5 and 8, 7 and 9)
#    makes one of them better at the other's expense. A 0 or a 1 has no close neighbour and stays
#    well recognised. Gains and losses partly cancel, and each class is only a tenth of the mean: it
#    moves by a few points where a class moves by fifty, and two models of equal accuracy can fail
#    on different digits.
# 3. Report several seeds, mean and spread, and the accuracy of each class (or the confusion
#    matrix), not the best run. Lower or decay the learning rate, train longer, or average weights
#    or predictions; then compare again. A difference smaller than the spread between seeds is no
#    difference.

# %% [markdown]
# ## What you have now
#
# A model, a loop, an evaluation that leaves no trace, a trainer, checkpoints, penalties,
# initialisations and two ways to look behind a single number. The next assignments use all of it.
#
# Before you hand in: restart the kernel, run all cells, and see that every check prints its ✓.

# %% [markdown]
# ## Before you hand in
#
# The button runs all self-checks once more, on what is in memory now. Then choose *Restart Kernel and
# Run All Cells*: this shows what works only because of the order in which you ran the cells.

# %%
from helpers import selfcheck

selfcheck.button("01_mlp_basics")
