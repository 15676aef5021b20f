"""Hidden checks of assignment 04: the spread of weights, the gain, and what they do to signals."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from autograder.checking import CheckFailed, check, expect, expect_close

from ..shared import traces
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


def compare_spreads(student, probe, name, factor, cases, hint):
    spreads = student.call(probe, name, cases).items(len(cases))
    for case, spread in zip(cases, spreads):
        fan_in, fan_out, gain = (*case, 1.0)[:3]
        shown = f"{name}({', '.join(f'{value:.4g}' for value in case)})"
        want = gain * math.sqrt(factor / (fan_in + fan_out))
        expect_close(spread.number(shown), want, hint, what=shown, **FORMULA)


@check("xavier_std", points=1.5)
def std_of_both_fans(student, rng):
    """xavier_std: the standard deviation that follows from both fans."""
    hint = "Is it the root of the variance, 2 over the sum of the fans?"
    compare_spreads(student, probes.spreads, "xavier_std", 2, fans(rng), hint)


@check("xavier_std", points=1.5)
def bound_of_the_same_variance(student, rng):
    """xavier_bound: uniform weights up to the bound have the same variance."""
    hint = "The variance of a uniform distribution on [-b, b] is b * b / 3"
    compare_spreads(student, probes.spreads, "xavier_bound", 6, fans(rng), hint)


@check("xavier_std", points=1)
def gain_scales_both(student, rng):
    """The gain is a factor of the standard deviation and of the bound."""
    cases = [[*pair, drawn_gain(rng)] for pair in fans(rng)]
    hint = "Is the gain a factor of the root, and outside it?"
    for name, factor in (("xavier_std", 2), ("xavier_bound", 6)):
        compare_spreads(student, probes.spreads, name, factor, cases, hint)
        compare_spreads(student, probes.spreads_by_name, name, factor, cases, hint)


# leaky_relu_gain


def compare_gains(student, slopes, hint):
    gains = student.call(probes.gains_of, slopes).items(len(slopes))
    for slope, gain in zip(slopes, gains):
        shown = f"leaky_relu_gain({slope:.4g})"
        want = math.sqrt(2 / (1 + slope**2))
        expect_close(gain.number(shown), want, hint, what=shown, **FORMULA)


@check("leaky_relu_gain", points=1)
def keeps_the_mean_square(student, rng):
    """For slopes between 0 and 2, the gain keeps the mean square."""
    slopes = [0.1, 0.01, *(float(a) for a in rng.uniform(0.15, 0.8, size=3)), rng.uniform(1.2, 2)]
    hint = "What does the half with the slope contribute to a mean of squares?"
    compare_gains(student, [float(slope) for slope in slopes], hint)


@check("leaky_relu_gain", points=1)
def right_at_both_ends(student, rng):
    """The gain of ReLU (slope 0), of the identity (slope 1), and of one slope in between."""
    compare_gains(student, [0, 1, 0.0, 1.0], "Slope 0 is ReLU, slope 1 changes nothing")
    hint = "It is right at 0 and 1: is the slope squared, and is the root taken of the whole?"
    compare_gains(student, [float(rng.uniform(0.3, 0.7))], hint)


# xavier_init


def init_case(rng):
    """A nested network with other modules between its Linears, large enough for statistics.

    Returns layers, state, and the names and shapes (out, in) of the Linears' weights.
    """
    a, b, c = (int(n) for n in rng.permutation([90, 130, 180]) + rng.integers(0, 15, size=3))
    inner = [["LayerNorm", b], ["Residual", [["ReLU"], ["OwnLinear", b, b]]],
             ["Sequential", [["Tanh"], ["Linear", b, c, {"bias": False}]]]]  # fmt: skip
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["Path", [("inner", ["Sequential", inner])],
              ["inner"]], ["Linear", c, a]]  # fmt: skip
    weights = {
        "0.weight": (b, a),
        "2.inner.1.inner.1.weight": (b, b),
        "2.inner.2.1.weight": (c, b),
        "3.weight": (a, c),
    }
    return layers, drawn_state(rng, layers), weights


def distribution_gap(values, mode, spread):
    """The largest gap between the values' distribution function and that of the mode."""
    values = np.sort(values.ravel())
    if mode == "uniform":
        want = np.clip((values / (math.sqrt(3) * spread) + 1) / 2, 0, 1)
    else:
        want = torch.special.ndtr(torch.from_numpy(values / spread)).numpy()
    steps = np.arange(len(values) + 1) / len(values)
    return max(np.abs(want - steps[:-1]).max(), np.abs(want - steps[1:]).max())


