"""Assignment 03: the table of what each variant reaches on the given curve.

The oracle is NumPy in double precision with the curve's derivatives by hand. Where a variant
converges, its last point is stable to rounding; where it does not, only that is compared.
"""

import numpy as np
import pytest
from conftest import reference_of

START, UPDATES = (5.0, 5.0), 100


@pytest.fixture(scope="module")
def notebook():
    return reference_of("03_optimizers")


def loss(w):
    return np.tanh(w[0]) ** 2 + 0.01 * abs(w[0]) + 1 / (1 + np.exp(-w[1]))


def gradient(w):
    across = 2 * np.tanh(w[0]) / np.cosh(w[0]) ** 2 + 0.01 * np.sign(w[0])
    # sigmoid' written so that nothing overflows far out.
    return np.array([across, 0.25 / np.cosh(w[1] / 2) ** 2])


def run(step, keep_gradients=False):
    """The point after 100 updates; `step(w, g, t)` gives the next one, t from 1."""
    w, g = np.array(START), np.zeros(2)
    for t in range(1, UPDATES + 1):
        g = keep_gradients * g + gradient(w)
        w = step(w, g, t)
    return w


def momentum(lr=10, beta=0.9, new=0.1):
    m = np.zeros(2)

    def step(w, g, t):
        m[:] = beta * m + new * g
        return w - lr * m

    return step


def adam(lr=1, correct=True):
    m, v = np.zeros(2), np.zeros(2)

    def step(w, g, t):
        m[:], v[:] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        first, second = (1 - 0.9**t, 1 - 0.999**t) if correct else (1, 1)
        return w - lr * (m / first) / (np.sqrt(v / second) + 1e-8)

    return step


def arrives(w):
    return bool(w[1] < -7.5 and abs(w[0]) < 0.1 and loss(w) < 0.01)


@pytest.mark.parametrize(
    "step, stated",
    [(momentum(), (-0.01, -13.07, 0.0003)), (adam(), (0.00, -12.63, 0.0000))],
    ids=["momentum", "adam"],
)
def test_what_converges_ends_where_the_table_says(step, stated):
    w = run(step)
    assert arrives(w)
    assert w == pytest.approx(stated[:2], abs=0.006)
    assert loss(w) == pytest.approx(stated[2], abs=6e-5)


@pytest.mark.parametrize(
    "step, keep",
    [
        (momentum(new=1), False),
        (momentum(), True),
        (adam(correct=False), False),
        (momentum(beta=0.1, new=0.9), False),
        (lambda w, g, t: w - 10 * g, False),
    ],
    ids=["no_factor", "no_zero_grad", "no_bias_correction", "swapped", "plain_sgd"],
)
def test_what_does_not_converge(step, keep):
    w = run(step, keep)
    assert not arrives(w) and loss(w) > 1
    assert keep or w[1] < -6, "w2 alone tells little: it falls for all of them"


@pytest.mark.parametrize(
    "name, lr, step", [("SGDMomentum", 10, momentum), ("Adam", 1, adam)], ids=["momentum", "adam"]
)
def test_the_solved_notebook_ends_there_too(notebook, name, lr, step):
    solved = notebook.namespace()
    path = solved["train_curve"](
        lambda params: solved[name](params, lr=lr),
        solved["pathological_curve_loss"],
        UPDATES + 1,
        START,
    )
    assert path[-1, :2] == pytest.approx(run(step()), abs=0.01)
    assert path[-1, 2] == pytest.approx(loss(path[-1, :2].astype(float)), abs=1e-6)
