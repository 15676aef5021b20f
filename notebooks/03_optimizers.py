# %% [markdown]
# # 3 · Optimizers on difficult curves
#
# A network has millions of weights, and nobody can look at its loss surface. Here you take a loss
# of only **two** weights, which can be drawn, and write the optimizers that find their way down
# on it: SGD, SGD with momentum, and Adam. The curve is built so that plain SGD fails on it, and
# you will see why. At the end your three optimizers train a network on MNIST.
#
# **You will learn to**
#
# - write the three optimizers behind nearly every training, equal to PyTorch's step for step;
# - say how large a learning rate may be, and what limits it;
# - read a path and a loss curve: too slow, too fast, noisy, thrown out, arrived;
# - tell what the noise of small batches does, and what a falling rate and momentum do to it;
# - explain when momentum and Adam help, and when they do not.
#
# You need gradients and `backward()` from assignment 1, and about four hours (without ★).
# Everything runs on the CPU; the longest cell takes ten to twenty seconds.
#
# | part | you write | minutes | points |
# |---|---|---|---|
# | 1 | `SGD` | 15 | 3 |
# | 2 | `noisy`: the S in SGD | 20 | 3 |
# | 3 | `SGDMomentum` | 25 | 5 |
# | 4 | `stable_lr_limit` | 15 | 2 |
# | 5 | `Adam` | 30 | 5 |
# | 6 | `train_curve` | 20 | 4 |
# | 7 | the race on the curve, two written answers | 40 | 6 |
# | 8 | a `pathological_curve` of your own | 30 | 3 |
# | 9 | sharp and flat minima, one written answer | 20 | 3 |
# | 10 | a real network: nothing, you predict and read | 15 | |
# | 11 ★ | `lr_range_test` | 20 | 2 |
#
# **Rhythm of an exercise:** read the goal, write down a guess in one line, write the code, run the
# check below it, look at the picture, and only then unfold what it shows and why. Hints are folded;
# open as many as you like, one at a time. ★ marks a bonus.

# %% setup=true
import math

import numpy as np
import torch
from torch import nn


class OptimizerTemplate:
    """What all optimizers here have in common. Subclasses write `update_param`.

    params: iterable of tensors with `requires_grad`.
    lr: learning rate; it may be changed between two steps and counts from the next one.
    """

    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr

    def zero_grad(self):
        """Set every gradient to zero, in place."""
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()

    def step(self):
        """Update every parameter that has a gradient, without recording it for autograd."""
        with torch.no_grad():
            for p in self.params:
                if p.grad is not None:
                    self.update_param(p)

    def update_param(self, p):
        """Change the parameter `p` in place, using `p.grad`."""
        raise NotImplementedError("a subclass writes this")


# How steep the curve's plateau is.
PLATEAU = 0.01


def pathological_curve_loss(w1, w2):
    """The loss at (w1, w2): tensors of any shape, worked on element by element."""
    return torch.tanh(w1) ** 2 + PLATEAU * torch.abs(w1) + torch.sigmoid(w2)


# %%
from helpers import data, plots, progress, verdicts, widgets
from helpers.cells import needs

verdicts.show()
torch.set_num_threads(1)  # networks this small gain nothing from more, and lose much on busy cores

# %% [markdown]
# ## Play first: one learning rate, two directions
#
# Gradient descent in a long valley, $L = 0.025\,w_1^2 + 0.5\,w_2^2$: the curvature is 1 across it
# (in the direction of $w_2$) and 0.05 along it. Left the path, from the circle to the star; right
# the loss at each update.
#
# Predict first, then move:
#
# 1. With learning rate 0.1, which weight comes close to 0 first?
# 2. Which weight begins to jump to and fro when the learning rate grows, and from where on does
#    the path run away?
# 3. From (6, 3), how few updates bring the loss below 0.01? What keeps you from fewer?
#
# *My guesses:* …


# %%
def valley(w1, w2):
    """A loss that is twenty times as curved across the valley as along it."""
    return 0.025 * w1**2 + 0.5 * w2**2


widgets.descent_explorer(valley)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# 1. $w_2$: the slope is twenty times as large there, and each update takes away the same *share* of
#    the weight, a tenth of $w_2$ and only a two-hundredth of $w_1$.
# 2. $w_2$ again. From 1 on each update leads past the floor of the valley, and above 2 farther away
#    than before, while $w_1$ still comes down quietly.
# 3. About 24, with a rate of 1.8. A larger one would be better along the valley, but it is not
#    possible across it: the *steepest* direction limits the learning rate, the *most level* one has
#    to live with it.
#
# Remember what limited the learning rate. You will meet it again, and worse, on the next curve.
# </details>

# %% [markdown]
# ## The curve
#
# $$L(w_1, w_2) = \tanh(w_1)^2 + {{PLATEAU}}\,|w_1| + \sigma(w_2)$$
#
# We start at $(5, 5)$. The loss can come as close to 0 as you like: keep $w_1$ at 0 and go down
# with $w_2$.

# %%
plots.curve_paths(pathological_curve_loss, {}, title="The loss from above")

# %%
plots.curve_surface(pathological_curve_loss, title="The same loss as a landscape")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# A plateau far from $w_1 = 0$, almost level in the direction of $w_1$ (slope {{PLATEAU}}); a narrow ravine
# along $w_1 = 0$; and one long slope in the direction of $w_2$, steepest at $w_2 = 0$ and almost
# level a few units away from it on either side.
# </details>

# %% [markdown]
# ## 1 · Stochastic gradient descent
#
# ●○○ · 15 minutes · 3 points · the update inside every training loop
#
# **Goal:** write `SGD.update_param`. With learning rate $\eta$ and gradient $g$ of the parameter
# $w$:
#
# $$w \leftarrow w - \eta\, g$$
#
# Read `OptimizerTemplate` above first: `step()` calls `update_param(p)` for each parameter that
# has a gradient. Four rules hold for all optimizers of this notebook:
#
# - the parameter is changed **in place**: the model holds the same tensor, with the same memory,
#   before and after;
# - `p.grad` does not change, because others may want to look at it after the step;
# - `self.lr` is read at every step: a schedule may change it between steps;
# - what an optimizer remembers is its own and lies in `self`: two optimizers know nothing of each
#   other, even if they share a parameter. So nothing is kept in the class, in a default argument or
#   on the parameter.
#
# <details><summary>Hint 1: the concept</summary>
#
# `p` is a tensor, and the optimizer and the model both hold it. Give this tensor new values; do
# not make a new tensor.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# In-place operations: `p -= ...`, `p.sub_(...)`, `p.add_(..., alpha=...)`, `p.copy_(...)`. They
# are allowed on a parameter inside `torch.no_grad()`, and `step()` sees to that.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     take the parameter's gradient, times the learning rate
#     subtract it from the parameter, in place
# </details>
# <details><summary>Error "a leaf Variable that requires grad is being used in an in-place
# operation"? Autograd is recording</summary>
#
# You wrote a `step` of your own, or called `update_param` yourself. Leave `step` to the template,
# or put your loop under `torch.no_grad()`.
# </details>
# <details><summary>Error "unsupported operand type(s) for *: 'float' and 'NoneType'"? A gradient is
# missing</summary>
#
# `p.grad` is `None` for a parameter that the loss does not use. The template skips it; a `step` of
# your own has to do so, too.
# </details>

# %% [markdown]
# **Predict in one line:** on $L(w) = w^2$ (gradient $2w$), which learning rate reaches the minimum
# in a single step, and from which one on does SGD run away?
#
# *My guess:* …


# %% solution="sgd"
class SGD(OptimizerTemplate):
    """Plain gradient descent: `SGD(params, lr)`."""

    def update_param(self, p):
        """One step against the gradient, in place."""
        ### BEGIN SOLUTION
        p -= self.lr * p.grad
        ### END SOLUTION


# %% selfcheck="sgd" points=3
_p = nn.Parameter(torch.tensor([1.0, -2.0]))
_unused = nn.Parameter(torch.tensor([3.0]))
_memory, _grad = _p.data, torch.tensor([0.5, -1.0])
_p.grad = _grad.clone()
_optimizer = SGD((p for p in [_unused, _p]), lr=0.1)
_second = SGD([_unused], lr=7.0)
for _ in range(2):
    _optimizer.zero_grad()  # Gradients are set after it, as `backward` does.
    _p.grad = _grad.clone()
    _before = _p.tolist()
    _optimizer.step()
    _got = _p.tolist()
    assert _got != _before, (
        "the parameter has not moved. `p = ...` only gives the name p to another tensor: change the "
        "tensor itself. A parameter without a gradient should not end the step for the next one, "
        "and parameters may come as a generator, which can be gone through only once"
    )
    _moved = torch.tensor(_got) - torch.tensor(_before)
    assert not torch.allclose(_moved, 0.1 * _grad), "this goes up the gradient, not down"
    assert not torch.allclose(_moved, -7 * _grad), (
        "the learning rate is that of another optimizer: is it kept in the class?"
    )
    assert torch.allclose(_moved, -0.1 * _grad), (
        f"from {_before} with gradient [0.5, -1] and lr 0.1: got {_got}, "
        "expected a step of [-0.05, 0.1]"
    )
assert torch.equal(_memory, _p.data), (
    "the values are right, but they lie in new memory: whoever shared the parameter's memory "
    "still sees the old ones. Use an in-place operation"
)
assert torch.equal(_p.grad, _grad), "p.grad was changed: leave it as it is"
assert _unused.item() == 3.0, "a parameter without gradient should stay where it is"
_optimizer.lr = 1.0
_optimizer.step()
assert torch.allclose(_p, torch.tensor([0.4, -0.8])), (
    "after optimizer.lr was changed to 1.0 the step should be ten times as long: "
    "read self.lr at every step"
)
for _shape, _q in {"()": torch.tensor(1.0), "(3, 2), transposed": torch.ones(2, 3).t()}.items():
    _q = nn.Parameter(_q)
    _q.grad = torch.full_like(_q, 1000.0)
    SGD([_q], lr=0.12345).step()
    assert torch.allclose(_q, torch.full_like(_q, -122.45)), (
        f"a parameter of shape {_shape}, all 1, with gradient 1000 and lr 0.12345: "
        f"got {_q.tolist()}, expected -122.45"
    )
