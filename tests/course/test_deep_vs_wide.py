"""Facts of assignment 02, shown on the notebook's own solutions against independent oracles."""

import ast
import functools
import itertools
import math
import re

import numpy as np
import pytest
import stated
import torch
from conftest import hidden_of, reference_of
from torch import nn

checks, pictures = (hidden_of("02_deep_vs_wide").module(name) for name in ("checks", "images"))


A = "02_deep_vs_wide"
TEXT = stated.text_of(A)
read = functools.partial(stated.read, A)


@functools.cache
def names():
    """The names that the setup and solution cells define."""
    return reference_of(A).namespace()


@pytest.fixture
def reference():
    return names()


def count(*sizes):
    """Parameters of a network with these layer sizes, counted by torch."""
    layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def equal(width, depth, inputs=2, classes=4):
    """Parameters of a network with equal hidden layers."""
    return count(inputs, *[width] * depth, classes)


def widest(budget, depth, *ends):
    """The largest width within a budget, found by counting down."""
    return next(width for width in range(budget, 0, -1) if equal(width, depth, *ends) <= budget)


WIDTHS = [widest(100, depth) for depth in range(1, 6)]
# One wider, as a loop that stops too late has it.
OVER = [equal(width + 1, depth) for depth, width in enumerate(WIDTHS, start=1)]
DEGREE_50 = math.comb(52, 2) - 1
# The degrees that the notebook draws.
DEGREES = ast.literal_eval(re.search(r"_degrees = (\[.*?\])", TEXT)[1])
# Radii of arms that go on where the training points end.
BEYOND = {"near": (1, 1.25), "far": (1.25, 2)}


@functools.cache
def fitted(degree):
    return stated.given(A, "fit_polynomial")(degree)


@functools.cache
def right(degree, place):
    """The accuracy of a polynomial on the held-out points, or on arms beyond the data."""
    if place == "held out":
        points = names()["SPIRAL_HELD_OUT"]
    else:
        points = stated.given(A, "arms_between")(*BEYOND[place])
    return names()["accuracy"](fitted(degree), *points)


# A sentence of the notebook, and what its figures should be.
STATED = {
    "labels): # points to train on and # held out; X (N, #), labels # to #.": lambda: (
        len(names()["SPIRAL_TRAIN"][0]), *names()["SPIRAL_HELD_OUT"][0].shape,
        names()["SPIRAL_TRAIN"][1].min(), names()["SPIRAL_TRAIN"][1].max(),
    ),
    "The widths are #, #, #, #, #. A hidden layer": lambda: WIDTHS,
    "five layers are still # wide, more than a fifth of #": lambda: (WIDTHS[4], WIDTHS[0]),
    "The counts stay below #, by up to #:": lambda: (
        100, 100 - min(equal(width, depth) for depth, width in enumerate(WIDTHS, start=1)),
    ),
    "does *not* fit: #, #, #, #, #, with # to # parameters": lambda: (
        *(width + 1 for width in WIDTHS), min(OVER), max(OVER),
    ),
    "(100, 1, #), (100, 2, #), (52, 2, #), (51, 2, #), (11, 1, #), (2000, 1, #)": lambda: [
        widest(*case) for case in ((100, 1), (100, 2), (52, 2), (51, 2), (11, 1), (2000, 1))
    ],
    "budget 60: got {_got}, expected #, which costs #": lambda: (
        widest(60, 1, 10, 3), equal(widest(60, 1, 10, 3), 1, 10, 3),
    ),
    # In the self-check and in the note on this error.
    "width 1 costs #, the budget is 10": lambda: 2 * (equal(1, 1),),
    "guessing (#), while": lambda: (1 / 4,),
    "from # units at depth # to # at depth #.": lambda: (WIDTHS[0], 1, WIDTHS[4], 5),
    "A layer of # ReLU units throws": lambda: WIDTHS[4:],
    "With # units in one layer, some can die and the rest still do the work; with # in each of #": (
        lambda: (WIDTHS[0], WIDTHS[4], 5)
    ),
    "the band reaches down to #, guessing": lambda: (1 / 4,),
    "only where the width is the limit (# units)": lambda: WIDTHS[4:],
    "degree 2: got {_got.shape[1]} columns, expected #:": lambda: (math.comb(4, 2) - 1,),
    "Degree 2 has # columns, degree 50 has #, so # parameters, # times as many as": lambda: (
        math.comb(4, 2) - 1, DEGREE_50,
        count(DEGREE_50, 4), round(count(DEGREE_50, 4) / 100, -1),
    ),
    "with each of them # % of the held-out points are right": lambda: (
        # Of degree 5 and 50, which both round to it.
        {round(100 * right(degree, "held out")) for degree in (5, 50)}
    ),
    "degree # is enough: its # columns put # % of the points right, and # columns do not": lambda: (
        3, math.comb(5, 2) - 1, 100 * right(3, "held out"), DEGREE_50,
    ),
    "(radius # to #) about # is left with degree # and # with degree #:": lambda: (
        *read("arms_between(#, #), \"arms continued, radius 1.25"),
        right(3, "near"), 3, right(50, "near"), 50,
    ),
    "measures # degrees from # to #,": lambda: (
        len(DEGREES), min(DEGREES), max(DEGREES),
    ),
    "the points reach to about #, the lower maps to #.": lambda: (
        # To the nearest half.
        round(2 * names()["SPIRAL_TRAIN"][0].norm(dim=1).max().item()) / 2,
        read("radii=(1.5, #)")[0],
    ),
    "Count them: $# + # + ": lambda: (2, 3),
    "powers up to $x_1^{#} x_2^{#}$, # columns": lambda: (50, 50, 51**2),
    r"by $5^{#} \approx 10^{#}$, one of degree # only by #": lambda: (
        50, 50 * math.log10(5), 5, 5**5,
    ),
    "one with a hidden layer of # units": lambda: read("32 * 32, #), nn.ReLU(), nn.Linear(64, len"),
    "a linear unit that sees only # × # pixels": lambda: 2 * read("nn.Conv2d(3, 16, #, stride=2"),
    "this takes # epochs": lambda: read("num_epochs=3 if _photographs else #)"),
    "with the photographs # epochs": lambda: read("num_epochs=# if _photographs else 10)"),
    "first weights are a # of": lambda: (1 / read("next(network.parameters()).mul_(#)")[0],),
}  # fmt: skip


