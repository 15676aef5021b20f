"""Whether a model is evaluated as it should be and left unchanged: cases and judgements.

The replies are those of `traces.observed`.
"""

import numpy as np
import torch

from autograder.checking import expect, expect_close

from . import reference as ref
from .networks import restored


def evaluation_case(rng, num_classes=3, conv=False):
    """A network with batch norm and dropout, its state, ragged data, logits and labels.

    Every prediction has a clear winner, so accuracies do not depend on rounding.
    """
    shape, layers = ref.small_network(rng, num_classes, conv=conv, norm=True, dropout=True)
    while True:
        state = ref.drawn_state(rng, layers)
        sizes = [*(int(n) for n in rng.integers(6, 12, size=2)), 2]
        data = ref.ragged_data(rng, shape, num_classes, sizes)
        images, labels = ref.joined(data)
        logits = ref.outputs(layers, state, images)
        if ref.margin(logits) > 1e-3:
            break
    # Most labels are right in the first batches and wrong in the last: their scores differ.
    favoured = np.where(rng.random(len(labels)) < 0.6, logits.argmax(1), labels)
    favoured[-2:] = (logits[-2:].argmax(1) + 1) % num_classes
    return layers, state, ref.relabelled(data, favoured), logits, favoured


def mode_case(rng):
    """A network that shows its mode: its output is that of batch norm, tanh and dropout."""
    size, width = int(rng.integers(3, 6)), int(rng.integers(6, 10))
    layers = [["Flatten"], ["Linear", size, width], ["BatchNorm1d", width], ["Tanh"]]
    layers += [["Dropout", 0.5]]
    state = ref.drawn_state(rng, layers)
    return layers, state, ref.floats(rng, 60, 1, 1, size), width


def expect_mode(reply, layers, state, x, training):
    """The output of a `mode_case` after the call shows batch norm and dropout in one mode."""
    model = restored(layers, state).eval()
    model[2].train(training)
    with torch.no_grad():
        kept = model(torch.tensor(x)).numpy()
    what = "the output after the call"
    after = reply["after"].array(kept.shape, what)
    share = (after == 0).mean()
    if training:
        expect(0.3 < share < 0.7, "dropout was in training mode before the call, not after it")
        kept = 2 * kept
    else:
        expect(share < 0.05, "dropout was in evaluation mode before the call, not after it")
    shown = after != 0
    mode = "training" if training else "evaluation"
    hint = f"Batch norm was in {mode} mode before the call"
    expect_close(after[shown], kept[shown], hint, what=what, rtol=5e-3, atol=2e-3)


def expect_no_gradients(reply, state):
    """No graph was built, the parameters have no gradients, and gradients are on again."""
    tracked = [item.flag() for item in reply["tracked"].items()]
    expect(bool(tracked), "the model was never called")
    expect(not any(tracked), "the model's outputs carry a graph: evaluation needs no gradients")
    parameters = [a for name, a in state.items() if name.endswith(("weight", "bias"))]
    gradients = reply["gradients"].items(len(parameters), "the gradients")
    for gradient, parameter in zip(gradients, parameters, strict=True):
        none = gradient.is_none or not gradient.array(parameter.shape, "a gradient").any()
        expect(none, "evaluation left gradients in the parameters")
    expect(reply["still_tracks"].flag(), "gradients are still switched off after the call")


def expect_state(reply, expected, hint, *, what="the weights", rtol=1e-3, atol=1e-4):
    """The state dict of a reply has the entries of `expected`; it may have others as well."""
    got = reply.mapping(what=what)
    for name, value in expected.items():
        expect(name in got, f"{what}: {name} is missing")
        expect_close(got[name], value, hint, what=f"{what}: {name}", rtol=rtol, atol=atol)


def expect_unchanged(reply, state):
    """The model's state after the call is still `state`."""
    hint, what = "Evaluation changes nothing in the model", "the state after the call"
    expect_state(reply["state"], state, hint, what=what, rtol=1e-6, atol=1e-7)
