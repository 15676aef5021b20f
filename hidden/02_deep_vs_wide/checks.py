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
    budget, depth, num_inputs, num_classes = case
    return f"budget {budget}, depth {depth}, {num_inputs} inputs, {num_classes} classes"


def same_widths(student, cases, hint):
    """Fail unless the width of each case (budget, depth, inputs, classes) is the right one."""
    cases = [[int(number) for number in case] for case in cases]
    for case, reply in zip(cases, student.call(probes.widths, cases).items(len(cases))):
        expect(not reply["refused"].flag(), f"{place(case)}: a ValueError, though some width fits")
        expect(
            "int" in reply["width"].dtype(),
            f"{place(case)}: expected an int, as nn.Linear needs it",
        )
        width = reply["width"].integer(f"{place(case)}: the width")
        expect(width >= 1, f"{place(case)}: got width {width}")
        total = cost(width, *case[1:])
        expect(
            total <= case[0],
            f"{place(case)}: width {width} needs {total} parameters, which is over the budget. "
            + hint,
        )
        expect(
            width == widest(*case),
            f"{place(case)}: width {width} needs {total} parameters, and a wider one fits. " + hint,
        )


@check("width_for_budget", points=1.5)
def widest_within_the_budget(student, rng):
    """The width is the largest whose network, biases included, stays within the budget."""
    cases = [(rng.integers(60, 400), depth, 2, 4) for depth in range(1, 6)]
    cases += [(rng.integers(500, 5000), rng.integers(1, 8), 2, 4) for _ in range(6)]
    same_widths(student, cases, "Is the last width that fits returned, with biases counted?")


@check("width_for_budget", points=1)
def any_inputs_and_classes(student, rng):
    """Number of inputs and of classes count, at any depth."""
    cases = []
    for _ in range(12):
        num_inputs, num_classes = rng.integers(3, 60), rng.integers(1, 30)
        depth = rng.integers(1, 7)
        enough = cost(rng.integers(1, 30), depth, num_inputs, num_classes)
        cases.append((enough + rng.integers(0, 40), depth, num_inputs, num_classes))
    same_widths(student, cases, "Other numbers of inputs and classes than the spiral's were used")


@check("width_for_budget", points=0.5)
def budget_may_be_used_up(student, rng):
    """A network that costs exactly the budget is within it; with one less it is not."""
    cases = []
    for depth in (1, 1, 2, 3, 4, 5):
        width, num_inputs, num_classes = rng.integers(2, 25), rng.integers(2, 9), rng.integers(2, 9)
        exact = cost(width, depth, num_inputs, num_classes)
        cases += [
            (exact, depth, num_inputs, num_classes),
            (exact - 1, depth, num_inputs, num_classes),
        ]
    same_widths(student, cases, "The budget is one that some width meets exactly, or just misses")


@check("width_for_budget", points=1)
def impossible_budgets_are_refused(student, rng):
    """A budget below the price of width 1 raises ValueError; the price of width 1 gives 1."""
    impossible, possible = [], []
    for depth in (1, 2, int(rng.integers(3, 9))):
        shape = depth, int(rng.integers(1, 30)), int(rng.integers(2, 20))
        least = cost(1, *shape)
        impossible += [[least - 1, *shape], [int(rng.integers(1, least)), *shape]]
        possible.append([least, *shape])
    impossible += [[0, *shape], [-int(rng.integers(1, 50)), *shape]]
    same_widths(student, possible, "The budget is exactly what width 1 costs")
    replies = student.call(probes.widths, impossible).items(len(impossible))
    for case, reply in zip(impossible, replies):
        expect(
            reply["refused"].flag(),
            f"{place(case)}: width 1 costs {cost(1, *case[1:])}, expected a ValueError",
        )


def pretended_sweep(student, rng, num_seeds):
    """Run the sweep with networks of prescribed accuracies.

    Returns the reply with the accuracies; the depths, widths, seeds, numbers of trainings, and
    shares of wrong training points of the networks; and what was asked: (depths, widths, seeds,
    wave).
    """
    depths = [int(depth) for depth in rng.permutation(np.arange(1, 8))[: rng.integers(2, 4)]]
    budget = int(rng.integers(120, 400))
    seeds = [int(seed) for seed in rng.choice(10_000, size=num_seeds, replace=False)]
    widths = [widest(budget, depth, 2, 4) for depth in depths]
    # Coefficients of depth, other, seed, trainings and width, and a constant.
    wave = [float(a) for a in (*rng.uniform(1, 3, size=5), rng.uniform(0, 6))]
    reply = student.call(probes.pretended_sweep, depths, budget, seeds, wave, widths)
    networks = reply["networks"].finite((-1, 5), "the networks")
    expect(len(np.unique(networks, axis=0)) == len(networks), "the networks: one is there twice")
    return reply["accuracies"], networks.T, (depths, widths, seeds, wave)


