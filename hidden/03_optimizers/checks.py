"""Hidden checks of assignment 03: optimizers, recorded paths, a pathological curve."""

import functools

import numpy as np

from autograder.checking import CheckFailed, check, expect, expect_close
from helpers.contest import RATES, is_alike

from . import probes, variant

SHAPES = ((3, 4), (5,), ())
# Float32 steps in any order of operations stay far inside; a wrong rule is off by 1e-2 and more.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
# A recorded path may be of any float dtype, float16 included.
RECORDED = {"rtol": 1e-3, "atol": 1e-3}


class Rule:
    """A reference optimizer of one parameter: `step` returns its next value, in float64."""

    def step(self, w, gradient, lr):
        return w - lr * gradient


class Momentum(Rule):
    def __init__(self, momentum=0.9):
        self.momentum, self.mean = momentum, 0.0

    def step(self, w, gradient, lr):
        self.mean = self.momentum * self.mean + (1 - self.momentum) * gradient
        return w - lr * self.mean


class Adam(Rule):
    def __init__(self, beta1=0.9, beta2=0.999, eps=1e-8):
        self.betas, self.eps = (beta1, beta2), eps
        self.means, self.count = [0.0, 0.0], 0

    def step(self, w, gradient, lr):
        self.count += 1
        powers = (gradient, gradient**2)
        self.means = [
            beta * mean + (1 - beta) * power
            for beta, mean, power in zip(self.betas, self.means, powers, strict=True)
        ]
        mean, square = (
            mean / (1 - beta**self.count) for beta, mean in zip(self.betas, self.means, strict=True)
        )
        return w - lr * mean / (np.sqrt(square) + self.eps)


BASE = "depends on the first check: "
RULES = {"SGD": Rule, "SGDMomentum": Momentum, "Adam": Adam}
# Large enough that nothing lies along random gradients by chance.
SHAPE = (20, 20)


def normal(rng, shape, scale=1.0):
    """A float32 array, also where the shape is ()."""
    return np.asarray(scale * rng.normal(size=shape), dtype=np.float32)


def draw(rng, num_steps, shapes=SHAPES):
    """Starting values, and per step a gradient for each parameter, none of them near zero."""
    start = [normal(rng, shape) for shape in shapes]
    gradients = [
        [
            np.asarray(g + np.copysign(0.5, g), dtype=np.float32)
            for g in (normal(rng, s) for s in shapes)
        ]
        for _ in range(num_steps)
    ]
    return start, gradients


def reference(name, start, gradients, rates, settings=None):
    """The path (steps, ...) of each parameter under the stated rule."""
    paths = []
    for index, w in enumerate(start):
        w, rule, path = w.astype(np.float64), RULES[name](**(settings or {})), []
        for step, lr in zip(gradients, rates, strict=True):
            if step[index] is not None:
                w = rule.step(w, step[index].astype(np.float64), lr)
            path.append(w)
        paths.append(np.stack(path))
    return paths


def own_steps(student, name, start, gradients, lr, settings=None, **more):
    """How far each parameter is moved at each step, a list of arrays (steps, ...).

    Fails unless every parameter that has gradients goes along them, up or down: what is judged by
    comparing an answer with itself would otherwise hold for one that does anything at all.
    """
    reply = student.call(probes.updates, name, start, gradients, lr, settings or {}, **more)
    steps = []
    for index, item in enumerate(reply["path"].items(len(start), "the parameters")):
        path = item.finite((len(gradients), *start[index].shape), "the parameter")
        expect_along(start[index], path, [step[index] for step in gradients])
        steps.append(np.diff(path, axis=0, prepend=start[index][None].astype(np.float64)))
    return steps


def expect_along(start, path, gradients):
    """Fail unless the way from `start` to the end of `path` is made of the gradients."""
    given = [g.astype(np.float64).ravel() for g in gradients if g is not None]
    if not given:
        return
    way = (path[-1] - start).ravel()
    length = np.linalg.norm(way)
    expect(length > 1e-12, f"{BASE}the parameter has not moved")
    basis = np.linalg.svd(np.stack(given, axis=1), full_matrices=False)[0]
    along = np.linalg.norm(basis.T @ way) / length
    expect(along > 0.35, f"{BASE}the parameter does not follow its gradients")


def expect_same_steps(got, want, message):
    """Fail unless an answer's steps are those of itself elsewhere, as far as float32 can tell."""
    size = np.abs(want).max()
    expect(np.allclose(got, want, rtol=1e-3, atol=1e-3 * size + 1e-6), message)


def expect_memory(student, name, gradients, steps, lr):
    """Fail if the last of an answer's `steps` is the first one of a new optimizer."""
    start = np.zeros(SHAPE, dtype=np.float32)
    reply = student.call(probes.updates, name, [start], gradients[-1:], lr, {})
    (new,) = reply["path"].items(1, "the parameters")
    new = new.finite((1, *SHAPE), "the parameter")[0]
    same = np.allclose(new, steps[-1], rtol=1e-3, atol=1e-3 * np.abs(new).max())
    expect(not same, f"{BASE}nothing is remembered from step to step")


# The rules


@check("sgd", points=1.5, name="SGD", num_steps=5)
@check("sgd_momentum", points=2.25, name="SGDMomentum", num_steps=10)
def follows_the_rule(student, rng, name, num_steps):
    """Steps on random gradients are those of the formula, for parameters of any shape."""
    hint = {
        "SGD": "Is it the learning rate times the whole gradient, subtracted?",
        "SGDMomentum": "With the default momentum: is the mean kept from step to step, zero at "
        "first, and the new gradient weighted by 1 - momentum?",
    }[name]
    for shape in SHAPES:
        expect_rule(student, rng, name, shape, hint, {}, num_steps)
    long = f"With gradients of about 1000. {hint}"
    expect_rule(student, rng, name, SHAPES[0], long, {}, num_steps, scale=1000)
    if name == "SGDMomentum":
        hint = "With a momentum other than the default: is it used for both weights?"
        settings = {"momentum": float(rng.uniform(0.65, 0.8))}
        expect_rule(student, rng, name, SHAPE, hint, settings, num_steps)


