"""Hidden checks of assignment 01: from tensors with gradients to a trained MLP."""

import itertools
import math

import numpy as np

from autograder.checking import CheckFailed, check, compared, expect, expect_close

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
    expect(largest < 1e6, f"{what}: got numbers above a million")
    return numbers


def _expect_drawn(numbers, what):
    """A probe has drawn these numbers at random, so they are not all alike."""
    expect(np.ptp(numbers) > 1e-3, f"{what}: expected random numbers")


def _in_one_of(times, judge):
    """Fail if `judge` does each time: a rule of the student's own may be unlucky with one case."""
    for _ in range(times - 1):
        try:
            return judge()
        except CheckFailed:
            continue
    return judge()


def _shapes(reply):
    """A list of shapes as tuples of floats: what is in a shape may be any number."""
    return [tuple(shape.array((-1,), "a shape").tolist()) for shape in reply.items()]


# functional_parameters


def _layer_pairs(reply, dims):
    """`(W, b)` arrays of the layers between `dims`: as large as they should be, of any shape."""
    result = []
    for index, pair in enumerate(reply.items(len(dims) - 1, "the list of layers")):
        fan_in, fan_out = dims[index : index + 2]
        weight, bias = pair.items(2, f"layer {index}")
        weight = _usable(weight, None, f"W of layer {index}")
        bias = _usable(bias, None, f"b of layer {index}")
        for name, array, size in (("W", weight, fan_in * fan_out), ("b", bias, fan_out)):
            what = f"{name} of layer {index}: got shape {array.shape}"
            expect(array.size == size, f"{what}, expected {size} entries")
        result.append((weight, bias))
    return result


def _expect_normal(weight, what, tolerance):
    # E|w| / std is sqrt(2/pi) for a normal distribution, sqrt(3)/2 for a uniform one.
    gap = np.abs(weight).mean() / weight.std() - math.sqrt(2 / math.pi)
    expect(abs(gap) < tolerance, f"{what}: expected a normal distribution")
    cut = np.abs(weight).max() < 3 * weight.std()
    expect(not cut, f"{what}: a normal distribution is not cut off at a few standard deviations")


@check("functional_parameters", points=1)
def parameters_fit_the_layer_sizes(student, rng):
    """One pair (W, b) per layer: W of shape (in, out), b zero with one entry per output."""
    for count in (2, int(rng.integers(3, 6))):
        dims = ref.distinct_sizes(rng, count)
        reply = student.call(probes.drawn_parameters, dims)
        pairs = _layer_pairs(reply["pairs"], dims)
        again = reply["again"].integer("how many pairs a second reading finds")
        expect(again == len(pairs), "expected a list, which can be read more than once")
        for name in reply["dtypes"].items(2 * len(pairs), "the tensors"):
            message = "tensors of another dtype than torch.float32 do not multiply images"
            expect(name.text() == "torch.float32", message)
        for index, (weight, bias) in enumerate(pairs):
            shape = tuple(dims[index : index + 2])
            what = f"W of layer {index}: got shape {weight.shape}"
            expect(weight.shape == shape, f"{what}, expected (in, out) = {shape}")
            expect(bool(weight.any()), f"W of layer {index} is all zero: draw it at random")
            what = f"b of layer {index}"
            expect(bias.shape in [shape[1:], (1, *shape[1:])], f"{what}: got shape {bias.shape}")
            expect(not bias.any(), f"{what}: expected zeros")


@check("functional_parameters", points=1)
def weights_have_the_asked_spread(student, rng):
    """The weights are normal with mean zero and standard deviation `std`, 0.01 if none is given."""
    dims = [int(rng.integers(150, 250))] * 3
    for std in (None, float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.3, 2.0))):
        expected = 0.01 if std is None else std
        pairs = _layer_pairs(student.call(probes.drawn_parameters, dims, std)["pairs"], dims)
        for index, (weight, _) in enumerate(pairs):
            what = f"W of layer {index}"
            ratio = weight.std() / expected
            message = f"{what}: its standard deviation is {compared(ratio)}: expected `std`"
            expect(abs(ratio - 1) < 0.04, message)
            expect(abs(weight.mean()) < 0.04 * expected, f"{what}: expected mean zero")
            _expect_normal(weight, what, 0.02)
        (first, _), (second, _) = pairs
        same = first.size == second.size and bool((first.ravel() == second.ravel()).any())
        expect(not same, "two layers of one size share weights: draw anew for each of them")


@check("functional_parameters", points=1)
def parameters_are_leaves_that_learn(student, rng):
    """Backward gives every W and b a gradient, and an optimizer can update them."""
    dims = ref.distinct_sizes(rng, int(rng.integers(3, 5)))
    lr, num_steps = float(rng.uniform(0.1, 0.5)), 3
    reply = student.call(probes.train_parameters, dims, lr, num_steps)
    start = [a for pair in _layer_pairs(reply["start"], dims) for a in pair]
    asked = reply["asked"].items(len(start), "the tensors")
    gradients = reply["gradients"].items(len(start), "the gradients")
    end = reply["end"].items(len(start), "the tensors")
    for index, before in enumerate(start):
        what = f"{'Wb'[index % 2]} of layer {index // 2}"
        if gradients[index].is_none and not asked[index].flag():
            expect(False, f"{what} gets no gradient: was requires_grad forgotten there?")
        elif gradients[index].is_none:
            expect(False, f"the gradient of {what} stays None: it was computed, so it is no leaf")
        expect_close(gradients[index], before - 1, what=f"the gradient of {what}", rtol=1e-3)
        after = 1 + (before - 1) * (1 - lr) ** num_steps
        expect_close(end[index], after, what=f"{what} after SGD steps", rtol=1e-3)


# functional_mlp


def _image_shape(rng):
    """(C, H, W) with more values, 16 to 50, than any of `ref.distinct_sizes`."""
    return int(rng.integers(1, 3)), int(rng.integers(4, 6)), int(rng.integers(4, 6))


def _drawn_pairs(rng, dims):
    gaps = zip(dims[:-1], dims[1:], strict=True)
    return [[ref.floats(rng, *gap, scale=0.5), ref.floats(rng, gap[1])] for gap in gaps]


def _plain_case(rng, num_layers, num_rows=5):
    """Inputs (N, in) and parameters with many outputs, some of which are surely positive."""
    dims = [*ref.distinct_sizes(rng, num_layers, low=6, high=16), 20]
    return ref.floats(rng, num_rows, dims[0]), _drawn_pairs(rng, dims)


def _leaves(parameters):
    return [(rules.double(w, grad=True), rules.double(b, grad=True)) for w, b in parameters]


def _expect_logits(got, x, layers, hint):
    expected = rules.perceptron(rules.double(x), layers).detach().numpy()
    expect_close(got, expected, hint, what="the logits", rtol=1e-3, atol=1e-3)


def _own_logits(student, x, parameters):
    reply = student.call(probes.functional_logits, np.float32(x), parameters)
    return _usable(reply["logits"], (len(x), parameters[-1][1].size), "the logits")


def _expect_all_used(student, x, parameters):
    """Other inputs, and other weights in any layer, give other logits."""
    logits = _own_logits(student, x, parameters)
    changed = (_own_logits(student, -2 * x, parameters) != logits).any(axis=1)
    # Where the rule is another one, all hidden units of a row may be 0.
    expect(changed.mean() > 0.5, "the logits do not depend on the inputs")
    for index, (weight, bias) in enumerate(parameters):
        others = [*parameters[:index], [-2 * weight, bias], *parameters[index + 1 :]]
        changed = (_own_logits(student, x, others) != logits).any()
        expect(bool(changed), f"the logits do not depend on W of layer {index}")


@check("functional_mlp", points=1.5)
def functional_logits_follow_the_rule(student, rng):
    """Image batches become logits: every W and b is used, ReLU stands between the layers only."""
    for _ in range(2):
        shape = _image_shape(rng)
        parameters = _drawn_pairs(rng, [math.prod(shape), *ref.distinct_sizes(rng, 2)])
        x = ref.floats(rng, int(rng.integers(5, 9)), *shape)
        logits = student.call(probes.functional_logits, x, parameters)["logits"]
        hint = "Are the biases added? Is ReLU between the layers, and only there?"
        _expect_logits(logits, x, _leaves(parameters), hint)


@check("functional_mlp", points=1)
def functional_mlp_has_any_depth(student, rng):
    """The number of layers is that of the parameters: one, three, four or five."""
    x, parameters = _plain_case(rng, 1)
    # ReLU leaves what is positive as it is, so a layer that does nothing may stand before.
    x, same = np.abs(x), _nothing(x.shape[1])
    _expect_all_used(student, x, parameters)
    one, two = (_own_logits(student, x, p) for p in (parameters, [same, *parameters]))
    expect_close(one, two, "Here is one layer", what="the logits", rtol=1e-3, atol=1e-3)
    for num_layers in (3, 4, 5):
        x, parameters = _plain_case(rng, num_layers)
        _expect_all_used(student, x, parameters)
        first, *others = parameters
        hidden = _own_logits(student, x, [first, _nothing(first[1].size)])
        hint = f"{num_layers} layers are the first one, ReLU, and the other {num_layers - 1}"
        rest = _own_logits(student, hidden, others)
        whole = _own_logits(student, x, parameters)
        expect_close(whole, rest, hint, what="the logits", rtol=1e-3, atol=1e-3)


def _nothing(width):
    """A layer that puts out what comes in."""
    return [np.eye(width, dtype=np.float32), np.zeros(width, np.float32)]


@check("functional_mlp", points=0.5)
def functional_images_stand_alone(student, rng):
    """An input has the same logits alone, in a batch, and in another order."""
    x, parameters = _plain_case(rng, 2)
    _expect_all_used(student, x, parameters)
    logits, order = _own_logits(student, x, parameters), rng.permutation(len(x))
    for rows, hint in ((slice(0, 1), "A batch may be one input"), (order, "Does the batch mix?")):
        got = _own_logits(student, x[rows], parameters)
        expect_close(got, logits[rows], hint, what="the logits", rtol=1e-3, atol=1e-3)


@check("functional_mlp", points=0.5)
def functional_mlp_leaves_its_inputs(student, rng):
    """The inputs and the parameters are the same after the call."""
    x, parameters = _plain_case(rng, 2)
    _expect_all_used(student, x, parameters)
    reply = student.call(probes.functional_logits, x, parameters)
    hint = "Which operation works in place?"
    expect_close(reply["x"], x, hint, what="x after the call")
    after = reply["parameters"].items(len(parameters), "the list of parameters after the call")
    for pair, before in zip(after, parameters, strict=True):
        for got, tensor in zip(pair.items(2, "a layer"), before, strict=True):
            expect_close(got, tensor, hint, what="a parameter")


@check("functional_mlp", points=0.5)
def functional_mlp_passes_gradients(student, rng):
    """The logits can be differentiated with respect to every parameter."""
    _in_one_of(3, lambda: _expect_differentiable(student, rng))