def expect_spread(name, weight, gain, mode):
    """Fail unless the weights, all finite, look drawn from Xavier's distribution."""
    # With at least 8,100 weights per layer, a right answer fails less than once in a million times.
    fan_out, fan_in = weight.shape
    std = gain * math.sqrt(2 / (fan_in + fan_out))
    where = f"{mode}: {name} (fan_in {fan_in}, fan_out {fan_out}, gain {gain:.3g})"
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = weight.std() / std
    expect(abs(ratio - 1) < 0.06, f"{where}: its standard deviation is {ratio:.3g} x Xavier's")
    expect(abs(weight.mean()) < 0.08 * std, f"{where}: expected mean zero")
    largest = np.abs(weight).max() / std
    if mode == "uniform":
        expect(
            0.97 * math.sqrt(3) < largest < 1.0001 * math.sqrt(3),
            f"{where}: the largest weight is {largest / math.sqrt(3):.3g} x the bound",
        )
    else:
        expect(largest > 2.8, f"{where}: a normal distribution has larger weights than these")
    expect(distribution_gap(weight, mode, std) < 0.04, f"{where}: the distribution is not {mode}")
    expect(
        len(np.unique(weight)) > 0.9 * weight.size,
        f"{where}: the same numbers are repeated within one layer",
    )


def drawn_weights(student, rng, mode):
    layers, state, shapes = init_case(rng)
    gain = drawn_gain(rng)
    states = student.call(probes.initialized_twice, layers, state, gain, mode).items(2)
    for name, shape in shapes.items():
        weights = [after[name].finite(shape, name) for after in states]
        for weight in weights:
            expect_spread(name, weight, gain, mode)
        expect(
            np.mean(weights[0] == weights[1]) < 0.1,
            f"{name}: two calls gave the same weights: is there a seed inside the function?",
        )
    fan_in, fan_out = 90, 140
    weight, bias = student.call(probes.single_linear, fan_in, fan_out, gain, mode).items(2)
    try:
        expect_spread("weight", weight.finite((fan_out, fan_in), "its weight"), gain, mode)
        expect(not bias.array((fan_out,), "its bias").any(), "its bias is not zero")
    except CheckFailed as verdict:
        raise CheckFailed(f"A model may be a single Linear: {verdict}") from None


@check("xavier_init", points=1)
def normal_weights(student, rng):
    """Mode "normal": normal weights with Xavier's spread in every Linear, however nested."""
    drawn_weights(student, rng, "normal")


@check("xavier_init", points=1)
def uniform_weights(student, rng):
    """Mode "uniform": uniform weights up to Xavier's bound in every Linear, however nested."""
    drawn_weights(student, rng, "uniform")


def small_case(rng):
    """A network with every kind of module that has parameters."""
    a, b = distinct_sizes(rng, 2, 5, 12)
    layers = [["Conv2d", 2, 3, 2], ["BatchNorm2d", 3], ["Flatten"], ["Linear", 27, a],
              ["Sequential", [["LayerNorm", a], ["PReLU"], ["Linear", a, b]]],
              ["Linear", b, a, {"bias": False}]]  # fmt: skip
    return layers, drawn_state(rng, layers), ("3", "4.2", "5"), (2, 4, 4)


