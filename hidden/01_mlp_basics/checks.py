"""Hidden checks of assignment 01: from tensors with gradients to a trained MLP."""

import math

import numpy as np
import torch

from autograder.checking import check, expect, expect_close

from ..shared import reference as ref
from ..shared import traces
from ..shared.evaluation import (
    evaluation_case,
    expect_mode,
    expect_no_gradients,
    expect_state,
    expect_unchanged,
    mode_case,
)
from . import probes, rules

# Numbers of a reply that others are computed from


def _usable(reply, shape, what, hint=""):
    """Numbers from which others can be computed without a nan, an inf or an overflow."""
    numbers = reply.finite(shape, what, hint)
    largest = np.abs(numbers).max(initial=0.0)
    expect(largest < 1e6, f"{what}: got numbers as large as {largest:.3g}")
    return numbers


def _expect_drawn(numbers, what):
    """A probe has drawn these numbers at random, so they are not all alike."""
    expect(np.ptp(numbers) > 1e-3, f"{what}: expected random numbers")


def _shapes(reply):
    """A list of shapes as tuples of floats: what is in a shape may be any number."""
    return [tuple(shape.array((-1,), "a shape").tolist()) for shape in reply.items()]


# functional_parameters


def _layer_pairs(reply, dims):
    """`(W, b)` arrays of the layers between `dims`."""
    result = []
    for index, pair in enumerate(reply.items(len(dims) - 1)):
        fan_in, fan_out = dims[index : index + 2]
        weight, bias = pair.items(2, f"layer {index}")
        weight = _usable(weight, (fan_in, fan_out), f"W of layer {index}", "It should be (in, out)")
        what = f"b of layer {index}"
        bias = _usable(bias, None, what)
        fits = bias.shape in [(fan_out,), (1, fan_out)]
        expect(fits, f"{what}: got shape {bias.shape}, expected {(fan_out,)}")
        expect(bool(weight.any()), f"W of layer {index} is all zero: draw it at random")
        result.append((weight, bias))
    return result


def _expect_normal(weight, what, tolerance):
    # E|w| / std is sqrt(2/pi) for a normal distribution, sqrt(3)/2 for a uniform one.
    gap = np.abs(weight).mean() / weight.std() - math.sqrt(2 / math.pi)
    expect(abs(gap) < tolerance, f"{what}: expected a normal distribution")


@check("functional_parameters", points=1)
def parameters_fit_the_layer_sizes(student, rng):
    """One pair (W, b) per layer: W of shape (in, out), b zero with one entry per output."""
    for count in (2, int(rng.integers(3, 6))):
        dims = ref.distinct_sizes(rng, count)
        reply = student.call(probes.drawn_parameters, dims)
        for index, (_, bias) in enumerate(_layer_pairs(reply, dims)):
            expect(not bias.any(), f"b of layer {index}: expected zeros")


@check("functional_parameters", points=1)
def weights_have_the_asked_spread(student, rng):
    """The weights are normal with mean zero and standard deviation `std`, 0.01 if none is given."""
    dims = [int(n) for n in rng.integers(150, 250, size=3)]
    for std in (None, float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.3, 2.0))):
        expected = 0.01 if std is None else std
        reply = student.call(probes.drawn_parameters, dims, std)
        for index, (weight, _) in enumerate(_layer_pairs(reply, dims)):
            what = f"W of layer {index}"
            ratio = weight.std() / expected
            expect(abs(ratio - 1) < 0.04, f"{what}: its standard deviation is {ratio:.3g} x `std`")
            expect(abs(weight.mean()) < 0.04 * expected, f"{what}: expected mean zero")
            _expect_normal(weight, what, 0.02)


@check("functional_parameters", points=1)
def parameters_are_leaves_that_learn(student, rng):
    """Backward gives every W and b a gradient, and an optimizer can update them."""
    dims = ref.distinct_sizes(rng, int(rng.integers(3, 5)))
    x, labels = ref.floats(rng, 9, dims[0]), ref.labels_of(rng, 9, dims[-1])
    lr, num_steps = float(rng.uniform(0.1, 0.5)), 3
    reply = student.call(probes.train_parameters, dims, x, labels, lr, num_steps)
    start = _layer_pairs(reply["start"], dims)
    leaves = [rules.double(tensor, grad=True) for pair in start for tensor in pair]
    first = None
    for _ in range(num_steps):
        h = torch.tensor(x, dtype=torch.float64)
        for weight, bias in zip(leaves[::2], leaves[1::2], strict=True):
            h = torch.tanh(h @ weight + bias)
        loss = torch.nn.functional.cross_entropy(h, torch.tensor(labels))
        steps = torch.autograd.grad(loss, leaves)
        first = first or [g.numpy() for g in steps]
        with torch.no_grad():
            for leaf, step in zip(leaves, steps, strict=True):
                leaf -= lr * step
    gradients = reply["gradients"].items(len(leaves), "the gradients")
    for index, (got, expected) in enumerate(zip(gradients, first, strict=True)):
        what = f"the gradient of {'Wb'[index % 2]} of layer {index // 2}"
        expect(not got.is_none, f"{what} stays None: is the tensor a leaf that requires one?")
        expect_close(got, expected, what=what, rtol=1e-3, atol=1e-5)
    end = reply["end"].items(len(leaves), "the tensors")
    hint = "Is every tensor a leaf? An optimizer takes no other"
    what = "the parameters after SGD steps"
    for got, leaf in zip(end, leaves, strict=True):
        expect_close(got, leaf.detach().numpy(), hint, what=what, rtol=1e-3)


# functional_mlp


def _image_shape(rng):
    """(C, H, W) with more values, 16 to 50, than any of `ref.distinct_sizes`."""
    return int(rng.integers(1, 3)), int(rng.integers(4, 6)), int(rng.integers(4, 6))


def _drawn_pairs(rng, dims):
    gaps = zip(dims[:-1], dims[1:], strict=True)
    return [[ref.floats(rng, *gap, scale=0.5), ref.floats(rng, gap[1])] for gap in gaps]


def _functional_case(rng, num_layers, num_images=None):
    shape = _image_shape(rng)
    dims = [math.prod(shape), *ref.distinct_sizes(rng, num_layers)]
    x = ref.floats(rng, num_images or int(rng.integers(5, 9)), *shape)
    parameters = _drawn_pairs(rng, dims)
    layers = [(rules.double(w, grad=True), rules.double(b, grad=True)) for w, b in parameters]
    return x, parameters, layers


def _expect_logits(got, x, layers, hint):
    expected = rules.perceptron(rules.double(x), layers).detach().numpy()
    expect_close(got, expected, hint, what="the logits", rtol=1e-3, atol=1e-3)