print("✓ steps down, in place, gradient untouched")

# %% [markdown]
# **The common mistake: rebinding.** `p = p - ...` makes a new tensor and calls it `p` inside the
# function; the model's tensor does not change. `p.data = ...` moves the parameter, but to new
# memory: tied weights and views of it are left behind.
#
# **Look.** Twenty steps on $L(w) = w^2$ from $w = 1$ with three learning rates.


# %%
def steps_on_parabola(lr, num_updates=20):
    """The weight before each of `num_updates` updates of SGD on w^2, from 1."""
    w = nn.Parameter(torch.tensor(1.0))
    optimizer = SGD([w], lr)
    weights = []
    for _ in range(num_updates):
        weights.append(w.item())
        optimizer.zero_grad()
        (w**2).backward()
        optimizer.step()
    return weights


plots.line({f"lr {lr}": steps_on_parabola(lr) for lr in (0.1, 0.9, 1.02)}, "update", "w")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# 0.1 comes down steadily. 0.9 jumps from one side to the other, with shrinking jumps. 1.02 jumps,
# too, but farther each time. One update multiplies $w$ by $1 - 2\eta$: 0.5 makes this 0 and arrives
# in a single step, and the border lies at 1, where $\eta$ times the curvature (here 2) equals 2.
# </details>

# %% [markdown]
# ### Explore: the S in SGD
#
# A training computes its gradient on a *batch*, not on all data: the right slope plus an error that
# is another at every step. Here is the valley again, and each gradient now carries normal noise.
# The loss on the right is measured without it.
#
# Predict first, then move:
#
# 1. With noise 1 and learning rate 0.5, how does the loss go on once the path has reached the
#    middle of the valley?
# 2. What does half the learning rate change, and what half the noise?
# 3. What does a learning rate that falls to 0 give that none of the constant ones gives?
#
# *My guesses:* …

# %%
widgets.noise_explorer(valley)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# 1. It comes down to a *floor* and stays there, up and down: the slope pulls the weights to the
#    middle, the noise kicks them out again.
# 2. Half the rate: about half the floor, but a slower way down. Half the noise: a quarter of the
#    floor, since loss is the square of a distance. With noise of standard deviation $\sigma$ a
#    direction of curvature $h$ keeps a mean loss of
#
#    $$\frac{\eta\, \sigma^2}{2\,(2 - \eta h)}$$
#
#    which is about $\eta \sigma^2 / 4$ while $\eta h$ is small, whatever the curvature. Averaging
#    over four times as many examples halves $\sigma$: a batch four times as large has a quarter of
#    the floor, at four times the price of a step.
# 3. Both: the large rate at the beginning is fast, the small one at the end has a low floor. This
#    is why nearly all schedules fall.
# </details>

# %% [markdown]
# ## 2 · Noise of your own
#
# ●●○ · 20 minutes · 3 points · to study an optimizer where the noise is known
#
# **Goal:** write `noisy(loss_func, sigma, generator)`. It returns a function that is called like
# `loss_func` (two tensors `w1`, `w2` of any shape → the loss, one number). In the gradient of what
# *this* function returns, every entry of both weights carries normal noise of mean 0 and standard
# deviation `sigma`:
#
# - each entry has its own noise, and it is drawn anew at every call;
# - all of it comes from `generator`, so that a seed repeats it;
# - the noise is in the **gradient**; what happens to the value does not matter;
# - the weights themselves stay as they are and can be used in many calls.
#
# <details><summary>Hint 1: the concept</summary>
#
# Which term, added to the loss, has the slope $n$ in $w$, wherever $w$ is? It tilts the surface a
# little, and each batch of a real training tilts it in a direction of its own.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `torch.randn(shape, generator=generator)` draws with standard deviation 1; `w.shape` is the shape
# of a weight, also of a single number. A function defined inside a function sees its variables.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     define a function of w1 and w2:
#         loss of the given function
#         for each of the two weights:
#             draw noise of its shape, times sigma
#             add the sum of noise times weight to the loss
#         give the loss back
#     give this function back
# </details>
# <details><summary>Error "element 0 of tensors does not require grad and does not have a grad_fn"?
# The way back is cut</summary>
#
# The loss was made without the weights: by `.item()`, `.detach()` or `.data`, or under
# `torch.no_grad()`. Build the noise from fresh random numbers, and the loss from the weights.
# </details>
# <details><summary>Error "grad can be implicitly created only for scalar outputs"? A sum is
# missing</summary>
#
# Noise times weight has the weight's shape. The loss is one number: add its sum.
# </details>

# %% [markdown]
# **Predict in one line:** after your solution, SGD runs in the valley with noise 1 and the learning
# rates 1, 0.3 and 0.1. Which has the lowest loss after 30 updates, and which after 1000?
#
# *My guess:* …


# %% solution="noisy"
def noisy(loss_func, sigma, generator):
    """A function like `loss_func`, with noise in its gradient.

    loss_func: takes two tensors w1, w2 of any shape, returns the loss, a tensor with one number.
    sigma: standard deviation of the normal noise in every entry of both gradients.
    generator: the torch.Generator from which it is drawn, anew at every call.
    """
    ### BEGIN SOLUTION

    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        for w in (w1, w2):
            noise = sigma * torch.randn(w.shape, generator=generator)
            loss = loss + (noise * w).sum()
        return loss

    return noisy_loss
    ### END SOLUTION


# %% selfcheck="noisy" points=3
def _noise_of(sigma, seed=0, calls=1):
    """What `noisy` adds to the gradients of 3 w1^2 + w2: per call one tensor for each weight."""
    w1, w2 = nn.Parameter(torch.ones(100, 50)), nn.Parameter(torch.ones(5000))
    func = noisy(
        loss_func=lambda w1, w2: 3 * (w1**2).sum() + w2.sum(),
        sigma=sigma,
        generator=torch.Generator().manual_seed(seed),
    )
    assert callable(func), f"expected a function, got {type(func).__name__}"
    noise = []
    for _ in range(calls):
        w1.grad = w2.grad = None
        loss = func(w1, w2)
        assert loss.numel() == 1, f"the loss has shape {tuple(loss.shape)}: expected one number"
        loss.backward()
        noise.append((w1.grad - 6, w2.grad - 1))
        assert (w1 == 1).all() and (w2 == 1).all(), "a call has moved the weights: leave them"
    return noise


for _one in _noise_of(sigma=0.0)[0]:
    assert torch.allclose(_one, torch.zeros_like(_one), atol=1e-4), (
        "with sigma 0 the gradient is not that of loss_func"
    )
_calls = _noise_of(sigma=0.5, calls=4)
for _name, *_noises in zip(("w1", "w2"), *_calls):
    _mean, _spread = _noises[0].mean().item(), _noises[0].std().item()
    assert _noises[0].abs().max() > 1e-4, (
        f"the gradient of {_name} has no noise: a number added to the loss changes its value only"
    )
    assert _spread > 1e-4, f"all entries of {_name} have the same noise: each needs its own"
    assert abs(_spread - 0.5) < 0.05, (
        f"the noise of {_name} has standard deviation {_spread:.3g}, expected 0.5: is sigma a "
        "standard deviation, and the noise added to the slope as it is?"
    )
    assert abs(_mean) < 0.05, f"the noise of {_name} has mean {_mean:.3g}, expected 0"
    assert not torch.allclose(_noises[0], _noises[1], atol=1e-4), (
        f"two calls give {_name} the same noise: draw it inside the function that you return"
    )
    _last = _noises[3].std().item()
    assert abs(_last - 0.5) < 0.05, (
        f"at the fourth call with the same weights the noise of {_name} has standard deviation "
        f"{_last:.3g}, expected 0.5: does something pile up on the weights?"
    )
assert not torch.allclose(_calls[0][0].flatten(), _calls[0][1], atol=1e-4), (
    "w1 and w2 have the same noise"
)
torch.manual_seed(1)
for _first, _same, _new in zip(_calls[0], _noise_of(0.5)[0], _noise_of(0.5, seed=1)[0]):
    assert torch.allclose(_same, _first, atol=1e-4), (
        "the same seed gives other noise: does all of it come from the generator?"
    )
    assert not torch.allclose(_new, _first, atol=1e-4), (
        "another seed gives the same noise: does it come from the generator?"
    )
_w1, _w2 = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.ones(3))
_sum = noisy(lambda w1, w2: w1 * w2.sum(), 0.1, torch.Generator().manual_seed(0))(_w1, _w2)
_sum.backward()
assert abs(_w1.grad.item() - 3) < 1 and (_w2.grad - 2).abs().max() < 1, (
    "weights of shape () and (3,): the gradients are far from those of loss_func"
)
print("✓ noise of the stated size in the gradient: for each entry, at each call, by its seed")
print("(not looked at here: weights in float64)")

# %% [markdown]
# **The common mistake: noise on the value.** `loss_func(w1, w2) + noise` has the gradient it had
# before: a constant falls out of every derivative. Nor is `loss_func(w1 + noise, w2 + noise)` the
# same thing: its noise is as large as the curvature makes it.
#
# **Look.** The loss, measured without the noise, as a mean over 500 runs side by side (some
# seconds); once the learning rate falls from 1 to 0, in equal steps.


# %%
def noisy_descents(make_optimizer, rate_at, num_updates=1000, num_runs=500):
    """The mean loss at each update of runs in the valley, with noise of standard deviation 1.

    rate_at: maps the number of an update to its learning rate.
    """
    w1, w2 = (nn.Parameter(torch.full((num_runs,), start)) for start in (6.0, 3.0))
    # The sum keeps the runs independent: each sees its own gradient only.
    generator = torch.Generator().manual_seed(0)
    noisy_loss = noisy(lambda w1, w2: valley(w1, w2).sum(), 1.0, generator)
    optimizer = make_optimizer([w1, w2])
    losses = []
    for t in range(num_updates):
        losses.append(valley(w1.detach(), w2.detach()).mean().item())
        optimizer.lr = rate_at(t)
        optimizer.zero_grad()
        noisy_loss(w1, w2).backward()
        optimizer.step()
    return losses


