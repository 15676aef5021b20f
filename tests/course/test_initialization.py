"""Assignment 04: what its text states, against oracles."""

import functools
import math
import re

import numpy as np
import pytest
import stated
import torch
from conftest import hidden_of, reference_of
from stated import Above
from torch import nn
from torch.nn import functional as F

from helpers import data, progress

A = "04_initialization"
TEXT = stated.text_of(A)
checks = hidden_of(A).module("checks")
read, given = (functools.partial(f, A) for f in (stated.read, stated.given))


@pytest.fixture(scope="module")
def solved():
    """The names of the solved notebook."""
    return reference_of(A).namespace()


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


def mean(slope=0.1):
    return unit_normal_mean(leaky(slope))


def mean_square(slope=0.1):
    return unit_normal_mean(lambda o: leaky(slope)(o) ** 2)


def variance(slope=0.1):
    return mean_square(slope) - mean(slope) ** 2


def gain(slope=0.1):
    """The gain that keeps the mean square."""
    return 1 / math.sqrt(mean_square(slope))


def wrong_gain():
    """The gain that keeps the variance."""
    return 1 / math.sqrt(variance())


def std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def bound(*args):
    """The bound of a uniform distribution, whose variance is bound² / 3."""
    return math.sqrt(3) * std(*args)


def rms(values):
    return math.sqrt(np.mean(np.square(values)))


def activations_of_the_selfcheck():
    first = leaky(0.5)(np.array([[3.0, -2.0], [1.0, 4.0]]))
    second = leaky(0.5)(first)
    return [rms(values) for values in (first, second, np.tanh(second))]


def gradients_of_the_selfcheck():
    """Two linear layers and cross-entropy, differentiated by hand."""
    first = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    last = np.array([[1.0, -1.0, 0.5], [0.0, 0.5, -0.5]])
    x, labels = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.eye(2)[::-1]
    powers = np.exp(x @ first.T @ last.T)
    error = (powers / powers.sum(1, keepdims=True) - labels) / 2
    return rms((error @ last).T @ x), rms(error.T @ (x @ first.T))


def pytorchs_variance(fan_in=2000):
    """The variance of a new Linear's weights, times its fan in."""
    torch.manual_seed(0)
    return nn.Linear(fan_in, 1000).weight.var().item() * fan_in


def both_factors(fan_in, fan_out):
    """What Xavier with the right gain makes of the mean square, forwards and backwards."""
    variance = std(fan_in, fan_out, gain()) ** 2
    return [fan * variance * mean_square() for fan in (fan_in, fan_out)]


def ratio_to_pytorch(fan_in, fan_out):
    """Xavier's standard deviation over that of PyTorch's own weights."""
    return std(fan_in, fan_out, gain()) * math.sqrt(fan_in / pytorchs_variance())