def mean_accuracies(depths, widths, seeds, wave):
    """What the sweep should find with those networks, each trained once on the training points."""

    def share(depth, width, seed):
        history = (depth, 0.0, seed, 1, width)
        return 0.5 + 0.45 * math.sin(sum(a * b for a, b in zip(wave, history)) + wave[-1])

    return [
        np.mean([share(depth, width, seed) for seed in seeds])
        for depth, width in zip(depths, widths)
    ]


@check("depth_sweep", points=1.5)
def mean_of_held_out_accuracies(student, rng):
    """Each number is the mean, over all seeds, of the accuracy on the held-out points."""
    for num_seeds in (int(rng.integers(3, 6)), 1):
        accuracies, _, asked = pretended_sweep(student, rng, num_seeds)
        expect_close(
            accuracies,
            mean_accuracies(*asked),
            "One number per depth, in the order of depths: is every network trained once on "
            "SPIRAL_TRAIN, measured on SPIRAL_HELD_OUT, and does every seed count?",
            what="the mean accuracies",
            rtol=0,
            # An accuracy is a whole number of 800 points.
            atol=2e-3,
        )


@check("depth_sweep", points=1)
def a_network_for_each_run(student, rng):
    """Each depth and seed has a new network of its own, trained once."""
    _, networks, (depths, _, seeds, _) = pretended_sweep(student, rng, 4)
    depth_of, _, seed_of, trainings, other = networks
    expect(
        bool((trainings <= 1).all()),
        "a network was trained again after its training: make a new one for each run",
    )
    runs = set(zip(depth_of[trainings == 1], seed_of[trainings == 1]))
    expect(
        runs >= set(itertools.product(depths, seeds)),
        f"{len(depths)} depths and {len(seeds)} seeds: networks of {len(runs)} different pairs "
        f"were trained, expected {len(depths) * len(seeds)}",
    )
    expect(
        bool((other == 0).all()),
        "a network was trained on points other than those of SPIRAL_TRAIN",
    )


@check("depth_sweep", points=0.5)
def widths_follow_the_budget(student, rng):
    """At each depth the networks have the width that the budget allows."""
    for num_seeds in (3, 1):
        _, networks, (depths, widths, _, _) = pretended_sweep(student, rng, num_seeds)
        depth_of, width_of, _, trainings, _ = networks
        for depth, width in zip(depths, widths):
            got = sorted(set(width_of[(depth_of == depth) & (trainings != 0)]))
            expect(
                got == [width],
                f"depth {depth}: the trained networks have the widths {[f'{w:g}' for w in got]}, "
                f"expected {width} only",
            )


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


@check("depth_sweep", points=1)
def real_networks_score_what_is_reported(student, rng):
    """With real, short trainings the reported means are those of the networks that came out."""
    budget, depths = int(rng.integers(40, 90)), [int(d) for d in rng.permutation([1, 2])]
    seeds = [int(seed) for seed in rng.choice(10_000, size=2, replace=False)]
    widths = [widest(budget, depth, 2, 4) for depth in depths]
    reply = student.call(probes.real_sweep, depths, budget, seeds, widths, 25)
    X, labels = held_out_points()
    scores = {}
    for network in reply["networks"].items():
        depth, width, seed = (
            network[key].integer(f"the {key} of a network") for key in ("depth", "width", "seed")
        )
        if depth not in depths:
            continue
        expect(width >= 1, f"a network of width {width} was made")
        before, after = (weights_of(network[key], depth, width) for key in ("before", "after"))
        if max(np.abs(a - b).max() for a, b in zip(after, before)) > 1e-3:
            scores[depth, seed] = accuracy_of(after, X, labels)
    missing = set(itertools.product(depths, seeds)) - set(scores)
    expect(
        not missing, f"{len(missing)} of 4 networks were not made by make_network or not trained"
    )
    expect_close(
        reply["accuracies"],
        [np.mean([scores[depth, seed] for seed in seeds]) for depth in depths],
        "The networks that were made and trained have other accuracies on the held-out points",
        what="the mean accuracies",
        rtol=0,
        # A point on a border may fall to either side in float32.
        atol=3e-3,
    )


def exponents(degree):
    """All (i, j) with 1 <= i + j <= degree, as a set."""
    return {(i, total - i) for total in range(1, degree + 1) for i in range(total + 1)}