@check("functional_mlp", points=1.5)
def functional_logits_follow_the_rule(student, rng):
    """Image batches become logits: every W and b is used, ReLU stands between the layers only."""
    for num_layers in (2, 3):
        x, parameters, layers = _functional_case(rng, num_layers)
        logits = student.call(probes.functional_logits, x, parameters)["logits"]
        hint = "Are the biases added? Is ReLU between the layers, and only there?"
        _expect_logits(logits, x, layers, hint)


@check("functional_mlp", points=1)
def functional_mlp_has_any_depth(student, rng):
    """The number of layers is that of the parameters, one or five; a batch may be one image."""
    for num_layers, num_images in ((1, None), (4, 1), (5, None)):
        x, parameters, layers = _functional_case(rng, num_layers, num_images)
        logits = student.call(probes.functional_logits, x, parameters)["logits"]
        hint = f"Here {len(x)} image(s) go through {num_layers} layer(s)"
        _expect_logits(logits, x, layers, hint)


@check("functional_mlp", points=0.5)
def functional_mlp_leaves_its_inputs(student, rng):
    """The images and the parameters are the same after the call."""
    x, parameters, layers = _functional_case(rng, int(rng.integers(1, 4)))
    reply = student.call(probes.functional_logits, x, parameters)
    hint = "The logits are checked first, then the inputs after the call"
    _expect_logits(reply["logits"], x, layers, hint)
    hint = "Which operation works in place?"
    expect_close(reply["x"], x, hint, what="x after the call")
    after = reply["parameters"].items(len(parameters), "the parameters")
    for pair, before in zip(after, parameters, strict=True):
        for got, tensor in zip(pair.items(2, "a layer"), before, strict=True):
            expect_close(got, tensor, hint, what="a parameter")


@check("functional_mlp", points=1)
def functional_mlp_passes_gradients(student, rng):
    """The logits can be differentiated with respect to every parameter."""
    x, parameters, layers = _functional_case(rng, 3)
    while rules.nearest_kink(x, layers) < 1e-4:
        x, parameters, layers = _functional_case(rng, 3)
    factors = ref.floats(rng, len(x), parameters[-1][1].size)
    reply = student.call(probes.functional_logits, x, parameters, factors)
    gradients = reply["gradients"].items(len(layers), "the gradients")
    (rules.perceptron(rules.double(x), layers) * rules.double(factors)).sum().backward()
    for index, (pair, own) in enumerate(zip(gradients, layers, strict=True)):
        for name, got, tensor in zip("Wb", pair.items(2, "a layer"), own, strict=True):
            what = f"the gradient of {name} of layer {index}"
            expect(not got.is_none, f"{what} is None: is the graph cut by .data, detach or numpy?")
            expect_close(got, tensor.grad.numpy(), what=what, rtol=1e-3, atol=1e-3)


# count_parameters


def _expect_count(got, expected, hint):
    got = got.array((), "the count")
    expect(got == expected, f"got {got:.0f} parameters, expected a different number. {hint}")


@check("count_parameters", points=1)
def counts_weights_and_biases(student, rng):
    """Every entry of every weight and bias counts, in networks of any size."""
    for num_layers in (1, int(rng.integers(2, 5))):
        dims = [int(n) for n in rng.integers(2, 40, size=num_layers + 1)]
        gaps = list(zip(dims[:-1], dims[1:], strict=True))
        layers = [["Linear", a, b] for a, b in gaps]
        expected = sum(a * b + b for a, b in gaps)
        _expect_count(student.call(probes.counted, layers), expected, "Weights and biases count")


@check("count_parameters", points=1)
def leaves_out_frozen_parameters(student, rng):
    """Parameters that do not require a gradient are not trainable."""
    a, b, c = ref.distinct_sizes(rng, 3)
    layers = [["Linear", a, b], ["ReLU"], ["Linear", b, c]]
    sizes = {"0.weight": a * b, "0.bias": b, "2.weight": b * c, "2.bias": c}
    single = str(rng.choice(list(sizes)))
    for frozen in ([single], ["0.weight", "0.bias"], list(sizes)):
        expected = sum(n for name, n in sizes.items() if name not in frozen)
        got = student.call(probes.counted, layers, frozen)
        _expect_count(got, expected, f"{len(frozen)} of 4 tensors are frozen")


@check("count_parameters", points=1)
def counts_every_kind_once(student, rng):
    """Norm layers and custom layers count, buffers do not, a shared weight counts once."""
    a, b, c = ref.distinct_sizes(rng, 3)
    inner = [["Linear", a, b, False], ["BatchNorm1d", b], ["Sequential", [["Scale", b]]]]
    nested = [["Sequential", inner], ["Linear", b, c]]
    got = student.call(probes.counted, nested)
    hint = "The model has a Linear without bias, a BatchNorm1d and a custom layer with a buffer"
    _expect_count(got, a * b + 2 * b + b + b * c + c, hint)
    shared = [["Linear", a, a], ["ReLU"], ["Linear", a, a], ["Linear", a, b]]
    got = student.call(probes.counted, shared, tied=[0, 2])
    _expect_count(got, a * a + 2 * a + a * b + b, "Two layers share one weight matrix")


# dense_layer


def _dense_case(student, rng, options, num_rows=None):
    """A layer: its two sizes, its state, Linear(x) without a bias, and the reply."""
    sizes = ref.distinct_sizes(rng, 2)
    x = ref.floats(rng, num_rows or int(rng.integers(8, 20)), sizes[0])
    reply = student.call(probes.dense_layer_outputs, sizes, options, x)
    entries = reply["state"].mapping(what="the layer's state")
    state = {str(name): _usable(value, None, str(name)) for name, value in entries.items()}
    weights = [a for a in state.values() if a.shape == (sizes[1], sizes[0])]
    expect(
        len(weights) == 1,
        f"expected one weight matrix of shape (out, in) = {(sizes[1], sizes[0])}, "
        f"got tensors of shapes {[list(a.shape) for a in state.values()]}",
    )
    _expect_drawn(weights[0], "the weight matrix")
    return sizes, state, rules.double(x) @ rules.double(weights[0]).T, reply


def _vectors(state, ending, size):
    """The vectors with `size` entries whose names end in `ending`, of which there must be one."""
    found = [a for name, a in state.items() if name.endswith(ending) and a.shape == (size,)]
    expect(bool(found), f"no tensor '{ending}' with {size} entries: are all layers there?")
    for vector in found:
        _expect_drawn(vector, f"'{ending}'")
    return [rules.double(vector) for vector in found]


def _norm_of(state, width):
    """Scale and shift of the only norm layer."""
    scales = [a for name, a in state.items() if name.endswith("weight") and a.ndim == 1]
    expect(len(scales) == 1, "expected one norm layer with a trainable scale")
    expect(len(scales[0]) == width, f"the norm has {len(scales[0])} features, expected {width}")
    return _vectors(state, "weight", width)[0], _vectors(state, "bias", width)[-1]


