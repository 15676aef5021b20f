"""Hidden checks of assignment 04: the spread of weights, the gain, and what they do to signals."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.checking import CheckFailed, check, compared, expect, expect_close

from ..shared.networks import Path, Residual, network, restored
from ..shared.reference import distinct_sizes, floats, labels_of
from . import probes

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh)
# A formula may be computed in float32.
FORMULA = {"rtol": 1e-5, "atol": 1e-7}
# A student's float32 network beside a float64 one.
MEASURED = {"rtol": 2e-3, "atol": 1e-7}


# Drawing inputs


def drawn_state(rng, layers):
    """A random state dict of the network, as arrays; no value is at its default."""
    state = {}
    for name, tensor in network(layers).state_dict().items():
        if name.endswith("running_var"):
            state[name] = rng.uniform(0.3, 3.0, size=tuple(tensor.shape)).astype(np.float32)
        elif tensor.ndim > 1:
            scale = 1.2 / math.sqrt(tensor[0].numel())
            state[name] = floats(rng, *tensor.shape, scale=scale)
        elif tensor.is_floating_point():
            state[name] = floats(rng, *tensor.shape, scale=0.5)
        else:
            state[name] = tensor.numpy().copy()
    return state


def drawn_gain(rng):
    """A gain well away from 1."""
    return float(rng.choice([rng.uniform(0.3, 0.7), rng.uniform(1.5, 3.0)]))


# xavier_std


def fans(rng):
    """Four pairs of fans, far apart and with an odd sum: no other kind of mean comes near theirs."""
    pairs = []
    for index in range(4):
        small = int(rng.integers(3, 200))
        large = small + 2 * int(rng.integers(small, 300)) + 1
        pairs.append([small, large] if index % 2 else [large, small])
    return pairs


def similar_fans(rng):
    """A few and many, in pairs that differ little: here most formulas come near the right one."""
    low = [int(rng.integers(10, 20)), int(rng.integers(900, 1200))]
    return [[n, n + int(rng.integers(1, n // 2))] for n in low]


def spread(fan_in, fan_out, gain=1.0):
    """Xavier's standard deviation."""
    return gain * math.sqrt(2 / (fan_in + fan_out))


def shown(name, case):
    """Which case a message is about, without the numbers that were drawn for it."""
    fans = "many" if max(case[:2]) > 100 else "few"
    return (
        f"{name} with {fans} inputs or outputs{', and a gain' if case[2:] not in ([], [1]) else ''}"
    )


def spreads(student, name, cases, probe=probes.spreads):
    """The student's number for each case."""
    replies = student.call(probe, name, cases).items(len(cases))
    return [reply.number(shown(name, case)) for case, reply in zip(cases, replies)]


@check("xavier_std", points=1.5)
def std_of_both_fans(student, rng):
    """xavier_std: the standard deviation that follows from both fans, for gain 1."""
    hint = "Is it the root of the variance, 2 over the sum of the fans?"
    cases = [[*pair, 1.0] for pair in fans(rng)]
    for case, got in zip(cases, spreads(student, "xavier_std", cases)):
        expect_close(got, spread(*case), hint, what=shown("xavier_std", case), **FORMULA)


@check("xavier_std", points=1.5)
def bound_of_the_same_variance(student, rng):
    """xavier_bound: uniform weights up to the bound have the variance of the normal weights."""
    cases = [[*pair, 1.0] for pair in similar_fans(rng)]
    stds, bounds = (spreads(student, name, cases) for name in ("xavier_std", "xavier_bound"))
    for case, std, bound in zip(cases, stds, bounds):
        want, name = math.sqrt(3) * spread(*case), shown("xavier_bound", case)
        # Right, or as far from right as the student's own standard deviation.
        if not np.isclose(bound, want, **FORMULA):
            near = 2 / 3 < bound / want < 1.5
            hint = "The variance of a uniform distribution on [-b, b] is b * b / 3"
            expect(near, f"{name} is {compared(bound / want)}. {hint}")
            expect_close(bound, math.sqrt(3) * std, hint, what=name, **FORMULA)


@check("xavier_std", points=1)
def gain_scales_both(student, rng):
    """The gain is a factor of the standard deviation and of the bound; without one, it is 1."""
    pair = similar_fans(rng)[0]
    pairs = [pair, [4 * n for n in pair]]
    gains = [float(rng.uniform(0.3, 0.7)), float(rng.uniform(1.5, 3)), int(rng.integers(2, 5))]
    for name in ("xavier_std", "xavier_bound"):
        one, fourfold = spreads(student, name, [[*pair, 1.0] for pair in pairs])
        expect(
            one > 0 and 0.2 < fourfold / one < 0.6,
            f"{name}: this depends on a value that falls as it should when the fans grow",
        )
        (default,) = spreads(student, name, pairs[:1])
        expect_close(default, one, "Without a gain, is it 1?", what=shown(name, pair), **FORMULA)
        cases = [[*pair, gain] for gain in gains]
        hint = "Is the gain a factor of the root, and outside it?"
        for probe in (probes.spreads, probes.spreads_by_name):
            for case, got in zip(cases, spreads(student, name, cases, probe)):
                expect_close(got, case[2] * one, hint, what=shown(name, case), **FORMULA)


# leaky_relu_gain


def gains_of(student, slopes):
    """The student's gain for each slope."""
    replies = student.call(probes.gains_of, slopes).items(len(slopes))
    return [reply.number(shown("leaky_relu_gain", [a])) for a, reply in zip(slopes, replies)]


def right_gain(slope):
    return math.sqrt(2 / (1 + slope**2))


@check("leaky_relu_gain", points=1.5)
def keeps_the_mean_square(student, rng):
    """For slopes from 0, which is ReLU, to 2, the gain keeps the mean square."""
    slopes = [0.01, 0.1, *rng.uniform(0.15, 0.8, size=3).tolist(), float(rng.uniform(1.2, 2))]
    hint = "What does the half with the slope contribute to a mean of squares?"
    for slope, got in zip(slopes, gains_of(student, slopes)):
        name = shown("leaky_relu_gain", [slope])
        expect_close(got, right_gain(slope), hint, what=name, **FORMULA)
    hint = "Slope 0 is ReLU, and not a slope that is missing"
    for got in gains_of(student, [0, 0.0]):
        expect_close(got, right_gain(0), hint, what="leaky_relu_gain(0)", **FORMULA)