@pytest.mark.parametrize("sentence", STATED)
def test_a_stated_figure_is_right_and_a_wrong_one_is_noticed(sentence):
    truth = STATED[sentence]()
    stated.expect(TEXT, sentence, truth)
    stated.expect_noticed(TEXT, sentence, truth)


def test_the_solved_widths_are_the_largest_and_its_networks_have_them(reference):
    for budget, depth in itertools.product((51, 52, 100), (1, 2, 5)):
        assert reference["width_for_budget"](budget, depth, 2, 4) == widest(budget, depth)
    for depth, width in enumerate(WIDTHS, start=1):
        network = reference["make_network"](depth, width, seed=0)
        assert sum(p.numel() for p in network.parameters()) == equal(width, depth)


def test_the_grader_counts_as_torch_does():
    for shape in [(13, 1, 2, 4), (7, 3, 5, 2), (1, 6, 1, 1)]:
        width, depth, num_inputs, num_classes = shape
        assert checks.cost(*shape) == count(num_inputs, *[width] * depth, num_classes)


def test_an_impossible_budget(reference):
    assert count(2, 1, 4) == 11
    assert reference["width_for_budget"](11, 1, 2, 4) == 1
    with pytest.raises(ValueError):
        reference["width_for_budget"](10, 1, 2, 4)


def test_features_of_degree_fifty(reference):
    # Multisets of at most 50 of the two coordinates, the empty one left out.
    multisets = [
        chosen
        for total in range(1, 51)
        for chosen in itertools.combinations_with_replacement("ab", total)
    ]
    assert len(multisets) == DEGREE_50
    X = torch.tensor([[0.9, -0.8], [0.0, 1.1]], dtype=torch.float64)
    got = reference["polynomial_features"](X, 50)
    assert got.shape == (2, DEGREE_50)
    for row, (a, b) in zip(got.tolist(), X.tolist()):
        want = [a ** m.count("a") * b ** m.count("b") for m in multisets]
        np.testing.assert_allclose(sorted(row), sorted(want), rtol=1e-12, atol=0)
    assert checks.exponents(50) == {(m.count("a"), m.count("b")) for m in multisets}


def test_feature_maps_leave_the_weights_bit_identical(reference):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 20), nn.ReLU(), nn.Linear(20, 3))
    before = {name: values.numpy().tobytes() for name, values in model.state_dict().items()}
    images = torch.randn(4, 3, 32, 32)
    logits = model(images)
    maps = reference["first_layer_maps"](model)
    maps.zero_()
    assert {n: v.numpy().tobytes() for n, v in model.state_dict().items()} == before
    assert torch.equal(model(images), logits)
    assert all(p.requires_grad for p in model.parameters())


def test_maps_show_where_a_unit_looks(reference):
    model = nn.Sequential(nn.Flatten(), nn.Linear(2 * 3 * 4, 1))
    nn.init.zeros_(model[1].weight)
    pixel = torch.zeros(1, 2, 3, 4)
    pixel[0, 1, 2, 0] = 1
    # The weight that this pixel meets, found through the model's own output.
    (gradient,) = torch.autograd.grad(model(pixel).sum(), model[1].weight)
    with torch.no_grad():
        model[1].weight.copy_(gradient)
    assert torch.equal(reference["first_layer_maps"](model, (2, 3, 4)), pixel)