@check("dense_layer", points=1)
def dense_is_linear_then_activation(student, rng):
    """Without options: Linear, then the activation that was asked for, ReLU by default."""
    names = ["ReLU", *rng.permutation(["Tanh", "ELU", "Softplus", "Sigmoid"])[:2]]
    for index, name in enumerate(map(str, names)):
        options = {} if index == 0 else {"activation": name}
        (_, width), state, z, reply = _dense_case(student, rng, options)
        expected = rules.ACTIVATIONS[name](z + _vectors(state, "bias", width)[-1]).numpy()
        hint = f"Is it {name}(Linear(x)), with the Linear's bias?"
        expect_close(reply["evaluated"], expected, hint, what="the output", rtol=1e-3, atol=1e-4)
        hint = "Without options, training and evaluation mode do the same"
        expect_close(reply["trained"], expected, hint, what="the output", rtol=1e-3, atol=1e-4)


@check("dense_layer", points=1)
def batch_norm_stands_before_activation(student, rng):
    """With batch norm: Linear, norm over the outputs, activation, in this order."""
    name = str(rng.choice(["ReLU", "Tanh", "ELU"]))
    options = {"activation": name, "batch_norm": True}
    (_, width), state, z, reply = _dense_case(student, rng, options)
    gamma, beta = _norm_of(state, width)
    # A Linear bias may wrongly be there: that is another check's business, so it is used here.
    biases = _vectors(state, "bias", width)
    z = z + biases[0] if len(biases) > 1 else z
    mean, variance = (_vectors(state, f"running_{k}", width)[-1] for k in ("mean", "var"))
    expect(bool((variance > 0).all()), "'running_var': expected positive numbers")
    act = rules.ACTIVATIONS[name]
    expected = act(rules.batch_norm(z, gamma, beta, mean, variance)).numpy()
    hint = f"Is it {name}(BatchNorm1d(Linear(x)))?"
    expect_close(reply["evaluated"], expected, hint, what="the output", rtol=1e-3, atol=1e-3)
    batch = rules.batch_norm(z, gamma, beta, z.mean(0), z.var(0, unbiased=False))
    hint = "In training mode the batch's own mean and variance count"
    expected = act(batch).numpy()
    expect_close(reply["trained"], expected, hint, what="the output", rtol=2e-3, atol=2e-3)


@check("dense_layer", points=1)
def no_bias_under_batch_norm(student, rng):
    """The Linear has a bias without batch norm, and none under it."""
    for batch_norm in (True, False):
        (fan_in, fan_out), *_, reply = _dense_case(student, rng, {"batch_norm": batch_norm})
        got = sum(math.prod(shape) for shape in _shapes(reply["parameters"]))
        expected = fan_in * fan_out + (2 * fan_out if batch_norm else fan_out)
        hint = "what does the norm do to a bias?" if batch_norm else "is the bias there?"
        expect(
            got == expected,
            f"{fan_in} to {fan_out} features, batch_norm={batch_norm}: {got:.0f} parameters are "
            f"not the right number: {hint}",
        )


@check("dense_layer", points=1)
def dropout_comes_last(student, rng):
    """Dropout zeroes its share of the activations in training mode and scales the rest."""
    rate = float(rng.uniform(0.2, 0.6))
    name = str(rng.choice(["Tanh", "ELU"]))
    for batch_norm in (False, True):
        options = {"activation": name, "dropout": rate, "batch_norm": batch_norm}
        (_, width), state, z, reply = _dense_case(student, rng, options, num_rows=3000)
        if batch_norm:
            z = rules.batch_norm(z, *_norm_of(state, width), z.mean(0), z.var(0, unbiased=False))
        else:
            z = z + _vectors(state, "bias", width)[-1]
        kept = rules.ACTIVATIONS[name](z).numpy() / (1 - rate)
        trained = reply["trained"].finite(kept.shape, "the output")
        zero = trained == 0
        expect(
            abs(zero.mean() - rate) < 0.05,
            f"dropout={rate:.2f} in training mode: {zero.mean():.2f} of the outputs are zero",
        )
        spread = np.abs(zero.mean(axis=0) - rate).max()
        expect(spread < 0.1, "dropout should affect every unit alike, anew for each sample")
        rows = zero.all(axis=1).mean()
        expect(rows < rate**3 + 0.05, "dropout should drop single units, not whole samples")
        hint = "What dropout keeps it divides by 1 - dropout, after the activation"
        expect_close(
            trained[~zero], kept[~zero], hint, what="the kept outputs", rtol=2e-3, atol=2e-3
        )
        evaluated = reply["evaluated"].finite(kept.shape, "the output")
        expect((evaluated == 0).mean() < 0.01, "in evaluation mode nothing is dropped")


# mlp


def _mlp_case(rng, num_hidden, same_width=False):
    shape = _image_shape(rng)
    sizes = ref.distinct_sizes(rng, num_hidden + 1)
    if same_width:
        sizes[:-1] = [sizes[0]] * num_hidden
    x = ref.floats(rng, int(rng.integers(5, 9)), *shape)
    return [math.prod(shape), *sizes], x, ref.labels_of(rng, len(x), sizes[-1])


def _mlp_reply(student, rng, num_hidden, same_width=False):
    dims, x, labels = _mlp_case(rng, num_hidden, same_width)
    reply = student.call(probes.mlp_outputs, dims[0], dims[-1], dims[1:-1], x, labels)
    return reply, dims, x, labels


def _expect_perceptron(reply, dims, x, hint):
    """Parameters, their arrangement (see `rules.arrangements`) and logits, which belong together."""
    parameters = [_usable(p, None, "a parameter") for p in reply["parameters"].items()]
    logits = reply["logits"].array(None, "the logits")
    way, expected = rules.explain(parameters, dims, x, logits)
    for parameter in parameters:
        _expect_drawn(parameter, "a parameter")
    expect_close(logits, expected, hint, what="the logits", rtol=1e-3, atol=1e-3)
    return parameters, way, logits


def _expect_gradients(reply, dims, x, labels, hint):
    """Every parameter gets the gradient of the mean cross-entropy."""
    parameters, way, _ = _expect_perceptron(reply, dims, x, hint)
    expected = rules.perceptron_gradients(parameters, way, x, labels)
    gradients = reply["gradients"].items(len(expected), "the gradients")
    for got, own in zip(gradients, expected, strict=True):
        expect(not got.is_none, "a parameter got no gradient: is its layer used?")
        expect_close(got, own, what="a parameter's gradient", rtol=2e-3, atol=1e-4)


