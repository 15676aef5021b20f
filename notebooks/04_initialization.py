# %% [markdown]
# # Initialization: the gain that keeps a deep network alive
#
# Before the first update, a deep network is a long product of random matrices. If each layer
# makes its signal a little smaller, nothing is left of it after thirty layers; if each makes it a
# little larger, it explodes. In between lies one value of one number, the **gain**, and here you
# derive it, use it, and see what happens beside it.
#
# You need: models, gradients and training loops from assignment 1. About three hours. Everything
# runs on the CPU and nothing is downloaded; the longest cell takes about 15 seconds the first
# time and is loaded from a file afterwards.
#
# | part | you write | minutes |
# |---|---|---|
# | 1 | `xavier_std`, `xavier_bound` | 15 |
# | 2 | `leaky_relu_gain`, two written answers | 50 |
# | 3 | `xavier_init` | 20 |
# | 4 | `activation_rms` | 30 |
# | 5 | `gradient_rms` | 25 |
# | 6 | `gain_sweep`, one written answer | 40 |

# %% setup=true
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# A module counts as an activation if isinstance(module, ACTIVATIONS).
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh)


def deep_network(num_inputs, width, depth, num_classes, negative_slope=0.1):
    """`depth` times Linear and LeakyReLU, then a Linear to `num_classes` logits."""
    layers, fan_in = [], num_inputs
    for _ in range(depth):
        layers += [nn.Linear(fan_in, width), nn.LeakyReLU(negative_slope)]
        fan_in = width
    return nn.Sequential(*layers, nn.Linear(fan_in, num_classes))


def make_data(num_samples=512):
    """Samples (N, 64) with mean square about 1 and labels (N,): ten classes of three clusters."""
    generator = torch.Generator().manual_seed(4)
    centres = torch.randn(10, 3, 64, generator=generator)
    labels = torch.randint(10, (num_samples,), generator=generator)
    cluster = torch.randint(3, (num_samples,), generator=generator)
    noise = torch.randn(num_samples, 64, generator=generator)
    return (centres[labels, cluster] + noise) / math.sqrt(2), labels


def make_model(seed):
    """A new network of ten hidden layers of 32 for the samples of `make_data`.

    It also seeds torch's random generator: what is drawn right after it depends on `seed` only.
    """
    model = deep_network(64, 32, 10, 10)
    torch.manual_seed(seed)
    return model


def train(model, seed, num_updates=40):
    """Train `model`, in place: SGD with momentum, batches of 128 that depend on `seed` only.

    Returns a dict with "train_accuracy" (of 512 samples) and "test_accuracy" (of 1,024 others),
    fractions. Both are nan if the run diverged, that is if an output of the network is inf or nan.
    """
    x, y = make_data(512 + 1024)
    generator = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    means = [torch.zeros_like(p) for p in parameters]
    for _ in range(num_updates):
        batch = torch.randint(512, (128,), generator=generator)
        loss = F.cross_entropy(model(x[batch]), y[batch])
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, mean, gradient in zip(parameters, means, gradients):
                mean.mul_(0.9).add_(gradient, alpha=0.1)
                p.sub_(mean, alpha=0.2)
    with torch.no_grad():
        logits = model(x)
    right = (logits.argmax(1) == y).float()
    if not torch.isfinite(logits).all():
        right.fill_(math.nan)
    training, test = right[:512].mean(), right[512:].mean()
    return {"train_accuracy": training.item(), "test_accuracy": test.item()}


# %%
from helpers import checkpoints, plots, progress, widgets
from helpers.cells import needs

# %% [markdown]
# ## Look first
#
# A network of equal layers of 256 units, just initialized. Random numbers go in at the left; the
# picture shows how large the outputs are after every activation, as their root mean square
# (**RMS**), on a logarithmic axis. Nothing is trained here, and nothing has to be solved for it.
#
# **Predict in one line.** With gain 1 and 30 layers, how large are the last outputs: about 1, a
# tenth, or less than a thousandth?
#
# *Your prediction:*
#
# Then move the sliders. *What to expect:* a straight line, because every layer multiplies the RMS
# by about the same factor. With LeakyReLU it falls at gain 1, is level near 1.41 and rises at 2.
# Try tanh with gain 2, too: it cannot explode. Why?

# %%
widgets.gain_explorer()

# %% [markdown]
# ## 1. Xavier initialization (15 minutes)
#
# **Goal.** Write the two functions that say how widely the weights of a Linear layer are spread.
# With `fan_in` inputs and `fan_out` outputs, Glorot and Bengio's (Xavier's) choice is a mean of
# zero and the variance
#
# $$\operatorname{Var}(w) = \text{gain}^2 \cdot \frac{2}{\text{fan\_in} + \text{fan\_out}}$$
#
# - `xavier_std` returns the **standard deviation** for a normal distribution.
# - `xavier_bound` returns the **bound** $b$ of a uniform distribution on $[-b, b]$ that has the
#   same variance.
#
# Where the formula comes from, and what the gain has to be, is the subject of part 2.

# %% [markdown]
# **Predict in one line.** Normal and uniform weights of the same variance: which of the two has
# the larger largest weight among 10,000? And is the bound larger or smaller than the standard
# deviation?
#
# *Your prediction:*


# %% solution="xavier_std"
def xavier_std(fan_in, fan_out, gain=1.0):
    """Standard deviation of normal Xavier weights, a number."""
    ### BEGIN SOLUTION
    return gain * math.sqrt(2 / (fan_in + fan_out))
    ### END SOLUTION


def xavier_bound(fan_in, fan_out, gain=1.0):
    """Bound b of Xavier weights that are uniform on [-b, b], a number."""
    ### BEGIN SOLUTION
    return gain * math.sqrt(6 / (fan_in + fan_out))
    ### END SOLUTION