def expect_rule(student, rng, name, shape, hint, settings, num_steps, scale=1):
    """Fail unless one parameter's path on random gradients, one of them zero, is the rule's."""
    start, gradients = draw(rng, num_steps, (shape,))
    gradients = [[np.asarray(scale * step[0], dtype=np.float32)] for step in gradients]
    gradients[int(rng.integers(2, num_steps - 1))][0] *= np.float32(0)
    lr = float(rng.uniform(0.05, 0.2))
    reply = student.call(probes.updates, name, start, gradients, lr, settings)
    (want,) = reference(name, start, gradients, [lr] * num_steps, settings)
    (path,) = reply["path"].items(1, "the parameters")
    expect_close(path, want, hint, what="the parameter", rtol=1e-4, atol=1e-4 * scale)


@check("adam", points=1.25)
def steps_by_both_means(student, rng):
    """When the correction has faded, steps are lr * m / sqrt(v), entry by entry."""
    settings = {"beta1": float(rng.uniform(0.3, 0.5)), "beta2": float(rng.uniform(0.65, 0.75))}
    start, gradients = draw(rng, 60, (SHAPE,))
    # A gradient of zero is a gradient.
    gradients[int(rng.integers(48, 56))][0] *= 0
    lr = float(rng.uniform(0.05, 0.2))
    reply = student.call(probes.updates, "Adam", start, gradients, lr, settings)
    (want,) = reference("Adam", start, gradients, [lr] * 60, settings)
    (path,) = reply["path"].items(1, "the parameters")
    late = np.diff(path.finite(want.shape, "the parameter")[45:], axis=0)
    hint = (
        "These are updates 46 to 60 with betas other than the default. Is beta1 used for the "
        "gradients and beta2 for their squares, entry by entry, and the root taken of the second?"
    )
    expect_close(late, np.diff(want[45:], axis=0), hint, what="a step", rtol=1e-3, atol=2e-4)

    start, gradients = draw(rng, 8, (SHAPE,))
    (given,) = own_steps(student, "Adam", start, gradients, lr, {"beta1": 0.9, "beta2": 0.999})
    (default,) = own_steps(student, "Adam", start, gradients, lr)
    expect_same_steps(default, given, "without betas it goes otherwise than with 0.9 and 0.999")


@check("adam", points=1.25)
def corrects_both_means(student, rng):
    """With a steady gradient every step is as long as the learning rate, from the first on."""
    lr = float(rng.uniform(0.05, 0.2))
    for settings in (
        {},
        {"beta1": float(rng.uniform(0.5, 0.8)), "beta2": float(rng.uniform(0.85, 0.95))},
    ):
        start, gradients = signs(rng, 4)
        reply = student.call(probes.updates, "Adam", start, gradients, lr, settings)
        (want,) = reference("Adam", start, gradients, [lr] * 4, settings)
        (path,) = reply["path"].items(1, "the parameters")
        hint = (
            "Four updates with the same gradient, of 1 or -1 in each entry: are both means divided "
            "by 1 - beta**t, with t = 1 at the first update, and stored without the correction?"
        )
        expect_close(path, want, hint, what="the parameter", **CLOSE)


def signs(rng, num_steps):
    """A start, and at every step the same gradient of 1 and -1: their powers are alike in size."""
    gradient = rng.choice([-1.0, 1.0], size=SHAPE).astype(np.float32)
    return [normal(rng, SHAPE)], [[gradient]] * num_steps


@check("adam", points=0.5)
def epsilon_beside_the_root(student, rng):
    """eps is added to the root of the corrected mean, and is 1e-8 by default."""
    eps, lr = float(rng.uniform(0.3, 0.6)), float(rng.uniform(0.05, 0.2))
    start, gradients = signs(rng, 4)

    def steps(beta2, eps):
        settings = {"beta2": beta2, "eps": eps}
        return own_steps(student, "Adam", start, gradients, lr, settings)[0]

    def shorter(beta2):
        """What a large eps adds to the denominator, which is 1 without it."""
        return steps(beta2, 1e-12) / steps(beta2, eps) - 1

    # With a beta2 of almost 0 the mean of squares needs no correction.
    with np.errstate(all="ignore"):
        beside = np.allclose(shorter(1e-6), eps, rtol=1e-3)
        expect(beside, "eps: a large one does not act as one that is added to the root")
        # Where the means are not corrected, eps cannot come after that.
        if np.allclose(np.abs(steps(0.9, 1e-12)), lr, rtol=1e-3):
            after = np.allclose(shorter(0.9), eps, rtol=1e-3)
            expect(after, "eps: its effect changes with t. Is it added after the correction?")
    # Gradients so small that the default shows.
    start, gradients = draw(rng, 4, (SHAPE,))
    gradients = [[1e-8 * row.astype(np.float32) for row in step] for step in gradients]
    (given,) = own_steps(student, "Adam", start, gradients, lr, {"eps": 1e-8})
    (default,) = own_steps(student, "Adam", start, gradients, lr)
    expect_same_steps(default, given, "eps: without one it goes otherwise than with 1e-8")


# What is asked of every optimizer


@check("sgd", points=0.5, name="SGD")
@check("sgd_momentum", points=0.25, name="SGDMomentum")
@check("adam", points=0.25, name="Adam")
def changes_the_parameter_in_place(student, rng, name):
    """The parameter keeps its memory, in whatever order, and its gradient is unchanged."""
    start, gradients = draw(rng, 5, (SHAPE,))
    lr = float(rng.uniform(0.05, 0.2))
    reply = student.call(
        probes.updates, name, start, gradients, lr, {}, same_tensor=True, turned=True
    )
    path, memory, after = (
        reply[key].items(1, "the parameters")[0].finite((5, *SHAPE), "the parameter")
        for key in ("path", "memory", "gradients")
    )
    hint = "step() should leave p.grad unchanged: which operation writes into it?"
    given = np.stack([step[0] for step in gradients])
    expect_close(after, given, hint, what="the gradient after the step", rtol=0, atol=0)
    expect_along(start[0], path, [step[0] for step in gradients])
    hint = (
        "The parameter moves, but the memory that it had before the step does not hold its new "
        "values: change the tensor itself, in place"
    )
    expect_close(memory, path, hint, what="the old memory", **CLOSE)