@check("mlp", points=1.5)
def mlp_logits_follow_the_rule(student, rng):
    """Images are flattened; ReLU follows every hidden layer and nothing follows the last."""
    for num_hidden in (1, 2):
        reply, dims, x, _ = _mlp_reply(student, rng, num_hidden)
        hint = "Is ReLU after each hidden layer and nothing on the output?"
        _, _, logits = _expect_perceptron(reply, dims, x, hint)
        hint = "Evaluation mode changes nothing here: logits, never probabilities"
        expect_close(reply["evaluated"], logits, hint, what="the logits", rtol=1e-3, atol=1e-3)
        hint = "A batch may be a single image"
        expect_close(reply["single"], logits[:1], hint, what="its logits", rtol=1e-3, atol=1e-3)


@check("mlp", points=1)
def mlp_has_any_depth(student, rng):
    """`hidden_sizes` decides the depth: none, one or three hidden layers."""
    for num_hidden in (0, 3):
        reply, dims, x, _ = _mlp_reply(student, rng, num_hidden)
        _expect_perceptron(reply, dims, x, f"Here {num_hidden} hidden layers were asked for")


@check("mlp", points=1)
def mlp_layers_of_one_width_are_separate(student, rng):
    """Hidden layers of the same width have weights of their own."""
    for num_hidden in (2, 3):
        reply, dims, x, _ = _mlp_reply(student, rng, num_hidden, same_width=True)
        _expect_perceptron(reply, dims, x, "Is one layer used twice?")


@check("mlp", points=1)
def mlp_gradients_reach_every_parameter(student, rng):
    """Every layer is registered: an optimizer over `model.parameters()` trains all of them."""
    reply, dims, x, labels = _mlp_reply(student, rng, 2)
    _expect_gradients(reply, dims, x, labels, "The gradients are checked after this")


@check("mlp", points=0.5)
def mlp_defaults_are_for_mnist(student, rng):
    """Without arguments: 784 inputs, hidden layers of 256 and 128, 10 logits."""
    count = int(rng.integers(2, 6))
    reply = student.call(probes.default_mlp, ref.floats(rng, count, 1, 28, 28))
    # Neither the orientation of a weight nor a bias of shape (1, out) is wrong.
    shapes = _shapes(reply["parameters"])
    got = sorted(tuple(sorted(n for n in shape if n != 1)) for shape in shapes)
    expected = [(10,), (10, 128), (128,), (128, 256), (256,), (256, 784)]
    expect(got == expected, "the shapes of MLP()'s parameters do not fit 784-256-128-10")
    logits = reply["logits"].finite((count, 10), "the logits")
    differ = bool((logits[0] != logits[1]).any())
    expect(differ, "two images get the same logits: do the weights start at random?")


# sequential_mlp


def _sequential_case(rng, num_layers):
    dims, x, _ = _mlp_case(rng, num_layers - 1)
    return dims, _drawn_pairs(rng, dims), x


def _linear_shapes(dims):
    gaps = zip(dims[:-1], dims[1:], strict=True)
    return [shape for fan_in, fan_out in gaps for shape in ((fan_out, fan_in), (fan_out,))]


@check("sequential_mlp", points=1.5)
def sequential_gives_the_same_logits(student, rng):
    """With the same weights it gives the logits of the other two ways, whatever the depth."""
    for num_layers in (1, 2, 4):
        dims, parameters, x = _sequential_case(rng, num_layers)
        reply = student.call(probes.sequential_with_weights, dims, parameters, x)
        expect(
            _shapes(reply["shapes"]) == _linear_shapes(dims),
            f"the parameters' shapes do not fit dims={dims}: "
            "one Linear per gap between two sizes, in order",
        )
        layers = [(rules.double(w), rules.double(b)) for w, b in parameters]
        hint = "Flatten, Linear and ReLU in turn, Linear at the end"
        _expect_logits(reply["logits"], x, layers, hint)


@check("sequential_mlp", points=1)
def sequential_is_a_chain(student, rng):
    """It is an `nn.Sequential`: applying its layers one after another gives the logits."""
    dims, parameters, x = _sequential_case(rng, int(rng.integers(2, 4)))
    reply = student.call(probes.sequential_with_weights, dims, parameters, x)
    step = reply["step_by_step"]
    expect(not step.is_none, "expected an nn.Sequential")
    fits = _shapes(reply["shapes"]) == _linear_shapes(dims)
    expect(fits, "the layers do not fit the sizes: one Linear per gap, in order")
    layers = [(rules.double(w), rules.double(b)) for w, b in parameters]
    _expect_logits(step, x, layers, "The images are flattened by a layer of the chain")


@check("sequential_mlp", points=0.5)
def sequential_passes_gradients(student, rng):
    """Every layer has parameters of its own and receives gradients."""
    width = ref.distinct_sizes(rng, 1)[0]
    dims, x, _ = _mlp_case(rng, 1)
    dims = [dims[0], width, width, width, dims[-1] + 20]
    labels = ref.labels_of(rng, len(x), dims[-1])
    reply = student.call(probes.sequential_outputs, dims, x, labels)
    _expect_gradients(reply, dims, x, labels, "Is one layer used twice?")


# train_epoch


def _training_case(rng, norm=False, conv=False):
    shape, layers = ref.small_network(rng, conv=conv, norm=norm)
    sizes = [*(int(n) for n in rng.integers(5, 9, size=2)), 3]
    return layers, ref.drawn_state(rng, layers), ref.ragged_data(rng, shape, 3, sizes)


def _expect_loss(reply, expected, hint=""):
    what = "the returned loss"
    expect_close(reply["value"].number(what), expected, hint, what=what, rtol=1e-3)


@check("train_epoch", points=1.5)
def epoch_takes_one_step_per_batch(student, rng):
    """The weights after the epoch are those of one fresh optimizer step per batch."""
    for loss, momentum in (("module", 0.0), ("smooth", 0.9)):
        layers, state, data = _training_case(rng)
        lr = float(rng.uniform(0.1, 0.4))
        reply = student.call(probes.trained_epoch, layers, state, data, loss, lr, momentum)
        expected = rules.trained(layers, state, data, loss, lr, momentum)[1]
        hint = "Per batch: gradients zeroed, backward on the loss given, one step"
        expect_state(reply["state"], expected, hint)


@check("train_epoch", points=1)
def epoch_returns_the_mean_per_sample(student, rng):
    """Every sample counts the same in the returned loss, in the small last batch too."""
    layers, state, data = _training_case(rng)
    lr = float(rng.uniform(0.05, 0.3))
    reply = student.call(probes.trained_epoch, layers, state, data, "module", lr)
    expected, _ = rules.trained(layers, state, data, "module", lr)
    sizes = ", ".join(str(len(y)) for _, y in data)
    _expect_loss(reply, expected, f"Batches of {sizes} images: weigh each loss by its batch's size")


@check("train_epoch", points=0.5)
def epoch_returns_a_plain_float(student, rng):
    """The returned loss is a float, not a tensor that still holds the graph."""
    layers, state, data = _training_case(rng)
    reply = student.call(probes.trained_epoch, layers, state, data, "module", 0.1)
    reply["value"].finite((), "the returned loss")
    hint = "expected a Python float: which method takes a number out of a tensor?"
    expect(reply["plain"].flag(), hint)


