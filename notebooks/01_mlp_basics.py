# %% [markdown]
# # 1 · Multi-layer perceptrons from the ground up
#
# You build a classifier for handwritten digits three times, from bare tensors to `nn.Module`, then
# the tools every later assignment uses.
#
# **You will learn to**
#
# - write a network, its backward pass and its training loop yourself, and then let PyTorch do it;
# - train, evaluate and save a model without the slips that cost nothing but accuracy;
# - find out with one batch whether a network can learn at all;
# - judge what initialisation, batch norm, penalties and the loss do, by runs that differ in one
#   thing;
# - look behind a single accuracy: class by class, and over several equal models.
#
# | part | you write | minutes | points |
# |---|---|---|---|
# | A · three ways to write a network | six functions, a class, a written answer | 115 | 31 |
# | B · training, measured properly | six functions, a trainer, a written answer | 110 | 29 |
# | C · what changes the training | four functions | 40 | 9 |
# | D · behind the accuracy | two functions, a written answer | 45 | 9 |
#
# **Rhythm of an exercise:** read the goal, guess in one line, write, run the check, look at the
# plot; then open "After the run" and compare with your guess. Hints and frequent errors are folded
# below the goal, one at a time.
#
# - **Time:** about five hours. The whole notebook runs in two to three minutes on a laptop without
#   a GPU.
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

from helpers import data, plots, seeding, verdicts, widgets
from helpers.cells import needs
from helpers.checkpoints import train_or_load
from helpers.progress import progress

verdicts.show()
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
# <details><summary>After the run: what you see, and why</summary>
#
# The kink is where $w x + b$ is 0, at $x = -b/w$: at 1, then at 0.5. The sign of the weight decides
# on which side the neuron is active, its size how steep it is; at 0 the neuron is the constant
# $\operatorname{ReLU}(b)$. The trough: weights 1 and -1, both biases -1.
#
# Every neuron adds a kink of its own to the sum. Without ReLU the sum of any number of neurons, in
# any number of layers, stays one straight line. A picture has 784 inputs instead of one $x$;
# nothing else changes.
# </details>

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
# **Predict in one line:** a model looks at no pixel and always gives the same answer. Which answer
# is the best, and how often is it right?
#
# *My guess:* …

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
# <details><summary>After the run: what you see, and why</summary>
#
# Ten bars of similar height. On MNIST 1 is the most frequent digit (6,742) and 5 the rarest
# (5,421), so always answering "1" is right in about 11 % of cases: any accuracy has to be compared
# with that.
# </details>

# %% [markdown]
# ### Mean, standard deviation, and what normalising does
#
# Most pixels are black, so the grey values have a mean far from zero. Normalising subtracts the
# mean and divides by the standard deviation: `(x - mean) / std`. Both numbers come from the
# *training* images only and are applied to the test images as they are, since test data must not
# influence the model in any way. What it does to training is seen in part B, with your own loop.

# %%
train_pixels = images.train_images.float() / 255
pixel_mean, pixel_std = train_pixels.mean().item(), train_pixels.std().item()
normalised = (train_pixels - pixel_mean) / pixel_std
print(f"before: mean {pixel_mean:.4f}, std {pixel_std:.4f}, from 0 to 1")
print(
    f"after:  mean {abs(normalised.mean().item()):.4f}, std {normalised.std().item():.4f}, "
    f"from {normalised.min().item():.2f} to {normalised.max().item():.2f}"
)


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


# %% [markdown]
# ## ReLU from elementary operations
#
# $\operatorname{ReLU}(x) = \max(x, 0)$ needs no library function. Here are three ways to write it,
# beside `F.relu`. Their values are equal everywhere. Their gradients are equal everywhere but at 0,
# where the function has a kink and each formula picks its own slope between 0 and 1.
#
# **Predict in one line:** why ReLU? Backward multiplies the slopes of all layers. What is left of a
# gradient after ten layers of ReLU (where it is active), and what after ten sigmoids at their
# steepest?
#
# *My guess:* …

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
steepest = torch.tensor(0.0, requires_grad=True)
steepest.sigmoid().backward()
print(f"the sigmoid at its steepest: {steepest.grad.item()}; ten in a row: {steepest.grad**10:.0e}")
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
# <details><summary>After the run: what you see, and why</summary>
#
# ReLU's slope is 1 wherever it is active: ten of them pass a gradient on as it came. The sigmoid's
# slope is at most 0.25, so ten layers leave at most a millionth of it, and less where a sigmoid is
# flat. ReLU is also cheap, and it bends: without something that bends between them, any number of
# linear layers is one linear layer. Its price is a slope of 0 on the other side: a unit that is
# negative for every image learns no more.
# </details>

# %% [markdown]
# ## Autograd in five lines
#
# A tensor made with `requires_grad=True` is a **leaf**: autograd has no earlier operation to
# follow, so `backward()` stores the gradient there, in `.grad`. The *result* of an operation is no
# leaf: it passes gradients on and keeps none.
#
# **Predict in one line:** the derivative of $(3w)^2$ at $w = 2$ is 36. What stands in `w.grad`
# after `backward()` has run twice?
#
# *My guess:* …

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
# <details><summary>After the run: what you see, and why</summary>
#
# 72: gradients *accumulate*. A training loop that does not zero them steps along the sum of all
# gradients it has ever seen.
# </details>

# %% [markdown]
# # Part A · Three ways to write the same network
#
# ## A1 · Parameters as plain tensors
#
# ●○○ · 10 minutes · 3 points · where a framework's layers keep what they learn
#
# **Goal:** make the weights and biases of a network with layer sizes `dims` by hand: `W` of shape
# `(in, out)` from a normal distribution with mean 0 and standard deviation `std`, `b` of zeros. All
# of them must be leaves that receive gradients.
#
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
# <details><summary>Error "a leaf Variable that requires grad is being used in an in-place operation"?</summary>
#
# `W *= std` (or `-=`, `fill_`) after `requires_grad` was switched on. Scale first, switch it on
# last.
# </details>
# <details><summary>Warning "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"?</summary>
#
# The tensor is the result of an operation, for example of `torch.randn(..., requires_grad=True) *
# std`. See the common mistake below the check.
# </details>

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
# **The common mistake:** asking for gradients first and scaling afterwards. The scaled tensor is
# the result of an operation, `backward()` stores nothing in its `.grad`, and training silently
# stands still.
#
# <details><summary>After the run: what you see, and why</summary>
#
# Four tensors in two pairs: `(784, 500)` and `(500,)`, then `(500, 10)` and `(10,)`. Three sizes
# have two gaps, and every gap is a layer.
# </details>

# %% [markdown]
# ## A2 · The forward pass with tensor operations
#
# ●○○ · 15 minutes · 4 points · what `model(x)` does, without the library
#
# **Goal:** turn inputs into logits with nothing but tensor operations: flatten, multiply, add, ReLU
# between the layers. The function takes parameters of any depth and does not change `x`.
#
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
# <details><summary>Error "mat1 and mat2 shapes cannot be multiplied (1792x28 and 784x500)"?</summary>
#
# The images still have four axes: 64 · 28 = 1792 rows of 28. Flatten every image to one row of 784
# first; the first axis stays.
# </details>
# <details><summary>Error "one of the variables needed for gradient computation has been modified by an inplace operation"?</summary>
#
# `relu_`, `+=` or `clamp_` overwrites a value that backward needs. Use the form that makes a new
# tensor.
# </details>

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
# **The common mistake:** a ReLU on the output as well. It looks harmless, but a class with a
# negative score then gets exactly 0 and no gradient, and the model stops learning about it.
#
# Now train it without any help: take the gradient, step against it, zero it. Two passes over 10,000
# images, about three seconds.

# %%
torch.manual_seed(0)
parameters = functional_parameters((784, 100, 10), std=0.01)
some_images, _ = next(iter(some_batches()))
first_logits = functional_mlp(some_images.cpu(), parameters)
print(f"standard deviation of the logits before the first step: {first_logits.std().item():.3f}")
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
# <details><summary>After the run: what you see, and why</summary>
#
# The logits are about 0.02 in size, so all ten probabilities are nearly equal and the loss starts
# at $\ln 10 \approx 2.303$, the value of a model that knows nothing. It falls below 1 within the
# first pass.
# </details>