# %% selfcheck="xavier_std" points=4
_got = float(xavier_std(30, 20))
assert abs(_got - 0.04) > 1e-6, f"fans 30 and 20: got {_got:.4g}, the variance: its root?"
assert abs(_got - 0.2) < 1e-6, f"fans 30 and 20: std {_got:.4g}, expected 0.2"
_got = float(xavier_std(30, 20, gain=4))
assert abs(_got - 0.4) > 1e-6, (
    "gain 4 made the std only twice as large: does the gain stand inside the root?"
)
assert abs(_got - 0.8) < 1e-6, f"fans 30 and 20, gain 4: std {_got:.4g}, expected 0.8"
_got = float(xavier_std(5, 2))
assert abs(_got - 0.53452) < 1e-4, f"fans 5 and 2: std {_got:.4g}, expected 0.5345"
_got = float(xavier_bound(14, 10))
assert abs(_got - 0.125**0.5) > 1e-6, (
    f"fans 14 and 10: bound {_got:.4g}. What is the variance of uniform numbers on [-b, b]?"
)
assert abs(_got - 0.5) < 1e-6, f"fans 14 and 10: bound {_got:.4g}, expected 0.5"
_got = float(xavier_bound(14, 10, gain=1.5))
assert abs(_got - 0.75) < 1e-6, f"fans 14 and 10, gain 1.5: bound {_got:.4g}, expected 0.75"
_got = float(xavier_std(30, 20, gain=1.5))
assert abs(_got - 0.3) < 1e-6, f"fans 30 and 20, gain 1.5: std {_got:.4g}, expected 0.3"
print("✓ spread of normal and of uniform weights")

# %% [markdown]
# **Look.** 100,000 weights of either kind for fans 30 and 20.
#
# *What to expect:* the same standard deviation, printed above the picture, in two shapes. The
# uniform weights end at the bound, 0.35; the normal ones have tails far beyond it. Was your
# prediction right?

# %%
_generator = torch.Generator().manual_seed(0)
_bound = xavier_bound(30, 20)
_weights = {
    "normal": torch.randn(100_000, generator=_generator) * xavier_std(30, 20),
    "uniform": (torch.rand(100_000, generator=_generator) * 2 - 1) * _bound,
}
_edges = torch.linspace(-0.8, 0.8, 81)
_lines = {}
for _name, _w in _weights.items():
    print(f"{_name}: std {_w.std():.3f}, largest {_w.abs().max():.2f}")
    _lines[_name] = (_edges[:-1] + 0.01, torch.histogram(_w, _edges, density=True).hist)
plots.line(_lines, "weight", "density")

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# The standard deviation is the root of the variance; a factor of the numbers is a factor of their
# standard deviation. For the bound, ask what the variance of the uniform distribution on
# $[-b, b]$ is, and solve for $b$.
# </details>
# <details><summary>Hint 2: API</summary>
#
# `math.sqrt`. The uniform distribution: $\frac{1}{2b}\int_{-b}^{b} w^2\,dw = b^2 / 3$.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     std: gain times the root of (2 over the sum of the fans)
#     bound: the number whose square over 3 is the variance
# </details>
#
# **The common mistake: variance for standard deviation.** `normal_(0, std)` wants the standard
# deviation. With 256 units on either side the variance is 0.004 and the standard deviation 0.06:
# passing the wrong one makes every layer's output sixteen times too small.

# %% [markdown]
# ## 2. The right gain (50 minutes)
#
# Take one layer: $o = \sum_i w_i x_i$ with $n$ inputs, then the activation $f(o)$, whose values
# are the next layer's inputs. For the signal to keep its size through many layers,
# $\mathbb{E}[f(o)^2]$ must equal $\mathbb{E}[x^2]$. For LeakyReLU with slope $a$,
#
# $$f(o) = o \text{ for } o \ge 0, \qquad f(o) = a\,o \text{ for } o < 0.$$
#
# **Goal.** Find the gain for which the size is kept when `fan_in` equals `fan_out`, write down
# why (the first written answer), and write the function. Do the derivation first, on paper. You
# know that you are right when the function gives 1 for $a = 1$, where LeakyReLU does nothing.

# %% [markdown]
# **Predict in one line.** Must the gain of ReLU ($a = 0$) be larger or smaller than that of
# LeakyReLU with $a = 0.1$?
#
# *Your prediction:*


# %% solution="leaky_relu_gain"
def leaky_relu_gain(negative_slope):
    """The gain that keeps the mean square of a signal through Linear and LeakyReLU, a number."""
    ### BEGIN SOLUTION
    return math.sqrt(2 / (1 + negative_slope**2))
    ### END SOLUTION


# %% selfcheck="leaky_relu_gain" points=2
_got = float(leaky_relu_gain(1))
assert abs(_got - 1) < 1e-6, f"slope 1: got {_got:.4g}, expected 1: there LeakyReLU does nothing"
_got = float(leaky_relu_gain(0))
assert abs(_got - 2) > 1e-6, "slope 0: got 2. Is this the gain, or its square?"
assert abs(_got - 1.41421356) < 1e-6, f"slope 0: got {_got:.4g}, expected 1.4142"
_o = torch.randn(200_000, generator=torch.Generator().manual_seed(1))
for _slope in (0.5, 2.0):
    _after = F.leaky_relu(float(leaky_relu_gain(_slope)) * _o, _slope).square().mean().item()
    assert abs(_after - 1) < 0.02, (
        f"slope {_slope}: normal numbers of mean square 1, times your gain, through LeakyReLU, "
        f"have the mean square {_after:.3f}, expected 1"
    )
print("✓ the mean square comes out as it went in")

# %% [markdown]
# **Look.** A million normal numbers of mean 0 and variance 1 through LeakyReLU, for four slopes.
#
# *What to expect:* the last two columns agree to about three digits: the mean square times the
# gain's square is 1. Look at the columns for the mean and the variance, too; the second written
# answer asks about them.

