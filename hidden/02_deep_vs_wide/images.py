"""Trees of small pictures, and which of them a loader has handed out, turned and mirrored."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from autograder.checking import expect

SIZE = 32
# The largest difference of a picture that is only scaled; float16 and uint8 rounding stay below.
EXACT = 3e-3
# The RMS difference of a picture that is turned by some angle of the grid below. Measured: 0.05
# at most with any interpolation, 0.09 and more for a shift by a pixel or a changed brightness.
LIKE = 0.075
# The same for pictures in grey, each on a scale of its own (0 to 1): turned, but otherwise as they
# were; and still recognised, whatever else was done.
TURNED, KNOWN = 0.2, 0.6
PLAIN = 0.05
# Fine where angles are measured, coarse where they are far too large.
ANGLES = np.concatenate([np.arange(-180.0, -14, 3), np.arange(-14.0, 15), np.arange(17.0, 180, 3)])


@dataclass
class Tree:
    """Pictures in folders. `images` and `labels` per split, in no particular order.

    images: float32 (N, 3, 32, 32) in [-1, 1]. rows: [split, class, file name, uint8 (H, W, 3)].
    """

    rows: list
    images: dict
    labels: dict

    @property
    def pictures(self):
        """All pictures, those of "train" first."""
        return np.concatenate([self.images["train"], self.images["val"]])

    @property
    def all_labels(self):
        return np.concatenate([self.labels["train"], self.labels["val"]])


def draw_tree(rng):
    """Smooth random pictures of two to four classes: 19 to train on, 11 to test on."""
    count = int(rng.integers(2, 5))
    letters = rng.permutation(list("abcdefghijklmnopqrstuvwxyz"))
    names = sorted(f"{letter}{rng.integers(100)}" for letter in letters[:count])
    tree = Tree([], {}, {})
    for split, number in (("train", 19), ("val", 11)):
        stored = draw_pictures(rng, number)
        labels = np.concatenate([np.arange(count), rng.integers(count, size=number - count)])
        numbers = rng.permutation(1000)[:number]
        tree.rows += [
            [split, names[label], f"{number}.{'png' if index % 4 else 'bmp'}", image]
            for index, (label, number, image) in enumerate(
                zip(labels.tolist(), numbers.tolist(), stored)
            )
        ]
        tree.images[split] = stored.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        tree.labels[split] = labels
    order = rng.permutation(len(tree.rows))
    tree.rows = [tree.rows[i] for i in order]
    return tree


def draw_pictures(rng, number):
    """uint8 (number, 32, 32, 3): smooth, so that an interpolation changes little."""
    coarse = torch.tensor(rng.random((number, 3, 5, 5)), dtype=torch.float32)
    smooth = F.interpolate(coarse, (SIZE, SIZE), mode="bicubic", align_corners=True)
    low, high = smooth.amin(dim=(1, 2, 3), keepdim=True), smooth.amax(dim=(1, 2, 3), keepdim=True)
    pixels = (smooth - low) / (high - low) * 255
    # Not every picture has black and white in it.
    pixels[::3] = 70 + pixels[::3] / 2
    return pixels.round().byte().permute(0, 2, 3, 1).numpy()


def pictures_of(epoch, name):
    """An epoch's images (N, 3, 32, 32), and the sizes of its batches."""
    found = []
    for batch in epoch.items():
        x, _ = batch.items(2, f"a batch of the {name} loader")
        expect("float" in x.dtype(), f"{name} images: got {x.dtype()}, expected floats")
        found.append(x.finite((-1, 3, SIZE, SIZE), f"{name} images"))
    sizes = [len(x) for x in found]
    expect(sum(sizes) > 0, f"{name} loader: there are no pictures")
    images = np.concatenate(found)
    expect(bool(np.abs(images).max() < 1e6), f"{name} images: there are huge values")
    return images.astype(np.float32), sizes


def labels_of(epoch, sizes, name):
    """An epoch's labels (N,)."""
    found = []
    for batch, size in zip(epoch.items(len(sizes)), sizes):
        _, y = batch.items(2, f"a batch of the {name} loader")
        expect(y.dtype() == "int64", f"{name} labels: got {y.dtype()}, expected int64")
        found.append(y.integers((size,), f"{name} labels"))
    return np.concatenate(found)