schedules = {f"lr {lr}": lambda t, lr=lr: lr for lr in (1.0, 0.3, 0.1)}
schedules["lr from 1 to 0"] = lambda t: 1 - t / 1000
floors = {
    name: noisy_descents(lambda params: SGD(params, 1.0), rate_at)
    for name, rate_at in progress.progress(schedules.items(), "schedules")
}
for name, losses in floors.items():
    print(f"{name:15} update 30: {losses[30]:.2f}   last 20: {np.mean(losses[-20:]):.3f}")
plots.line(floors, "update", "mean loss", logy=True)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# After 30 updates 0.3 is ahead (0.5): 0.1 is still on its way (0.7), and 1 has been on its floor
# for long (0.8). After 1000 it is 0.1, for the floors are 0.76, 0.16 and 0.05, nearly in step with
# the rate and as the formula of part 1 says (summed over both directions).
#
# The falling rate starts as fast as 1 and ends below all of them, because the floor comes down with
# it. It pays for that on the way: from update 200 until shortly before the end 0.1 is lower. A
# schedule needs to know how many updates there will be.
# </details>

# %% [markdown]
# ## 3 · Momentum
#
# ●●○ · 25 minutes · 5 points · the optimizer of most image networks
#
# **Goal:** write `SGDMomentum`. Each parameter has a running mean $m$ of its gradients, zero at
# the beginning. With $\beta$ for `momentum`:
#
# $$m \leftarrow \beta\, m + (1 - \beta)\, g \qquad\qquad w \leftarrow w - \eta\, m$$
#
# This is the convention of this course; there are others. A parameter that has no gradient at a
# step is skipped altogether: neither it nor its $m$ changes.
#
# <details><summary>Hint 1: the concept</summary>
#
# The optimizer must remember something between two calls of `update_param`, separately for each
# parameter. Where does an object keep what it remembers?
# </details>
# <details><summary>Hint 2: the API</summary>
#
# A dict with the parameter itself as key works, because tensors are hashed by identity.
# `torch.zeros_like(p)` makes a fitting zero tensor.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     __init__: remember momentum; make a place for one mean per parameter
#     update_param: mean of this parameter = momentum * mean + (1 - momentum) * gradient
#                   parameter = parameter - lr * mean, in place
# </details>
# <details><summary>Error "Boolean value of Tensor with more than one value is ambiguous"? Tensors
# were compared by value</summary>
#
# `self.params.index(p)` and `p in self.params` compare entry by entry. Look a parameter's mean up
# in a dict, which goes by identity.
# </details>
# <details><summary>Error "'SGDMomentum' object has no attribute ..."? It was never stored</summary>
#
# What `update_param` reads from `self` has to be put there in `__init__`, under the same name.
# </details>

# %% [markdown]
# **Predict in one line:** the gradient of one weight is +1, -1, +1, -1, …; that of another is
# always +1. After many steps with $\beta = 0.9$, how large is $|m|$ for each?
#
# *My guess:* …


# %% solution="sgd_momentum"
class SGDMomentum(OptimizerTemplate):
    """Gradient descent along a running mean of the gradients."""

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        ### BEGIN SOLUTION
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}
        ### END SOLUTION

    def update_param(self, p):
        """Bring the parameter's running mean up to date, then step along it, in place."""
        ### BEGIN SOLUTION
        mean = self.mean[p]
        mean.mul_(self.momentum).add_(p.grad, alpha=1 - self.momentum)
        p -= self.lr * mean
        ### END SOLUTION


# %% selfcheck="sgd_momentum" points=5
def _after_steps(gradients, momentum=0.9, rates=None):
    """The value of one weight, from 1.0, after each of the gradients; some may be None."""
    w = nn.Parameter(torch.tensor([1.0]))
    memory, values = w.data, []
    optimizer = SGDMomentum([w], lr=0.1, momentum=momentum)
    for index, gradient in enumerate(gradients):
        w.grad = None if gradient is None else torch.tensor([gradient])
        if rates is not None:
            optimizer.lr = rates[index]
        optimizer.step()
        values.append(round(w.item(), 4))
        assert gradient is None or w.grad.item() == gradient, (
            f"p.grad was {gradient} before the step and {w.grad.item():.4g} after it: "
            "is your running mean the gradient tensor itself?"
        )
    assert torch.equal(memory, w.data), (
        "the weight's values lie in new memory: change the parameter in place"
    )
    return values


_got = _after_steps([2.0, 2.0])
assert _got[0] != 0.8, "the first step is lr times the whole gradient: what weighs a new gradient?"
assert _got[0] != 0.82, "the first step is too long: which of momentum and 1 - momentum goes where?"
assert _got[0] == 0.98, f"first step from 1 with gradient 2, lr 0.1: got {_got[0]}, expected 0.98"
assert _got[1] == 0.942, (
    f"second step with the same gradient: got {_got[1]}, expected 0.942: "
    "is m kept from the step before?"
)
_got = _after_steps([2.0, 2.0], momentum=0.5)
assert _got == [0.9, 0.75], (
    f"two steps with momentum 0.5: got {_got}, expected [0.9, 0.75]: is it used for both weights?"
)
_got = _after_steps([2.0, 2.0], rates=[0.1, 1.0])
assert _got == [0.98, 0.6], (
    f"lr 0.1, then 1: got {_got}, expected [0.98, 0.6]: is self.lr read at every step, and kept "
    "out of m?"
)
_got = _after_steps([2.0, None, 2.0])
assert _got == [0.98, 0.98, 0.942], (
    f"without a gradient at the second step: got {_got}, expected [0.98, 0.98, 0.942]: neither "
    "the parameter nor its m should change there"
)
_got = _after_steps([2.0, 0.0, -3.0])
assert _got == [0.98, 0.962, 0.9758], (
    f"gradients 2, 0 and -3: got {_got}, expected [0.98, 0.962, 0.9758]: a gradient of zero is a "
    "gradient like any other, and so is one that points back"
)
_a, _b = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
_optimizer = SGDMomentum([_a, _b], lr=0.1)
for _grad in (torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0]), None):
    _a.grad, _b.grad = _grad, torch.zeros(2)
    _optimizer.step()
assert _a[1] == 1, "an entry of a moved although its gradient was zero: each entry has its own mean"
assert torch.equal(_b.data, torch.ones(2)), (
    "b moved although its gradient was zero all the time: does it see the mean of parameter a?"
)
_w = nn.Parameter(torch.tensor([1.0]))
_first, _second = SGDMomentum([_w], lr=0.1), SGDMomentum([_w], lr=0.1)
_w.grad = torch.tensor([2.0])
_first.step()
_second.step()
assert abs(_w.item() - 0.96) < 1e-4, (
    f"two optimizers made one step each on one weight: got {_w.item():.4g}, expected 0.96. Each "
    "begins with m = 0: is something kept in the class, in a default argument or on the parameter?"
)
print("✓ running mean kept, one per parameter, new for each optimizer")
print("(not looked at here: zero_grad, and parameters that come as a generator)")

# %% [markdown]
# **The common mistake: another convention.** Many texts, and `torch.optim.SGD`, add the full
# gradient, $m \leftarrow \beta m + g$. In the long run their steps are $1/(1-\beta)$ times as
# long, ten times at 0.9. When you take over a learning rate, find out which convention it was
# meant for.
#
# **Look.** The two gradients of your prediction, fed to `SGDMomentum` with learning rate 1; the
# plot shows how far each weight moves at each update.


# %%
def step_lengths(gradients, momentum=0.9):
    """|change of the weight| at each update with learning rate 1."""
    w = nn.Parameter(torch.tensor(0.0))
    optimizer = SGDMomentum([w], lr=1.0, momentum=momentum)
    lengths = []
    for gradient in gradients:
        before = w.item()
        w.grad = torch.tensor(float(gradient))
        optimizer.step()
        lengths.append(abs(w.item() - before))
    return lengths