# %%
_o = torch.randn(1_000_000, generator=torch.Generator().manual_seed(2))
print("slope    mean  variance  mean square  1 / gain^2")
for _slope in (0.0, 0.1, 0.5, 1.0):
    _f = F.leaky_relu(_o, _slope)
    print(
        f"{_slope:5.1f} {_f.mean():7.3f} {_f.var():9.3f} {_f.square().mean():12.3f} "
        f"{1 / leaky_relu_gain(_slope) ** 2:11.3f}"
    )

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# Half of the numbers are positive and pass unchanged, the other half are multiplied by $a$. What
# does each half contribute to the mean square?
# </details>
# <details><summary>Hint 2: API</summary>
#
# `math.sqrt`. `nn.init.calculate_gain("leaky_relu", slope)` is there to compare with.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     share of the mean square that is left = half of 1 plus half of the slope squared
#     the square of the gain makes up for this share
# </details>
#
# **The common mistake: the slope without its square.** `2 / (1 + a)` is right at both ends, 0 and
# 1, and wrong in between: a mean *square* gets the factor $a^2$.

# %% [markdown]
# ### Written: the derivation
#
# Derive the gain. Say at each step what you assume of the weights and of the inputs. Where do you
# need that they are **independent**, where that their **mean is zero** (whose?), and why does the
# Xavier formula hold $\frac{1}{2}(\text{fan\_in} + \text{fan\_out})$ and not simply fan_in?
#
# | points | rubric |
# |---|---|
# | 0 | No derivation, or the result only. |
# | 1 | One of the three is right: what independence gives, what zero mean gives, why both fans. |
# | 2 | Two of the three are right, and the mean square (not a variance) goes through LeakyReLU. |
# | 3 | All three, each at the step where it is needed, and the gain follows from them. |

# %% [markdown] answer="derivation" points=3
# *Assumptions.* The weights are independent of each other and of the inputs, and have mean zero.
# The inputs need not have mean zero. The bias is zero.
#
# *Through the Linear layer.* $\mathbb{E}[o^2] = \sum_{i,j} \mathbb{E}[w_i w_j x_i x_j]$. Weights
# and inputs are independent, so each term is $\mathbb{E}[w_i w_j]\,\mathbb{E}[x_i x_j]$; the
# weights are independent of each other and have mean zero, so the terms with $i \ne j$ vanish,
# however the inputs depend on each other and whatever their mean is. There remains
# $\mathbb{E}[o^2] = n \operatorname{Var}(w)\,\mathbb{E}[x^2]$ with $n$ for fan_in.
#
# *Through LeakyReLU.* The weights' distribution is symmetric about zero, hence so is that of $o$.
# Each half has half of the mean square:
# $\mathbb{E}[f(o)^2] = \frac{1}{2}\mathbb{E}[o^2] + \frac{a^2}{2}\mathbb{E}[o^2]
# = \frac{1 + a^2}{2}\,\mathbb{E}[o^2]$. This is a mean square and not a variance, because $f(o)$
# does not have mean zero. The next layer asks for nothing else than the mean square of its
# inputs, so this is all we need.
#
# *The gain.* The size is kept if $n \operatorname{Var}(w) \frac{1 + a^2}{2} = 1$. Xavier's
# variance with equal fans is $\text{gain}^2 / n$, hence $\text{gain}^2 = 2 / (1 + a^2)$.
#
# *Both fans.* Backwards a gradient passes the transposed matrix: each input collects fan_out
# terms, and $f'$ is 1 or $a$ with equal chance, so keeping the gradients' size asks for
# $\text{fan\_out} \operatorname{Var}(w) \frac{1 + a^2}{2} = 1$. Unless the fans are equal, both
# cannot hold; the mean of the two fans is a compromise that is exact for square layers only. (The
# backward argument takes the gradients to be independent of the weights, which is an
# approximation.)

# %% [markdown]
# ### Written: is this sentence right?
#
# A tutorial says about this derivation: *after LeakyReLU the values have mean zero again, so that
# their variance is also their mean square.*
#
# Is this right? Answer with numbers for slope 0.1 and unit normal input. Which slopes make it
# right? What gain would you get if you asked that the **variance** of $f(o)$ be 1, and what would
# it do to a network of 30 layers?
#
# | points | rubric |
# |---|---|
# | 0 | Says that the sentence is right, or that it is wrong without a reason. |
# | 1 | Says that it is wrong, with the mean (about 0.36 at slope 0.1) or why it is positive. |
# | 2 | Also tells variance and mean square apart in numbers (about 0.38 and 0.505). |
# | 3 | Also the slope that makes it right, the gain that follows from the variance, its effect. |

# %% [markdown] answer="wrong_sentence" points=3
# It is wrong. The positive half passes unchanged and the negative half is shrunk, so the mean is
# positive: $\mathbb{E}[f(o)] = (1 - a)\int_0^\infty o\,\varphi(o)\,do = (1 - a) / \sqrt{2\pi}$,
# which is 0.399 for ReLU and 0.359 at slope 0.1. It is zero only at $a = 1$, where LeakyReLU is
# the identity.
#
# At slope 0.1 the mean square is $(1 + 0.01) / 2 = 0.505$, the variance only
# $0.505 - 0.359^2 = 0.376$. Asking for a variance of 1 gives the gain $1 / \sqrt{0.376} = 1.63$
# instead of 1.4072. The next layer sees the mean square of its inputs, so each layer would
# multiply the RMS by $1.63 / 1.4072 = 1.16$; after 30 layers it is about 85 times as large.
#
# The derivation itself does not need the sentence: that the cross terms vanish follows from the
# zero mean of the weights, and the mean of the inputs does not matter.

# %% [markdown]
# ## 3. Initializing a model (20 minutes)
#
# **Goal.** Write `xavier_init(model, gain, mode)`. For **every** `nn.Linear` in the model (nested
# however deep, and the model itself if it is one; a subclass of `nn.Linear` is one, too):
#
# - the weights are drawn anew: normal with `xavier_std` where `mode` is `"normal"`, uniform up to
#   `xavier_bound` where it is `"uniform"`, with the fans of that layer and the given gain;
# - the bias is zero. A Linear may have no bias.
#
# Nothing else changes: norm layers, convolutions and embeddings keep their values. It works in
# place (the parameters stay the same tensors), draws new numbers at every call, and returns the
# model. An unknown `mode` raises `ValueError` **and leaves the model as it was**.