def _expect_differentiable(student, rng):
    x, parameters = _plain_case(rng, 2, 3)
    while rules.nearest_kink(x, _leaves(parameters)) < 0.02:
        x, parameters = _plain_case(rng, 2, 3)
    factors = ref.floats(rng, len(x), parameters[-1][1].size)
    reply = student.call(probes.functional_logits, x, parameters, factors)
    gradients = reply["gradients"].items(len(parameters), "the gradients")
    for index, pair in enumerate(gradients):
        for part, gradient in enumerate(pair.items(2, "a layer")):
            tensor, what = parameters[index][part], f"{'Wb'[part]} of layer {index}"
            way = rng.choice([-1.0, 1.0], size=tensor.shape)
            ends = []
            for step in (0.002, -0.002):
                moved = [list(p) for p in parameters]
                moved[index][part] = np.float32(tensor + step * way)
                ends.append((_own_logits(student, x, moved) * factors).sum())
            slope = (ends[0] - ends[1]) / 0.004
            expect(part == 1 or slope != 0, f"the logits do not depend on {what}")
            if slope == 0 and gradient.is_none:
                continue  # A bias that is not used is another check's business.
            cut = f"the gradient of {what} is None: is the graph cut by .data, detach or numpy?"
            expect(not gradient.is_none, cut)
            got = (_usable(gradient, tensor.shape, f"the gradient of {what}") * way).sum()
            fits = abs(got - slope) < 0.1 * (abs(got) + abs(slope)) + 0.05
            expect(fits, f"the gradient of {what} does not fit how the logits change with it")


# mlp_gradients


def _inner_labels(rng, count, num_classes):
    """Neither the first nor the last class: one-hot rows made without the number of classes fail."""
    return rng.integers(1, num_classes - 1, size=count).astype(np.int64)


def _hand_case(rng, count):
    """Inputs, labels and parameters of two layers; no ReLU's input is near 0."""
    while True:
        dims = ref.distinct_sizes(rng, 3, low=4)
        x, parameters = ref.floats(rng, count, dims[0]), _drawn_pairs(rng, dims)
        if rules.nearest_kink(x, _leaves(parameters)) > 0.02:
            return x, _inner_labels(rng, count, dims[2]), parameters


def _hand_gradients(student, x, labels, parameters):
    """dW1, db1, dW2, db2 in the parameters' shapes: transposed is another check's business."""
    reply, found = student.call(probes.hand_gradients, x, labels, parameters), []
    for index, pair in enumerate(reply.items(2, "the list of gradients")):
        for name, part, tensor in zip("Wb", pair.items(2, "a layer"), parameters[index]):
            what = f"d{name} of layer {index + 1}"
            array = _usable(part, None, what)
            fits = array.size == tensor.size and array.ndim >= tensor.ndim
            expect(fits, f"{what}: got shape {array.shape}, which is not that of {name}")
            array = array.T if array.shape == tensor.shape[::-1] else array
            found.append(array.reshape(tensor.shape))
    return found


NAMES = ("dW of layer 1", "db of layer 1", "dW of layer 2", "db of layer 2")


@check("mlp_gradients", points=1)
def hand_gradients_fit_the_parameters(student, rng):
    """One pair (dW, db) per layer in the shapes of W and b; images are flattened."""
    for count in (1, int(rng.integers(4, 8))):
        shape = _image_shape(rng)
        sizes = [math.prod(shape), *ref.distinct_sizes(rng, 2, low=4)]
        alike = True
        while alike:
            # Of a single image all hidden units may be dead, and then nothing comes back.
            parameters, x = _drawn_pairs(rng, sizes), ref.floats(rng, count, *shape)
            labels = _inner_labels(rng, count, sizes[-1])
            right = rules.two_layer_gradients(x.reshape(count, -1), labels, parameters)
            alike = np.ptp(right[2]) < 0.01
        reply = student.call(probes.hand_gradients, x, labels, parameters)
        rows = _hand_gradients(student, x.reshape(count, -1), labels, parameters)
        _expect_drawn(rows[2], NAMES[2])
        for index, pair in enumerate(reply.items(2, "the list of gradients")):
            for part, got in enumerate(pair.items(2, "a layer")):
                place = 2 * index + part
                tensor = parameters[index][part]
                array = _usable(got, tensor.shape, NAMES[place], "It has the parameter's shape")
                hint = "Images and the same images as rows should give the same"
                expect_close(array, rows[place], hint, what=NAMES[place], rtol=1e-3)


@check("mlp_gradients", points=1.5)
def hand_gradients_of_the_output_layer(student, rng):
    """Of one image: softmax minus one-hot at the logits, and what it makes of W2 and b2."""
    for every_class in (False, True, True):
        x, labels, parameters = _hand_case(rng, 1)
        labels = ref.labels_of(rng, 1, len(parameters[1][1])) if every_class else labels
        got = _hand_gradients(student, x, labels, parameters)
        right = rules.two_layer_gradients(x, labels, parameters)
        for place in (3, 2):
            hint = "What comes in, transposed, times what comes back"
            expect_close(got[place], right[place], hint, what=NAMES[place], rtol=1e-3)


@check("mlp_gradients", points=1.5)
def hand_gradients_of_the_first_layer(student, rng):
    """Of one image: what arrives at the logits goes back through W2 and the active ReLUs."""
    for _ in range(3):
        x, labels, parameters = _hand_case(rng, 1)
        dw, db, _, arrived = _hand_gradients(student, x, labels, parameters)
        expect(np.ptp(arrived) > 1e-3, "depends on db of layer 2, which is constant")
        (w1, b1), (w2, _) = parameters
        back = (w2 @ arrived) * (x[0] @ w1 + b1 > 0)
        hint = "Through W2 first, then through the ReLUs whose input was positive"
        expect_close(db, back, hint, what=NAMES[1], rtol=1e-3)
        hint = "What comes in, transposed, times what comes back"
        expect_close(dw, np.outer(x[0], back), hint, what=NAMES[0], rtol=1e-3)


@check("mlp_gradients", points=1)
def hand_gradients_are_means(student, rng):
    """The gradients of a batch are the means of those of its images."""
    x, labels, parameters = _hand_case(rng, int(rng.integers(4, 8)))
    whole = _hand_gradients(student, x, labels, parameters)
    alone = [
        _hand_gradients(student, x[i : i + 1], labels[i : i + 1], parameters) for i in range(len(x))
    ]
    _expect_drawn(whole[2], NAMES[2])
    for place, name in enumerate(NAMES):
        mean = np.mean([gradients[place] for gradients in alone], axis=0)
        hint = "Every image counts, and the loss is the mean over the batch"
        expect_close(whole[place], mean, hint, what=name, rtol=1e-3)


@check("mlp_gradients", points=0.5)
def hand_gradients_stop_at_the_kink(student, rng):
    """Where the input of a ReLU is exactly 0, nothing comes back."""
    width, num_classes = 8, int(rng.integers(4, 7))
    x = rng.integers(1, 4, size=(1, 5)).astype(np.float32)
    w1 = rng.integers(-3, 4, size=(5, width)).astype(np.float32)
    # Whole numbers: these sums are exact. Half of the units get 0, the others 1.
    at_kink = rng.permutation(width) < width // 2
    b1 = (1 - at_kink - (x @ w1)[0]).astype(np.float32)
    parameters = [[w1, b1], [ref.floats(rng, width, num_classes), ref.floats(rng, num_classes)]]
    labels = _inner_labels(rng, 1, num_classes)
    dw, db, _, _ = _hand_gradients(student, x, labels, parameters)
    some = bool(db[~at_kink].all() and dw[:, ~at_kink].all())
    expect(some, "depends on the first layer: nothing comes back through an active ReLU")
    expect(not (db[at_kink].any() or dw[:, at_kink].any()), "a ReLU at 0 passes something back")


@check("mlp_gradients", points=0.5)
def hand_gradients_of_large_logits(student, rng):
    """Logits of 100 and more do not overflow: the same number added to all changes nothing."""
    x, labels, parameters = _hand_case(rng, 4)
    plain = _hand_gradients(student, x, labels, parameters)
    for name, gradient in zip(NAMES, plain):
        _expect_drawn(gradient, name)
    first, (w2, b2) = parameters
    for shift in (rng.uniform(100, 200), -rng.uniform(100, 200)):
        got = _hand_gradients(student, x, labels, [first, [w2, np.float32(b2 + shift)]])
        for name, array, own in zip(NAMES, got, plain):
            hint = "All logits are shifted alike, which changes no probability"
            expect_close(array, own, hint, what=name, rtol=5e-3, atol=1e-3)


# count_parameters


def _count(student, layers, *args, **kwargs):
    return student.call(probes.counted, layers, *args, **kwargs)["count"].number("the count")


@check("count_parameters", points=1)
def counts_weights_and_biases(student, rng):
    """Every entry of every weight and bias counts, in networks of any size; the count is an int."""
    for num_layers in (1, int(rng.integers(2, 5))):
        dims = [int(n) for n in rng.integers(2, 40, size=num_layers + 1)]
        gaps = list(zip(dims[:-1], dims[1:], strict=True))
        reply = student.call(probes.counted, [["Linear", a, b] for a, b in gaps])
        got = reply["count"].number("the count")
        expected = sum(a * b + b for a, b in gaps)
        right = got == expected
        which = "fewer" if got < expected else "more"
        expect(right, f"{which} parameters are counted than there are: are biases counted?")
        expect(reply["whole"].flag(), "expected an int: which method takes it out of a tensor?")


@check("count_parameters", points=1)
def leaves_out_frozen_parameters(student, rng):
    """Parameters that do not require a gradient are not trainable."""
    a, b, c = ref.distinct_sizes(rng, 3)
    layers = [["Linear", a, b], ["ReLU"], ["Linear", b, c]]
    every = _count(student, layers)
    # Whether biases count at all is another check's business.
    bias = every - _count(student, [["Linear", a, b, False], *layers[1:]])
    for frozen, size in (
        (["0.weight"], a * b),
        (["0.weight", "2.weight"], a * b + b * c),
        (["0.bias"], bias),
    ):
        missing = every - _count(student, layers, frozen)
        message = f"freezing {', '.join(frozen)} takes away"
        which = "less" if missing < size else "more"
        expect(missing == size, f"{message} {which} from the count than there is")
    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    reply = student.call(probes.counted, layers, names)
    left = reply["count"].number("the count")
    expect(left == 0, "everything is frozen, and still something is counted")
    expect(not reply["trainable"].flag(), "counting changes the model: it is not frozen any more")


@check("count_parameters", points=1)
def counts_every_kind_once(student, rng):
    """Norm layers and custom layers count, buffers do not, a shared weight counts once."""
    a, b, c = ref.distinct_sizes(rng, 3)
    bare = _count(student, [["Linear", a, b, False]])
    expect(bare >= a * b, "a Linear without bias: its weights are not all counted")
    # Vectors count here as biases do: those are another check's business.
    biases = _count(student, [["Linear", a, b]]) - bare
    norm, custom = ["BatchNorm1d", b], [["Scale", [b, c]], ["Conv2d", a, b, 3, {"bias": False}]]
    for what, layer, size in (
        ("a norm with buffers", norm, 2 * biases),
        ("a norm with nothing but buffers", [*norm, {"affine": False}], 0),
        ("a custom layer with one factor for each feature", custom[0], b * c),
        ("a convolution, two levels deep", ["Sequential", [["Sequential", custom[1:]]]], 9 * a * b),
    ):
        more = _count(student, [["Linear", a, b, False], layer]) - bare
        hint = (
            "more parameters than it has: buffers are none" if more > size else "fewer than it has"
        )
        expect(more == size, f"{what} adds {hint}")
    twice = [["Linear", a, a], ["ReLU"], ["Linear", a, a]]
    saved = _count(student, twice) - _count(student, twice, tied=[0, 2])
    expect(saved == a * a, "two layers share one weight matrix: it counts once")


# dense_layer