# %% [markdown]
# ## A3 · The backward pass by hand
#
# ●●● · 30 minutes · 6 points · to know what `backward()` does, and where a gradient vanishes
#
# **Goal:** the gradients of the mean cross-entropy for a network of two layers, written out: back
# from the loss to the logits, through one Linear, through the ReLU, through the other Linear. No
# autograd, and no function that uses it.
#
# What you need to begin: for one image the gradient of the cross-entropy with respect to the
# *logits* is $p - \text{onehot}(y)$, with $p$ the softmax of the logits.
#
# <details><summary>Hint 1: the concept</summary>
#
# Each step back takes the gradient of what comes out and gives the gradient of what went in. A
# Linear `out = h @ W + b` gives three: of `W`, of `b` and of `h`. A ReLU passes on what belongs to
# positive inputs and nothing else. A mean over N images divides by N, once, at the start.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `logits.softmax(1)`, `F.one_hot(y, num_classes)`, `matrix.T`, `tensor.sum(0)`, `(before > 0)`,
# `x.flatten(1)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     forward: keep x flattened, before = input of the ReLU, hidden, logits
#     d_logits = (softmax of the logits - one-hot labels) / N
#     layer 2: dW2 from hidden and d_logits (inputs transposed, times what comes back);
#              db2 = d_logits, summed over the images
#     back through W2: d_hidden = d_logits times W2 transposed
#     back through the ReLU: keep it where before was positive, else 0
#     layer 1: as layer 2, with x in place of hidden
# </details>
# <details><summary>Error "The size of tensor a (500) must match the size of tensor b (10) at non-singleton dimension 1"?</summary>
#
# Two gradients of different layers meet. Write the shape beside each line: the gradient of a tensor
# has the shape of that tensor.
# </details>
# <details><summary>Error "element 0 of tensors does not require grad and does not have a grad_fn"?</summary>
#
# `backward()` was called. The parameters come without `requires_grad` here: work the gradients out
# yourself.
# </details>
# <details><summary>Gradients that are nan?</summary>
#
# `logits.exp()` overflows from about 89 on. Subtract each row's largest logit first, or use
# `softmax`, which does.
# </details>

# %% [markdown]
# **Predict in one line:** an image of a 3 gets probability 0.9 for class 3. What is the gradient
# with respect to the logit of class 3, and what do the ten of them add up to?
#
# *My guess:* …


# %% solution="mlp_gradients"
def mlp_gradients(x, y, parameters):
    """Gradients of the mean cross-entropy of `functional_mlp`, by hand, for two layers.

    x: inputs (N, in) or images (N, C, H, W).
    y: labels (N,), whole numbers.
    parameters: [(W1, b1), (W2, b2)], as `functional_parameters` returns them.

    Returns [(dW1, db1), (dW2, db2)] in the shapes of the parameters, without autograd. Where the
    input of a ReLU is exactly 0, its slope is 0.
    """
    ### BEGIN SOLUTION
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
    ### END SOLUTION


# %% selfcheck="mlp_gradients" points=6
torch.manual_seed(0)
_x, _y = torch.randn(6, 1, 2, 2), torch.tensor([0, 2, 1, 0, 2, 2])
_layers = [(torch.randn(4, 5), torch.randn(5)), (torch.randn(5, 4), torch.randn(4))]


def _stop(*_):
    raise AssertionError("autograd is at work here: work the gradients out by hand")


with torch.no_grad(), torch.autograd.graph.saved_tensors_hooks(_stop, _stop):
    _got = mlp_gradients(_x, _y, _layers)
assert _got is not None, "return the list of pairs [(dW1, db1), (dW2, db2)]"
assert [len(_pair) for _pair in _got] == [2, 2], "expected two pairs: [(dW1, db1), (dW2, db2)]"
_names = ["dW1", "db1", "dW2", "db2"]
_flat, _leaves = [t for _pair in _got for t in _pair], [t for _pair in _layers for t in _pair]
for _name, _tensor, _leaf in zip(_names, _flat, _leaves):
    assert tuple(_tensor.shape) == tuple(_leaf.shape), (
        f"{_name}: got {tuple(_tensor.shape)}, expected {tuple(_leaf.shape)}: transposed, or not "
        "summed over the batch?"
    )
_copies = [(_W.clone().requires_grad_(), _b.clone().requires_grad_()) for _W, _b in _layers]
F.cross_entropy(functional_mlp(_x, _copies), _y).backward()
_right = [t.grad for _pair in _copies for t in _pair]
for _name, _tensor, _want in reversed(list(zip(_names, _flat, _right))):
    if torch.allclose(_tensor, 6 * _want, rtol=1e-3, atol=1e-5):
        raise AssertionError(f"{_name} is 6 times too large: the loss is the mean over 6 images")
    assert torch.allclose(_tensor, _want, rtol=1e-3, atol=1e-5), (
        f"{_name}: got {_tensor.flatten()[0]:.4f} as its first entry, expected "
        f"{_want.flatten()[0]:.4f} (autograd, through your functional_mlp). "
        + ("Is it p - onehot at the logits?" if "2" in _name else "Which ReLU was active?")
    )
_at_kink = [(torch.zeros(4, 5), torch.zeros(5)), _layers[1]]
_dW1 = mlp_gradients(_x, _y, _at_kink)[0][0]
assert not _dW1.any(), "every ReLU gets exactly 0 here: its slope there is 0, so dW1 should be 0"
_steep = [_layers[0], (100 * _layers[1][0], _layers[1][1])]
assert all(t.isfinite().all() for _pair in mlp_gradients(_x, _y, _steep) for t in _pair), (
    "logits in the hundreds: a gradient is nan or inf. exp(100) is more than a float32 holds"
)
print("✓ four gradients as autograd has them, images, the kink and large logits")
print("  (not looked at: every way to let PyTorch differentiate; grading switches all of them off)")

# %% [markdown]
# **The common mistake:** the mask of the wrong tensor. A ReLU passes gradient where its *input* was
# positive; the gradient that arrives may be negative there.
#
# <details><summary>After the run: what you see, and why</summary>
#
# 0.9 - 1 = -0.1: a larger logit of class 3 lowers the loss. The ten add up to 0, because the
# probabilities add up to 1: what one logit gains, the others lose.
# </details>

# %% [markdown]
# Does autograd get the same? Below, both on 64 images, and the operations that autograd has
# recorded, from the loss back to the first weights.
#
# **Predict in one line:** you have just written a backward pass. Why does nobody write one for a
# PyTorch model?
#
# *My guess:* …

# %%
torch.manual_seed(0)
parameters = functional_parameters((784, 100, 10), std=0.05)
batch = (images.train_images[:64].float() / 255 - pixel_mean) / pixel_std
loss = F.cross_entropy(functional_mlp(batch, parameters), images.train_labels[:64])
loss.backward()
with torch.no_grad():
    by_hand = mlp_gradients(batch, images.train_labels[:64], parameters)
for name, (W, b), (dW, db) in zip(("layer 1", "layer 2"), parameters, by_hand, strict=True):
    gap = max((W.grad - dW).abs().max().item(), (b.grad - db).abs().max().item())
    print(f"{name}: largest entry {W.grad.abs().max().item():.3f}, largest difference {gap:.0e}")
step = loss.grad_fn
while step is not None:
    print(f"  {step.name()}")
    step = step.next_functions[0][0] if step.next_functions else None

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# By hand and by autograd the gradients differ by rounding only.
#
# Autograd writes down every operation of the forward pass and knows a backward rule for each of
# them, the ones you have just written. The list above is your function read backwards, so a
# backward pass of your own would say nothing new, and it would have to be changed with every change
# of the forward pass.
# </details>

# %% [markdown]
# ## A4 · Count what is trained
#
# ●○○ · 5 minutes · 3 points · the first line of every model summary
#
# **Goal:** the number of trainable parameters of any `nn.Module`. A parameter is frozen, and not
# counted, when its `requires_grad` is `False`.
#
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
# <details><summary>Error "'method' object is not iterable"?</summary>
#
# `model.parameters` is a method: call it, `model.parameters()`.
# </details>
# <details><summary>Error "'generator' object has no attribute 'numel'"?</summary>
#
# `model.parameters()` yields the tensors one by one: go through them.
# </details>

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
# **The common mistake:** adding up the weight matrices only. Every layer also has one bias per
# output.
#
# <details><summary>After the run: what you see, and why</summary>
#
# 7,850 for logistic regression: 7,840 weights and ten biases. 784-500-10 has about fifty times as
# many; the exact number is the next question. What they buy is measured in part B.
# </details>

