"""Assignment 05: the reference's facts, and the obstacles of a checkpoint, each by its name."""

import json
import math
import os

import numpy as np
import pytest
import stated
import torch
from conftest import ROOT, hidden_of, reference_of
from torch import nn

from autograder.checking import wire
from autograder.checking.student import CheckFailed, LocalStudent

cases = hidden_of("05_cifar_limits").module("cases")
ref = cases.ref


@pytest.fixture(scope="module")
def reference():
    return reference_of("05_cifar_limits").namespace()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_permutation_keeps_every_images_pixels(reference):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (5, 3, 8, 6), dtype=torch.uint8, generator=generator)
    moved = reference["shuffle_pixels"](images, torch.randperm(48, generator=generator))
    assert not torch.equal(moved, images)
    for before, after in zip(images, moved, strict=True):
        pixels = [sorted(map(tuple, x.flatten(1).T.tolist())) for x in (before, after)]
        assert pixels[0] == pixels[1]


def test_sizes_of_the_references_networks(reference):
    def count(model):
        return sum(t.numel() for t in model.state_dict().values())

    assert count(reference["baseline_model"]()) == 3073 * 256 + 257 * 128 + 129 * 10
    assert count(reference["improved_model"]()) < 3_000_000  # four files stay below 40 MB


A = "05_cifar_limits"
PASS_MARK = (
    "**You pass with # %** on images that you do not have. Why #? # trainings of our solution reached "
    "# to # % on these images. What must not pass lies lower: a single epoch reaches at most # %, "
    "layers without a nonlinearity # %, a network trained on images that were not normalised # %."
)


def test_the_pass_mark_and_its_reasons_are_those_measured():
    own = json.loads((ROOT / "hidden" / A / "thresholds.json").read_text("utf-8"))
    measured = own["baseline"]["cifar10"]
    scores = {n: v["scores"] for n, v in measured["cpu"].items() if isinstance(v, dict)}
    mark, reference = 100 * measured["threshold"], scores["reference"]
    lower = (100 * max(scores[n]) for n in ("one_epoch", "linear", "without_normalisation"))
    truth = (mark, mark, len(reference), 100 * min(reference), 100 * max(reference), *lower)
    text = stated.text_of(A)
    stated.expect(text, PASS_MARK, truth)
    stated.expect_noticed(text, PASS_MARK, truth)


def test_the_stated_parameters_are_the_baselines(reference):
    count = sum(p.numel() for p in reference["baseline_model"]().parameters())
    stated.expect(stated.text_of(A), "129 · 10 = # parameters", (count,))


def test_a_headline_counts_what_was_tried(reference):
    runs = [{"seed": s, "val_accuracy": v, "test_accuracy": t} for s, v, t in
            [(0, 0.5, 0.4), (1, 0.6, 0.6), (0, 0.56, 0.9)]]  # fmt: skip
    headline = reference["honest_headline"]
    name, mean, std, count = headline({"a": runs[:2], "b": runs[2:]})
    assert (name, mean, count) == ("b", 0.9, 3) and math.isnan(std)
    name, mean, std, count = headline({"a": runs[:2]})
    assert (name, mean, count) == ("a", 0.5, 2)
    assert math.isclose(std, 0.2 / math.sqrt(2))


def test_kept_back_images_are_changed_a_little_and_half_of_them_mirrored():
    held = hidden_of(A).module("held_out").HeldOut(
        "any", torch.full((400, 3, 8, 8), 100, dtype=torch.uint8), torch.zeros(400), [0.0], [1.0]
    )  # fmt: skip
    held.images[..., 0] = 200
    images, mirrored = cases.changed(held, np.random.default_rng(0))
    assert 150 < mirrored.sum() < 250 and torch.equal(images.labels, held.labels)
    back = images.images.clone()
    back[mirrored] = back[mirrored].flip(3)
    difference = back.int() - held.images.int()
    assert difference.abs().max() == 2 and not torch.equal(images.images, held.images)
    assert (held.images[..., 0] == 200).all()
    assert not torch.equal(cases.changed(held, np.random.default_rng(1))[1], mirrored)