def _dense_case(student, rng, options):
    """A layer: its two sizes, its state, Linear(x) without a bias, and the reply."""
    sizes = ref.distinct_sizes(rng, 2)
    x = ref.floats(rng, int(rng.integers(8, 20)), sizes[0])
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


@check("dense_layer", points=0.5)
def dense_is_linear_then_activation(student, rng):
    """Linear, then the activation that was asked for, ReLU by default."""
    names = ["ReLU", *rng.permutation(["Tanh", "ELU", "Softplus", "Sigmoid"])[:2]]
    for index, name in enumerate(map(str, names)):
        options = {} if index == 0 else {"activation": name}
        (_, width), state, z, reply = _dense_case(student, rng, options)
        # Whether there has to be a bias is another check's business.
        has_bias = any(key.endswith("bias") for key in state)
        z = z + _vectors(state, "bias", width)[-1] if has_bias else z
        expected = rules.ACTIVATIONS[name](z).numpy()
        hint = f"Is it {name}(Linear(x))?"
        expect_close(reply["evaluated"], expected, hint, what="the output", rtol=1e-3, atol=1e-4)
        hint = "Without options, training and evaluation mode do the same"
        expect_close(reply["trained"], expected, hint, what="the output", rtol=1e-3, atol=1e-4)
    for options in ({"batch_norm": True}, {"dropout": 0.5}, {"batch_norm": True, "dropout": 0.5}):
        made = student.call(probes.activations_made, ref.distinct_sizes(rng, 2), options)
        given = ", ".join(f"{key}={value}" for key, value in options.items())
        expect(made.integer() > 0, f"with {given} the activation is not the one asked for")


@check("dense_layer", points=0.5)
def dense_without_activation_is_linear(student, rng):
    """With activation=None nothing bends: what is left is Linear, and what else was asked for."""
    for options in ({}, {"batch_norm": True}, {"dropout": 0.4}):
        # Of one width: where the norm stands is another check's business.
        sizes = [int(rng.integers(8, 16))] * 2
        a, b = ref.floats(rng, 2, 5, sizes[0])
        x = np.concatenate([a, b, a + b, np.zeros_like(a)])
        given = {"activation": None, **options}
        reply = student.call(probes.dense_layer_outputs, sizes, given, x)
        outputs = _usable(reply["evaluated"], (len(x), sizes[1]), "the output")
        _expect_drawn(outputs, "the output")
        of_a, of_b, of_sum, of_zero = np.split(outputs, 4)
        hint = "In evaluation mode f(a) + f(b) should be f(a + b) + f(0): is an activation left?"
        what = f"activation=None, {', '.join(options) or 'no other option'}: the output"
        expect_close(of_a + of_b, of_sum + of_zero, hint, what=what, rtol=1e-3, atol=1e-3)


@check("dense_layer", points=1)
def batch_norm_stands_before_activation(student, rng):
    """With batch norm: Linear, norm over the outputs, activation, in this order."""
    (_, width), state, z, reply = _dense_case(student, rng, {"batch_norm": True})
    gamma, beta = _norm_of(state, width)
    # A Linear bias may wrongly be there: that is another check's business, so it is used here.
    biases = _vectors(state, "bias", width)
    z = z + biases[0] if len(biases) > 1 else z
    mean, variance = (_vectors(state, f"running_{k}", width)[-1] for k in ("mean", "var"))
    expect(bool((variance > 0).all()), "'running_var': expected positive numbers")
    expected = rules.batch_norm(z, gamma, beta, mean, variance).relu().numpy()
    hint = "Is it ReLU(BatchNorm1d(Linear(x)))?"
    expect_close(reply["evaluated"], expected, hint, what="the output", rtol=1e-3, atol=1e-3)
    batch = rules.batch_norm(z, gamma, beta, z.mean(0), z.var(0, unbiased=False))
    hint = "In training mode the batch's own mean and variance count"
    expected = batch.relu().numpy()
    expect_close(reply["trained"], expected, hint, what="the output", rtol=2e-3, atol=2e-3)


@check("dense_layer", points=1)
def no_bias_under_batch_norm(student, rng):
    """The Linear has a bias without batch norm, and none under it."""
    for batch_norm, dropout in ((False, 0.0), (False, 0.5), (True, 0.0)):
        sizes = ref.distinct_sizes(rng, 2)
        shapes = _shapes(student.call(probes.dense_layer_shapes, sizes, batch_norm, dropout))
        expect(tuple(sizes[::-1]) in shapes, "expected one weight matrix of shape (out, in)")
        vectors = shapes.count((sizes[1],))
        if batch_norm:
            hint = "the norm takes a bias away again"
            expect(vectors <= 2, f"batch_norm=True: the Linear has a bias, {hint}")
        else:
            given = f"batch_norm=False, dropout={dropout}"
            expect(vectors > 0, f"{given}: the Linear has no bias")


@check("dense_layer", points=1)
def dropout_comes_last(student, rng):
    """Dropout zeroes its share of the activations in training mode and scales the rest."""
    rate = float(rng.uniform(0.2, 0.6))
    name = str(rng.choice(["Tanh", "Sigmoid"]))
    size = int(rng.integers(8, 15))
    x = ref.floats(rng, 3000, size)
    for batch_norm in (False, True):
        options = {"activation": name, "dropout": rate, "batch_norm": batch_norm}
        reply = student.call(probes.dense_layer_outputs, [size, size], options, x)
        evaluated, trained, again = (
            _usable(reply[mode], (len(x), size), "the output")
            for mode in ("evaluated", "trained", "again")
        )
        _expect_drawn(evaluated, "the output")
        hint = "does a layer overwrite what the one before it still needs?"
        expect(reply["differentiable"].flag(), f"backward through the layer fails: {hint}")
        _expect_dropped(trained == 0, again != 0, rate)
        if batch_norm:
            kept, hint = again, "Which values are dropped is decided after batch norm"
        else:
            kept = evaluated / (1 - rate)
            hint = "What dropout keeps it divides by 1 - dropout, after the activation"
            dropped = ((evaluated == 0) & (again != 0)).mean()
            expect(dropped < 0.01, "in evaluation mode nothing is dropped")
        both = (trained != 0) & (again != 0)
        what = "the kept outputs"
        expect_close(trained[both], kept[both], hint, what=what, rtol=2e-3, atol=2e-3)


def _expect_dropped(zero, live, rate):
    """Of the values that are not zero in another pass, `rate` are zero in this one."""
    share = zero[live].mean() if live.any() else 0.0
    close = abs(share - rate) < 0.05
    which = "fewer" if share < rate else "more"
    expect(close, f"in training mode {which} of the outputs are dropped than the share `dropout`")
    for unit in range(zero.shape[1]):
        if live[:, unit].sum() > 300:
            even = abs(zero[live[:, unit], unit].mean() - rate) < 0.12
            expect(even, "dropout should affect every unit alike, anew for each sample")
    rows = zero.all(axis=1).mean()
    expect(rows < 0.8 * rate, "dropout should drop single units, not whole samples")


# mlp


def _mlp_case(rng, num_hidden):
    shape = _image_shape(rng)
    sizes = ref.distinct_sizes(rng, num_hidden + 1)
    x = ref.floats(rng, int(rng.integers(5, 9)), *shape)
    return [math.prod(shape), *sizes], x, ref.labels_of(rng, len(x), sizes[-1])


def _mlp_reply(student, rng, num_hidden):
    """Reply to `probes.mlp_outputs`, layer sizes, inputs (no images: one check has them), labels."""
    dims, x, labels = _mlp_case(rng, num_hidden)
    x = x.reshape(len(x), -1)
    reply = student.call(probes.mlp_outputs, dims[0], dims[-1], dims[1:-1], x, labels)
    return reply, dims, x, labels


def _explained(reply, dims, x):
    """Parameters, their arrangement (see `rules.arrangements`), logits, and the right logits."""
    parameters = [_usable(p, None, "a parameter") for p in reply["parameters"].items()]
    logits = _usable(reply["logits"], (len(x), dims[-1]), "the logits")
    way, expected = rules.explain(parameters, dims, x, logits)
    for parameter in parameters:
        _expect_drawn(parameter, "a parameter")
    return parameters, way, logits, expected


def _follows(logits, expected):
    return np.allclose(logits, expected, rtol=1e-3, atol=1e-3)


def _expect_perceptron(reply, dims, x, hint):
    _, _, logits, expected = _explained(reply, dims, x)
    expect_close(logits, expected, hint, what="the logits", rtol=1e-3, atol=1e-3)
    return logits


def _expect_gradients(reply, dims, x, labels):
    """Every parameter is registered and gets the gradient of the mean cross-entropy.

    Where the logits are wrong, which is another check's business, any gradient will do.
    """
    parameters, way, logits, expected = _explained(reply, dims, x)
    registered, count = reply["registered"].integer(), len(parameters)
    expect(
        registered == count,
        f"the model does not register all of its {count} parameter tensors: "
        "is every layer an attribute of the module or in an nn.ModuleList?",
    )
    own = rules.perceptron_gradients(parameters, way, x, labels)
    gradients = reply["gradients"].items(count, "the gradients")
    for got, gradient in zip(gradients, own, strict=True):
        expect(not got.is_none, "a parameter got no gradient: is its layer used?")
        if _follows(logits, expected):
            what = "a parameter's gradient"
            expect_close(got, gradient, what=what, rtol=2e-3, atol=1e-4)
        else:
            numbers = got.array(gradient.shape, "a gradient")
            expect(bool(numbers.any()), "a parameter's gradient is zero")


def _expect_own_layers(student, rng, widths):
    """Weights and biases of all layers are there, and each of them changes the logits."""
    dims = [int(rng.integers(16, 30)), *widths, 7]
    x = ref.floats(rng, 40, dims[0])
    reply = student.call(probes.mlp_influences, dims[0], dims[-1], widths, x)
    given = f"hidden_sizes={tuple(widths)}"
    rules.arrangements([np.empty(shape) for shape in _sizes_of(reply["shapes"])], dims)
    logits = _usable(reply["logits"], (len(x), dims[-1]), "the logits")
    expect(np.ptp(logits, axis=0).max() > 1e-4, f"{given}: all inputs get the same logits")
    changes = reply["changes"].numbers(2 * len(dims) - 2, "the parameters")
    used = int((changes > 0).sum())
    message = f"{given}: only {used} of {len(changes)} parameter tensors have an effect"
    expect(used == len(changes), f"{message}. Is one layer used in another's place?")


def _sizes_of(reply):
    """Shapes of tensors that a perceptron could have."""
    shapes = [shape.integers((-1,), "a shape") for shape in reply.items()]
    small = all(len(s) <= 2 and ((s >= 0) & (s < 1000)).all() for s in shapes)
    expect(small, "the parameters' shapes do not fit the layer sizes")
    return [tuple(s.tolist()) for s in shapes]


@check("mlp", points=2)
def mlp_logits_follow_the_rule(student, rng):
    """Images are flattened; ReLU follows every hidden layer and nothing follows the last."""
    for num_axes in (4, 3):
        dims, x, labels = _mlp_case(rng, 2)
        x = x if num_axes == 4 else x.reshape(len(x), -1, x.shape[-1])
        reply = student.call(probes.mlp_outputs, dims[0], dims[-1], dims[1:-1], x, labels)
        hint = "Is ReLU after each hidden layer and nothing on the output?"
        logits = _expect_perceptron(reply, dims, x, hint)
        hint = "Evaluation mode changes nothing here: logits, never probabilities"
        expect_close(reply["evaluated"], logits, hint, what="the logits", rtol=1e-3, atol=1e-3)
        hint = "A batch may be a single image"
        expect_close(reply["single"], logits[:1], hint, what="its logits", rtol=1e-3, atol=1e-3)