# %% [markdown]
# **Predict in one line.** What does a network learn whose weights all start with the same value,
# say 0.1?
#
# *Your prediction:*


# %% solution="xavier_init"
def xavier_init(model, gain, mode):
    """Draw the weights of every Linear in `model` anew and set their biases to zero, in place.

    mode: "normal" or "uniform". Returns `model`. An unknown mode raises ValueError.
    """
    ### BEGIN SOLUTION
    if mode not in ("normal", "uniform"):
        raise ValueError(f'mode: expected "normal" or "uniform", got {mode!r}')
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.out_features
            if mode == "normal":
                nn.init.normal_(module.weight, 0, xavier_std(*fans, gain))
            else:
                bound = xavier_bound(*fans, gain)
                nn.init.uniform_(module.weight, -bound, bound)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
    ### END SOLUTION


# %% selfcheck="xavier_init" points=4
class _Own(nn.Linear):
    """A Linear of a class of one's own."""


_inner = nn.Sequential(nn.Linear(300, 200), nn.LayerNorm(200), nn.LeakyReLU(0.1))
_model = nn.Sequential(nn.Sequential(_inner), _Own(200, 100, bias=False), nn.Embedding(3, 4))
_inner[1].weight.data.fill_(3.0)
_inner[1].bias.data.fill_(2.0)
_inner[1].bias.requires_grad_(False)
_inner[1].eval()
_model[2].weight.data.fill_(1.0)
_linear, _weight, _own = _inner[0], _inner[0].weight, _model[1].weight.clone()
for _mode in ("normal", "uniform"):
    _linear.bias.data.fill_(5.0)
    assert xavier_init(_model, 1.5, _mode) is _model, "return the model that was given"
    _on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert _on, "gradients are now off for all that follows: `with torch.no_grad()` ends by itself"
    assert _linear.weight is _weight, "a new parameter was made: fill the one that is there"
    assert _model.training, "the model was in training mode before"
    assert not _inner[1].training, "one part was in evaluation mode before, now it is not"
    assert _linear.bias.requires_grad, "the bias of a Linear needs no gradient any more"
    _std = _weight.std().item()
    assert abs(_std - 0.0333) > 0.002, (
        f"{_mode}: std {_std:.4f}, as PyTorch draws it: is the nested Linear reached?"
    )
    assert abs(_std - 0.0632) > 0.002, f"{_mode}: std {_std:.4f}: is the gain used?"
    assert abs(_std - 0.0949) < 0.002, (
        f"{_mode}: a nested Linear with fans 300 and 200, gain 1.5, has std {_std:.4f}, "
        "expected about 0.0949"
    )
    assert not torch.equal(_weight[0], _weight[1]), f"{_mode}: two units have the same weights"
    assert not _linear.bias.any(), f"{_mode}: the bias of the nested Linear is not zero"
assert not torch.equal(_model[1].weight, _own), (
    "a Linear of a class of one's own, `class _Own(nn.Linear)`, has its old weights"
)
_std = _model[1].weight.std().item()
assert abs(_std - 0.1225) < 0.005, (
    f"uniform: a second Linear, with fans 200 and 100, gain 1.5, has std {_std:.4f}, "
    "expected about 0.1225"
)
_most = _weight.abs().max().item()
assert 0.16 < _most < 0.1644, f"uniform: largest weight {_most:.4f}, expected close to 0.1643"
xavier_init(_model, 1.5, "normal")
_before = _weight.clone()
assert _before.abs().max() > 0.25, "normal: the weights end as if they were uniform"
xavier_init(_model, 1.5, "normal")
assert not torch.equal(_weight, _before), "two calls drew the same weights: is there a seed inside?"
assert (_inner[1].weight == 3).all() and (_inner[1].bias == 2).all(), (
    "the norm layer was changed: only Linear layers are meant"
)
assert (_model[2].weight == 1).all(), "the embedding was changed: only Linear layers are meant"
assert not _inner[1].bias.requires_grad, "a frozen parameter requires a gradient now"
_alone = nn.Linear(3, 2)
xavier_init(_alone, 1.0, "normal")
assert not _alone.bias.any(), "a model that is itself a Linear was not initialized"
_linear.bias.data.fill_(5.0)
_before = _weight.clone()
for _mode in ("no such mode", "xavier_normal", "norm"):
    try:
        xavier_init(_model, 1.5, _mode)
    except ValueError:
        assert torch.equal(_weight, _before) and (_linear.bias == 5).all(), (
            "an unknown mode raised ValueError, but only after the model was changed"
        )
    else:
        raise AssertionError(f"the unknown mode {_mode!r} should raise ValueError")
try:
    xavier_init(nn.ReLU(), 1.5, "no such mode")
except ValueError:
    pass
else:
    raise AssertionError("a model without a Linear: an unknown mode should raise ValueError, too")
print("✓ every Linear, however deep, and nothing else")

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# Reject an unknown mode before you touch anything. Then visit all modules inside the model, not
# only its children.
# </details>
# <details><summary>Hint 2: API</summary>
#
# `model.modules()`, `isinstance`, `module.in_features`, `module.out_features`, `nn.init.normal_`,
# `nn.init.uniform_`, `nn.init.zeros_`. A weight has the shape (out, in).
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     if the mode is unknown: raise ValueError
#     for every module in the model that is a Linear:
#         fill its weight, in place, from the distribution of the mode
#         if it has a bias: fill it with zeros
#     return the model
# </details>
#
# **The common mistake: only the top level.** `for layer in model` and `model.children()` see the
# first level only. A Linear inside a block keeps PyTorch's own weights, and nothing tells you.