@check("leaky_relu_gain", points=0.5)
def one_for_the_identity(student, rng):
    """Slope 1, where LeakyReLU does nothing, needs gain 1; a smaller slope needs a larger one."""
    for got in gains_of(student, [1, 1.0]):
        expect_close(got, 1, "There LeakyReLU does nothing", what="leaky_relu_gain(1)", **FORMULA)
    slopes = np.linspace(0, 1, 5) + rng.uniform(0, 0.1, size=5)
    gains = np.array(gains_of(student, slopes.tolist()))
    expect(bool((np.diff(gains) < 0).all()), "the gain does not fall as the slope grows")
    ratio = gains / [right_gain(slope) for slope in slopes]
    expect(bool((np.abs(np.log(ratio)) < math.log(1.5)).all()), "the gain is far from right")


# xavier_init

MODES = ("normal", "uniform")


def large_case(rng):
    """A flat network, large enough for statistics: layers, state, and its Linears' shapes (out, in).

    The first and the last Linear have the same shape.
    """
    a, b, c = (int(n) for n in rng.permutation([90, 130, 180]) + rng.integers(0, 15, size=3))
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["ReLU"], ["Linear", b, c], ["Tanh"],
              ["Linear", c, a], ["Tanh"], ["Linear", a, b]]  # fmt: skip
    shapes = {"0": (b, a), "3": (c, b), "5": (a, c), "7": (b, a)}
    return layers, drawn_state(rng, layers), shapes


def drawn_weights(reply, shapes, mode):
    """The Linears' weights after a call, by name."""
    weights = {}
    for layer, shape in shapes.items():
        name = f"{layer}.weight"
        weights[name] = reply["state"][name].finite(shape, name)
        expect(
            len(np.unique(weights[name])) > 0.9 * weights[name].size,
            f"{mode}: {name}: the same numbers are repeated within one layer",
        )
    return weights


def root_mean_square(weight):
    with np.errstate(over="ignore"):
        return math.sqrt(np.square(weight).mean())


@check("xavier_init", points=1)
def spread_of_the_weights(student, rng):
    """The weights of each Linear have Xavier's spread for its fans and the gain, in both modes."""
    layers, state, shapes = large_case(rng)
    gain = drawn_gain(rng)
    for mode in MODES:
        reply = student.call(probes.initialized, layers, state, gain, mode)
        for name, weight in drawn_weights(reply, shapes, mode).items():
            fan_out, fan_in = weight.shape
            ratio = root_mean_square(weight) / spread(fan_in, fan_out, gain)
            # With at least 8,100 weights, a right answer fails less than once in a million times.
            expect(
                abs(ratio - 1) < 0.06,
                f"{mode}: {name}: the spread is {compared(ratio)} for its fans and the gain. Are "
                "xavier_std and xavier_bound right, and used?",
            )


def distribution_gap(values, mode, spread):
    """The largest gap between the values' distribution function and that of the mode."""
    values = np.sort(values.ravel())
    if mode == "uniform":
        want = np.clip((values / (math.sqrt(3) * spread) + 1) / 2, 0, 1)
    else:
        want = torch.special.ndtr(torch.from_numpy(values / spread)).numpy()
    steps = np.arange(len(values) + 1) / len(values)
    return max(np.abs(want - steps[:-1]).max(), np.abs(want - steps[1:]).max())


@check("xavier_init", points=1)
def normal_or_uniform(student, rng):
    """Whatever their spread: the weights have mean zero, the distribution of the mode, and are new."""
    layers, state, shapes = large_case(rng)
    for mode in MODES:
        reply = student.call(probes.initialized_twice, layers, state, drawn_gain(rng), mode)
        first, second = (drawn_weights(one, shapes, mode) for one in reply.items(2))
        for name, weight in first.items():
            own = root_mean_square(weight)
            expect(0 < own < math.inf, f"{mode}: {name}: the weights are all zero, or huge")
            expect(abs(weight.mean()) < 0.08 * own, f"{mode}: {name}: expected mean zero")
            gap = distribution_gap(weight, mode, own)
            expect(gap < 0.04, f"{mode}: {name}: the distribution is not {mode}")
            largest = np.abs(weight).max() / own
            if mode == "normal":
                hint = "a normal distribution has larger weights than these"
                expect(largest > 2.8, f"{mode}: {name}: {hint}")
            else:
                hint = "some weights lie beyond the bound, or none comes near it"
                expect(0.97 < largest / math.sqrt(3) < 1.03, f"{mode}: {name}: {hint}")
            expect(
                lengths_differ(weight),
                f"{mode}: {name}: the weights are not independent: all units' are equally long",
            )
            expect(
                unlike(weight, second[name]),
                f"{mode}: {name}: two calls drew the same numbers: is there a seed inside?",
            )
        expect(
            unlike(first["0.weight"], first["7.weight"]),
            f"{mode}: two layers of one shape got the same numbers",
        )


def unlike(weight, other):
    """Whether two draws are not the same up to a factor."""
    return abs(np.corrcoef(weight.ravel(), other.ravel())[0, 1]) < 0.1


def lengths_differ(weight):
    """Whether rows and columns differ in length at least half as much as independent uniform ones."""
    for axis, size in enumerate(weight.shape):
        lengths = np.linalg.norm(weight / np.abs(weight).max(), axis=axis)
        if lengths.std() / lengths.mean() < 0.5 * math.sqrt(0.2 / size):
            return False
    return True


def near_gain(rng):
    """A gain of about 1, for checks that do not judge the spread."""
    return float(rng.uniform(1.1, 1.3))