@check("xavier_init", points=1)
def only_linears_in_place(student, rng):
    """Biases are zero, other modules unchanged; in place, and the model is returned."""
    for mode in ("normal", "uniform"):
        layers, state, linears, shape = small_case(rng)
        after = student.call(
            traces.initialized, "xavier_init", layers, state, drawn_gain(rng), mode
        )
        for name, value in state.items():
            owner, _, kind = name.rpartition(".")
            got = after[name].finite(value.shape, name)
            if owner not in linears:
                expect(
                    np.allclose(got, value),
                    f"{mode}: {name} was changed, but only Linear layers should be initialized",
                )
            elif kind == "bias":
                expect(not got.any(), f"{mode}: {name} should be zero")
            else:
                expect(np.mean(got == value) < 0.1, f"{mode}: {name} did not get new values")
    x = floats(rng, 5, *shape)
    reply = student.call(
        probes.initialized_and_returned, layers, state, drawn_gain(rng), "normal", x
    )
    model = network(layers).double().eval()
    names = sorted(name for name, _ in model.named_parameters())
    for name, kept in reply["kept"].mapping(names, "the model's parameters").items():
        expect(
            kept.flag(name), f"{name} was replaced or no longer requires a gradient: work in place"
        )
    modes = reply["modes"].array((len(list(model.modules())),), "the modes")
    expect(bool((modes == 1).all()), "a module was in training mode before, and now it is not")
    expect(not reply["returned"].is_none, "the model should be returned")
    own = {name: reply["state"][name].finite(v.shape, name) for name, v in state.items()}
    model.load_state_dict({name: torch.tensor(value) for name, value in own.items()})
    with torch.no_grad():
        want = model(torch.tensor(x).double()).numpy()
    returned = reply["returned"].finite(want.shape, "its output")
    hint = "The very model that was given should be returned"
    expect_close(returned, want, hint, what="its output", rtol=1e-3, atol=1e-3)


@check("xavier_init", points=1)
def refuses_unknown_modes(student, rng):
    """An unknown mode raises ValueError and leaves the model unchanged; known ones do not."""
    layers, state, linears, _ = small_case(rng)
    drawn = "".join(rng.choice(list("abcdefgh"), size=6))
    for mode in (drawn, "xavier", "xavier_normal", "xavier_uniform"):
        reply = student.call(traces.refused, "xavier_init", layers, state, 1.3, mode)
        expect(reply["refused"].flag(), f"the unknown mode {mode!r} should raise ValueError")
        for name, value in state.items():
            expect(
                np.array_equal(reply["state"][name].array(value.shape, name), value),
                f"the unknown mode {mode!r} changed {name} before ValueError was raised",
            )
    for mode in ("normal", "uniform"):
        reply = student.call(traces.refused, "xavier_init", layers, state, 1.3, mode)
        expect(not reply["refused"].flag(), f"mode {mode!r} raised ValueError")
        bias = f"{linears[0]}.bias"
        got = reply["state"][bias].array(state[bias].shape, bias)
        expect(not got.any(), f"mode {mode!r} left the model unchanged")


# activation_rms, gradient_rms: the reference, a float64 network in this process


def reference(layers, state):
    """The network in float64, in evaluation mode."""
    return restored(layers, state).double().eval()


def trace(module, x, found):
    """The output for `x`; `found` gets (input, output) of each call of an activation."""
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
        found.append((x, output))
    return output


def rms(values):
    return float(values.detach().square().mean().sqrt())


def expected_activations(layers, state, x):
    found = []
    trace(reference(layers, state), torch.tensor(x).double(), found)
    return np.array([rms(output) for _, output in found])


def expected_gradients(layers, state, x, y):
    """RMS of the weight gradients, and the smallest distance of an activation's input from 0."""
    model, found = reference(layers, state), []
    loss = F.cross_entropy(trace(model, torch.tensor(x).double(), found), torch.tensor(y))
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    gradients = torch.autograd.grad(loss, weights)
    kink = min(float(before.detach().abs().min()) for before, _ in found)
    return np.array([rms(gradient) for gradient in gradients]), kink