# %% [markdown]
# ## 4. How large are the activations? (30 minutes)
#
# **Goal.** Write `activation_rms(model, x)`: the root mean square of what each activation puts
# out while `model(x)` is computed, $\sqrt{\operatorname{mean}(f(o)^2)}$ over all values of the
# batch, as a list of floats.
#
# - A module counts if `isinstance(module, ACTIVATIONS)`, however deep it is nested. Functions
#   such as `torch.relu` inside a model do not count, because nothing can be hung on them.
# - There is one entry **per call, in the order of the calls**: a module that is used twice has
#   two entries, and the order in which modules were created does not matter.
#
# **A measurement leaves no trace**; this holds here and in part 5. It is made in **evaluation
# mode** (no dropout, batch norm with its running statistics), and afterwards every module is in
# the mode it was in before. Parameters, buffers, every `.grad` and the hooks that others have
# registered are as before. **Hooks of your own are removed**, also when the model raises an
# error.
#
# A *forward hook* is a function that a module calls after its `forward`:
# `handle = module.register_forward_hook(function)` registers `function(module, args, output)`;
# `handle.remove()` takes it away.

# %% [markdown]
# **Predict in one line.** In a network of 30 layers with slope 0.1, what is the factor per layer
# at gain 1? What is left after 30 layers?
#
# *Your prediction:*


# %% solution="activation_rms"
def activation_rms(model, x):
    """RMS of what each activation puts out in `model(x)`: floats, one per call, in order.

    Measured in evaluation mode. Leaves the model as it was, its modes and hooks included.
    """
    ### BEGIN SOLUTION
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
    ### END SOLUTION


# %% selfcheck="activation_rms" points=5
class _Own(nn.LeakyReLU):
    """A LeakyReLU of a class of one's own."""


_shared = _Own(0.5)
_block = nn.Sequential(nn.Linear(2, 2), _shared, nn.Tanh())
_model = nn.Sequential(nn.Embedding(2, 2), _shared, nn.Dropout(0.5), _block)
nn.init.eye_(_block[0].weight)
nn.init.zeros_(_block[0].bias)
# The embedding turns the numbers 0 and 1 into (3, -2) and (1, 4).
_model[0].weight.data.copy_(torch.tensor([[3.0, -2.0], [1.0, 4.0]]))
_model.train()
_block.eval()
_model[0].weight.grad = torch.full((2, 2), 7.0)
_model[0].register_forward_hook(lambda module, args, output: None)


def _hooks():
    """How many forward hooks each module has."""
    return [len(module._forward_hooks) for module in _model.modules()]


_theirs = _hooks()
_got = activation_rms(_model, torch.tensor([[0], [1]]))
_on = torch.is_grad_enabled()
torch.set_grad_enabled(True)
assert _on, "gradients are now off for all that follows: `with torch.no_grad()` ends by itself"
assert len(_got) == 3, (
    f"got {len(_got)} values, expected 3: a LeakyReLU (of a class of one's own), which is used "
    "twice, and a nested Tanh"
)
assert not any(torch.is_tensor(value) and value.requires_grad for value in _got), (
    "the values carry the graph of the computation: expected floats"
)
_got = [float(value) for value in _got]
assert abs(_got[0] - 7.5**0.5) > 1e-4, (
    f"first value: got {_got[0]:.4f}, the RMS before the activation, expected that after it"
)
assert abs(_got[0] - 6.75) > 1e-4, "first value: got the mean square: where is the root?"
assert abs(_got[0] - 2.5981) < 1e-3, f"first value: got {_got[0]:.4f}, expected 2.5981"
assert abs(_got[1] - 2.5617) < 1e-3, (
    f"second value: got {_got[1]:.4f}, expected 2.5617. It lies behind Dropout, which does "
    "nothing in evaluation mode"
)
assert abs(_got[2] - 0.834) < 1e-3, f"third value: got {_got[2]:.4f}, expected 0.8340"
assert _model.training and _model[2].training, "the model was in training mode before"
assert not _block.training, "one part was in evaluation mode before, now it is not"
assert all(p.requires_grad for p in _model.parameters()), "a parameter needs no gradient any more"
_grad = _model[0].weight.grad
assert _grad is not None and (_grad == 7).all(), "the .grad from before is gone or changed"
assert _hooks() == _theirs, "a hook was left behind, or one that was there before is gone"
try:
    activation_rms(_model, torch.ones(1, 3))
except RuntimeError:
    pass
assert _hooks() == _theirs, (
    "the model raised an error (input of a wrong type), and your hooks are still there"
)
print("✓ one number per call, in order, and no trace")
print("  (not tried here: batch norm, a batch of one, wide layers)")

# %% [markdown]
# **Look.** 30 layers of 256 with slope 0.1, three gains, unit normal input.
#
# *What to expect:* straight lines on the logarithmic axis. The factor per layer is the gain
# divided by 1.4072: 0.71 at gain 1, so that about $3.5 \cdot 10^{-5}$ is left of the signal; 1.42
# at gain 2, where it grows to some ten thousand; and 1 at the gain of part 2. Its line is level
# up to chance.

# %%
_generator = torch.Generator().manual_seed(0)
x_profile = torch.randn(256, 256, generator=_generator)
y_profile = torch.randint(10, (256,), generator=_generator)
_profiles = {}
for _gain in (1.0, leaky_relu_gain(0.1), 2.0):
    torch.manual_seed(0)
    _network = xavier_init(deep_network(256, 256, 30, 10), _gain, "normal")
    _profile = activation_rms(_network, x_profile)
    _profiles[f"gain {_gain:.4g}"] = (np.arange(1, 31), _profile)
    print(f"gain {_gain:.4g}: RMS {_profile[-1]:.3g} after 30 layers")
plots.line(_profiles, "layer", "RMS after the activation", logy=True)

# %% [markdown]
# **Look.** PyTorch's own initialization, and the gain that the wrong sentence of part 2 leads to.
#
# *What to expect:* PyTorch draws the weights of a Linear with the standard deviation
# $1/\sqrt{3\,\text{fan\_in}}$, a gain of 0.58. The signal shrinks quickly at first; then the line
# is level, since PyTorch's biases are not zero and feed every layer anew. But what is left at the
# end has little to do with the input. The gain of 1.63 looks harmless for some layers only.