def expect_drawn(name, weight, before, gain):
    """Fail unless a weight is new and roughly as it should be: another check looks closer."""
    expect(np.mean(weight == before) < 0.1, f"{name} did not get new values")
    ratio = root_mean_square(weight) / spread(*weight.shape, gain)
    expect(
        0.3 < ratio < 3 and len(np.unique(weight)) > 1,
        f"this depends on random weights of about the right size: {name} has other ones",
    )


def mixed_case(rng):
    """Modules of many kinds, some with matrices that are no Linear's. It can only be initialized.

    Returns layers, state, and the names of the Linears.
    """
    a, b = distinct_sizes(rng, 2, 5, 12)
    inner = [["LayerNorm", a], ["Residual", [["ReLU"], ["OwnLinear", a, a]]],
             ["Sequential", [["PReLU"], ["Linear", a, b, {"bias": False}]]]]  # fmt: skip
    layers = [["Embedding", 5, a], ["Conv2d", 2, 3, 2], ["BatchNorm2d", 3], ["GRUCell", a, b],
              ["Bilinear", a, b, 3], ["Linear", b, a], ["MixLinearly", a], ["Dense", b, a],
              ["Path", [("inner", ["Sequential", inner])], ["inner"]]]  # fmt: skip
    linears = ("5", "7", "8.inner.1.inner.1", "8.inner.2.1")
    return layers, drawn_state(rng, layers), linears


def expect_linears_only(reply, state, linears, gain, mode):
    """Fail unless the Linears have new weights and biases of zero, and all else is unchanged."""
    for name, value in state.items():
        owner, _, kind = name.rpartition(".")
        got = reply["state"][name].finite(value.shape, name)
        if owner not in linears:
            expect(
                np.array_equal(got, value),
                f"{mode}: {name} was changed, but only Linear layers should be initialized",
            )
        elif kind == "bias":
            expect(not got.any(), f"{mode}: {name} should be zero")
        else:
            expect_drawn(f"{mode}: {name}", got, value, gain)


@check("xavier_init", points=1)
def every_linear_and_nothing_else(student, rng):
    """Every Linear, however nested, has new weights and a bias of zero; other modules are unchanged."""
    gain = near_gain(rng)
    for mode in MODES:
        layers, state, linears = mixed_case(rng)
        reply = student.call(probes.initialized, layers, state, gain, mode)
        expect_linears_only(reply, state, linears, gain, mode)
    layer = ["Linear", *distinct_sizes(rng, 2, 9, 19)]
    state = {name.removeprefix("0."): value for name, value in drawn_state(rng, [layer]).items()}
    reply = student.call(probes.initialized, layer, state, gain, "normal")
    try:
        expect_linears_only(reply, state, [""], gain, "normal")
    except CheckFailed as verdict:
        raise CheckFailed(f"A model may be a single Linear: {verdict}") from None


def flat_case(rng):
    """A small network of Linears with biases: layers, state, input."""
    a, b = distinct_sizes(rng, 2, 9, 19)
    layers = [["Linear", a, b], ["LayerNorm", b], ["Tanh"], ["Linear", b, a], ["Tanh"],
              ["Linear", a, b]]  # fmt: skip
    return layers, drawn_state(rng, layers), floats(rng, 5, a)


@check("xavier_init", points=0.5)
def works_in_place(student, rng):
    """The parameters stay the same tensors; modes and each .grad do not change; returns the model."""
    layers, state, x = flat_case(rng)
    gain = near_gain(rng)
    reply = student.call(probes.initialized_and_returned, layers, state, gain, "normal", x)
    model = network(layers).double().eval()
    names = sorted(name for name, _ in model.named_parameters())
    for name, kept in reply["kept"].mapping(names, "the model's parameters").items():
        expect(
            kept.flag(name),
            f"{name} was replaced, frozen or set free (requires_grad): work in place",
        )
    for name, kept in reply["gradients"].mapping(names, "the model's parameters").items():
        expect(kept.flag(), f"{name} has another .grad than before")
    modes = reply["modes"].array((len(list(model.modules())),), "the modes")
    hint = "a module is in another mode (training or evaluation) than before"
    expect(bool((modes == 1).all()), hint)
    expect(reply["tracked"].flag(), "gradients are switched off for everything that follows")
    expect(not reply["returned"].is_none, "the model should be returned")
    own = {name: reply["state"][name].finite(v.shape, name) for name, v in state.items()}
    expect_drawn("0.weight", own["0.weight"] - 1, state["0.weight"], gain)
    model.load_state_dict({name: torch.tensor(value) for name, value in own.items()})
    with torch.no_grad():
        want = model(torch.tensor(x).double()).numpy()
    returned = reply["returned"].finite(want.shape, "its output")
    hint = "The very model that was given should be returned"
    expect_close(returned, want, hint, what="its output", rtol=1e-3, atol=1e-3)


@check("xavier_init", points=0.5)
def refuses_unknown_modes(student, rng):
    """An unknown mode raises ValueError and leaves the model unchanged; known ones do not."""
    layers, state, _ = flat_case(rng)
    drawn = "".join(rng.choice(list("abcdefgh"), size=6))
    gain = near_gain(rng)
    for mode in (drawn, "xavier", "xavier_normal", "xavier_uniform", "norm", "uniformly", ""):
        reply = student.call(probes.initialized, layers, state, gain, mode)
        expect(reply["refused"].flag(), f"the unknown mode {mode!r} should raise ValueError")
        for name, value in state.items():
            expect(
                np.array_equal(reply["state"][name].array(value.shape, name), value),
                f"the unknown mode {mode!r} changed {name} before ValueError was raised",
            )
    without = [["LayerNorm", 5]]
    reply = student.call(probes.initialized, without, drawn_state(rng, without), gain, drawn)
    hint = "a model without a Linear: an unknown mode should raise ValueError there, too"
    expect(reply["refused"].flag(), hint)
    for mode in MODES:
        reply = student.call(probes.initialized, layers, state, gain, mode)
        expect(not reply["refused"].flag(), f"mode {mode!r} raised ValueError")
        before = state["0.weight"]
        weight = reply["state"]["0.weight"].finite(before.shape, "0.weight")
        expect_drawn(f"mode {mode!r}: 0.weight", weight, before, gain)