def activation(rng, kinds=("ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh")):
    """A drawn activation."""
    kind = str(rng.choice(kinds))
    return [kind, float(rng.uniform(0.05, 0.6))] if kind == "LeakyReLU" else [kind]


def plain_case(rng):
    """A flat network for images with drawn activations, one of them in place."""
    height, width = (int(n) for n in rng.integers(2, 5, size=2))
    sizes = [3 * height * width, *distinct_sizes(rng, int(rng.integers(2, 5)), 4, 16)]
    layers = [["Conv2d", 2, 3, 1], activation(rng), ["Flatten"]]
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [["Linear", fan_in, fan_out], activation(rng)]
    layers[4] = ["LeakyReLU", float(rng.uniform(0.05, 0.6)), {"inplace": True}]
    layers += [["Linear", sizes[-1], 4]]
    x = floats(rng, int(rng.integers(5, 12)), 2, height, width, scale=2.0)
    return layers, drawn_state(rng, layers), x


def winding_case(rng):
    """A nested network: one activation runs three times, and modules run in an order of their own."""
    a, b, c = distinct_sizes(rng, 3, 4, 16)
    path = [
        ("last", activation(rng, ("Tanh", "Sigmoid"))),
        ("shared", activation(rng, ("LeakyReLU", "ELU"))),
        ("second", ["Linear", b, c]),
        ("first", ["Linear", a, b]),
        ("again", "shared"),
        ("sine", ["Function"]),
        ("norm", ["LayerNorm", c]),
    ]
    order = ["first", "shared", "sine", "second", "again", "norm", "shared", "last"]
    inner = [["Linear", c, c], ["OwnLeaky", float(rng.uniform(0.2, 0.6))]]
    layers = [["Path", path, order], ["Sequential", [["Residual", inner], ["Softplus"]]],
              ["Linear", c, 3], activation(rng)]  # fmt: skip
    return layers, drawn_state(rng, layers), floats(rng, int(rng.integers(5, 12)), a, scale=2.0)


def norm_case(rng):
    """A network whose outputs depend on its mode, with mixed modes and some gradients."""
    a, b, c = distinct_sizes(rng, 3, 4, 16)
    kinds = ("LeakyReLU", "ELU", "Tanh", "GELU")
    block = [["Linear", b, c], activation(rng, kinds), ["Dropout", 0.4]]
    layers = [["Linear", a, b], ["BatchNorm1d", b], activation(rng, kinds), ["Dropout", 0.5],
              ["Sequential", block], ["Linear", c, 4, {"bias": False}]]  # fmt: skip
    state = drawn_state(rng, layers)
    model = network(layers)
    modes = [bool(mode) for mode in rng.integers(2, size=len(list(model.modules())))]
    # Batch norm and the outer dropout are in training mode; another module is not.
    modes[0] = modes[2] = modes[4] = True
    modes[int(rng.choice([1, 3, 6]))] = False
    gradients = [floats(rng, *p.shape) if rng.random() < 0.5 else None for p in model.parameters()]
    gradients[0], gradients[4] = floats(rng, *state["0.weight"].shape, scale=3.0), None
    return layers, state, modes, gradients, floats(rng, int(rng.integers(5, 12)), a, scale=2.0)


def expect_values(reply, want, hint, each):
    """Fail unless the reply is a list of these numbers, one per `each`."""
    got = reply.numbers(len(want), f"the result, a number per {each}")
    expect_close(got, want, hint, **MEASURED)


