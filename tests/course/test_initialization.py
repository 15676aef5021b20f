"""Assignment 04: what its text states, against oracles."""

import math

import numpy as np
import pytest
import torch
from conftest import hidden_of, reference_of
from torch import nn
from torch.nn import functional as F

checks = hidden_of("04_initialization").module("checks")


@pytest.fixture(scope="module")
def solved():
    """The names of the solved notebook."""
    return reference_of("04_initialization").namespace()


def unit_normal_mean(function):
    """E[function(o)] for unit normal o, by Simpson's rule on each side of zero."""
    total = 0.0
    for low, high in ((-12.0, 0.0), (0.0, 12.0)):
        o = np.linspace(low, high, 20_001)
        values = function(o) * np.exp(-(o**2) / 2) / math.sqrt(2 * math.pi)
        weights = np.ones_like(o)
        weights[1:-1:2], weights[2:-1:2] = 4, 2
        total += float((values * weights).sum() * (o[1] - o[0]) / 3)
    return total


def leaky(slope):
    return lambda o: np.where(o >= 0, o, slope * o)


@pytest.mark.parametrize("slope, gain", [(0, 1.4142), (0.1, 1.4072), (1, 1.0)])
def test_gain(solved, slope, gain):
    assert round(solved["leaky_relu_gain"](slope), 4) == gain
    assert solved["leaky_relu_gain"](slope) == pytest.approx(
        nn.init.calculate_gain("leaky_relu", slope)
    )


@pytest.mark.parametrize("slope", [0, 0.1, 0.37, 1, 1.7])
def test_gain_keeps_the_mean_square(solved, slope):
    mean_square = unit_normal_mean(lambda o: leaky(slope)(o) ** 2)
    assert mean_square == pytest.approx((1 + slope**2) / 2, abs=1e-9)
    assert solved["leaky_relu_gain"](slope) ** 2 * mean_square == pytest.approx(1, abs=1e-9)


def test_the_mean_after_leaky_relu_is_not_zero():
    assert round(unit_normal_mean(leaky(0.1)), 3) == 0.359
    for slope in (0, 0.1, 0.5, 1):
        closed = (1 - slope) / math.sqrt(2 * math.pi)
        assert unit_normal_mean(leaky(slope)) == pytest.approx(closed, abs=1e-9)


def test_the_figures_of_the_model_answer():
    mean, mean_square = unit_normal_mean(leaky(0.1)), unit_normal_mean(lambda o: leaky(0.1)(o) ** 2)
    variance = mean_square - mean**2
    assert (round(mean_square, 3), round(variance, 3)) == (0.505, 0.376)
    assert round(1 / math.sqrt(variance), 2) == 1.63
    factor = math.sqrt(mean_square / variance)
    assert round(factor, 2) == 1.16 and 80 < factor**30 < 90


@pytest.mark.parametrize("fan_in, fan_out, gain", [(300, 500, 1.0), (700, 200, 1.4), (64, 64, 0.5)])
def test_spread_against_torch(solved, fan_in, fan_out, gain):
    torch.manual_seed(0)
    weight = torch.empty(fan_out, fan_in)
    std, bound = (solved[name](fan_in, fan_out, gain) for name in ("xavier_std", "xavier_bound"))
    assert nn.init.xavier_normal_(weight, gain).std().item() == pytest.approx(std, rel=0.05)
    nn.init.xavier_uniform_(weight, gain)
    assert weight.std().item() == pytest.approx(std, rel=0.05)
    assert weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert weight.abs().max().item() <= bound * (1 + 1e-6)


@pytest.mark.parametrize("mode", ["normal", "uniform"])
def test_thirty_layers_of_256_die_hold_and_explode(solved, mode):
    torch.manual_seed(1)
    x = torch.randn(128, 256)
    for gain, low, high in ((1, 0, 1e-4), (1.41, 0.3, 3), (2, 1e4, 1e6)):
        network = solved["deep_network"](256, 256, 30, 10)
        profile = solved["activation_rms"](solved["xavier_init"](network, gain, mode), x)
        assert len(profile) == 30
        assert low < profile[-1] < high


