# %% [markdown]
# # Deep or wide?
#
# You have a hundred parameters to spend. Is it better to spend them on one wide layer or on
# several narrow ones? You will measure it on a spiral that can be drawn, compare the network with
# a polynomial of degree 50, and then look at what the first layer of a network learns from
# pictures of faces.
#
# **You will learn to**
#
# - compare architectures fairly: with equal budgets, over several seeds, on held-out points;
# - say when another layer helps a network and when it starves it;
# - tell where a model can be trusted: where there were data, and not beyond them;
# - load pictures from folders, with augmentation in training and none in the test;
# - show weights as pictures, and judge whether they are features of a hierarchy.
#
# | part | you write | minutes | points |
# |---|---|---|---|
# | 1 | `width_for_budget` | 20 | 4 |
# | 2 | `depth_sweep`, one written answer | 45 | 7 |
# | 3 | `polynomial_features`, one written answer | 50 | 6 |
# | 4 | `image_loaders` | 40 | 5 |
# | 5 | `first_layer_maps`, one written answer | 45 | 6 |
#
# You need `nn.Module`, training and accuracy from assignment 1, and about three hours. Each part
# has the same rhythm: read the goal, guess in one line, write the code, run the check below it.
# Then run what comes next and look, and only then unfold *After the run*. Hints are folded, too;
# open one at a time. Everything runs on the CPU; the longest cell takes about half a minute (with
# photographs of animals about a minute and a half) and keeps its result in a file.

# %% setup=true
import math
import tempfile
from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from helpers import data

# Pairs (X, labels): 1,200 points to train on and 800 held out; X (N, 2), labels 0 to 3.
_X, _labels = data.spiral(2004, num_arms=4, seed=0)
# The arms begin at the origin: its four points belong to all classes, and are left out.
_labels, _X = _labels[_X.norm(dim=1) > 0], _X[_X.norm(dim=1) > 0]
SPIRAL_TRAIN = _X[:1200], _labels[:1200]
SPIRAL_HELD_OUT = _X[1200:], _labels[1200:]

# The activation of the networks that `make_network` makes.
ACTIVATION = nn.ReLU


def make_network(depth, width, seed):
    """A new network 2 → width → ... → width → 4 with `depth` hidden layers; returns logits.

    Its first weights depend on the seed alone.
    """
    sizes = [2, *[width] * depth]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = []
        for fan_in, fan_out in zip(sizes, sizes[1:]):
            layers += [nn.Linear(fan_in, fan_out), ACTIVATION()]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 4))


