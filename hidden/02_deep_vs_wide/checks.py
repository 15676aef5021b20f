"""Hidden checks of assignment 02: budgets, a sweep over depths, features, loaders, maps."""

import itertools
import math

import numpy as np

from autograder.checking import check, expect, expect_close
from helpers import data

from . import images, probes


def cost(width, depth, num_inputs, num_classes):
    """Parameters of a network with `depth` equal hidden layers and biases."""
    sizes = [num_inputs, *[width] * depth, num_classes]
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(sizes, sizes[1:]))


def widest(budget, depth, num_inputs, num_classes):
    """The largest width within the budget, or 0."""
    width = 0
    while cost(width + 1, depth, num_inputs, num_classes) <= budget:
        width += 1
    return width


def place(case):
    """Which case a message is about, without the numbers that were drawn for it."""
    _, depth, num_inputs, num_classes = case
    inputs, classes = ("many" if n > 100 else "few" for n in (num_inputs, num_classes))
    return f"depth {depth}, {inputs} inputs, {classes} classes"


def widths_of(student, cases):
    """The width of each case (budget, depth, inputs, classes): a number, 0 if there is none."""
    cases = [[int(number) for number in case] for case in cases]
    replies = student.call(probes.widths, cases).items(len(cases))
    found = []
    for case, reply in zip(cases, replies):
        none = reply["refused"].flag() or reply["width"].is_none
        found.append(0.0 if none else reply["width"].number(f"{place(case)}: the width"))
    return found


def between(width, *shape):
    """A budget well between the costs of a network and of a wider one."""
    return (cost(width, *shape) + cost(width + 1, *shape)) // 2


@check("width_for_budget", points=1.5)
def widest_within_the_budget(student, rng):
    """The width, an int, is the largest whose network, biases included, is within the budget."""
    widths = [(1, int(rng.integers(1100, 1500))), (1, int(rng.integers(30, 60))), (1, 1), (2, 1)]
    widths += [(depth, int(rng.integers(12, 40))) for depth in (2, 2, 3, 4, 5, 6, 7)]
    cases = []
    for depth, width in widths:
        # Not where a width just fits, which another check looks at.
        spare = 2 if depth == 1 else width + 3
        cases.append([cost(width, depth, 2, 4) + spare, depth, 2, 4])
    for case, reply in zip(cases, student.call(probes.widths, cases).items(len(cases))):
        expect(not reply["refused"].flag(), f"{place(case)}: a ValueError, though some width fits")
        width = reply["width"].integer(f"{place(case)}: the width")
        expect(width >= 1, f"{place(case)}: got a width below 1")
        total = cost(width, *case[1:])
        expect(
            total <= case[0],
            f"{place(case)}: the width needs more parameters than the budget has. "
            "Is the last width that fits returned, with biases counted?",
        )
        expect(
            width == widest(*case),
            f"{place(case)}: a wider network fits in the budget, too. Is every layer counted once?",
        )
        expect(
            "int" in reply["width"].dtype(),
            f"{place(case)}: got a {reply['width'].dtype()}, expected an int, as nn.Linear needs it",
        )


@check("width_for_budget", points=1)
def any_inputs_and_classes(student, rng):
    """Other numbers of inputs and of classes count, each in its place."""
    for _ in range(4):
        depth, width = int(rng.integers(2, 5)), int(rng.integers(8, 16))
        many, few = int(rng.integers(400, 900)), int(rng.integers(2, 9))
        for shape in ((depth, many, few), (depth, few, many)):
            case = (between(width, *shape), *shape)
            (got,) = widths_of(student, [case])
            # What else may be wrong with the count is another check's matter: it changes less.
            expect(
                abs(got - width) <= 2,
                f"{place(case)}: the width is far from right; do the inputs and the classes count?",
            )
        # Each class has a bias and no input has one: with many classes, the same budget buys less.
        total = many + few
        budget = (total + 1) * width + (depth - 1) * width * (width + 1) + total // 2
        inputs, classes = widths_of(
            student, [(budget, depth, many, few), (budget, depth, few, many)]
        )
        expect(
            inputs >= classes,
            f"depth {depth}: few inputs and many classes allow a wider network than the other "
            "way round; are the two numbers in their places?",
        )
        narrow, wide = widths_of(student, [(budget, depth, many, few), (budget, depth, few, few)])
        expect(
            wide > narrow,
            f"depth {depth}, few classes: with many inputs and then with few, the width does not "
            "grow; is something left over from the call before?",
        )