def expect_no_trace(reply, state, modes, gradients, inputs):
    """Fail unless the model is afterwards what it was before."""
    after = reply["after"]
    expect(
        np.array_equal(after["modes"].array((len(modes),), "the modes"), modes),
        "a module is in another mode (training or evaluation) than before. Each should have its "
        "own mode back: some of them differed",
    )
    for name, value in state.items():
        expect(
            np.array_equal(after["state"][name].array(value.shape, name), value),
            f"{name} was changed by the measurement",
        )
    expect_gradients_kept(after, gradients)
    requires = after["requires_grad"].array((len(gradients),), "requires_grad")
    expect(bool((requires == 1).all()), "a parameter no longer requires a gradient")
    expect(reply["tracked"].flag(), "gradients are switched off for everything that follows")
    count = (len(modes) + 1 + len(gradients),)
    before, after = (reply[key]["hooks"].integers(count, "hooks") for key in ("before", "after"))
    expect(np.array_equal(before, after), "a hook was left behind")
    for got, value in zip(reply["inputs"].items(len(inputs)), inputs):
        expect(np.array_equal(got.array(value.shape, "the input"), value), "the input was changed")


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


def measured(student, name, layers, state, *inputs, gradients=None, **options):
    """The reply of `probes.measured` on a model in evaluation mode, by default without gradients."""
    model = network(layers)
    modes = [False for _ in model.modules()]
    gradients = gradients or [None for _ in model.parameters()]
    return student.call(probes.measured, name, layers, state, modes, gradients, *inputs, **options)


@check("activation_rms", points=1.5)
def rms_after_each_activation(student, rng):
    """A plain network: the root mean square of the output of each activation."""
    hint = "Is it the root of the mean square, over the whole batch, of the output?"
    for _ in range(2):
        layers, state, x = plain_case(rng)
        reply = measured(student, "activation_rms", layers, state, x)
        for values in reply["values"].items(2):
            expect_values(values, expected_activations(layers, state, x), hint, "activation")


@check("activation_rms", points=1.5)
def one_number_per_call(student, rng):
    """Nested modules, one of them used several times: a number per call, in the order of the calls."""
    for _ in range(2):
        layers, state, x = winding_case(rng)
        reply = measured(student, "activation_rms", layers, state, x)
        hint = "One number per call, in the order of the calls, wherever the module is"
        for values in reply["values"].items(2):
            expect_values(values, expected_activations(layers, state, x), hint, "call")


@check("activation_rms", points=1)
def activations_in_evaluation_mode(student, rng):
    """Measured in evaluation mode; modes, buffers and gradients are unchanged afterwards."""
    layers, state, modes, gradients, x = norm_case(rng)
    reply = student.call(probes.measured, "activation_rms", layers, state, modes, gradients, x)
    hint = "The model has dropout and batch norm: is it measured in evaluation mode?"
    for values in reply["values"].items(2):
        expect_values(values, expected_activations(layers, state, x), hint, "activation")
    expect_no_trace(reply, state, modes, gradients, [x])


@check("activation_rms", points=1)
def hooks_are_removed(student, rng):
    """Own hooks are removed, even after an error; those of others stay."""
    layers, state, x = winding_case(rng)
    reply = student.call(probes.hooks_left, layers, state, x)
    want = expected_activations(layers, state, x)
    expect_values(reply["values"], want, "The numbers have to be right first", "call")
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


def gradient_case(rng):
    """A network with more weights than those of Linears, its input and labels; no kink nearby."""
    while True:
        a, b, c = distinct_sizes(rng, 3, 4, 16)
        inner = [["LayerNorm", a], activation(rng), ["Linear", a, b, {"bias": False}]]
        layers = [["Conv2d", 2, 3, 2], activation(rng, ("Tanh", "ELU")), ["Flatten"],
                  ["Linear", 27, a], ["Sequential", inner], activation(rng),
                  ["Linear", b, c], ["Tanh"], ["Linear", c, 4]]  # fmt: skip
        state = drawn_state(rng, layers)
        n = int(rng.integers(5, 12))
        x, y = floats(rng, n, 2, 4, 4, scale=2.0), labels_of(rng, n, 4)
        want, kink = expected_gradients(layers, state, x, y)
        if kink > 1e-4:
            return layers, state, x, y, want