# activation_rms, gradient_rms: the reference, a float64 network in this process


def reference(layers, state):
    """The network in float64, in evaluation mode."""
    return restored(layers, state).double().eval()


def trace(module, x, found):
    """The output for `x`; `found` gets (module, input, output) of each call of an activation."""
    if isinstance(module, nn.Sequential):
        for child in module:
            x = trace(child, x, found)
        return x
    if isinstance(module, Path):
        for name in module.order:
            x = trace(getattr(module, name), x, found)
        return x
    if isinstance(module, Residual):
        return x + trace(module.inner, x, found)
    output = module(x.clone())
    if isinstance(module, ACTIVATIONS):
        found.append((module, x, output))
    return output


def rms(values):
    return float(values.detach().square().mean().sqrt())


def traced(layers, state, x):
    """(module, input, output) of each call of an activation."""
    found, x = [], torch.tensor(x)
    with torch.no_grad():
        trace(reference(layers, state), x.double() if x.is_floating_point() else x, found)
    return found


def expected_activations(layers, state, x):
    return np.array([rms(output) for _, _, output in traced(layers, state, x)])


def expected_gradients(layers, state, x, y):
    """RMS of the weight gradients, and the smallest distance of an activation's input from 0."""
    model, found = reference(layers, state), []
    loss = F.cross_entropy(trace(model, torch.tensor(x).double(), found), torch.tensor(y))
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    gradients = torch.autograd.grad(loss, weights)
    kink = min(float(before.detach().abs().min()) for _, before, _ in found)
    return np.array([rms(gradient) for gradient in gradients]), kink


def activation(rng, kinds=("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh")):
    """A drawn activation."""
    kind = str(rng.choice(kinds))
    return [kind, float(rng.uniform(0.05, 0.6))] if kind == "LeakyReLU" else [kind]


def plain_case(rng):
    """A flat network for images with drawn activations, one of them in place and one a ReLU."""
    height, width = (int(n) for n in rng.integers(2, 5, size=2))
    sizes = [3 * height * width, *distinct_sizes(rng, int(rng.integers(2, 5)), 4, 16)]
    layers = [["Conv2d", 2, 3, 1], activation(rng), ["Flatten"]]
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [["Linear", fan_in, fan_out], activation(rng)]
    layers[4] = ["LeakyReLU", float(rng.uniform(0.05, 0.6)), {"inplace": True}]
    layers[6] = ["ReLU"]
    layers += [["Linear", sizes[-1], 4]]
    x = floats(rng, int(rng.integers(5, 12)), 2, height, width, scale=2.0)
    return layers, drawn_state(rng, layers), x


def extreme_case(rng):
    """A flat network without biases, and a large batch whose samples become larger to its end."""
    a, b, c = distinct_sizes(rng, 3, 6, 16)
    layers = [["Linear", a, b, {"bias": False}], activation(rng, ("LeakyReLU",)),
              ["Linear", b, c, {"bias": False}], activation(rng, ("LeakyReLU",))]  # fmt: skip
    x = floats(rng, int(rng.integers(150, 200)), a)
    x *= np.linspace(0.5, 2, len(x), dtype=np.float32)[:, None]
    return layers, drawn_state(rng, layers), x


def token_case(rng):
    """A flat network for whole numbers, and a batch of one."""
    a, b, length = distinct_sizes(rng, 3, 4, 12)
    layers = [["Embedding", 9, a], ["Tanh"], ["Flatten"], ["Linear", length * a, b],
              activation(rng)]  # fmt: skip
    return layers, drawn_state(rng, layers), rng.integers(9, size=(1, length)).astype(np.int64)


def winding_case(rng):
    """A nested network: one activation runs three times, and modules run in an order of their own.

    All of its activations are LeakyReLU, for any other kind is the matter of another check.
    """
    a, b, c = distinct_sizes(rng, 3, 4, 16)
    path = [
        ("last", activation(rng, ("LeakyReLU",))),
        ("shared", activation(rng, ("LeakyReLU",))),
        ("second", ["Linear", b, c]),
        ("first", ["Linear", a, b]),
        ("again", "shared"),
        ("sine", ["Function"]),
        ("norm", ["LayerNorm", c]),
    ]
    order = ["first", "shared", "sine", "second", "again", "norm", "shared", "last"]
    inner = [["Linear", c, c], ["OwnLeaky", float(rng.uniform(0.2, 0.6))]]
    layers = [["Path", path, order], ["Sequential", [["Residual", inner], ["Softplus"]]],
              ["Linear", c, 3], activation(rng, ("LeakyReLU",))]  # fmt: skip
    return layers, drawn_state(rng, layers), floats(rng, int(rng.integers(5, 12)), a, scale=2.0)


def mode_case(rng):
    """A flat network whose outputs depend on its mode: layers, state, input."""
    a, b, c = distinct_sizes(rng, 3, 6, 16)
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["LeakyReLU", 0.3], ["Dropout", 0.5],
              ["Linear", b, c], ["LeakyReLU", 0.2], ["Linear", c, 4], ["LeakyReLU", 0.4]]  # fmt: skip
    return layers, drawn_state(rng, layers), floats(rng, int(rng.integers(6, 12)), a, scale=2.0)


def trace_case(rng):
    """A network with mixed modes and a layer that may be frozen: layers, state, modes, input."""
    a, b, c = distinct_sizes(rng, 3, 4, 16)
    layers = [["Linear", a, b], ["LeakyReLU", 0.3], ["Dropout", 0.5],
              ["Sequential", [["Dropout", 0.4], ["LayerNorm", b]]], ["Linear", b, c],
              ["LeakyReLU", 0.2], ["Linear", c, 4], ["LeakyReLU", 0.4]]  # fmt: skip
    modes = [bool(mode) for mode in rng.integers(2, size=len(list(network(layers).modules())))]
    # The model itself is in training mode, and one of its parts is not; what is inside a part has
    # another mode than the part.
    modes[0] = modes[3] = True
    modes[6] = not modes[4]
    state = drawn_state(rng, layers)
    return layers, state, modes, floats(rng, int(rng.integers(5, 12)), a, scale=2.0)


