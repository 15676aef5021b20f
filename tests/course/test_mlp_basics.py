"""Assignment 01: the figures that its text states."""

import functools
import math

import numpy as np
import pytest
import stated
import torch
from conftest import reference_of
from torch import nn
from torch.nn import functional as F

from helpers import data

A = "01_mlp_basics"
TEXT = stated.text_of(A)
read, given = (functools.partial(f, A) for f in (stated.read, stated.given))


@functools.cache
def solved():
    """The names of the solved notebook."""
    return reference_of(A).namespace()


def count(*sizes):
    """Weights and biases of the layers sizes[0] → sizes[1] → …, by hand."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in zip(sizes, sizes[1:]))


def weights(*sizes):
    return sum(fan_in * fan_out for fan_in, fan_out in zip(sizes, sizes[1:]))


def trainable(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def slope(f, x):
    x = torch.tensor(float(x), requires_grad=True)
    f(x).backward()
    return x.grad.item()


def two_layers():
    """The outputs of the self-check's network: x W1 + b1, cut off below 0, times W2, plus b2."""
    w1 = np.reshape(read("_W1, _b1 = torch.tensor([[#, #], [#, #]])"), (2, 2))
    b1 = read("torch.tensor([[1.0, -1.0], [2.0, 0.0]]), torch.tensor([#, #])")
    w2 = read("_W2, _b2 = torch.tensor([[#], [#]])")
    b2 = read("[[-1.0], [4.0]]), torch.tensor([#])")
    x = np.reshape(read("_x = torch.tensor([[#, #], [#, #]])"), (2, 2))
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


def right_of_five():
    predicted = given("tiny_model")()(given("five_x")).argmax(1)
    return (predicted == given("five_y")).sum().item()


def cross_entropy(logits):
    """The loss of one image of class 0."""
    return F.cross_entropy(torch.tensor([logits]).double(), torch.tensor([0])).item()


def variance_times_fans(initialise, fan_in=2000, fan_out=1000):
    """(variance times fan in, variance times both fans) of freshly drawn weights."""
    torch.manual_seed(0)
    variance = initialise(torch.empty(fan_out, fan_in)).var().item()
    return variance * fan_in, variance * (fan_in + fan_out)


def penalties():
    """The self-check's penalties: sums of absolute and of squared weights."""
    entries = np.abs(
        read("_model[0].weight.copy_(torch.tensor([[#, #], [#, #]]))")
        + read("_model[2][0].weight.copy_(torch.tensor([[#, #]]))")
    )
    return entries.sum(), (entries**2).sum()


def recognised(label):
    """How many of the self-check's images of a class are recognised, and how many there are."""
    predicted = np.array(read("F.one_hot(torch.tensor([#, #, #, #, #, #]), 3)"))
    labels = np.array(read("_labels = torch.tensor([#, #, #, #, #, #])"))
    return (predicted[labels == label] == label).sum(), (labels == label).sum()


IMAGES = "def some_batches(count=#,"
ONE, TWO, BOTH = count(784, 500), count(500, 10), count(784, 500, 10)
WIDE, DEEP, BOTH_WIDE = count(784, 1000, 10), count(784, 500, 500, 10), count(784, 1000, 1000, 10)