plots.line(
    {
        "always +1": step_lengths([1] * 40),
        "+1, -1, +1, ...": step_lengths([(-1) ** t for t in range(40)]),
    },
    "update",
    "length of the step",
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# The steps of the steady one grow to 1, the full gradient. Those of the alternating one shrink to
# $(1 - \beta)/(1 + \beta) \approx 0.05$: what points to and fro cancels.
# </details>

# %% [markdown]
# ## 4 · How large may the learning rate be?
#
# ●●○ · 15 minutes · 2 points · to know why a training blows up, and what momentum buys
#
# Near a minimum every smooth loss looks like $\frac{1}{2} h w^2$ in each direction, with its
# curvature $h$ and its gradient $h w$. One update of plain gradient descent multiplies $w$ by
# $1 - \eta h$. It comes closer as long as this factor lies between -1 and 1.
#
# **Goal:** write `stable_lr_limit(curvature, momentum=0.0)`: the learning rate up to which
# `SGDMomentum` (in this course's convention) comes closer to the minimum of
# $\frac{1}{2} h w^2$, and beyond which it runs away. Both arguments are numbers,
# `curvature` > 0 and 0 ≤ `momentum` < 1.
#
# <details><summary>Hint 1: the concept</summary>
#
# Without momentum: which rate makes the factor -1? With momentum the same thing happens at the
# border: each update turns $w$ into $-w$ and $m$ into $-m$, neither closer nor farther away.
# </details>
# <details><summary>Hint 2: two equations</summary>
#
# Put $-m$ for the new mean and $-w$ for the new weight into the two lines of the rule (mind that
# the step goes along the *new* mean), with $h w$ for the gradient. Eliminate $m$ and solve for
# $\eta$.
# </details>
# <details><summary>Hint 3: the way</summary>
#
#     second line: w - lr * (-m) = -w      gives m, from w and lr
#     first line:  beta * m + (1 - beta) * h * w = -m
#     put the one into the other; w falls out; solve for lr
#     test it: momentum 0 must give what the factor says
# </details>
# <details><summary>Error "'int' object is not callable"? A multiplication sign is missing</summary>
#
# Python reads `2 (1 + x)` as a call of 2. Write `2 * (1 + x)`.
# </details>

# %% [markdown]
# **Predict in one line:** for curvature 1 the limit is 2 without momentum. Is it lower, the same, a
# little higher or much higher with momentum 0.9?
#
# *My guess:* …


# %% solution="stable_lr_limit"
def stable_lr_limit(curvature, momentum=0.0):
    """The largest stable learning rate of `SGDMomentum` on curvature * w^2 / 2."""
    ### BEGIN SOLUTION
    return 2 * (1 + momentum) / ((1 - momentum) * curvature)
    ### END SOLUTION


# %% selfcheck="stable_lr_limit" points=2
def _far_after(lr, curvature, momentum):
    """|w| after 400 updates on curvature * w^2 / 2 from w = 1."""
    w, m = 1.0, 0.0
    for _ in range(400):
        m = momentum * m + (1 - momentum) * curvature * w
        w = w - lr * m
    return abs(w)


for _curvature, _momentum in ((2.0, 0.0), (0.05, 0.0), (2.0, 0.9), (1.0, 0.5), (10.0, 0.8)):
    _limit = stable_lr_limit(curvature=_curvature, momentum=_momentum)
    _said = f"curvature {_curvature:g}, momentum {_momentum:g}: got {_limit}"
    assert _limit is not None and 0 < _limit < math.inf, f"{_said}, expected a number above 0"
    assert _far_after(0.98 * float(_limit), _curvature, _momentum) < 1, (
        f"{_said}, but just below that it runs away already: is the limit of the right convention, "
        "with 1 - momentum?"
    )
    assert _far_after(1.02 * float(_limit), _curvature, _momentum) > 1, (
        f"{_said}, but just above that it still comes closer: which factor makes it jump from w to "
        "-w? Does momentum enter, both times?"
    )
assert abs(stable_lr_limit(4) - stable_lr_limit(4, 0)) < 1e-6, "without momentum given, it is 0"
print("✓ just below it comes closer, just above it runs away, with and without momentum")

# %% [markdown]
# **The common mistake: a limit of the other convention.** With $m \leftarrow \beta m + g$ the limit
# is $2(1 + \beta)/h$, not even twice that of plain descent. Here it is ten times that at 0.9, since
# each gradient enters with a tenth of its size. Both are the same optimizer with another name for
# the rate.
#
# **Look.** How far $w$ is after 100 updates from 1, for rates below and above your limit.


# %%
def far_after(lr, momentum, num_updates=100):
    """|w| after some updates of `SGDMomentum` on w^2 / 2, from 1."""
    w = nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
    optimizer = SGDMomentum([w], lr, momentum)
    for _ in range(num_updates):
        optimizer.zero_grad()
        (0.5 * w**2).backward()
        optimizer.step()
    return abs(w.item())


shares = np.linspace(0.9, 1.1, 41)
far = {
    f"momentum {beta}, limit {stable_lr_limit(1, beta):.3g}": (
        shares,
        [far_after(share * stable_lr_limit(1, beta), beta) for share in shares],
    )
    for beta in (0.0, 0.5, 0.9)
}
plots.line(far, "learning rate / its limit", "|w| after 100 updates", logy=True)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Whatever the momentum, the limit divides the picture: below it the weight has come closer, above
# it has run away. And the limit is much higher with momentum, 38 instead of 2 at 0.9, 19 times:
# what jumps to and fro cancels in the mean, so it takes a far larger rate until the jumps grow.
# Along the valley nothing cancels, and there the larger rate is pure gain.
# </details>

# %% [markdown]
# ### Given: does momentum lower the floor of the noise?
#
# A running mean smooths the gradients. So it should take the noise out of them, and the floor of
# part 2 should fall?
#
# **Predict in one line:** with noise 1 in the valley, by how much does momentum 0.9 lower the floor
# at learning rate 0.1, at 1, and at 1.8? (The cell takes some seconds.)
#
# *My guess:* …

# %%
floor_rates, betas = (0.1, 1.0, 1.8), (0.0, 0.9)
measured = {
    f"momentum {beta}": [
        np.mean(
            noisy_descents(
                lambda params, beta=beta: SGDMomentum(params, 1.0, beta), lambda t, lr=lr: lr
            )[-200:]
        )
        for lr in floor_rates
    ]
    for beta in betas
}
for name, heights in measured.items():
    print(name, *(f"lr {lr}: {height:.3f}" for lr, height in zip(floor_rates, heights)), sep="   ")
plots.bar(measured, "floor: mean loss, last 200", labels=[f"lr {lr}" for lr in floor_rates])

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# At 0.1 not at all (0.05 and 0.05), at 1 by a third (from 0.76 to 0.51), at 1.8 to less than a
# fifth (from 5.0 to 0.9). The mean makes the single *step* smoother, but each gradient still moves
# the weight by $\eta g$ in the end, only spread over many steps, and its noise with it.
#
# What momentum does is to move the limit away: in the formula of part 1 it puts $\eta h\,(1 -
# \beta)/(1 + \beta)$ in the place of $\eta h$. That helps where plain SGD jumps to and fro near its
# limit, and nowhere else. Against the floor itself there are a smaller rate, a larger batch, or
# averaging the weights.
# </details>

# %% [markdown]
# ## 5 · Adam
#
# ●●○ · 30 minutes · 5 points · the optimizer most people try first
#
# **Goal:** write `Adam`, equal to `torch.optim.Adam` step for step. Each parameter has a running
# mean $m$ of its gradients and one, $v$, of their squares, both zero at the beginning, and a
# count $t$ of its updates. At each update:
#
# $$t \leftarrow t + 1$$
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t}$$
#
# $$w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# Squares, roots and quotients are taken entry by entry. The means start at zero and are too small
# at first; the division by $1 - \beta^t$ corrects that. Each parameter has its own $t$: one that
# has no gradient at a step is skipped, and its $m$, $v$ and $t$ stay.
#
# <details><summary>Hint 1: the concept</summary>
#
# Momentum with a second running mean, that of the squared gradient, and a count of updates; each
# of the three is kept per parameter.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `mean.mul_(...)`, `square.add_(...)`, `torch.sqrt`. The count can be an ordinary int in a dict.
# The corrections are new tensors: the stored means stay uncorrected.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     count of this parameter += 1
#     update its two running means, with the gradient and with its square
#     divide copies of both by 1 - beta ** count
#     parameter -= lr * corrected mean / (root of corrected square + eps), in place
# </details>
# <details><summary>Error "unsupported operand type(s) for ** or pow(): 'float' and 'dict'"? All
# counts instead of one</summary>
#
# The count is kept per parameter: take the one that belongs to `p` out of the dict first.
# </details>
# <details><summary>The weights are nan or inf after the first step? Look at the count</summary>
#
# At $t = 0$ the correction divides by $1 - \beta^0 = 0$. Count first, then correct.
# </details>

# %% [markdown]
# **Predict in one line:** the very first gradient is 1000, or 0.001. How long is Adam's first step
# with learning rate 0.1 in either case?
#
# *My guess:* …


# %% solution="adam"
class Adam(OptimizerTemplate):
    """Steps scaled, entry by entry, with running means of the gradient and of its square."""

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        ### BEGIN SOLUTION
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.mean = {p: torch.zeros_like(p) for p in self.params}
        self.square = {p: torch.zeros_like(p) for p in self.params}
        self.count = dict.fromkeys(self.params, 0)
        ### END SOLUTION

    def update_param(self, p):
        """Bring the parameter's means and count up to date, then step, in place."""
        ### BEGIN SOLUTION
        self.count[p] += 1
        mean, square, count = self.mean[p], self.square[p], self.count[p]
        mean.mul_(self.beta1).add_(p.grad, alpha=1 - self.beta1)
        square.mul_(self.beta2).addcmul_(p.grad, p.grad, value=1 - self.beta2)
        corrected_mean = mean / (1 - self.beta1**count)
        corrected_square = square / (1 - self.beta2**count)
        p -= self.lr * corrected_mean / (corrected_square.sqrt() + self.eps)
        ### END SOLUTION


# %% selfcheck="adam" points=5
_w = nn.Parameter(torch.tensor([1.0]))
_memory, _optimizer = _w.data, Adam([_w], lr=0.1)
_w.grad = torch.tensor([4.0])
_optimizer.step()
_moved = 1 - _w.item()
assert math.isfinite(_moved), "the first step gives inf or nan: is t already 1 there?"
assert abs(_moved - 0.1) < 1e-4, (
    f"first step with gradient 4 and lr 0.1: moved by {_moved:.4g}, expected 0.1, whatever the "
    "gradient's size: are both means corrected, and is the root taken after the correction?"
)
assert _w.grad.item() == 4.0, "p.grad was changed: leave it as it is"
assert torch.equal(_memory, _w.data), "the weight lies in new memory: change it in place"


def _beside_torch(
    hint, num_params=1, scale=1.0, skip=(), rates=(0.1,) * 6, betas=(0.8, 0.95), **eps
):
    """Fail unless six steps equal those of torch.optim.Adam.

    skip: pairs (step, parameter) without a gradient.
    """
    generator = torch.Generator().manual_seed(3)
    start = torch.randn(num_params, 3, generator=generator)
    gradients = scale * torch.randn(6, num_params, 3, generator=generator)
    gradients[4] = 0  # a gradient like any other
    mine, theirs = ([nn.Parameter(row.clone()) for row in start] for _ in range(2))
    beta1, beta2 = betas
    optimizer = Adam(mine, lr=rates[0], beta1=beta1, beta2=beta2, **eps)
    oracle = torch.optim.Adam(theirs, lr=rates[0], betas=betas, **eps)
    for t in range(6):
        optimizer.lr = oracle.param_groups[0]["lr"] = rates[t]
        for params in (mine, theirs):
            for i, p in enumerate(params):
                p.grad = None if (t, i) in skip else gradients[t, i].clone()
        optimizer.step()
        oracle.step()
        for i in range(num_params):
            gap = (mine[i] - theirs[i]).abs().max().item()
            assert gap < 1e-5, f"step {t + 1}: {gap:.2g} away from torch.optim.Adam. {hint}"