@check("train_epoch", points=1)
def epoch_minimises_the_penalty_too(student, rng):
    """The penalty moves the weights, but is not in the returned loss."""
    layers, state, data = _training_case(rng)
    lr, penalty = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.1, 0.5))
    reply = student.call(probes.trained_epoch, layers, state, data, "module", lr, penalty=penalty)
    expected, weights = rules.trained(layers, state, data, "module", lr, penalty=penalty)
    expect_state(reply["state"], weights, "Is penalty(model) added to what backward starts from?")
    _expect_loss(reply, expected, "Is the penalty part of it? Only the loss should be")


@check("train_epoch", points=0.5)
def epoch_runs_in_training_mode(student, rng):
    """The model trains in training mode, whatever mode it was in before."""
    layers, state, data = _training_case(rng, norm=True)
    reply = student.call(probes.trained_epoch, layers, state, data, "module", 0.1)
    expected = rules.trained(layers, state, data, "module", 0.1)[1]
    hint = "Batch norm works with the batch's statistics while it trains"
    expect_state(reply["state"], expected, hint, rtol=5e-3, atol=1e-3)
    # With inputs of one the gradient of a dropped input's weights is exactly zero.
    size, rate = 500, float(rng.uniform(0.3, 0.6))
    dropout = [["Dropout", rate], ["Linear", size, 3]]
    start = ref.drawn_state(rng, dropout, scale=0.01)
    data = [[np.ones((1, size), np.float32), ref.labels_of(rng, 1, 3)]]
    reply = student.call(probes.trained_epoch, dropout, start, data, "module", 1.0)
    weight = reply["state"]["1.weight"].array((3, size), "the weights")
    share = (weight == start["1.weight"]).all(axis=0).mean()
    expect(abs(share - rate) < 0.15, "dropout should be at work while the model trains")


@check("train_epoch", points=0.5)
def epoch_takes_any_loss_and_loader(student, rng):
    """Any loss, any model and anything that yields batches will do, a generator too."""
    layers, state, data = _training_case(rng, conv=True)
    lr = float(rng.uniform(0.1, 0.3))
    targets = [[x, ref.floats(rng, len(x), 3)] for x, _ in data]
    for loss, batches in (("squares", targets), ("function", data)):
        args = (layers, state, batches, loss, lr)
        reply = student.call(probes.trained_epoch, *args, one_shot=True)
        expected, weights = rules.trained(*args)
        hint = "Is it the loss passed in, and is the loader read once?"
        expect_state(reply["state"], weights, hint)
        _expect_loss(reply, expected)


# evaluate


def _expect_scores(result, logits, labels, loss):
    expected_loss, expected_accuracy = ref.scores(logits, labels, probes.loss_function(loss))
    loss, accuracy = result["loss"].number("the loss"), result["accuracy"].number("the accuracy")
    hint = "Is it the mean over all samples, in evaluation mode?"
    expect_close(loss, expected_loss, hint, what="the loss", rtol=1e-3, atol=1e-4)
    hint = "Is it the fraction of right predictions among all samples, in evaluation mode?"
    expect_close(accuracy, expected_accuracy, hint, what="the accuracy", rtol=1e-4)


@check("evaluate", points=1)
def evaluation_counts_every_sample_alike(student, rng):
    """Loss and accuracy are means over all samples, in the small last batch too."""
    for loss, conv in (("smooth", False), ("function", True)):
        layers, state, data, logits, labels = evaluation_case(rng, conv=conv)
        reply = student.call(probes.evaluated, layers, state, data, loss, data[0][0], False)
        _expect_scores(reply["result"], logits, labels, loss)


@check("evaluate", points=1)
def evaluation_switches_training_off(student, rng):
    """A model that is in training mode is evaluated without dropout, with stored means."""
    layers, state, data, logits, labels = evaluation_case(rng)
    reply = student.call(probes.evaluated, layers, state, data, "module", data[0][0], True)
    _expect_scores(reply["result"], logits, labels, "module")
    expect_unchanged(reply, state)


@check("evaluate", points=1)
def evaluation_restores_the_mode(student, rng):
    """Afterwards the model is in the mode it was in before, training or evaluation."""
    layers, state, x, width = mode_case(rng)
    for training in (True, False):
        data = [[x[:7], ref.labels_of(rng, 7, width)], [x[7:9], ref.labels_of(rng, 2, width)]]
        reply = student.call(probes.evaluated, layers, state, data, "module", x, training)
        labels = np.concatenate([y for _, y in data])
        loss, _ = ref.scores(ref.outputs(layers, state, x[:9]), labels)
        got = reply["result"]["loss"].number("the loss")
        expect_close(got, loss, "Is it measured in evaluation mode?", what="the loss", rtol=1e-3)
        expect_mode(reply, layers, state, x, training)


@check("evaluate", points=1)
def evaluation_tracks_no_gradients(student, rng):
    """No graph is built, gradients work again afterwards, and two plain floats come back."""
    layers, state, data, _, _ = evaluation_case(rng)
    reply = student.call(probes.evaluated, layers, state, data, "module", data[0][0], False)
    result = reply["result"]
    expect_no_gradients(reply, state)
    for name in ("loss", "accuracy"):
        result[name].finite((), f"the {name}")
    expect(result["plain"].flag(), "expected two Python floats: (loss, accuracy)")


# trainer


def _fit_case(rng, wanted, num_epochs=5, norm=False):
    """Training data, and validation labels for which `wanted(accuracies, train losses)` holds."""
    while True:
        layers, state, data = _training_case(rng, norm=norm)
        images = ref.floats(rng, 14, *data[0][0].shape[1:])
        lr = float(rng.uniform(0.5, 1.0))
        losses, states, logits = ref.epochs(layers, state, data, lr, num_epochs, images)
        if not min(ref.margin(x) for x in logits) > 1e-3:
            continue
        labels = _labels_with(rng, logits, losses, wanted)
        if labels is None:
            continue
        # The lowest validation loss must not point at the best epoch too.
        history = _histories(losses, logits, labels)
        if np.argmin(history["val_loss"]) != np.argmax(history["val_accuracy"]):
            return layers, state, data, lr, losses, states, logits, (images, labels)


def _labels_with(rng, logits, losses, wanted):
    """Validation labels for which `wanted(accuracies, losses)` holds, or None."""
    predictions = np.stack([x.argmax(1) for x in logits])
    for _ in range(100):
        labels = ref.guessed_labels(rng, predictions, 3)
        if wanted((predictions == labels).mean(axis=1), losses):
            return labels
    return None


def _split(images, labels):
    return [[images[:10], labels[:10]], [images[10:], labels[10:]]]