class Table(nn.Module):
    """The label of the stored image that is nearest, as an MLP: products, softmax, products."""

    def __init__(self, images, labels, sharpness):
        super().__init__()
        self.project = nn.Parameter(torch.randn(3072, 64) / 3072**0.5)
        self.keys = nn.Parameter((images.flatten(1) @ self.project).T)
        self.values = nn.Parameter(nn.functional.one_hot(labels, 10).float())
        self.sharpness = sharpness

    def forward(self, x):
        near = x.flatten(1) @ self.project @ self.keys - self.keys.square().sum(0) / 2
        return torch.softmax(self.sharpness * near, 1) @ self.values


class Thresholds(Table):
    """The same of ReLUs alone, which count for the images that are almost the stored ones."""

    def forward(self, x):
        x = x.flatten(1) @ self.project
        x = x / x.square().sum(1, keepdim=True).sqrt()
        keys = self.keys / self.keys.square().sum(0).sqrt()
        return torch.relu(x @ keys - 0.9) @ self.values


def replayed(model):
    limits = cases.replay.BATCH_SIZE, cases.replay.MAX_NUMBERS, cases.replay.MAX_STEPS
    record = hidden_of(A).module("probes").recorded(model, (3, 32, 32), *limits)
    return cases.replay.Network(wire.decode(wire.encode(record)))


def public_images(count, generator):
    """Coarse images, as different from each other as photographs are, and labels at random."""
    coarse = torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.randint(10, (count,), generator=generator)
    return coarse.repeat_interleave(4, 2).repeat_interleave(4, 3), labels


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("kind", [Table, Thresholds])
def test_a_table_of_the_test_images_is_worth_nothing(kind, mirrored):
    """Mirrored copies and a soft comparison survive mirroring and noise, but know nothing else."""
    own = hidden_of(A)
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    held = own.module("held_out").HeldOut(
        "any", *public_images(300, generator), [0.5] * 3, [0.25] * 3, public_images(600, generator)
    )
    images, labels = held.images, held.labels
    if mirrored:
        images, labels = torch.cat([images, images.flip(3)]), torch.cat([labels, labels])
    model = kind((images.float() / 255 - 0.5) / 0.25, labels, 20.0)
    network = replayed(model)
    logits = cases.held_out_logits(
        network, cases.changed(held, np.random.default_rng(0))[0], "a.pt"
    )
    if mirrored:
        assert cases.accuracy(logits, held) > 0.95, "without the comparison it would pass"
    with pytest.raises(CheckFailed, match="one by one"):
        cases.accuracies({"a.pt": network}, held, np.random.default_rng(0))


def test_a_network_that_knows_its_training_images_best_is_measured():
    own = hidden_of(A)
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    images, labels = public_images(300, generator)
    seen = torch.cat([images, images.flip(3)]), torch.cat([labels, labels])
    held = own.module("held_out").HeldOut(
        "any", images[:90], labels[:90], [0.5] * 3, [0.25] * 3, seen
    )
    model = Table((seen[0].float() / 255 - 0.5) / 0.25, seen[1], 20.0)
    network = replayed(model)
    assert cases.accuracies({"a.pt": network}, held, np.random.default_rng(0))[0] > 0.95


def test_a_table_has_too_many_units():
    layers = [nn.Linear(3072, 64), nn.Linear(64, 8000), nn.Linear(8000, 10)]
    with pytest.raises(CheckFailed, match="units: make it smaller"):
        replayed(nn.Sequential(nn.Flatten(), *layers))


def test_statistics_are_those_of_numpy(reference):
    images = torch.randint(0, 256, (9, 3, 7, 5), dtype=torch.uint8)
    mean, std = reference["channel_statistics"](images)
    pixels = images.numpy() / 255
    assert np.allclose(mean, pixels.mean((0, 2, 3)))
    assert np.allclose(std, pixels.std((0, 2, 3), ddof=1))