# The bias of the norm layer of `trace_case`.
FROZEN = ("3.1.bias",)


def drawn_gradients(rng, layers):
    """An array or None for each parameter: at first an array, at last None."""
    shapes = [p.shape for p in network(layers).parameters()]
    gradients = [floats(rng, *shape, scale=3.0) for shape in shapes]
    gradients = [gradient if rng.random() < 0.5 else None for gradient in gradients]
    gradients[0], gradients[-1] = floats(rng, *shapes[0], scale=3.0), None
    return gradients


def measured(student, name, layers, state, *inputs, modes=None, gradients=None, **options):
    """The reply of `probes.measured` on a model in evaluation mode, by default without gradients."""
    model = network(layers)
    modes = modes or [False for _ in model.modules()]
    gradients = gradients or [None for _ in model.parameters()]
    return student.call(probes.measured, name, layers, state, modes, gradients, *inputs, **options)


def expect_values(reply, want, hint, each):
    """Fail unless the reply is a list of these numbers, one per `each`."""
    got = reply["values"].numbers(len(want), f"the result, a number per {each}")
    expect_close(got, want, hint, **MEASURED)


def numbers_of(reply, at_least):
    """The student's own numbers, which another check compares with the right ones."""
    got = reply["values"].numbers()
    expect(
        len(got) >= at_least and bool(np.isfinite(got).all()),
        f"this depends on a number for each layer: got {len(got)}, expected {at_least}",
    )
    return got


def expect_measuring(reply, other, at_least):
    """The student's own numbers, if those for another input are different ones."""
    got, others = (numbers_of(one, at_least) for one in (reply, other))
    expect(
        got.shape == others.shape and not np.allclose(got, others, rtol=0.01),
        "this depends on numbers that are measured: those for another input are the same",
    )
    return got


def expect_no_trace(reply, state, modes, inputs):
    """Fail unless the model is afterwards what it was before, gradients apart."""
    after = reply["after"]
    expect(
        np.array_equal(after["modes"].array((len(modes),), "the modes"), modes),
        "a module is in another mode (training or evaluation) than before. Each should have its "
        "own mode back: some of them differed",
    )
    expect_state_kept(after, state)
    before, after = (
        reply[key]["requires_grad"].array((-1,), "requires_grad") for key in ("before", "after")
    )
    expect(
        np.array_equal(before, after),
        "a frozen parameter requires a gradient now, or another one no longer does",
    )
    expect(reply["tracked"].flag(), "gradients are switched off for everything that follows")
    expect(
        not reply["graph"].flag(),
        "the numbers are tensors that still carry the graph of the computation: return floats",
    )
    for got, value in zip(reply["inputs"].items(len(inputs)), inputs):
        expect(np.array_equal(got.array(value.shape, "the input"), value), "the input was changed")
    expect(not reply["input_tracked"].flag(), "the input requires a gradient now")


def expect_state_kept(after, state):
    for name, value in state.items():
        expect(
            np.array_equal(after["state"][name].array(value.shape, name), value),
            f"{name} was changed by the measurement",
        )


def expect_gradients_kept(after, gradients):
    for got, want in zip(after["gradients"].items(len(gradients)), gradients):
        if want is None:
            expect(got.is_none, "a parameter had no .grad (None), and now it has one")
        else:
            expect(not got.is_none, "a parameter had a .grad, and now it is None")
            expect(
                np.array_equal(got.array(want.shape, ".grad"), want),
                "the .grad of a parameter was changed",
            )


def same_in_both_modes(student, name, layers, state, x, *labels):
    """Fail unless the student's numbers are the same for a model in training mode."""
    evaluated = measured(student, name, layers, state, x, *labels)
    other = measured(student, name, layers, state, 3 * x, *labels)
    want = expect_measuring(evaluated, other, 3)
    modes = [True for _ in network(layers).modules()]
    trained = measured(student, name, layers, state, x, *labels, modes=modes)
    hint = "Batch norm and dropout were in training mode: is it measured in evaluation mode?"
    got = trained["values"].numbers(len(want))
    expect_close(got, want, hint, what="beside the same model in evaluation mode", **MEASURED)
    # Another check looks at the parameters.
    buffers = {name: state[name] for name, _ in network(layers).named_buffers()}
    expect_state_kept(trained["after"], buffers)


# activation_rms


@check("activation_rms", points=1.5)
def rms_after_each_activation(student, rng):
    """A plain network: the root mean square of the output of each activation, of every kind."""
    hint = "Is it the root of the mean square, over the whole batch, of the output?"
    for case in (plain_case, token_case, plain_case):
        layers, state, x = case(rng)
        reply = measured(student, "activation_rms", layers, state, x)
        expect_values(reply, expected_activations(layers, state, x), hint, "activation")
    layers, state, x = extreme_case(rng)
    for factor, kind in ((1e-4, "small"), (1e5, "large")):
        scaled = np.float32(factor) * x
        reply = measured(student, "activation_rms", layers, state, scaled)
        hint = f"The signal is very {kind} here: is it measured exactly, over the whole batch?"
        expect_values(reply, expected_activations(layers, state, scaled), hint, "activation")


@check("activation_rms", points=1.25)
def one_number_per_call(student, rng):
    """Nested modules, one used several times: in the order of the calls, what each call alone gives."""
    for _ in range(2):
        layers, state, x = winding_case(rng)
        calls = [
            [module.negative_slope, before.numpy().astype(np.float32)]
            for module, before, _ in traced(layers, state, x)
        ]
        alone = []
        for pair in student.call(probes.activations_alone, calls).items(len(calls)):
            one, threefold = (reply.numbers(1, "one LeakyReLU alone") for reply in pair.items(2))
            with np.errstate(all="ignore"):
                grows = 2.5 < threefold[0] / one[0] < 10
            expect(bool(grows), "this depends on a number that grows with the input")
            alone.append(one[0])
        reply = measured(student, "activation_rms", layers, state, x)
        hint = "One number per call, in the order of the calls, wherever the module is"
        expect_values(reply, np.array(alone), hint, "call")