@check("sgd", points=0.5, name="SGD")
@check("sgd_momentum", points=0.5, name="SGDMomentum")
@check("adam", points=0.25, name="Adam")
def skips_missing_gradients(student, rng, name):
    """A parameter without a gradient is skipped, together with its past; the others are updated."""
    start, gradients = draw(rng, 8, (SHAPE,))
    lr = float(rng.uniform(0.05, 0.2))
    missing = {0, 3, int(rng.integers(4, 7))}
    gaps = [[None] if i in missing else step for i, step in enumerate(gradients)]
    (steps,) = own_steps(student, name, start, gaps, lr)
    still = steps[sorted(missing)]
    expect(not still.any(), "a parameter moves at a step at which its gradient is None")
    (alone,) = own_steps(student, name, start, [g for g in gaps if g[0] is not None], lr)
    expect_same_steps(
        np.delete(steps, sorted(missing), axis=0),
        alone,
        "after a step at which its gradient was None, a parameter goes on otherwise than if that "
        "step had not been: what is remembered of it should stay, its count of updates too",
    )

    start, gradients = draw(rng, 5, (SHAPE,) * 3)
    for step in gradients[1:]:
        step[0] = None
    gradients[int(rng.integers(1, 4))][1] = None
    reply = student.call(probes.updates, name, start, gradients, lr, {})
    items = reply["path"].items(3, "the parameters")
    paths = [item.finite((5, *SHAPE), "the parameter") for item in items]
    moved = [bool((path[-1] != path[0]).any()) for path in paths]
    expect(not moved[0], "a parameter moves after its last gradient")
    expect(
        all(moved[1:]),
        "the first of three parameters has no gradient any more, and those after it are not updated",
    )
    expect_own_past(student, name, start, gradients, paths, lr)


def expect_own_past(student, name, start, gradients, paths, lr):
    """Fail if the second or third of three parameters notices that gradients are missing.

    Where they notice each other even if all have gradients, that is for another check to say.
    """
    full = [[step[2]] * 3 for step in gradients]
    beside = own_steps(student, name, [start[2]] * 3, full, lr)[2]
    (alone,) = own_steps(student, name, [start[2]], [step[2:] for step in gradients], lr)
    if not np.allclose(beside, alone, rtol=1e-3, atol=1e-3 * np.abs(alone).max()):
        return
    for index in (1, 2):
        steps = np.diff(paths[index], axis=0, prepend=start[index][None].astype(np.float64))
        given = [i for i, step in enumerate(gradients) if step[index] is not None]
        own = [[gradients[i][index]] for i in given]
        (alone,) = own_steps(student, name, [start[index]], own, lr)
        expect_same_steps(
            steps[given],
            alone,
            "one of three parameters has no gradient at some steps, and another goes otherwise "
            "than alone: is what is remembered found by its place, or counted for all together?",
        )


@check("sgd_momentum", points=0.5, name="SGDMomentum", what="running mean")
def one_mean_per_parameter(student, rng, name, what):
    """A parameter goes the same way beside others as alone."""
    start, gradients = draw(rng, 6, (SHAPE,) * 3)
    lr = float(rng.uniform(0.05, 0.2))
    together = own_steps(student, name, start, gradients, lr)
    for index, steps in enumerate(together):
        own = [[step[index]] for step in gradients]
        (alone,) = own_steps(student, name, [start[index]], own, lr)
        expect_memory(student, name, own, alone, lr)
        expect_same_steps(
            steps,
            alone,
            "a parameter goes another way beside two others of its shape than alone: does each "
            f"have its own {what}?",
        )


@check("adam", points=0.5)
def counts_each_parameter(student, rng):
    """A parameter goes the same way beside others as alone: it has its own means and count."""
    one_mean_per_parameter(student, rng, "Adam", "means, and its own count, one per update of it")


@check("sgd_momentum", points=0.25, name="SGDMomentum")
@check("adam", points=0.25, name="Adam")
def one_past_per_optimizer(student, rng, name):
    """Two optimizers know nothing of each other, even if they share a parameter."""
    start, gradients = draw(rng, 8, (SHAPE,))
    rates = [float(lr) for lr in rng.uniform(0.05, 0.2, size=2)]
    alone = []
    for turn in (0, 1):
        own = gradients[turn::2]
        alone += own_steps(student, name, start, own, rates[turn])
        expect_memory(student, name, own, alone[turn], rates[turn])
    given = [step[0] for step in gradients]
    reply = student.call(probes.taking_turns, name, start[0], given, rates)
    path = reply.finite((8, *SHAPE), "the path")
    steps = np.diff(path, axis=0, prepend=start[0][None].astype(np.float64))
    for turn in (0, 1):
        expect_same_steps(
            steps[turn::2],
            alone[turn],
            "two optimizers of this class take turns on one parameter, and go otherwise than "
            "alone: is something kept in the class, in a default argument or on the parameter "
            "that belongs in self?",
        )


@check("sgd", points=0.25, name="SGD")
@check("sgd_momentum", points=0.5, name="SGDMomentum")
@check("adam", points=0.25, name="Adam")
def learning_rate_may_change(student, rng, name):
    """A step is in proportion to the learning rate of its time."""
    start, gradients = draw(rng, 6, (SHAPE,))
    rates = [float(lr) for lr in rng.uniform(0.02, 0.1, size=6) * (1, 1, 4, 4, 1, 6)]
    (steady,) = own_steps(student, name, start, gradients, 0.1)
    (changed,) = own_steps(student, name, start, gradients, 0.5, rates=rates)
    factors = np.reshape(rates, (6, 1, 1)) / 0.1
    expect_same_steps(
        changed / factors,
        steady,
        "optimizer.lr was changed before each step and counts from that step on, for the whole "
        "step: read self.lr where you step, and keep it out of what you remember",
    )