def _early_best(accuracies, losses):
    """One best epoch, neither the last nor the one of the lowest training loss."""
    best = int(accuracies.argmax())
    unique = (accuracies == accuracies.max()).sum() == 1
    return unique and best < len(accuracies) - 1 and best != int(np.argmin(losses))


def _dips(accuracies, losses):
    """The accuracy falls before the last epoch: training should neither stop nor go back there."""
    return bool((np.diff(accuracies)[:-1] < 0).any())


def _early_best_after_the_first(accuracies, losses):
    return _early_best(accuracies, losses) and accuracies.argmax() > 0


def _tied_best(accuracies, losses):
    """The best accuracy is reached more than once, first before the last epoch."""
    return (accuracies == accuracies.max()).sum() > 1 and accuracies.max() > accuracies.min()


def _fit(student, layers, state, fits, lr):
    reply = student.call(probes.fitted, layers, state, fits, "module", lr)
    return reply.items(len(fits), "the results")


def _best(logits, labels):
    """The epoch with the highest validation accuracy, the first of several."""
    return int(np.argmax([(x.argmax(1) == labels).mean() for x in logits]))


def _histories(losses, logits, labels):
    pairs = [ref.scores(x, labels) for x in logits]
    return {
        "train_loss": losses,
        "val_loss": [loss for loss, _ in pairs],
        "val_accuracy": [accuracy for _, accuracy in pairs],
    }


def _expect_best(student, case, hint, *, only="", rtol=5e-3, atol=1e-3):
    """`fit` leaves the state of the best epoch in the model: entries with `only` in their names."""
    layers, state, data, lr, _, states, logits, val = case
    (result,) = _fit(student, layers, state, [[data, _split(*val), len(states)]], lr)
    best = {name: value for name, value in states[_best(logits, val[1])].items() if only in name}
    expect_state(result["state"], best, hint, rtol=rtol, atol=atol)


def _recorded(result, name):
    """One list of the history that `fit` returned."""
    expect(not result["history"].is_none, "fit should return a dict with three lists")
    history = result["history"].mapping(what="the history")
    expect(name in history, f"the history has no '{name}'")
    return history[name]


@check("trainer", points=1.5)
def fit_records_every_epoch(student, rng):
    """The history holds training loss, validation loss and accuracy of each epoch, as floats."""
    num_epochs = int(rng.integers(3, 6))
    layers, state, data, lr, losses, _, logits, val = _fit_case(rng, _dips, num_epochs)
    for _ in range(2):  # the second trainer has a history of its own
        (result,) = _fit(student, layers, state, [[data, _split(*val), num_epochs]], lr)
        for name, values in _histories(losses, logits, val[1]).items():
            got, what = _recorded(result, name), f"history['{name}']"
            expect_close(got, values, what=what, rtol=2e-3, atol=1e-4)
        expect(result["plain"].flag(), "the history should hold plain floats")


@check("trainer", points=1)
def fit_ends_with_the_best_epoch(student, rng):
    """The model holds the weights of the epoch with the highest validation accuracy."""
    hint = "Were the best weights copied when they were current, and put back into the model?"
    _expect_best(student, _fit_case(rng, _early_best), hint)


@check("trainer", points=1)
def fit_takes_the_first_of_equals(student, rng):
    """Of several epochs with the same best accuracy the first one counts."""
    while True:
        case = _fit_case(rng, _tied_best)
        *_, losses, _, logits, val = case
        history = _histories(losses, logits, val[1])
        accuracies = np.array(history["val_accuracy"])
        equals = np.flatnonzero(accuracies == accuracies.max())
        # A lower loss must not decide between them.
        if np.argmin(np.array(history["val_loss"])[equals]) > 0:
            break
    _expect_best(student, case, "Two epochs are equally good here: which of them is kept?")


@check("trainer", points=0.5)
def fit_restores_batch_norm_too(student, rng):
    """The running statistics of batch norm belong to the best epoch as well."""
    case = _fit_case(rng, _early_best_after_the_first, norm=True)
    hint = "A model is more than its parameters: which entries does a state dict have?"
    _expect_best(student, case, hint, only="running", rtol=1e-2, atol=5e-3)


@check("trainer", points=1)
def fit_may_be_called_again(student, rng):
    """A second call trains on from the best weights and ends with its own best ones."""
    num_epochs = 3
    while True:
        case = _fit_case(rng, lambda a, losses: _early_best(a, losses) and a.max() < 0.9)
        layers, state, data, lr, _, states, logits, (images, labels) = case
        start = states[_best(logits, labels)]
        losses, later, again = ref.epochs(layers, start, data, lr, num_epochs, images)
        if min(ref.margin(x) for x in again) > 1e-3:
            break
    # With these labels the second call scores 1 in its second epoch: better than the first call.
    own_labels = again[1].argmax(1)
    first = [data, _split(images, labels), len(states)]
    second = [data, _split(images, own_labels), num_epochs]
    result = _fit(student, layers, state, [first, second], lr)[1]
    got = _recorded(result, "train_loss").array((-1,), "history['train_loss']")
    hint = "Does it start at the best weights, in the parameters that the optimizer holds?"
    expect_close(got[-num_epochs:], losses, hint, what="the losses of the second call", rtol=5e-3)
    expected = later[_best(again, own_labels)]
    expect_state(result["state"], expected, hint, rtol=1e-2, atol=2e-3)


# save_model, load_model


def _file_case(rng):
    shape, width = (1, 2, int(rng.integers(2, 5))), int(rng.integers(3, 8))
    inner = [["Linear", math.prod(shape), width], ["BatchNorm1d", width], ["ReLU"]]
    layers = [["Flatten"], ["Sequential", inner], ["Linear", width, 4]]
    x = ref.floats(rng, 6, *shape)
    return layers, ref.drawn_state(rng, layers), ref.drawn_state(rng, layers), x


@check("save_model", points=1.5)
def load_fills_the_given_model(student, rng):
    """The round trip puts the saved weights and buffers into the given model and returns it."""
    for as_path in (True, False):
        layers, state, other, x = _file_case(rng)
        reply = student.call(probes.round_trip, layers, state, other, x, as_path)
        hint = "Weights and buffers should be those that were saved"
        expect_state(reply["state"], state, hint, what="the loaded state", rtol=1e-6, atol=1e-7)
        shifted = {
            name: value + 1 if name.endswith(("weight", "bias")) else value
            for name, value in state.items()
        }
        expected = ref.outputs(layers, shifted, x)
        hint = "Parameters that existed before loading should be changed, not replaced"
        what = "the model's output"
        expect_close(reply["moved"], expected, hint, what=what, rtol=1e-3, atol=1e-3)
        expect(not reply["returned"].is_none, "load_model should return the model")
        hint = "load_model should return the model that it was given"
        expect_close(reply["returned"], expected, hint, what="its output", rtol=1e-3, atol=1e-3)