@check("mlp", points=1)
def mlp_has_any_depth(student, rng):
    """`hidden_sizes` decides the depth: none, one or three hidden layers."""
    reply, dims, x, _ = _mlp_reply(student, rng, 2)
    _, _, logits, expected = _explained(reply, dims, x)
    for num_hidden in (0, 1, 3):
        widths = ref.distinct_sizes(rng, num_hidden, low=8, high=16)
        _expect_own_layers(student, rng, widths)
        # If two hidden layers are wrong already, the rule is not asked for here again.
        if _follows(logits, expected):
            reply, dims, x, _ = _mlp_reply(student, rng, num_hidden)
            _expect_perceptron(reply, dims, x, f"Here are {num_hidden} hidden layers")


@check("mlp", points=0.5)
def mlp_layers_of_one_width_are_separate(student, rng):
    """Hidden layers of the same width have weights of their own."""
    for num_hidden in (2, 3):
        _expect_own_layers(student, rng, [int(rng.integers(8, 16))] * num_hidden)
    reply, dims, x, labels = _mlp_reply(student, rng, 2)
    _, _, logits, expected = _explained(reply, dims, x)
    # If layers of different widths are wrong already, the rule is not asked for here again.
    if _follows(logits, expected):
        dims[2] = dims[1]
        reply = student.call(probes.mlp_outputs, dims[0], dims[-1], dims[1:-1], x, labels)
        _expect_perceptron(reply, dims, x, "Here are two hidden layers of one width")


@check("mlp", points=1)
def mlp_gradients_reach_every_parameter(student, rng):
    """Every layer is registered: an optimizer over `model.parameters()` trains all of them."""
    _in_one_of(3, lambda: _expect_gradients(*_mlp_reply(student, rng, 2)))


@check("mlp", points=0.5)
def mlp_defaults_are_for_mnist(student, rng):
    """Without arguments: 784 inputs, hidden layers of 256 and 128, 10 logits."""
    count = int(rng.integers(2, 6))
    reply = student.call(probes.default_mlp, ref.floats(rng, count, 784))
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
        dims, _, x = _sequential_case(rng, num_layers)
        dims[-2:] = dims[-2:] if num_layers == 1 else [dims[-1]] * 2  # equal widths, too
        parameters = _drawn_pairs(rng, dims)
        reply = student.call(probes.sequential_with_weights, dims, parameters, x)
        expect(
            _shapes(reply["shapes"]) == _linear_shapes(dims),
            f"the parameters' shapes do not fit dims={dims}: "
            "one Linear per gap between two sizes, in order",
        )
        hint = "Flatten, Linear and ReLU in turn, Linear at the end"
        _expect_logits(reply["logits"], x, _leaves(parameters), hint)


@check("sequential_mlp", points=1)
def sequential_is_a_chain(student, rng):
    """It is an `nn.Sequential`: applying its layers one after another gives the logits."""
    dims, parameters, x = _sequential_case(rng, int(rng.integers(2, 4)))
    x = x.reshape(len(x), -1)
    reply = student.call(probes.sequential_with_weights, dims, parameters, x)
    step = reply["step_by_step"]
    expect(not step.is_none, "expected an nn.Sequential")
    shapes = _shapes(reply["shapes"])
    ends = _linear_shapes(dims)
    fits = bool(shapes) and shapes[-1] == ends[-1] and shapes[0] == ends[0]
    expect(fits, "the layers do not fit the sizes: expected one Linear per gap, in order")
    logits = _usable(reply["logits"], (len(x), dims[-1]), "the logits")
    _expect_drawn(logits, "the logits of random inputs")
    expect_close(step, logits, what="the layers one after another", rtol=1e-3, atol=1e-3)


@check("sequential_mlp", points=0.5)
def sequential_passes_gradients(student, rng):
    """Every layer has parameters of its own and receives gradients."""
    width = ref.distinct_sizes(rng, 1)[0]
    dims, x, _ = _mlp_case(rng, 1)
    dims = [dims[0], width, width, width, dims[-1] + 20]
    x, labels = x.reshape(len(x), -1), ref.labels_of(rng, len(x), dims[-1])
    reply = student.call(probes.sequential_outputs, dims, x, labels)
    _expect_gradients(reply, dims, x, labels)


# train_epoch


def _training_case(rng, norm=False, conv=False, sizes=None):
    shape, layers = ref.small_network(rng, conv=conv, norm=norm)
    sizes = sizes or [*(int(n) for n in rng.integers(5, 9, size=2)), 1]
    return layers, ref.drawn_state(rng, layers), ref.ragged_data(rng, shape, 3, sizes)


def _expect_loss(reply, expected, hint=""):
    what = "the returned loss"
    expect_close(reply["value"].number(what), expected, hint, what=what, rtol=1e-3)


def _moved(reply, state):
    """Whether any parameter has changed."""
    names = [name for name in state if name.endswith(("weight", "bias"))]
    after = reply["state"].mapping(state, "the weights")
    got = {name: after[name].array(state[name].shape, name) for name in names}
    return any((got[name] != state[name]).any() for name in names)


@check("train_epoch", points=1.5)
def epoch_takes_one_step_per_batch(student, rng):
    """The weights after the epoch are those of one fresh optimizer step per batch."""
    for momentum in (0.0, 0.9):
        layers, state, data = _training_case(rng)
        lr = float(rng.uniform(0.1, 0.4))
        reply = student.call(probes.trained_epoch, layers, state, data, "module", lr, momentum)
        expected = rules.trained(layers, state, data, "module", lr, momentum)[1]
        hint = "Per batch: gradients zeroed, backward on the loss, one step"
        expect_state(reply["state"], expected, hint)


@check("train_epoch", points=1)
def epoch_returns_the_mean_per_sample(student, rng):
    """Every sample counts the same in the returned loss, measured before its batch's step."""
    # Nothing moves at a rate of 0, and a single batch is measured before anything moves.
    for sizes, lr in ((None, 0.0), ([int(rng.integers(5, 9))], float(rng.uniform(0.2, 0.4)))):
        layers, state, data = _training_case(rng, sizes=sizes)
        reply = student.call(probes.trained_epoch, layers, state, data, "module", lr)
        expected, _ = rules.trained(layers, state, data, "module", lr)
        sizes = ", ".join(str(len(y)) for _, y in data)
        hint = "weigh each loss, taken before the step, by its batch's size"
        _expect_loss(reply, expected, f"Batches of {sizes} images: {hint}")


@check("train_epoch", points=0.5)
def epoch_returns_a_plain_float(student, rng):
    """The returned loss is a float, not a tensor that still holds the graph."""
    layers, state, data = _training_case(rng, sizes=[6, 6])
    reply = student.call(probes.trained_epoch, layers, state, data, "module", 0.0)
    _expect_loss(reply, rules.trained(layers, state, data, "module", 0.0)[0])
    hint = "expected a Python float: which method takes a number out of a tensor?"
    expect(reply["plain"].flag(), hint)


@check("train_epoch", points=0.5)
def epoch_minimises_the_penalty_too(student, rng):
    """The penalty is part of what the step makes smaller."""
    layers, state, data = _training_case(rng, sizes=[int(rng.integers(5, 9))])
    lr, penalty = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.1, 0.5))
    reply = student.call(probes.trained_epoch, layers, state, data, "module", lr, penalty=penalty)
    expect(_moved(reply, state), "depends on the steps: no weight has changed")
    expected = rules.trained(layers, state, data, "module", lr, penalty=penalty)[1]
    expect_state(reply["state"], expected, "Is penalty(model) added to what backward starts from?")
    layers, state, data = _training_case(rng)
    reply = student.call(probes.trained_epoch, layers, state, data, "module", lr, penalty=penalty)
    asked = reply["asked"].integer("how often the penalty is computed")
    expect(
        asked >= len(data), "the penalty belongs to every batch, with the weights of that moment"
    )


@check("train_epoch", points=0.5)
def epoch_reports_without_the_penalty(student, rng):
    """The penalty is not in the returned loss."""
    layers, state, data = _training_case(rng, sizes=[6, 6])
    reply = student.call(probes.trained_epoch, layers, state, data, "module", 0.0, penalty=0.7)
    expected, _ = rules.trained(layers, state, data, "module", 0.0)
    _expect_loss(reply, expected, "Is the penalty part of it? Only the loss should be")


@check("train_epoch", points=0.5)
def epoch_runs_in_training_mode(student, rng):
    """The model trains in training mode, whatever mode it was in before."""
    layers, state, data = _training_case(rng, norm=True, sizes=[6, 7, 5])
    reply = student.call(probes.trained_epoch, layers, state, data, "module", 0.1)
    after = reply["state"].mapping(state, "the state")
    for name in ("2.running_mean", "2.running_var"):
        got = _usable(after[name], state[name].shape, name)
        moved = bool((got != state[name]).all())
        expect(moved, "batch norm does not follow the data: is the model in training mode?")
    seen = after["2.num_batches_tracked"].integer("batches") - state["2.num_batches_tracked"]
    expect(seen >= len(data), "the model is not in training mode for every batch")
    expect(seen == len(data), "the model sees every batch more than once: batch norm counts it")


@check("train_epoch", points=0.5)
def epoch_takes_any_loss_and_loader(student, rng):
    """Any loss, any model and anything that yields batches will do, a generator too."""
    layers, state, data = _training_case(rng, conv=True, sizes=[6, 6])
    targets = [[x, ref.floats(rng, len(x), 3)] for x, _ in data]
    for loss, batches in (("squares", targets), ("function", data)):
        args = (layers, state, batches, loss, 0.0)
        reply = student.call(probes.trained_epoch, *args, one_shot=True)
        hint = "Is it the loss passed in, and is the loader read once?"
        _expect_loss(reply, rules.trained(*args)[0], hint)
    args = (layers, state, targets[:1], "squares", float(rng.uniform(0.05, 0.2)))
    reply = student.call(probes.trained_epoch, *args, one_shot=True)
    # Whether there is a step at all is another check's business.
    if _moved(reply, state):
        hint = "Is what the step makes smaller the loss passed in?"
        expect_state(reply["state"], rules.trained(*args)[1], hint)


# train_batches


def _in_order(data):
    return [list(range(len(data)))]


def _batch_losses(student, *args, **kwargs):
    """The losses that train_batches returns, however many."""
    reply = student.call(probes.trained_batches, *args, **kwargs)
    return _usable(reply["losses"], (-1,), "the losses", "One number per batch")


@check("train_batches", points=1)
def batches_take_one_step_each(student, rng):
    """After a pass the weights are those of one optimizer step per batch, on the given loss."""
    for momentum in (0.0, 0.9):
        layers, state, data = _training_case(rng, conv=True)
        args = layers, state, data, _in_order(data), "smooth", float(rng.uniform(0.1, 0.4))
        reply = student.call(probes.trained_batches, *args, momentum)
        expected = rules.trained_in_order(*args, momentum)[1]
        expect_state(reply["state"], expected, "Per batch: gradients zeroed, backward, one step")