@check("sgd", points=0.25, name="SGD", second=True)
@check("sgd_momentum", points=0.5, name="SGDMomentum", second=False)
@check("adam", points=0.25, name="Adam", second=False)
def works_in_a_training_loop(student, rng, name, second):
    """zero_grad, backward and step in a loop, the parameters given as a generator."""
    size = 100
    half = rng.normal(size=(size, size))
    matrix = (half @ half.T / size + np.eye(size)).astype(np.float32)
    start, lr = normal(rng, size, 2.0), float(rng.uniform(0.02, 0.1))
    path = student.call(probes.valley, name, start, matrix, lr, 6, second)
    path = path.finite((6, size), "the path")
    expect(np.abs(path).max() < 1e9, "the weights run away")
    places = np.concatenate([start[None].astype(np.float64), path])
    gradients = [(matrix @ w).astype(np.float32) for w in places[:-1]]
    expect_along(start, path, gradients)
    # From another place: steps are made of gradients, not of the weights.
    (alone,) = own_steps(student, name, [normal(rng, size)], [[g] for g in gradients], lr)
    others = "; a second optimizer was made and not used" if second else ""
    expect_same_steps(
        np.diff(places, axis=0),
        alone,
        "it goes otherwise than with the same gradients outside a loop. The loop is zero_grad, "
        "backward, step; the parameters were given as a generator, which can be gone through only "
        f"once{others}",
    )


# Not drawn: from some starts it depends on rounding whether a wrong answer arrives, and at lr 10 a
# right one too.
@check("sgd_momentum", points=0.25, name="SGDMomentum", rates=[10.0, 6.0, 6.0], farthest=1.0)
@check("adam", points=0.25, name="Adam", rates=[1.0, 1.0, 1.0], farthest=5.0)
def arrives(student, rng, name, rates, farthest):
    """On the given curve it arrives from several starts, in 100 updates."""
    starts = [np.array(start, dtype=np.float32) for start in ((5, 5), (-5, 5), (2, 4))]
    replies = student.call(probes.arrivals, name, starts, rates, 100).items(what="the descents")
    for start, lr, reply in zip(starts, rates, replies):
        where = f"from ({start[0]:g}, {start[1]:g}) with lr {lr:g}"
        expect(
            reply["arrived"].flag("arrived"),
            f"{where} it has not arrived after 100 updates; arrived means |w1| < 0.1, w2 < -7.5 "
            "and loss < 0.01. If the checks above pass: does zero_grad clear the gradients?",
        )
        begin = np.linalg.norm(reply["begin"].finite((2,), "the first steps"))
        expect(begin < farthest, f"{BASE}it jumps there instead of following the slopes")
    expect(len(replies) == len(starts), "some of the descents are missing")


def curve(w1, w2):
    """The given curve."""
    return np.tanh(w1) ** 2 + 0.01 * np.abs(w1) + sigmoid(w2)


def slopes(w1, w2):
    """The given curve's gradient at one place, shape (2,)."""
    tanh = np.tanh(w1)
    across = 2 * tanh * (1 - tanh**2) + 0.01 * np.sign(w1)
    return np.array([across, sigmoid(w2) * sigmoid(-w2)])


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


# train_curve


def draw_curve(rng):
    """Coefficients of a curve that differs in its two weights and is convex enough to descend."""
    signs = rng.choice([-1, 1], size=3)
    convex = rng.uniform((0.6, 1.2), (1.0, 1.6))
    return [*convex, *signs * rng.uniform(0.3, 0.6, size=3), 0.0]


def height(coefficients, w1, w2):
    a, b, c, d, e, f = coefficients
    return a * w1**2 + b * w2**2 + c * w1 * w2 + d * np.sin(w1) + e * w2 + f


def inclination(coefficients, w1, w2):
    a, b, c, d, e, _ = coefficients
    return np.stack([2 * a * w1 + c * w2 + d * np.cos(w1), 2 * b * w2 + c * w1 + e], axis=-1)


class Recording:
    """Two calls of `train_curve` on a random curve, and what its optimizer found at each step."""

    def __init__(self, student, rng):
        self.coefficients = draw_curve(rng)
        self.num_updates = int(rng.integers(5, 12))
        self.start = [float(x) for x in rng.uniform(-3, 3, size=2)]
        # A loss is whatever the curve says: here it is negative at first.
        self.coefficients[-1] = -height(self.coefficients, *self.start) - rng.uniform(0.5, 1)
        amounts = [float(x) for x in rng.uniform(0.1, 0.5, size=self.num_updates)]
        # One update leads far away.
        amounts[int(rng.integers(2, self.num_updates - 1))] = float(rng.uniform(25, 35))
        self._reply = student.call(probes.recorded, self.coefficients, amounts, self.start)

    def log(self, call: int, key: str) -> np.ndarray:
        """A field of the log of a call, one row per step."""
        log = self._reply["logs"].items(2, "the calls")[call].mapping(what="the steps")
        expect(key in log, "the optimizer was never asked for a step")
        rows = log[key].items(what="the steps")
        shape = () if key == "number" else (2,)
        return np.array([row.finite(shape, "the two weights of a step") for row in rows])

    def path(self, call: int, rows: int) -> np.ndarray:
        return self._reply["paths"].items(2, "the paths")[call].array((rows, 3), "the path")

    def init(self, call: int) -> np.ndarray:
        """The list `init` after a call."""
        return self._reply["inits"].items(2, "the calls")[call].array((2,), "init")


@check("train_curve", points=1.5)
def rows_before_their_update(student, rng):
    """Each row holds w1, w2 and the loss at that step, before its update."""
    run = Recording(student, rng)
    before, after = run.log(0, "weights"), run.log(0, "moved")
    path = run.path(0, run.num_updates)
    count = len(before)
    expect(count >= len(path), "there are more rows than updates")
    before, after = before[: len(path)], after[: len(path)]
    places, losses = path[:, :2], path[:, 2]
    close = functools.partial(np.allclose, **RECORDED)
    expect(
        not np.allclose(places, places[-1]),
        "w1 and w2 are the same in all rows, although the weights moved: a row that shares "
        "the parameter's memory changes with it",
    )
    expect(
        not close(places, after),
        "w1 and w2 are those after each update: the first row should be the start",
    )
    hint = "Are they w1 and w2, in this order, before the update of their row?"
    expect_close(places, before, hint, what="the first two columns", **RECORDED)
    expect(
        not close(losses, height(run.coefficients, *after.T)),
        "the losses are those after each update: they should fit the weights in their row",
    )
    hint = "Is it curve_func(w1, w2) at the weights of its row?"
    want = height(run.coefficients, *before.T)
    expect_close(losses, want, hint, what="the loss column", **RECORDED)