_beside_torch("One parameter: go through the formulas line by line")
_beside_torch("eps is 0.1 here: is it added to the root, after the correction?", eps=0.1)
_beside_torch("The gradients are about 1e-8: is eps 1e-8 by default?", scale=1e-8)
_beside_torch(
    "lr changes after step 3: is self.lr read at every step?", rates=[0.1] * 3 + [0.5] * 3
)
_beside_torch("There are three parameters: has each its own m, v and t?", num_params=3)
_beside_torch(
    "The first of two parameters has no gradient at steps 1 and 3: its m, v and t should stay there",
    num_params=2,
    skip=((0, 0), (2, 0)),
)

_w = nn.Parameter(torch.tensor([1.0]))
_first, _second = Adam([_w], lr=0.1), Adam([_w], lr=0.1)
for _g, _one in ((4.0, _first), (-1.0, _second)):
    _w.grad = torch.tensor([_g])
    _one.step()
assert abs(_w.item() - 1) < 1e-4, (
    f"two optimizers made one step each on one weight, down and up: got {_w.item():.4g}, expected "
    "1. Is something kept in the class, in a default argument or on the parameter?"
)
print("✓ steps like torch.optim.Adam: eps, several parameters, skipped steps, changed lr")
print("(not looked at here: zero_grad, and parameters that come as a generator)")

# %% [markdown]
# **The common mistake: one count for all.** With a single `self.t += 1` in `update_param`, a
# model of six parameters counts six updates per step; the correction then ends much too early.
#
# **Look.** Two weights with $L = 500\,w_1^2 + 0.0005\,w_2^2$: the gradients differ by a factor of
# a million.

# %%
_w = nn.Parameter(torch.tensor([1.0, 1.0]))
_optimizer = Adam([_w], lr=0.05)
_rows = []
for _ in range(60):
    _rows.append(_w.tolist())
    _optimizer.zero_grad()
    (500 * _w[0] ** 2 + 0.0005 * _w[1] ** 2).backward()
    _optimizer.step()
_steep, _level = zip(*_rows)
plots.line({"w1, steep": _steep, "w2, nearly level": _level}, "update", "weight")

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# The two lines lie on each other. Adam divides each gradient by its usual size, and only the signs
# and the relative changes are left. In the same way the first step is as long as the learning
# rate, 0.1 in your prediction, whatever the gradient.
# </details>

# %% [markdown]
# ## 6 · Recording a path
#
# ●○○ · 20 minutes · 4 points · to look at a training afterwards, step by step
#
# **Goal:** write `train_curve`, which runs an optimizer on a curve and returns its path: a numpy
# array of shape `(num_updates, 3)`. Row $t$ holds $w_1$, $w_2$ and the loss **before** update
# $t$; the first row is the start. `optimizer_func(params)` makes the optimizer from a list of
# parameters, for example `lambda params: SGD(params, lr=10)`.
#
# <details><summary>Hint 1: the concept</summary>
#
# The loop is that of every training, with a note of where you are before each update.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `nn.Parameter(torch.tensor([5.0, 5.0]))` holds both weights; `weights[0]` and `weights[1]` go
# into the curve. `.tolist()` and `.item()` give plain numbers.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     make a parameter from init, and the optimizer for it
#     repeat num_updates times:
#         loss at the weights
#         append weights and loss to the path, as numbers
#         clear gradients, backward, step
#     path as a numpy array
# </details>
# <details><summary>Error "Only Tensors of floating point and complex dtype can require gradients"?
# The start is made of whole numbers</summary>
#
# `init` may be `(5, 5)`, and `torch.tensor` makes integers of that. Turn the numbers into floats
# first.
# </details>
# <details><summary>Error "Can't call numpy() on Tensor that requires grad. Use
# tensor.detach().numpy() instead."? Store numbers</summary>
#
# Its advice gives you an array that shares the weights' memory and changes with them. Plain numbers
# (`.tolist()`, `.item()`) do not.
# </details>

# %% [markdown]
# **Predict in one line:** what would the path look like if nobody cleared the gradients between two
# updates?
#
# *My guess:* …


# %% solution="train_curve"
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    """The path of an optimizer on a curve.

    optimizer_func: takes a list of parameters, returns an optimizer with zero_grad() and step().
    curve_func: takes two tensors w1, w2, returns the loss as a tensor.
    init: the two numbers to start from.

    Returns a numpy array (num_updates, 3): w1, w2 and the loss at each step, before its update.
    """
    ### BEGIN SOLUTION
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
    ### END SOLUTION


# %% selfcheck="train_curve" points=4
_start = [2, 1.5]
_path, _again = (
    train_curve(
        optimizer_func=lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.5),
        curve_func=lambda w1, w2: w1.square() + 3 * w2 - 10,
        num_updates=3,
        init=_start,
    )
    for _ in range(2)
)
assert isinstance(_path, np.ndarray), f"expected a numpy array, got {type(_path).__name__}"
assert _path.shape == (3, 3), f"got shape {_path.shape}, expected (3, 3): one row per update"
_rows = [[2.0, 1.5, -1.5], [1.6, 1.2, -3.84], [1.08, 0.75, -6.5836]]
assert not np.allclose(_path[:, :2], _path[-1, :2]), (
    "the weights are the same in all rows: does each row hold those of its own time, "
    "or the one tensor that goes on changing?"
)
assert np.allclose(_path[0], _rows[0], rtol=1e-3), (
    f"first row: got {_path[0].round(4).tolist()}, expected {_rows[0]}: the start and its loss, "
    "before any update"
)
assert np.allclose(_path[1], _rows[1], rtol=1e-3), (
    f"second row: got {_path[1].round(4).tolist()}, expected {_rows[1]}"
)
assert np.allclose(_path[2], _rows[2], rtol=1e-3), (
    f"two rows are right, the third is {_path[2].round(4).tolist()}, expected {_rows[2]}: "
    "are the gradients of the step before still there, or is the optimizer a new one?"
)
assert np.allclose(_again, _path) and _start == [2, 1.5], (
    "a second call with the same arguments gives another path: does each call start afresh, and "
    "leave init unchanged?"
)
_default = train_curve(lambda params: SGD(params, 0.0), lambda w1, w2: w1 + w2)
assert _default.shape == (100, 3) and np.allclose(_default, [5, 5, 10]), (
    "by default there are 100 updates, from (5, 5)"
)
print("✓ three rows, each before its update; 100 rows from (5, 5) by default")

# %% [markdown]
# **The common mistake: rows that change later.** `weights.data`, `weights.detach()` and
# `weights.detach().numpy()` share the parameter's memory. Put into a list without a copy, all
# rows show the last weights.
#
# **Look.** SGD with a small step on a round bowl, and the same with an optimizer that never clears
# the gradients.


# %%
def round_bowl(w1, w2):
    """A loss that is equally steep in all directions, with its minimum at (0, 0)."""
    return 0.05 * (w1**2 + w2**2)


class NeverCleared(SGD):
    """SGD whose gradients add up from step to step."""

    def zero_grad(self):
        """Leave them as they are."""


bowl_paths = {
    "SGD": train_curve(lambda params: SGD(params, lr=1), round_bowl, 60),
    "never cleared": train_curve(lambda params: NeverCleared(params, lr=1), round_bowl, 60),
}
plots.curve_paths(round_bowl, bowl_paths)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# SGD goes in a straight line to the middle: on a round bowl, the gradient points away from the
# minimum everywhere. Uncleared gradients are like a mass on a spring: they add up on the way down,
# so that it runs through the minimum at full speed, and they take as long to be used up on the
# other side. It swings through the whole bowl and does not come to rest.
# </details>

# %% [markdown]
# ## 7 · The race
#
# ●●○ · 40 minutes · 6 points · to choose an optimizer for a reason
#
# **Goal:** explain three paths on the curve: first as a prediction, then with the figures of the
# curve. From $(5, 5)$, 100 updates: SGD and momentum with learning rate 10, Adam with learning rate
# 1.
#
# ### Written: sketch the three paths before you run them
#
# Describe on the picture of the curve from above how each of the three will go: in which
# direction first, what happens at the ravine, where it ends. Give one reason for each. A photo of
# a drawing may be added. *Do not go on before you have written it.* Afterwards add one sentence
# on what came out differently.
#
# | points | rubric |
# |---|---|
# | 0 | No path is described, or only the result of the run is retold. |
# | 1 | The paths are described without reasons, or for one optimizer only. |
# | 2 | All three paths are described, at least two with a reason from gradients or update rules. |
# | 3 | All three with reasons that fit the update rules, and an honest comparison with the run. |

# %% [markdown] answer="sketch" points=3
# *SGD:* at the start both slopes are small (0.01 in $w_1$, 0.0066 in $w_2$), so it moves slowly,
# by 0.1 and 0.07 per update, and gets faster. At the ravine the slope across becomes large; a
# step with learning rate 10 jumps over it, far onto the other plateau. It comes back slowly, is
# thrown out again, and ends away from $w_1 = 0$.
#
# *Momentum:* the same slow approach. At the ravine the gradients across change their sign, and
# most of them cancel in the mean, while those along $w_2$ always have the same sign and add up.
# It swings around $w_1 = 0$ with shrinking amplitude and goes far down in $w_2$.
#
# *Adam:* each coordinate is divided by the usual size of its own gradient, so at first both move
# by about 1 per update: diagonally. It runs past the ravine a little, comes back, and slides
# along $w_2$ with nearly constant steps at first.
#
# *Afterwards:* I had expected momentum to glide down the middle; it swings to both sides first, and
# Adam does so, too, more gently.

# %%
race = {
    "SGD, lr 10": lambda params: SGD(params, lr=10),
    "momentum, lr 10": lambda params: SGDMomentum(params, lr=10, momentum=0.9),
    "Adam, lr 1": lambda params: Adam(params, lr=1),
}
# A row is recorded before its update: row 101 is where 100 updates have led.
paths = {name: train_curve(func, pathological_curve_loss, 101) for name, func in race.items()}
plots.curve_paths(pathological_curve_loss, paths, title="100 updates from (5, 5)")

# %%
needs("paths")
plots.curve_surface(pathological_curve_loss, paths, title="The same paths on the landscape")