@check("train_batches", points=0.5)
def every_batch_has_its_loss(student, rng):
    """There is one loss per batch, in order: the mean of that batch, before the step on it."""
    # Nothing moves at a rate of 0, and a single batch is measured before anything moves.
    for sizes, lr in ((None, 0.0), ([int(rng.integers(5, 9))], float(rng.uniform(0.2, 0.4)))):
        layers, state, data = _training_case(rng, sizes=sizes)
        args = layers, state, data, _in_order(data), "smooth", lr
        expected, _ = rules.trained_in_order(*args)
        got = _batch_losses(student, *args)
        message = f"{len(data)} batches, one pass: got {len(got)} numbers"
        expect(len(got) == len(expected), message)
        hint = "Is each of them its batch's loss before the step?"
        expect_close(got, expected, hint, what="the losses", rtol=1e-3)


@check("train_batches", points=0.5)
def every_epoch_is_a_new_pass(student, rng):
    """Each epoch iterates the loader anew, and its losses follow those of the epoch before."""
    layers, state, data = _training_case(rng)
    orders = [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
    once = _batch_losses(student, layers, state, data, orders, "module", 0.0)
    expect(len(once) == len(data), "depends on a pass: it does not give one loss per batch")
    expect(np.ptp(once) > 1e-3, "depends on a pass: all batches have the same loss")
    args = layers, state, data, orders, "module", 0.0
    got = _batch_losses(student, *args, num_epochs=len(orders))
    expect(len(got) == 9, f"3 batches, 3 epochs: got {len(got)} numbers")
    hint = "This loader has another order in each pass"
    expect_close(got, once[np.ravel(orders)], hint, what="the losses", rtol=1e-3)


@check("train_batches", points=0.5)
def batch_losses_are_plain_floats(student, rng):
    """The losses are a list of floats, not of tensors that still hold their graphs."""
    layers, state, data = _training_case(rng, sizes=[6, 6])
    args = layers, state, data, _in_order(data), "module", 0.0
    reply = student.call(probes.trained_batches, *args)
    losses = _usable(reply["losses"], (-1,), "the losses")
    expect(bool(len(losses) and losses.all()), "the list is empty, or a loss is 0")
    hint = "expected a list of Python floats: which method takes a number out of a tensor?"
    expect(reply["plain"].flag(), hint)


@check("train_batches", points=0.5)
def batches_run_in_training_mode(student, rng):
    """The model trains in training mode, whatever mode it was in before."""
    layers, state, data = _training_case(rng, norm=True, sizes=[6, 7, 5])
    args = layers, state, data, _in_order(data), "module", 0.1
    reply = student.call(probes.trained_batches, *args)
    _expect_seen_by_norm(reply["state"], state, len(data))


def _expect_seen_by_norm(reply, state, count):
    """Batch norm has followed `count` batches, in training mode."""
    after = reply.mapping(state, "the state")
    for name in ("2.running_mean", "2.running_var"):
        got = _usable(after[name], state[name].shape, name)
        moved = bool((got != state[name]).all())
        expect(moved, "batch norm does not follow the data: is the model in training mode?")
    seen = after["2.num_batches_tracked"].integer("batches") - state["2.num_batches_tracked"]
    expect(seen >= count, "the model is not in training mode for every batch")
    expect(seen == count, "the model sees a batch more often than once per step")


# overfit_one_batch


def _one_batch_case(rng, **kind):
    layers, state, data = _training_case(rng, sizes=[int(rng.integers(6, 10))], **kind)
    return layers, state, *data[0]


@check("overfit_one_batch", points=1)
def overfitting_steps_on_the_whole_batch(student, rng):
    """Each step is one of the optimizer, on the mean cross-entropy of the whole batch."""
    for num_steps, momentum in ((1, 0.0), (4, 0.9)):
        layers, state, images, labels = _one_batch_case(rng, conv=True)
        lr = float(rng.uniform(0.1, 0.3))
        args = layers, state, images, labels, num_steps, lr, momentum
        reply = student.call(probes.overfitted, *args)
        orders = [[0]] * num_steps
        data = [[images, labels]]
        expected = rules.trained_in_order(layers, state, data, orders, "module", lr, momentum)[1]
        hint = "Per step: gradients zeroed, backward on the mean over all images, one step"
        expect_state(reply["state"], expected, hint)


@check("overfit_one_batch", points=1)
def overfitting_measures_before_each_step(student, rng):
    """Each number is the mean cross-entropy of the batch before that step."""
    layers, state, images, labels = _one_batch_case(rng)
    count, lr = 4, float(rng.uniform(0.1, 0.3))
    reply = student.call(probes.overfitted, layers, state, images, labels, count, lr)
    losses = _usable(reply["losses"], (-1,), "the losses")
    expect(len(losses) >= count, "depends on the number of losses")
    before, expected = state, []
    for steps in range(1, count + 1):
        expected.append(ref.scores(ref.outputs(layers, before, images), labels)[0])
        reply = student.call(probes.overfitted, layers, state, images, labels, steps, lr)
        after = reply["state"].mapping(state, "the weights")
        before = {name: _usable(after[name], value.shape, name) for name, value in state.items()}
        before = {name: np.float32(value) for name, value in before.items()}
    hint = "Here are the weights after 0, 1, 2, 3 steps"
    expect_close(losses[:count], expected, hint, what="the losses", rtol=2e-3)


@check("overfit_one_batch", points=0.5)
def overfitting_takes_so_many_steps(student, rng):
    """There are exactly `num_steps` numbers, as floats."""
    for num_steps in (1, int(rng.integers(3, 8))):
        args = (*_one_batch_case(rng), num_steps, 0.01)
        reply = student.call(probes.overfitted, *args)
        losses = _usable(reply["losses"], (-1,), "the losses")
        expect(len(losses) == num_steps, f"num_steps={num_steps}: got {len(losses)} numbers")
        expect(bool(losses.all()), "a loss is exactly 0 after a few short steps")
        expect(reply["plain"].flag(), "expected a list of Python floats")


@check("overfit_one_batch", points=0.5)
def overfitting_runs_in_training_mode(student, rng):
    """The model trains in training mode, whatever mode it was in before."""
    layers, state, images, labels = _one_batch_case(rng, norm=True)
    num_steps = int(rng.integers(2, 6))
    reply = student.call(probes.overfitted, layers, state, images, labels, num_steps, 0.1)
    _expect_seen_by_norm(reply["state"], state, num_steps)


# train_many


LOADED = [[0, 1, 2]]  # the order of the batches in every pass


def _many_case(rng, count):
    """Layers, `count` states with different losses, and batches."""
    layers, state, data = _training_case(rng)
    images, labels = data[0]
    while True:
        states = [state] + [ref.drawn_state(rng, layers) for _ in range(count - 1)]
        losses = sorted(ref.scores(ref.outputs(layers, s, images), labels)[0] for s in states)
        if all(b - a > 0.02 * b for a, b in itertools.pairwise(losses)):
            return layers, states, data


def _many(student, layers, states, data, orders=LOADED, lr=0.2):
    """The replies (made, optimizers, losses per model, weights per model)."""
    reply = student.call(probes.trained_many, layers, states, data, orders, lr)
    made, optimizers = (reply[name].integer(name) for name in ("made", "optimizers"))
    losses = reply["losses"].items(len(states), "the lists of losses")
    models = reply["states"].items(len(states), "the list of models")
    weights = []
    for model in models:
        entries = model.mapping(states[0], "the weights")
        weights.append({n: _usable(entries[n], v.shape, n) for n, v in states[0].items()})
        _expect_drawn(weights[-1]["1.weight"], "the weights")
    return made, optimizers, [_usable(x, (-1,), "the losses") for x in losses], weights


def _alike(weights, others):
    return all(np.allclose(weights[n], others[n], rtol=1e-3, atol=1e-4) for n in weights)


@check("train_many", points=1)
def many_train_for_one_pass(student, rng):
    """A single model is trained for one pass, as by train_batches, and has its losses."""
    layers, states, data = _many_case(rng, 1)
    _, _, (losses,), (weights,) = _many(student, layers, states, data)
    args = layers, states[0], data, LOADED, "module", 0.2, 0.9
    expected, state = rules.trained_in_order(*args)
    right = len(losses) == len(expected) and np.allclose(losses, expected, rtol=1e-3)
    if not (right and _alike(weights, state)):
        # The own train_batches may be wrong, which is another exercise's business.
        own = student.call(probes.trained_batches, *args)
        expected = _usable(own["losses"], (-1,), "the losses of train_batches")
        hint = "Is it one pass over the loader, with the loss function and optimizer passed?"
        expect_close(losses, expected, hint, what="the losses", rtol=1e-3)
        expect_state(own["state"], weights, hint)


@check("train_many", points=1)
def many_have_models_and_optimizers_of_their_own(student, rng):
    """Each model is trained as if it were the only one, by an optimizer of its own."""
    count = int(rng.integers(3, 5))
    layers, states, data = _many_case(rng, count)
    made, optimizers, _, together = _many(student, layers, states, data)
    expect(made == count, f"{count} models: make_model was called {made} times")
    message = f"{count} models: make_optimizer was called {optimizers} times"
    expect(optimizers == count, message)
    for index, state in enumerate(states):
        *_, (alone,) = _many(student, layers, [state], data)
        expect(not _alike(alone, state), "depends on a single model: it is not trained")
        message = f"model {index + 1} of {count} is not trained as it is alone"
        expect(_alike(together[index], alone), message)


@check("train_many", points=0.5)
def many_see_one_order(student, rng):
    """All models see the batches in one order, even if the loader shuffles in every pass."""
    layers, states, data = _many_case(rng, 3)
    orders = [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]]
    *_, shuffled = _many(student, layers, states, data, orders)
    expect(not _alike(shuffled[0], states[0]), "depends on the first model: it is not trained")
    for order in orders:
        *_, fixed = _many(student, layers, states, data, [order])
        if all(map(_alike, shuffled, fixed)):
            return
    expect(False, "the loader shuffles in every pass: no single order gives these models")


@check("train_many", points=0.5)
def many_losses_stay_with_their_models(student, rng):
    """losses[i] is a list of its own, with the losses of models[i]."""
    layers, states, data = _many_case(rng, 3)
    _, _, together, _ = _many(student, layers, states, data)
    for index, state in enumerate(states):
        _, _, (alone,), _ = _many(student, layers, [state], data)
        expect(bool(len(alone)), "depends on a single model: it has no losses")
        got = together[index]
        message = f"model {index + 1}: got {len(got)} losses, expected as many as it has alone"
        expect(len(got) == len(alone), message)
        hint = "This should be the loss before the first step of this model"
        expect_close(got[0], alone[0], hint, what=f"model {index + 1}: its first loss", rtol=1e-3)


# mse_on_onehot


def _mse_case(rng):
    """Outputs and labels of a batch that lacks the highest class."""
    count, num_classes = int(rng.integers(5, 9)), int(rng.integers(4, 8))
    outputs = ref.floats(rng, count, num_classes, scale=2.0)
    return outputs, ref.labels_of(rng, count, num_classes - 1)


@check("mse_on_onehot", points=1.5)
def mse_is_the_mean_over_all_entries(student, rng):
    """The mean of all N * C squared differences from the one-hot labels, without any softmax."""
    for rows in (slice(None), slice(0, 1)):
        outputs, labels = _mse_case(rng)
        outputs, labels = outputs[rows], labels[rows]
        reply = student.call(probes.squared_error, outputs, labels)
        expected = np.square(outputs - np.eye(outputs.shape[1])[labels]).mean()
        got = _usable(reply["loss"], (), "the loss", "It should be a scalar")
        expect_close(got, expected, "Is it the mean over all entries?", what="the loss", rtol=1e-3)


