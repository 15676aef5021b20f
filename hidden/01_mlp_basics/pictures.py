"""Pictures of wrong answers to assignment 01, for feedback."""

import numpy as np

from autograder.checking import CheckFailed
from autograder.checking.pictures import RIGHT, SECONDS, YOURS, expect_different

from . import probes


def _moving_average(student, figure) -> str:
    steps, window = np.arange(60), 10
    noise = np.random.default_rng(0).normal(scale=0.15, size=len(steps))
    values = np.exp(-steps / 25) + noise
    reply = student.call(probes.averaged, values, window, "list", timeout=SECONDS)
    yours = reply["means"].array((-1,))
    if not 0 < len(yours) <= 10 * len(steps):
        raise CheckFailed("not a list of means")
    right = np.convolve(values, np.ones(window) / window, mode="valid")
    expect_different(yours, right)
    axes = figure.add_subplot()
    axes.plot(steps, values, color="#bbbbbb", label="values")
    axes.plot(steps[window - 1 :], right, color=RIGHT, label="mean of each full window, at its end")
    ends = np.arange(len(yours)) + window - 1
    axes.plot(ends, yours, "--", color=YOURS, label="yours, in its order")
    axes.set(xlabel="position")
    axes.legend(fontsize=8)
    return (
        f"{len(values)} values, window {window}. Expected: {len(right)} means; yours: {len(yours)}."
    )


PICTURES = {"moving_average": _moving_average}