# %% [markdown]
# ## Written question: parameter arithmetic
#
# ●○○ · 10 minutes · 3 points · to see where a network's size sits before you build it
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
# | 1 | The first count is right and derived layer by layer. |
# | 2 | Also the second question, in numbers and with a reason. |
# | 3 | Also the third: the part that grows faster is named, with its numbers. |

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
# ## A5 · One hidden layer with options
#
# ●●○ · 15 minutes · 4 points · the building block that code for real networks repeats
#
# **Goal:** a function that builds one hidden layer as `nn.Sequential`, always in the order Linear →
# BatchNorm1d → activation → Dropout, and only with the parts that were asked for; with
# `activation=None` there is no activation.
#
# Batch norm subtracts each unit's mean over the batch. Whatever bias the Linear has added is gone
# after that, so under batch norm it gets none (the norm brings a shift of its own).
#
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
#     if there is an activation: append a new one
#     if dropout > 0: append Dropout
#     return them as Sequential
# </details>
# <details><summary>Error "torch.nn.modules.activation.ReLU is not a Module subclass"?</summary>
#
# `nn.Sequential` got the class. `activation()` makes a module of it.
# </details>
# <details><summary>Error "'NoneType' object is not callable"?</summary>
#
# `activation` is `None` here, and was called: ask first.
# </details>

# %% [markdown]
# **Predict in one line:** how many parameters has `dense_layer(784, 500, batch_norm=True)`,
# compared with the plain one?
#
# *My guess:* …


# %% solution="dense_layer"
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    """One hidden layer as `nn.Sequential`: Linear → BatchNorm1d → activation → Dropout.

    activation: a class (or function without arguments) that makes the activation module; None
        leaves it out.
    batch_norm: put a BatchNorm1d behind the Linear, which then has no bias of its own.
    dropout: probability of Dropout; at 0 none is needed.
    """
    ### BEGIN SOLUTION
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    if activation is not None:
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
_names = [type(m).__name__ for m in _parts(dense_layer(6, 4, activation=None, dropout=0.3))]
assert _names == ["Linear", "Dropout"], (
    f"activation=None: got the modules {_names}, expected no activation among them"
)
_linear, _norm, _, _dropout = _parts(_full)
assert _norm.num_features == 4, (
    f"the norm has {_norm.num_features} features, expected 4: it follows the Linear"
)
assert _norm.affine, "the norm has a scale and a shift of its own: leave them in"
assert _linear.bias is None, "a bias before batch norm is subtracted again: leave it out"
assert _dropout.p == 0.3, f"dropout probability: got {_dropout.p}, expected 0.3"
print("✓ order, widths and options look right (not looked at: what the layer computes)")

# %% [markdown]
# **The common mistake:** normalising *after* the activation, or with `in_features`. The norm
# belongs to what the Linear puts out.
#
# <details><summary>After the run: what you see, and why</summary>
#
# 500 more: 500 biases fewer, but 500 scales and 500 shifts of the norm. Its running mean and
# variance are buffers, not parameters: nothing trains them.
# </details>

# %% [markdown]
# ## A6 · The network as a module
#
# ●●○ · 20 minutes · 5 points · the form in which nearly all PyTorch models are written
#
# **Goal:** a class for multi-layer perceptrons of any depth, `hidden_sizes=()` (no hidden layer)
# included. It flattens its input and returns logits.
#
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
# <details><summary>Error "cannot assign module before Module.__init__() call"?</summary>
#
# `super().__init__()` has to be the first line of `__init__`.
# </details>
# <details><summary>Error "optimizer got an empty parameter list"?</summary>
#
# The layers are in a plain list: see hint 1.
# </details>

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
# **The common mistake:** a plain list. The forward pass works, but the optimizer gets no
# parameters, `.to(device)` moves nothing, and a saved state dict is empty.
#
# <details><summary>After the run: what you see, and why</summary>
#
# An empty list, and no error: `nn.Module` registers what is assigned as an attribute, and a list is
# no module. `nn.ModuleList` is a list that is one.
# </details>

# %% [markdown]
# ## A7 · The same as nn.Sequential
#
# ●○○ · 10 minutes · 3 points · the shortest way to a network that is a plain chain
#
# **Goal:** build the network with layer sizes `dims` from ready-made modules only; it takes images,
# too.
#
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
# <details><summary>Error "list is not a Module subclass"?</summary>
#
# `nn.Sequential` takes modules, not a list of them: unpack it with a star,
# `nn.Sequential(*modules)`.
# </details>
# <details><summary>Error "mat1 and mat2 shapes cannot be multiplied"?</summary>
#
# The shapes in the message name the place. Four axes: `nn.Flatten` is missing. Else compare each
# Linear's input with the output before it.
# </details>

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
# **The common mistake:** the loop puts a ReLU behind the last Linear as well.
#
# Now the three networks with the same weights. `nn.Linear` stores its weight as `(out, in)`, so
# ours is transposed on the way.


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
# <details><summary>After the run: what you see, and why</summary>
#
# The module and the sequential network run the same operations and agree exactly or nearly so; by
# hand the sums may be added in another order, and the logits differ by about one in a million, from
# rounding alone. Trained side by side they are in part B.
# </details>

# %% [markdown]
# # Part B · Training, measured properly
#
# The checks of this part use a tiny model, five points, and a "loader": a list of two batches, of
# which the last is smaller, or an object that has them in another order in every pass.


# %% setup=true
def tiny_model(*extra):
    """Two inputs, two classes, fixed weights; `extra` modules follow the Linear layer."""
    model = nn.Sequential(nn.Linear(2, 2), *extra)
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[0.5, -0.5], [0.25, 1.0]]))
        model[0].bias.zero_()
    return model


class Reversing:
    """A loader of the two batches below; every pass has them the other way round."""

    first = 1

    def __iter__(self):
        self.first = 1 - self.first
        return iter([ragged_loader[self.first], ragged_loader[1 - self.first]])


five_x = torch.tensor([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0], [-1.0, 1.0], [3.0, 1.0]])
five_y = torch.tensor([0, 1, 0, 1, 1])
ragged_loader = [(five_x[:4], five_y[:4]), (five_x[4:], five_y[4:])]

# %% [markdown]
# And here are the loaders of the real images. A twelfth of the training images is set aside for
# validation: it chooses between models. The test images say at the end what the choice is worth.


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

# %% [markdown]
# ## B1 · One epoch of training
#
# ●●○ · 20 minutes · 5 points · the loop inside every training script
#
# **Goal:** one pass over a loader, and the mean training loss *per sample*. If there is a
# `penalty`, it is added to what is minimised but not to what is reported, so that runs with and
# without it stay comparable.
#
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
# <details><summary>Error "element 0 of tensors does not require grad and does not have a grad_fn"?</summary>
#
# What `backward()` starts from is cut off from the weights: `.detach()`, or a new tensor made from
# a number. Keep the loss tensor for `backward()` and take `.item()` for the sum only.
# </details>
# <details><summary>Error "grad can be implicitly created only for scalar outputs"?</summary>
#
# `backward()` starts from one number per image. The batch loss has to be a scalar: is a `mean()`
# missing in what you minimise?
# </details>

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
# **The common mistake:** adding up `loss` itself, not `loss.item()`. The sum then holds on to the
# graph of every batch, and memory grows until the epoch ends.
#
# <details><summary>After the run: what you see, and why</summary>
#
# 468 batches of 128 are 59,904 images; 96 are left. The mean of 469 batch means gives each of these
# 96 images 128/96 ≈ 1.33 times the weight of any other. Here that changes little; with a last batch
# of one image, it counts 128-fold.
# </details>