@check("mse_on_onehot", points=1)
def mse_can_be_minimised(student, rng):
    """The loss has the gradient that fits how it changes with the outputs."""
    outputs, labels = _mse_case(rng)
    reply = student.call(probes.squared_error, outputs, labels)
    expect(not reply["gradient"].is_none, "no gradient comes back: return a tensor with a graph")
    gradient = _usable(reply["gradient"], outputs.shape, "the gradient")
    for row in range(len(outputs)):
        way = np.zeros_like(outputs)
        # Both signs: moved by the same number, outputs have the same softmax.
        way[row] = rng.permutation(np.where(np.arange(outputs.shape[1]) % 2, 1.0, -1.0))
        ends = {}
        # Far away, too: along the line, a loss may be level where it starts.
        for step in (0.05, -0.05, 3, -3):
            moved = student.call(probes.squared_error, np.float32(outputs + step * way), labels)
            ends[step] = _usable(moved["loss"], (), "the loss", "It should be a scalar")
        slope = float(ends[0.05] - ends[-0.05]) / 0.1
        expect(np.ptp(list(ends.values())) > 1e-6, "the loss does not depend on an image's outputs")
        what = "the slope along a line"
        expect_close((gradient * way).sum(), slope, what=what, rtol=0.02, atol=2e-3)


@check("mse_on_onehot", points=0.5)
def mse_leaves_the_outputs(student, rng):
    """The outputs are the same after the call."""
    outputs, labels = _mse_case(rng)
    reply = student.call(probes.squared_error, outputs, labels)
    _usable(reply["loss"], None, "the loss")
    expect_close(reply["after"], outputs, "Which operation works in place?", what="the outputs")


# evaluate


def _even_case(rng):
    """A network with batch norm and dropout, its state, and batches of one size."""
    layers, state, *_ = evaluation_case(rng)
    shape = (1, 2, state["1.weight"].shape[1] // 2)
    return layers, state, ref.ragged_data(rng, shape, 3, [7, 7])


def _nested_mode_case(rng):
    """A `mode_case` with its batch norm one level deeper."""
    layers, _, x, width = mode_case(rng)
    layers[2] = ["Sequential", [layers[2]]]
    return layers, ref.drawn_state(rng, layers), x, width


def _expect_evaluated(reply, layers, state, data):
    """The loss is that of evaluation mode; the accuracy is another check's business."""
    images, labels = ref.joined(data)
    expected, _ = ref.scores(ref.outputs(layers, state, images), labels)
    got = reply["result"]["loss"].number("the loss")
    hint = "Is it measured in evaluation mode?"
    expect_close(got, expected, hint, what="the loss", rtol=1e-3, atol=1e-4)


@check("evaluate", points=1)
def evaluation_counts_every_sample_alike(student, rng):
    """Loss and accuracy are means over all samples, in a last batch of one too."""
    for loss, conv in (("smooth", False), ("raw", True)):
        layers, state, data, logits, labels = evaluation_case(rng, conv=conv)
        x, y = data.pop()
        data += [[x[:1], y[:1]], [x[1:], y[1:]]]
        reply = student.call(probes.evaluated, layers, state, data, loss, data[0][0], False)
        expected_loss, expected = ref.scores(logits, labels, probes.loss_function(loss))
        hint, what = "Is it the mean over all samples?", "the loss"
        got = reply["result"]["loss"].number(what)
        expect_close(got, expected_loss, hint, what=what, rtol=1e-3, atol=1e-4)
        hint, what = "Is it the fraction of right predictions among all samples?", "the accuracy"
        got = reply["result"]["accuracy"].number(what)
        expect_close(got, expected, hint, what=what, rtol=1e-4)


@check("evaluate", points=1)
def evaluation_switches_training_off(student, rng):
    """A model that is in training mode is evaluated without dropout, with stored means."""
    layers, state, data = _even_case(rng)
    accuracies = []
    for training in (False, True):
        reply = student.call(probes.evaluated, layers, state, data, "module", data[0][0], training)
        _expect_evaluated(reply, layers, state, data)
        accuracies.append(reply["result"]["accuracy"].number("the accuracy"))
    hint = "It should not depend on the mode the model was in"
    expect_close(accuracies[1], accuracies[0], hint, what="the accuracy")
    expect_unchanged(reply, state)


@check("evaluate", points=1)
def evaluation_restores_the_mode(student, rng):
    """Afterwards every module is in the mode it was in before, training or evaluation."""
    layers, state, x, width = _nested_mode_case(rng)
    data = [[x[:9], ref.labels_of(rng, 9, width)]]
    for training in (False, True):
        reply = student.call(probes.evaluated, layers, state, data, "module", x, training)
        if training:
            reply["result"]["loss"].finite((), "the loss")
        else:
            _expect_evaluated(reply, layers, state, data)
        expect_mode(reply, layers, state, x, training)


@check("evaluate", points=1)
def evaluation_tracks_no_gradients(student, rng):
    """No graph is built, gradients work again afterwards, and two plain floats come back."""
    layers, state, data = _even_case(rng)
    reply = student.call(probes.evaluated, layers, state, data, "module", data[0][0], False)
    _expect_evaluated(reply, layers, state, data)
    expect_no_gradients(reply, state)
    reply["result"]["accuracy"].finite((), "the accuracy")
    expect(reply["result"]["plain"].flag(), "expected two Python floats: (loss, accuracy)")


# trainer


def _fit_case(rng, wanted, num_epochs=5, norm=False):
    """Training data, and validation labels for which `wanted(history, start accuracy)` holds."""
    while True:
        layers, state, data = _training_case(rng, norm=norm, sizes=[6, 7, 5])
        images = ref.floats(rng, 14, *data[0][0].shape[1:])
        lr = float(rng.uniform(0.5, 1.0))
        losses, states, logits = ref.epochs(layers, state, data, lr, num_epochs, images)
        before = ref.outputs(layers, state, images)
        if min(ref.margin(x) for x in (before, *logits)) < 1e-3:
            continue
        predictions = np.stack([x.argmax(1) for x in logits])
        guesses = ref.guessed_labels(rng, predictions, 3, 300)
        starts = (before.argmax(1) == guesses).mean(axis=1)
        for labels, start, history in zip(guesses, starts, _histories(losses, logits, guesses)):
            if wanted(history, start):
                return layers, state, data, lr, states, history, (images, labels)


def _split(images, labels):
    return [[images[:10], labels[:10]], [images[10:], labels[10:]]]


def _early_best(history, start):
    """The accuracy climbs to its best, falls, and climbs again to less; no loss points there."""
    accuracies = history["val_accuracy"]
    best = int(np.argmax(accuracies))
    climbs, later = np.diff(accuracies[: best + 1]), np.diff(accuracies[best:])
    unique = accuracies.count(accuracies[best]) == 1
    lowest = [int(np.argmin(history[name])) for name in ("train_loss", "val_loss")]
    elsewhere = best not in lowest and start < accuracies[best]
    return unique and elsewhere and bool((climbs > 0).all() and (later > 0).any())


def _dips(history, start):
    """The accuracy falls before the last epoch: training should neither stop nor go back there."""
    return bool((np.diff(history["val_accuracy"])[:-1] < 0).any())


def _early_best_after_the_first(history, start):
    accuracies = history["val_accuracy"]
    best = int(np.argmax(accuracies))
    return accuracies.count(accuracies[best]) == 1 and 0 < best < len(accuracies) - 1


def _tied_best(history, start):
    """Equally good epochs before the last, of which a later one has the lower loss.

    The lowest loss of all is none of them, nor is the last epoch, which beats the one before.
    """
    accuracies, losses = np.array(history["val_accuracy"]), np.array(history["val_loss"])
    equals = np.flatnonzero(accuracies == accuracies.max())
    if len(equals) < 2 or accuracies[-1] <= accuracies[-2]:
        return False
    lowest = [int(np.argmin(history[name])) for name in ("train_loss", "val_loss")]
    if not {*lowest, len(accuracies) - 1}.isdisjoint(equals.tolist()):
        return False
    return bool(np.argmin(losses[equals]) > 0 and start < accuracies.max())


def _fit(student, layers, state, fits, lr):
    reply = student.call(probes.fitted, layers, state, fits, "module", lr)
    return reply.items(len(fits), "the results")


def _histories(losses, logits, guesses):
    """What `fit` records for each row of validation labels.

    Takes one training loss and validation logits of shape (N, C) for each epoch, and labels of
    shape (rows, N).
    """
    logits = np.stack(logits).astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    right = shifted[:, np.arange(guesses.shape[1]), guesses]
    val_losses = np.log(np.exp(shifted).sum(axis=-1))[:, None] - right
    accuracies = logits.argmax(axis=-1)[:, None] == guesses
    rows = zip(val_losses.mean(axis=-1).T.tolist(), accuracies.mean(axis=-1).T.tolist())
    return [
        {"train_loss": losses, "val_loss": of_labels, "val_accuracy": shares}
        for of_labels, shares in rows
    ]


def _model_after(student, case):
    """The state that `fit` leaves in the model, and the epochs whose parameters it has."""
    layers, state, data, lr, states, _, val = case
    (result,) = _fit(student, layers, state, [[data, _split(*val), len(states)]], lr)
    return result["state"], _epochs_like(result["state"], states)


def _epochs_like(reply, states):
    after = reply.mapping(states[0], "the weights")
    names = [name for name in states[0] if name.endswith(("weight", "bias"))]
    got = {name: after[name].array(states[0][name].shape, name) for name in names}
    return [
        epoch
        for epoch, state in enumerate(states)
        if all(np.allclose(got[n], state[n], rtol=5e-3, atol=1e-3) for n in names)
    ]


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
    case = _fit_case(rng, _dips, num_epochs)
    # Nothing is left to gain after a perfect epoch, but `num_epochs` was asked for.
    layers, state, data, lr, states, history, (images, labels) = case
    perfect = ref.outputs(layers, states[0], images).argmax(1).astype(labels.dtype)
    (result,) = _fit(student, layers, state, [[data, _split(images, perfect), num_epochs]], lr)
    got = _recorded(result, "train_loss").array((-1,), "history['train_loss']")
    expect(len(got) == num_epochs, f"{num_epochs} epochs asked for, {len(got)} recorded")
    val = images, labels
    for _ in range(2):  # the second trainer has a history of its own
        (result,) = _fit(student, layers, state, [[data, _split(*val), num_epochs]], lr)
        for name, values in history.items():
            got, what = _recorded(result, name), f"history['{name}']"
            expect_close(got, values, what=what, rtol=2e-3, atol=1e-4)
        expect(result["plain"].flag(), "the history should hold plain floats")
        passes = result["passes"].integer("how often train_loader was read")
        expect(passes >= num_epochs, "every epoch should read train_loader anew")


@check("trainer", points=1.5)
def fit_ends_with_the_best_epoch(student, rng):
    """The model holds the weights of the epoch with the highest validation accuracy."""
    case = _fit_case(rng, _early_best)
    *_, states, history, _ = case
    after, _ = _model_after(student, case)
    hint = "Were the best weights copied when they were current, and put back into the model?"
    best = states[int(np.argmax(history["val_accuracy"]))]
    expect_state(after, best, hint, rtol=5e-3, atol=1e-3)
    case = _close_case(rng)
    best = int(np.argmax(case[-2]["val_accuracy"]))
    _, found = _model_after(student, case)
    expect(best in found, "one image more is better, however many there are: do not round")


def _late_best(history, start):
    """The accuracy climbs to its best, not in the first or last epoch; the untrained model is worse."""
    accuracies = history["val_accuracy"]
    best = int(np.argmax(accuracies))
    unique = accuracies.count(accuracies[best]) == 1
    climbs = bool((np.diff([start, *accuracies[: best + 1]]) > 0).all())
    return unique and climbs and 0 < best < len(accuracies) - 1


def _close_case(rng, copies=3000):
    """A `_late_best` case with so many easy images that all accuracies are 1 to two digits."""
    while True:
        *case, (images, labels) = _fit_case(rng, _late_best)
        layers, start, states = case[0], case[1], case[4]
        predicted = [ref.outputs(layers, s, images).argmax(1) for s in (start, *states)]
        (easy,) = np.nonzero((np.array(predicted) == predicted[0]).all(axis=0))
        if len(easy):
            more = np.repeat(images[easy[:1]], copies, axis=0)
            right = np.full(copies, predicted[0][easy[0]], labels.dtype)
            return *case, (np.concatenate([images, more]), np.concatenate([labels, right]))


@check("trainer", points=0.5)
def fit_takes_the_first_of_equals(student, rng):
    """Of several epochs with the same best accuracy, be it 0, the first one counts."""
    case = _fit_case(rng, _tied_best)
    accuracies = np.array(case[-2]["val_accuracy"])
    _, *later = np.flatnonzero(accuracies == accuracies.max()).tolist()
    _, found = _model_after(student, case)
    expect(bool(found), "depends on the best epoch: the model holds the weights of no epoch")
    expect(not set(found) & set(later), "two epochs are equally good: a later one is kept")
    layers, state, data, lr, states, val = _hopeless_case(rng)
    (result,) = _fit(student, layers, state, [[data, [list(val)], len(states)]], lr)
    found = _epochs_like(result["state"], states)
    expect(0 in found, "every epoch has accuracy 0: the first one is not kept")


def _hopeless_case(rng):
    """Two epochs with accuracy 0; the second has the lower training and the higher other loss."""
    while True:
        layers, state, data = _training_case(rng, sizes=[6, 7, 5])
        images = ref.floats(rng, 14, *data[0][0].shape[1:])
        lr = float(rng.uniform(0.5, 1.0))
        losses, states, logits = ref.epochs(layers, state, data, lr, 2, images)
        first, second = (x.argmax(1) for x in logits)
        # With three classes one is left where both epochs answer the same, and where they do not.
        labels = np.where(first == second, (first + 1) % 3, 3 - first - second).astype(np.int64)
        val_losses = _histories(losses, logits, labels[None])[0]["val_loss"]
        clear = min(ref.margin(x) for x in logits) > 1e-3
        if clear and losses[1] < losses[0] and val_losses[1] > val_losses[0]:
            return layers, state, data, lr, states, (images, labels)


@check("trainer", points=0.5)
def fit_restores_batch_norm_too(student, rng):
    """The running statistics of batch norm belong to the epoch that is kept as well."""
    case = _fit_case(rng, _early_best_after_the_first, norm=True)
    states = case[4]
    after, found = _model_after(student, case)
    expect(bool(found), "depends on the best epoch: the model holds the weights of no epoch")
    kept = {name: value for name, value in states[found[0]].items() if "running" in name}
    hint = "A model is more than its parameters: which entries does a state dict have?"
    expect_state(after, kept, hint, rtol=1e-2, atol=5e-3)


@check("trainer", points=1)
def fit_may_be_called_again(student, rng):
    """A second call trains on from the weights that the first one has left in the model."""
    change = 0.0
    while change < 0.03:  # The second call's loss should tell whether the weights move.
        case = _fit_case(rng, _early_best)
        layers, state, data, lr, states, history, (images, labels) = case
        best = states[int(np.argmax(history["val_accuracy"]))]
        (moved,), (still,) = (ref.epochs(layers, best, data, r, 1, images)[0] for r in (lr, 0.0))
        change = abs(moved - still) / still
    val = _split(images, labels)
    fits = [[data, val, len(states)], [data, val, 1]]
    first, second = _fit(student, layers, state, fits, lr)
    expect(
        bool(_epochs_like(first["state"], states)),
        "depends on the first call: it leaves the weights of no epoch in the model",
    )
    left = first["state"].mapping(state, "the weights")
    start = {name: _usable(left[name], value.shape, name) for name, value in state.items()}
    losses, later, _ = ref.epochs(layers, start, data, lr, 1, images)
    hint = "Does it start at the model's weights, in the parameters that the optimizer holds?"
    got = _recorded(second, "train_loss").array((-1,), "history['train_loss']")
    expect_close(got[-1:], losses, hint, what="the losses of the second call", rtol=5e-3)
    # The better of two calls may be kept.
    kept = _epochs_like(second["state"], [*later, start])
    expect(bool(kept), "the model holds neither the new weights nor those of the first call")


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
    """The file holds a state dict and nothing else: it loads without running code."""
    layers, state, _, _ = _file_case(rng)
    reply = student.call(probes.saved_file, layers, state)
    kind = reply["kind"].text()
    expect(kind == "state", f"at `path`: expected a saved state dict, got {kind[:40]}")
    saved = reply["state"].mapping(what="the file")
    # Whether anything is missing shows when it is loaded.
    expected = {name: value for name, value in state.items() if name in saved}
    expect(set(saved) <= set(state), "the file has entries that are not in model.state_dict()")
    expect("2.weight" in saved, "the file lacks weights that are in model.state_dict()")
    hint = "The file should hold what model.state_dict() gives"
    expect_state(reply["state"], expected, hint, what="the file", rtol=1e-6, atol=1e-7)
    hint = "Saving should leave the model as it is"
    expect_state(reply["model"], state, hint, what="the model", rtol=1e-6, atol=1e-7)


@check("save_model", points=0.5)
def load_works_without_the_device(student, rng):
    """A file written on a device that is missing here can be loaded."""
    layers, state, other, _ = _file_case(rng)
    after = student.call(probes.load_foreign_file, layers, state, other)
    expect_state(after, state, "Are the saved weights in the model?", rtol=1e-6, atol=1e-7)


# l1_penalty, l2_penalty


PENALTIES = {"l1_penalty": np.abs, "l2_penalty": np.square}


def _penalty_case(rng):
    """A nested network with other layers in it, and the names of its Linear weights."""
    a, b, c, d = ref.distinct_sizes(rng, 4)
    inner = [["Linear", b, c], ["LayerNorm", c], ["Sequential", [["Linear", c, d, False]]]]
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["ReLU"], ["Sequential", inner]]
    layers += [["Embedding", 5, d], ["Conv1d", d, a, 2], ["Linear", d, a]]
    names = ["0.weight", "3.0.weight", "3.2.0.weight", "6.weight"]
    return layers, ref.drawn_state(rng, layers), names