@check("train_curve", points=1)
def clears_the_gradients(student, rng):
    """At each step the parameters hold the slopes of the curve at that place, and nothing else."""
    run = Recording(student, rng)
    weights, gradient = run.log(0, "weights"), run.log(0, "gradient")
    want = inclination(run.coefficients, *weights.T)
    first = np.allclose(gradient[0], want[0], **RECORDED)
    expect(
        first,
        "already at the first step the gradient is not the slope of curve_func(w1, w2): is it "
        "cleared before backward, and not between backward and step?",
    )
    hint = "Are the gradients of the previous step cleared every time?"
    expect_close(gradient, want, hint, what="the gradient at a step", **RECORDED)


@check("train_curve", points=0.75)
def starts_afresh(student, rng):
    """Each call starts at `init`, and one optimizer makes all its steps, nobody else."""
    run = Recording(student, rng)
    for call, name in enumerate(("first", "second")):
        weights, number = run.log(call, "weights"), run.log(call, "number")
        hint = f"In the {name} of two calls with the same init: is it the start?"
        expect_close(weights[0], run.start, hint, what="the weights at the first step", **RECORDED)
        expect(
            (number == number[0]).all(),
            "a new optimizer is made during the run, which remembers nothing of the steps before",
        )
        expect(len(number) > 1, "the optimizer made one step only")
        hint = "Between two steps nothing but the optimizer should move the weights"
        moved = run.log(call, "moved")[:-1]
        expect_close(weights[1:], moved, hint, what="the weights before a step", **RECORDED)
        expect_close(run.init(call), run.start, "The list init was changed", what="init")


@check("train_curve", points=0.75)
def has_the_stated_defaults(student, rng):
    """Without further arguments: a NumPy array of 100 rows, from (5, 5)."""
    reply = student.call(probes.recorded_by_default, draw_curve(rng))
    path = reply["path"].array((-1, 3), "the path")
    rows, steps = reply["rows"].integer("the rows"), reply["steps"].integer("the steps")
    expect(0 < len(path) <= steps, "there are more rows than updates, or none")
    expect(
        len(path) - 100 == rows - 7,
        "the optimizer stood still: without num_updates there are not 100 rows",
    )
    hint = "The optimizer stood still: every row should be that of the start (5, 5)"
    expect_close(path[:, :2], np.full((len(path), 2), 5.0), hint, what="w1 and w2", **RECORDED)
    expect(np.allclose(path[:, 2], path[0, 2]), "the optimizer stood still, the loss did not")
    expect(reply["array"].flag(), "the rows are right, but the path is not a NumPy array")


# pathological_curve

# The limits of the contest; students are told 0.05, 10 and 1e-4, which leaves room for rounding.
BESIDE = ((0, 0), (0.1, 0.05), (-0.05, 0.1))
ARRIVED, TIMES, LEAST, FARTHEST = 0.06, 8, 8e-5, 101
NUM_UPDATES, LAST = 100, 10
CONTESTANTS = {"sgd": Rule, "momentum": Momentum, "adam": Adam}


def settings_of(student):
    """The start, and the rivals with their learning rates: all of them where none is chosen."""
    chosen = student.call(probes.settings).mapping(what="pathological_settings")
    unknown = set(chosen) - {"start", "rival", "lr"}
    expect(not unknown, "pathological_settings: a key is none of start, rival and lr")
    start, rivals, rates = np.array([5.0, 5.0]), ["momentum", "adam"], RATES
    if "rival" in chosen:
        rival = chosen["rival"].text("rival").strip().lower()
        expect(rival in rivals, 'rival: expected "momentum" or "adam"')
        rivals = [rival]
    if "lr" in chosen:
        rates = np.array([chosen["lr"].number("lr")])
        expect(0 < rates[0] < 1e6, "lr: expected a positive number below a million")
    if "start" in chosen:
        start = chosen["start"].array((2,), "start")
        expect((np.abs(start) <= 10).all(), "start: expected two numbers between -10 and 10")
    return start, [(rival, rates) for rival in rivals]


def evaluate(student, w1, w2, dtype=np.float64):
    """The student's losses and slopes at the points of this dtype, as arrays of their shape."""
    w1, w2 = (np.asarray(w, dtype=dtype) for w in (w1, w2))
    names = ("the loss", "its slope in w1", "its slope in w2")
    replies = student.call(probes.values_and_slopes, w1, w2).items(3, "the loss and its slopes")
    hint = "Is it element by element?"
    return [reply.array(w1.shape, name, hint) for reply, name in zip(replies, names)]


class Contest:
    """The contest from one start, held in the student's process and looked through here.

    sgd: what SGD reaches with each rate, the highest of its last losses divided by the first one.
    rival: what the best rival reaches without leaving the range. path: its places (updates, 2).
    losses: the losses there. names: of the rivals.
    """

    def __init__(self, student, rng, start, entries, paths):
        # Values and slopes are asked for once more, in another order: they must explain the paths.
        together = np.concatenate(paths, axis=2)
        points = together.transpose(0, 2, 1).reshape(-1, 2)
        order = rng.permutation(len(points))
        columns = np.empty((3, len(points)))
        columns[:, order] = evaluate(student, *points[order].T)
        losses, *gradient = columns.reshape(3, NUM_UPDATES, -1)

        near = (np.abs(together) < 20).all(axis=1)
        expect(np.isfinite(losses[near]).all(), "the loss is inf or nan at a place on a path")
        expect(not (losses < -1e-9).any(), "the loss is negative somewhere on the paths")
        bounds = "the loss at a start: expected between 0.001 and 100 000"
        expect(1e-3 <= losses[0, 0] <= 1e5, bounds)
        ends = np.cumsum([len(rates) for _, rates in entries])[:-1]
        gradients = np.split(np.stack(gradient, axis=1), ends, axis=2)
        explained = (together[0] == start[:, None]).all() and all(
            leads_along(path, gradient, name, rates)
            for path, gradient, (name, rates) in zip(paths, gradients, entries)
        )
        expect(
            explained,
            "the curve gives other losses or slopes at the same places when asked again: each loss "
            "should depend on its own w1 and w2 only",
        )
        with np.errstate(all="ignore"):
            reached = np.nan_to_num(losses[-LAST:] / losses[0, 0], nan=np.inf).max(axis=0)
            stays = (np.abs(together) < FARTHEST).all(axis=(0, 1))
        self.sgd = reached[: len(RATES)]
        others = np.where(stays, reached, np.inf)[len(RATES) :]
        best = len(RATES) + int(others.argmin())
        self.rival = float(others.min())
        self.path, self.losses = together[:, :, best], losses[:, best]
        self.names = " or ".join(name for name, _ in entries[1:])