@check("activation_rms", points=0.75)
def activations_in_evaluation_mode(student, rng):
    """Measured in evaluation mode: a model in training mode gives the same numbers."""
    same_in_both_modes(student, "activation_rms", *mode_case(rng))


@check("activation_rms", points=0.75)
def activations_leave_no_trace(student, rng):
    """Modes, parameters and every .grad are afterwards what they were before."""
    layers, state, modes, x = trace_case(rng)
    gradients = drawn_gradients(rng, layers)
    reply, other = (
        measured(
            student,
            "activation_rms",
            layers,
            state,
            inputs,
            modes=modes,
            gradients=gradients,
            frozen=FROZEN,
        )
        for inputs in (x, 3 * x)
    )
    expect_measuring(reply, other, 3)
    expect_no_trace(reply, state, modes, [x])
    expect_gradients_kept(reply["after"], gradients)


@check("activation_rms", points=0.75)
def hooks_are_removed(student, rng):
    """Own hooks are removed, even after an error; those of others stay."""
    a, b = distinct_sizes(rng, 2, 4, 16)
    layers = [["Linear", a, b], ["LeakyReLU", 0.3], ["Linear", b, a], ["LeakyReLU", 0.2]]
    state, x = drawn_state(rng, layers), floats(rng, 5, a, scale=2.0)
    reply, other = (student.call(probes.hooks_left, layers, state, inputs) for inputs in (x, 3 * x))
    expect_measuring(reply, other, 2)
    growth = reply["growth"].number()
    expect(growth == 0, "another forward pass made the returned list longer: remove the hooks")
    before, after = hooks_before_and_after(reply, layers)
    expect(not (after > before).any(), "a hook was left behind")
    hint = "Remove your own hooks only"
    expect(not (after < before).any(), f"hooks that were there before are gone. {hint}")
    calls = reply["calls"].integers((2,), "the calls")
    expect(calls[0] == calls[1] > 0, f"hooks that were there before are no longer called. {hint}")
    layers = [*layers, ["Breaking"]]
    reply = student.call(probes.hooks_after_an_error, layers, state, x)
    expect(
        np.array_equal(*hooks_before_and_after(reply, layers)),
        "the model raised an error while it was measured, and hooks are still there",
    )


def hooks_before_and_after(reply, layers):
    """Two arrays of the numbers of hooks."""
    count = (len(probes.hooks_of(network(layers))),)
    hint = "The model has other modules than before"
    return [reply[key].integers(count, "the hooks", hint) for key in ("before", "after")]


# gradient_rms


def gradient_case(rng, num_samples):
    """A flat network, its input and labels, and the right numbers; no kink nearby."""
    while True:
        a, b, c = distinct_sizes(rng, 3, 4, 16)
        layers = [["Linear", a, b, {"bias": False}], activation(rng), ["Linear", b, c],
                  activation(rng, ("Tanh", "ELU")), ["Linear", c, 4]]  # fmt: skip
        state = drawn_state(rng, layers)
        x, y = floats(rng, num_samples, a, scale=2.0), labels_of(rng, num_samples, 4)
        want, kink = expected_gradients(layers, state, x, y)
        if kink > 1e-4:
            return layers, state, x, y, want


@check("gradient_rms", points=1.5)
def rms_of_weight_gradients(student, rng):
    """A plain network: RMS of the gradient of each Linear's weight, first layer first, mean loss."""
    hint = "The mean cross-entropy's gradient, of the weights of Linear layers only"
    for num_samples in (1, int(rng.integers(5, 12))):
        layers, state, x, y, want = gradient_case(rng, num_samples)
        reply = measured(student, "gradient_rms", layers, state, x, y)
        expect_values(reply, want, hint, "Linear")
    # Small weights in the last layer make the gradients of the others small.
    state["4.weight"] *= np.float32(1e-3)
    want, _ = expected_gradients(layers, state, x, y)
    reply = measured(student, "gradient_rms", layers, state, x, y)
    expect_values(reply, want, "Some gradients are very small here: are they rounded?", "Linear")


def twin_case(rng):
    """A flat network, and one that computes the same with modules nested and others in between.

    In the nested one the last Linear was made before the one that runs before it. Returns two pairs
    of layers and state, input and labels.
    """
    height, width = (int(n) for n in rng.integers(2, 4, size=2))
    size, (a, b) = height * width, distinct_sizes(rng, 2, 10, 18)
    flat = [["Flatten"], ["Linear", size, a], ["Tanh"], ["Linear", a, b], ["Tanh"],
            ["Linear", b, 4]]  # fmt: skip
    inner = [["BatchNorm1d", a], ["Sequential", [["Linear", a, b], ["Tanh"]]], ["PReLU"]]
    nested = [["Conv2d", 1, 1, 1], ["Flatten"], ["MixLinearly", size], ["Dense", size, a], ["Tanh"],
              ["Path", [("last", ["Linear", b, 4]), ("inner", ["Sequential", inner])],
               ["inner", "last"]]]  # fmt: skip
    state = drawn_state(rng, flat)
    # The modules in between change nothing.
    other = {name: value.numpy() for name, value in network(nested).state_dict().items()}
    other |= {"0.weight": np.ones((1, 1, 1, 1), np.float32), "0.bias": np.zeros(1, np.float32),
              "5.inner.2.weight": np.ones(1, np.float32)}  # fmt: skip
    for mine, theirs in (("1", "3"), ("3", "5.inner.1.0"), ("5", "5.last")):
        for kind in ("weight", "bias"):
            other[f"{theirs}.{kind}"] = state[f"{mine}.{kind}"]
    n = int(rng.integers(5, 12))
    x, y = floats(rng, n, 1, height, width, scale=2.0), labels_of(rng, n, 4)
    return (flat, state), (nested, other), x, y