def _plain_linears(matrices):
    """The layers and the state of a network with nothing but these matrices."""
    layers = [["Linear", *matrix.shape[::-1], False] for matrix in matrices]
    return layers, {f"{index}.weight": matrix for index, matrix in enumerate(matrices)}


def _penalty(student, name, layers, state):
    reply = student.call(probes.penalty_of, name, layers, state, 1.0)
    return float(_usable(reply["value"], (), name, "It should be a scalar"))


def _expect_penalty(student, rng, name):
    a, b, c = ref.distinct_sizes(rng, 3)
    matrices = [ref.floats(rng, b, a), ref.floats(rng, c, b)]
    got = _penalty(student, name, *_plain_linears(matrices))
    expected = sum(PENALTIES[name](m.astype(np.float64)).sum() for m in matrices)
    hint = "Two Linear layers without biases: is it a sum, without a root?"
    expect_close(got, expected, hint, what=name, rtol=1e-3)


@check("l1_penalty", points=0.5)
def l1_sums_absolute_weights(student, rng):
    """l1_penalty is the sum of the absolute entries of weight matrices."""
    _expect_penalty(student, rng, "l1_penalty")


@check("l1_penalty", points=0.5)
def l2_sums_squared_weights(student, rng):
    """l2_penalty is the sum of the squared entries of weight matrices."""
    _expect_penalty(student, rng, "l2_penalty")


@check("l1_penalty", points=1)
def penalties_are_of_linear_weights(student, rng):
    """The weights of all Linear layers count, however nested; no biases and no other layers."""
    for name in PENALTIES:
        layers, state, names = _penalty_case(rng)
        # The same matrices alone give the same penalty, whatever is done with their entries.
        alone = _penalty(student, name, *_plain_linears([state[n] for n in names]))
        fewer = _penalty(student, name, *_plain_linears([state[n] for n in names[1:]]))
        expect(alone > fewer > 0, f"{name}: another Linear layer should make it larger")
        hint = "It should be that of the Linear layers' weight matrices alone"
        got = _penalty(student, name, layers, state)
        expect_close(got, alone, hint, what=f"{name} of a nested network", rtol=1e-3)


@check("l1_penalty", points=1)
def penalties_are_differentiable(student, rng):
    """Both can be part of a loss: their gradients reach the weights."""
    for name in PENALTIES:
        a, b, c = ref.distinct_sizes(rng, 3)
        layers, state = _plain_linears([ref.floats(rng, b, a), ref.floats(rng, c, b)])
        state["0.weight"][0, 0] = 0  # where a root has no slope
        factor = float(rng.uniform(0.5, 2))
        reply = student.call(probes.penalty_of, name, layers, state, factor)
        expect(
            not reply["gradients"].is_none,
            f"{name} gives no gradient: return a tensor with a graph",
        )
        gradients = reply["gradients"].mapping(state, "the gradients")
        # Each matrix for itself: how the own value changes when it grows or shrinks.
        for which, matrix in state.items():
            more, less = (
                _penalty(student, name, layers, state | {which: np.float32(scale * matrix)})
                for scale in (1.05, 0.95)
            )
            slope = factor * (more - less) / 0.1
            gradient = _usable(gradients[which], matrix.shape, "the gradient")
            expect(slope > 0, f"{name}: larger weights should make it larger")
            expect_close((gradient * matrix).sum(), slope, what=f"{name}: the gradient", rtol=0.02)
            away = bool((gradient * matrix >= 0).all())
            expect(away, f"{name}: a step along the gradient should make every weight larger")


# initialize


SCHEMES = ("xavier_uniform", "kaiming_normal", "zeros")


def _initialize_case(rng):
    """A network large enough for statistics, with Linear layers at three depths, and others."""
    a, b, c = (int(n) for n in rng.permutation([60, 200, 330]) + rng.integers(0, 20, size=3))
    inner = [["LayerNorm", b], ["Sequential", [["ReLU"], ["Linear", b, c]]]]
    layers = [["Linear", a, b], ["BatchNorm1d", b], ["Sequential", inner]]
    layers += [["Embedding", 4, 6], ["Conv1d", 3, 4, 2], ["Linear", c, a]]
    return layers, ref.drawn_state(rng, layers)


OUTER, NESTED = ("0.weight", "5.weight"), "2.1.1.weight"


def _initialized(student, layers, state, scheme):
    """The state of the model that comes back, or, if none does, of the one that was given."""
    return student.call(probes.initialized, layers, state, scheme)["state"]


def _outer_weights(student, rng, scheme):
    layers, state = _initialize_case(rng)
    after = _initialized(student, layers, state, scheme)
    return {name: _usable(after[name], state[name].shape, name) for name in OUTER}