# %% [markdown]
# ## B2 · Evaluation that leaves no trace
#
# ●●○ · 15 minutes · 4 points · every number that anybody reports about a model
#
# **Goal:** loss and accuracy on a loader, in evaluation mode (dropout off, batch norm with its
# running statistics), without gradients. The model does not change: if it was in training mode
# before, it is in training mode again afterwards; if it was in evaluation mode, it stays there.
#
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
# <details><summary>Error "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."?</summary>
#
# Gradients are tracked during evaluation. Switch them off for the whole loop, and the message goes
# away.
# </details>
# <details><summary>Error "Expected more than 1 value per channel when training"?</summary>
#
# Batch norm is in training mode and got a batch of one image: evaluation mode is missing.
# </details>

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
# **The common mistake:** ending with `model.train()`. A model that came in evaluation mode leaves
# in training mode, and the next prediction is drawn with dropout.
#
# <details><summary>After the run: what you see, and why</summary>
#
# No: each pass drops other units at random, so each time it is another network, and a worse one
# than the whole. In evaluation mode both runs give the same number, digit for digit.
# </details>

# %% [markdown]
# ## B3 · The loss of every batch
#
# ●○○ · 10 minutes · 3 points · the curve that people watch while a model trains
#
# **Goal:** train for some epochs and keep the loss of every single batch, measured before the step
# on it. `train_epoch` gives one number per epoch; early in training that hides everything.
#
# <details><summary>Hint 1: the concept</summary>
#
# The same loop as in `train_epoch`, but nothing is averaged: every batch leaves one number. The
# outer loop is the number of epochs.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `for images, labels in loader:` begins a new pass each time it is reached; `loss.item()`,
# `losses.append(...)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     training mode; an empty list
#     for each epoch: for inputs and labels in the loader:
#         forget the old gradients; loss; differentiate; step
#         append the loss to the list, as a plain number
#     return the list
# </details>
# <details><summary>Error "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead." in a plot?</summary>
#
# The list holds loss tensors with their graphs. Put `loss.item()` into it.
# </details>
# <details><summary>A list that is empty, or holds the last epoch only?</summary>
#
# Where is the list made? Once, before the first epoch.
# </details>

# %% [markdown]
# **Predict in one line:** with ten classes, what is the first number of the list, roughly, before
# anything has been learnt?
#
# *My guess:* …


# %% solution="train_batches"
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    """Train `model` for `num_epochs` passes over `loader`, in training mode.

    Returns a list with the loss of every batch, in order, as floats, each measured before the
    step on that batch. Every epoch iterates `loader` anew, so a loader that shuffles does so again.
    """
    ### BEGIN SOLUTION
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% selfcheck="train_batches" points=3
_model = tiny_model(nn.BatchNorm1d(2)).eval()
_still = torch.optim.SGD(_model.parameters(), lr=0.0)
_got = train_batches(_model, ragged_loader[:1], _still, nn.CrossEntropyLoss())
assert _model.training, "train in training mode: dropout and batch norm depend on it"
assert isinstance(_got, list) and len(_got) == 1, f"one batch: got {_got}, expected a list of one"
assert isinstance(_got[0], float), f"got {type(_got[0]).__name__}, expected floats: use .item()"

_model = tiny_model()
_still = torch.optim.SGD(_model.parameters(), lr=0.0)
_got = train_batches(_model, Reversing(), _still, nn.MultiMarginLoss(), num_epochs=3)
_large, _small = (nn.MultiMarginLoss()(_model(_x), _y).item() for _x, _y in ragged_loader)
assert len(_got) == 6, f"two batches, three epochs: got {len(_got)} losses, expected 6"
assert np.allclose(_got, [_large, _small, _small, _large, _large, _small]), (
    "each loss should be that of its batch by loss_fn, and every epoch should iterate the loader "
    "anew: this one reverses its order each time"
)
_model, _twin = tiny_model(), tiny_model()
_fast = torch.optim.SGD(_model.parameters(), lr=0.1)
_got = train_batches(_model, ragged_loader, _fast, nn.CrossEntropyLoss())
_want = F.cross_entropy(_twin(five_x[:4]), five_y[:4]).item()
assert abs(_got[0] - _want) < 1e-5, f"got {_got[0]:.4f}, expected {_want:.4f}: before the step"
for _batch in ragged_loader:
    _fresh = torch.optim.SGD(_twin.parameters(), lr=0.1)
    train_epoch(_twin, [_batch], _fresh, nn.CrossEntropyLoss())
    _twin.zero_grad()
assert torch.allclose(_model[0].weight, _twin[0].weight), (
    "the weights are not those of your train_epoch, batch by batch: zero, backward, step?"
)
print("✓ one float per batch, in order, and one step each (not looked at: images)")

# %% [markdown]
# **The common mistake:** making `list(loader)` once and going through it in every epoch. It works,
# and the order is the same in every epoch: the shuffling is lost.
#
# <details><summary>After the run: what you see, and why</summary>
#
# About 2.3, the loss of ten equal probabilities, if the logits start small, as in A2; larger if
# they start large, because then the model is sure of something before it has learnt anything.
# </details>

# %% [markdown]
# ### What normalising does
#
# Logistic regression (one linear layer) sees 10,000 images once, with the same start and the same
# learning rate, in three scalings: grey values from 0 to 255, from 0 to 1, and normalised.
#
# **Predict in one line:** a gradient with respect to a weight is proportional to the pixel that it
# multiplies. Which of the three learns fastest, and what happens to the first?
#
# *My guess:* …

# %%
scalings = {"0 to 255": (0.0, 1 / 255), "0 to 1": (0.0, 1.0), "normalised": (pixel_mean, pixel_std)}
curves = {}
for name, (mean, std) in scalings.items():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loader = some_batches(mean=mean, std=std)
    curves[name] = train_batches(model, loader, optimizer, F.cross_entropy)
plots.line(curves, xlabel="batch", ylabel="loss", title="Same model, same learning rate", logy=True)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# With values up to 255 the steps are far too long and the loss is in the hundreds (mind the
# logarithmic axis); between 0 and 1 the steps are short; normalised, the same learning rate is the
# fastest of the three.
# </details>

# %% [markdown]
# ### Three ways, trained side by side
#
# The functional, the module and the sequential network (784-100-10) start with the same weights and
# see the same batches: one pass over 10,000 images, about five seconds in all. The functional one
# is wrapped, so that the loop finds its tensors.
#
# **Predict in one line:** their first logits differ by rounding at most. Do a hundred steps of
# training make this difference large?
#
# *My guess:* …


# %%
class Functional(nn.Module):
    """Your `functional_mlp` in the clothes of a module."""

    def __init__(self, parameters):
        super().__init__()
        self.tensors = nn.ParameterList(tensor for pair in parameters for tensor in pair)

    def forward(self, x):
        tensors = list(self.tensors)
        return functional_mlp(x, list(zip(tensors[::2], tensors[1::2])))


torch.manual_seed(0)
shared = functional_parameters((784, 100, 10), std=0.05)
ways = {
    "module": copy_into(MLP(784, 10, (100,)), shared),
    "sequential": copy_into(sequential_mlp((784, 100, 10)), shared),
    "functional": Functional(shared),
}
curves = {}
for name, model in ways.items():
    model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    curves[name] = train_batches(model, some_batches(), optimizer, loss_fn)
    print(f"{name:11} test accuracy {evaluate(model, test_loader, loss_fn)[1]:.2%}")
gaps = {name: np.abs(np.subtract(curves[name], curves["functional"])).max() for name in ways}
print("largest difference of two batch losses:", f"{max(gaps.values()):.0e}")
plots.line(curves, xlabel="batch", ylabel="loss", title="Three ways, one curve")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# One curve, drawn three times. The batch losses differ in their last digits at most, from rounding,
# and the accuracies by an image or two, if at all. Which way you write a network is a matter of
# convenience: the function that is trained is the same.
# </details>

# %% [markdown]
# ## B4 · Overfit one batch
#
# ●○○ · 10 minutes · 3 points · the first thing to try when a network does not learn
#
# **Goal:** train on one and the same batch, again and again. A network that cannot learn 64 images
# by heart has a bug, and you know it after a second rather than after a night: the first loss
# should be near $\ln 10$, the last near 0.
#
# <details><summary>Hint 1: the concept</summary>
#
# The loop of `train_batches` with the same batch every time. What is counted is steps.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `for _ in range(num_steps):`, `F.cross_entropy(logits, labels)`; or your `train_batches`, with a
# list in place of the loader.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     training mode; an empty list
#     num_steps times:
#         forget the old gradients; mean cross-entropy of the batch; differentiate; step
#         append the loss to the list, as a plain number
#     return the list
# </details>
# <details><summary>Error "Trying to backward through the graph a second time"?</summary>
#
# The logits were computed once, before the loop. The weights change at every step, so every step
# needs a forward pass of its own.
# </details>
# <details><summary>A loss that never changes?</summary>
#
# Is `step()` called, and was the optimizer given *this* model's parameters?
# </details>