def train_network(model, X, labels, num_steps=300):
    """Train `model` in place: Adam on all points at once. Also returns it."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(num_steps):
        optimizer.zero_grad()
        F.cross_entropy(model(X), labels).backward()
        optimizer.step()
    return model


def accuracy(model, X, labels):
    """The fraction of points that `model` puts into the right class, as a float."""
    with torch.no_grad():
        return (model(X).argmax(1) == labels).float().mean().item()


# %%
import shutil

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from helpers import checkpoints, plots, verdicts, widgets
from helpers.cells import needs
from helpers.progress import progress
from helpers.widgets.spiral import decision_maps

verdicts.show()
torch.set_num_threads(1)  # networks this small gain nothing from more, and lose much on busy cores

# %% [markdown]
# ## The spiral
#
# Four classes, four arms. A linear classifier can only cut the plane into wedges, so it needs
# help: more layers, more units, or better features.
#
# Play with the widget first. Each move trains a small network from scratch (about a second) and
# draws which class it gives to each point of the plane. The dots are held-out points. Predict
# first, then move:
#
# 1. Depth 1: from which width on do the arms come apart?
# 2. Width 4: does a second and a third layer help? A fifth?
# 3. Width 3, depth 5: will the seeds agree with ReLU? With tanh?
#
# *My guesses:* …

# %%
widgets.spiral_explorer(SPIRAL_TRAIN, SPIRAL_HELD_OUT)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# 1. It comes step by step. With 2 to 4 units some arms share a region; from about 10 on most points
#    are right, and with 24 all four arms are drawn cleanly. Each ReLU unit adds one fold, and a
#    spiral needs many.
# 2. The second layer helps with most seeds, the third still does; with the fifth most seeds get
#    stuck, at a quarter or half of the points.
# 3. With ReLU most of the seeds give every point the same class, and a few follow the arms roughly.
#    With tanh all of them follow the arms, well or roughly. Part 2 measures this and asks you why.
# </details>

# %% [markdown]
# ## 1 · The same budget for everyone
#
# ●○○ · 20 minutes · 4 points · no comparison of two models means much if one of them is larger
#
# **Goal:** comparing a deep network with a wide one is only fair if both have equally many
# parameters. Write `width_for_budget`: for a network with `depth` hidden layers of equal width,
# with biases everywhere, return the **largest** width whose number of parameters does not exceed
# the budget.
#
# - The network has `depth` + 1 linear layers: `num_inputs` → width → … → width → `num_classes`.
#   `depth` is at least 1.
# - The result is an `int`, at least 1.
# - If even width 1 costs more than the budget, raise a `ValueError`.
#
# <details><summary>Hint 1: the concept</summary>
#
# A linear layer from $m$ to $n$ units has $m n$ weights and $n$ biases. Which of the layers go
# from width to width, and how many are there?
# </details>
# <details><summary>Hint 2: the API</summary>
#
# Nothing of PyTorch is needed. Two ways lead to the width: try 1, 2, 3, …, or solve a quadratic
# equation (at depth 1 a linear one) and round down with `math.floor` or `math.isqrt`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     cost(width) = parameters of the first layer + (depth - 1) equal ones + the last one
#     if width 1 is too expensive: raise ValueError
#     while the next width is affordable: take it
# </details>
# <details><summary>Error "empty(): argument 'size' (position 1) must be tuple of ints, but found
# element of type float"? A width that is not an int</summary>
#
# `nn.Linear` was given a width like `13.0`. A division with `/` and `math.sqrt` give floats even
# where they come out even; round down with `math.floor`, or divide with `//`.
# </details>
# <details><summary>Error "width 1 costs 11, the budget is 10: got …, expected a ValueError"?
# Nothing fits</summary>
#
# A loop that starts at width 1 never asks whether width 1 fits. Ask before the loop, and
# `raise ValueError(...)`; returning or printing something is not enough.
# </details>

# %% [markdown]
# **Predict in one line:** two inputs, four classes, 100 parameters. How wide can a single hidden
# layer be? And how wide can five be: a fifth of it, more, or less?
#
# *My guess:* …

# %% solution="width_for_budget"
def width_for_budget(budget, depth, num_inputs, num_classes):
    """The largest width of `depth` equal hidden layers within `budget` parameters, an int.

    Raises ValueError if there is none.
    """

    ### BEGIN SOLUTION
    def cost(width):
        hidden = (depth - 1) * (width + 1) * width
        return (num_inputs + 1) * width + hidden + (width + 1) * num_classes

    if cost(1) > budget:
        raise ValueError(f"{depth} hidden layers cost at least {cost(1)}, the budget is {budget}")
    width = 1
    while cost(width + 1) <= budget:
        width += 1
    return width
    ### END SOLUTION


# %% selfcheck="width_for_budget" points=4
for _budget, _depth, _want in (
    (100, 1, 13), (100, 2, 6), (52, 2, 4), (51, 2, 3), (11, 1, 1), (2000, 1, 285)
):  # fmt: skip
    _got = width_for_budget(_budget, _depth, 2, 4)
    _network = make_network(_depth, _got, seed=0)
    _count = sum(p.numel() for p in _network.parameters())
    assert _count <= _budget, (
        f"budget {_budget}, depth {_depth}: a network of width {_got} has {_count} parameters. "
        "Do you count the biases, and do you return the last width that fits?"
    )
    assert _got == _want, (
        f"budget {_budget}, depth {_depth}: got {_got} ({_count} parameters), "
        f"expected {_want}: is a wider one still within the budget?"
    )
_got = width_for_budget(60, 1, 10, 3)
assert _got == 4, (
    f"10 inputs, 3 classes, depth 1, budget 60: got {_got}, expected 4, which costs 59"
)
try:
    _got = width_for_budget(10, 1, 2, 4)
except ValueError:
    pass
else:
    raise AssertionError(f"width 1 costs 11, the budget is 10: got {_got}, expected a ValueError")
print("✓ the widest that fits, and a ValueError where nothing fits")

# %% [markdown]
# **The common mistake: one too far.** A loop that raises the width until the budget is exceeded
# ends at the first width that does *not* fit: 14, 7, 6, 5, 4, with 102 to 130 parameters.
#
# Now the networks of the next part, counted by PyTorch.

# %%
for depth in range(1, 6):
    width = width_for_budget(100, depth, 2, 4)
    count = sum(p.numel() for p in make_network(depth, width, seed=0).parameters())
    print(f"depth {depth}: width {width:2}, {count:3} parameters")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# The widths are 13, 6, 5, 4, 3. A hidden layer behind a hidden layer costs about width², the first
# and the last only about width; so a second layer halves the width, and further ones take less and
# less away: five layers are still 3 wide, more than a fifth of 13. The counts stay below 100, by up
# to 27: widths are whole numbers.
# </details>

# %% [markdown]
# ## 2 · Depth against accuracy
#
# ●●○ · 45 minutes · 7 points · one run proves nothing: compare settings over seeds, with their
# spread
#
# **Goal:** write `depth_sweep`. For each depth, take the width that the budget allows (2 inputs,
# 4 classes), and for each seed train a network of its own; return the mean over the seeds of the
# accuracy on the held-out points: a list or array with one number per depth, in the order of
# `depths`.
#
# Use the tools given at the top, under their names, so that everybody measures the same thing:
#
# - `SPIRAL_TRAIN` and `SPIRAL_HELD_OUT`, pairs `(X, labels)`;
# - `make_network(depth, width, seed)`, a new network;
# - `train_network(model, X, labels)`, which trains it in place, to be called once per network;
# - `accuracy(model, X, labels)`.
#
# `depths` and `seeds` are lists of any length from 1 on, and stay as they are.
#
# <details><summary>Hint 1: the concept</summary>
#
# Two loops, one inside the other. What has to be made anew in the inner one?
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `X, labels = SPIRAL_TRAIN` unpacks a pair; `train_network(model, *SPIRAL_TRAIN)` passes both
# parts on.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for each depth:
#         width from the budget
#         for each seed: a new network, trained, measured on the held-out points
#         the mean of what was measured
# </details>
# <details><summary>Error "missing 1 required positional argument: 'labels'"? A pair passed as
# one</summary>
#
# `SPIRAL_TRAIN` is a pair, but `train_network` and `accuracy` take the points and the labels one
# after the other: put a `*` before the pair.
# </details>
# <details><summary>Error "unsupported operand type(s) for /: 'list' and 'int'"? A list divided by a
# number</summary>
#
# Python lists have no arithmetic. Divide the sum of the accuracies of *one depth* by the number of
# seeds, before it goes into the list.
# </details>

# %% [markdown]
# **Predict in one line:** with 100 parameters and ReLU: which of the depths 1 to 5 wins, and will
# the seeds agree more at depth 1 or at depth 5?
#
# *My guess:* …

# %% solution="depth_sweep"
def depth_sweep(depths, budget, seeds):
    """Mean accuracy on the held-out points for each depth, one network per depth and seed."""
    ### BEGIN SOLUTION
    means = []
    for depth in depths:
        width = width_for_budget(budget, depth, 2, 4)
        total = 0.0
        for seed in seeds:
            model = make_network(depth, width, seed)
            train_network(model, *SPIRAL_TRAIN)
            total += accuracy(model, *SPIRAL_HELD_OUT)
        means.append(total / len(seeds))
    return means
    ### END SOLUTION


# %% selfcheck="depth_sweep" points=4
_tools, _trained, _measured = depth_sweep.__globals__, [], set()
_train_network, _accuracy = _tools["train_network"], _tools["accuracy"]
_make_network, _made = _tools["make_network"], set()


def _noted_network(depth, width, seed):
    """The real one, and it writes down the depth and the seed."""
    _made.add((depth, seed))
    return _make_network(depth, width, seed)


def _short_training(model, X, labels, num_steps=2):
    """The real one, but short, and it writes down what was trained on how many points."""
    _trained.append((model, model[0].weight.detach().clone(), len(X)))
    return _train_network(model, X, labels, num_steps)


def _noted_accuracy(model, X, labels):
    """The real one, and it writes down on how many points it was used."""
    _measured.add(len(X))
    return _accuracy(model, X, labels)


_depths, _seeds = [3, 1, 2], [5, 0, 9, 2]
_tools.update(
    make_network=_noted_network, train_network=_short_training, accuracy=_noted_accuracy
)
try:
    _got = depth_sweep(_depths, 60, _seeds)
    _runs, _pairs = list(_trained), set(_made)
    _one = depth_sweep([1], 40, [0])
    _width = _trained[-1][0][0].out_features
finally:
    _tools.update(make_network=_make_network, train_network=_train_network, accuracy=_accuracy)
assert len(_got) == 3, f"three depths: got {len(_got)} numbers, expected 3"
assert len(_one) == 1, f"then one depth: got {len(_one)} numbers, expected 1"
assert (_depths, _seeds) == ([3, 1, 2], [5, 0, 9, 2]), (
    f"afterwards the lists passed are {_depths} and {_seeds}: leave them as they are"
)
assert all(0 <= float(_value) <= 1 for _value in _got), (
    f"got {[float(_value) for _value in _got]}, expected fractions between 0 and 1"
)
assert len(_runs) == 12, (
    f"3 depths and 4 seeds: train_network was called {len(_runs)} times, expected 12"
)
assert len({id(_model) for _model, *_ in _runs}) == 12, (
    "a network was trained twice: the second seed continues where the first one stopped. "
    "Make a new network for each run"
)
assert len({_start.sum().item() for _, _start, _ in _runs}) == 12, (
    "two networks began with the same weights: is the seed passed on?"
)
assert _pairs == {(_depth, _seed) for _depth in _depths for _seed in _seeds}, (
    f"make_network got these depths and seeds: {sorted(_pairs)}, expected each of {_depths} with "
    f"each of {_seeds}"
)
assert all(_count == 1200 for *_, _count in _runs), (
    f"trained on {sorted({_count for *_, _count in _runs})} points, expected 1200"
)
assert _measured <= {800}, (
    f"accuracy was measured on {sorted(_measured)} points, expected the 800 held-out ones"
)
_scores = {_depth: [] for _depth in _depths}
for _model, *_ in _runs:
    _depth = len(_model) // 2
    _found, _want = _model[0].out_features, width_for_budget(60, _depth, 2, 4)
    assert _found == _want, f"budget 60, depth {_depth}: got width {_found}, expected {_want}"
    _scores[_depth].append(_accuracy(_model, *SPIRAL_HELD_OUT))
_want = width_for_budget(40, 1, 2, 4)
assert _width == _want, (
    f"then budget 40, depth 1: got width {_width}, expected {_want}: is something left over from "
    "the call before?"
)
for _depth, _value in zip(_depths, _got):
    _mean = sum(_scores[_depth]) / 4
    assert abs(float(_value) - _mean) < 1e-5, (
        f"depths {_depths}, four seeds: got {float(_value):.4f} for depth {_depth}, but its "
        f"networks have the mean {_mean:.4f}: is it the mean of all, in the order of the depths?"
    )
print("✓ a network of its own for each depth and seed, and their mean")

# %% [markdown]
# **The common mistake: one network for all seeds.** If the network is made outside the inner
# loop, the second run goes on training the first one, and the "mean over seeds" is a mean over
# longer and longer trainings of a single start. The band looks wonderfully narrow.
#
# Now depths 1 to 5 with 100 parameters each, five seeds, first with ReLU and then with tanh: about
# half a minute. The band reaches from the lowest to the highest seed. The numbers are kept in
# `depth_sweep.pt` beside this notebook, and the cell only loads them next time: **delete the file
# if you have changed `depth_sweep`.**

# %%
depths, budget, seeds = [1, 2, 3, 4, 5], 100, [0, 1, 2, 3, 4]


def sweep_each_seed(activation):
    """The accuracies of `depth_sweep`, seed by seed: a list of `len(seeds)` lists."""
    global ACTIVATION
    ACTIVATION = activation
    try:
        return [
            [float(value) for value in depth_sweep(depths, budget, [seed])]
            for seed in progress(seeds, activation.__name__)
        ]
    finally:
        ACTIVATION = nn.ReLU


sweeps = checkpoints.train_or_load(
    "depth_sweep.pt", lambda: {"ReLU": sweep_each_seed(nn.ReLU), "tanh": sweep_each_seed(nn.Tanh)}
)

plots.line(
    {name: (depths, np.array(rows)) for name, rows in sweeps.items()},
    "hidden layers",
    "held-out accuracy",
    horizontal={"guessing": 0.25},
    ylim=(0.15, 1.02),
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# With ReLU, one to three hidden layers do about equally well, and then the accuracy falls to about
# a half. So no depth wins clearly, but depth 5 loses. The seeds agree at depth 1 and not at all at
# depth 5: some runs are no better than guessing (0.25), while others reach 0.9. A single run there
# could have told you either.
#
# With tanh the curve is nearly flat: two to four layers do a little better than one, and the
# narrowest network a little worse.
# </details>

# %% [markdown]
# Below are the decision maps of a wide and of a deep network of the same budget; the deep one with
# two seeds.

# %%
_models = {}
for depth, seed in ((1, 0), (5, 0), (5, 1)):
    model = make_network(depth, width_for_budget(100, depth, 2, 4), seed)
    name = f"depth {depth}, seed {seed}"
    _models[name] = train_network(model, *SPIRAL_TRAIN)
    print(f"{name}: held-out accuracy {accuracy(model, *SPIRAL_HELD_OUT):.3f}")
decision_maps(_models, *SPIRAL_HELD_OUT)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# ReLU gives straight edges. With one of the seeds the deep network roughly follows the arms, with
# the other it gives every point the same class: some layer has lost its units. Once a ReLU unit is
# off for all points, no gradient reaches it any more.
# </details>

# %% [markdown]
# ### Written: too deep
#
# More layers can represent more complicated functions. Why does depth still hurt here, at a fixed
# budget? Why does it hurt ReLU much more than tanh? Say which of your observations supports each
# reason.
#
# | points | rubric |
# |---|---|
# | 0 | No reason, or one that the plots contradict. |
# | 1 | Names a cause, but not how it lowers the accuracy. |
# | 2 | Explains one cause: how it acts, and the observation that shows it. |
# | 3 | Explains two causes and with them ReLU against tanh, each with an observation or a number. |

# %% [markdown] answer="too_deep" points=3
# The budget fixes the product of depth and squared width, so each new layer makes all layers
# narrower: from 13 units at depth 1 to 3 at depth 5. Everything that the last layer gets to know
# of a point has to pass through every layer. A layer of three ReLU units throws away much of it:
# where a unit is negative, all its inputs give the same 0, and no later layer can tell them apart
# again. What depth can represent in principle is of no use when too little gets through.
#
# Training becomes harder, too. A ReLU unit that is negative at all points has no gradient and
# never returns. With 13 units in one layer, some can die and the rest still do the work; with
# three in each of five layers, it is likely that some layer loses all or nearly all of its units,
# and then the output is constant. The plot shows it: at depth 5 the band reaches down to 0.25,
# guessing, while other seeds of the same network do much better. It is not overfitting, since
# such runs are just as bad on the training points.
#
# tanh is invertible and its gradient is never exactly zero: a narrow layer bends the plane but
# does not fold parts of it into one point, and no unit dies for good. So its curve is nearly
# flat, and it falls a little only where the width is the limit (three units).
#
# *Key:* the two causes are the bottleneck of width, and units and gradients that die. Overfitting
# does not apply: it earns 0 on its own.

# %% [markdown]
# ## 3 · Features instead of layers: a polynomial of degree 50
#
# ●●○ · 50 minutes · 6 points · features by hand, and what any model does where it has seen nothing
#
# **Goal:** instead of learning features, one can write down very many and put a linear classifier
# on top. Write `polynomial_features`: all monomials $x_1^i x_2^j$ with $1 \le i + j \le$ degree,
# each exactly once, as the columns of a tensor. `X` is a float tensor (N, 2) with any values,
# negative ones and zeros included; it stays as it is. The order of the columns is yours, and
# their type is that of `X` (or a larger one), so that double precision is not lost.
#
# <details><summary>Hint 1: the concept</summary>
#
# For each total degree from 1 on there is one more monomial than for the one before. Count them:
# $2 + 3 + \dots + (d + 1)$.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `x ** k` works element by element, for negative numbers and zeros, too. `torch.stack(list,
# dim=1)` puts columns beside each other.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for total from 1 to degree:
#         for i from 0 to total:
#             a column: first coordinate to the i, times second one to the rest
# </details>
# <details><summary>Error "Dimension out of range (expected to be in range of [-1, 0], but got 1)"?
# Columns joined end to end</summary>
#
# `torch.cat` joins along a dimension that is already there, and a column taken as `X[:, 0]` has
# only one. `torch.stack(columns, dim=1)` makes the second one.
# </details>
# <details><summary>Error "stack expects a non-empty TensorList"? No columns at degree 1</summary>
#
# `range(1, degree)` ends before `degree`. The degree itself belongs to it.
# </details>

# %% [markdown]
# **Predict in one line:** how many columns are there at degree 2, and roughly how many at degree
# 50: a hundred, a thousand, a million? And which of the degrees 1, 5 and 50 will be best on the
# held-out points?
#
# *My guess:* …

# %% solution="polynomial_features"
def polynomial_features(X, degree):
    """All monomials x1^i x2^j of X (N, 2), 1 <= i + j <= degree: a tensor (N, columns)."""
    ### BEGIN SOLUTION
    x1, x2 = X[:, 0], X[:, 1]
    columns = [
        x1**i * x2 ** (total - i) for total in range(1, degree + 1) for i in range(total + 1)
    ]
    return torch.stack(columns, dim=1)
    ### END SOLUTION


# %% selfcheck="polynomial_features" points=3
_X = torch.tensor([[2.0, 3.0], [-1.0, 5.0], [0.0, 4.0]])
_before = _X.clone()
_got = polynomial_features(_X, 2)
assert _got.shape[0] == 3, (
    f"three points: got {tuple(_got.shape)}, expected 3 rows: are the monomials the columns?"
)
assert not (_got == 1).all(0).any(), "there is a column of ones: i + j is at least 1"
assert _got.shape[1] == 5, (
    f"degree 2: got {_got.shape[1]} columns, expected 5: which pairs (i, j) have 1 <= i + j <= 2?"
)
for _row, _want in zip(_got, ([2, 3, 4, 6, 9], [-5, -1, 1, 5, 25], [0, 0, 0, 4, 16])):
    _values = sorted(round(_value, 3) for _value in _row.tolist())
    assert _values == _want, f"a row of degree 2, sorted: got {_values}, expected {_want}"
_got = tuple(polynomial_features(_X[:1], 2).shape)
assert _got == (1, 5), f"one point, degree 2: got {_got}, expected (1, 5)"
assert torch.equal(_X, _before), "X has been changed: compute the columns from it, leave it as is"
_got = polynomial_features(_X, 1)
assert _got.shape == (3, 2), f"degree 1: got {tuple(_got.shape)}, expected x1 and x2 themselves"
_got = polynomial_features(torch.tensor([[8.0, 8.0], [0.5, -0.5]], dtype=torch.float64), 50)
_largest = _got.max().item() if _got.numel() else 0.0
assert _got.shape == (2, 1325), f"degree 50: got {_got.shape[1]} columns, expected 1325"
assert _got.isfinite().all(), (
    f"degree 50 of double numbers: got {_got.dtype} with infinities: keep the type of X"
)
assert abs(_largest / 8.0**50 - 1) < 1e-3, (
    f"degree 50 at (8, 8): the largest value is {_largest:.3g}, expected 8^50, about {8.0**50:.3g}"
)
print("✓ all monomials up to the degree, each once, without the constant")

# %% [markdown]
# **The common mistake: the full square.** Two loops `i` and `j` from 0 to the degree give all
# powers up to $x_1^{50} x_2^{50}$, 2,601 columns. The degree of a monomial is the *sum* of its
# exponents. And without the condition $i + j \ge 1$ the constant comes along, which the bias of
# the linear layer already is.
#
# Now logistic regression on the features of degree 1, 5 and 50 (some seconds). The features are
# brought to mean 0 and standard deviation 1 first, as high powers of numbers below 1 are tiny.

# %%
def fit_polynomial(degree, num_steps=50):
    """Logistic regression on polynomial features; returns a function from points to logits."""
    X, labels = SPIRAL_TRAIN
    # The powers of far-away points would overflow float32.
    raw = polynomial_features(X.double(), degree).double()
    mean, std = raw.mean(0), raw.std(0)
    features = (raw - mean) / std
    linear = nn.Linear(features.shape[1], 4).double()
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    optimizer = torch.optim.LBFGS(
        linear.parameters(), max_iter=num_steps, line_search_fn="strong_wolfe"
    )

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(linear(features), labels) + 1e-5 * linear.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return lambda X: linear((polynomial_features(X.double(), degree) - mean) / std).float()


_fits = {}
for degree in progress([1, 5, 50], "degree"):
    _fits[f"degree {degree}"] = predict = fit_polynomial(degree)
    columns = polynomial_features(torch.zeros(1, 2), degree).shape[1]
    print(
        f"degree {degree:2}: {columns:5,} columns, accuracy {accuracy(predict, *SPIRAL_TRAIN):.3f} "
        f"in training, {accuracy(predict, *SPIRAL_HELD_OUT):.3f} held out"
    )
predict_degree_50 = predict
decision_maps(_fits, *SPIRAL_HELD_OUT, steps=90)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Degree 2 has 5 columns, degree 50 has 1,325, so 5,304 parameters, fifty times as many as the
# networks above had. Degree 1 can only cut wedges (about half of the points right). Degree 5
# follows the arms, and degree 50 is no better: with each of them 98 % of the held-out points are
# right, as with a good network. The rest lies where the noise mixes the arms. But look at the
# corners of the maps, where there are no points.
# </details>

# %% [markdown]
# **Predict in one line:** the next cell draws degree 50 and a network far outside the training
# points: the points reach to about 1.5, the lower maps to 5. Will the arms go on turning? What will
# the polynomial do, what the network?
#
# *My guess:* …

# %%
needs("predict_degree_50")
relu_network = train_network(make_network(2, 16, seed=0), *SPIRAL_TRAIN)
_both = {"degree 50": predict_degree_50, "ReLU network 2-16-16-4": relu_network}
decision_maps(_both, *SPIRAL_HELD_OUT, radii=(1.5, 5), steps=90)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# No arm goes on turning. Around the points both models draw the spiral; beyond them both draw
# straight edges that run outwards: the network a few wide wedges, the polynomial narrow ones, with
# the same class in opposite directions. Nothing in the training said what should come there. *Why*
# it is wedges is the question at the end of this part.
# </details>

# %% [markdown]
# How good is that, in numbers? The law of the spiral is known, so its arms can be continued: they
# end at radius 1 in the training points, and `arms_between` draws them for any radius. The next
# cell measures 16 degrees from 1 to 50, each on the held-out points and on two pieces of continued
# arms (about ten seconds).
#
# **Predict in one line:** from which degree on is the polynomial good on the held-out points? Does
# a higher degree make it better or worse outside? And can a classifier of four classes be clearly
# *worse* than guessing?
#
# *My guess:* …

# %%
def arms_between(low, high, count=2000):
    """Points (count, 2) of the four arms at radius `low` to `high`, and their labels."""
    generator = torch.Generator().manual_seed(1)
    labels, radius = torch.arange(count) % 4, torch.linspace(low, high, count)
    # The spiral's law: an arm turns by a right angle for each half of radius.
    angle = math.pi / 2 * (labels + 2 * radius)
    place = torch.stack([angle.sin(), angle.cos()], dim=1)
    return radius[:, None] * (place + 0.16 * torch.randn(count, 2, generator=generator)), labels


needs("relu_network")
_places = {
    "held-out points": SPIRAL_HELD_OUT,
    "arms continued, radius 1 to 1.25": arms_between(1, 1.25),
    "arms continued, radius 1.25 to 2": arms_between(1.25, 2),
}
_degrees = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 30, 35, 40, 45, 50]
_scores = {name: [] for name in _places}
for degree in progress(_degrees, "degrees"):
    predict = fit_polynomial(degree)
    for name, points in _places.items():
        _scores[name].append(accuracy(predict, *points))

figure, ((axes,),) = plots.panels(figsize=(7, 4))
_networks = {name: accuracy(relu_network, *points) for name, points in _places.items()}
for colour, name in zip(plots.COLOURS, _places):
    axes.plot(_degrees, _scores[name], "o-", color=colour, label=name)
    axes.axhline(_networks[name], color=colour, linestyle="--", linewidth=1)
axes.axhline(0.25, color="grey", linestyle=":", label="guessing")
axes.plot([], [], "k--", linewidth=1, label="the network, on the same points")
axes.set(xlabel="degree", ylabel="accuracy", ylim=(-0.03, 1.03))
axes.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.77))
figure.alt = "Accuracy over the degree of the polynomial, 1 to 50."
figure.words = "; ".join(
    f"{name}: {_scores[name][0]:.2f} at degree 1, {max(_scores[name]):.2f} at best, "
    f"{_scores[name][-1]:.2f} at degree 50, the network {_networks[name]:.2f}"
    for name in _places
)
figure

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# *On the held-out points* degree 3 is enough: its 9 columns put 98 % of the points right, and 1,325
# columns do not get further. The curve is flat over a hundredfold range of features: the data fix
# the function where they are, whatever it is made of (a small weight penalty in `fit_polynomial`
# helps, too).
#
# *Just outside* (radius 1 to 1.25) about 0.7 is left with degree 3 and 0.5 with degree 50: no
# higher degree does better than 3 there. *Farther out* every degree and the network are **worse
# than guessing**, the low degrees and the network near 0. One has to be wrong in a systematic way
# for that: an arm turns by a right angle for each half of radius, while the models continue
# straight, so they soon look for each class where the next arm is. (The zigzag on the right: with
# an even degree opposite directions have the same class, and by chance some of them are right.)
#
# High accuracy on held-out points says nothing about this: they come from the same region as the
# training points.
# </details>

# %% [markdown]
# ### Written: degree fifty
#
# What did you predict for the map far outside, and what came? Explain it from the features: which
# of them decide there, and why has the map nothing to do with a spiral? Why do more of them not
# help? Does the network extrapolate better?
#
# | points | rubric |
# |---|---|
# | 0 | No explanation, or one that the maps contradict. |
# | 1 | Describes what came, without a reason, or with a word in place of a reason. |
# | 2 | Explains it from the features: which ones decide outside, and who determined them there. |
# | 3 | The same, with the shape that follows, and a comparison with the network by map or number. |

# %% [markdown] answer="degree_fifty" points=3
# Far outside, the features of the highest total degree dwarf all others: from radius 1 to radius
# 5, a monomial of degree 50 grows by $5^{50} \approx 10^{35}$, one of degree 5 only by 3,125. So
# the winning class is that with the largest part of degree 50, which is a function of the
# direction times $r^{50}$: beyond a certain radius the map no longer changes with $r$ and
# consists of straight wedges around the origin. As 50 is even, $(x_1, x_2)$ and $(-x_1, -x_2)$
# have the same terms of that degree, so opposite wedges have the same class: nothing could be
# farther from four arms that lie opposite each other in different classes. The change begins
# right at the edge of the data, in the corners of the first map: the coefficients of the high
# powers were fitted so that the sum is right at the training points, and a little farther out
# other terms lead. No training point said anything about it.
#
# The network does not continue the spiral either. A ReLU network is linear on each of finitely
# many pieces, and the outer pieces reach to infinity: it continues its outermost straight edges,
# again wedges, but few and wide ones, and its logits grow like $r$, not like $r^{50}$. Its
# mistakes outside are tamer, not smaller: neither has a reason to turn, since nothing in the
# model knows of angles that grow with the radius.
#
# In numbers: where the arms go on from radius 1 to 1.25, degree 50 is right at about half of the
# points, hardly better or worse than the network, and beyond that both are worse than guessing.
# More features do not help, as each of them is one more term that nothing fixes there.
#
# *Key:* 2 points for the highest powers, which dominate outside and which no point fixed there;
# "overfitting" alone is a word in place of a reason: on held-out points nothing is lost.

# %% [markdown]
# ## 4 · Images from folders
#
# ●●○ · 40 minutes · 5 points · every project with pictures of one's own begins here
#
# **Goal:** pictures often come as files in folders, one folder per class. Write `image_loaders`,
# which returns `(train_loader, test_loader)` for the trees `root/train/CLASS/*` and
# `root/val/CLASS/*` (`root` is a `pathlib.Path`; all pictures are 32 × 32 and in colour).
#
# Both loaders:
#
# - yield `(images, labels)`: float (B, 3, 32, 32) with the range 0 … 255 brought to -1 … 1, and
#   int64 (B,), the number of the class in alphabetical order, as `ImageFolder` has it;
# - hand out every picture exactly once per epoch, `batch_size` of them at a time; the last batch
#   holds what is left. They can be gone through any number of times.
#
# The training loader also
#
# - turns each picture by an angle of its own, drawn anew each time from -10° to 10°, and mirrors
#   it horizontally with probability one half (what fills the corners does not matter);
# - draws a new order for each epoch. The order of the first, second, third … epoch depends on
#   `seed` only, not on who else draws random numbers.
#
# The test loader changes nothing but the range, and its order is the same in every epoch,
# whatever the seed.
#
# <details><summary>Hint 1: the concept</summary>
#
# A dataset knows where the pictures are and how each is prepared (its *transform*); a loader
# knows their order and makes batches. Two datasets with two different transforms are needed.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `datasets.ImageFolder(folder, transform)`, `transforms.Compose`, `RandomRotation`,
# `RandomHorizontalFlip`, `ToTensor` (gives 0 … 1), `Normalize(mean, std)` (subtracts and
# divides), `DataLoader(..., shuffle=..., generator=...)`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     range: to tensor, then (x - 0.5) / 0.5
#     training dataset: rotation, flip, range; test dataset: range only
#     training loader: shuffled by a generator of its own, seeded with seed
#     test loader: not shuffled
# </details>
# <details><summary>Error "img should be Tensor Image. Got &lt;class 'PIL.Image.Image'&gt;"?
# Normalised too early</summary>
#
# `Normalize` works on tensors. In `Compose`, `ToTensor()` has to come before it.
# </details>
# <details><summary>Error "default_collate: batch must contain tensors, … found &lt;class
# 'PIL.Image.Image'&gt;"? Pictures that are no tensors</summary>
#
# Without `ToTensor()`, or without a transform at all, `ImageFolder` hands out PIL pictures, and
# those cannot be put into one batch.
# </details>

# %% [markdown]
# **Predict in one line:** mirroring cats is harmless. Name a classification task where mirroring
# would damage the labels.
#
# *My guess:* …

# %% solution="image_loaders"
def image_loaders(root, batch_size, seed):
    """(train_loader, test_loader) of the pictures below root/train and root/val, in [-1, 1]."""
    ### BEGIN SOLUTION
    plain = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    augmented = [transforms.RandomRotation(10), transforms.RandomHorizontalFlip(), *plain]
    train = datasets.ImageFolder(root / "train", transforms.Compose(augmented))
    test = datasets.ImageFolder(root / "val", transforms.Compose(plain))
    generator = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True, generator=generator),
        DataLoader(test, batch_size=batch_size),
    )
    ### END SOLUTION


# %% selfcheck="image_loaders" points=5
_axis = torch.arange(32) - 15.5
# What a turn by some degrees cannot move out of the picture.
_disc = _axis[:, None] ** 2 + _axis**2 < 14**2


def _picture(red):
    """Bytes (32, 32, 3): a green square right of the centre, a blue one above it, and some red."""
    pixels = torch.zeros(32, 32, 3, dtype=torch.uint8)
    pixels[:, :, 0] = red
    pixels[13:19, 22:28, 1] = 255
    pixels[4:10, 13:19, 2] = 255
    return pixels


def _square(channel):
    """How far right and how far down the squares in a channel (N, 32, 32) lie from the centre."""
    light = (channel + 1) * _disc
    total = light.sum((1, 2))
    return (light * _axis).sum((1, 2)) / total, (light * _axis[:, None]).sum((1, 2)) / total


with tempfile.TemporaryDirectory() as _root:
    for _split, _shift in (("train", 0), ("val", 10)):
        for _index in range(10):
            _folder = Path(_root) / _split / ("cat" if _index < 6 else "dog")
            _folder.mkdir(parents=True, exist_ok=True)
            _pixels = _picture(12 * _index + _shift)
            Image.fromarray(_pixels.numpy()).save(_folder / f"{_index}.{('png', 'bmp')[_index % 2]}")
    _train, _test = image_loaders(Path(_root), 3, seed=0)
    (_again, _test_again), (_other, _test_other) = (
        image_loaders(Path(_root), 3, seed=_seed) for _seed in (0, 1)
    )
    _epochs = {
        _name: [[(_x.clone(), _y.clone()) for _x, _y in _loader] for _ in range(_count)]
        for _name, _loader, _count in (("training", _train, 8), ("test", _test, 2))
    }
    torch.rand(3)
    # The first test loader is used before the training loader that came with it.
    _test_again, _test_other = (
        torch.cat([_x[:, 0, 16, 16].clone() for _x, _ in _part])
        for _part in (_test_again, _test_other)
    )
    _again, _other = (
        torch.cat([_x[:, 0, 16, 16].clone() for _x, _ in _part]) for _part in (_again, _other)
    )
_orders, _angles, _mirrored, _spreads = {}, torch.zeros(8, 10), torch.zeros(8, 10), []
for _name, _all in _epochs.items():
    for _number, _epoch in enumerate(_all):
        _sizes = [len(_y) for _, _y in _epoch]
        assert _sizes == [3, 3, 3, 1], (
            f"{_name} loader, ten pictures, batch size 3: got batches of {_sizes}, "
            "expected [3, 3, 3, 1]"
        )
        for _x, _y in _epoch:
            assert _x.shape == (len(_y), 3, 32, 32), f"{_name} images: got {tuple(_x.shape)}"
            assert _x.dtype.is_floating_point and _y.dtype == torch.int64, (
                f"{_name} loader: got {_x.dtype} and {_y.dtype}, expected floats and int64"
            )
        _x, _y = (torch.cat(_parts) for _parts in zip(*_epoch))
        assert -1.001 < _x.min() < -0.99 and 0.99 < _x.max() < 1.001, (
            f"{_name} images: values from {_x.min():.3g} to {_x.max():.3g}, "
            "expected -1 to 1: how are the numbers 0 to 255 brought there, and how often?"
        )
        _red = (_x[:, 0, 16, 16] + 1) * 127.5 - (10 if _name == "test" else 0)
        _order = (_red / 12).round().int().tolist()
        assert sorted(_order) == list(range(10)), (
            f"{_name} loader: each of the ten pictures should come once per epoch, "
            f"from the folder {'train' if _name == 'training' else 'val'}, in its own colours"
        )
        assert all((_i >= 6) == bool(_label) for _i, _label in zip(_order, _y)), (
            f"{_name} loader: a picture came with the wrong label (cat is 0, dog is 1)"
        )
        _orders.setdefault(_name, []).append(_order)
        if _name == "test":
            _want = torch.stack([_picture(12 * _i + 10).permute(2, 0, 1) for _i in _order])
            _gap = (_x - (_want / 127.5 - 1)).abs().max().item()
            assert _gap < 3e-3, (
                f"test images differ by up to {_gap:.2g} from the files brought to -1 ... 1: "
                "is this loader augmented, or scaled differently?"
            )
        else:
            (_right, _down), (_across, _above) = _square(_x[:, 1]), _square(_x[:, 2])
            _far = torch.hypot(_across, _above)
            assert (_far - 9).abs().max() < 1.5, (
                "training images: a square is at another distance from the centre than in its file: "
                "what is done beside turning and mirroring?"
            )
            _angle = torch.rad2deg(torch.atan2(_across, -_above))
            _angles[_number, _order] = _angle
            _mirrored[_number, _order] = (_right * _above > _down * _across).float()
            _spreads += [_part.max() - _part.min() for _part in _angle.split(3)[:3]]
assert _orders["test"][0] == _orders["test"][1], (
    "the test loader's order changes from epoch to epoch"
)
assert torch.allclose(_test_again, _test_other, atol=1e-3), (
    "the test loader has another order with another seed"
)
_low, _high, _far = _angles.min(), _angles.max(), _angles.abs().max()
# Pictures this small look the same after a turn by less than two degrees or so.
_turned, _share = (_angles.abs() > 0.5).float().mean(), _mirrored.mean()
assert _far < 12.5, f"a training picture was turned by {_far:.0f} degrees, expected at most 10"
assert _far > 5, f"training pictures were turned by {_far:.0f} degrees at most, expected up to 10"
assert _turned > 0.5, f"only {_turned:.0%} of the training pictures are turned: is each of them?"
assert 0.15 < _share < 0.85, f"{_share:.0%} of the training pictures are mirrored, expected half"
assert (_mirrored.amin(0) != _mirrored.amax(0)).float().mean() > 0.5, (
    "the same pictures are mirrored in every epoch: draw it anew each time"
)
_upright = _angles[_mirrored == 0]
assert _upright.min() < -1.5 and _upright.max() > 1.5, (
    f"pictures are turned from {_upright.min():.0f} to {_upright.max():.0f} degrees: to both sides?"
)
assert (_angles.max(0).values - _angles.min(0).values).mean() > 3, (
    "a training picture has the same angle in every epoch: draw a new one each time"
)
assert torch.stack(_spreads).mean() > 2, "all pictures of a batch are turned by the same angle"
assert len({tuple(_order) for _order in _orders["training"]}) == 8, (
    "the training loader has the same order twice in eight epochs"
)
_first = torch.cat([_x[:, 0, 16, 16] for _x, _ in _epochs["training"][0]])
assert torch.allclose(_again, _first, atol=1e-3), (
    "two training loaders of seed 0 begin with different orders: the seed alone should decide, "
    "whatever else draws random numbers (a test loader, too)"
)
assert not torch.allclose(_other, _first, atol=1e-3), (
    "training loaders of seed 0 and seed 1 begin with the same order: where is the seed used?"
)
print("✓ range, labels, orders, turned and mirrored; angles only to within some degrees")

# %% [markdown]
# **The common mistake: one transform for both.** An augmented test set gives a slightly different
# accuracy each time it is measured, and a wrong one. The second is `torch.manual_seed(seed)` in
# place of a generator: the order then depends on everything that draws random numbers in between,
# and every other part of your program is seeded behind its back.
#
# Now a letter and faces of cats, dogs and wild animals. The first row shows test pictures, the
# others the same training pictures in four epochs.
#
# If this cell reports missing data, it names the file it looked for and the ways to provide it;
# with the environment variable `MLP_COURSE_DATASET=synthetic`, set before the notebook is opened,
# it uses drawn faces instead.

# %%
def letter_f():
    """A picture that looks different after every turn and every flip: uint8 (32, 32, 3)."""
    pixels = np.full((32, 32, 3), 60, dtype=np.uint8)
    pixels[6:27, 9:13] = pixels[6:10, 9:24] = pixels[15:19, 9:20] = 230
    return pixels


faces_name = data.default_folder_name("animal_faces")
faces = data.image_folder(faces_name)
classes = sorted(folder.name for folder in (faces / "train").iterdir() if folder.is_dir())
print("classes:", ", ".join(classes))
with tempfile.TemporaryDirectory() as _folder:
    # A class for each picture: the labels tell which is which, in whatever order they come.
    for _index in range(8):
        _files = sorted((faces / "train" / classes[_index % len(classes)]).iterdir())
        for _split in ("train", "val"):
            _place = Path(_folder) / _split / str(_index)
            _place.mkdir(parents=True)
            if _index == 0:
                Image.fromarray(letter_f()).save(_place / "f.png")
            else:
                shutil.copy(_files[_index], _place)
    _train, _test = image_loaders(Path(_folder), batch_size=8, seed=0)
    _rows = []
    torch.manual_seed(4)  # the augmentation of torchvision draws from the global generator
    for _loader in (_test, _train, _train, _train, _train):
        _images, _kinds = next(iter(_loader))
        _rows.append(_images[_kinds.argsort()])
plots.image_grid((torch.cat(_rows) + 1) / 2)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Each column shows one picture: upright in the first row, as the test loader gives it; below, as
# the training loader gives it in four epochs, turned a little to either side, with dark corners,
# and mirrored half of the time. At the F you see at once which are mirrored; at a face hardly,
# since faces are nearly symmetric, and that is why mirroring them is harmless.
#
# It damages labels wherever left and right mean something: letters (b and d), text, arrows and road
# signs, left and right hands, the side of a heart in an X-ray. Augmentation is a claim about the
# task: *this change keeps the label*. Check the claim before you use it.
# </details>

# %% [markdown]
# ## 5 · What does the first layer look at?
#
# ●●○ · 45 minutes · 6 points · looking into a network, and not seeing more there than there is
#
# **Goal:** a unit of the first layer has one weight per pixel and channel, so its weights can be
# shown as a picture. Write `first_layer_maps`: from a model whose first `nn.Linear` takes
# flattened images of shape `image_shape` = (C, H, W), make a tensor (units, C, H, W) of the
# weights of that layer, one map per unit; each map is brought to 0 … 1 by its own minimum and
# maximum. The model stays as it is, to the last bit.
#
# The first `nn.Linear` may lie deep inside other modules, and other layers may come before it.
# Flattened means as by `images.flatten(1)`. You need not care about maps that are constant.
#
# <details><summary>Hint 1: the concept</summary>
#
# Row $k$ of the weight matrix belongs to unit $k$; its entries stand in the order in which
# flattening puts the pixels.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `model.modules()` goes through all layers, however nested. `weight.detach()` is free of autograd
# but **shares the memory** of the weights; an operation whose name ends in `_`, or `-=`, would
# change the model. `min(dim=..., keepdim=True).values`, `reshape`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     the first linear layer's weights, detached
#     minimum and maximum of each row
#     (weights - minimum) / (maximum - minimum), a new tensor
#     reshape to (units, C, H, W)
# </details>
# <details><summary>Error "unsupported operand type(s) for -: 'Parameter' and
# 'torch.return_types.min'"? Minimum and its place</summary>
#
# `min(dim=1)` returns two tensors, the minima and where they are. You want `.values`.
# </details>
# <details><summary>Error "a leaf Variable that requires grad is being used in an in-place
# operation."? The weights themselves</summary>
#
# `w -= …` on the layer's weight would change the model; PyTorch refuses, and `.data` would only
# silence it. Compute a new tensor: `w - …`.
# </details>

# %% [markdown]
# **Predict in one line:** what will the maps of a network that tells cats, dogs and wild animals
# apart look like: eyes, whiskers, whole faces, or noise? Will they be simpler where two more hidden
# layers follow the first? And the first filters of a small convolutional network?
#
# *My guess:* …

# %% solution="first_layer_maps"
def first_layer_maps(model, image_shape=(3, 32, 32)):
    """The weights of the first linear layer as pictures (units, C, H, W), each scaled to [0, 1]."""
    ### BEGIN SOLUTION
    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    weight = layer.weight.detach()
    low = weight.min(dim=1, keepdim=True).values
    high = weight.max(dim=1, keepdim=True).values
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
    ### END SOLUTION


# %% selfcheck="first_layer_maps" points=3
class _Pair(nn.Module):
    """Two linear layers, the first one given. They are not in the order of their names."""

    def __init__(self, layer):
        super().__init__()
        self.inner = layer
        self.end = nn.Linear(2, 15)

    def forward(self, x):
        return self.end(self.inner(x))


_layer = nn.Linear(2 * 2 * 3, 2)
_weight = torch.stack([torch.arange(12.0), 0.006 - 0.003 * torch.arange(12.0)])
_layer.weight.data.copy_(_weight)
_model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(12), _Pair(_layer))
for _parameter in _model.parameters():
    _parameter.grad = torch.ones_like(_parameter)
_parameter.requires_grad_(False)
_before = {_name: _value.clone() for _name, _value in _model.state_dict().items()}
_got = first_layer_maps(_model, (2, 2, 3))
assert _got.shape == (2, 2, 2, 3), f"got {tuple(_got.shape)}, expected (2, 2, 2, 3)"
assert torch.equal(_layer.weight, _weight), (
    "the model's weights have been changed: scale a new tensor, not the layer's own"
)
assert all(torch.equal(_value, _before[_name]) for _name, _value in _model.state_dict().items()), (
    "another layer of the model has been changed"
)
assert _model.training, "the model was in training mode before the call, and is not afterwards"
_model.eval()
first_layer_maps(_model, (2, 2, 3))
assert not _model.training, "the model was in evaluation mode before the call, and is not afterwards"
assert _layer.weight.requires_grad, "the model can no longer learn: leave requires_grad as it is"
assert not _parameter.requires_grad, "a frozen bias can be trained afterwards: leave it as it is"
assert _layer.weight.grad is not None, "the gradients of the model are gone: leave them as they are"
assert not _layer._forward_hooks, "a hook has been left on the layer: remove it, or do without"
_got = _got.detach().float()
_low, _high = _got.flatten(1).min(1).values, _got.flatten(1).max(1).values
assert _low.abs().max() < 1e-6 and (_high - 1).abs().max() < 1e-6, (
    f"each map should reach from 0 to 1: minima {_low.tolist()}, maxima {_high.tolist()}"
)
_image = torch.zeros(1, 2, 2, 3)
_image[0, 1, 0, 2] = 1
_want = (_image.flatten(1) @ _weight.T)[0] - _weight.min(1).values
_want = _want / (_weight.max(1).values - _weight.min(1).values)
assert torch.allclose(_got[:, 1, 0, 2], _want), (
    "channel 1, row 0, column 2 of the maps is not the weight of that pixel: "
    "which order does flatten(1) give the channels, rows and columns?"
)
_one = nn.Sequential(nn.Flatten(), nn.Linear(1 * 3 * 4, 1))
_shape = tuple(first_layer_maps(_one, (1, 3, 4)).shape)
assert _shape == (1, 1, 3, 4), f"one unit, one channel: got {_shape}, expected (1, 1, 3, 4)"
print("✓ one map per unit, scaled, and the model untouched; few kinds of models were tried")

# %% [markdown]
# **The common mistake: scaling the model.** `w = layer.weight.data; w -= w.min(); w /= w.max()`
# gives a fine picture of a network that no longer works: `.data` and `.detach()` are the weights
# themselves, not a copy.
#
# Now three networks see the same batches of faces: one with a hidden layer of 64 units, one with
# three such layers, and a small convolutional one. A filter of the latter is a linear unit that
# sees only 7 × 7 pixels, and the same filter is used all over the picture; so your function can
# show it, too. With the drawn faces this takes ten epochs and some twenty seconds, with the
# photographs three epochs and about a minute and a half. The weights are kept beside this notebook.
# The first weights are a tenth of the usual size, so that the noise they begin with does not cover
# what is learned.

# %%
train_loader, test_loader = image_loaders(faces, batch_size=64, seed=0)


def make_face_networks():
    """Name → network for the faces, always with the same first weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = {
            "one hidden layer": nn.Sequential(
                nn.Flatten(), nn.Linear(3 * 32 * 32, 64), nn.ReLU(), nn.Linear(64, len(classes))
            ),
            "three hidden layers": nn.Sequential(
                nn.Flatten(), nn.Linear(3 * 32 * 32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
                nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, len(classes)),
            ),
            "convolutional": nn.Sequential(
                nn.Conv2d(3, 16, 7, stride=2, padding=3), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(32 * 4 * 4, len(classes)),
            ),
        }  # fmt: skip
        with torch.no_grad():
            for network in networks.values():
                next(network.parameters()).mul_(0.1)
    return networks


