"""Assignment 03: the figures that its text states, and what each variant reaches on its curve.

The oracle is NumPy in double precision with the curve's derivatives by hand. Where a variant
converges, its last point is stable to rounding; where it does not, only that is compared.
"""

import functools
import inspect

import numpy as np
import pytest
import stated
import torch
from conftest import reference_of
from stated import Above, Below

from helpers import contest

A = "03_optimizers"
TEXT = stated.text_of(A)
START, UPDATES = (5.0, 5.0), 100
RATES = contest.RATES
read, given = (functools.partial(f, A) for f in (stated.read, stated.given))


@functools.cache
def solved():
    """The names of the solved notebook."""
    return reference_of(A).namespace()


def default(name, parameter):
    return inspect.signature(solved()[name]).parameters[parameter].default


# Curves


def loss(w):
    return np.tanh(w[0]) ** 2 + 0.01 * abs(w[0]) + 0.5 * (1 + np.tanh(w[1] / 2))


def slope(w2):
    """The slope along w2, written so that nothing overflows far out."""
    return 0.25 / np.cosh(w2 / 2) ** 2


def gradient(w):
    across = 2 * np.tanh(w[0]) / np.cosh(w[0]) ** 2 + 0.01 * np.sign(w[0])
    return np.array([across, slope(w[1])])


def curvature(f, x=0.0, h=1e-3):
    """The second derivative of a function of a tensor, by differences."""
    low, middle, high = (f(torch.tensor(x + d, dtype=torch.float64)).item() for d in (-h, 0, h))
    return (low - 2 * middle + high) / h**2


def across():
    """The curvature of the curve across its ravine, without the kink."""
    return curvature(lambda w: torch.tanh(w) ** 2)


def border():
    """From which product of learning rate and curvature on SGD on w² does not come closer."""
    steps = given("steps_on_parabola")
    return next(2 * lr for lr in np.arange(0.01, 2, 0.01) if abs(steps(lr, 2)[1]) >= 1)


def small_steps():
    """Learning rate times number of updates, from 5 down to -7.5 in small steps."""
    w2 = np.linspace(-7.5, 5, 100_001)
    return float(np.trapezoid(1 / slope(w2), w2))


# Optimizers


def path(step, start=START, gradient=gradient, keep_gradients=False, num_updates=UPDATES):
    """The points before and after each of the updates; `step(w, g, t)` gives the next, t from 1."""
    points, g = [np.array(start, dtype=float)], np.zeros(2)
    for t in range(1, num_updates + 1):
        g = keep_gradients * g + gradient(points[-1])
        points.append(step(points[-1], g, t))
    return points


def sgd(lr=10.0):
    return lambda w, g, t: w - lr * g


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


def lengths(gradients, step):
    """How far a weight moves at each gradient."""
    return [abs(step(np.zeros(2), np.full(2, g), t)[0]) for t, g in enumerate(gradients, start=1)]


def torchs_momentum():
    """How long torch's momentum steps are in the end, where ours are 1."""
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0, momentum=0.9)
    for _ in range(300):
        before, w.grad = w.item(), torch.ones(1)
        optimizer.step()
    return before - w.item()


def beside_torchs_adam():
    """The greatest difference between the path of the solved Adam and that of torch's."""
    ours, theirs = (
        solved()["train_curve"](functools.partial(adam, lr=1), solved()["pathological_curve_loss"])
        for adam in (solved()["Adam"], torch.optim.Adam)
    )
    return np.abs(ours - theirs).max()