@check("gradient_rms", points=0.75)
def weights_of_every_linear(student, rng):
    """Nested Linears count, other modules do not: the numbers are those of an equal plain network."""
    flat, nested, x, y = twin_case(rng)
    replies = [
        measured(student, "gradient_rms", *case, images, y)
        for case, images in ((flat, x), (flat, 3 * x), (nested, x))
    ]
    want = expect_measuring(*replies[:2], 3)
    expect(
        len(want) == 3,
        f"this depends on one number per Linear of a plain network: got {len(want)}, expected 3",
    )
    got = replies[2]["values"].numbers(3, "nested Linears, a number for each")
    hint = "The weights of Linear layers, wherever they are, and of nothing else"
    if np.allclose(got, want, **MEASURED):
        hint = "The order is that of model.modules(), not that in which the layers run"
    expect_close(got, want[[0, 2, 1]], hint, what="beside an equal plain network", **MEASURED)


@check("gradient_rms", points=0.75)
def gradients_as_they_were(student, rng):
    """Every .grad is unchanged afterwards, and has no influence."""
    layers, state, x, y, _ = gradient_case(rng, int(rng.integers(5, 12)))
    gradients = drawn_gradients(rng, layers)
    replies = [
        measured(student, "gradient_rms", layers, state, inputs, y, gradients=before)
        for inputs, before in ((x, None), (3 * x, None), (x, gradients))
    ]
    want = expect_measuring(*replies[:2], 3)
    got = replies[2]["values"].numbers(len(want))
    hint = "They should have no influence"
    expect_close(got, want, hint, what="where gradients were there before", **MEASURED)
    for reply, before in ((replies[0], [None] * len(gradients)), (replies[2], gradients)):
        expect_gradients_kept(reply["after"], before)


@check("gradient_rms", points=0.5)
def gradients_in_evaluation_mode(student, rng):
    """Measured in evaluation mode: a model in training mode gives the same numbers."""
    layers, state, x = mode_case(rng)
    same_in_both_modes(student, "gradient_rms", layers, state, x, labels_of(rng, len(x), 4))


@check("gradient_rms", points=0.5)
def gradients_leave_no_trace(student, rng):
    """Modes, parameters and what requires a gradient are afterwards what they were before."""
    layers, state, modes, x = trace_case(rng)
    y = labels_of(rng, len(x), 4)
    # Not a multiple of the input: behind a norm layer that is nearly the same input.
    different = floats(rng, *x.shape, scale=2.0)
    reply, other = (
        measured(student, "gradient_rms", layers, state, inputs, y, modes=modes, frozen=FROZEN)
        for inputs in (x, different)
    )
    expect_measuring(reply, other, 3)
    expect_no_trace(reply, state, modes, [x, y])


# gain_sweep


def sweep_case(rng, num_gains=None, num_seeds=None):
    """Gains and seeds in a random order, and what the stand-in for `train` returns.

    There are never as many gains as seeds, unless both numbers are given. The accuracies are
    (2, R), training and test, one for each run in the order in which they are made. They fall: who
    stops where nothing gets better stops early.
    """
    num_gains, num_seeds = num_gains or int(rng.choice([3, 5])), num_seeds or 4
    gains = 0.5 * 1.35 ** np.arange(num_gains) * rng.uniform(0.95, 1.05, size=num_gains)
    order = list(range(num_gains))
    while order in (sorted(order), sorted(order, reverse=True)):
        order = rng.permutation(num_gains).tolist()
    gains = [round(float(gains[index]), 3) for index in order]
    seeds = [int(seed) for seed in rng.choice(np.arange(3, 900), size=num_seeds, replace=False)]
    accuracies = rng.uniform(0.05, 0.95, size=(2, 4 * num_gains * num_seeds))
    # Only the first of them are used, unless there are far too many runs.
    accuracies[:, : num_gains * num_seeds] = -np.sort(-accuracies[:, : num_gains * num_seeds])
    return gains, seeds, accuracies


GAINS = "the result, a number per gain"


def runs_of(reply, limit):
    """The runs, (R, 4): gain, seed of the model, seed of the training, earlier trainings."""
    expect(bool(reply["runs"].items(what="the runs")), "train was not called")
    runs = reply["runs"].array((-1, 4), "the runs")
    expect(len(runs) <= limit, "train was called far too often")
    return runs


def runs_by_gain(runs, num_gains):
    """The numbers of the runs of each gain; where their gains cannot tell, in equal parts."""
    groups = [np.flatnonzero(runs[:, 0] == gain) for gain in range(num_gains)]
    if len({len(group) for group in groups}) > 1 or not groups[0].size:
        expect(len(runs) % num_gains == 0, "this depends on as many runs for every gain")
        groups = np.split(np.arange(len(runs)), num_gains)
    return groups


@check("gain_sweep", points=1.25)
def mean_training_accuracy(student, rng):
    """The mean of the training accuracies of a gain's runs, one per gain, in their order."""
    # Fewer and more gains than seeds: one run for each pair of a list would be too few here or there.
    for num_gains in rng.permutation([3, 5]):
        gains, seeds, accuracies = sweep_case(rng, int(num_gains))
        reply = student.call(probes.swept, gains, seeds, *accuracies)
        runs = runs_of(reply, len(accuracies[0]))
        means = reply["means"].numbers(len(gains), GAINS)
        want = [accuracies[0, group].mean() for group in runs_by_gain(runs, len(gains))]
        hint = "Is it the training accuracy, its mean over all runs, in the order of the gains?"
        expect_close(means, want, hint, what="the means", atol=1e-4)
        for name, values in (("gains", gains), ("seeds", seeds)):
            after = reply[name].array(what=name)
            expect(np.array_equal(after, values), f"the caller's list of {name} was changed")