def _expect_spread(name, weight, std):
    ratio = weight.std() / std
    expect(
        abs(ratio - 1) < 0.05,
        f"{name}: its standard deviation is {compared(ratio)} for the scheme and its fans",
    )
    expect(abs(weight.mean()) < 0.05 * std, f"{name}: expected mean zero")


@check("initialize", points=0.5)
def xavier_uniform_has_its_bound(student, rng):
    """xavier_uniform: uniform up to the bound of fan_in and fan_out."""
    for name, weight in _outer_weights(student, rng, "xavier_uniform").items():
        bound = math.sqrt(6 / sum(weight.shape))
        _expect_spread(name, weight, bound / math.sqrt(3))
        largest = np.abs(weight).max() / bound
        fits = 0.98 < largest < 1.0001
        expect(fits, f"{name}: the largest weight is {compared(largest)} for the bound")


@check("initialize", points=0.5)
def kaiming_normal_has_its_spread(student, rng):
    """kaiming_normal: normal, as wide as fan_in and ReLU ask for."""
    for name, weight in _outer_weights(student, rng, "kaiming_normal").items():
        _expect_spread(name, weight, math.sqrt(2 / weight.shape[1]))
        _expect_normal(weight, name, 0.03)


@check("initialize", points=0.5)
def zeros_are_zeros(student, rng):
    """zeros: every weight is zero, which no other scheme makes them."""
    for name, weight in _outer_weights(student, rng, SCHEMES[0]).items():
        _expect_drawn(weight, name)
    for name, weight in _outer_weights(student, rng, "zeros").items():
        expect(not weight.any(), f"{name}: expected zeros")


@check("initialize", points=0.5)
def every_linear_layer_is_reached(student, rng):
    """A Linear gets new weights however deep it is nested."""
    for scheme in SCHEMES:
        layers, state = _initialize_case(rng)
        after = _initialized(student, layers, state, scheme)
        twin = _initialized(student, *_twins(rng), scheme)
        first, second = (_usable(twin[name], None, name) for name in ("0.weight", "2.weight"))
        if scheme != "zeros":
            same = first.shape == second.shape and bool((first == second).any())
            expect(not same, f"{scheme}: two layers of one size get the same weights: draw anew")
        for name, where in ((OUTER[0], "at the top"), (NESTED, "three levels deep")):
            weight = _usable(after[name], state[name].shape, name)
            same = (weight == state[name]).mean()
            expect(same < 0.01, f"{scheme}: a Linear {where} keeps its weights")
            if scheme != "zeros":
                _expect_drawn(weight, f"{scheme}: a Linear {where}")


def _twins(rng):
    """A network with two Linear layers of one size, and its state."""
    size = int(rng.integers(20, 40))
    layers = [["Linear", size, size], ["ReLU"], ["Linear", size, size]]
    return layers, ref.drawn_state(rng, layers)


@check("initialize", points=0.5)
def biases_become_zero(student, rng):
    """The biases of Linear layers become zero; a Linear without one is fine."""
    for scheme in SCHEMES:
        a, b = ref.distinct_sizes(rng, 2)
        layers = [["Linear", a, b], ["ReLU"], ["Linear", b, a, False]]
        state = ref.drawn_state(rng, layers)
        after = _initialized(student, layers, state, scheme)
        bias, weight = after["0.bias"], _usable(after["0.weight"], (b, a), "0.weight")
        if scheme != "zeros":
            _expect_drawn(weight, f"{scheme}: the weights")
        expect_close(bias, np.zeros(b), "Expected zeros", what=f"{scheme}: the bias of a Linear")


@check("initialize", points=0.5)
def other_layers_stay(student, rng):
    """Norm layers, convolutions and embeddings keep their weights."""
    for scheme in SCHEMES:
        layers, state = _initialize_case(rng)
        after = _initialized(student, layers, state, scheme)
        weight = _usable(after[OUTER[0]], state[OUTER[0]].shape, OUTER[0])
        expect(bool((weight != state[OUTER[0]]).any()), f"{scheme} leaves a Linear unchanged")
        prefixes = ("0.", "5.", NESTED.removesuffix("weight"))
        rest = {name: value for name, value in state.items() if not name.startswith(prefixes)}
        hint = "Only Linear layers are meant"
        expect_state(after, rest, hint, what=scheme, rtol=1e-6, atol=1e-7)


@check("initialize", points=0.5)
def initialize_works_in_place(student, rng):
    """The given model's own parameters are changed, and it is returned."""
    a, b = ref.distinct_sizes(rng, 2)
    layers = [["Linear", a, b], ["ReLU"], ["Linear", b, a]]
    state, x = ref.drawn_state(rng, layers), ref.floats(rng, 5, a)
    scheme = str(rng.choice(SCHEMES[:2]))
    reply = student.call(probes.initialized_and_returned, layers, state, scheme, x)
    after, returned = reply.fields("state", "returned")
    own = {name: _usable(after[name], value.shape, name) for name, value in state.items()}
    changed = bool((own["0.weight"] != state["0.weight"]).all())
    expect(changed, "the model's own parameters keep their values: none of them may be replaced")
    expect(not returned.is_none, "initialize should return the model")
    shifted = {name: np.float32(value + 1) for name, value in own.items()}
    expected = ref.outputs(layers, shifted, x)
    expect(bool(np.isfinite(expected).all()), "the model's output is nan or inf")
    hint = "initialize should return the very model that it was given"
    expect_close(returned, expected, hint, what="its output", rtol=1e-3, atol=1e-3)


@check("initialize", points=0.5)
def unknown_schemes_are_refused(student, rng):
    """An unknown scheme raises ValueError; the three known ones do not."""
    a, b = ref.distinct_sizes(rng, 2)
    layers = [["Linear", a, b], ["ReLU"], ["Linear", b, a]]
    state = ref.drawn_state(rng, layers)
    for name in SCHEMES:
        _initialized(student, layers, state, name)
    unknown = "".join(rng.choice(list("abcdefgh"), size=6))
    for name in (unknown, "xavier_normal", "kaiming_uniform", "ones", "zero"):
        reply = student.call(traces.refused, "initialize", layers, state, name)
        expect(reply["refused"].flag(), f"the unknown scheme '{name}' should raise ValueError")


# moving_average


def _averages(student, values, window, kind):
    """What comes back, the means that it should be, and the values after the call."""
    reply = student.call(probes.averaged, values, window, kind)
    got = _usable(reply["means"], (-1,), "the means")
    windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.float64), window)
    return got, windows.mean(axis=1), reply["values"]


def _expect_run(got, expected, hint=""):
    """One of the two is a stretch of the other: how many there are is another check's business."""
    shorter, longer = sorted((got, expected), key=len)
    count = len(shorter)
    fits = 2 * count >= len(longer) and any(
        np.allclose(shorter, longer[i : i + count], rtol=1e-4, atol=1e-5)
        for i in range(len(longer) - count + 1)
    )
    expect(fits, f"the means of neighbouring windows, one after another, are not there. {hint}")


@check("moving_average", points=1)
def averages_full_windows_only(student, rng):
    """There is one number per full window: `len(values) - window + 1` in all."""
    count = int(rng.integers(20, 40))
    cases = [(count, int(rng.integers(2, 6))), (count, 1), (count, count)]
    for count, window in cases:
        values = rng.normal(size=count)
        got, expected, _ = _averages(student, values, window, "list")
        what = f"{count} values and window {window}: got {len(got)} numbers"
        expect(len(got) == len(expected), f"{what}, expected one per full window")
        # Roughly: what the numbers are is another check's business.
        follows = window == count or np.corrcoef(got, expected + 1e-9 * values[: len(got)])[0, 1]
        expect(bool(follows > 0.5), f"window {window}: the numbers do not follow the values")


@check("moving_average", points=0.5)
def averages_are_means_of_neighbours(student, rng):
    """Each number is the mean of `window` neighbouring values, each window one value further."""
    for window in (2, int(rng.integers(3, 6))):
        got, expected, _ = _averages(student, rng.normal(size=30), window, "list")
        _expect_run(got, expected)


@check("moving_average", points=0.5)
def averages_of_integers_and_arrays(student, rng):
    """Integers and arrays may be averaged too; the values stay unchanged."""
    floats, whole = rng.normal(size=24), rng.integers(-9, 9, size=24)
    for values, kind in ((floats, "list"), (floats, "array"), (whole, "list"), (whole, "array")):
        got, expected, after = _averages(student, values, 3, kind)
        what = "integers" if values is whole else "numbers"
        _expect_run(got, expected, f"Here is a{'n' if kind == 'array' else ''} {kind} of {what}")
        hint = "Which operation changes what was passed?"
        expect_close(after, values, hint, what="the values after the call")


# accuracy_per_class


def _shares(groups, labels, predicted):
    """Class → share of right predictions in each group that has one, e.g. `groups=labels`."""
    right = labels == predicted
    return {int(c): right[groups == c].mean() for c in np.unique(groups)}


def _class_case(rng, num_classes):
    """An evaluation case with images of every class, and each class's accuracy."""
    while True:
        layers, state, data, logits, labels = evaluation_case(rng, num_classes)
        x, y = data.pop()
        data += [[x[:1], y[:1]], [x[1:], y[1:]]]
        predicted = logits.argmax(1)
        shares = _shares(labels, labels, predicted)
        if len(shares) < num_classes or len(set(predicted.tolist())) < num_classes:
            continue
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
            return layers, state, data, [float(shares[c]) for c in range(num_classes)]


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
    for num_classes in (3, int(rng.integers(4, 6))):
        layers, state, data, expected = _class_case(rng, num_classes)
        reply = student.call(
            probes.class_accuracies, layers, state, data, num_classes, data[0][0], False
        )
        hint = "Divide the right ones of a class by the images of that class, over all batches"
        expect_close(_class_values(reply, num_classes), expected, hint)


@check("accuracy_per_class", points=0.5)
def absent_class_is_nan(student, rng):
    """A class without images has accuracy nan, every other class a number."""
    num_classes = 4
    layers, state, data, _ = _class_case(rng, num_classes - 1)
    # One class more in the answer than the labels and the model know.
    reply = student.call(
        probes.class_accuracies, layers, state, data, num_classes, data[0][0], False
    )
    *present, absent = _class_values(reply, num_classes)
    for c, value in enumerate(present):
        expect(0 <= value <= 1, f"class {c} has images: expected a number from 0 to 1")
    expect(np.ptp(present) > 0 or present[0] < 1, "every class is said to be right throughout")
    last = num_classes - 1
    expect(math.isnan(absent), f"class {last} has no images: expected nan")


@check("accuracy_per_class", points=1)
def class_accuracies_leave_the_model(student, rng):
    """The model is evaluated in evaluation mode and left unchanged, without gradients."""
    layers, state, data, _ = _class_case(rng, 3)
    images, _ = ref.joined(data)
    # Every answer is right here, so it matters little how they are counted.
    predicted = ref.outputs(layers, state, images).argmax(1).astype(np.int64)
    data = ref.relabelled(data, predicted)
    reply = student.call(probes.class_accuracies, layers, state, data, 3, data[0][0], True)
    got = _class_values(reply, 3)
    expect(all(got[c] > 0 for c in set(predicted.tolist())), "in evaluation mode some are right")
    expect_no_gradients(reply, state)
    expect_unchanged(reply, state)
    layers, state, x, width = _nested_mode_case(rng)
    for training in (True, False):
        data = [[x[:width], np.arange(width)]]
        reply = student.call(probes.class_accuracies, layers, state, data, width, x, training)
        expect_mode(reply, layers, state, x, training)
