"""Assignment 05: the reference's facts, and the obstacles of a checkpoint, each by its name."""

import os

import numpy as np
import pytest
import torch
from conftest import hidden_of, reference_of
from torch import nn

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