@check("save_model", points=1)
def file_holds_a_state_dict(student, rng):
    """The file holds the state dict and nothing else: it loads without running code."""
    layers, state, _, _ = _file_case(rng)
    reply = student.call(probes.saved_file, layers, state)
    kind = reply["kind"].text()
    expect(kind == "state", f"at `path`: expected a saved state dict, got {kind[:40]}")
    hint = "The file should hold what model.state_dict() gives"
    expect_state(reply["state"], state, hint, what="the file", rtol=1e-6, atol=1e-7)
    reply["state"].mapping(state, "the file")


@check("save_model", points=0.5)
def load_works_without_the_device(student, rng):
    """A file written on a device that is missing here can be loaded."""
    layers, state, other, _ = _file_case(rng)
    after = student.call(probes.load_foreign_file, layers, state, other)
    expect_state(after, state, "Are the saved weights in the model?", rtol=1e-6, atol=1e-7)


# l1_penalty, l2_penalty


PENALTIES = {
    "l1_penalty": (lambda w: np.abs(w).sum(), np.sign),
    "l2_penalty": (lambda w: np.square(w).sum(), lambda w: 2 * w),
}


def _penalty_case(rng):
    """A nested network with norm layers, and the names of its Linear weights."""
    a, b, c, d = ref.distinct_sizes(rng, 4)
    inner = [["Linear", b, c], ["LayerNorm", c], ["Sequential", [["Linear", c, d, False]]]]
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["ReLU"], ["Sequential", inner]]
    layers += [["Linear", d, a]]
    names = ["0.weight", "3.0.weight", "3.2.0.weight", "4.weight"]
    return layers, ref.drawn_state(rng, layers), names


def _expect_penalty(student, rng, name):
    layers, state, names = _penalty_case(rng)
    factor = float(rng.uniform(0.5, 2))
    reply = student.call(probes.penalty_of, name, layers, state, factor)
    value = reply["value"].array((), name, "It should be a scalar")
    expected = sum(PENALTIES[name][0](state[n].astype(np.float64)) for n in names)
    hint = "Weight matrices of all Linear layers, nested too; no biases, no norm layers, no root"
    expect_close(value, expected, hint, what=name, rtol=1e-3)


@check("l1_penalty", points=1)
def l1_sums_absolute_weights(student, rng):
    """l1_penalty is the sum of the absolute entries of all Linear weight matrices."""
    _expect_penalty(student, rng, "l1_penalty")


@check("l1_penalty", points=1)
def l2_sums_squared_weights(student, rng):
    """l2_penalty is the sum of the squared entries of all Linear weight matrices."""
    _expect_penalty(student, rng, "l2_penalty")


@check("l1_penalty", points=1)
def penalties_are_differentiable(student, rng):
    """Both can be part of a loss: their gradients reach the weights and nothing else."""
    for name, (_, slope) in PENALTIES.items():
        layers, state, names = _penalty_case(rng)
        factor = float(rng.uniform(0.5, 2))
        reply = student.call(probes.penalty_of, name, layers, state, factor)
        gradients = reply["gradients"]
        expect(not gradients.is_none, f"{name} gives no gradient: return a tensor with a graph")
        expected = {
            n: factor * slope(w) if n in names else np.zeros_like(w)
            for n, w in state.items()
            if n.endswith(("weight", "bias"))
        }
        hint = f"Check the derivative of {name}"
        expect_state(gradients, expected, hint, what="the gradient", rtol=1e-3)


# initialize


def _initialize_case(rng):
    """A nested network with norm layers and a Linear without bias, large enough for statistics."""
    a, b, c = (int(n) for n in rng.permutation([60, 200, 330]) + rng.integers(0, 20, size=3))
    inner = [["LayerNorm", b], ["Sequential", [["ReLU"], ["Linear", b, c, False]]]]
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["Sequential", inner], ["Linear", c, a]]
    names = ["0.weight", "2.1.1.weight", "3.weight"]
    return layers, ref.drawn_state(rng, layers), names


def _initialized(student, rng, scheme):
    layers, state, names = _initialize_case(rng)
    after = student.call(traces.initialized, "initialize", layers, state, scheme)
    return state, after, {name: _usable(after[name], state[name].shape, name) for name in names}


def _expect_spread(name, weight, std):
    # `name` tells a student how deep the layer is: "2.1.1.weight" is three levels down.
    ratio = weight.std() / std
    expect(
        abs(ratio - 1) < 0.05,
        f"{name}, fan_in {weight.shape[1]}, fan_out {weight.shape[0]}: "
        f"its standard deviation is {ratio:.3g} x that of the scheme",
    )
    expect(abs(weight.mean()) < 0.05 * std, f"{name}: expected mean zero")


@check("initialize", points=1)
def xavier_uniform_has_its_bound(student, rng):
    """xavier_uniform: uniform up to the bound of fan_in and fan_out, in every Linear layer."""
    for name, weight in _initialized(student, rng, "xavier_uniform")[2].items():
        bound = math.sqrt(6 / sum(weight.shape))
        _expect_spread(name, weight, bound / math.sqrt(3))
        largest = np.abs(weight).max() / bound
        expect(0.98 < largest < 1.0001, f"{name}: the largest weight is {largest:.3g} x the bound")


@check("initialize", points=1)
def kaiming_normal_has_its_spread(student, rng):
    """kaiming_normal: normal, as wide as fan_in and ReLU ask for, in every Linear."""
    for name, weight in _initialized(student, rng, "kaiming_normal")[2].items():
        _expect_spread(name, weight, math.sqrt(2 / weight.shape[1]))
        _expect_normal(weight, name, 0.03)


@check("initialize", points=1)
def only_linear_layers_change(student, rng):
    """All weights zero for "zeros"; all Linear biases zero; norm layers unchanged."""
    for scheme in ("zeros", str(rng.choice(["xavier_uniform", "kaiming_normal"]))):
        state, after, weights = _initialized(student, rng, scheme)
        if scheme == "zeros":
            for name, weight in weights.items():
                expect(not weight.any(), f"zeros: {name} should be zero")
        else:
            for name, weight in weights.items():
                same = (weight == state[name]).mean()
                expect(same < 0.01, f"{scheme}: {name} was not drawn anew")
        for name in ("0.bias", "3.bias"):
            bias = after[name].array(state[name].shape, name)
            expect(not bias.any(), f"{scheme}: {name} should be zero")
        linear = (*weights, "0.bias", "3.bias")
        rest = {name: value for name, value in state.items() if name not in linear}
        hint = "Only Linear layers are meant"
        expect_state(after, rest, hint, what=scheme, rtol=1e-6, atol=1e-7)