@check("gradient_rms", points=1.5)
def rms_of_weight_gradients(student, rng):
    """RMS of the gradient of every Linear's weight, first layer first, for the mean loss."""
    for _ in range(2):
        layers, state, x, y, want = gradient_case(rng)
        reply = measured(student, "gradient_rms", layers, state, x, y)
        hint = "The mean cross-entropy's gradient, of the weights of Linear layers only"
        first, second = reply["values"].items(2)
        expect_values(first, want, hint, "Linear")
        expect_values(second, want, "The second call gave other numbers", "Linear")


@check("gradient_rms", points=1.5)
def gradients_as_they_were(student, rng):
    """Every .grad is unchanged afterwards, and has no influence."""
    layers, state, x, y, want = gradient_case(rng)
    gradients = [
        floats(rng, *p.shape, scale=3.0) if rng.random() < 0.6 else None
        for p in network(layers).parameters()
    ]
    gradients[2], gradients[-1] = floats(rng, *state["3.weight"].shape, scale=3.0), None
    reply = measured(student, "gradient_rms", layers, state, x, y, gradients=gradients)
    hint = "There were gradients before: they should have no influence"
    for values in reply["values"].items(2):
        expect_values(values, want, hint, "Linear")
    expect_gradients_kept(reply["after"], gradients)


@check("gradient_rms", points=1)
def gradients_in_evaluation_mode(student, rng):
    """Measured in evaluation mode; modes, parameters and buffers are unchanged afterwards."""
    while True:
        layers, state, modes, gradients, x = norm_case(rng)
        y = labels_of(rng, len(x), 4)
        want, kink = expected_gradients(layers, state, x, y)
        if kink > 1e-4:
            break
    reply = student.call(probes.measured, "gradient_rms", layers, state, modes, gradients, x, y)
    hint = "The model has dropout and batch norm: is it measured in evaluation mode?"
    for values in reply["values"].items(2):
        expect_values(values, want, hint, "Linear")
    expect_no_trace(reply, state, modes, gradients, [x, y])


# gain_sweep


def sweep_case(rng):
    """Gains and seeds in a random order, and what the stand-in for `train` returns in every case.

    Returns gains, seeds, training and test accuracies (G, S, S, 2): by gain, by the seed of the
    model, by the seed of the training, and for a new model or one that was trained before.
    """
    num_gains, num_seeds = int(rng.integers(3, 6)), int(rng.integers(3, 5))
    gains = 0.5 * 1.35 ** np.arange(num_gains) * rng.uniform(0.95, 1.05, size=num_gains)
    order = list(range(num_gains))
    while order in (sorted(order), sorted(order, reverse=True)):
        order = rng.permutation(num_gains).tolist()
    gains = [round(float(gains[index]), 3) for index in order]
    seeds = [int(seed) for seed in rng.choice(np.arange(3, 900), size=num_seeds, replace=False)]
    shape = (num_gains, num_seeds, num_seeds, 2)
    train_accuracy, test_accuracy = rng.uniform(0.05, 0.95, size=(2, *shape))
    return gains, seeds, train_accuracy, test_accuracy


def forgive_old_models(accuracy):
    """Let only the gain and the seed of the training matter: another check tests the rest."""
    accuracy[:] = accuracy[:, :1, :, :1]


def right_means(train_accuracy):
    """Mean accuracy over the seeds, for new models made and trained with the same seed."""
    same = np.arange(train_accuracy.shape[1])
    return train_accuracy[:, same, same, 0].mean(axis=1)


GAINS = "the result, a number per gain"


@check("gain_sweep", points=1)
def mean_training_accuracy(student, rng):
    """The mean of the training accuracies over the seeds, one per gain, in their order."""
    gains, seeds, train_accuracy, test_accuracy = sweep_case(rng)
    forgive_old_models(train_accuracy)
    reply = student.call(probes.swept, gains, seeds, train_accuracy, test_accuracy)
    means = reply["means"].numbers(len(gains), GAINS)
    hint = "Is it the training accuracy, its mean over all the seeds, in the order of the gains?"
    expect_close(means, right_means(train_accuracy), hint, what="the means", atol=1e-4)