# %% [markdown]
# **Predict in one line:** with a softmax on the output (a bug: `CrossEntropyLoss` wants logits),
# where does the loss of one batch end after 100 steps?
#
# *My guess:* …


# %% solution="overfit_one_batch"
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    """Train `model` on one batch for exactly `num_steps` steps, in training mode.

    Returns a list of floats: the mean cross-entropy before each step.
    """
    ### BEGIN SOLUTION
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% selfcheck="overfit_one_batch" points=3
_model = tiny_model().eval()
_fast = torch.optim.SGD(_model.parameters(), lr=0.1)
_first = F.cross_entropy(_model(five_x), five_y).item()
_got = overfit_one_batch(_model, five_x, five_y, _fast, num_steps=3)
assert isinstance(_got, list) and len(_got) == 3, f"num_steps=3: got {_got}, expected 3 numbers"
assert all(isinstance(_loss, float) for _loss in _got), (
    f"got {type(_got[0]).__name__}, expected plain floats: use .item()"
)
assert abs(_got[0] - _first) < 1e-5, (
    f"first loss: got {_got[0]:.4f}, expected {_first:.4f}, the mean over the whole batch before "
    "the first step"
)
assert _model.training, "train in training mode: dropout and batch norm depend on it"
_twin, _losses = tiny_model(), []
for _ in range(3):
    _fresh = torch.optim.SGD(_twin.parameters(), lr=0.1)
    _losses += train_batches(_twin, [(five_x, five_y)], _fresh, F.cross_entropy)
    _twin.zero_grad()
assert torch.allclose(_model[0].weight, _twin[0].weight), (
    "three steps on one batch lead elsewhere: are the gradients zeroed before each, and is every "
    "step on all of the images?"
)
assert np.allclose(_got, _losses), f"got the losses {_got}, expected {_losses}"
print("✓ so many steps on one batch, each loss before its step (not looked at: images)")

# %% [markdown]
# **The common mistake:** a new batch at every step, out of habit. Then the loss may stay up because
# the problem is hard; here it can only stay up because something is broken.
#
# Two networks on one batch of 64 images, one of them with the bug.

# %%
one_batch, its_labels = next(iter(some_batches(batch_size=64)))
curves = {}
for name, extra in {"logits": [], "softmax on the output": [nn.Softmax(dim=1)]}.items():
    torch.manual_seed(0)
    model = nn.Sequential(MLP(784, 10, (100,)), *extra).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    curves[name] = overfit_one_batch(model, one_batch, its_labels, optimizer, num_steps=100)
    print(f"{name:22} first loss {curves[name][0]:.3f}, last loss {curves[name][-1]:.4f}")
plots.line(curves, xlabel="step", ylabel="loss of the batch", title="Sixty-four images by heart")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Both begin near 2.3. With logits the loss is below 0.1 after some ten steps and ends near 0: the
# network knows the batch by heart. With the softmax it stops at 1.46, however long you train,
# although every image is classified right: a floor, and a floor is a bug. Why just there is part of
# the written question below.
# </details>

# %% [markdown]
# ## B5 · A trainer that keeps its best weights
#
# ●●● · 25 minutes · 5 points · early stopping: the last epoch is seldom the one you want
#
# **Goal:** train for some epochs, keep a record, and end with the weights of the epoch that had the
# highest validation accuracy (the first of equals). Validation data chooses; it never trains. Use
# your `train_epoch` and `evaluate`.
#
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
# <details><summary>Error "Expected state_dict to be dict-like, got <class 'NoneType'>"?</summary>
#
# No epoch was ever the best. Does the best accuracy start below any that is possible, 0 included?
# </details>
# <details><summary>The check says that the model scores less than its best epoch?</summary>
#
# See hint 1: what was remembered has changed since.
# </details>

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
# **The common mistake:** `best = model.state_dict()` without a copy. The code runs, and silently
# returns the last weights.
#
# <details><summary>After the run: what you see, and why</summary>
#
# Not always, and only the validation accuracy can tell: the training loss falls as long as the
# model learns anything, be it by heart, and the validation loss may rise while the accuracy still
# gains. Below is a real run.
# </details>

# %% [markdown]
# ## B6 · Save and load
#
# ●○○ · 5 minutes · 3 points · to use a model tomorrow, or on another machine
#
# **Goal:** write a model's state dict to a file and read it back into a model, in place. A file
# written on a GPU has to load on a machine without one.
#
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
# <details><summary>Error "Weights only load failed"?</summary>
#
# The file holds more than tensors, probably the whole model. Save its state dict.
# </details>
# <details><summary>Error "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False"?</summary>
#
# Tensors go back to the device they were saved from unless `torch.load` is told where to put them.
# </details>

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
# **The common mistake:** `torch.save(model, path)`. That pickles the class by name: the file breaks
# as soon as your code changes, and opening a stranger's pickle runs his code.
#
# <details><summary>After the run: what you see, and why</summary>
#
# The code of the model and the sizes it was made with: a state dict has names and tensors, no
# layers. Also how the inputs were normalised, which nothing in the file tells.
# </details>

# %% [markdown]
# ## Train the real model
#
# 784-500-10, batches of 128, Adam at 0.001, five epochs. The test images are used once, at the end.
#
# This takes **15 to 30 seconds** on a CPU, so it follows *train or load*: the cell trains and saves
# the weights beside the notebook, or loads them if they are there. Delete the files to train again.
#
# **Predict in one line:** which test accuracy? And which is higher after the first epoch: the
# training loss or the validation loss?
#
# *My guess:* …

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
# <details><summary>After the run: what you see, and why</summary>
#
# On MNIST the validation accuracy is above 95 % after the first epoch, and in the end you have a
# test accuracy between 97.5 and 98.2 %.
#
# The training loss starts *above* the validation loss (the next cell shows why), falls faster and
# ends well below it: that gap is the first sign of overfitting, here still a harmless one, since
# the validation accuracy rises as well.
# </details>

# %% [markdown]
# ### The training loss that starts above the validation loss
#
# A fresh network of the same kind, one epoch, about five seconds. The dots are the losses of single
# batches while it learns; the lines are three means: of these batch losses, of the training images
# *after* the epoch, and of the validation images after it.
#
# **Predict in one line:** in which order do the three lines lie?
#
# *My guess:* …