def explosion():
    """The RMS after thirty layers of 256 with gain 2, computed as the notebook does."""
    names = reference_of(A).namespace()
    x = torch.randn(256, 256, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = names["xavier_init"](names["deep_network"](256, 256, 30, 10), 2.0, "normal")
    return names["activation_rms"](network, x)[-1]


# A sentence of the notebook, and what its figures should be.
STATED = {
    "is level near # and": lambda: (gain(),),
    # 1
    "fans 30 and 20: std {_got:.4g}, expected #": lambda: (std(30, 20),),
    "fans 30 and 20, gain 4: std {_got:.4g}, expected #": lambda: (std(30, 20, 4),),
    "fans 14 and 10: bound {_got:.4g}, expected #": lambda: (bound(14, 10),),
    "fans 14 and 10, gain 1.5: bound {_got:.4g}, expected #": lambda: (bound(14, 10, 1.5),),
    "fans 30 and 20, gain 1.5: std {_got:.4g}, expected #": lambda: (std(30, 20, 1.5),),
    "fans 5 and 2: std {_got:.4g}, expected #": lambda: (std(5, 2),),
    "# weights of either kind for fans # and #": lambda: (
        *read('"normal": torch.randn(#, generator'), *read("_bound = xavier_bound(#, #)"),
    ),
    "weights end at the bound, #, which": lambda: (bound(30, 20),),
    "With # units on either side the variance is # and the standard deviation #:": lambda: (
        256, std(256, 256) ** 2, std(256, 256),
    ),
    "output # times too small": lambda: (1 / std(256, 256),),
    # 2
    "the function gives # for $a = #$": lambda: (nn.init.calculate_gain("leaky_relu", 1), 1),
    "slope 0: got {_got:.4g}, expected #": lambda: (gain(0),),
    "the mean square times the gain's square is #": lambda: (mean_square() * gain() ** 2,),
    "neither in the first two layers: about # and #,": lambda: both_factors(100, 400),
    "= 2 / #$. Forwards": lambda: (100 + 400,),
    r"is multiplied by $# \cdot # / # = #$, backwards by $# \cdot # / # = #$": lambda: (
        100, 2, 100 + 400, both_factors(100, 400)[0], 400, 2, 100 + 400, both_factors(100, 400)[1],
    ),
    "(the RMS by # and #)": lambda: np.sqrt(both_factors(100, 400)),
    "which is # for ReLU and # at slope 0.1. It is zero only at $a = #$": lambda: (
        mean(0), mean(), next(slope for slope in (0, 1, 2) if abs(mean(slope)) < 1e-9),
    ),
    r"$(1 + #) / 2 = #$, the variance only $# - #^2 = #$": lambda: (
        0.1**2, mean_square(), mean_square(), mean(), variance(),
    ),
    r"gives the gain $1 / \sqrt{#} = #$ instead of #.": lambda: (variance(), wrong_gain(), gain()),
    "would multiply the RMS by $# / # = #$": lambda: (wrong_gain(), gain(), wrong_gain() / gain()),
    "after # layers it is about # times as large": lambda: (
        # To the nearest five.
        30, 5 * round((wrong_gain() / gain()) ** 30 / 5),
    ),
    # 3
    'has std {_std:.4f}, " "expected about #"': lambda: (std(300, 200, 1.5), std(200, 100, 1.5)),
    "{_most:.4f}, expected close to #": lambda: (bound(300, 200, 1.5),),
    "spread more than # times as widely": lambda: (
        Above(min(ratio_to_pytorch(784, 100), ratio_to_pytorch(100, 10))),
    ),
    r"the factor is $\sqrt{#}$ times the gain, #;": lambda: (3, ratio_to_pytorch(100, 100)),
    # 4
    "first value: got {_got[0]:.4f}, expected #": lambda: activations_of_the_selfcheck()[:1],
    "second value: got {_got[1]:.4f}, expected #": lambda: activations_of_the_selfcheck()[1:2],
    "third value: got {_got[2]:.4f}, expected #": lambda: activations_of_the_selfcheck()[2:],
    "the gain divided by #: # at gain 1, so that about": lambda: (gain(), 1 / gain()),
    r"about $# \cdot 10^{#}$ is left": lambda: (
        gain() ** -30 * 10**5, math.floor(math.log10(gain() ** -30)),
    ),
    "of the signal; # at gain 2": lambda: (2 / gain(),),
    "grows to # (# by theory)": lambda: (
        round(explosion(), -2), round((2 / gain()) ** 30, -3),
    ),
    r"$1/\sqrt{#\,\text{fan\_in}}$, a gain of #.": lambda: (
        1 / pytorchs_variance(), math.sqrt(pytorchs_variance()),
    ),
    "The gain of # looks": lambda: (wrong_gain(),),
    # 5
    "first layer: got {_got[0]:.4f}, expected #": lambda: gradients_of_the_selfcheck()[:1],
    "last layer: got {_got[1]:.4f}, expected #": lambda: gradients_of_the_selfcheck()[1:],
    r"$\ln # = #$, chance": lambda: (10, math.log(10)),
    # 6
    "Theory says # for slope #.": lambda: (gain(), 0.1),
    "a network of # hidden layers of #, after # updates only": lambda: (
        *read("model = deep_network(64, #, #, 10)")[::-1], *read("def train(model, seed, num_updates=#):"),
    ),
    "at chance (#) within # updates": lambda: (1 / 10, *read("def train(model, seed, num_updates=#):")),
    "expected about #, as by chance": lambda: (1 / 10,),
    "# gains, # seeds; about": lambda: (
        len(given("gains")), *read('for seed in progress.progress(range(#), "seeds")]) def'),
    ),
    "with # seeds instead of": lambda: read('for seed in progress.progress(range(#), "seeds")] return'),
    "a factor of # per layer, and at gain # or # it is # or #, after # layers # or #.": lambda: (
        1, 1.3, 1.5, 1.3 / gain(), 1.5 / gain(), 10, (1.3 / gain()) ** 10, (1.5 / gain()) ** 10,
    ),
    "a layer has # units only": lambda: read("model = deep_network(64, #, 10, 10)"),
    "the signal grow by a factor of #": lambda: (math.sqrt(both_factors(784, 32)[0]),),
    "the first layer (# to #) and the last (# to #)": lambda: np.take(
        read("model = deep_network(#, #, 10, #)"), [0, 1, 1, 2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", STATED)
def test_a_stated_figure_is_right_and_a_wrong_one_is_noticed(sentence):
    truth = STATED[sentence]()
    stated.expect(TEXT, sentence, truth)
    stated.expect_noticed(TEXT, sentence, truth)


@pytest.mark.slow
def test_figures_of_the_long_sweep(solved):
    gains = read("means of #, # and # differ")[:1] + read("while the means of 1.35, # and # differ")
    seeds = range(int(read("with # seeds instead of")[0]))
    accuracy = np.array([solved["gain_sweep"](gains, [seed]) for seed in seeds])
    spread, means = accuracy[:, 1].std(ddof=1), accuracy.mean(axis=0)
    for sentence, truth in {
        "of the # seeds have a standard deviation of about #, while": (len(seeds), spread),
        "differ by about #.": (np.ptp(means),),
        "standard error of # / # = #,": (spread, len(seeds) ** 0.5, spread / len(seeds) ** 0.5),
    }.items():
        stated.expect(TEXT, sentence, truth)
        stated.expect_noticed(TEXT, sentence, truth)


@pytest.fixture
def with_images(real_data):
    """The solved names and those of the cells with images."""
    real_data("mnist.npz")
    names = reference_of(A).namespace()
    names |= {"data": data, "progress": progress, "np": np}
    for start in ("images = data.load_images", "def batch_norm_network", "def make_image_model"):
        cell = start + stated.source(A).split(f"\n{start}")[1]
        # Without what is trained and shown beside the notebook.
        exec(re.split("\n# %%|\nthirty = |\nneeds", cell)[0], names)
    return names


def expect_stated(found):
    for sentence, truth in found.items():
        stated.expect(TEXT, sentence, truth)
        stated.expect_noticed(TEXT, sentence, truth)


@pytest.mark.slow
def test_figures_of_the_constant_weights(with_images):
    names, accuracy = with_images, {}
    updates = int(read("after # updates? *My")[0])
    for start in ("constant", "Xavier"):
        model = names["deep_network"](784, 16, 1, 10)
        torch.manual_seed(0)
        names["xavier_init"](model, gain(), "normal")
        if start == "constant":
            for layer in (model[0], model[2]):
                nn.init.constant_(layer.weight, read("one starts with # for every weight")[0])
        result = names["train_on_images"](model, 0, num_updates=updates)
        accuracy[start] = result["train_accuracy"]
    expect_stated({
        "a training accuracy of about #,": (accuracy["constant"],),
        "reaches about #. Equal": (accuracy["Xavier"],),
    })  # fmt: skip


@pytest.mark.slow
def test_figures_of_the_thirty_layers(with_images):
    thirty = with_images["thirty_layers"]()
    step = {name: 0.02 * run["gradients"][0] / run["size"] for name, run in thirty.items()}
    ends = {name: np.mean(run["losses"][-10:]) for name, run in thirty.items()}
    assert 0.5e-7 < step["gain 1"] < 2e-7
    assert 0.003 < step["gain 1.407"] < 0.007
    assert np.isnan(np.reshape(thirty["gain 2"]["losses"], (-1, 10)).sum(1)).all()
    own = thirty["PyTorch's own"]["gradients"]
    assert 9.5 < math.log10(own[29] / own[0]) < 10.5
    for name in ("gain 1", "PyTorch's own"):
        assert ends[name] == pytest.approx(math.log(10), abs=0.02)
    assert ends["batch norm"] < ends["gain 1.407"] < 1.6
    assert 0.5 < step["batch norm"] < 1
    norm = thirty["batch norm"]["gradients"]
    expect_stated({
        "first step is more than # times": (Above(step["gain 2"]),),
        "from # in layer 30 to # in layer 1,": (norm[29], norm[0]),
    })  # fmt: skip


@pytest.mark.slow
def test_more_sweeps_show_what_the_text_says(with_images):
    gains, seeds = [1.0, 1.2, 1.4, 1.5], range(4)
    with_images["gains"] = gains
    sweeps = {name: np.array(rows) for name, rows in with_images["more_sweeps"]().items()}
    sweeps["normal"] = np.array([with_images["gain_sweep"](gains, [seed]) for seed in seeds])
    apart = np.abs(sweeps["normal"].mean(axis=0) - sweeps["clusters"].mean(axis=0))
    assert (apart < 0.1).all() and sweeps["normal"].std(axis=0, ddof=1)[1:].min() > 0.05
    for mode in ("normal", "uniform"):
        low, early, top, _ = sweeps[f"images_{mode}"].mean(axis=0)
        assert low < 0.4 < early and abs(early - top) < 0.1
    assert np.isnan(sweeps["images_normal"][:, 3]).any()


def test_constant_weights_keep_all_units_equal(solved):
    model = solved["deep_network"](64, 8, 2, 10)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.05)
    solved["train"](model, 0)
    for layer in (model[0], model[2]):
        torch.testing.assert_close(layer.weight, layer.weight[:1].expand_as(layer.weight))
    assert not torch.allclose(model[4].weight[0], model[4].weight[1])


@pytest.mark.parametrize("fans", [(100, 400), (400, 100)])
def test_the_given_table_of_both_ways(fans):
    both_ways = given("both_ways")
    assert both_ways(*fans, fans[0])[0] == pytest.approx(1, rel=0.03)
    assert both_ways(*fans, fans[1])[1] == pytest.approx(1, rel=0.03)
    assert both_ways(*fans, sum(fans) / 2) == pytest.approx(both_factors(*fans), rel=0.03)


@pytest.mark.parametrize("slope", [0, 0.1, 0.37, 1, 1.7])
def test_the_solved_gain_is_torchs_and_keeps_the_mean_square(solved, slope):
    assert solved["leaky_relu_gain"](slope) == pytest.approx(gain(slope), abs=1e-9)
    assert gain(slope) == pytest.approx(nn.init.calculate_gain("leaky_relu", slope))
    assert mean_square(slope) == pytest.approx((1 + slope**2) / 2, abs=1e-9)


@pytest.mark.parametrize("slope", [0, 0.1, 0.5, 1])
def test_the_mean_after_leaky_relu_is_not_zero(slope):
    assert mean(slope) == pytest.approx((1 - slope) / math.sqrt(2 * math.pi), abs=1e-9)


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
