"""Hidden checks of assignment 03: optimizers, recorded paths, a pathological curve."""

import numpy as np

from autograder.checking import check, expect, expect_close

from . import probes

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


RULES = {"SGD": Rule, "SGDMomentum": Momentum, "Adam": Adam}
IF_RIGHT = "If the first check passes: "
RULE_FIRST = "These are not steps of the stated rule: fix the first check before this one"


def normal(rng, shape, scale=1.0):
    """A float32 array, also where the shape is ()."""
    return np.asarray(scale * rng.normal(size=shape), dtype=np.float32)


def draw(rng, num_steps, shapes=SHAPES):
    """Starting values, and per step a gradient for each parameter, none of them near zero."""
    start = [normal(rng, shape) for shape in shapes]
    gradients = [
        [
            np.asarray(g + np.copysign(0.2, g), dtype=np.float32)
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


def expect_path(reply, want, hint):
    """Fail unless the reply holds each parameter's expected path."""
    for index, (got, path) in enumerate(zip(reply.items(len(want), "the parameters"), want)):
        expect_close(got, path, hint, what=f"parameter {index + 1}", **CLOSE)


def expect_rule(student, name, start, gradients, lr, hint, settings=None, rates=None):
    """Fail unless the optimizer's steps on the given gradients are those of its rule."""
    reply = student.call(probes.updates, name, start, gradients, lr, settings or {}, rates)
    rates = rates or [lr] * len(gradients)
    expect_path(reply["path"], reference(name, start, gradients, rates, settings), hint)


def follows(student, rng, name, hint, settings=None, num_steps=10):
    """Compare some steps on random gradients with the rule."""
    start, gradients = draw(rng, num_steps)
    lr = float(rng.uniform(0.05, 0.2))
    expect_rule(student, name, start, gradients, lr, hint, settings)


# The rules


@check("sgd", points=1)
def goes_down_the_gradient(student, rng):
    """Steps on random gradients are w - lr * gradient, for parameters of any shape."""
    follows(student, rng, "SGD", "Is it the learning rate times the whole gradient, subtracted?")


@check("sgd_momentum", points=1.5)
def follows_the_rule(student, rng):
    """Ten updates on random gradients follow m = beta m + (1 - beta) g; w = w - lr m."""
    follows(
        student,
        rng,
        "SGDMomentum",
        "With the default momentum: is the mean kept from step to step, zero at first, and the "
        "new gradient weighted by 1 - momentum?",
    )
    hint = "With a momentum other than the default: is it used for both weights?"
    follows(student, rng, "SGDMomentum", hint, {"momentum": float(rng.uniform(0.65, 0.8))})


@check("sgd_momentum", points=0.5)
def one_mean_per_parameter(student, rng):
    """Parameters of equal shape have a running mean each."""
    start, gradients = draw(rng, 6, ((4,), (4,), (4,)))
    hint = "Three parameters have the same shape: does each of them have its own mean?"
    expect_rule(student, "SGDMomentum", start, gradients, 0.2, IF_RIGHT + hint)


@check("adam", points=1)
def equals_torch(student, rng):
    """Twelve updates on random gradients equal those of torch.optim.Adam."""
    hint = "With the default betas: go through the formulas line by line"
    follows(student, rng, "Adam", hint, num_steps=12)
    settings = {"beta1": float(rng.uniform(0.5, 0.8)), "beta2": float(rng.uniform(0.85, 0.95))}
    hint = "With betas other than the default: is each in its place?"
    follows(student, rng, "Adam", hint, settings, num_steps=12)


@check("adam", points=0.5)
def corrects_both_means(student, rng):
    """The first updates are as long as the learning rate: both means are corrected, from t = 1."""
    start, gradients = draw(rng, 1, ((6,),))
    lr = float(rng.uniform(0.05, 0.2))
    gradients = [[gradients[0][0] * np.float32(10 ** rng.uniform(-2, 2))]] * 3
    hint = (
        "Three updates with the same gradient, each should be lr long: are both means divided by "
        "1 - beta**t, with t = 1 at the first update?"
    )
    expect_rule(student, "Adam", start, gradients, lr, hint)


@check("adam", points=0.5)
def epsilon_beside_the_root(student, rng):
    """eps is added to the root of the corrected mean."""
    settings = {"eps": float(rng.uniform(0.3, 0.6))}
    hint = "With a large eps: is it added after the root, and after the correction?"
    follows(student, rng, "Adam", hint, settings, num_steps=6)
    # Gradients so small that the default eps of 1e-8 shows.
    start, gradients = draw(rng, 4, ((5,),))
    gradients = [[1e-8 * row.astype(np.float32) for row in step] for step in gradients]
    hint = "With tiny gradients and the default eps: is it 1e-8?"
    expect_rule(student, "Adam", start, gradients, 0.1, hint)


# What is asked of every optimizer


@check("sgd", points=0.5, name="SGD")
@check("sgd_momentum", points=0.5, name="SGDMomentum")
@check("adam", points=0.5, name="Adam")
def changes_the_parameter_in_place(student, rng, name):
    """The parameter keeps its memory, and its gradient is unchanged."""
    start, gradients = draw(rng, 5)
    lr = float(rng.uniform(0.05, 0.2))
    reply = student.call(probes.updates, name, start, gradients, lr, {})
    hint = "step() should leave p.grad unchanged: which operation writes into it?"
    for index, got in enumerate(reply["gradients"].items(len(start), "the gradients")):
        given = np.stack([step[index] for step in gradients])
        expect_close(got, given, hint, what=f"gradient {index + 1} after the step")
    want = reference(name, start, gradients, [lr] * 5)
    expect_path(reply["path"], want, RULE_FIRST)
    hint = (
        "The values are right, but the memory that the parameter had before the step does not "
        "hold them: change the tensor itself, in place"
    )
    expect_path(reply["memory"], want, hint)


SKIPPED = (
    "Some gradients were None: those parameters, and what is remembered of them, should not "
    "change, and all others should move"
)


@check("sgd", points=0.5, name="SGD")
@check("sgd_momentum", points=0.5, name="SGDMomentum")
def skips_missing_gradients(student, rng, name, hint=SKIPPED):
    """A parameter without a gradient is skipped, together with its past; the others are updated."""
    start, gradients = draw(rng, 8, ((4,), (4,), (2, 3)))
    gradients[0][0] = gradients[3][0] = gradients[4][0] = None
    for step in gradients:
        step[2] = None
    for index in rng.choice(range(1, 8), size=3, replace=False):
        gradients[index][1] = None
    lr = float(rng.uniform(0.05, 0.2))
    expect_rule(student, name, start, gradients, lr, IF_RIGHT + hint)


@check("adam", points=1)
def counts_each_parameter(student, rng):
    """Every parameter has its own means and count, which stay while it has no gradient."""
    hint = (
        "Some gradients were None: is t counted for each parameter by itself, once per update, "
        "and do its means stay while it is skipped?"
    )
    skips_missing_gradients(student, rng, "Adam", hint)


@check("sgd_momentum", points=0.5, name="SGDMomentum")
@check("adam", points=0.5, name="Adam")
def one_past_per_optimizer(student, rng, name):
    """Two optimizers know nothing of each other."""
    (start,), gradients = draw(rng, 8, ((4,),))
    gradients = [step[0] for step in gradients]
    rates = [float(lr) for lr in rng.uniform(0.05, 0.2, size=2)]
    w, rules, want = start.astype(np.float64), [RULES[name](), RULES[name]()], []
    for index, gradient in enumerate(gradients):
        w = rules[index % 2].step(w, gradient.astype(np.float64), rates[index % 2])
        want.append(w)
    path = student.call(probes.taking_turns, name, start, gradients, rates, {})
    hint = (
        "Two optimizers of this class took turns on one parameter, and each should know only its "
        "own past: is something kept in the class that belongs in self?"
    )
    expect_close(path, np.stack(want), IF_RIGHT + hint, what="the path", **CLOSE)


@check("sgd", points=0.5, name="SGD")
@check("sgd_momentum", points=0.5, name="SGDMomentum")
@check("adam", points=0.5, name="Adam")
def learning_rate_may_change(student, rng, name):
    """A learning rate that is changed between two steps counts from the next one."""
    start, gradients = draw(rng, 6)
    rates = [float(lr) for lr in rng.uniform(0.02, 0.1, size=6) * (1, 1, 4, 4, 1, 6)]
    hint = (
        "optimizer.lr was changed before each step and counts from that step on, for the whole "
        "step: read self.lr where you step, and keep it out of what you remember"
    )
    expect_rule(student, name, start, gradients, 0.5, IF_RIGHT + hint, rates=rates)


@check("sgd", points=0.5)
def works_in_a_training_loop(student, rng):
    """zero_grad, backward and step in a loop, the parameters given as a generator."""
    half = rng.normal(size=(3, 3))
    matrix = (half @ half.T / 3 + np.eye(3)).astype(np.float32)
    start, lr = normal(rng, 3, 2.0), float(rng.uniform(0.02, 0.1))
    path = student.call(probes.valley, "SGD", start, matrix, lr, 8)
    w, want = start.astype(np.float64), []
    for _ in range(8):
        w = w - lr * matrix @ w
        want.append(w)
    hint = (
        "The loop is zero_grad, backward, step. The parameters were given as a generator, which "
        "can be gone through only once; a second optimizer was made and not used"
    )
    expect_close(path, np.stack(want), hint, what="the path", **CLOSE)


# At lr 10 some starts depend on rounding; (5, 5) does not, nor does any drawn one at lr 6.
@check("sgd_momentum", points=1, name="SGDMomentum", rates=[10.0, 6.0, 6.0])
@check("adam", points=0.5, name="Adam", rates=[1.0, 1.0, 1.0])
def arrives(student, rng, name, rates):
    """On the given curve it arrives from several starts, with zero_grad before each update."""
    starts = [np.array([5, 5], dtype=np.float32)]
    for side in (-1, 1):
        starts.append(np.array([side * rng.uniform(2, 5), rng.uniform(2, 5)], dtype=np.float32))
    replies = student.call(probes.descents, name, starts, rates, 100).items(3, "the descents")
    for start, lr, reply in zip(starts, rates, replies):
        where = f"from ({start[0]:.1f}, {start[1]:.1f}) with lr {lr:g}, after 100 updates"
        places = reply.finite((101, 2), f"the weights {where}")
        w1, w2 = places[-1]
        loss = curve(w1, w2)
        expect(
            w2 < -7.5 and abs(w1) < 0.1 and loss < 0.01,
            f"{where}: w1 {w1:.2f}, w2 {w2:.2f}, loss {loss:.4f}; arrived means |w1| < 0.1, "
            "w2 < -7.5 and loss < 0.01",
        )
        # Each step is the rule's, given the places before it: no path that merely ends well.
        expect_close(places[0], start, "It should not move before the first step", what="the start")
        rule = RULES[name]()
        steps = np.array([rule.step(0.0, slopes(*place), lr) for place in places[:-1]])
        hint = "It arrives, but not by steps of the stated rule"
        what = f"steps {where}"
        expect_close(np.diff(places, axis=0), steps, hint, what=what, rtol=1e-3, atol=2e-3)


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
    return [*rng.uniform((0.6, 1.2), (1.0, 1.6)), *signs * rng.uniform(0.3, 0.6, size=3)]


def height(coefficients, w1, w2):
    a, b, c, d, e = coefficients
    return a * w1**2 + b * w2**2 + c * w1 * w2 + d * np.sin(w1) + e * w2


def inclination(coefficients, w1, w2):
    a, b, c, d, e = coefficients
    return np.array([2 * a * w1 + c * w2 + d * np.cos(w1), 2 * b * w2 + c * w1 + e])


@check("train_curve", points=1.5)
def rows_before_their_update(student, rng):
    """Each row holds w1, w2 and the loss at that step, before its update."""
    coefficients = draw_curve(rng)
    amounts = [float(x) for x in rng.uniform(0.1, 0.5, size=int(rng.integers(5, 12)))]
    init = [float(x) for x in rng.uniform(-3, 3, size=2)]
    reply = student.call(probes.recorded, coefficients, amounts, init)
    moved = np.concatenate([[0], np.cumsum(amounts)])
    w1, w2 = init[0] + moved, init[1] + moved
    rows = np.stack([w1, w2, height(coefficients, w1, w2)], axis=1)
    path = reply.array((len(amounts), 3), "the path")
    expect(
        not np.allclose(path[:, :2], path[-1, :2]),
        "w1 and w2 are the same in all rows, although the weights moved: a row that shares "
        "the parameter's memory changes with it",
    )
    expect(
        not np.allclose(path, rows[1:], atol=1e-3),
        "the rows are those after each update: the first row should be the start",
    )
    expect(
        not np.allclose(path[:, 2], rows[1:, 2]),
        "the losses are those after each update: they should fit the weights in their row",
    )
    hint = "Is each row w1, w2, loss, in this order, before its update?"
    expect_close(path, rows[:-1], hint, what="the path", **RECORDED)


@check("train_curve", points=1)
def clears_the_gradients(student, rng):
    """With SGD from torch.optim the path is that of gradient descent."""
    same_runs(student, rng, 0.0, "Are the gradients of the previous step cleared every time?")


@check("train_curve", points=0.5)
def starts_afresh(student, rng):
    """Each call starts at `init` with a new optimizer."""
    hint = "It was called twice with the same arguments: does each call start from scratch?"
    same_runs(student, rng, 0.8, hint)


def same_runs(student, rng, momentum, hint):
    """Two calls with the same arguments are both the descent that the grader computes."""
    coefficients, lr = draw_curve(rng), float(rng.uniform(0.03, 0.08))
    init = [float(x) for x in rng.uniform(1, 3, size=2)]
    reply = student.call(probes.descended, coefficients, lr, momentum, init, 9)
    w, buffer, rows = np.array(init), np.zeros(2), []
    for _ in range(9):
        rows.append([*w, height(coefficients, *w)])
        buffer = momentum * buffer + inclination(coefficients, *w)
        w = w - lr * buffer
    for name, path in zip(("first", "second"), reply["paths"].items(2, "the paths")):
        expect_close(path, rows, hint, what=f"the path of the {name} call", **RECORDED)
    expect_close(reply["init"], init, "The list init was changed", what="init")


@check("train_curve", points=1)
def has_the_stated_defaults(student, rng):
    """Without further arguments: a NumPy array of 100 rows, from (5, 5)."""
    coefficients = draw_curve(rng)
    reply = student.call(probes.recorded_by_default, coefficients)
    row = [5.0, 5.0, height(coefficients, 5.0, 5.0)]
    hint = "The optimizer stood still: every row should be that of the start (5, 5)"
    expect_close(reply["path"], np.tile(row, (100, 1)), hint, what="the path", **RECORDED)
    expect(reply["array"].flag(), "the rows are right, but the path is not a NumPy array")


# pathological_curve

# The limits of the contest; students are told 0.05, 0.25, 10 and 1e-4, which leaves room for rounding.
RATES = 10 ** np.arange(-6, 6.01, 0.25)
ARRIVED, FAILED, TIMES, LEAST = 0.06, 0.2, 8, 8e-5
NUM_UPDATES, LAST = 100, 10
CONTESTANTS = {"sgd": Rule, "momentum": Momentum, "adam": Adam}


def settings_of(student):
    """The start, and the rivals with their learning rates: all of them where none is chosen."""
    chosen = student.call(probes.settings).mapping(what="pathological_settings")
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


def evaluate(student, w1, w2):
    """The student's losses and slopes at the points, as float64 arrays of their shape."""
    w1, w2 = (np.asarray(w, dtype=np.float64) for w in (w1, w2))
    names = ("the loss", "its slope in w1", "its slope in w2")
    replies = student.call(probes.values_and_slopes, w1, w2).items(3, "the loss and its slopes")
    hint = "Is it element by element?"
    return [reply.array(w1.shape, name, hint) for reply, name in zip(replies, names)]


def hold_contest(student, rng):
    """What SGD reaches with each rate and what the best rival reaches, and the rivals' names.

    What a run reaches is the highest of its last losses, divided by the first.
    """
    start, rivals = settings_of(student)
    entries = [("sgd", RATES), *rivals]
    replies = student.call(probes.contest, start, entries, NUM_UPDATES)
    paths = [
        reply.array((NUM_UPDATES, 2, len(rates)), "the paths")
        for reply, (_, rates) in zip(replies.items(len(entries), "the paths"), entries)
    ]

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
    expect(1e-3 <= losses[0, 0] <= 1e6, "the loss at the start: expected between 0.001 and 1e6")
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
    sgd, *others = np.split(reached, ends)
    names = " or ".join(name for name, _ in rivals)
    return sgd, min(float(other.min()) for other in others), names


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
    size = np.abs(losses).max()
    flat = size == 0 or (np.hypot(*gradient) > 0).mean() <= 0.1
    expect(not flat, "the loss is flat almost everywhere")
    for given in (curve(w1, w2), curve(w2, w1), curve(w1, -w2), curve(w2, -w1)):
        factor = (losses / size * given).sum() / (given**2).sum()
        expect(
            np.abs(losses / size - factor * given).max() > 1e-3,
            "this is the given curve or a multiple of it: invent another one",
        )


@check("pathological_curve", points=0.5)
def is_a_loss_of_its_own(student, rng):
    """The curve is elementwise, never negative, has true slopes, and is not the given one."""
    own_curve(student, rng)


@check("pathological_curve", points=1)
def rival_arrives(student, rng):
    """The rival's last ten losses are all small."""
    _, reached, names = hold_contest(student, rng)
    expect(
        reached <= ARRIVED,
        f"{names} does not arrive: one of the last ten losses is {reached:.3g} of the first, "
        "expected at most 0.05. Another learning rate, or a milder curve?",
    )


@check("pathological_curve", points=1.5)
def sgd_fails_where_the_rival_arrives(student, rng):
    """SGD fails with every learning rate, and the rival arrives."""
    # That SGD fails on the given curve, or with slopes that are not the loss's, earns nothing.
    own_curve(student, rng)
    sgd, reached, names = hold_contest(student, rng)
    expect(reached <= ARRIVED, f"{names} does not arrive, so there is no contest to win")
    best = int(sgd.argmin())
    expect(
        sgd[best] > min(FAILED, max(TIMES * reached, LEAST)),
        f"SGD gets down to {sgd[best]:.3g} of the first loss with lr {RATES[best]:.3g}, and "
        f"{names} to {reached:.3g}. Expected SGD to stay above 0.25, or above both 0.0001 and ten "
        "times its rival. Which direction should be harder for it?",
    )