def contests(student, rng):
    """The contest from the chosen start and from two places beside it, held all at once."""
    start, rivals = settings_of(student)
    starts, entries = start + np.array(BESIDE), [("sgd", RATES), *rivals]
    replies = student.call(probes.contest, starts, entries, NUM_UPDATES)
    paths = [
        reply.array((NUM_UPDATES, 2, len(starts), len(rates)), "the paths")
        for reply, (_, rates) in zip(replies.items(len(entries), "the paths"), entries)
    ]
    return [
        Contest(student, rng, place, entries, [path[:, :, index] for path in paths])
        for index, place in enumerate(starts)
    ]


def leads_along(path, gradient, name, rates):
    """Whether the rule makes every step of `path` (updates, 2, n), given the gradients on it."""
    rule = CONTESTANTS[name]()
    with np.errstate(all="ignore"):
        steps = np.stack([rule.step(0.0, g, rates) for g in gradient[:-1]])
        expected = path[:-1] + steps
        room = 1e-4 * (1 + np.abs(path[:-1]) + np.abs(steps))
        # A run may overflow, but only where the rule says so.
        stays = np.abs(expected) < 1e100
        right = np.where(stays, np.abs(expected - path[1:]) <= room, ~(np.abs(path[1:]) < 1e100))
    return right.all()


def given_to(student):
    """The curve in the student's own release."""
    constants = {**variant.CONSTANTS, **student.constants}
    return functools.partial(probes.given_curve, plateau=constants["PLATEAU"])


def own_curve(student, rng):
    """Fail unless the curve is an elementwise loss with true slopes, and not the given one."""
    w1, w2 = rng.uniform(-6, 6, size=(2, 20, 15))
    losses, *gradient = evaluate(student, w1, w2)
    expect(np.isfinite(losses).all(), "the loss is inf or nan between -6 and 6")
    expect(not (losses < -1e-9).any(), "the loss is negative between -6 and 6")
    for place in ((0, 0), (7, 4), (19, 14)):
        single, *_ = evaluate(student, w1[place], w2[place])
        hint = "One point by itself gives another loss than among others: element by element?"
        expect_close(single, losses[place], hint, what="the loss")
    # A few points may be rounded otherwise elsewhere.
    turned = evaluate(student, w1[::-1], w2[::-1])[0][::-1]
    same = np.isclose(turned, losses, rtol=1e-9, atol=1e-9 * losses.max())
    expect(same.mean() > 0.8, "asked in another order, the losses at the same places are others")
    rough, *_ = evaluate(student, w1, w2, np.float32)
    with np.errstate(all="ignore"):
        like = np.abs(rough - losses) <= 1e-2 * np.abs(losses) + 1e-4 * losses.max()
    expect(like.mean() > 0.8, "the loss is another in float32 than in float64")
    h = 1e-4
    for index, (d1, d2) in enumerate(((h, 0), (0, h))):
        above, *_ = evaluate(student, w1 + d1, w2 + d2)
        below, *_ = evaluate(student, w1 - d1, w2 - d2)
        with np.errstate(all="ignore"):
            slope = (above - below) / (2 * h)
            room = 0.02 * np.abs(slope) + 2e-3 * (1 + losses)
            true = np.isfinite(slope) & (np.abs(slope - gradient[index]) <= room)
        # A few points may lie on a kink.
        expect(
            true.mean() > 0.8,
            f"the gradient in w{index + 1} is not the slope of the loss: is something detached?",
        )
    flat = losses.max() == 0 or (np.hypot(*gradient) > 0).mean() <= 0.1
    expect(not flat, "the loss is flat almost everywhere")
    expect(
        not is_alike(given_to(student), w1, w2, losses),
        "this is the given curve or a multiple of it: invent another one",
    )


@check("pathological_curve", points=1)
def is_a_loss_of_its_own(student, rng):
    """The curve is elementwise, never negative, has true slopes, and is not the given one."""
    own_curve(student, rng)


@check("pathological_curve", points=0.5)
def rival_arrives(student, rng):
    """The rival's last ten losses are all small, from each start."""
    for held in contests(student, rng):
        expect(
            held.rival <= ARRIVED,
            f"{held.names} does not arrive from one of the three starts: one of the last ten "
            f"losses is {held.rival:.1g} of the first, expected at most 0.05, between -100 and "
            "100. Another learning rate, or a milder curve?",
        )


@check("pathological_curve", points=1.5)
def sgd_fails_where_the_rival_arrives(student, rng):
    """SGD fails from each start with every learning rate, where the rival arrives."""
    # That SGD fails on the given curve, or with slopes that are not the loss's, earns nothing.
    try:
        own_curve(student, rng)
    except CheckFailed as why:
        raise CheckFailed(f"{BASE}{why}") from None
    for held in contests(student, rng):
        expect(
            held.rival <= ARRIVED,
            f"depends on rival_arrives: {held.names} does not arrive, so there is no contest to win",
        )
        expect(
            not is_alike(given_to(student), *held.path.T, held.losses),
            "along the rival's path this is the given curve or a multiple of it: invent another one",
        )
        best = int(held.sgd.argmin())
        expect(
            held.sgd[best] > max(TIMES * held.rival, LEAST),
            f"SGD gets down to {held.sgd[best]:.1g} of the first loss with lr {RATES[best]:.3g}, "
            f"and {held.names} to {held.rival:.1g}. Expected SGD to stay above ten times its rival "
            "and above 0.0001, from each of the three starts. Which direction should be harder for "
            "it, and is the start off the valley's floor?",
        )


# noisy