# A sentence of the notebook, and what its figures should be.
STATED = {
    "A picture has # inputs": lambda: (28 * 28,),
    "(one linear layer) sees # images once": lambda: read(IMAGES),
    "With values up to # the": lambda: (torch.iinfo(torch.uint8).max,),
    "d/dw (#w)^2 = # w": lambda: (*read("tripled = # * weight"), slope(lambda w: (3 * w) ** 2, 1)),
    "sigmoid's slope is at most #,": lambda: (slope(torch.sigmoid, 0),),
    "derivative of $(#w)^2$ at $w = #$ is #.": lambda: (
        *read("tripled = # * weight"), *read("weight = torch.tensor(#, requires_grad"),
        slope(lambda w: (3 * w) ** 2, 2),
    ),
    "#: gradients *accumulate*": lambda: (2 * slope(lambda w: (3 * w) ** 2, 2),),
    # A
    "layers, expected #: # sizes have # gaps": lambda: (
        len(solved()["functional_parameters"]((400, 300, 7))), 3, 2,
    ),
    "standard deviation is {_std:.3f}, expected #\"": lambda: read("((400, 300, 7), std=#)"),
    "{_got.flatten().tolist()}, expected [#, #]": two_layers,
    r"$\ln # \approx #$": lambda: (10, cross_entropy([0.0] * 10)),
    "# passes over # images, about three seconds.": lambda: (
        *read("hand_losses = [] for _ in range(#)"), *read(IMAGES),
    ),
    "# · # = # rows of #": lambda: (64, 28, 64 * 28, 28),
    "# for logistic regression: # weights and # biases.": lambda: (
        count(784, 10), weights(784, 10), 10,
    ),
    "got {_got}, expected #\" + ( \": the biases are missing\" if _got == #": lambda: (
        count(784, 10), weights(784, 10),
    ),
    "expected #: frozen": lambda: (trainable(nn.Linear(3, 2)) - weights(3, 2),),
    "You double the hidden layer to #": lambda: (2 * 500,),
    "First layer # · # + # = #; second layer # · # + # = #; together #.": lambda: (
        784, 500, 500, ONE, 500, 10, 10, TWO, BOTH,
    ),
    "The first layer holds # / # = # % of them": lambda: (ONE, BOTH, 100 * ONE / BOTH),
    "# · # + # + # · # + # = # + # = #, a factor of #.": lambda: (
        784, 1000, 1000, 1000, 10, 10, count(784, 1000), count(1000, 10), WIDE, WIDE / BOTH,
    ),
    "(# h + h + # h = # h), except the # biases": lambda: (
        784, 10, WIDE - count(784, 999, 10), count(784, 0, 10),
    ),
    "which stay: # · # − # = #": lambda: (2, BOTH, count(784, 0, 10), WIDE),
    "784-500-500-10 has # + (# · # + #) + # = # parameters": lambda: (
        ONE, 500, 500, 500, TWO, DEEP,
    ),
    "784-1000-1000-10 has # + (# · # + #) + # = #, a factor of #.": lambda: (
        count(784, 1000), 1000, 1000, 1000, count(1000, 10), BOTH_WIDE, BOTH_WIDE / DEEP,
    ),
    "becomes # times as large (# → #)": lambda: (
        weights(1000, 1000) / weights(500, 500), weights(500, 500), weights(1000, 1000),
    ),
    "[((), #), ((8,), #), ((8, 8, 8, 8), #)]": lambda: (
        count(20, 3), count(20, 8, 3), count(20, 8, 8, 8, 8, 3),
    ),
    # B
    "batches of # and # images do not": lambda: (
        *read("[(five_x[:#]"), len(given("five_y")) - read("[(five_x[:#]")[0],
    ),
    "expected # (# of #)": lambda: (right_of_five() / 5, right_of_five(), len(given("five_y"))),
    "A # of the training images is set aside": lambda: read("num_images // #"),
    "784-500-10, batches of #, Adam at #, # epochs.": lambda: (
        *read("images.train_labels[train_index], #, shuffle"),
        *read("torch.optim.Adam(classifier.parameters(), lr=#)"),
        *read("Watched(train_loader, \"training\"), val_loader, num_epochs=#)"),
    ),
    "# batches of # are # images; # are left.": lambda: (
        60_000 // 128, 128, 60_000 // 128 * 128, 60_000 % 128,
    ),
    "# batch means gives each of these # images #/# ≈ # times": lambda: (
        math.ceil(60_000 / 128), 60_000 % 128, 128, 60_000 % 128, 128 / (60_000 % 128),
    ),
    "pixels has # parameters, the network above #.": lambda: (count(784, 10), BOTH),
    "(784-#-10), Adam, # passes over # images": lambda: (
        *read('"MSE": mse_on_onehot}.items(): torch.manual_seed(0) model = MLP(784, 10, (#,))'),
        *read("[] for _ in range(#): train_epoch(model, loader, optimizer, function)"),
        *read(IMAGES),
    ),
    "the other # logits are #.": lambda: (*read("torch.zeros(201, #)"), 0),
    r"$e / (e + #) \approx #$": lambda: (9, math.exp(-cross_entropy([1.0] + [0.0] * 9))),
    r"$\ln(1 + #/e) \approx #$": lambda: (9, cross_entropy([1.0] + [0.0] * 9)),
    "one image is also bounded by #.": lambda: (np.square([1, -1] + [0] * 8).sum(),),
    # C
    r"$a = \sqrt{# / (\text{fan in}": lambda: (
        3 * variance_times_fans(nn.init.xavier_uniform_)[1],  # a² / 3 is the variance.
    ),
    r"variance $# / \text{fan in}$": lambda: variance_times_fans(nn.init.kaiming_normal_)[:1],
    "200 inputs: std {_std:.4f}, expected about #.": lambda: (math.sqrt(2 / 200),),
    "largest weight {_bound:.4f}, expected close to #\"": lambda: (math.sqrt(6 / (200 + 300)),),
    "(# hidden layers of #, plain SGD, # passes over # images": lambda: (
        len(read("MLP(784, 10, (#, #, #))")), *read("MLP(784, 10, (#, 100, 100))"),
        *read("lr=0.02) loader = some_batches() for _ in range(#)"), *read(IMAGES),
    ),
    "# values, window #: got {len(_got)} means, expected #": lambda: (
        5, 3, len(np.convolve(range(5), range(3), "valid")),
    ),
    "# means; the first is that of batches # to #.": lambda: (300 - 20 + 1, 1, 20),
    "# hidden layers of # from your": lambda: (
        len(read("[nn.Flatten()], [784, #, #, #, #]")), *read("[784, #, 128, 128, 128]"),
    ),
    "the same batches, # passes over # images": lambda: (
        *read("some_batches(), optimizer, loss_fn, num_epochs=#)"), *read(IMAGES),
    ),
    "a plateau at #,": lambda: (cross_entropy([0.0] * 10),),
    "[(l1_penalty, #), (l2_penalty, #)]": penalties,
    "(784-#-10, # passes over # images": lambda: (
        *read("MLP(784, 10, (#,)).to(device) optimizer = torch.optim.SGD"),
        *read("momentum=0.9) loader = some_batches() for _ in range(#)"), *read(IMAGES),
    ),
    "of the weights below #, largest": lambda: read("weights.abs() < #)"),
    # D
    "{_got[0]}, expected #/#:": lambda: recognised(0),
    "{_got[1]}, expected #/# of": lambda: recognised(1),
    "# networks 784-#-10 see the same # images": lambda: (
        *read("models, losses = train_many( #, make_model"),
        *read("make_model=lambda: MLP(784, 10, (#,))"), *read(IMAGES),
    ),
    "Adam at its usual #, then at **#**": lambda: (
        torch.optim.Adam([torch.zeros(1)]).defaults["lr"], *read("for lr in (0.001, #)"),
    ),
    "optimizer. At # their": lambda: read("for lr in (0.001, #)"),
    "so much larger at # than at #?": lambda: read("for lr in (#, #)")[::-1],
    "at # one step is as large as the initial weights themselves (up to #/√# ≈ # in": lambda: (
        *read("for lr in (0.001, #)"), 1, 784,
        nn.Linear(784, 100).weight.abs().max().item(),
    ),
    "At # all six": lambda: read("for lr in (#, 0.04)"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", STATED)
def test_a_stated_figure_is_right_and_a_wrong_one_is_noticed(sentence):
    truth = STATED[sentence]()
    stated.expect(TEXT, sentence, truth)
    stated.expect_noticed(TEXT, sentence, truth)


def test_figures_of_the_data(real_data):
    real_data("mnist.npz")
    images = data.load_images("mnist")
    labels = torch.bincount(images.train_labels)
    sizes = len(images.train_images), len(images.test_images), *images.train_images.shape[-2:]
    for sentence, truth in {
        "MNIST: # training and # test images of handwritten digits, each of # × # grey": sizes,
        "grey values between # and #.": (images.train_images.min(), images.train_images.max()),
        "# is the most frequent digit (#) and # the rarest (#)": (
            labels.argmax(), labels.max(), labels.argmin(), labels.min(),
        ),
        "so always answering \"#\" is right in about # %": (
            labels.argmax(), 100 * labels.max() / labels.sum(),
        ),
    }.items():  # fmt: skip
        stated.expect(TEXT, sentence, truth)
        stated.expect_noticed(TEXT, sentence, truth)


@pytest.mark.parametrize(
    "sizes",
    [(784, 10), (784, 500, 10), (784, 1000, 10), (784, 500, 500, 10), (784, 1000, 1000, 10)],
)
def test_the_solved_notebook_counts_so_too(sizes):
    for model in (
        solved()["sequential_mlp"](sizes),
        solved()["MLP"](sizes[0], sizes[-1], sizes[1:-1]),
    ):
        assert solved()["count_parameters"](model) == count(*sizes) == trainable(model)


def test_frozen_parameters_do_not_count():
    model = nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 10))
    model[0].requires_grad_(False)
    assert solved()["count_parameters"](model) == count(500, 10)


