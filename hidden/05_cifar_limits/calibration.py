"""Trainings behind the thresholds of this assignment: those of the reference and of wrong answers.

Each function trains with one seed and returns a network that takes normalised images.
"""

import functools
from dataclasses import dataclass

import torch
from torch import nn

from helpers import data

from . import held_out

BATCH_SIZE = 128


@dataclass
class Prepared:
    """The names of the notebook's cells, all images, and those that a score is measured on."""

    namespace: dict
    images: data.ImageData
    held: held_out.HeldOut

    @property
    def dataset(self) -> str:
        return self.held.name

    @property
    def device(self) -> str:
        return str(self.namespace["device"])


def prepare(namespace: dict) -> Prepared:
    held = held_out.load(held_out.NAME)
    return Prepared(namespace, data.load_images(held.name), held)


class Split:
    """One random split of the training images, with loaders as the notebook makes them."""

    def __init__(self, prepared: Prepared, seed: int):
        self.namespace, self.images, self.seed = prepared.namespace, prepared.images, seed
        images, namespace = prepared.images, prepared.namespace
        n = len(images.train_images)
        self.train, self.val = data.split_indices(n, n // 10, seed)
        mean, std = namespace["channel_statistics"](images.train_images[self.train])
        self.normal = {"mean": mean, "std": std, "device": namespace["device"]}

    def arrays(self):
        """Training, validation and test images, each with its labels."""
        images = self.images
        pairs = [(images.train_images[i], images.train_labels[i]) for i in (self.train, self.val)]
        return *pairs[0], *pairs[1], images.test_images, images.test_labels

    def loaders(self, **normal):
        """Training and validation loader."""
        train, train_labels, val, val_labels, *_ = self.arrays()
        normal = normal or self.normal
        first = data.TensorLoader(
            train, train_labels, BATCH_SIZE, shuffle=True, seed=self.seed, **normal
        )
        return first, data.TensorLoader(val, val_labels, 1000, **normal)


def baseline(split: Split, folder, **normal):
    """The reference's baseline. It always starts from the same weights; the data differ."""
    path = folder / "baseline.pt"
    model, _ = split.namespace["baseline"](*split.loaders(**normal), path)
    return model


def improved(split: Split, folder):
    """One of the reference's improved models."""
    split.namespace["improved"](*split.arrays(), [split.seed], folder)
    model = split.namespace["improved_model"]().to(split.namespace["device"])
    model.load_state_dict(torch.load(folder / "improved_0.pt", weights_only=True))
    return model


def without_normalisation(split: Split, folder):
    """The baseline trained on images in [0, 1]; the grader feeds it normalised ones."""
    return baseline(split, folder, mean=0.0, std=1.0, device=split.namespace["device"])


def linear(split: Split, folder):
    """Layers without a nonlinearity between them: logistic regression in disguise."""
    torch.manual_seed(split.seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 256), nn.Linear(256, 10))
    return _trained(split, folder, model, torch.optim.SGD, lr=0.01)


def one_epoch(split: Split, folder):
    """The baseline after a single epoch."""
    path = folder / "short.pt"
    model, _ = split.namespace["baseline"](*split.loaders(), path, num_epochs=1)
    return model


def _trained(split, folder, model, kind, num_epochs=10, **settings):
    model = model.to(split.namespace["device"])
    optimizer = kind(model.parameters(), **settings)
    train, val = split.loaders()
    split.namespace["train_model"](model, optimizer, train, val, num_epochs, folder / "m.pt")
    return model


def score(model, held) -> float:
    """Accuracy on the held-out images, normalised as the grader does."""
    device = next(model.parameters()).device
    mean, std = (torch.tensor(v).reshape(-1, 1, 1) for v in (held.mean, held.std))
    right = 0
    model.eval()
    with torch.no_grad():
        for images, labels in zip(held.images.split(1000), held.labels.split(1000), strict=True):
            x = ((images.float() / 255 - mean) / std).to(device)
            right += int((model(x).argmax(1).cpu() == labels).sum())
    return right / len(held.labels)


def scored(train):
    """The function that `autograder calibrate` calls for a training."""

    @functools.wraps(train)
    def measure(prepared: Prepared, seed: int, folder) -> float:
        return score(train(Split(prepared, seed), folder), prepared.held)

    return measure


def reference(train):
    """The same training under the name `reference`."""
    measure = scored(train)
    measure.__name__ = "reference"
    return measure


FIGURES = {
    "baseline": [reference(baseline), *map(scored, (without_normalisation, linear, one_epoch))],
    "improved": [reference(improved), *map(scored, (baseline, linear))],
}