COLUMNS = "Expected a row per point and a column per monomial"


def same_monomials(reply, X, degree):
    """Fail unless the columns are the monomials of `X`, each once, in any order.

    The first two rows of `X` are positive: a column's exponents follow from their logarithms.
    """
    got = reply["features"].finite((len(X), -1), "the features", COLUMNS)
    want = exponents(degree)
    expect(
        got.shape[1] == len(want),
        f"degree {degree}: got {got.shape[1]} columns, expected {len(want)}: the monomials with "
        "1 <= i + j <= degree, each once",
    )
    X = X.astype(np.float64)
    expect(
        bool((got[:2] > 0).all()), f"degree {degree}: a product of positive numbers is not positive"
    )
    found = np.linalg.solve(np.log(X[:2]), np.log(got[:2])).T
    pairs = np.rint(found).astype(int)
    wrong = np.abs(found - pairs).max(axis=1) > 0.05
    expect(not wrong.any(), f"degree {degree}: {int(wrong.sum())} columns are not powers x1^i x2^j")
    missing = want - {tuple(pair) for pair in pairs.tolist()}
    expect(
        not missing,
        f"degree {degree}: {len(missing)} of {len(want)} monomials are missing; "
        "is another one there, or is one there twice?",
    )
    expect_close(
        got,
        np.prod(X[:, None, :] ** pairs[None], axis=2),
        "Some rows have negative coordinates or zeros: x ** k is right for them",
        what=f"the features of degree {degree}",
        rtol=1e-3,
        atol=1e-6,
    )


def points_for(rng, rows, dtype=np.float32):
    """Points (rows, 2): two positive ones in different directions, then mixed signs and zeros."""
    X = rng.uniform(-1.4, 1.4, size=(rows, 2))
    X[0] = rng.uniform(1.2, 1.3), rng.uniform(0.75, 0.85)
    X[1] = rng.uniform(0.75, 0.85), rng.uniform(1.2, 1.3)
    X[2, 0] = X[3, 1] = 0
    return X.astype(dtype)


@check("polynomial_features", points=1.5)
def all_monomials_once(student, rng):
    """The columns are all monomials of total degree 1 to degree, each once."""
    for degree in (2, 3, int(rng.integers(4, 9))):
        X = points_for(rng, int(rng.integers(5, 12)))
        reply = student.call(probes.features, X, degree)
        same_monomials(reply, X, degree)


@check("polynomial_features", points=1)
def right_at_degree_fifty(student, rng):
    """At degree 50 there are all monomials, and no others."""
    X = points_for(rng, 4, np.float64)
    X[2:] = rng.uniform(-1, 1, size=(2, 2))
    reply = student.call(probes.features, X, 50)
    same_monomials(reply, X, 50)


@check("polynomial_features", points=0.5)
def leaves_the_points_alone(student, rng):
    """One point, degree 1 and degree 2 work, and X stays unchanged."""
    X = (rng.uniform(0.5, 1.5, size=(1, 2)) * (1, -2)).astype(np.float32)
    for degree in (1, 2):
        reply = student.call(probes.features, X, degree)
        got = reply["features"].finite((1, -1), "the features", COLUMNS)
        x1, x2 = X[0].astype(np.float64)
        want = [x1, x2] if degree == 1 else [x1, x2, x1 * x1, x1 * x2, x2 * x2]
        expect_close(
            np.sort(got), np.sort([want]), f"One point, degree {degree}", what="the features"
        )
        expect_close(reply["X"], X, "X should stay unchanged", what="X afterwards", rtol=0, atol=0)


@check("image_loaders", points=1)
def test_pictures_unchanged(student, rng):
    """The test loader hands out the pictures of root/val as they are, in [-1, 1], with labels."""
    tree = images.draw_tree(rng)
    batch_size = int(rng.integers(3, 8))
    (reply,) = student.call(probes.epochs, tree.rows, batch_size, [7], 2, ["test"]).items(1)
    for epoch in reply["test"].items(2):
        got, labels = images.one_epoch(epoch, batch_size, len(tree.labels["val"]), "test")
        expect(
            -1.01 <= got.min() and got.max() <= 1.01,
            f"test images: values from {got.min():.3g} to {got.max():.3g}, expected -1 to 1",
        )
        who, gap = images.nearest(got, tree.images["val"])
        expect(
            bool(gap.max() < images.EXACT),
            f"test images: {int((gap >= images.EXACT).sum())} of {len(gap)} are not pictures of "
            "root/val brought to [-1, 1]: are they augmented, from another folder, or scaled "
            "differently?",
        )
        images.each_once(who, "test")
        images.right_labels(labels, tree.labels["val"][who], "test")