# %% [markdown]
# **When has an optimizer arrived?** A very small $w_2$ alone proves nothing: a path can rush down
# beside the ravine and end with a loss above 1. All three must hold at the end:
#
# $$w_2 < -7.5 \qquad |w_1| < 0.1 \qquad L < 0.01$$


# %%
def arrived(path):
    """Whether the last row of a path (w1, w2, loss) meets all three conditions."""
    w1, w2, loss = path[-1]
    return bool(w2 < -7.5 and abs(w1) < 0.1 and loss < 0.01)


print(f"{'optimizer':16} {'start':>8} {'w1':>8} {'w2':>8} {'loss':>8}  arrived")
for name, func in race.items():
    for start in ((5, 5), (-5, 5), (2, 4)):
        path = train_curve(func, pathological_curve_loss, 101, start)
        w1, w2, loss = path[-1]
        verdict = "yes" if arrived(path) else "no"
        print(f"{name:16} {start!s:>8} {w1:8.2f} {w2:8.2f} {loss:8.4f}  {verdict}")


# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Momentum ends near $(0, -13.1)$ and Adam near $(0, -12.6)$, both arrived, also from the other
# starts. SGD does not arrive from any. Where exactly it ends depends on the rounding of the last
# digit, since each jump out of the ravine magnifies the difference: your numbers may differ from
# your neighbour's.
# </details>

# %% [markdown]
# **Your Adam beside PyTorch's**, on the same curve:

# %%
adam_paths = {
    "torch.optim.Adam": train_curve(
        lambda params: torch.optim.Adam(params, lr=1), pathological_curve_loss
    ),
    "your Adam": paths["Adam, lr 1"][:100],
}
difference = np.abs(adam_paths["torch.optim.Adam"] - adam_paths["your Adam"]).max()
print(f"greatest difference in 100 updates: {difference:.1e}")
plots.curve_paths(pathological_curve_loss, adam_paths)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# One line hides the other, and the greatest difference is due to rounding (below 0.001).
# </details>

# %% [markdown]
# ### Explore
#
# Move the sliders. Adam gets a tenth of the learning rate on the slider, as in the race, and the
# momentum on the slider as its `beta1`. Three things to try, each with a prediction first:
#
# 1. With momentum 0, `SGDMomentum` is `SGD`. How much momentum does it take to arrive from (5, 5)
#    with learning rate 10? Is more always better?
# 2. SGD with learning rate 1 and 300 updates is not thrown out of the ravine any more. How far down
#    does it get, and does $w_1$ come to rest?
# 3. Start SGD in the middle of the ravine, at (0, 5), with learning rate 10. Does it arrive now?
#
# *My guesses:* …