def spread_of_accuracies(train_images, train_labels, test_images, test_labels, make_model, train):
    """The lowest and the highest test accuracy of three seeds, in percent with one decimal.

    `train(model, loader)` sees the first 10,000 images as the notebook's short trainings do.
    """
    pixels = train_images.float() / 255
    scale = {"mean": pixels.mean().item(), "std": pixels.std().item()}
    accuracies = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = make_model()
        loader = data.TensorLoader(
            train_images[:10_000], train_labels[:10_000], 100, shuffle=True, seed=0, **scale
        )
        train(model, loader)
        tests = data.TensorLoader(test_images, test_labels, 1000, **scale)
        accuracies.append(100 * solved()["evaluate"](model, tests, F.cross_entropy)[1])
    return min(accuracies), max(accuracies)


def with_loss(loss_fn, make_optimizer):
    """`make_model` and `train` of five passes with a loss function."""

    def train(model, loader):
        optimizer = make_optimizer(model.parameters())
        solved()["train_batches"](model, loader, optimizer, loss_fn, num_epochs=5)

    return (lambda: solved()["MLP"](784, 10, (100,))), train


def with_norm(norm):
    """`make_model` and `train` of the batch norm comparison."""

    def train(model, loader):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        solved()["train_batches"](model, loader, optimizer, F.cross_entropy, num_epochs=3)

    return (lambda: given("deep_network")(norm)), train