# %%
torch.manual_seed(0)
_network = deep_network(256, 256, 30, 10)
_profiles = {"PyTorch's own": (np.arange(1, 31), activation_rms(_network, x_profile))}
for _gain in (leaky_relu_gain(0.1), 1.63):
    xavier_init(_network, _gain, "uniform")
    _profiles[f"gain {_gain:.4g}"] = (np.arange(1, 31), activation_rms(_network, x_profile))
plots.line(_profiles, "layer", "RMS after the activation", logy=True)

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# A hook writes its number into a list that you have made; the model is then called once, and the
# calls fill the list in the right order by themselves. What has to be undone belongs into
# `finally`.
# </details>
# <details><summary>Hint 2: API</summary>
#
# `model.modules()`, `module.register_forward_hook`, `torch.no_grad()`, `model.eval()`,
# `module.training`, `try: ... finally: ...`. A forward hook must return nothing: what it returns
# would replace the output.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     values = empty list; a function that appends the RMS of an output to it
#     remember the mode of every module
#     register the function at every activation, keep the handles
#     try: evaluation mode; call the model without gradients
#     finally: remove the handles, set the modes back
#     return the values
# </details>
#
# **The common mistake: hooks that stay.** The function returns the right numbers, and the model
# is slower from now on and keeps appending to a list that nobody reads. In a notebook each run of
# the cell adds another set.

# %% [markdown]
# ## 5. How large are the gradients? (25 minutes)
#
# **Goal.** Write `gradient_rms(model, x, y)`: for every `nn.Linear` the root mean square of the
# entries of its **weight's gradient**, for the mean cross-entropy of `model(x)` against the
# labels `y`. A list of floats in the order of `model.modules()`, which is first layer first.
#
# Only weights of Linear layers count: no biases, no norm layers, no convolutions. The measurement
# leaves no trace, as in part 4: evaluation mode and every mode restored, parameters and buffers
# unchanged. Every `.grad` is afterwards as it was, and has no influence on the result: numbers
# that were there are neither used nor changed, and where there was `None`, there is `None` again.

# %% [markdown]
# **Predict in one line.** With gain 1 the activations fade from layer to layer. Is the weight
# gradient smallest in the first layer, in the last, or about equal in all of them?
#
# *Your prediction:*


# %% solution="gradient_rms"
def gradient_rms(model, x, y):
    """RMS of each Linear's weight gradient of the mean cross-entropy: floats, first layer first.

    Measured in evaluation mode. Leaves the model as it was, every `.grad` and mode included.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
    ### END SOLUTION


# %% selfcheck="gradient_rms" points=4
class _Own(nn.Linear):
    """A Linear of a class of one's own."""


_last = _Own(3, 2)
_model = nn.Sequential(
    nn.Embedding(2, 2),
    nn.Linear(2, 3, bias=False),
    nn.BatchNorm1d(3),
    nn.Dropout(0.5),
    nn.Sequential(_last),
)
_model[4].eval()
with torch.no_grad():
    # The embedding turns the numbers 0 and 1 into the inputs (1, 2) and (-1, 0.5).
    _model[0].weight.copy_(torch.tensor([[1.0, 2.0], [-1.0, 0.5]]))
    _model[1].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    _last.weight.copy_(torch.tensor([[1.0, -1.0, 0.5], [0.0, 0.5, -0.5]]))
    _last.bias.zero_()
_last.weight.grad = torch.full((2, 3), 7.0)
_x, _y = torch.tensor([0, 1]), torch.tensor([1, 0])
for _time in ("first", "second"):
    _got = gradient_rms(_model, _x, _y)
    assert len(_got) == 2, (
        f"got {len(_got)} values, expected 2: one per Linear (the last is of a class of one's own), "
        "and none for biases, the embedding and the norm layer"
    )
    assert not any(torch.is_tensor(value) and value.requires_grad for value in _got), (
        "the values carry the graph of the computation: expected floats"
    )
    _got = [float(value) for value in _got]
    assert abs(_got[0] - 1.6179) > 1e-3 or abs(_got[1] - 1.8880) > 1e-3, (
        "these are the gradients of the summed loss: expected those of its mean"
    )
    assert abs(_got[0] - 0.8089) < 1e-3, (
        f"{_time} call, first layer: got {_got[0]:.4f}, expected 0.8089. Behind it are batch norm "
        "and Dropout, which change nothing here in evaluation mode"
    )
    assert abs(_got[1] - 0.9440) < 1e-3, (
        f"{_time} call, last layer: got {_got[1]:.4f}, expected 0.9440: its .grad was 7 "
        "everywhere before, which should not matter"
    )
for _name, _parameter in _model.named_parameters():
    assert _parameter is _last.weight or _parameter.grad is None, (
        f"{_name} had no .grad before; now it has one"
    )
    assert _parameter.requires_grad, f"{_name} needs no gradient any more"
_grad = _last.weight.grad
assert _grad is not None and (_grad == 7).all(), "the .grad from before is gone or changed"
assert _model.training and _model[3].training, "the model was in training mode before"
assert not _model[4].training, "one part was in evaluation mode before, now it is not"
print("✓ gradients of the mean loss, and every .grad unchanged")

# %% [markdown]
# **Look.** The same 30 layers, with PyTorch's own initialization beside the three gains.
#
# *What to expect:* each of the gains gives a nearly **level** line, in three quite different
# heights! A weight's gradient is the product of the signal that comes from the front and of the
# gradient that comes from behind. With gain 1 one of them has faded through the layers before it,
# the other through the layers behind it; together they have passed the whole network, wherever
# the layer is. So all layers learn equally slowly. (At the last layers the softmax and the narrow
# output matter, too.) With PyTorch's own initialization, biases keep the signal alive, but not
# the gradient: the first layers get much less than the last.