def expect_sizes(sizes, batch_size, count, name):
    want = [batch_size] * (count // batch_size) + [count % batch_size] * bool(count % batch_size)
    expect(
        sizes == want,
        f"{name} loader: {count} pictures, batch size {batch_size}: got {len(sizes)} batches with "
        f"{sum(sizes)} pictures, the last with {sizes[-1]}",
    )


def expect_from(who, split, tree, name):
    """Fail unless most of the pictures are of this split: single ones may be mistaken."""
    first = len(tree.labels["train"])
    wrong = int(((who < first) != (split == "train")).sum())
    expect(wrong <= len(who) / 2, f"{name} loader: {wrong} of {len(who)} pictures are from the "
           f"other folder, expected root/{split}")  # fmt: skip


def nearest(images, pictures):
    """For each image the index of the picture most like it, and their largest difference."""
    gap = np.abs(images[:, None] - pictures[None]).max(axis=(2, 3, 4))
    return gap.argmin(axis=1), gap.min(axis=1)


def on_its_own_scale(rows):
    """Rows (..., n) with mean 0 and norm 1; constant ones are 0."""
    rows = rows - rows.mean(axis=-1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)


def not_plain(images, pictures):
    """How many images differ from their pictures in grey, each on a scale of its own."""
    rows = (x.mean(axis=1).reshape(len(x), -1) for x in (images, pictures))
    mine, theirs = map(on_its_own_scale, rows)
    return int((gap_of((mine * theirs).sum(axis=1)) >= PLAIN).sum())


def are_plain(images, pictures):
    return not_plain(images, pictures) == 0


def gap_of(alike):
    """From 0 for the same picture to 1 for one that has nothing to do with it."""
    return np.sqrt(np.clip(1 - np.maximum(alike, 0) ** 2, 0, 1))


def each_once(who, name):
    missing = len(who) - len(set(who.tolist()))
    expect(
        missing == 0,
        f"{name} loader: {missing} pictures are missing from an epoch, others appear twice",
    )


def right_labels(got, want, name):
    wrong = int((got != want).sum())
    expect(
        wrong == 0,
        f"{name} loader: {wrong} of {len(want)} pictures have a wrong label; classes are "
        "numbered in alphabetical order",
    )


class Match(NamedTuple):
    """For each image the picture, mirrored (0 or 1), the angle in degrees, and how far it is off.

    `gap` is between grey pictures, each on a scale of its own (0 to 1); `colour` is the RMS
    difference of the colours.
    """

    who: np.ndarray
    mirrored: np.ndarray
    angle: np.ndarray
    gap: np.ndarray
    colour: np.ndarray


class Turned:
    """All pictures, plain and mirrored, at all `ANGLES`, seen in grey through a disc.

    The disc lies inside the picture at any angle, so what fills the corners does not matter. Nor do
    brightness, contrast and the order of the colours, so that a wrong range is not taken for a
    wrong angle.
    """

    def __init__(self, pictures, plain=False):
        y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
        self.seen = (x**2 + y**2 < 13.5**2) & ((x + y) % 2 == 0)
        x, y = x[self.seen], y[self.seen]
        self.angles = np.zeros(1) if plain else ANGLES
        angle = np.deg2rad(self.angles)[:, None]
        across, down = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
        sides = (1,) if plain else (1, -1)
        grid = np.stack([np.stack([side * across, down], -1) for side in sides]) / (SIZE / 2)
        self.grid = torch.tensor(grid, dtype=torch.float32).reshape(-1, 1, len(x), 2)
        self.pictures = torch.tensor(pictures)
        grey = self.pictures.mean(dim=1)[None]
        views = F.grid_sample(grey, self.grid.reshape(1, -1, len(x), 2), align_corners=False)
        self.shape = len(pictures), len(sides), len(self.angles)
        self.views = on_its_own_scale(views.reshape(-1, len(x)).numpy())

    def match(self, images):
        seen = images[:, :, self.seen].astype(np.float32)
        alike = on_its_own_scale(seen.mean(axis=1)) @ self.views.T
        best = alike.argmax(axis=1)
        who, mirrored, turn = np.unravel_index(best, self.shape)
        grid = self.grid[mirrored * len(self.angles) + turn]
        colours = F.grid_sample(self.pictures[who], grid, align_corners=False)[:, :, 0].numpy()
        colour = np.sqrt(((colours - seen) ** 2).mean(axis=(1, 2)))
        return Match(who, mirrored, self.angles[turn], gap_of(alike.max(axis=1)), colour)
