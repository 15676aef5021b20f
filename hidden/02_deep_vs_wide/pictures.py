"""Pictures of wrong answers to assignment 02, for feedback."""

import contextlib

import numpy as np

from autograder.checking import CheckFailed
from autograder.checking.pictures import RIGHT, SECONDS, YOURS, expect_different

from . import checks, probes


def _widths(student, figure) -> str:
    budget, depths = 1000, range(1, 9)
    replies = student.call(
        probes.widths, [(budget, depth, 2, 4) for depth in depths], timeout=SECONDS
    )
    found = {}
    for depth, reply in zip(depths, replies.items(len(depths)), strict=True):
        with contextlib.suppress(CheckFailed):
            width = reply["width"].number()
            if 0 <= width <= 10 * budget:
                found[depth] = checks.cost(width, depth, 2, 4)
    right = [checks.widest(budget, depth, 2, 4) for depth in depths]
    right = [checks.cost(width, depth, 2, 4) for width, depth in zip(right, depths)]
    expect_different(np.array(list(found.values())), np.array(right))
    if not found:
        raise CheckFailed("there is no width")
    axes = figure.add_subplot()
    axes.bar(list(found), list(found.values()), color=YOURS, alpha=0.8, label="with your width")
    axes.axhline(budget, color=RIGHT, label=f"budget: {budget:,}")
    axes.set(
        xlabel="hidden layers", ylabel="parameters", ylim=(0, 1.3 * max(budget, *found.values()))
    )
    axes.legend(fontsize=8, loc="upper right")
    return (
        f"Parameters of the networks with 2 inputs, 4 classes and the widths that your function "
        f"gives for a budget of {budget:,}. No bar may cross the line, but each should come close to it."
    )


PICTURES = {"width_for_budget": _widths}