# %%
_profiles = {}
for _gain in (1.0, leaky_relu_gain(0.1), 2.0, None):
    torch.manual_seed(0)
    _network = deep_network(256, 256, 30, 10)
    if _gain is not None:
        xavier_init(_network, _gain, "normal")
    _name = "PyTorch's own" if _gain is None else f"gain {_gain:.4g}"
    _profiles[_name] = (np.arange(1, 32), gradient_rms(_network, x_profile, y_profile))
plots.line(_profiles, "layer", "RMS of the weight gradient", logy=True)

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# `backward()` *adds* to every `.grad`. Either put everything back afterwards, or ask autograd for
# the gradients themselves, without going through `.grad`.
# </details>
# <details><summary>Hint 2: API</summary>
#
# `F.cross_entropy(logits, y)` is a mean by default. `torch.autograd.grad(loss, tensors)` returns
# the gradients of the loss for a list of tensors and touches no `.grad`.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     collect the weights of all Linear layers, in the order of modules()
#     remember the modes, evaluation mode
#     loss = mean cross-entropy of the model's logits
#     gradients of the loss for the collected weights, without .grad
#     modes as before; RMS of each gradient, as floats
# </details>
#
# **The common mistake: gradients that pile up.** After `loss.backward()` in a measurement, the
# next training step, or the next measurement, starts with a gradient that is not its own.

# %% [markdown]
# ## 6. Does the best gain train best? (40 minutes)
#
# Theory says 1.4072 for slope 0.1. It speaks about a network *before* training. Does it also say
# which one trains best? We ask a network of ten hidden layers of 32, after 40 updates only.
#
# **Goal.** Write `gain_sweep(gains, seeds)`. It returns a list with one number per gain, in the
# order of `gains`: the **mean training accuracy** over all seeds. Use the given tools of the
# first cell by their names, for every pair of gain and seed:
#
# - a **new** model from `make_model(seed)`, then `xavier_init` with the gain and mode `"normal"`.
#   `make_model(seed)` seeds the random generator, so draw the weights right after it: for one
#   seed, every gain then starts from the same draw, only scaled, and the comparison is fair;
# - `train(model, seed)`, once. It returns a dict with `"train_accuracy"` and `"test_accuracy"`.
#   We choose a gain here, and a choice must not see the test data: use the training accuracy.
#
# **A run that diverges is a result.** Its accuracies are `nan`, and then the mean for this gain
# is `nan`, too, even if the other seeds came through. Do not leave the run out: the mean of the
# survivors would make a dangerous gain look good.

# %% [markdown]
# **Predict in one line.** How does accuracy depend on the gain between 0.8 and 2? Where is the
# best one, and what does a gain of 2 do?
#
# *Your prediction:*


# %% solution="gain_sweep"
def gain_sweep(gains, seeds):
    """Mean training accuracy over the seeds for each gain: floats, nan if a run diverged.

    gains: list of numbers. seeds: list of ints, the same for every gain.
    """
    ### BEGIN SOLUTION
    means = []
    for gain in gains:
        accuracies = []
        for seed in seeds:
            model = xavier_init(make_model(seed), gain, "normal")
            accuracies.append(train(model, seed)["train_accuracy"])
        means.append(sum(accuracies) / len(accuracies))
    return means
    ### END SOLUTION


# %% selfcheck="gain_sweep" points=4
_train, _runs = train, []


def _stand_in(model, seed):
    """Instead of `train`: notes the run, and makes up an accuracy from the gain and the seed."""
    weight = model[0].weight.detach()
    gain = round(weight.std().item() * math.sqrt((64 + 32) / 2))
    _runs.append((seed, model, weight / max(gain, 1)))
    accuracy = math.nan if (gain, seed) == (2, 7) else gain / 10 + seed / 100
    return {"train_accuracy": accuracy, "test_accuracy": 0.9}


_gains, _seeds = [3, 1, 2, 4], [7, 5]
train = _stand_in
try:
    _got = gain_sweep(_gains, _seeds)
finally:
    train = _train
assert np.shape(_got) == (4,), f"four gains, two seeds: expected four numbers, got {_got}"
assert (_gains, _seeds) == ([3, 1, 2, 4], [7, 5]), "the list of gains or seeds was changed"
assert sorted(_seed for _seed, _, _ in _runs) == [5] * 4 + [7] * 4, (
    "four gains, seeds 7 and 5: `train` should be called four times with each of the seeds"
)
assert len({id(_model) for _, _model, _ in _runs}) == 8, "a model was trained twice"
_first = {_seed: _draw for _seed, _, _draw in _runs}
assert all(torch.allclose(_draw, _first[_seed], atol=1e-5) for _seed, _, _draw in _runs), (
    "with one seed, two gains began with different draws: initialize right after `make_model(seed)`"
)
assert not torch.allclose(_first[5], _first[7], atol=0.01), "two seeds began with the same weights"
assert _first[5].abs().max() > 2 * _first[5].std(), 'the mode should be "normal"'
_got = [float(_value) for _value in _got]
for _index, _mean in ((0, 0.36), (1, 0.16), (3, 0.46)):
    assert abs(_got[_index] - 0.9) > 1e-5, "got the test accuracy, expected that of training"
    assert abs(_got[_index] - _mean) < 1e-5, (
        f"gain {_gains[_index]}: the training accuracies are {_mean - 0.01:.2f} and "
        f"{_mean + 0.01:.2f}; got {_got[_index]:.4g}, expected {_mean:.2f}"
    )
assert math.isnan(_got[2]), f"gain 2: one of the two runs diverged; got {_got[2]:.4g}, expected nan"
_real = [float(_value) for _value in gain_sweep([0.5, 1.4], [0])]
assert _real[0] < 0.2, f"gain 0.5: accuracy {_real[0]:.2f}, expected about 0.1, as by chance"
assert _real[1] > 0.2, f"gain 1.4: accuracy {_real[1]:.2f}, expected above 0.2: is it trained?"
print("✓ a new model for every run, the mean of all seeds, and diverged runs are shown")