@check("initialize", points=1)
def works_in_place_and_refuses_unknown_schemes(student, rng):
    """The given model is changed and returned; an unknown scheme raises ValueError."""
    a, b = ref.distinct_sizes(rng, 2)
    layers = [["Sequential", [["Linear", a, b], ["BatchNorm1d", b]]], ["ReLU"], ["Linear", b, a]]
    state, x = ref.drawn_state(rng, layers), ref.floats(rng, 5, a)
    scheme = str(rng.choice(["xavier_uniform", "kaiming_normal"]))
    reply = student.call(probes.initialized_and_returned, layers, state, scheme, x)
    after, returned = reply.fields("state", "returned")
    zeros = {"0.0.bias": np.zeros(b), "2.bias": np.zeros(a)}
    hint = "Biases should be zero, and no parameter replaced"
    expect_state(after, zeros, hint, what="the model's own parameters")
    expect(not returned.is_none, "initialize should return the model")
    shifted = {}
    for name, value in state.items():
        own = _usable(after[name], value.shape, name)
        shifted[name] = (own + name.endswith(("weight", "bias"))).astype(value.dtype)
    expected = ref.outputs(layers, shifted, x)
    expect(bool(np.isfinite(expected).all()), "the model's output is nan or inf")
    hint = "initialize should return the very model that it was given"
    expect_close(returned, expected, hint, what="its output", rtol=1e-3, atol=1e-3)
    unknown = "".join(rng.choice(list("abcdefgh"), size=6))
    for name in (unknown, "xavier_normal", "kaiming_uniform", "ones", "zero"):
        reply = student.call(traces.refused, "initialize", layers, state, name)
        expect(reply["refused"].flag(), f"the unknown scheme '{name}' should raise ValueError")


# moving_average


def _expect_averages(student, rng, count, window, kind):
    values = rng.normal(size=count)
    got = student.call(probes.averaged, values, window, kind)
    expected = [values[i : i + window].mean() for i in range(count - window + 1)]
    hint = f"{count} values and window {window}: one mean per full window"
    expect_close(got, expected, hint, what="the means", rtol=1e-4, atol=1e-5)


@check("moving_average", points=1)
def averages_full_windows_only(student, rng):
    """There is one mean per full window: `len(values) - window + 1` in all."""
    for _ in range(3):
        count = int(rng.integers(8, 30))
        _expect_averages(student, rng, count, int(rng.integers(2, count - 1)), "list")


@check("moving_average", points=1)
def averages_at_the_extremes(student, rng):
    """Window 1 gives the values, a window over everything one mean; an array is fine too."""
    count = int(rng.integers(4, 20))
    _expect_averages(student, rng, count, 1, "list")
    _expect_averages(student, rng, count, count, "list")
    _expect_averages(student, rng, count, 3, "array")


# accuracy_per_class


def _shares(groups, labels, predicted):
    """Class → share of right predictions in each group that has one, e.g. `groups=labels`."""
    right = labels == predicted
    return {int(c): right[groups == c].mean() for c in np.unique(groups)}


def _class_case(rng, num_classes):
    """An evaluation case in which one class has no images but is predicted."""
    while True:
        layers, state, data, logits, _ = evaluation_case(rng, num_classes)
        predicted = logits.argmax(1)
        absent = int(rng.choice(predicted))
        for batch in data:
            others = (absent + rng.integers(1, num_classes, size=len(batch[1]))) % num_classes
            batch[1] = np.where(batch[1] == absent, others, batch[1]).astype(np.int64)
        labels = np.concatenate([y for _, y in data])
        shares = _shares(labels, labels, predicted)
        # Wrong rules must not happen to give the same: precision, or a mean over the batches.
        precision = _shares(predicted, labels, predicted)
        starts = np.cumsum([len(y) for _, y in data])[:-1]
        guesses = np.split(predicted, starts)
        parts = [_shares(y, y, guess) for (_, y), guess in zip(data, guesses, strict=True)]
        means = {c: np.mean([part[c] for part in parts if c in part]) for c in shares}
        if all(
            any(abs(shares[c] - other.get(c, 0)) > 0.02 for c in shares)
            for other in (precision, means)
        ):
            break
    expected = [float(shares.get(c, math.nan)) for c in range(num_classes)]
    return layers, state, data, expected


def _class_values(reply, num_classes):
    kind, size, values = reply["result"].fields("kind", "size", "values")
    expect(kind.text() == "dict", f"expected a dict, got {kind.text()[:40]}")
    values = values.items(num_classes, "the classes")
    missing = [c for c, value in enumerate(values) if value.is_none]
    expect(not missing, f"the dict has no entry for class {(*missing, '')[0]}")
    size = size.number("the number of classes")
    expect(size == num_classes, f"expected {num_classes} classes 0, 1, ..., got {size:.0f}")
    return [value.number(f"class {c}") for c, value in enumerate(values)]


@check("accuracy_per_class", points=1.5)
def accuracy_is_per_true_class(student, rng):
    """Each class's accuracy is the share of its own images that the model gets right."""
    for num_classes in (3, int(rng.integers(4, 8))):
        layers, state, data, expected = _class_case(rng, num_classes)
        reply = student.call(
            probes.class_accuracies, layers, state, data, num_classes, data[0][0], False
        )
        got = _class_values(reply, num_classes)
        present = [c for c in range(num_classes) if not math.isnan(expected[c])]
        hint = "Divide the right ones of a class by the images of that class, over all batches"
        expect_close([got[c] for c in present], [expected[c] for c in present], hint)


@check("accuracy_per_class", points=0.5)
def absent_class_is_nan(student, rng):
    """A class without images has accuracy nan, even if the model predicts it."""
    layers, state, data, expected = _class_case(rng, 4)
    reply = student.call(probes.class_accuracies, layers, state, data, 4, data[0][0], False)
    got = _class_values(reply, 4)
    for c, value in enumerate(expected):
        if math.isnan(value):
            expect(math.isnan(got[c]), f"class {c} has no images: got {got[c]:.3g}, expected nan")
        else:
            expect(math.isfinite(got[c]), f"class {c} has images: got {got[c]:.3g}")


@check("accuracy_per_class", points=1)
def class_accuracies_leave_the_model(student, rng):
    """The model is evaluated in evaluation mode and left unchanged, without gradients."""
    layers, state, data, expected = _class_case(rng, 3)
    reply = student.call(probes.class_accuracies, layers, state, data, 3, data[0][0], True)
    got = _class_values(reply, 3)
    expect_close(got, expected, "A model in training mode is evaluated without dropout")
    expect_no_gradients(reply, state)
    expect_unchanged(reply, state)
    layers, state, x, width = mode_case(rng)
    for training in (True, False):
        data = [[x[:9], ref.labels_of(rng, 9, width)]]
        reply = student.call(probes.class_accuracies, layers, state, data, width, x, training)
        expect_mode(reply, layers, state, x, training)