class Tilted:
    """What a student's `noisy` adds to its own gradients without noise, in several calls.

    noise: for each of the two weights an array (calls, ...). slopes: their gradients with sigma 0.
    moved: how far they are from where they were, at the end.
    """

    def __init__(self, student, place, sigma, num_calls, **settings):
        self.sigma = sigma
        *starts, factors = place

        def gradients(sigma, num_calls):
            reply = student.call(
                probes.tilted_gradients, starts, factors, sigma, num_calls=num_calls, **settings
            )
            items = reply["gradients"].items(2, "the gradients")
            found = [
                item.finite((num_calls, *start.shape), "a gradient")
                for item, start in zip(items, starts)
            ]
            return found, reply["weights"].items(2, "the weights")

        noisy, weights = gradients(sigma, num_calls)
        self.slopes = [slope[0] for slope in gradients(0.0, 1)[0]]
        self.noise = [gradient - slope for gradient, slope in zip(noisy, self.slopes)]
        ends = [w.finite(start.shape, "a weight") for w, start in zip(weights, starts)]
        self.moved = max(np.abs(end - start).max() for end, start in zip(ends, starts))

    def expect_noise(self):
        """Fail unless there is noise to be judged."""
        present = all(np.abs(noise).max() > 1e-3 * self.sigma for noise in self.noise)
        expect(present, "depends on noise_of_the_stated_size: there is no noise in the gradient")

    def like(self, other):
        """Whether each weight has the same noise as in another one."""
        pairs = zip(self.noise, other.noise)
        return [np.allclose(a, b, rtol=0, atol=1e-2 * self.sigma) for a, b in pairs]


def draw_place(rng, shapes=((500,), (500,))):
    """Two weights, and the factors of the curve in their directions."""
    return [*(normal(rng, shape) for shape in shapes), [float(a) for a in rng.uniform(2, 4, 2)]]


def draw_sigma(rng):
    """A standard deviation that is far from its own square."""
    return float(rng.uniform(0.3, 0.5) if rng.random() < 0.5 else rng.uniform(2.2, 3))


def draw_seed(rng):
    return int(rng.integers(2**31))


@check("noisy", points=0.75)
def noise_of_the_stated_size(student, rng):
    """The noise in the gradient has mean 0 and the stated standard deviation."""
    sigma = draw_sigma(rng)
    for noise in Tilted(student, draw_place(rng), sigma, 150, seed=draw_seed(rng)).noise:
        size = np.sqrt((noise**2).mean()) / sigma
        expect(size > 1e-3, "the gradient has no noise: noise in the value alone does nothing")
        # One number for all entries would still be of this size: that is another check's matter.
        hint = "Is it a standard deviation, and added to the gradient as it is?"
        expect(abs(size - 1) < 0.25, f"the noise is not of the size of sigma. {hint}")
        expect(abs(noise.mean()) < 0.4 * sigma, "the mean of the noise is not 0")


@check("noisy", points=0.5)
def keeps_the_slope(student, rng):
    """With sigma 0 the gradient is that of loss_func, for weights of any shape."""
    for shapes in (((), ()), ((3, 4), (2,))):
        w1, w2, (a1, a2) = place = draw_place(rng, shapes)
        got = Tilted(student, place, 0.0, 1, seed=draw_seed(rng)).slopes
        for slope, want in zip(got, (2 * a1 * w1, a2 * np.cos(w2))):
            hint = "Is loss_func's own gradient all there?"
            expect_close(slope, want, hint, what="the gradient with sigma 0", **CLOSE)


@check("noisy", points=0.5)
def drawn_anew_at_every_call(student, rng):
    """Two calls have different noise."""
    tilted = Tilted(student, draw_place(rng), draw_sigma(rng), 3, seed=draw_seed(rng))
    tilted.expect_noise()
    for noise in tilted.noise:
        same = [
            np.allclose(noise[one], noise[other], rtol=0, atol=1e-2 * tilted.sigma)
            for one, other in ((0, 1), (1, 2))
        ]
        # One number for all entries can be nearly the same twice by chance.
        expect(not all(same), "the calls give the same noise: is it drawn at every call?")


@check("noisy", points=0.5)
def own_noise_for_each_entry(student, rng):
    """No two entries share their noise, and the two weights do not either."""
    tilted = Tilted(student, draw_place(rng), draw_sigma(rng), 2, seed=draw_seed(rng))
    tilted.expect_noise()
    centred = []
    for noise in tilted.noise:
        spread = noise[1].std() > 0.1 * np.sqrt((noise[1] ** 2).mean())
        expect(spread, "all entries of a weight have the same noise")
        centred.append((noise[1] - noise[1].mean()) / (noise[1].std() * np.sqrt(len(noise[1]))))
    expect(abs(centred[0] @ centred[1]) < 0.5, "the noise of the two weights is the same")


@check("noisy", points=0.5)
def all_of_it_from_the_generator(student, rng):
    """The generator's seed repeats the noise, and another one gives other noise."""
    place, sigma, seed = draw_place(rng), draw_sigma(rng), draw_seed(rng)
    first, again, other = (
        Tilted(student, place, sigma, 2, seed=s, global_seed=g)
        for s, g in ((seed, 1), (seed, 2), (seed + 1, 1))
    )
    for tilted in (first, again, other):
        tilted.expect_noise()
    repeated = "a generator with the same seed gives other noise: is another one used?"
    expect(all(first.like(again)), repeated)
    expect(not any(first.like(other)), "generators with different seeds give the same noise")


@check("noisy", points=0.25)
def weights_may_be_used_again(student, rng):
    """Many calls with the same weights have the noise of as many weights, which stay."""
    place, sigma, seed = draw_place(rng), draw_sigma(rng), draw_seed(rng)
    fresh, used = (Tilted(student, place, sigma, 4, seed=seed, again=a) for a in (False, True))
    used.expect_noise()
    expect(used.moved < 1e-6, "the weights are not where they were before the calls")
    expect(
        all(fresh.like(used)),
        "the same weights in several calls have other noise than new ones with the same values: "
        "does something pile up on the weights, or is something kept for them?",
    )


# stable_lr_limit


@check("stable_lr_limit", points=1)
def limit_of_plain_descent(student, rng):
    """Without momentum it is where a step leads just as far to the other side."""
    curvatures = [float(h) for h in 10 ** rng.uniform(-2, 2, size=4)] + [int(rng.integers(2, 9))]
    for momentum in (None, 0.0):
        reply = student.call(probes.limits, curvatures, [momentum] * 5)
        got = reply.numbers(5, "the limits")
        hint = "Which learning rate turns w into -w?"
        expect_close(got, 2 / np.array(curvatures), hint, what="the limit", rtol=2e-3, atol=0)