# %%
def one_epoch_measured():
    """Batch losses of one epoch, and the mean losses at its end."""
    torch.manual_seed(0)
    model = MLP(784, 10, (500,)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = train_batches(model, train_loader, optimizer, loss_fn)
    ends = {name: evaluate(model, loader, loss_fn)[0] for name, loader in measured_on.items()}
    return {"batches": losses, "means": {"while learning": sum(losses) / len(losses)} | ends}


measured_on = {"training images, afterwards": train_loader, "validation, afterwards": val_loader}
first_epoch = train_or_load(f"first_epoch_{images.name}.pt", one_epoch_measured)
for name, value in first_epoch["means"].items():
    print(f"{name:28} {value:.3f}")

figure, ((axes,),) = plots.panels(title="One epoch, three means")
axes.plot(first_epoch["batches"], ".", color="#888888", markersize=5, label="batches")
for colour, (name, value) in zip(plots.COLOURS, first_epoch["means"].items()):
    axes.axhline(value, color=colour, label=name)
axes.set(xlabel="batch", ylabel="loss", ylim=(0, 1))
axes.legend(frameon=False, fontsize=9)
figure.alt = f"Batch losses of one epoch ({len(first_epoch['batches'])} batches), and three means."
figure.words = "; ".join(f"{name}: {value:.3f}" for name, value in first_epoch["means"].items())
figure

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Measured at the same moment, the training loss is the lowest of the three, as it should be: about
# 0.11, against 0.15 on validation images (MNIST, one run). The number that `train_epoch` reports,
# 0.24, is something else: a mean over the epoch, in which the first batches count that were met by
# a network that knew nothing. Validation is measured when the epoch is over, with the better
# network. With dropout there is a second reason: training is measured with it, validation without.
# </details>

# %% [markdown]
# ### What the parameters buy
#
# Logistic regression on pixels has 7,850 parameters, the network above 397,510. The cell trains the
# small one in the same way: the same batches, five epochs, about ten seconds.
#
# **Predict in one line:** which test accuracy does logistic regression reach? Does it need another
# few epochs, or another model?
#
# *My guess:* …


# %%
def logistic_regression():
    """Record and test accuracy of a single linear layer, trained as the network above."""
    seeding.seed_everything(0)
    model = MLP(784, 10, ()).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    record = Trainer(model, optimizer, loss_fn).fit(train_loader, val_loader, num_epochs=5)
    return {"history": record, "accuracy": evaluate(model, test_loader, loss_fn)[1]}


needs("classifier", "history", "test_accuracy")
logistic = train_or_load(f"logistic_{images.name}.pt", logistic_regression)
for name, model, accuracy in (
    ("logistic regression", MLP(784, 10, ()), logistic["accuracy"]),
    ("784-500-10", classifier, test_accuracy),
):
    print(f"{name:20} {count_parameters(model):>8,} parameters, test accuracy {accuracy:.2%}")
plots.learning_curves({"logistic regression": logistic["history"], "784-500-10": history})

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# About 92.4 % against 98 % (MNIST, one run each): fifty times the parameters leave about a quarter
# of the errors. More epochs do not help the small model: its *training* loss has all but stopped
# falling, at 0.27. It is not overfitted, it is too stiff: one straight boundary between any two
# digits. The hidden layer buys boundaries that bend. What it costs is seen on the other side: the
# large model has a gap between training and validation loss, the small one has none.
# </details>

# %% [markdown]
# ## Written question: why logits
#
# ●●○ · 15 minutes · 3 points · the most frequent silent bug of classifiers
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
# | 1 | Says what the loss does with its input, and so what is done twice. |
# | 2 | Also derives a consequence for training, with a number or a mechanism. |
# | 3 | Also answers the second question: reads the plot and gives the cause of what it shows. |

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
# ## B7 · A loss that is made for something else
#
# ●○○ · 10 minutes · 3 points · to try a loss of your own in an otherwise finished loop
#
# **Goal:** the mean squared error between *plain linear outputs* (no softmax anywhere) and one-hot
# labels, as a loss function for your training loop.
#
# <details><summary>Hint 1: the concept</summary>
#
# A label becomes a row: 1 at its class, 0 elsewhere. The loss is an ordinary mean of squared
# differences.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `F.one_hot(labels, num_classes)`, `outputs.shape[1]`, `.square()`, `.mean()`, or `F.mse_loss` with
# targets of the outputs' dtype.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     targets = one row per label, as wide as the outputs
#     return the mean of all (outputs - targets) squared
# </details>
# <details><summary>Error "The size of tensor a (10) must match the size of tensor b (64) at non-singleton dimension 1"?</summary>
#
# The labels are class numbers, `(64,)`; the outputs have a column per class, `(64, 10)`. Make one
# row of zeros with a single 1 of every label.
# </details>
# <details><summary>Error "one_hot is only applicable to index tensor of type LongTensor."?</summary>
#
# The labels were made floating point before `F.one_hot`. Convert its result, if anything.
# </details>
# <details><summary>Error "Class values must be smaller than num_classes."?</summary>
#
# The number of classes is that of the outputs' columns, not of the labels in this batch.
# </details>

# %% [markdown]
# **Predict in one line:** MSE on softmax outputs hardly learns from confident mistakes. And MSE on
# linear outputs: does it learn digits at all?
#
# *My guess:* …


# %% solution="mse_on_onehot"
def mse_on_onehot(outputs, labels):
    """Mean squared error of plain linear outputs against one-hot labels: a scalar tensor.

    outputs: (N, C), left as they are; labels: (N,), whole numbers from 0 to C - 1.

    The mean is over all N * C entries, and the result can be differentiated.
    """
    ### BEGIN SOLUTION
    return (outputs - F.one_hot(labels, outputs.shape[1])).square().mean()
    ### END SOLUTION


# %% selfcheck="mse_on_onehot" points=3
_outputs = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.0, -1.0]], requires_grad=True)
_before = _outputs.detach().clone()
_got = mse_on_onehot(_outputs, torch.tensor([0, 1]))
assert isinstance(_got, torch.Tensor) and _got.ndim == 0, (
    f"got {type(_got).__name__}, expected a scalar tensor"
)
assert abs(_got.item() - 4 / 6) < 1e-5, (
    f"got {_got.item():.4f}, expected {4 / 6:.4f}: the squared errors are 1, 0, 0 and 1, 1, 1, and "
    "the mean is over all six. No softmax, and three classes although no label is 2?"
)
_got.backward()
assert torch.allclose(_outputs.grad, torch.tensor([[2.0, 0, 0], [2, -2, -2]]) / 6), (
    f"the gradient is {_outputs.grad.tolist()}: 2 (output - onehot) / 6 was expected"
)
assert torch.equal(_outputs.detach(), _before), "the outputs were changed: work in a new tensor"
print("✓ value, gradient, and outputs left alone")

# %% [markdown]
# **The common mistake:** `F.one_hot(labels)` without the number of classes. It counts up to the
# largest label *of this batch*, so the error comes with the first batch that lacks a 9.
#
# The same network (784-100-10), Adam, five passes over 10,000 images with each loss, about six
# seconds in all.


# %%
def trained_with_losses():
    """Loss → test accuracy after each of five passes."""
    accuracies = {}
    for name, function in {"cross-entropy": loss_fn, "MSE": mse_on_onehot}.items():
        torch.manual_seed(0)
        model = MLP(784, 10, (100,)).to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        loader, accuracies[name] = some_batches(), []
        for _ in range(5):
            train_epoch(model, loader, optimizer, function)
            accuracies[name].append(evaluate(model, test_loader, loss_fn)[1])
    return accuracies


loss_accuracies = train_or_load(f"losses_{images.name}.pt", trained_with_losses)
for name, values in loss_accuracies.items():
    print(f"{name:14} test accuracy {values[0]:.1%} after one pass, {values[-1]:.1%} after five")
plots.learning_curves({name: {"test_accuracy": values} for name, values in loss_accuracies.items()})

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# It does learn, and not worse: 94.9 to 95.0 % against 93.9 to 94.2 % for cross-entropy (MNIST,
# three seeds each). On *linear* outputs the gradient of the squared error is the error itself, up
# to a factor, so nothing vanishes for a confident mistake; that was the softmax in front of it.
#
# Still, cross-entropy is the usual choice. Its outputs are log-probabilities: they say how sure the
# model is, and being sure and wrong costs more and more. MSE punishes an output of 3 for the right
# class, which is more than right, just as one of -1. And this is a fixed learning rate and a short
# training: at plain SGD with 0.1 the order is reversed, 91.7 to 92.0 % for MSE, 93.8 to 94.0 % for
# cross-entropy (three seeds), because the mean over ten entries makes the gradients small; at 0.5
# MSE has caught up.
# </details>

# %% [markdown]
# # Part C · What changes the training
#
# ## C1 · Initialisation
#
# ●●○ · 20 minutes · 4 points · why a deep network learns at all in its first minute
#
# **Goal:** give every `nn.Linear` of a model, however deeply nested, new weights by a named scheme,
# and zero biases. Nothing else changes; an unknown name is an error.
#
# Both schemes choose the spread so that signals neither fade nor grow from layer to layer: Xavier
# draws from $[-a, a]$ with $a = \sqrt{6 / (\text{fan in} + \text{fan out})}$, Kaiming for ReLU from
# a normal distribution with variance $2 / \text{fan in}$. Assignment 4 derives them.
#
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
# <details><summary>Error "'NoneType' object has no attribute 'zero_'"?</summary>
#
# This Linear was made with `bias=False`, so its `bias` is `None`.
# </details>
# <details><summary>Error "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"?</summary>
#
# A scheme for weight matrices was applied to a bias or to a norm's scale.
# </details>
# <details><summary>Error "a leaf Variable that requires grad is being used in an in-place operation"?</summary>
#
# The functions of `nn.init` switch gradients off themselves; with your own formulas, do it with
# `torch.no_grad()`.
# </details>

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
# **The common mistake:** looping over `model.children()`. It sees only the first level, and a
# Linear inside a block keeps its old weights.
#
# The same short training from four starts (three hidden layers of 100, plain SGD, two passes over
# 10,000 images, about two seconds). Like the big training, the comparisons from here on *train or
# load*: after you have changed one, delete its file.


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
# <details><summary>After the run: what you see, and why</summary>
#
# Kaiming and Xavier lead with about 90 %, PyTorch's default, which starts with smaller weights, is
# still behind, and zeros stay where they were: at the frequency of one class. With zero weights
# every hidden unit puts out 0 and no gradient reaches a weight; only the last bias learns.
# </details>