# %% [markdown]
# **Look.** Nine gains, four seeds; about five seconds. The points are single seeds.
#
# *What to expect:* a hill with its top near 1.4: too small a gain leaves the network at chance
# (0.1) within 40 updates, too large a one makes the runs diverge (crosses at the bottom, for
# gains with at least one such run). The top of the hill is broad, and the single seeds do not
# agree on it.

# %%
gains = [0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8]
accuracy = np.array([gain_sweep(gains, [seed]) for seed in progress.progress(range(4), "seeds")])


def draw_sweep(gains, accuracy):
    """Accuracies (seeds, gains) as points, their mean as a line, diverged gains as crosses."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
    axes.plot(gains, accuracy.T, "o", color="#0072B2", alpha=0.3, markersize=4)
    mean = accuracy.mean(axis=0)
    axes.plot(gains, mean, color="#0072B2", label=f"mean of {len(accuracy)} seeds")
    diverged = [gain for gain, runs in zip(gains, accuracy.T) if np.isnan(runs).any()]
    if diverged:
        axes.plot(diverged, np.zeros(len(diverged)), "X", color="#D55E00", label="a run diverged")
    axes.axvline(math.sqrt(2 / 1.01), color="black", linestyle="--", linewidth=1, label="theory")
    axes.set(xlabel="gain", ylabel="training accuracy", ylim=(-0.05, 1))
    axes.legend(frameon=False, fontsize=9)
    plt.close(figure)
    return figure


draw_sweep(gains, accuracy)

# %% [markdown]
# **Look.** The same with 16 seeds: how often is each gain the best of a sweep with a single seed?
# About 15 seconds; the result is saved beside this notebook as `gain_sweep_16.pt` and loaded the
# next time. (If you change `gain_sweep`, delete the file.)
#
# *What to expect:* the winners scatter over several gains around the theory's. The mean of 16
# seeds is a smooth hill.

# %%
fine_gains = [1.1, 1.2, 1.3, 1.35, 1.4, 1.45, 1.5, 1.6]


def long_sweep():
    """Accuracies of single seeds, to be saved."""
    rows = [gain_sweep(fine_gains, [seed]) for seed in progress.progress(range(16), "seeds")]
    return {"accuracy": [[float(value) for value in row] for row in rows]}


fine_accuracy = np.array(checkpoints.train_or_load("gain_sweep_16.pt", long_sweep)["accuracy"])
# A diverged run wins nothing.
winners = np.nan_to_num(fine_accuracy, nan=-1.0).argmax(axis=1)
for _gain, _runs in zip(fine_gains, fine_accuracy.T):
    print(f"gain {_gain:4}: mean {_runs.mean():.3f}, standard deviation {_runs.std(ddof=1):.3f}")
_figure = plots.bar(
    np.bincount(winners, minlength=len(fine_gains)),
    "seeds that find this gain best",
    labels=fine_gains,
)
_figure.axes[0].set_xlabel("gain")
_figure.axes[0].yaxis.get_major_locator().set_params(integer=True)
_figure

# %%
needs("draw_sweep", "fine_accuracy")
draw_sweep(fine_gains, fine_accuracy)

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# Two loops, one inside the other. What must be made anew inside the inner one?
# </details>
# <details><summary>Hint 2: API</summary>
#
# `make_model(seed)`, `xavier_init(model, gain, "normal")`,
# `train(model, seed)["train_accuracy"]`. `sum(...) / len(...)` and `np.mean` give `nan` as soon
# as one value is `nan`; `np.nanmean` does not.
# </details>
# <details><summary>Hint 3: pseudocode</summary>
#
#     for every gain:
#         for every seed: new model, initialized with this gain, trained with this seed
#         note the mean of the training accuracies
#     return the means
# </details>
#
# **The common mistake: one model for all.** Made outside the loops, the model goes on training
# from gain to gain, and the last gain wins because it came last.

# %% [markdown]
# ### Written: why does the best gain scatter?
#
# The best gain of a short sweep is sometimes 1.3, sometimes 1.5. Explain why it scatters around
# theory, and whether this speaks against the theory. Use the figures of the two sweeps above. How
# would you decide between gain 1.35 and 1.45?
#
# | points | rubric |
# |---|---|
# | 0 | No reason, or "the theory is wrong". |
# | 1 | Names chance (initial draw, order of batches), or that the hill is flat at its top. |
# | 2 | Connects both: near the top the gains differ by less than the seeds do, with figures. |
# | 3 | Also why theory need not give the exact best gain of training, and how to decide. |

# %% [markdown] answer="short_sweep" points=3
# Near its top the hill is flat: theory asks for a factor of 1 per layer, and at gain 1.3 or 1.5
# it is 0.92 or 1.07, after ten layers 0.45 or 1.9. That is no catastrophe, and training corrects
# it within some updates. The seeds, however, decide the initial draw and the batches: at gain 1.4
# the accuracies of the 16 seeds have a standard deviation of about 0.12, while the means of 1.35,
# 1.4 and 1.45 differ by about 0.01. The winner of one seed is the highest of several nearly equal
# noisy numbers, chosen by chance; the finer the grid, the more so. Even the mean of 16 seeds has a
# standard error of 0.12 / 4 = 0.03, too much to order these three.
#
# This does not speak against the theory, which makes a statement about the mean square of signals
# before the first update, in wide layers. Here a layer has 32 units only, so the factor of a single
# network differs from its expectation; the first layer (64 to 32) and the last (32 to 10) are not
# square; and which gain is best after 40 updates also depends on the learning rate, the momentum
# and the length of training. What theory does predict holds: far below, the network stays at
# chance; far above, it diverges; and the mean of many seeds has its top near 1.4.
#
# To decide between 1.35 and 1.45: many seeds, the same for both gains, the mean of the paired
# differences with its standard error. If it is not clearly different from zero, take either. A
# final accuracy is then to be measured on data that took no part in the choice.

# %% [markdown]
# ## Before you hand in
#
# The button runs all self-checks once more, on what is in memory now. Then choose *Restart Kernel and
# Run All Cells*: this shows what works only because of the order in which you ran the cells.

# %%
from helpers import selfcheck

selfcheck.button("04_initialization")