@check("image_loaders", points=0.5)
def test_order_fixed(student, rng):
    """The test loader's order is the same in every epoch, whatever the seed."""
    tree = images.draw_tree(rng)
    seeds = [int(seed) for seed in rng.choice(10_000, size=2, replace=False)]
    replies = student.call(probes.epochs, tree.rows, 5, seeds, 2, ["test"]).items(2)
    turned, orders = images.Turned(tree.images["val"]), []
    for reply in replies:
        for epoch in reply["test"].items(2):
            got, _ = images.one_epoch(epoch, 5, len(tree.labels["val"]), "test")
            # By the nearest picture, so that a wrong range or augmentation does not matter here.
            who, *_ = turned.match(images.stretched(got))
            orders.append(who.tolist())
    expect(len(set(orders[0])) > 1, "test loader: it hands out one picture again and again")
    expect(all(order == orders[0] for order in orders), "the test loader's order changes")


@check("image_loaders", points=1)
def train_epochs_complete(student, rng):
    """The training loader hands out every picture once, in [-1, 1], with its label."""
    tree = images.draw_tree(rng)
    batch_size = int(rng.integers(3, 8))
    (reply,) = student.call(probes.epochs, tree.rows, batch_size, [3], 2, ["train"]).items(1)
    turned = images.Turned(tree.images["train"])
    for epoch in reply["train"].items(2):
        count = len(tree.labels["train"])
        got, labels = images.one_epoch(epoch, batch_size, count, "training")
        expect(
            -1.01 < got.min() < -0.5 and 0.5 < got.max() < 1.01,
            f"training images: values from {got.min():.3g} to {got.max():.3g}, expected -1 to 1",
        )
        who, _, _, gap = turned.match(got)
        expect(
            bool(gap.max() < images.LIKE),
            f"training images: {int((gap >= images.LIKE).sum())} of {count} are not turned or "
            "mirrored pictures of root/train brought to [-1, 1]: what else was done to them?",
        )
        images.each_once(who, "training")
        images.right_labels(labels, tree.labels["train"][who], "training")


@check("image_loaders", points=1.5)
def train_pictures_turned_and_mirrored(student, rng):
    """Each training picture is turned by up to 10 degrees and mirrored half of the time, anew."""
    tree = images.draw_tree(rng)
    num_epochs, batch_size = 4, int(rng.integers(5, 8))
    reply = student.call(probes.epochs, tree.rows, batch_size, [11], num_epochs, ["train"])
    (reply,) = reply.items(1)
    turned = images.Turned(tree.images["train"])
    angles, flips, spreads, count = [], [], [], len(tree.labels["train"])
    for epoch in reply["train"].items(num_epochs):
        got, _ = images.one_epoch(epoch, batch_size, count, "training")
        who, mirrored, angle, gap = turned.match(got)
        expect(
            bool(gap.max() < images.LIKE),
            "training images: some are not turned or mirrored pictures of root/train in [-1, 1]",
        )
        images.each_once(who, "training")
        spreads += [np.ptp(angle[i : i + batch_size]) for i in range(0, count - 4, batch_size)]
        back = np.argsort(who)
        angles.append(angle[back])
        flips.append(mirrored[back])
    angles, flips = np.stack(angles), np.stack(flips)
    worst = np.abs(angles).max()
    expect(
        bool(worst <= 11.5),
        f"a training picture was turned by about {worst:.0f} degrees, expected 10 at most",
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
        bool(worst > 7.5),
        f"no picture was turned by more than {worst:.0f} degrees, expected up to 10",
    )
    expect(
        bool(0.18 < flips.mean() < 0.82),
        f"{flips.mean():.0%} of the training pictures are mirrored, expected about half",
    )
    # Turned to one side and mirrored afterwards, only the mirrored ones lean to the other.
    upright = angles[flips == 0]
    expect(
        bool(upright.size and upright.max() > 1.5 and upright.min() < -1.5),
        "the pictures are turned to one side only, expected -10 to 10 degrees",
    )
    expect(
        bool(np.abs(np.diff(angles, axis=0)).mean() > 1.5 and np.ptp(flips, axis=0).any()),
        "each picture has the same angle or side in every epoch: draw new ones each time",
    )
    expect(
        bool(np.mean(spreads) > 3),
        "all pictures of a batch are turned by the same angle: draw one for each picture",
    )