@check("width_for_budget", points=0.5)
def budget_may_be_used_up(student, rng):
    """A width that costs exactly the budget is within it; with one parameter less it is not."""
    for depth in (1, 1, 2, 3, 4, 5):
        shape = depth, 2, 4
        exact = cost(int(rng.integers(2, 25)), *shape)
        below, met = widths_of(student, [(exact - 1, *shape), (exact, *shape)])
        expect(
            met == below + 1,
            f"depth {depth}: the width should grow by 1 where the budget becomes just enough for a "
            "wider network, and does not do so (this depends on the costs, too)",
        )
        least = cost(1, *shape)
        half, below, met = widths_of(student, [(least // 2, *shape), (least - 1, *shape),
                                               (least, *shape)])  # fmt: skip
        expect(met >= 1, f"depth {depth}: the budget is what width 1 costs: got a ValueError")
        # Who never refuses has lost another check.
        expect(
            below == 0 or half != 0,
            f"depth {depth}: a budget one below the cost of width 1 gives a width",
        )


@check("width_for_budget", points=1)
def impossible_budgets_are_refused(student, rng):
    """A budget that is far too small raises ValueError, a larger one does not."""
    for depth in (1, 2, int(rng.integers(3, 9))):
        shape = depth, 2, 4
        least = cost(1, *shape)
        few, many = widths_of(student, [(4 * least, *shape), (40 * least, *shape)])
        expect(1 <= few < many, f"depth {depth}: a larger budget does not give a larger width")
        budgets = [int(rng.integers(5, least // 2 + 1)), 1, 0, -int(rng.integers(1, 50))]
        cases = [(budget, *shape) for budget in budgets]
        for case, reply in zip(cases, student.call(probes.widths, cases).items(len(cases))):
            expect(
                reply["refused"].flag(),
                f"{place(case)}: width 1 costs more than the budget, expected a ValueError",
            )


# The columns of what the probe knows about a network.
DEPTH, WIDTH, SEED, TRAININGS, OTHER = range(5)


def drawn_sweep(rng, num_seeds, num_depths=None):
    """Depths, seeds, a budget, and the coefficients of a pretended network's accuracy."""
    num_depths = num_depths or rng.integers(2, 4)
    depths = [int(depth) for depth in rng.permutation(np.arange(1, 8))[:num_depths]]
    seeds = [int(seed) for seed in rng.choice(10_000, size=num_seeds, replace=False)]
    # Coefficients of depth, other, seed, trainings and width, and a constant.
    wave = [float(a) for a in (*rng.uniform(1, 3, size=5), rng.uniform(0, 6))]
    return depths, int(rng.integers(120, 400)), seeds, wave


def pretended_sweep(student, depths, budget, seeds, wave):
    """Run the sweep with networks of prescribed accuracies.

    Returns the reply, and a row for each kind of network after a training; if there was none, for
    each that was made.
    """
    widths = [widest(budget, depth, 2, 4) for depth in depths]
    reply = student.call(probes.pretended_sweep, depths, budget, seeds, wave, widths)
    trained = reply["trained"].finite((-1, 5), "the networks")
    made = reply["made"].finite((-1, 5), "the networks")
    networks = trained if len(trained) else made
    expect(len(np.unique(networks, axis=0)) == len(networks), "the networks: one is there twice")
    return reply, networks


def share(network, wave):
    """A pretended network's accuracy on the held-out points."""
    depth, width, seed, trainings, other = network
    history = depth, other, seed, trainings, width
    return 0.5 + 0.45 * math.sin(sum(a * b for a, b in zip(wave, history)) + wave[-1])


def means(networks, depths, wave):
    """The mean accuracy of the networks of each depth."""
    return [
        np.mean([share(network, wave) for network in networks if network[DEPTH] == depth])
        for depth in depths
    ]


@check("depth_sweep", points=1.75)
def mean_of_held_out_accuracies(student, rng):
    """Each number is the mean accuracy on the held-out points of the networks trained for it."""
    for num_seeds in (int(rng.integers(4, 6)), 1):
        depths, budget, seeds, wave = drawn_sweep(rng, num_seeds)
        reply, networks = pretended_sweep(student, depths, budget, seeds, wave)
        got = reply["accuracies"].array((len(depths),), "the mean accuracies")
        right = [
            [depth, widest(budget, depth, 2, 4), seed, 1, 0] for depth in depths for seed in seeds
        ]
        # An accuracy is a whole number of 800 points.
        near = {"what": "the mean accuracies", "rtol": 0, "atol": 2e-3}
        if np.allclose(got, means(right, depths, wave), rtol=0, atol=2e-3):
            continue
        expect(
            set(networks[:, DEPTH]) >= set(depths),
            "the mean accuracies: make_network has made no networks for some of the depths",
        )
        # Whether these are the right networks is another check's matter.
        expect_close(
            got,
            means(networks, depths, wave),
            "Expected one number per depth, in the order of depths: the mean, over all networks "
            "of that depth, of what accuracy gives on SPIRAL_HELD_OUT",
            **near,
        )


@check("depth_sweep", points=1.25)
def a_network_for_each_run(student, rng):
    """Each depth and seed has a new network of its own, trained once on SPIRAL_TRAIN."""
    rises = True
    while rises:  # The second seed should be the worse one: a loop may end there.
        depths, budget, seeds, wave = drawn_sweep(rng, 4)
        width = widest(budget, depths[0], 2, 4)
        one, two = (share((depths[0], width, seed, 1, 0), wave) for seed in seeds[:2])
        rises = two > one - 0.05
    _, networks = pretended_sweep(student, depths, budget, seeds, wave)
    trainings = networks[:, TRAININGS]
    expect(
        bool((trainings <= 1).all()),
        "a network was trained again after its training: make a new one for each run",
    )
    runs = {(n[DEPTH], n[SEED]) for n in networks if n[TRAININGS] == 1}
    expect(
        runs >= set(itertools.product(depths, seeds)),
        f"{len(depths)} depths and {len(seeds)} seeds: networks of {len(runs)} different pairs "
        f"were trained, expected {len(depths) * len(seeds)}",
    )
    expect(
        bool((networks[:, OTHER] == 0).all()),
        "a network was trained on points other than those of SPIRAL_TRAIN",
    )


@check("depth_sweep", points=0.5)
def widths_follow_the_budget(student, rng):
    """At each depth the networks have the width that the budget allows, also the next time."""
    depths, budget, seeds, wave = drawn_sweep(rng, 2, 2)
    for total in (budget, 3 * budget):
        reply, networks = pretended_sweep(student, depths, total, seeds, wave)
        got_means = reply["accuracies"].array((-1,), "the mean accuracies")
        expect(len(got_means) >= len(depths), "depends on the means: one number per depth")
        for depth in depths:
            got = sorted(set(networks[networks[:, DEPTH] == depth, WIDTH]))
            width = widest(total, depth, 2, 4)
            expect(
                got == [width],
                f"depth {depth}: networks were trained of other widths than width_for_budget gives",
            )


@check("depth_sweep", points=0.25)
def lists_stay_as_they_are(student, rng):
    """The lists that are passed stay as they are."""
    wave = [0.0, 0.0, 2 * math.pi / 3]
    while (
        abs(1 + 2 * math.cos(wave[2])) < 0.3
    ):  # Else the seeds 0, 1, 2 have one mean at any depth.
        depths, budget, seeds, wave = drawn_sweep(rng, 3, 5)
    reply, _ = pretended_sweep(student, depths, budget, seeds, wave)
    got = reply["accuracies"].finite((-1,), "the mean accuracies")
    expect(len(got) >= 3 and bool(np.ptp(got) > 1e-3), "depends on the means: one number per depth")
    for name, before in (("depths", depths), ("seeds", seeds)):
        after = reply[name].integers((-1,), f"{name} afterwards").tolist()
        expect(after == before, f"the list {name} has been changed: it belongs to the caller")


def held_out_points():
    """The notebook's SPIRAL_HELD_OUT as float64 and int arrays."""
    X, labels = data.spiral(2004, num_arms=4, seed=0)
    X, labels = X[X.norm(dim=1) > 0], labels[X.norm(dim=1) > 0]
    return X[1200:].double().numpy(), labels[1200:].numpy()


def accuracy_of(weights, X, labels):
    """The accuracy of a ReLU network, given its weights and biases in turn."""
    x = X
    for index in range(0, len(weights), 2):
        x = x @ weights[index].T + weights[index + 1]
        if index + 2 < len(weights):
            x = np.maximum(x, 0)
    return float((x.argmax(axis=1) == labels).mean())


def weights_of(reply, depth, width):
    """The weights and biases, in turn, of a network for the spiral."""
    sizes = [2, *[width] * depth, 4]
    shapes = [shape for a, b in itertools.pairwise(sizes) for shape in ((b, a), (b,))]
    what = "the weights of a network that was made"
    weights = [w.finite(shape, what) for shape, w in zip(shapes, reply.items(len(shapes), what))]
    expect(max(np.abs(w).max() for w in weights) < 1e6, f"{what}: some are huge")
    return weights


@check("depth_sweep", points=0.25)
def real_networks_score_what_is_reported(student, rng):
    """A real network, trained for a short time, has about the accuracy that is reported."""
    X, labels = held_out_points()
    for depth in (1, 2):
        budget, seed = int(rng.integers(40, 90)), int(rng.integers(10_000))
        widths = [widest(budget, depth, 2, 4)]
        reply = student.call(probes.real_sweep, [depth], budget, [seed], widths, 25)
        scores = []
        for network in reply["networks"].items():
            width = network["width"].integer("the width of a network")
            expect(1 <= width <= budget, "a network was made that is wider than the budget allows")
            before, after = (weights_of(network[key], depth, width) for key in ("before", "after"))
            if max(np.abs(a - b).max() for a, b in zip(after, before)) > 1e-3:
                scores.append(accuracy_of(after, X, labels))
        expect(bool(scores), "no network of make_network was trained")
        (got,) = reply["accuracies"].finite((1,), "the mean accuracies")
        # Which points and which mean are other checks' matters.
        expect(
            min(abs(got - score) for score in scores) < 0.1,
            "the number reported is far from the accuracy of the network that was trained",
        )


def exponents(degree):
    """All (i, j) with 1 <= i + j <= degree, as a set."""
    return {(i, total - i) for total in range(1, degree + 1) for i in range(total + 1)}


COLUMNS = "Expected a row per point and a column per monomial"


def points_for(rng, rows, dtype=np.float32):
    """Points (rows, 2): two positive ones in different directions, then mixed signs and zeros."""
    X = rng.uniform(-1.4, 1.4, size=(rows, 2))
    X[0] = rng.uniform(1.2, 1.3), rng.uniform(0.75, 0.85)
    X[1] = rng.uniform(0.75, 0.85), rng.uniform(1.2, 1.3)
    X[2, 0] = X[3, 1] = 0
    return X.astype(dtype)


def features_of(student, X, degree):
    """The features (points, columns) of the points `X`, and the reply."""
    reply = student.call(probes.features, X, degree)
    return reply["features"].finite(
        (len(X), -1), f"the features of degree {degree}", COLUMNS
    ), reply


def powers_of(got, X, degree):
    """The exponents (columns, 2) of the columns, from the logarithms of two positive points."""
    got, X = got[:2], X[:2].astype(np.float64)
    expect(bool((got > 0).all()), f"degree {degree}: a product of positive numbers is not positive")
    found = np.linalg.solve(np.log(X), np.log(got)).T
    pairs = np.rint(found).astype(int)
    wrong = np.abs(found - pairs).max(axis=1, initial=0) > 0.05
    expect(not wrong.any(), f"degree {degree}: {int(wrong.sum())} columns are not powers x1^i x2^j")
    expect(len(pairs) > 0, f"degree {degree}: there are no columns")
    return pairs


def same_monomials(pairs, degree):
    """Fail unless there is each exponent that the degree allows, once."""
    want = exponents(degree)
    expect(
        len(pairs) == len(want),
        f"degree {degree}: got {len(pairs)} columns, expected {len(want)}: the monomials with "
        "1 <= i + j <= degree, each once",
    )
    missing = want - {tuple(pair) for pair in pairs.tolist()}
    expect(
        not missing,
        f"degree {degree}: {len(missing)} of {len(want)} monomials are missing; "
        "is another one there, or is one there twice?",
    )


@check("polynomial_features", points=1)
def all_monomials_once(student, rng):
    """The columns are all monomials of total degree 1 to degree, each once."""
    for degree in (2, 3, int(rng.integers(4, 9))):
        X = points_for(rng, 5)
        X[2:] = rng.uniform(0.2, 1.4, size=(3, 2))  # signs are another check's matter
        got, _ = features_of(student, X, degree)
        same_monomials(powers_of(got, X, degree), degree)


@check("polynomial_features", points=0.75)
def right_at_degree_fifty(student, rng):
    """Degree 50 continues what low degrees begin, also far from the origin."""
    X = points_for(rng, 4, np.float64)
    X[2:] = rng.uniform(7, 8, size=(2, 2))
    low = int(rng.integers(4, 9))
    few, many = (powers_of(features_of(student, X, n)[0], X, n) for n in (low, 50))
    far, _ = features_of(student, X, 50)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(np.log(far[2:]) - np.log(X[2:].astype(np.float64)) @ many.T)
    expect(
        bool((off < 0.1).all()),
        "degree 50: far from the origin the columns are not the powers that they are near it; are "
        "large values cut?",
    )
    if {tuple(pair) for pair in few.tolist()} == exponents(low) and len(few) == len(exponents(low)):
        same_monomials(many, 50)
    # Which monomials belong there is another check's matter: the same ones, and higher powers.
    below = [{tuple(p) for p in pairs.tolist() if sum(p) < low} for pairs in (few, many)]
    expect(below[0] == below[1], f"degree 50 has other monomials of low degree than degree {low}")
    for axis in (0, 1):
        tops = [pairs[pairs[:, 1 - axis] == 0, axis].max(initial=0) for pairs in (few, many)]
        expect(
            tops[1] - tops[0] == 50 - low,
            f"from degree {low} to degree 50 the highest power of x{axis + 1} grows by "
            f"{tops[1] - tops[0]}, expected {50 - low}",
        )


@check("polynomial_features", points=0.5)
def negative_numbers_and_zeros(student, rng):
    """The monomials are right for points with negative coordinates and zeros."""
    degree = int(rng.integers(4, 9))
    X = points_for(rng, int(rng.integers(5, 12)))
    got, _ = features_of(student, X, degree)
    # Those that are there: which ones are missing is another check's matter.
    pairs = powers_of(got, X, degree)
    expect(len(np.unique(pairs, axis=0)) > 2, f"degree {degree}: the columns are all alike")
    expect_close(
        got,
        np.prod(X.astype(np.float64)[:, None, :] ** pairs[None], axis=2),
        "Some rows have negative coordinates or zeros: x ** k is right for them",
        what=f"the features of degree {degree}",
        rtol=1e-3,
        atol=1e-6,
    )


def positive_points(rng):
    """Points for the checks that look at neither signs nor high degrees."""
    return rng.uniform(0.5, 1.4, size=(8, 2)).astype(np.float32)


def expect_coordinates(got, X):
    """Fail unless some column, or row, follows one of the coordinates, on whatever scale."""
    columns = got if got.shape[0] == len(X) else got.T
    with np.errstate(all="ignore"):
        alike = np.corrcoef(X.T, columns.T)[:2, 2:] if len(columns) == len(X) else np.zeros(1)
    expect(bool((alike > 0.999).any()), "depends on the features: x1 and x2 are not among them")


@check("polynomial_features", points=0.5)
def a_point_on_its_own(student, rng):
    """A single point gets the same features as among others, also at degree 1."""
    X = positive_points(rng)
    for degree in (1, 3):
        among, _ = features_of(student, X, degree)
        if degree == 1:
            expect_coordinates(among, X)
        alone, _ = features_of(student, X[4:5], degree)
        hint, what = "Expected its row of the features of several", f"one point, degree {degree}"
        expect_close(alone, among[4:5], hint, what=what)


@check("polynomial_features", points=0.25)
def leaves_the_points_alone(student, rng):
    """X stays unchanged."""
    X = positive_points(rng)
    for degree in (1, 3):
        reply = student.call(probes.features, X, degree)
        got = reply["features"].finite((-1, -1), "the features")
        if degree == 1:
            expect_coordinates(got, X)
        expect_close(reply["X"], X, "X should stay unchanged", what="X afterwards", rtol=0, atol=0)


SPLITS = {"train": "training", "test": "test"}


def read_epochs(student, rng, tree, splits, num_epochs=2, seeds=(7,), batch_sizes=(4, 7, 8)):
    """The batch size, and for each seed a dict of the splits' epochs (replies)."""
    batch_size = int(rng.choice(batch_sizes))
    seeds = [int(seed) for seed in seeds]
    replies = student.call(probes.epochs, tree.rows, batch_size, seeds, num_epochs, splits)
    found = replies.items(len(seeds))
    return batch_size, [{s: r[s].items(num_epochs) for s in splits} for r in found]


@check("image_loaders", points=0.75)
def brought_to_minus_one_to_one(student, rng):
    """Both loaders bring the colours 0 to 255 to -1 to 1, and change nothing else about them."""
    tree = images.draw_tree(rng)
    _, (epochs,) = read_epochs(student, rng, tree, ["train", "test"])
    turned = images.Turned(tree.pictures)
    for split, name in SPLITS.items():
        got, _ = images.pictures_of(epochs[split][0], name)
        found = turned.match(got)
        expect(
            bool(np.median(found.gap) < images.KNOWN),
            f"{name} images: depends on the pictures; most are none of those below root",
        )
        expect(
            -1.01 < got.min() < -0.5 and 0.5 < got.max() < 1.01,
            f"{name} images: values from about {got.min():.1g} to {got.max():.1g}, expected -1 to 1",
        )
        wrong = int((found.colour >= images.LIKE).sum())
        expect(
            wrong == 0,
            f"{name} images: {wrong} of {len(got)} have other colours than their files brought to "
            "[-1, 1]; what else was done to them?",
        )
        # Turned pictures are between pixels; plain ones can be judged exactly.
        who, gap = images.nearest(got, tree.pictures)
        if images.are_plain(got, tree.pictures[who]):
            expect(
                bool(gap.max() < images.EXACT),
                f"{name} images: values are near those of 0 to 255 brought to [-1, 1], and differ",
            )


@check("image_loaders", points=0.75)
def test_pictures_unchanged(student, rng):
    """The test loader hands out each picture of root/val once, neither turned nor mirrored."""
    tree = images.draw_tree(rng)
    count = len(tree.labels["val"])
    batch_size, (epochs,) = read_epochs(student, rng, tree, ["test"], batch_sizes=(5, 10))
    for epoch in epochs["test"]:
        got, sizes = images.pictures_of(epoch, "test")
        # By its likeness: the range of values is another check's matter.
        who = images.Turned(tree.pictures, plain=True).match(got).who
        images.expect_from(who, "val", tree, "test")
        wrong = images.not_plain(got, tree.pictures[who])
        expect(wrong == 0, f"test images: {wrong} of {len(got)} are turned, mirrored or changed")
        images.each_once(who, "test")
        images.expect_sizes(sizes, batch_size, count, "test")


@check("image_loaders", points=0.5)
def test_order_fixed(student, rng):
    """The test loader's order is the same in every epoch, whatever the seed."""
    tree = images.draw_tree(rng)
    seeds = rng.choice(10_000, size=2, replace=False)
    _, both = read_epochs(student, rng, tree, ["test"], seeds=seeds)
    turned, orders = images.Turned(tree.pictures), []
    for epochs in both:
        for epoch in epochs["test"]:
            found = turned.match(images.pictures_of(epoch, "test")[0])
            expect(
                bool(np.median(found.gap) < images.KNOWN) and len(set(found.who.tolist())) > 5,
                "test loader: depends on the pictures; they are none of those below root, or few",
            )
            orders.append(found.who.tolist())
    expect(all(order == orders[0] for order in orders), "the test loader's order changes")


@check("image_loaders", points=0.75)
def every_picture_once_with_its_label(student, rng):
    """The training loader hands out each picture of root/train once, both loaders its label."""
    tree = images.draw_tree(rng)
    count = len(tree.labels["train"])
    # The last batch holds a single picture.
    batch_size, (epochs,) = read_epochs(
        student, rng, tree, ["train", "test"], batch_sizes=(3, 6, 9)
    )
    turned = images.Turned(tree.pictures)
    for split, name in SPLITS.items():
        for epoch in epochs[split]:
            got, sizes = images.pictures_of(epoch, name)
            who = turned.match(got).who
            if split == "train":
                images.expect_sizes(sizes, batch_size, count, name)
                images.expect_from(who, "train", tree, name)
                images.each_once(who, name)
            images.right_labels(images.labels_of(epoch, sizes, name), tree.all_labels[who], name)


@check("image_loaders", points=1.5)
def train_pictures_turned_and_mirrored(student, rng):
    """Each training picture is turned by up to 10 degrees and mirrored half of the time, anew."""
    tree = images.draw_tree(rng)
    num_epochs = 12
    _, (epochs,) = read_epochs(student, rng, tree, ["train"], num_epochs)
    turned = images.Turned(tree.pictures)
    angles, flips = np.full((2, num_epochs, len(tree.pictures)), np.nan)
    spreads, gaps = [], []
    for row, epoch in enumerate(epochs["train"]):
        got, sizes = images.pictures_of(epoch, "training")
        found = turned.match(got)
        gaps += found.gap.tolist()
        angles[row, found.who], flips[row, found.who] = found.angle, found.mirrored
        batches = np.split(found.angle, np.cumsum(sizes)[:-1])
        spreads += [np.ptp(batch) for batch in batches if len(batch) > 2]
    expect(
        bool(np.median(gaps) < images.TURNED),
        "training images: most are not turned or mirrored pictures below root; what else was done?",
    )
    known = np.isfinite(angles)
    expect(known.sum() > 20 and len(spreads) > 2, "training loader: there are too few pictures")
    changes = np.abs(np.diff(angles, axis=0))
    changes = changes[np.isfinite(changes)]
    both = [set(column[np.isfinite(column)]) for column in flips.T]
    angles, flips = angles[known], flips[known]
    worst = np.abs(angles).max()
    # In changed colours, which are another check's matter, an angle may be misread by a degree or two.
    expect(
        bool((np.abs(angles) > 11.5).mean() < 0.02),
        f"a training picture was turned by about {worst:.0f} degrees, expected 10 at most "
        "(180: upside down)",
    )
    # Each bound fails a right loader in fewer than one in a million gradings.
    expect(
        bool(angles.max() > 5 and angles.min() < -5),
        f"the angles of {angles.size} pictures lie between about {angles.min():.0f} and "
        f"{angles.max():.0f} degrees, expected -10 to 10",
    )
    expect(
        bool((angles == 0).mean() < 0.4),
        f"{(angles == 0).mean():.0%} of the training pictures are not turned at all",
    )
    expect(
        bool(((np.abs(angles) > 1.5) & (np.abs(angles) < 8)).mean() > 0.2),
        "hardly any picture is turned by an angle between, such as 5 degrees: all from -10 to 10 "
        "should be possible",
    )
    expect(
        bool(worst > 7.5),
        f"no picture was turned by more than {worst:.0f} degrees, expected up to 10",
    )
    expect(
        bool(0.33 < flips.mean() < 0.67),
        f"{flips.mean():.0%} of the training pictures are mirrored, expected about half",
    )
    # Turned to one side and mirrored afterwards, only the mirrored ones lean to the other.
    upright = angles[flips == 0]
    expect(
        bool(upright.size and upright.max() > 1.5 and upright.min() < -1.5),
        "the pictures are turned to one side only, expected -10 to 10 degrees",
    )
    expect(
        bool(changes.size and changes.mean() > 1.5 and max(map(len, both)) == 2),
        "each picture has the same angle or side in every epoch: draw new ones each time",
    )
    expect(
        bool(np.mean(spreads) > 3),
        "all pictures of a batch are turned by the same angle: draw one for each picture",
    )


@check("image_loaders", points=0.75)
def train_order_from_the_seed(student, rng):
    """The training order is drawn anew each epoch and depends on the seed only."""
    tree = images.draw_tree(rng)
    seed, other = rng.choice(10_000, size=2, replace=False)
    _, loaders = read_epochs(student, rng, tree, ["train"], 3, (seed, seed, other))
    turned, orders = images.Turned(tree.pictures), []
    for epochs in loaders:
        three = []
        for epoch in epochs["train"]:
            found = turned.match(images.pictures_of(epoch, "training")[0])
            expect(
                bool(np.median(found.gap) < images.KNOWN),
                "training loader: depends on the pictures; most are none of those below root",
            )
            three.append(tuple(found.who.tolist()))
        orders.append(three)
    expect(
        all(len(set(three)) == 3 for three in orders),
        "the training order is the same in two epochs",
    )
    expect(
        orders[0] == orders[1],
        "two loaders of the same seed have different training orders: the order should depend on "
        "the seed alone, whatever else draws random numbers, and on no other loader (the test loader "
        "neither). Where is the seed used?",
    )
    expect(not set(orders[0]) & set(orders[2]), "two different seeds give the same training order")


SHAPE = (3, 32, 32)


def draw_weight(rng, units, image_shape, spread=1.5, offset=1.0):
    """Rows of different sizes (up to 10 to the `spread`) and offsets, as float32."""
    size = math.prod(image_shape)
    scales = 10 ** rng.uniform(-spread, spread, size=(units, 1))
    rows = scales * (rng.normal(size=(units, size)) + offset * rng.normal(size=(units, 1)))
    return rows.astype(np.float32)


def maps_of(student, kind, weight, image_shape=SHAPE, training=True):
    """The maps of a model of this kind, and the reply."""
    by_default = tuple(image_shape) == SHAPE
    reply = student.call(
        probes.maps, kind, weight, list(image_shape), by_default=by_default, training=training
    )
    return reply["maps"].finite((len(weight), *image_shape), "the maps"), reply


@check("first_layer_maps", points=1)
def scaled_by_its_own_range(student, rng):
    """There is a map for each unit: its weights, brought to 0 to 1 by their own range."""
    weight = draw_weight(rng, int(rng.integers(70, 100)), SHAPE)
    # As in a layer that has just been made: numbers this small are scaled, too.
    weight[0] *= 0.03 / np.ptp(weight[0])
    got, _ = maps_of(student, "single", weight)
    # Sorted, because the places of the pixels are another check's matter.
    got, rows = np.sort(got.reshape(len(weight), -1)), np.sort(weight.astype(np.float64))
    ends = np.abs(got[:, [0, -1]] - (0, 1)).max()
    expect(
        ends < 1e-3,
        "the maps: each should range from 0 to 1 by its own minimum and maximum, over all of its "
        "channels",
    )
    low, high = rows[:, :1], rows[:, -1:]
    hint = "Expected map k to hold the weights of unit k, shifted and scaled"
    expect_close(
        got, (rows - low) / (high - low), hint, what="the sorted maps", rtol=1e-3, atol=1e-4
    )


@check("first_layer_maps", points=0.75)
def pixels_in_their_places(student, rng):
    """Each weight stands where its pixel is, for any image shape and number of units."""
    for channels, units in ((1, 1), (2, 12), (3, 5)):
        height, width = rng.choice(np.arange(6, 12), size=2, replace=False)
        weight = draw_weight(rng, units, (channels, height, width), spread=0.1, offset=0)
        got, _ = maps_of(student, "single", weight, (channels, int(height), int(width)))
        for mine, row in zip(got.reshape(units, -1), weight.astype(np.float64)):
            # On any scale, which is another check's matter.
            expect(bool(np.ptp(mine) > 0), "the maps: one is the same everywhere")
            expect(
                np.corrcoef(mine, row)[0, 1] > 0.5,
                f"{channels} channels, {units} units: the weights are not where their pixels are; "
                "are they in the order in which images.flatten(1) has the pixels?",
            )


@check("first_layer_maps", points=0.75)
def first_linear_layer_of_any_model(student, rng):
    """The first nn.Linear is found, however nested, whatever comes before or after it."""
    weight = draw_weight(rng, int(rng.integers(3, 7)), SHAPE, spread=0.1)
    plain, _ = maps_of(student, "single", weight)
    other, _ = maps_of(student, "single", -weight[::-1])
    expect(np.abs(plain - other).max() > 0.1, "the maps do not depend on the weights")
    for kind, what in (
        ("nested", "inside other modules"),
        ("normed", "after a norm layer"),
        ("mixed", "after a layer of another kind that has a weight matrix"),
    ):
        got, _ = maps_of(student, kind, weight)
        expect_close(
            got,
            plain,
            f"The first nn.Linear is {what}; expected the maps that a model without such layers "
            "gives for the same weights",
            what="the maps",
            rtol=1e-3,
            atol=1e-4,
        )


def bits(reply):
    """Shapes and bytes of a list of arrays."""
    arrays = [array.array(None, "the model's weights") for array in reply.items()]
    return [(array.shape, array.tobytes()) for array in arrays]


def expect_same_state(reply, name, message):
    """Fail unless this part of the model's state is the same afterwards."""
    old, new = (reply[when][name].finite((-1,), name) for when in ("old_state", "new_state"))
    expect(len(old) > 0 and np.array_equal(old, new), message)


@check("first_layer_maps", points=0.5)
def model_untouched(student, rng):
    """The model stays unchanged, bit for bit, and it can still be trained."""
    weight = draw_weight(rng, 6, SHAPE, spread=0.1)
    got, reply = maps_of(student, "single", weight)
    other, evaluating = maps_of(student, "single", weight[::-1].copy(), training=False)
    expect(np.abs(got - other).max() > 0.1, "the maps do not depend on the weights")
    before, after = bits(reply["before"]), bits(reply["after"])
    expect(
        before == after,
        "the model's weights or statistics have been changed: scale a new tensor; .data and "
        ".detach() are the weights themselves",
    )
    given = weight.astype(np.float64)
    expect((given.shape, given.tobytes()) in before, "the model's first weight is missing")
    for each, mode in ((reply, "training"), (evaluating, "evaluation")):
        expect_same_state(each, "modes", f"the model was in {mode} mode before, and is not after")
    expect_same_state(
        reply,
        "trainable",
        "requires_grad has been changed: what can be trained belongs to the model",
    )
    expect_same_state(reply, "gradients", "the gradients of the model have been changed")
    expect_same_state(reply, "hooks", "a hook has been left on the model: remove it at the end")
    gradient = reply["gradient"].finite(weight.shape, "the gradient")
    expect(
        bool(np.abs(gradient).max() > 0),
        "after the call the first layer no longer gets a gradient: was requires_grad changed?",
    )