@check("gain_sweep", points=1.5)
def new_models_and_the_same_seeds(student, rng):
    """A new model for every run, made and trained with the seed; the same draw for every gain."""
    gains, seeds, *accuracies = sweep_case(rng)
    reply = student.call(probes.swept, gains, seeds, *accuracies)
    means = reply["means"].numbers(len(gains), GAINS)
    expect(bool(reply["runs"].items(what="the runs")), "train was not called")
    runs = reply["runs"].integers((-1, 4), "the runs")
    made, trained, before = runs[:, 1:].T
    expect(not (before > 0).any(), "a model was trained that had been trained before")
    expect(bool((made >= 0).all()), "a model was made with a seed that is not among `seeds`")
    expect(bool((made == trained).all()), "a model was made and trained with two different seeds")
    hint = "Every gain should be tried with every seed, each time on a new model"
    expect_close(means, right_means(accuracies[0]), hint, what="the means", atol=1e-4)
    used, first = np.unique(made, return_index=True)
    expect(np.array_equal(used, np.arange(len(seeds))), hint)
    draws = reply["draws"].finite((len(runs), probes.NUM_DRAWN), "the first weights")
    with np.errstate(all="ignore"):
        draws = draws / np.linalg.norm(draws, axis=1, keepdims=True)
        # Each run beside the first one of every seed.
        alike = draws @ draws[first].T
    same_seed = made[:, None] == used
    expect(
        bool((alike[same_seed] > 0.999).all()),
        "with one seed, two gains started from different draws: initialize right after make_model",
    )
    expect(
        bool((np.abs(alike[~same_seed]) < 0.9).all()),
        "two seeds started from the same weights: is another seed set in between?",
    )


@check("gain_sweep", points=1)
def diverged_runs_are_shown(student, rng):
    """The mean is nan for a gain with a diverged run, and for no other gain."""
    gains, seeds, train_accuracy, test_accuracy = sweep_case(rng)
    # After these two comes a gain without a diverged run.
    gain, seed = int(rng.integers(len(gains) - 2)), int(rng.integers(len(seeds)))
    forgive_old_models(train_accuracy)
    train_accuracy[gain, :, seed] = test_accuracy[gain, :, seed] = math.nan
    lost = gain + 1
    train_accuracy[lost] = test_accuracy[lost] = math.nan
    reply = student.call(probes.swept, gains, seeds, train_accuracy, test_accuracy)
    means = reply["means"].numbers(len(gains), GAINS)
    want = right_means(train_accuracy)
    expect(
        bool(np.isnan(means[[gain, lost]]).all()),
        "for one gain a single run diverged, for another all of them: both means should be nan",
    )
    expect_close(means, want, "Only the gains with a diverged run are nan", what="the means",
                 atol=1e-4)  # fmt: skip


@check("gain_sweep", points=0.5)
def works_with_the_given_tools(student, rng):
    """A real sweep of two gains, with smaller networks: one leaves the network at chance, one lets it learn."""
    # Measured with 80 seeds: 0.81 on average with gain 1.4, standard deviation 0.05, lowest 0.63;
    # at most 0.12 with gain 0.3 (30 seeds).
    seeds = [int(seed) for seed in rng.choice(1000, size=2, replace=False)]
    means = student.call(probes.really_swept, [1.4, 0.3], seeds).numbers(2, GAINS)
    expect(bool(((means >= 0) & (means <= 1)).all()), "an accuracy is a number from 0 to 1")
    expect(means[1] < 0.25, f"gain 0.3: accuracy {means[1]:.2f}, expected that of chance")
    expect(means[0] > 0.4, f"gain 1.4: accuracy {means[0]:.2f}, expected more than 0.4")