adam = functools.partial(torch.optim.Adam, lr=1e-3)
sgd = functools.partial(torch.optim.SGD, lr=0.1)
# A sentence with a lowest and a highest accuracy for each of the trainings.
MEASURED = {
    "# to # % against # to # % for cross-entropy (MNIST, three seeds": lambda: [
        with_loss(solved()["mse_on_onehot"], adam), with_loss(F.cross_entropy, adam),
    ],
    "# to # % for MSE, # to # % for cross-entropy (three": lambda: [
        with_loss(solved()["mse_on_onehot"], sgd), with_loss(F.cross_entropy, sgd),
    ],
    "# to # % with the norm before, # to # % after it, # to # % without": lambda: [
        with_norm("before"), with_norm("after"), with_norm("nowhere"),
    ],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("sentence", MEASURED)
def test_accuracies_of_short_trainings(real_data, sentence):
    """To half a percentage point: rounding differs from machine to machine and adds up."""
    real_data("mnist.npz")
    images = data.load_images("mnist")
    sets = images.train_images, images.train_labels, images.test_images, images.test_labels
    measured = [spread_of_accuracies(*sets, *how) for how in MEASURED[sentence]()]
    truth = [bound for bounds in measured for bound in bounds]
    assert read(sentence) == pytest.approx(truth, abs=0.5)