# %% [markdown]
# ## C2 · Moving average
#
# ●○○ · 10 minutes · 2 points · to read a noisy curve without fooling yourself
#
# **Goal:** smooth a noisy curve. Only full windows count, so the result is shorter than the input
# by `window - 1`.
#
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
# <details><summary>Error "unsupported operand type(s) for /: 'list' and 'int'"?</summary>
#
# A list cannot be divided. Take the `sum` of a window, or make an array of the values first.
# </details>
# <details><summary>Error "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."?</summary>
#
# The values are loss tensors with their graphs; `train_batches` should give floats.
# </details>

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
# **The common mistake:** padding with zeros to keep the length. The ends of the curve then dip
# towards 0, and a loss seems to fall when it does not.
#
# <details><summary>After the run: what you see, and why</summary>
#
# 281 means; the first is that of batches 1 to 20. A mean says nothing about one batch any more: a
# jump in the losses becomes a slope of 20 batches.
# </details>

# %% [markdown]
# ### Batch norm: before the activation, or after it?
#
# Four hidden layers of 128 from your `dense_layer`: plain, with batch norm before the activation,
# and with the norm *after* it; the same learning rate, the same batches, three passes over 10,000
# images (about eight seconds).
#
# **Predict in one line:** which of the three curves falls last, and do the two places of the norm
# differ?
#
# *My guess:* …


# %%
def deep_network(norm):
    """784-128-128-128-128-10 from `dense_layer`; `norm` says where: nowhere, before or after."""
    layers, sizes = [nn.Flatten()], [784, 128, 128, 128, 128]
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        layers.append(dense_layer(fan_in, fan_out, batch_norm=norm == "before"))
        if norm == "after":
            layers.append(nn.BatchNorm1d(fan_out))
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def plain_and_batch_norm():
    """Name → batch losses and test accuracy."""
    results = {}
    for name, norm in {"plain": "nowhere", "norm before": "before", "norm after": "after"}.items():
        torch.manual_seed(0)
        model = deep_network(norm).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        losses = train_batches(model, some_batches(), optimizer, loss_fn, num_epochs=3)
        accuracy = evaluate(model, test_loader, loss_fn)[1]
        results[name] = {"losses": losses, "accuracy": accuracy}
    return results


norm_results = train_or_load(f"batch_norm_{images.name}.pt", plain_and_batch_norm)
for name, result in norm_results.items():
    print(f"{name:12} test accuracy {result['accuracy']:.1%}")
