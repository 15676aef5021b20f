"""Pictures of wrong answers to assignment 03, for feedback."""

import numpy as np

from autograder.checking.pictures import RIGHT, SECONDS, YOURS, expect_different

from . import checks, probes


def _path(name: str, lr: float):
    def draw(student, figure):
        start = np.array([5, 5], dtype=np.float32)
        reply = student.call(probes.descents, name, [start], [lr], 100, timeout=SECONDS)
        yours = reply.items(1)[0].array((101, 2), "the path")
        rule, right = checks.RULES[name](), [start.astype(np.float64)]
        for _ in range(100):
            right.append(rule.step(right[-1], checks.slopes(*right[-1]), lr))
        right = np.array(right)
        # Rounding grows along a path: only from its own places can its steps be judged.
        rule = checks.RULES[name]()
        steps = [rule.step(0.0, checks.slopes(*place), lr) for place in yours[:-1]]
        expect_different(np.diff(yours, axis=0), np.array(steps))
        axes = figure.add_subplot()
        w1, w2 = np.meshgrid(np.linspace(-6, 6, 121), np.linspace(-14, 8, 111))
        axes.contourf(w1, w2, checks.curve(w1, w2), levels=18, cmap="Greys", alpha=0.4)
        for path, color, style, label in (
            (right, RIGHT, "-", "the stated rule"),
            (yours, YOURS, "--", "yours"),
        ):
            axes.plot(*path.T, style, color=color, marker=".", markersize=4, label=label)
            axes.plot(*path[-1], "o", color=color)
        axes.set(xlim=(-6, 6), ylim=(-14, 8), xlabel="w1", ylabel="w2")
        axes.legend(loc="lower right", fontsize=8)
        end = ", ".join(f"{value:.3g}" for value in yours[-1])
        return (
            f"100 updates of {name} on the given curve, from (5, 5) with learning rate {lr:g}. "
            f"Yours ends at w1, w2 = {end}."
        )

    return draw


PICTURES = {
    "sgd": _path("SGD", 10.0),
    "sgd_momentum": _path("SGDMomentum", 10.0),
    "adam": _path("Adam", 1.0),
}