# %%
widgets.optimizer_explorer(
    pathological_curve_loss,
    {
        "SGD": lambda params, lr, momentum: SGD(params, lr),
        "momentum": lambda params, lr, momentum: SGDMomentum(params, lr, momentum),
        "Adam (lr / 10, momentum as beta1)": lambda params, lr, momentum: Adam(
            params, lr / 10, beta1=momentum
        ),
    },
    train_curve,
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# 1. {{ARRIVING}}. More is not always better: with 0.95 the mean is so slow to
#    turn that $w_1$ still swings after 100 updates, and with 0.99 it has not even gone down.
# 2. To $w_2 \approx -4.9$, a loss of {{LOSS}}. And $w_1$ does not come to rest: it changes sign in
#    each of the last {{SWINGS}} updates, between -{{WIDTH}} and {{WIDTH}}. The curvature across is 2, and 1 is just
#    the limit of part 4.
# 3. Not quite: with $w_1 = 0$ nothing pushes it sideways, and it walks down to $w_2 \approx -6.7$,
#    where the slope has become so small that -7.5 is far away. The loss there is 0.0012, lower than
#    anything SGD reached from $(5, 5)$: what ruined it was the ravine's walls.
# </details>

# %% [markdown]
# ### Written: why does the ravine punish plain SGD?
#
# Explain why no single learning rate makes plain SGD arrive within 100 updates, and what momentum
# and Adam each do about it. Use the slopes and curvatures of this curve: across the ravine near
# $w_1 = 0$, and along it at $w_2 = 5$ and $w_2 = -7.5$.
#
# | points | rubric |
# |---|---|
# | 0 | No cause is named, or one that the pictures contradict. |
# | 1 | Names what happens in one direction, or in both without connecting them. |
# | 2 | Names the cause in both directions and how they depend on each other. |
# | 3 | The same with numbers of this curve, and what momentum and Adam each change. |

# %% [markdown] answer="ravine" points=3
# Across: near $w_1 = 0$ the loss is about $w_1^2$, curvature 2. SGD is stable there only while
# $\eta \cdot 2 < 2$, that is $\eta < 1$; with 10 it is thrown out onto the plateau, where the
# slope is only 0.01.
#
# Along: the slope is $\sigma(w_2)(1 - \sigma(w_2))$: 0.0066 at $w_2 = 5$, 0.25 at 0, and 0.00055
# at $-7.5$. From 5 to $-7.5$, small steps need $\int_{-7.5}^{5} \frac{dw}{\sigma(w)(1-\sigma(w))}
# \approx 1980$ units of $\eta \cdot$ updates; 100 updates would need $\eta \approx 20$. What the
# slope along the ravine demands is twenty times what the curvature across it allows.
#
# Momentum: gradients across the ravine change their sign and cancel in the mean, while those
# along it agree and add up; so the large learning rate acts along the ravine and is damped across
# it: with $\beta = 0.9$ the limit across is 19. Adam: every coordinate is divided by the usual size of
# its own gradient. A small but steady slope along $w_2$ gives steps of almost the learning rate, and
# the large slope across gives no larger ones.

# %% [markdown]
# ## 8 · A curve of your own
#
# ●●● · 30 minutes · 3 points · to know an optimizer by where it fails
#
# **Goal:** invent a loss on which plain SGD fails and momentum or Adam arrives. Write the first
# function; the second is for choosing more than the curve.
#
# `pathological_curve(w1, w2)` returns the loss.
#
# - It takes tensors of any shape, float32 or float64, and works element by element, with
#   differentiable torch operations.
# - It is finite everywhere and never negative; 0 is the lowest value, or what the loss tends to.
# - It is your own: not the given curve nor a multiple of it, with its weights swapped or negated
#   neither, and not along the rival's path either.
#
# `pathological_settings()` returns a dict with the settings of the contest. Each of them may be
# left out, and so may the whole function:
#
# - `"start"`: two numbers, $w_1$ and $w_2$, between -10 and 10 (else 5 and 5). Start off the
#   valley's floor: on the floor SGD does not feel the steep walls and simply walks down it.
# - `"rival"`: `"momentum"` (with momentum 0.9) or `"adam"` (with its default betas); else the
#   better of the two counts;
# - `"lr"`: the rival's learning rate; else it may try the same 57 as SGD.
#
# **The rule.** The contest is held three times: from `start`, from $(+0.1, +0.05)$ beside it, and
# from $(-0.05, +0.1)$ beside it. At each of them the loss lies between 0.001 and 100,000, and
# everyone makes 100 updates. What an optimizer *reaches* is the highest of its last ten losses,
# divided by the loss at the start. From each of the three starts:
#
# - the rival **arrives**: it reaches 0.05 or less and stays between -100 and 100;
# - SGD **fails**: whatever its learning rate, it reaches more than ten times what the rival
#   reaches, and more than 0.0001.
#
# One badly chosen learning rate proves nothing, so SGD may try 57 of them, four per power of ten
# from $10^{-8}$ to $10^6$. The contest takes optimizers that follow the rules above, not yours, so
# that your curve is judged by itself (`helpers/contest.py`).
#
# <details><summary>Hint 1: the concept</summary>
#
# SGD has one learning rate for all directions and all places. Which two demands on it contradict
# each other?
# </details>
# <details><summary>Hint 2: the API</summary>
#
# Building blocks: `w ** 2`, `torch.abs`, `torch.tanh`, `torch.sigmoid`, `torch.log1p`, different
# factors for the two weights, and rotated coordinates such as `w1 + w2`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     loss = something steep in one direction + something level in the other, both from 0 upwards
#     start off the valley's floor, where the steep part has not yet made the loss huge
#     raise the rival's learning rate until it arrives
# </details>
# <details><summary>Error "Boolean value of Tensor with more than one value is ambiguous"? An
# `if`</summary>
#
# An `if` decides for all points at once. `torch.where(condition, a, b)` and `torch.maximum(a, b)`
# decide element by element.
# </details>
# <details><summary>Error "only one element tensors can be converted to Python scalars"? A function
# of `math`</summary>
#
# `math.tanh` and its like take one number. Use those of `torch`.
# </details>

# %% setup=true
from helpers.contest import RATES, contest, is_alike, run_all, three_starts


def my_settings():
    """The settings of `pathological_settings`; of those that it leaves out, the start only."""
    try:
        return {"start": (5, 5), **pathological_settings()}
    except (NameError, NotImplementedError):
        return {"start": (5, 5)}


# %% [markdown]
# For comparison, the given curve and a round bowl in the same contest:

# %%
_curves = {"given curve": (pathological_curve_loss, 10), "round bowl": (round_bowl, 5)}
for _name, (_curve, _lr) in _curves.items():
    _held = contest(_curve, (5, 5), "momentum", _lr)
    print(f"{_name}: SGD at best {_held['sgd'].min():.3g}, momentum {_held['rival']:.3g}")

# %% [markdown]
# On the given curve SGD never gets below 0.4, and momentum with learning rate 10 reaches about
# 0.001. On the round bowl both arrive, so it is not pathological at all.
#
# **Predict in one line:** what property of your curve will force SGD to a small learning rate, and
# what will make a small learning rate hopeless?
#
# *My guess:* …


# %% solution="pathological_curve"
def pathological_curve(w1, w2):
    """The loss at (w1, w2), element by element: finite, never negative, with infimum 0."""
    ### BEGIN SOLUTION
    return 0.5 * (w1**2 + 1000 * w2**2)
    ### END SOLUTION


def pathological_settings():
    """A dict that may have "start" (two numbers), "rival" ("momentum" or "adam") and "lr"."""
    ### BEGIN SOLUTION
    return {"start": (5.0, 0.05), "rival": "momentum", "lr": 0.03}
    ### END SOLUTION


# %% selfcheck="pathological_curve" points=3
_settings = my_settings()
_chosen = {key: value for key, value in _settings.items() if key != "start"}
assert set(_settings) <= {"start", "rival", "lr"}, f"the dict has the keys {sorted(_settings)}"
assert _chosen.get("rival", "adam") in ("momentum", "adam"), (
    f'rival: got {_chosen["rival"]!r}, expected "momentum" or "adam"'
)
assert all(abs(w) <= 10 for w in _settings["start"]), "start: two numbers between -10 and 10"
_grid = torch.linspace(-5.9, 5.7, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
_other = _grid.detach().flip(1) + torch.tensor([[0.3], [2.1], [-1.7]], dtype=torch.float64)
_values = pathological_curve(_grid, _other)
assert isinstance(_values, torch.Tensor), f"expected a tensor, got {type(_values).__name__}"
assert _values.shape == (3, 4), (
    f"two (3, 4) tensors give {tuple(_values.shape)}, expected (3, 4): is it element by element?"
)
assert torch.isfinite(_values).all() and (_values >= 0).all(), "the loss is negative or not finite"
_alone = pathological_curve(_grid[1, 2], _other[1, 2])
assert torch.allclose(_alone, _values[1, 2]), (
    f"one point by itself: {_alone.tolist()}, among others: {_values[1, 2].item()}: is it element "
    "by element?"
)
_rough = pathological_curve(_grid.float(), _other.float())
assert ((_rough - _values).abs() <= 1e-2 * _values + 1e-4 * _values.max()).sum() >= 10, (
    "the loss is another in float32 than in float64"
)
(_slope,) = torch.autograd.grad(_values.sum(), _grid)
with torch.no_grad():
    _above, _below = (pathological_curve(_grid + h, _other) for h in (1e-5, -1e-5))
_gap = ((_above - _below) / 2e-5 - _slope).abs()
assert (_gap <= 1e-3 + 0.01 * _slope.abs()).sum() >= 10, (
    "the gradient in w1 is not the slope of the loss: is something detached?"
)
assert not is_alike(pathological_curve_loss, _grid, _other, _values), (
    "this is the given curve or a multiple of it: invent another one"
)
for _start in three_starts(_settings["start"]):
    _first = float(pathological_curve(*(torch.tensor([w]) for w in _start)))
    assert 1e-3 <= _first <= 1e5, f"the loss at {_start} is {_first:.3g}, expected 0.001 to 1e5"
    _held = contest(pathological_curve, _start, **_chosen)
    _rival, _sgd, _best = _held["rival"], _held["sgd"].min(), RATES[_held["sgd"].argmin()]
    _must = max(10 * _rival, 1e-4)
    print(f"from ({_start[0]:g}, {_start[1]:g}), all as fractions of the first loss:")
    print(f"  {_held['name']} with lr {_held['lr']:.3g}: {_rival:.3g} (arrives at 0.05 or less)")
    print(f"  SGD at best: {_sgd:.3g} with lr {_best:.3g} (fails above {_must:.3g})")
    assert _rival <= 0.05, f"{_held['name']} does not arrive: try other learning rates for it"
    assert not is_alike(pathological_curve_loss, *_held["path"].T, _held["losses"]), (
        "along the rival's path this is the given curve or a multiple of it: invent another one"
    )
    assert _sgd > _must, (
        f"SGD gets on too well with lr {_best:.3g}: which direction should be harder for it, and "
        "is the start off the valley's floor?"
    )
print("✓ SGD fails with all 57 learning rates, the rival arrives")

# %% [markdown]
# **The common mistake: a curve that is merely small.** Dividing the loss by 1000 slows SGD down
# at one learning rate, but another one makes up for it. What counts is the *ratio* of the steep
# to the level.
#
# **Look.** Your curve with the rival's path and that of SGD with its best learning rate, and what
# SGD reaches with every learning rate, all from `start`.

# %%
_held = contest(pathological_curve, **my_settings())
_best = RATES[_held["sgd"].argmin()]
_places, _losses = run_all(pathological_curve, my_settings()["start"], "sgd", [_best])
_paths = {
    f"SGD, lr {_best:.2g}": np.column_stack([_places[:, :, 0], _losses]),
    _held["name"]: np.column_stack([_held["path"], _held["losses"]]),
}
_points = np.concatenate([path[:, :2] for path in _paths.values()])
_points = _points[np.isfinite(_points).all(axis=1)]
_margin = 0.2 * np.ptp(_points, axis=0) + 1e-3
_span = tuple(zip(_points.min(axis=0) - _margin, _points.max(axis=0) + _margin))
plots.curve_paths(pathological_curve, _paths, span=_span, title="My curve", log=True)

# %%
needs("_held")
_shown = _held["sgd"] < 10
plots.line(
    {"SGD": (RATES[_shown], _held["sgd"][_shown])},
    "SGD's learning rate",
    "highest of the last ten losses / first loss",
    logx=True,
    logy=True,
    horizontal={
        "SGD must stay above": max(10 * _held["rival"], 1e-4),
        _held["name"]: _held["rival"],
    },
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# On the left of the second plot SGD stays near 1, because its steps are too small to get anywhere;
# on the right it jumps about or runs away. In between lies the best it can do, and it is not good
# enough: the steepest direction of your curve ends the range of rates before the most level one has
# got what it needs.
# </details>

# %% [markdown]
# ## 9 · Sharp and flat minima
#
# ●●○ · 20 minutes · 3 points · to judge what is said about learning rates and generalisation
#
# **Goal:** see which learning rates leave a sharp minimum, and say what that may mean for the test
# loss. The loss of a network has many minima. Two of them can be equally deep on the training data
# and yet differ: one is narrow (sharp), the other wide (flat). The test data have a slightly
# different loss, which we imitate here by moving the curve sideways a little.


# %%
def two_minima(w):
    """A loss of one weight with a sharp minimum near -2 and a flat one near 1.5."""
    sharp = torch.exp(-((w + 2) ** 2) / (2 * 0.1**2))
    flat = torch.exp(-((w - 1.5) ** 2) / 2)
    return 1.1 - sharp - flat + 0.02 * w**2


_w = torch.linspace(-4, 5, 600)
plots.line(
    {"training loss": (_w, two_minima(_w)), "test loss": (_w, two_minima(_w - 0.15))},
    "w",
    "loss",
    title="The same shift costs much in one minimum, little in the other",
)

# %% [markdown]
# **Predict in one line:** SGD starts inside the sharp minimum, where the curvature is about 100; in
# the flat one it is about 1. Which of the rates 0.003, 0.01, 0.03, 0.1 and 0.3 leave it?
#
# *My guess:* …
#
# **Look.** 200 starts spread over the sharp minimum, 300 updates of your `SGD` with each learning
# rate (two seconds).

# %%
rates = (0.003, 0.01, 0.03, 0.1, 0.3)
in_flat, test_loss = [], []
for rate in progress.progress(rates, "learning rates"):
    w = nn.Parameter(torch.linspace(-2.2, -1.8, 200))
    optimizer = SGD([w], rate)
    for _ in range(300):
        optimizer.zero_grad()
        # The sum keeps the 200 runs independent: each start sees its own gradient only.
        two_minima(w).sum().backward()
        optimizer.step()
    in_flat.append((w > 0).float().mean().item())
    test_loss.append(two_minima(w.detach() - 0.15).mean().item())
plots.bar(
    {"share that ends in the flat minimum": in_flat, "mean test loss": test_loss},
    "",
    labels=[f"lr {rate}" for rate in rates],
)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# SGD comes to rest only while $\eta$ times the curvature is below 2, here up to 0.02. A little
# above that limit, at 0.03, it jumps to and fro inside the sharp minimum; at 0.1 it is thrown out
# and ends in the flat one. The test loss follows.
# </details>

# %% [markdown]
# ### Written: sharp and flat minima
#
# Why is a flat minimum expected to generalise better than a sharp one of the same training loss?
# Which of the optimizer's settings influence which kind is found, and how? Name one reason to be
# careful with this explanation.
#
# | points | rubric |
# |---|---|
# | 0 | No explanation, or one that the pictures contradict. |
# | 1 | Says what the two kinds are, or that one is better, without a reason. |
# | 2 | Names the reason, and one setting with its effect. |
# | 3 | The same, with how the setting acts, and a caveat that holds. |

# %% [markdown] answer="minima" points=3
# Training and test data give slightly different loss surfaces. If a minimum is shifted by
# $\delta$, the loss at the old place rises by about $\frac{1}{2} h \delta^2$ with the curvature
# $h$: much in a sharp minimum, little in a flat one.
#
# A large learning rate cannot stay where $\eta h > 2$, so it leaves sharp minima and settles in
# flat ones. Small batches make the gradient noisy, which also shakes the weights out of narrow
# minima; large batches and small learning rates stay in whichever minimum is nearest. Adam
# divides each coordinate by the size of its gradients, so its effective steps in steep directions
# are small and it can settle in minima that would be too sharp for SGD with the same loss; on
# some tasks this goes with a somewhat worse test accuracy than that of well-tuned SGD.
#
# Care is needed because sharpness is not a property of the function alone: in a ReLU network, one
# layer's weights can be multiplied by 10 and the next layer's by 0.1 without changing any output,
# yet the curvatures change. The toy above has one weight and a shift chosen by hand; it
# illustrates the argument and proves nothing about networks.

# %% [markdown]
# ## 10 · A real network
#
# ●○○ · 15 minutes · what two weights have taught about a hundred thousand
#
# **Goal:** predict how your three optimizers train a network on MNIST, then look. 784 pixels, 128
# hidden units, ten classes: 101,770 weights. One epoch each of batches of 100 images, all from the
# same start and in the same order. SGD runs twice: with a usual rate, and with that of momentum.

# %%
images = data.load_images(data.default_name("mnist"))
_pixels = images.train_images.float() / 255
_scale = {"mean": _pixels.mean().item(), "std": _pixels.std().item()}


def digits(seed=0):
    """Batches of 100 training images, in an order that depends on the seed."""
    return data.TensorLoader(
        images.train_images, images.train_labels, 100, shuffle=True, seed=seed, **_scale
    )


def make_network(seed=0):
    """784-128-10 with ReLU, from a start that depends on the seed."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def accuracy(model):
    """The share of test images that the model gets right."""
    loader = data.TensorLoader(images.test_images, images.test_labels, 1000, **_scale)
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return right / len(images.test_labels)


images

# %% [markdown]
# **Predict in one line:** which of the four has the lowest loss after the first 50 batches, which
# at the end, and what becomes of SGD with the rate that suits momentum?
#
# *My guess:* …
#
# The cell takes ten to twenty seconds.

# %%
contenders = {
    "SGD, lr 0.1": lambda params: SGD(params, lr=0.1),
    "SGD, lr 1": lambda params: SGD(params, lr=1),
    "momentum, lr 1": lambda params: SGDMomentum(params, lr=1, momentum=0.9),
    "Adam, lr 0.001": lambda params: Adam(params, lr=0.001),
}


def one_epoch(optimizer_func, seed=0):
    """Train a network for one epoch: the loss of each batch before its step, and the network."""
    model = make_network(seed)
    optimizer = optimizer_func(model.parameters())
    losses = []
    for x, y in digits(seed):
        loss = nn.functional.cross_entropy(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, model


curves = {}
for name, func in progress.progress(contenders.items(), "optimizers"):
    losses, model = one_epoch(func)
    # A running mean of 20 batches: single ones scatter too much to compare.
    curves[name] = (np.arange(19, len(losses)), np.convolve(losses, np.full(20, 0.05), "valid"))
    print(f"{name:15} test accuracy after one epoch: {accuracy(model):.1%}")
plots.line(curves, "batch", "loss, mean of 20 batches", "One epoch on MNIST", logy=True)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Over three seeds on MNIST (0 is shown): after 50 batches momentum is ahead of Adam and SGD, but by
# little; at the end Adam has the lowest loss, and all three are right in about 95 % of the test
# images. With a rate that suits it, each of them learns this task: here the rate matters more than
# the optimizer.
#
# SGD with rate 1 is thrown out in its first batches, to losses of 8 to 170, and is left with units
# that are off for every image: 31 to 72 % after the epoch. Momentum takes the same rate in its
# stride. That is part 4 in a hundred thousand directions: the steepest of them decides, and
# momentum moves the limit away. The scatter that all curves keep is the noise of the batches.
# </details>

# %% [markdown]
# ## 11 · Finding a learning rate ★
#
# ●●○ · 20 minutes · 2 points · a first guess for a new network, in one minute
#
# The rates of part 10 were given. This is how one finds them: train for a few hundred batches while
# the learning rate grows from batch to batch, and look where the loss falls and where it explodes.
#
# **Goal:** write `lr_range_test(make_model, make_optimizer, loader, loss_fn, rates)`. It makes
# *one* model with `make_model()` and one optimizer for it with `make_optimizer(params)`, and trains
# on one batch per rate, with that rate as `optimizer.lr`. It returns a list with the loss of each
# batch, before its step, as floats.
#
# - There is an entry for every rate, also after the loss has become inf or nan: that is what one
#   wants to see.
# - A loader has fewer batches than there are rates? Then it is gone through again.
#
# <details><summary>Hint 1: the concept</summary>
#
# An ordinary training loop over batches, with one line more. Only the batches must not run out.
# </details>
# <details><summary>Hint 2: the API</summary>
#
# `zip(rates, batches)` takes one of each until the shorter one ends. A generator function
# (`while True: yield from loader`) never ends. `optimizer.lr = ...` counts from the next step.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     one model, one optimizer for its parameters
#     for each rate, and the next batch (from the beginning again where they end):
#         the optimizer's rate is this one
#         loss of the batch, noted as a number
#         clear, backward, step
#     give back the list of losses
# </details>
# <details><summary>Error "'TensorLoader' object is not an iterator"? `next` needs one</summary>
#
# `next(loader)` does not work; `batches = iter(loader)` gives something for which it does.
# </details>
# <details><summary>Error "StopIteration"? The batches have run out</summary>
#
# Begin the loader again: `iter(loader)` starts a new pass.
# </details>

# %% [markdown]
# **Predict in one line:** the rate grows from 0.0001 to 100. At which rate will the loss of each of
# your three optimizers be lowest, and which of them survives the largest one?
#
# *My guess:* …


# %% solution="lr_range_test"
def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    """The loss of one batch after the other while the learning rate grows.

    make_model: makes a model. make_optimizer: takes its parameters, returns an optimizer with `lr`.
    loader: yields (inputs, labels), anew at every pass. loss_fn: takes outputs and labels.
    rates: the learning rate of each step.

    Returns a list of floats, one per rate: the loss of its batch, before the step.
    """
    ### BEGIN SOLUTION

    def endless():
        while True:
            yield from loader

    model = make_model()
    optimizer = make_optimizer(model.parameters())
    losses = []
    for rate, (inputs, labels) in zip(rates, endless()):
        loss = loss_fn(model(inputs), labels)
        losses.append(loss.item())
        optimizer.lr = rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses
    ### END SOLUTION


# %% selfcheck="lr_range_test" points=2
class _Noted(OptimizerTemplate):
    """Gradient descent that notes its learning rate at each step."""

    def step(self):
        _noted.append(self.lr)
        with torch.no_grad():
            for p in self.params:
                p -= self.lr * p.grad


def _make():
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    _made.append(model)
    return model


def _tested(rates, batches):
    _noted.clear(), _made.clear()
    losses = lr_range_test(
        make_model=_make,
        make_optimizer=lambda params: _Noted(params, lr=7.0),
        loader=batches,
        loss_fn=nn.functional.mse_loss,
        rates=rates,
    )
    assert isinstance(losses, list), f"expected a list, got {type(losses).__name__}"
    return losses


_noted, _made = [], []
_one, _two = torch.tensor([[1.0]]), torch.tensor([[2.0]])
_batches = [(_one, 0 * _one), (_two, 0 * _two)]
_losses = _tested([0.1, 0.05, 0.2], _batches)
assert _noted == [0.1, 0.05, 0.2], (
    f"rates 0.1, 0.05 and 0.2: the steps were made with {_noted}. Is optimizer.lr set before each "
    "step, and is there a step for each rate, although the loader has two batches only?"
)
assert len(_made) == 1, f"{len(_made)} models were made, expected 1: it goes on learning"
assert all(isinstance(_loss, float) for _loss in _losses), "the losses should be plain floats"
# w is 1, then 1 - 0.1 * 2 = 0.8, then 0.8 - 0.05 * 8 * 0.8 = 0.48.
assert np.allclose(_losses, [1.0, 2.56, 0.2304], rtol=1e-3), (
    f"losses: got {[round(_loss, 4) for _loss in _losses]}, expected [1, 2.56, 0.2304]: is each of "
    "its own batch, before its step, and are gradients cleared?"
)
_losses = _tested([1e30] * 6, _batches)
assert len(_losses) == 6 and not math.isfinite(_losses[-1]), (
    f"with a rate that makes the loss infinite: got {len(_losses)} losses, expected all 6"
)
print("✓ one model, the rate set before each step, every loss before its step, nan too")

# %% [markdown]
# **The common mistake: a new model for each rate.** Then every loss is that of an untrained
# network, and the curve is level until the end. The test is one training.
#
# **Look.** 200 batches for each of your optimizers (some seconds).

# %%
test_rates = np.logspace(-4, 2, 200)
found = {}
for name, func in {
    "SGD": lambda params: SGD(params, lr=0),
    "momentum": lambda params: SGDMomentum(params, lr=0),
    "Adam": lambda params: Adam(params, lr=0),
}.items():
    losses = lr_range_test(
        make_network, func, digits(), nn.functional.cross_entropy, test_rates.tolist()
    )
    smooth = np.convolve(np.minimum(losses, 100), np.full(5, 0.2), "valid")
    found[name] = (test_rates[4:], smooth)
    print(f"{name:9} lowest near a rate of {test_rates[4:][np.nanargmin(smooth)]:.2g}")
plots.line(found, "learning rate", "loss, mean of 5 batches", logx=True, logy=True)

# %% [markdown]
# <details><summary>After the run: what you see, and why</summary>
#
# Over four seeds on MNIST (0 is shown) the loss is lowest at 0.15 to 0.22 for SGD, 0.27 to 0.63 for
# momentum and 0.005 to 0.01 for Adam. It is worse again, above 1.5, from about 0.5 to 1 on for SGD,
# 5 to 6 for momentum and 0.1 for Adam. With the largest rate none learns.
#
# Up to a rate of 0.1 SGD and momentum lie on each other: in this course's convention they move
# equally fast at the same rate, and the difference is how far one may go. Mind that the loss also
# falls because the training goes on, so the lowest point says how far one *can* go. A usual first
# choice is a third to a tenth of that rate.
# </details>

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
        "SGDMomentum",
        """\
w = torch.tensor([1.0], requires_grad=True)
optimizer = SGDMomentum([w], lr=1.0, momentum=0.5)
for gradient in [2.0, 2.0]:
    w.grad = torch.tensor([gradient])
    optimizer.step()
""",
        "w.item()",
    ),
    quiz.Use(
        "Adam",
        """\
w = torch.tensor([1.0], requires_grad=True)
optimizer = Adam([w], lr=0.5)
w.grad = torch.tensor([4.0])
optimizer.step()
""",
        "round(w.item(), 2)",
    ),
    quiz.Use(
        "train_curve",
        """\
path = train_curve(
    lambda p: SGD(p, lr=0.25), lambda w1, w2: w1**2 + w2**2, num_updates=3, init=(4, 0)
)
""",
        "path[:, 0].tolist()",
    ),
)

# %% [markdown]
# ## Before you hand in
#
# The button runs all self-checks once more, on what is in memory now. Then choose *Restart Kernel
# and Run All Cells*: this shows what works only because of the order in which you ran the cells.

# %%
from helpers import selfcheck

selfcheck.button("03_optimizers")
