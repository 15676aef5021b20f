"""Facts of assignment 02, shown on the notebook's own solutions against independent oracles."""

import itertools
import math

import numpy as np
import pytest
import torch
from conftest import hidden_of, reference_of
from torch import nn

checks, pictures = (hidden_of("02_deep_vs_wide").module(name) for name in ("checks", "images"))


@pytest.fixture(scope="module")
def reference():
    """The names that the setup and solution cells define."""
    return reference_of("02_deep_vs_wide").namespace()


def count(*sizes):
    """Parameters of a network with these layer sizes, counted by torch."""
    layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def test_widths_of_a_hundred_parameters(reference):
    widths = [reference["width_for_budget"](100, depth, 2, 4) for depth in range(1, 6)]
    assert widths == [13, 6, 5, 4, 3]
    counts = [count(2, *[w] * depth, 4) for depth, w in enumerate(widths, start=1)]
    assert counts == [95, 88, 99, 92, 73]
    # One wider, as a loop that stops too late has it.
    over = [count(2, *[w + 1] * depth, 4) for depth, w in enumerate(widths, start=1)]
    assert (min(over), max(over)) == (102, 130)


def test_the_given_networks_have_that_many_parameters(reference):
    for depth, width in zip(range(1, 6), (13, 6, 5, 4, 3)):
        network = reference["make_network"](depth, width, seed=0)
        assert sum(p.numel() for p in network.parameters()) == count(2, *[width] * depth, 4)


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
    assert len(multisets) == math.comb(52, 2) - 1 == 1325
    X = torch.tensor([[0.9, -0.8], [0.0, 1.1]], dtype=torch.float64)
    got = reference["polynomial_features"](X, 50)
    assert got.shape == (2, 1325)
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
                who, mirrored, angles, gap = turned.match(images.numpy())
                assert who.tolist() == list(range(6)) and set(mirrored) == {side}
                assert np.abs(np.abs(angles) - abs(angle)).max() <= 1
                assert gap.max() < pictures.LIKE
    shifted = np.roll(stored, 2, axis=3)
    assert turned.match(shifted)[3].min() > pictures.LIKE
    assert turned.match((stored + 1) / 2)[3].min() > pictures.LIKE