def train_faces(num_epochs):
    """Train all three on the same batches: name → weights and test accuracy."""
    torch.manual_seed(0)
    networks = make_face_networks()
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in networks.values()]
    for _ in progress(range(num_epochs), "epochs"):
        for images, labels in train_loader:
            for network, optimizer in zip(networks.values(), optimizers):
                optimizer.zero_grad()
                F.cross_entropy(network(images), labels).backward()
                optimizer.step()
    right = {name: [] for name in networks}
    with torch.no_grad():
        for images, labels in test_loader:
            for name, network in networks.items():
                right[name].append(network(images).argmax(1) == labels)
    return {
        name: {
            "weights": dict(network.state_dict()),
            "accuracy": torch.cat(right[name]).float().mean().item(),
        }
        for name, network in networks.items()
    }


def first_maps(network):
    """The maps of a network's first layer, filters or units."""
    if not isinstance(network[0], nn.Conv2d):
        return first_layer_maps(network)
    # A linear layer that does for one patch what the filters do everywhere.
    filters = network[0].weight.detach()
    patch = nn.Linear(filters[0].numel(), len(filters))
    with torch.no_grad():
        patch.weight.copy_(filters.flatten(1))
    return first_layer_maps(patch, tuple(filters.shape[1:]))


_photographs = faces_name == "animal_faces"
trained = checkpoints.train_or_load(
    f"three_networks_{faces_name}.pt", lambda: train_faces(num_epochs=3 if _photographs else 10)
)
for _name, _network in make_face_networks().items():
    _before = first_maps(_network)[:8]
    _network.load_state_dict(trained[_name]["weights"])
    # The units that matter most to the next layer come first.
    _order = _network[3].weight.detach().abs().transpose(0, 1).flatten(1).sum(1).argsort()
    _shown = first_maps(_network)[_order.flip(0)[:16]]
    _title = f"{_name}: test accuracy {trained[_name]['accuracy']:.3f}"
    display(plots.image_grid(torch.cat([_before, _shown]), title=f"{_title}; first row: untrained"))

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Before the training all maps are noise. After it:
#
# - *one hidden layer:* blurred patterns as large as the picture, at the place of the face; most of
#   them look like a whole face, with light and dark swapped in some;
# - *three hidden layers:* the same kind of pattern. That two layers follow makes the first one no
#   simpler: there are no eyes, ears or edges by themselves;
# - *convolutional:* its filters show edges at various angles, light or dark spots, and plain
#   colours.
#
# Their test accuracies differ little on the drawn faces. What these three pictures say about
# hierarchy is the last question.
# </details>