@check("gain_sweep", points=1)
def new_models_and_the_same_seeds(student, rng):
    """Every gain with every seed, once: each time a new model, made and trained with the seed."""
    gains, seeds, accuracies = sweep_case(rng)
    reply = student.call(probes.swept, gains, seeds, *accuracies)
    runs = runs_of(reply, len(accuracies[0]))
    gain, made, trained, before = runs.T
    expect(not (before > 0).any(), "a model was trained that had been trained before")
    expect(bool(np.isin(made, seeds).all()), "a model was made with a seed that is not in `seeds`")
    expect(bool((made == trained).all()), "a model was made and trained with two different seeds")
    pairs = sorted(zip(gain.tolist(), made.tolist()))
    every = sorted((float(i), float(seed)) for i in range(len(gains)) for seed in seeds)
    expect(pairs == every, "every gain should be tried once with every seed, on a new model")


@check("gain_sweep", points=0.5)
def one_draw_for_every_gain(student, rng):
    """For one seed, all gains start from the same normal draw; another seed gives another one."""
    gains, seeds, accuracies = sweep_case(rng)
    some = [sweep_draws(student, gains, order, accuracies) for order in (seeds, seeds[::-1])]
    draws, runs = (np.concatenate(parts) for parts in zip(*some))
    with np.errstate(all="ignore"):
        alike = draws @ draws.T
    # The draw may follow the seed of the model or that of the training, if they differ.
    verdicts = [draws_follow(alike, seed) for seed in runs[:, 1:3].T]
    expect("" in verdicts, verdicts[0])
    # Uniform numbers stay below 1.74 standard deviations.
    largest = np.abs(draws).max() * math.sqrt(probes.NUM_DRAWN)
    expect(largest > 2.1, "without a mode, the weights should be normal")


@check("gain_sweep", points=0.5)
def sweeps_in_the_mode_asked_for(student, rng):
    """With mode "uniform" the weights are uniform, with "normal" they are normal."""
    gains, seeds, accuracies = sweep_case(rng)
    for mode in MODES:
        draws, _ = sweep_draws(student, gains, seeds, accuracies, mode=mode)
        # Uniform numbers stay below 1.74 standard deviations. The median, as chance moves single runs.
        largest = np.median(np.abs(draws).max(axis=1)) * math.sqrt(probes.NUM_DRAWN)
        expect(
            (largest > 2) == (mode == "normal"),
            f"the weights are not {mode}, though mode is {mode!r}: is it passed on?",
        )


@check("gain_sweep", points=0.5)
def uses_the_tools_that_are_passed(student, rng):
    """The models come from the `make_model` that is passed, and are trained by that `train`."""
    gains, seeds, accuracies = sweep_case(rng)
    reply = student.call(probes.swept, gains, seeds, *accuracies, named=False)
    made, stray = reply["calls"].integers((2,), "the calls of the tools")
    expect(stray == 0, "the given make_model or train was used, though another one was passed")
    expect(made > 0, "the make_model that was passed was not called")
    runs_of(reply, len(accuracies[0]))


def sweep_draws(student, gains, seeds, accuracies, mode=None):
    """The first weights of each run, of length 1, and the runs."""
    reply = student.call(probes.swept, gains, seeds, *accuracies, mode=mode)
    runs = runs_of(reply, len(accuracies[0]))
    expect(len(runs) > 1, "this depends on more than one run")
    draws = reply["draws"].finite((len(runs), probes.NUM_DRAWN), "the first weights")
    expect(bool((np.ptp(draws, axis=1) > 0).all()), "this depends on random weights")
    with np.errstate(all="ignore"):
        return draws / np.linalg.norm(draws, axis=1, keepdims=True), runs


def draws_follow(alike, seed):
    """Why the draws do not follow from the seed; empty if they do."""
    same_seed = seed[:, None] == seed
    if not (alike[same_seed] > 0.999).all():
        return "one seed gave different draws: initialize right after make_model(seed)"
    if not (np.abs(alike[~same_seed]) < 0.9).all():
        return "two seeds started from the same weights: is another seed set in between?"
    return ""


@check("gain_sweep", points=0.75)
def diverged_runs_are_shown(student, rng):
    """The mean is nan for a gain with a diverged run, and for no other gain."""
    gains, seeds, accuracies = sweep_case(rng, 4, 4)
    gains, accuracies = sorted(gains), np.sort(accuracies)
    reply = student.call(probes.swept, gains, seeds, *accuracies)
    groups = runs_by_gain(runs_of(reply, len(accuracies[0])), len(gains))
    means = reply["means"].numbers(len(gains), GAINS)
    expect(bool(np.isfinite(means).all()), "no run diverged, and there is a nan or inf")
    # After these two comes a gain without a diverged run.
    some = int(rng.integers(len(gains) - 2))
    lost = some + 1
    survivor = groups[some][1:2]
    accuracies[:, np.setdiff1d(groups[some], survivor)] = accuracies[:, groups[lost]] = math.nan
    reply = student.call(probes.swept, gains, seeds, *accuracies)
    shown = reply["means"].numbers(len(gains), GAINS)
    expect(
        bool(np.isnan(shown[[some, lost]]).all()),
        "for one gain a run came through, for another none: both means should be nan",
    )
    means[[some, lost]] = math.nan
    hint = "Only the gains with a diverged run are nan"
    expect_close(shown, means, hint, what="the means", atol=1e-4)


@check("gain_sweep", points=0.5)
def works_with_the_given_tools(student, rng):
    """A real sweep of smaller networks: small gains leave them at chance, a larger one lets them learn."""
    # Measured with 80 seeds: 0.81 on average with gain 1.4, standard deviation 0.05, lowest 0.63;
    # at most 0.12 with gain 0.3 (30 seeds).
    seeds = [int(seed) for seed in rng.choice(1000, size=2, replace=False)]
    means = student.call(probes.really_swept, [0.2, 0.3, 1.4], seeds).numbers(3, GAINS)
    expect(bool(((means >= 0) & (means <= 1)).all()), "an accuracy is a number from 0 to 1")
    for gain, mean in zip((0.2, 0.3), means):
        expect(mean < 0.25, f"gain {gain}: expected the accuracy of chance, got a higher one")
    expect(means[2] > 0.4, "gain 1.4: expected an accuracy above 0.4, got a lower one")