@pytest.mark.slow
def test_a_sweep_is_the_mean_over_seeds_of_fresh_networks(reference):
    accuracy, train, make = (reference[n] for n in ("accuracy", "train_network", "make_network"))
    want = [
        np.mean(
            [
                accuracy(
                    train(make(depth, width, seed), *reference["SPIRAL_TRAIN"]),
                    *reference["SPIRAL_HELD_OUT"],
                )
                for seed in (4, 2)
            ]
        )
        for depth, width in ((2, 4), (1, 8))
    ]
    np.testing.assert_allclose(reference["depth_sweep"]([2, 1], 60, [4, 2]), want, rtol=1e-6)


def test_the_grader_has_the_notebooks_held_out_points(reference):
    X, labels = checks.held_out_points()
    np.testing.assert_array_equal(X, reference["SPIRAL_HELD_OUT"][0].double())
    np.testing.assert_array_equal(labels, reference["SPIRAL_HELD_OUT"][1])
    train, held_out = reference["SPIRAL_TRAIN"], reference["SPIRAL_HELD_OUT"]
    assert (len(train[0]), len(held_out[0])) == (1200, 800)
    # Each point is one of its kind: pretended networks know points by their coordinates.
    assert len({tuple(p) for p in torch.cat([train[0], held_out[0]]).tolist()}) == 2000


def test_the_grader_sees_angles_and_sides_as_torchvision_turns_them():
    functional = pytest.importorskip("torchvision.transforms").functional
    stored = pictures.draw_pictures(np.random.default_rng(0), 6).transpose(0, 3, 1, 2)
    stored = stored.astype(np.float32) / 127.5 - 1
    turned = pictures.Turned(stored)
    for mode in (functional.InterpolationMode.NEAREST, functional.InterpolationMode.BILINEAR):
        for angle in (-25, -10, -4, 0, 9, 10):
            for side in (0, 1):
                images = functional.rotate(torch.tensor(stored), angle, mode, fill=[-1.0])
                images = functional.hflip(images) if side else images
                found = turned.match(images.numpy())
                assert found.who.tolist() == list(range(6)) and set(found.mirrored) == {side}
                assert np.abs(np.abs(found.angle) - abs(angle)).max() <= 1
                assert found.gap.max() < pictures.TURNED and found.colour.max() < pictures.LIKE
    shifted = turned.match(np.roll(stored, 2, axis=3))
    assert shifted.colour.min() > pictures.LIKE
    # Another range changes the colours, but neither the picture nor the angle.
    darker = turned.match((stored + 1) / 2)
    assert darker.colour.min() > pictures.LIKE and darker.gap.max() < pictures.PLAIN
    assert darker.who.tolist() == list(range(6)) and not darker.angle.any()


def test_the_continued_arms_are_those_of_the_spiral(reference):
    X, labels = stated.given(A, "arms_between")(0.3, 0.9)
    # A network that knows the spiral's points knows these, too.
    network = reference["make_network"](2, 16, seed=0)
    reference["train_network"](network, *reference["SPIRAL_TRAIN"])
    assert reference["accuracy"](network, X, labels) > 0.97
    assert X.norm(dim=1).mean().item() == pytest.approx(0.6, abs=0.03)


def test_beyond_the_data_polynomials_of_any_degree_are_worse_than_guessing(reference):
    for degree in (3, 5, 50):
        assert right(degree, "far") < 0.25 < right(degree, "near") < 0.9 < right(degree, "held out")
    assert right(3, "near") > right(50, "near")


# Each has a picture stand as it does not in its file. Left to right is what the exercise asks for.
FLIPS_AND_TURNS = {
    "upside down": "x.flip(1)",
    "turned by 180 degrees": "x.flip(1, 2)",
    "turned to the left": "x.rot90(1, (1, 2))",
    "turned to the right": "x.rot90(-1, (1, 2))",
    "transposed": "x.transpose(1, 2)",
    "transposed the other way": "x.flip(1, 2).transpose(1, 2)",
}


@pytest.mark.parametrize("change", FLIPS_AND_TURNS)
def test_the_self_check_sees_every_flip_and_turn(change):
    """In training pictures; the test pictures are compared with their files, exactly."""
    namespace = dict(reference_of(A).namespace())
    check = re.search(
        r'# %% selfcheck="image_loaders" points=\d+\n(.*?)\n# %%', stated.source(A), re.DOTALL
    )[1]
    solved = namespace["image_loaders"]

    def changed(root, batch_size, seed):
        train, test = solved(root, batch_size, seed)
        steps = train.dataset.transform.transforms
        steps.append(eval(f"lambda x: {FLIPS_AND_TURNS[change]}"))
        return train, test

    exec(check, namespace)
    namespace["image_loaders"] = changed
    with pytest.raises(AssertionError, match="turned by"):
        exec(check, namespace)