@check("image_loaders", points=1)
def train_order_from_the_seed(student, rng):
    """The training order is drawn anew each epoch and depends on the seed only."""
    tree = images.draw_tree(rng)
    seed, other = (int(s) for s in rng.choice(10_000, size=2, replace=False))
    replies = student.call(probes.epochs, tree.rows, 6, [seed, seed, other], 3, ["train"]).items(3)
    turned, orders = images.Turned(tree.images["train"]), []
    for reply in replies:
        three = []
        for epoch in reply["train"].items(3):
            got, _ = images.one_epoch(epoch, 6, len(tree.labels["train"]), "training")
            three.append(tuple(turned.match(images.stretched(got))[0].tolist()))
        orders.append(three)
    expect(
        all(len(set(three)) == 3 for three in orders),
        "the training order is the same in two epochs",
    )
    expect(
        orders[0] == orders[1],
        "two loaders of the same seed have different training orders: the order should depend on "
        "the seed alone, whatever else draws random numbers. Where is the seed used?",
    )
    expect(not set(orders[0]) & set(orders[2]), "two different seeds give the same training order")


def same_maps(reply, weight, image_shape):
    """Fail unless the maps are the rows of `weight`, scaled one by one."""
    low, high = weight.min(axis=1, keepdims=True), weight.max(axis=1, keepdims=True)
    want = ((weight - low) / (high - low)).reshape(-1, *image_shape)
    got = reply["maps"].finite(want.shape, "the maps")
    if not np.allclose(got, want, atol=1e-3):
        flat = got.reshape(len(got), -1)
        expect(
            np.allclose(flat.min(axis=1), 0, atol=1e-3)
            and np.allclose(flat.max(axis=1), 1, atol=1e-3),
            "the maps: each should range from 0 to 1 by its own minimum and maximum, over all of "
            "its channels",
        )
    expect_close(
        got,
        want,
        "Are the weights in the order in which images.flatten(1) has the pixels?",
        what="the maps",
        rtol=1e-3,
        atol=1e-4,
    )


def draw_weight(rng, units, image_shape):
    """Rows of very different sizes and offsets, as float32."""
    size = math.prod(image_shape)
    scales = 10 ** rng.uniform(-2, 1, size=(units, 1))
    rows = scales * (rng.normal(size=(units, size)) + rng.normal(size=(units, 1)))
    return rows.astype(np.float32)


@check("first_layer_maps", points=1)
def maps_of_each_unit(student, rng):
    """Each map is a unit's weights, scaled to [0, 1] by its own minimum and maximum."""
    image_shape = (3, 32, 32)
    weight = draw_weight(rng, int(rng.integers(2, 9)), image_shape)
    reply = student.call(probes.maps, "plain", weight, True, image_shape, by_default=True)
    same_maps(reply, weight, image_shape)


@check("first_layer_maps", points=1)
def any_image_shape_and_model(student, rng):
    """Other image shapes and models work: the first nn.Linear, however nested."""
    for kind, channels in (("plain", 1), ("nested", 2), ("normed", 3)):
        height, width = rng.choice(np.arange(2, 9), size=2, replace=False)
        image_shape = [channels, int(height), int(width)]
        weight = draw_weight(rng, int(rng.integers(2, 9)), image_shape)
        reply = student.call(probes.maps, kind, weight, bool(rng.integers(2)), image_shape)
        same_maps(reply, weight, image_shape)


def bits(reply):
    """Shapes and bytes of a list of arrays."""
    arrays = [array.array(None, "the model's weights") for array in reply.items()]
    return [(array.shape, array.tobytes()) for array in arrays]


@check("first_layer_maps", points=1)
def model_untouched(student, rng):
    """The model's weights stay unchanged, bit for bit, and it can still be trained."""
    image_shape = [3, 5, 4]
    weight = draw_weight(rng, 6, image_shape)
    reply = student.call(probes.maps, "normed", weight, True, image_shape)
    got = reply["maps"].finite((6, 3, 5, 4), "the maps")
    expect(bool(got.max() > got.min() + 0.5), "the maps are all alike")
    before, after = bits(reply["before"]), bits(reply["after"])
    expect(
        before == after,
        "the model's weights have been changed: scale a new tensor; .data and .detach() are the "
        "weights themselves",
    )
    given = weight.astype(np.float64)
    expect((given.shape, given.tobytes()) in before, "the model's first weight is missing")
    gradient = reply["gradient"].finite(weight.shape, "the gradient")
    expect(
        bool(np.abs(gradient).max() > 0),
        "after the call the first layer no longer gets a gradient: was requires_grad changed?",
    )