@check("stable_lr_limit", points=1)
def limit_with_momentum(student, rng):
    """Momentum raises the limit by the right factor, in this course's convention."""
    curvature = float(10 ** rng.uniform(-1, 1))
    momenta = [float(m) for m in rng.uniform((0.1, 0.5, 0.9), (0.4, 0.8, 0.97))]
    reply = student.call(probes.limits, [curvature] * 4, [0.0, *momenta])
    plain, *limits = reply.numbers(4, "the limits")
    depends = (
        "depends on limit_of_plain_descent: without momentum the limit is not a number above 0"
    )
    expect(np.isfinite(plain) and plain > 0, depends)
    factors = [(1 + m) / (1 - m) for m in momenta]
    hint = (
        "Compared with your own limit without momentum. Does momentum stand in both places, and is "
        "the new gradient weighted by 1 - momentum?"
    )
    got = np.array(limits) / plain
    expect_close(got, factors, hint, what="the factor", rtol=2e-3, atol=0)


# lr_range_test


class RangeTest:
    """A range test of a linear model on random batches.

    rates: those requested. count: how many steps were taken. start, batches: the inputs drawn.
    """

    def __init__(self, student, rng, rates, num_batches):
        self.rates, self.start = rates, normal(rng, 4)
        self.batches = [[normal(rng, (8, 4)), normal(rng, 8)] for _ in range(num_batches)]
        self._reply = student.call(probes.range_test, self.start, self.batches, rates)
        log = self._reply["log"].mapping(what="the steps")
        expect("rate" in log, "the optimizer has made no step")
        self._log = log
        self.attached = self._reply["attached"].flag("the losses")
        self.count = len(log["rate"].items(what="the steps"))

    def log(self, key):
        """A field of the optimizers' notes, one row per step."""
        rows = self._log[key].items(self.count, "the steps")
        shape = () if key in ("number", "rate") else (4,)
        return np.array([row.array(shape, "what a step found") for row in rows])

    def losses(self):
        return self._reply["losses"].numbers(what="the losses")

    def loss(self, weights, batch):
        x, y = self.batches[batch]
        return ((x @ weights - y) ** 2).mean()

    def slope(self, weights, batch):
        x, y = self.batches[batch]
        return 2 * x.T @ (x @ weights - y) / len(y)


def growing(rng, num_rates, largest=0.1):
    return [float(r) for r in np.sort(rng.uniform(0.01, largest, size=num_rates))]


@check("lr_range_test", points=0.5)
def sets_the_rate_before_each_step(student, rng):
    """Each step is made with the learning rate of its turn."""
    run = RangeTest(student, rng, growing(rng, 6), 6)
    got, want = run.log("rate"), np.array(run.rates)
    expect(run.count >= 2, "the optimizer has made one step only")
    expect(run.count <= 6, "there are more steps than rates")
    hint = "Is optimizer.lr set before the step, to each rate in turn?"
    expect_close(got, want[: run.count], hint, what="the rate of a step", rtol=1e-4, atol=0)


@check("lr_range_test", points=0.5)
def trains_one_model(student, rng):
    """One model and one optimizer go on from step to step, along the slope of one batch."""
    run = RangeTest(student, rng, growing(rng, 6), 6)
    weights, moved, gradient = run.log("weights"), run.log("moved"), run.log("gradient")
    number = run.log("number")
    expect(run.count >= 2, "the optimizer has made one step only")
    expect_close(weights[0], run.start, "Is it a model of make_model?", what="the start", **CLOSE)
    expect(
        (number == number[0]).all(), "a new optimizer is made on the way, which remembers nothing"
    )
    hint = "Between two steps nothing moves the weights: is it one model all the time?"
    expect_close(weights[1:], moved[:-1], hint, what="the weights before a step", **CLOSE)
    for w, g in zip(weights, gradient):
        slopes = [run.slope(w, batch) for batch in range(6)]
        of_a_batch = any(np.allclose(g, slope, rtol=1e-3, atol=1e-3) for slope in slopes)
        expect(
            of_a_batch,
            "at a step the gradient is not that of one batch: are the gradients cleared each time?",
        )


@check("lr_range_test", points=0.5)
def losses_before_their_step(student, rng):
    """Each loss is that of its batch, in the loader's order, at the weights before the step."""
    run = RangeTest(student, rng, growing(rng, 6), 6)
    losses, weights, moved = run.losses(), run.log("weights"), run.log("moved")
    count = min(len(losses), run.count)
    expect(count >= 2, "there are fewer than two losses")
    before, after = (
        [run.loss(places[i], i) for i in range(min(count, 6))] for places in (weights, moved)
    )
    losses = losses[: len(before)]
    right, late = (np.allclose(losses, want, **RECORDED) for want in (before, after))
    expect(right or not late, "the losses are those after their step")
    hint = "Is it the mean loss of this step's batch, the loader gone through in order?"
    expect_close(losses, before, hint, what="a loss", **RECORDED)
    expect(not run.attached, "the losses are tensors that keep their graph: plain floats")


@check("lr_range_test", points=0.25)
def begins_the_loader_again(student, rng):
    """With more rates than batches there is a step and a loss for each rate."""
    run = RangeTest(student, rng, growing(rng, 8), 3)
    losses = run.losses()
    expect(
        len(losses) == 8 and run.count == 8,
        f"3 batches and 8 rates: got {len(losses)} losses and {run.count} steps",
    )
    varied = np.isfinite(losses).all() and np.ptp(losses) > 0
    expect(varied, "3 batches and 8 rates: the losses do not change, or are no numbers")
    want = run.log("weights") - run.log("rate")[:, None] * run.log("gradient")
    hint = "Between zero_grad and the next one, only the optimizer moves the weights"
    expect_close(run.log("moved"), want, hint, what="the weights after a step", **CLOSE)


@check("lr_range_test", points=0.25)
def goes_on_after_the_loss_has_exploded(student, rng):
    """A loss that is inf or nan is noted like any other."""
    rates = growing(rng, 3) + [float(10 ** rng.uniform(18, 20))] * 5
    losses = RangeTest(student, rng, rates, 8).losses()
    expect(len(losses) == 8, f"the loss explodes on the way: got {len(losses)} losses for 8 rates")
    expect(np.isfinite(losses[:2]).all(), "the first losses are no numbers, with gentle rates")
    expect(not np.isfinite(losses[-1]), "the last loss is a number, although the weights ran away")