def test_weight_gradients_are_level_in_depth(solved):
    torch.manual_seed(1)
    x, y = torch.randn(128, 256), torch.randint(10, (128,))
    heights = []
    for gain in (1, 1.41, 2):
        network = solved["xavier_init"](solved["deep_network"](256, 256, 30, 10), gain, "normal")
        gradients = solved["gradient_rms"](network, x, y)
        assert len(gradients) == 31
        assert max(gradients[:30]) / min(gradients[:30]) < 50
        heights.append(gradients[14])
    assert heights[0] < 1e-5 < 1e-3 < heights[1] < 1 < 100 < heights[2]


def test_pytorchs_own_start_starves_the_first_layers(solved):
    torch.manual_seed(1)
    x, y = torch.randn(128, 256), torch.randint(10, (128,))
    network = solved["deep_network"](256, 256, 30, 10)
    gradients = solved["gradient_rms"](network, x, y)
    assert gradients[0] < 1e-6 * gradients[-1]
    assert 0.01 < solved["activation_rms"](network, x)[-1] < 0.1


def test_both_fans_serve_both_directions(solved):
    """With 100 inputs and 400 outputs the mean square shrinks forwards and grows backwards."""
    gain = solved["leaky_relu_gain"](0.1)
    torch.manual_seed(0)
    linear = solved["xavier_init"](nn.Linear(100, 400), gain, "normal")
    x = torch.randn(4000, 100, requires_grad=True)
    out = F.leaky_relu(linear(x), 0.1)
    forwards = out.square().mean().item()
    assert forwards == pytest.approx(100 / 250, rel=0.05)
    (back,) = torch.autograd.grad(out, x, torch.randn_like(out))
    assert back.square().mean().item() == pytest.approx(400 / 250, rel=0.05)


def test_the_given_tools_are_repeatable(solved):
    make_model, train = solved["make_model"], solved["train"]
    runs = []
    for _ in range(2):
        model = solved["xavier_init"](make_model(5), 1.4, "normal")
        runs.append(train(model, 5))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {"train_accuracy", "test_accuracy"}


def test_train_equals_torch_with_this_momentum(solved):
    """lr 0.2 with weights 0.9 and 0.1 is torch's momentum 0.9 with lr 0.02."""
    model = solved["xavier_init"](solved["make_model"](0), 1.4, "normal")
    twin = solved["make_model"](0)
    twin.load_state_dict(model.state_dict())
    solved["train"](model, 3, num_updates=5)
    x, y = solved["make_data"](1536)
    generator = torch.Generator().manual_seed(3)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.02, momentum=0.9)
    for _ in range(5):
        batch = torch.randint(512, (128,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(twin(x[batch]), y[batch]).backward()
        optimizer.step()
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_a_diverged_run_is_nan(solved):
    model = solved["xavier_init"](solved["make_model"](0), 4.0, "normal")
    assert all(math.isnan(value) for value in solved["train"](model, 0).values())


def test_the_sweeps_hill_has_its_top_near_theory(solved):
    low, middle, high = solved["gain_sweep"]([0.8, 1.4, 2.5], [0, 1, 2])
    assert low < 0.2 and middle > 0.35 and math.isnan(high)


def test_the_checks_reference_against_hooks():
    """The recursion that the checks trust finds what hooks on the same network find."""
    rng = np.random.default_rng(0)
    for case in (checks.plain_case, checks.winding_case):
        layers, state, x = case(rng)
        model, found = checks.reference(layers, state), []

        def note(module, args, output, found=found):
            found.append(checks.rms(output))

        for module in model.modules():
            if isinstance(module, checks.ACTIVATIONS):
                module.register_forward_hook(note)
        model(torch.tensor(x).double())
        np.testing.assert_allclose(checks.expected_activations(layers, state, x), found)


def test_the_distribution_gap_tells_normal_from_uniform():
    rng = np.random.default_rng(0)
    samples = {"normal": rng.normal(size=9000), "uniform": rng.uniform(-1, 1, size=9000) * 3**0.5}
    for name, values in samples.items():
        for mode in samples:
            gap = checks.distribution_gap(values, mode, 1.0)
            assert gap < 0.02 if mode == name else gap > 0.045