def limit(momentum, curvature=1.0):
    """From where on the matrix of one update of (w, m) does not shrink, by halving."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        new = (1 - momentum) * curvature
        update = [[1 - middle * new, -middle * momentum], [new, momentum]]
        shrinks = np.abs(np.linalg.eigvals(update)).max() < 1
        low, high = (middle, high) if shrinks else (low, middle)
    return low


def noisy_loss(lr, num_updates, momentum=0.0):
    """The mean loss in the valley after updates with noise of standard deviation 1."""
    total = 0.0
    for curvature, start in ((0.05, 6.0), (1.0, 3.0)):
        new = 1 - momentum
        update = np.array([[1 - lr * new * curvature, -lr * momentum], [new * curvature, momentum]])
        kick = np.array([-lr * new, new])
        mean, spread = np.array([start, 0.0]), np.zeros((2, 2))
        for _ in range(num_updates):
            mean, spread = update @ mean, update @ spread @ update.T + np.outer(kick, kick)
        total += curvature / 2 * (mean[0] ** 2 + spread[0, 0])
    return total


def fewest_updates():
    """How few updates bring the loss in the valley below 0.01 from (6, 3), and with which rate."""
    needed = {}
    for lr in np.arange(0.05, 2.51, 0.05):
        t = np.arange(100)
        losses = 0.025 * (6 * (1 - 0.05 * lr) ** t) ** 2 + 0.5 * (3 * np.abs(1 - lr) ** t) ** 2
        if (losses < 0.01).any():
            needed[lr] = (losses < 0.01).argmax()
    best = min(needed, key=needed.get)
    return needed[best], best


def slow():
    """The path of SGD with rate 1, 300 updates long."""
    return path(sgd(1.0), num_updates=300)


def trailing_jumps():
    """In how many of its last updates w1 changes sign without a pause."""
    signs = np.sign([w[0] for w in slow()])
    return int(np.argmax((signs[1:] == signs[:-1])[::-1]))


def arriving(*betas):
    """Those with which momentum arrives with rate 10."""
    return [beta for beta in betas if arrives(path(momentum(beta=beta, new=1 - beta))[-1])]


def missing(*betas):
    return [beta for beta in betas if beta not in arriving(beta)]


def arrives(w):
    return bool(w[1] < -7.5 and abs(w[0]) < 0.1 and loss(w) < 0.01)


def last_losses(step, loss=loss, gradient=gradient):
    """The highest of the last ten losses of 100, as a fraction of the first."""
    with np.errstate(over="ignore", invalid="ignore"):
        losses = [loss(w) for w in path(step, gradient=gradient)[:UPDATES]]
        return np.nan_to_num(max(losses[-10:]) / losses[0], nan=np.inf)


# Minima


def bottom(near):
    """Where the curve of two minima is lowest near a place, and its curvature there."""
    places = torch.linspace(near - 0.5, near + 0.5, 1001, dtype=torch.float64)
    lowest = places[given("two_minima")(places).argmin()].item()
    return lowest, curvature(given("two_minima"), lowest)


@functools.cache
def from_the_sharp_minimum():
    """Learning rate → the last two places of SGD, from 200 starts."""
    ends = {}
    for lr in read("rates = (#, #, #, #, #)"):
        w = torch.linspace(-2.2, -1.8, 200, dtype=torch.float64)
        for _ in range(300):
            before = w.requires_grad_()
            (g,) = torch.autograd.grad(given("two_minima")(w).sum(), w)
            w = (w - lr * g).detach()
        ends[lr] = before.detach(), w
    return ends


def first_rate(condition):
    return next(lr for lr, ends in from_the_sharp_minimum().items() if condition(*ends))


# A sentence of the notebook, and what its figures should be.
STATED = {
    # Play first
    r"$L = #\,w_1^2 + #\,w_2^2$: the curvature": lambda: read("return # * w1**2 + # * w2**2"),
    "the curvature is # across it (in the direction of $w_2$) and # along it": lambda: (
        curvature(lambda w: given("valley")(0, w)),
        curvature(lambda w: given("valley")(w, 0)),
    ),
    "A loss that is # times as curved across": lambda: (
        curvature(lambda w: given("valley")(0, w)) / curvature(lambda w: given("valley")(w, 0)),
    ),
    "From # on each update leads past the floor of the valley, and above # farther": lambda: (
        border() / 2, border(),
    ),
    "About #, with a rate of #": fewest_updates,
    # The curve
    r"\tanh(w_1)^2 + #\,|w_1|": lambda: read("PLATEAU = #"),
    "We start at $(#, #)$": lambda: default("train_curve", "init"),
    "almost level in the direction of $w_1$ (slope #)": lambda: gradient((5, 0))[:1],
    "steepest at $w_2 = #$": lambda: (max(range(-9, 10), key=slope),),
    # 1
    "expected a step of [#, #]": lambda: sgd(0.1)(np.zeros(2), np.array([0.5, -1]), 1),
    "changed to # the step should be # times as long": lambda: (
        *read("_optimizer.lr = #"), read("_optimizer.lr = #")[0] / 0.1,
    ),
    "# steps on $L(w) = w^2$ from $w = #$": lambda: read("lr, num_updates=#): ") + [
        given("steps_on_parabola")(0.1)[0]
    ],
    "# comes down steadily. # jumps from one": lambda: read("lr in (#, #, 1.02)"),
    "shrinking jumps. # jumps, too": lambda: read("lr in (0.1, 0.9, #)"),
    r"$\eta$ times the curvature (here #) equals #.": lambda: (curvature(lambda w: w**2), border()),
    # 2
    "After 30 updates 0.3 is ahead (#): 0.1 is still on its way (#), and 1 has been on its floor "
    "for long (#)": lambda: [noisy_loss(lr, 30) for lr in (0.3, 0.1, 1)],
    "the floors are #, # and #, nearly": lambda: [noisy_loss(lr, 10_000) for lr in (1, 0.3, 0.1)],
    # 3
    "with gradient 2, lr 0.1: got {_got[0]}, expected #": lambda: (
        1 - sum(lengths([2], momentum(0.1))),
    ),
    "the same gradient: got {_got[1]}, expected #": lambda: (
        1 - sum(lengths([2, 2], momentum(0.1))),
    ),
    "the steps of the steady one grow to #,": lambda: lengths([1] * 300, momentum(1))[-1:],
    r"$(1 - \beta)/(1 + \beta) \approx #$": lambda: lengths([1, -1] * 150, momentum(1))[-1:],
    "times as long, # times at #.": lambda: (torchs_momentum(), default("SGDMomentum", "momentum")),
    # 4
    "for curvature 1 the limit is # without": lambda: (limit(0),),
    "much higher with momentum, # instead of # at #, # times": lambda: (
        limit(0.9), limit(0), default("SGDMomentum", "momentum"), limit(0.9) / limit(0),
    ),
    "At 0.1 not at all (# and #), at 1 by a third (from # to #), at 1.8 to less than a fifth "
    "(from # to #)": lambda: [
        noisy_loss(lr, 10_000, beta) for lr in (0.1, 1, 1.8) for beta in (0, 0.9)
    ],
    # 5
    "moved by {_moved:.4g}, expected #,": lambda: lengths([4], adam(0.1)),
    r"$L = #\,w_1^2 + #\,w_2^2$: the gradients": lambda: read("# * _w[0] ** 2 + # * _w[1] ** 2"),
    "the gradients differ by a factor of #.": lambda: (
        np.divide(*read("# * _w[0] ** 2 + # * _w[1] ** 2")),
    ),
    # 7
    "From $(#, #)$, # updates: SGD": lambda: (
        *default("train_curve", "init"), default("train_curve", "num_updates"),
    ),
    "SGD and momentum with learning rate #, Adam with learning rate #.": lambda: read(
        'SGDMomentum(params, lr=#, momentum=0.9), "Adam, lr 1": lambda params: Adam(params, lr=#)'
    ),
    "both slopes are small (# in $w_1$, # in $w_2$)": lambda: gradient(START),
    "by # and # per update": lambda: 10 * gradient(START),
    "at first both move by about # per update": lambda: lengths(gradient(START), adam())[:1],
    "row # is where # updates have led": lambda: (UPDATES + 1, UPDATES),
    "momentum ends near $(#, #)$ and Adam near $(#, #)$": lambda: (
        *path(momentum())[-1], *path(adam())[-1],
    ),
    r"$$w_2 < # \qquad |w_1| < # \qquad L < #$$": lambda: read(
        "w2 < # and abs(w1) < # and loss < #"
    ),
    "due to rounding (below #)": lambda: (Below(beside_torchs_adam()),),
    "Adam gets a # of the learning rate": lambda: read("Adam( params, lr / #,"),
    r"curvature #. SGD is stable there only while $\eta \cdot # < #$, that is $\eta < #$": lambda: (
        across(), across(), border(), border() / across(),
    ),
    "with # it is thrown out onto the plateau, where the slope is only #.": lambda: (
        *read('"SGD, lr 10": lambda params: SGD(params, lr=#)'), gradient((5, 0))[0],
    ),
    "# at $w_2 = 5$, # at 0, and # at $-7.5$": lambda: (slope(5), slope(0), slope(-7.5)),
    r"\approx #$ units": lambda: (round(small_steps(), -1),),
    r"# updates would need $\eta \approx #$": lambda: (UPDATES, small_steps() / UPDATES),
    "demands is # times what": lambda: (small_steps() / UPDATES / (border() / across()),),
    "# and # arrive, # does not.": lambda: (*arriving(0.85, 0.9), *missing(0.8)),
    "with # the mean is so slow": lambda: missing(0.95),
    r"To $w_2 \approx #$, a loss of #": lambda: (slow()[-1][1], loss(slow()[-1])),
    "in each of the last # updates, between # and #": lambda: (
        trailing_jumps(), -abs(slow()[-1][0]), abs(slow()[-1][0]),
    ),
    r"walks down to $w_2 \approx #$": lambda: (path(sgd(), (0, 5))[-1][1],),
    "The loss there is #,": lambda: (loss(path(sgd(), (0, 5))[-1]),),
    r"with $\beta = #$ the limit across is #": lambda: (0.9, limit(0.9) / across()),
    # 8
    "between # and # (else # and #)": lambda: (
        *(sign * w for sign in (-1, 1) for w in read("all(abs(w) <= # for w")),
        *read('return {"start": (#, #), **pathological_settings()}'),
    ),
    "lies between # and #, and everyone": lambda: read("assert # <= _first <= #,"),
    "expected # to #\"": lambda: read("assert # <= _first <= #,"),
    "from $(+#, +#)$ beside it, and from $(#, +#)$ beside it": lambda: (
        np.subtract(contest.three_starts((5, 5))[1:], 5).ravel()
    ),
    "the same # as SGD": lambda: (len(RATES),),
    "SGD may try # of them, # per power of ten from $10^{#}$ to $10^#$": lambda: (
        len(RATES), sum(1 <= RATES) - sum(10 <= RATES), *np.log10(RATES[[0, -1]]),
    ),
    "SGD fails with all # learning rates": lambda: (len(RATES),),
    "it reaches # or less and stays": lambda: read("assert _rival <= #,"),
    "stays between # and #;": lambda: (-contest.FAR, contest.FAR),
    "(arrives at # or less)": lambda: read("assert _rival <= #,"),
    "more than # times what the rival reaches, and more than #.": lambda: (
        read("_must = max(# * _rival, #)")
    ),
    "SGD never gets below #, and momentum with learning rate 10 reaches about #.": lambda: (
        Above(min(last_losses(sgd(lr)) for lr in RATES)), last_losses(momentum()),
    ),
    # 9
    "a sharp minimum near # and a flat one near #.": lambda: (
        bottom(-2)[0], *read("torch.exp(-((w - #) ** 2) / 2)"),
    ),
    "# starts spread over the sharp minimum, # updates": lambda: (
        *read("nn.Parameter(torch.linspace(-2.2, -1.8, #))"), *read("for _ in range(#): optimizer"),
    ),
    "where the curvature is about #; in the flat one it is about #": lambda: (
        bottom(-2)[1], bottom(1.5)[1],
    ),
    r"only while $\eta$ times the curvature is below #, here up to #": lambda: (
        border(), border() / bottom(-2)[1],
    ),
    "that limit, at #, it jumps": lambda: (
        first_rate(lambda before, w: (w < 0).all() and (w - before).abs().max() > 0.1),
    ),
    "at # it is thrown out and ends in the flat one": lambda: (
        first_rate(lambda before, w: (w > 0).all()),
    ),
    r"cannot stay where $\eta h > #$": lambda: (border(),),
    # 10
    "# pixels, # hidden units, ten classes: # weights": lambda: (
        *read("nn.Linear(#, #), nn.ReLU()"), 785 * 128 + 129 * 10,
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", STATED)
def test_a_stated_figure_is_right_and_a_wrong_one_is_noticed(sentence):
    truth = STATED[sentence]()
    stated.expect(TEXT, sentence, truth)
    stated.expect_noticed(TEXT, sentence, truth)


def test_sgd_and_no_other_misses_from_the_starts_of_the_text():
    starts = np.reshape(read("for start in ((#, #), (#, #), (#, #))"), (3, 2))
    for optimizer, expected in ((sgd, False), (momentum, True), (adam, True)):
        assert [arrives(path(optimizer(), start)[-1]) for start in starts] == [expected] * 3


def test_a_round_bowl_is_not_pathological():
    bowl = {"loss": lambda w: 0.05 * (w**2).sum(), "gradient": lambda w: 0.1 * w}
    assert min(last_losses(sgd(lr), **bowl) for lr in RATES) < 0.05
    assert last_losses(momentum(5), **bowl) < 0.05


@pytest.mark.parametrize(
    "step, keep",
    [
        (momentum(new=1), False),
        (momentum(), True),
        (adam(correct=False), False),
        (momentum(beta=0.1, new=0.9), False),
        (sgd(), False),
    ],
    ids=["no_factor", "no_zero_grad", "no_bias_correction", "swapped", "plain_sgd"],
)
def test_what_does_not_converge(step, keep):
    w = path(step, keep_gradients=keep)[-1]
    assert not arrives(w) and loss(w) > 1
    assert keep or w[1] < -6, "w2 alone tells little: it falls for all of them"


@pytest.mark.parametrize(
    "name, lr, step", [("SGDMomentum", 10, momentum), ("Adam", 1, adam)], ids=["momentum", "adam"]
)
def test_the_solved_notebook_ends_there_too(name, lr, step):
    end = solved()["train_curve"](
        lambda params: solved()[name](params, lr=lr),
        solved()["pathological_curve_loss"],
        UPDATES + 1,
        START,
    )[-1]
    assert end[:2] == pytest.approx(path(step())[-1], abs=0.01)
    assert end[2] == pytest.approx(loss(end[:2].astype(float)), abs=1e-6)
