"""Pictures of wrong answers to assignment 04, for feedback."""

import numpy as np

from autograder.checking.pictures import RIGHT, SECONDS, YOURS, expect_different

from . import checks


def _profile(name: str, what: str):
    """RMS per layer of ten layers of 64 with LeakyReLU: the student's numbers and the right ones."""

    def draw(student, figure):
        generator = np.random.default_rng(0)
        layers, size = [], 64
        for _ in range(10):
            layers += [["Linear", size, size], ["LeakyReLU", 0.1]]
        layers.append(["Linear", size, 4])
        state = checks.drawn_state(generator, layers)
        x = generator.normal(size=(32, size)).astype(np.float32)
        y = generator.integers(4, size=32).astype(np.int64)
        inputs = (x,) if name == "activation_rms" else (x, y)
        reply = checks.measured(student, name, layers, state, *inputs, timeout=SECONDS)
        yours = reply["values"].numbers(what=what)
        if name == "activation_rms":
            right = checks.expected_activations(layers, state, x)
        else:
            right, _ = checks.expected_gradients(layers, state, x, y)
        expect_different(yours, right)
        axes = figure.add_subplot()
        layer = np.arange(1, len(right) + 1)
        axes.fill_between(layer, right / 1.1, right * 1.1, color=RIGHT, alpha=0.25, linewidth=0)
        axes.plot(layer, right, color=RIGHT, label="right (band: ± 10 %)")
        shown = yours[:30]
        axes.plot(
            np.arange(1, len(shown) + 1), shown, "o--", color=YOURS, markersize=4, label="yours"
        )
        axes.set(xlabel=what, ylabel="RMS", yscale="log" if (shown > 0).all() else "linear")
        axes.legend(fontsize=8)
        return (
            f"{name} of a network with ten hidden layers of 64. Expected: {len(right)} numbers; "
            f"yours: {len(yours)}."
        )

    return draw


PICTURES = {
    "activation_rms": _profile("activation_rms", "activation"),
    "gradient_rms": _profile("gradient_rms", "weight, first layer first"),
}