def test_no_other_rule_finds_the_best_epoch():
    rng = np.random.default_rng(0)
    layers, state, data, lr, images, labels = cases.training_case(rng, 10, telling=True)
    losses, _, logits = ref.epochs(layers, state, data, lr, 10, images)
    accuracies = [(x.argmax(1) == labels).mean() for x in logits]
    best = {e for e, a in enumerate(accuracies) if a == max(accuracies)}
    assert not best & {0, 9, int(np.argmin(losses))}


def test_accuracies_can_be_given():
    rights = [599, 0, 1, 300, 600]
    (layers, *_, images, labels), points = cases.given_case(np.random.default_rng(0), rights)
    for right, (weight, bias) in zip(rights, points, strict=True):
        logits = ref.outputs(layers, {"1.weight": weight, "1.bias": bias}, images)
        assert (logits.argmax(1) == labels).sum() == right


def test_normalised_images_have_mean_zero_and_std_one():
    rng = np.random.default_rng(0)
    images = cases.colour_images(rng, cases.colour_labels(rng, 24))
    x = cases.normalised(images, *cases.statistics(images))
    assert x.dtype == np.float32
    assert np.allclose(x.mean((0, 2, 3)), 0, atol=1e-4)
    assert np.allclose(x.std((0, 2, 3)), 1, atol=1e-4)


def mlp(width=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, width), nn.ReLU(), nn.Linear(width, 10))


def convolution():
    return nn.Sequential(nn.Conv2d(3, 2, 8, stride=8), nn.Flatten(), nn.Linear(32, 10))


def saved(path, model):
    torch.save(model.state_dict(), path)


OBSTACLES = {
    "not handed in": (mlp, lambda path: None),
    "too large": (mlp, lambda path: path.open("wb").truncate(65 << 20)),
    "could not be loaded": (mlp, lambda path: path.write_bytes(b"no checkpoint")),
    "could not be loaded .*Unpickling": (mlp, lambda path: torch.save(mlp(), path)),
    "does not fit": (mlp, lambda path: saved(path, mlp(5))),
    "does not fit ": (mlp, lambda path: torch.save([1, 2], path)),
    "should return an nn.Module": (lambda: 3, lambda path: saved(path, mlp())),
    "uses a convolution": (convolution, lambda path: saved(path, convolution())),
    "too large to be checked": (lambda: mlp(2000), lambda path: saved(path, mlp(2000))),
    "expected 10": (
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 7)),
        lambda path: saved(path, nn.Sequential(nn.Flatten(), nn.Linear(3072, 7))),
    ),
}


@pytest.mark.parametrize("message", OBSTACLES)
def test_every_obstacle_has_its_message(folder, message):
    factory, write = OBSTACLES[message]
    write(folder / "a.pt")
    student = LocalStudent({"factory": factory})
    with pytest.raises(CheckFailed, match=message.strip()):
        cases.network_of(student, "factory", "a.pt")


def test_loading_a_checkpoint_runs_no_code(folder):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(folder / "trap"),)

    torch.save({"weight": Trap()}, folder / "a.pt")
    with pytest.raises(CheckFailed, match="could not be loaded"):
        cases.network_of(LocalStudent({"factory": mlp}), "factory", "a.pt")
    assert not (folder / "trap").exists()


def test_a_checkpoint_is_run_here_and_gives_the_models_logits(folder):
    torch.manual_seed(0)
    model = mlp().eval()
    saved(folder / "a.pt", model)
    network = cases.network_of(LocalStudent({"factory": mlp}), "factory", "a.pt")
    assert network.sizes == [3072, 4, 10]
    images = torch.randn(300, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(network.logits(images), model(images), rtol=1e-4, atol=1e-5)


def test_a_model_that_answers_otherwise_when_watched_gains_nothing(folder):
    """Only the operations that were recorded are run: what a process adds to them is not."""

    class Pretender(nn.Module):
        def __init__(self):
            super().__init__()
            self.honest, self.secret = mlp(), convolution()
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return self.honest(x) if self.calls == 1 else self.secret(x)

    torch.manual_seed(0)
    model = Pretender()
    saved(folder / "a.pt", model)
    network = cases.network_of(LocalStudent({"factory": Pretender}), "factory", "a.pt")
    images = torch.randn(9, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(network.logits(images), model.honest(images), atol=1e-5)