plots.line(
    {name: moving_average(result["losses"], window=15) for name, result in norm_results.items()},
    xlabel="batch",
    ylabel="loss, mean of 15 batches",
    title="Batch norm: the plateau disappears",
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# The plain network spends its first pass almost on a plateau at 2.3, because small signals fade
# through four layers. Batch norm rescales them in every layer and the loss falls from the first
# batch on, wherever the norm stands.
#
# Behind the activation it is even a little faster at first, since what the next layer gets then has
# mean 0, which a ReLU's output has not. In the end there is no difference to speak of: 95.2 to 95.4
# % with the norm before, 95.0 to 95.5 % after it, 86.0 to 88.6 % without (MNIST, three seeds each).
# A difference smaller than the spread between seeds is no difference.
# </details>

# %% [markdown]
# ## C3 · L1 and L2 penalties
#
# ●○○ · 10 minutes · 3 points · to keep weights small, or to find out which ones are needed
#
# **Goal:** two functions of a model for the `penalty` argument of `train_epoch`: the sum of
# absolute entries and the sum of squared entries of the weight matrices of all Linear layers.
# Biases and norm layers are left out.
#
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
# <details><summary>Error "'float' object has no attribute 'backward'"?</summary>
#
# A penalty came out as a number (`.item()`), and so did what is minimised. It has to stay a tensor.
# </details>
# <details><summary>Error "element 0 of tensors does not require grad and does not have a grad_fn"?</summary>
#
# The penalty was cut off from the weights: `.detach()`, `.data`, or a new `torch.tensor(...)`.
# </details>

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
# **The common mistake:** `.item()` (or `float(...)`): the number is right, its gradient is gone,
# and the penalty has no effect. The second: `weight.norm()`, which is the *root* of the sum of
# squares.
#
# ### L1 against L2
#
# The same small network (784-64-10, five passes over 10,000 images, about three seconds in all)
# without a penalty, with L1 and with L2.

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

display(
    plots.distributions(first_weights, "weight", bins=np.linspace(-0.15, 0.15, 76), logy=True)
)
for name, weights in first_weights.items():
    display(
        plots.image_grid(
            weights[:8].reshape(-1, 1, 28, 28), title=f"First-layer weights as images: {name}"
        )
    )


# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# L1 pulls on every weight with the same strength, however small it is, and most of the first layer
# ends near 0: a high thin peak in the histogram, and filters that ignore the border of the image.
# L2 pulls in proportion to the weight: large weights shrink, few end at 0. So L1 is for finding out
# which inputs are needed, L2 for keeping all weights small. The accuracies stay close together, L1
# at this strength costs about two percentage points.
# </details>

# %% [markdown]
# ### L2 by the optimizer's own option
#
# Optimizers take `weight_decay`. Below, one step on one batch: with your `l2_penalty`, and with the
# option in its place (0.01, because the derivative of $0.005\,w^2$ is $0.01\,w$).
#
# **Predict in one line:** is `weight_decay` L1 or L2, and is it the same in SGD, Adam and AdamW?
#
# *My guess:* …


# %%
def after_one_step(optimizer_class, penalty=None, **options):
    """The first layer's weights after one step on the first batch."""
    torch.manual_seed(0)
    model = MLP(784, 10, (64,)).to(device)
    optimizer = optimizer_class(model.parameters(), lr=0.01, **options)
    train_epoch(model, [next(iter(some_batches()))], optimizer, loss_fn, penalty)
    return next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()


for name in ("SGD", "Adam", "AdamW"):
    optimizer_class = getattr(torch.optim, name)
    with_penalty = torch.optim.Adam if name == "AdamW" else optimizer_class
    penalised = after_one_step(with_penalty, penalties["L2"])
    decayed = after_one_step(optimizer_class, weight_decay=0.01)
    gap = (penalised - decayed).abs().max().item()
    print(f"{name:5} with the option against {with_penalty.__name__:4} with the penalty: {gap:.0e}")


# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# It is L2. In SGD and Adam the option adds $0.01\,w$ to the gradient, which is just what your
# penalty does, and the weights agree up to rounding. (The option decays biases, too; your penalty
# leaves them out.)
#
# AdamW does something else, and here is why it exists. Adam divides every gradient by its own usual
# size, the penalty's part included: in its first step every weight moves by the whole learning
# rate, 0.01, in one direction or the other. A pull in proportion to the weight is lost in this.
# AdamW leaves the gradient of the loss alone and takes $0.01 \cdot 0.01\,w$ (learning rate times
# decay) off the weight itself. Where the loss pulls one way, the penalty the other, and the penalty
# is the stronger, a weight goes 0.01 one way under Adam and 0.01 the other way under AdamW: the
# difference of 0.02 above.
# </details>

# %% [markdown]
# # Part D · Look behind the accuracy

# %% [markdown]
# ## D1 · Accuracy per class
#
# ●○○ · 15 minutes · 3 points · to see whom a model fails
#
# **Goal:** of the images *of* each class, which fraction is recognised? A class without images has
# no accuracy: `nan`, not 0 and not an error. The model is left as in `evaluate`.
#
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
# <details><summary>Error "division by zero"?</summary>
#
# A class of which the loader has no image. It gets `math.nan`.
# </details>
# <details><summary>Error "KeyError: 0"?</summary>
#
# The keys are tensors, and a tensor is found only by itself. Use plain numbers: `.item()` or
# `.tolist()`.
# </details>

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
# **The common mistake:** dividing by the number of *predictions* of a class. That is precision,
# another question: "if the model says 4, is it a 4?"
#
# Above 95 % the bars of accuracies all look alike, so the plot shows the errors.

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
# <details><summary>After the run: what you see, and why</summary>
#
# On MNIST between 0.5 and 4 %, with 1 among the lowest: the worst digit has several times the
# errors of the best.
# </details>

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
# ## D2 · Several equal models
#
# ●●○ · 15 minutes · 3 points · a comparison without repetitions proves nothing
#
# **Goal:** train several models in the same way: each with an optimizer of its own, each for one
# pass, all over the same batches in the same order. What differs then is the start alone.
#
# <details><summary>Hint 1: the concept</summary>
#
# One pass through the loader gives one order. Everything else is made anew for each model: the
# model, its optimizer, its list of losses.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `list(loader)`, `make_model()`, `make_optimizer(model.parameters())`, your `train_batches`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     keep the batches of one pass in a list
#     num_models times:
#         make a model; make an optimizer of its parameters
#         train it on these batches; keep the model and its losses
#     return both lists
# </details>
# <details><summary>Error "'MLP' object is not iterable"?</summary>
#
# `make_optimizer` takes the parameters: `make_optimizer(model.parameters())`.
# </details>
# <details><summary>Error "optimizer got an empty parameter list"?</summary>
#
# `model.parameters()` was used up by a loop before. Ask for it anew each time.
# </details>

# %% [markdown]
# **Predict in one line:** the loader shuffles in every pass. What must you do so that all models
# see the same order?
#
# *My guess:* …


# %% solution="train_many"
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    """Train several models for one pass each, all over the same batches in the same order.

    make_model: function without arguments that makes a model, called once per model.
    make_optimizer: function of a model's parameters that makes an optimizer.
    loader: may shuffle anew in every pass; all models see the order of one pass.

    Returns (models, losses): two lists; losses[i] holds the batch losses of models[i], as
    `train_batches` returns them.
    """
    ### BEGIN SOLUTION
    batches = list(loader)
    models, losses = [], []
    for _ in range(num_models):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        losses.append(train_batches(model, batches, optimizer, loss_fn))
        models.append(model)
    return models, losses
    ### END SOLUTION


# %% selfcheck="train_many" points=3
_starts = [tiny_model(), tiny_model(), tiny_model()]
with torch.no_grad():
    _starts[2][0].weight.mul_(-1)  # the third begins elsewhere, the first two are equal
_queue, _makers = [copy.deepcopy(m) for m in _starts], []


def _make_optimizer(parameters):
    _makers.append(list(parameters))
    return torch.optim.SGD(_makers[-1], lr=0.1, momentum=0.9)


_result = train_many(3, lambda: _queue.pop(0), _make_optimizer, Reversing(), nn.CrossEntropyLoss())
assert isinstance(_result, tuple) and len(_result) == 2, "return the pair (models, losses)"
_models, _losses = _result
assert len(_models) == len(_losses) == 3, (
    f"got {len(_models)} models and {len(_losses)} lists of losses, expected 3 of each"
)
assert len({id(m) for m in _models}) == 3, "one model is in the list more than once"
assert len(_makers) == 3, f"make_optimizer was called {len(_makers)} times, expected one per model"
assert [len(_list) for _list in _losses] == [2, 2, 2], (
    f"two batches: got {[len(_list) for _list in _losses]} losses per model, expected 2 each"
)
assert np.allclose(_losses[0], _losses[1]) and torch.allclose(
    _models[0][0].weight, _models[1][0].weight
), "two equal models came out different: did they see the batches in the same order?"
for _start, _model, _list in zip(_starts, _models, _losses):
    assert not torch.equal(_start[0].weight, _model[0].weight), "a model was not trained"
    _first = F.cross_entropy(_start(five_x[:4]), five_y[:4]).item()
    assert abs(_list[0] - _first) < 1e-5, (
        f"got {_list[0]:.4f} as the first loss of a model, expected {_first:.4f}: does losses[i] "
        "belong to models[i]?"
    )
print("✓ separate models and optimizers, one order of the data, losses where they belong")

# %% [markdown]
# **The common mistake:** making the models in one place and a single optimizer for them in another.
# It holds the first model's parameters, or one state for all, and most models never change.
#
# <details><summary>After the run: what you see, and why</summary>
#
# Go through the loader once and keep the batches, or train all models on each batch as it comes.
# Going through the loader once per model gives each of them an order of its own, and then two
# things differ.
# </details>

# %% [markdown]
# ### Six equal models
#
# Six networks 784-100-10 see the same 10,000 images in the same order, once. They differ in nothing
# but the random numbers they start from. First with Adam at its usual 0.001, then at **0.04**
# (about five seconds).
#
# **Predict in one line:** will six models of nearly equal accuracy be equally good at every digit?
#
# *My guess:* …


# %%
def six_models(lr):
    """Class accuracies of six models by name, their overall accuracies, their batch losses."""
    torch.manual_seed(0)
    models, losses = train_many(
        6,
        make_model=lambda: MLP(784, 10, (100,)).to(device),
        make_optimizer=lambda parameters: torch.optim.Adam(parameters, lr=lr),
        loader=some_batches(batch_size=128),
        loss_fn=loss_fn,
    )
    overall = [evaluate(model, test_loader, loss_fn)[1] for model in models]
    per_class = {}
    for number, (model, accuracy) in enumerate(zip(models, overall), 1):
        accuracies = accuracy_per_class(model, test_loader)
        per_class[f"model {number}: {accuracy:.1%}"] = [accuracies[c] for c in range(10)]
    return {"per_class": per_class, "overall": overall, "losses": losses}


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
        plots.line(
            {name: moving_average(values, 8) for name, values in zip(per_class, six["losses"])},
            xlabel="batch",
            ylabel="loss, mean of 8 batches",
            title=f"Six equal models, Adam at {lr}",
            logy=True,
        ),
        plots.bar(
            per_class,
            ylabel="test accuracy",
            title=f"Class accuracies, Adam at {lr}",
            labels=images.classes,
        ),
    )


# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# At 0.001 the six curves lie on one another, and the bars of a digit are about equally high. At
# 0.04 the curves go up and down together, because the batches are the same, but not to the same
# height, and one digit's bars differ by some 40 percentage points where the overall accuracies
# differ by seven (MNIST, six models). Why, is the question below.
# </details>

# %% [markdown]
# ## Written question: unequal classes
#
# ●●○ · 15 minutes · 3 points · before you call one model better than another
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
# | 0 | No cause is named, or one that is the same for all models. |
# | 1 | Names what differs between the models, and what makes it count. |
# | 2 | Also explains the pattern over the classes, and why the mean does not show it. |
# | 3 | Also draws a consequence for training or for what is reported. |

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
# ## Three questions about your own code
#
# What does your code give, and what would it give without one of its lines? Work it out on paper,
# then choose. Whatever you pick, you are told which code gives it; run that if you doubt it. Nothing
# is recorded and there are no points: what you recall by yourself is what sticks.

# %%
from helpers import quiz

quiz.ask(
    quiz.Use(
        "MLP",
        """\
model = MLP(2, 1, hidden_sizes=(2,))
for p in model.parameters():
    nn.init.constant_(p, -1.0)
logits = model(torch.tensor([[1.0, -3.0]]))
""",
        "logits.item()",
    ),
    quiz.Use(
        "moving_average",
        "means = moving_average([1, 2, 3, 6], 2)",
        "[float(m) for m in means]",
    ),
    quiz.Use(
        "accuracy_per_class",
        """\
scores = torch.eye(3)
loader = [(scores[[0, 1, 1, 1]], torch.tensor([0, 0, 1, 1])), (scores[[1]], torch.tensor([0]))]
result = accuracy_per_class(nn.Identity(), loader, num_classes=3)
""",
        "[result[c] for c in range(3)]",
    ),
)

# %% [markdown]
# ## What you have now, and handing it in
#
# A model, its backward pass, a loop, an evaluation that leaves no trace, a trainer, checkpoints,
# penalties, initialisations and ways to look behind a single number. The next assignments use all
# of it.
#
# The button runs all self-checks once more, on what is in memory now. Then choose *Restart Kernel
# and Run All Cells*: this shows what works only because of the order in which you ran the cells,
# and every check should print its ✓. Hand in the notebook with the files that it has saved beside
# it.

# %%
from helpers import selfcheck

selfcheck.button("01_mlp_basics")