# %% [markdown]
# ### Written: hierarchy
#
# Deep networks are often said to build a hierarchy: edges first, then parts, then whole objects.
# Are the faces in the maps of the fully connected networks such hierarchical features? What are
# they? Use all three pictures: what does it take for a hierarchy to appear, and is depth enough?
#
# | points | rubric |
# |---|---|
# | 0 | No answer, or one that does not refer to the pictures. |
# | 1 | An answer that refers to one of the pictures, without a reason. |
# | 2 | A reason from what a unit of the layer is connected to and computes. |
# | 3 | The same, and the three pictures compared: what follows from each difference between them. |

# %% [markdown] answer="hierarchy" points=3
# No. Each unit of the first layer sees all pixels at once and computes a single weighted sum of
# them. Its map is a template: roughly a difference between average pictures of classes, which is
# why it looks like a face, with ears, eyes and the light background in their usual places. A
# face is the *top* of a hierarchy; here it appears in the very first layer, without edges or
# parts below it. It works only because the faces are centred and of equal size: a face moved by a
# few pixels no longer fits the template.
#
# Depth alone does not change that. The network with three hidden layers has the same kind of first
# layer as the one with a single one, whole templates: its units are connected to the same pixels,
# and nothing makes it cheaper to see only a few of them. The later layers combine templates, not
# parts.
#
# The convolutional network is what decides: its first layer has to do with 7 × 7 pixels and the
# same weights everywhere, and it is there that edges and spots appear, features that are small and
# can be used anywhere. Later layers see more and can put them together. A fully connected layer has
# no reason to find such ones: it does not know which pixels are neighbours, and shares nothing
# between places. So a hierarchy takes small receptive fields, shared weights *and* several layers,
# and varied data in which the whole does not always stand at the same place.
#
# *Key:* 2 points for one linear template of the whole picture, from which nothing is built; 3
# points when it is added that depth alone did not change the maps and that local, shared filters
# did.

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
        "width_for_budget",
        "width = width_for_budget(30, depth=1, num_inputs=3, num_classes=2)",
        "width",
    ),
    quiz.Use(
        "polynomial_features",
        """\
X = torch.tensor([[2.0, 3.0]])
features = polynomial_features(X, degree=2)
""",
        "features[0].tolist()",
    ),
    quiz.Use(
        "first_layer_maps",
        """\
model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
model[1].weight.data = torch.tensor([[0.0, 1.0, 2.0, 4.0]])
maps = first_layer_maps(model, image_shape=(1, 2, 2))
""",
        "maps[0].flatten().tolist()",
    ),
)

# %% [markdown]
# ## Before you hand in
#
# The button runs all self-checks once more, on what is in memory now. Then choose *Restart Kernel
# and Run All Cells*: this shows what works only because of the order in which you ran the cells.

# %%
from helpers import selfcheck

selfcheck.button("02_deep_vs_wide")
