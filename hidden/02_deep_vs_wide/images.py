"""Trees of small pictures, and which of them a loader has handed out, turned and mirrored."""

from dataclasses import dataclass

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
ANGLES = np.arange(-40.0, 41.0)


@dataclass
class Tree:
    """Pictures in folders. `images` and `labels` per split, in no particular order.

    images: float32 (N, 3, 32, 32) in [-1, 1]. rows: [split, class, file name, uint8 (H, W, 3)].
    """

    rows: list
    images: dict
    labels: dict


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
            [split, names[label], f"{number}.png", image]
            for label, number, image in zip(labels.tolist(), numbers.tolist(), stored)
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
    return ((smooth - low) / (high - low) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def one_epoch(epoch, batch_size, count, name):
    """An epoch's images (N, 3, 32, 32) and labels (N,), its batches checked for their sizes."""
    sizes, images, labels = [], [], []
    for batch in epoch.items():
        x, y = batch.items(2, f"a batch of the {name} loader")
        expect("float" in x.dtype(), f"{name} images: got {x.dtype()}, expected floats")
        images.append(x.finite((-1, 3, SIZE, SIZE), f"{name} images"))
        sizes.append(len(images[-1]))
        expect("int" in y.dtype(), f"{name} labels: got {y.dtype()}, expected integers")
        labels.append(y.integers((sizes[-1],), f"{name} labels"))
    want = [batch_size] * (count // batch_size) + [count % batch_size] * bool(count % batch_size)
    expect(
        sizes == want,
        f"{name} loader: {count} pictures, batch size {batch_size}: got {len(sizes)} batches with "
        f"{sum(sizes)} pictures, the last with {sizes[-1] if sizes else 0}",
    )
    images = np.concatenate(images)
    expect(bool(np.abs(images).max() < 1e6), f"{name} images: there are huge values")
    return images.astype(np.float32), np.concatenate(labels)


def nearest(images, pictures):
    """For each image the index of the picture most like it, and their largest difference."""
    gap = np.abs(images[:, None] - pictures[None]).max(axis=(2, 3, 4))
    return gap.argmin(axis=1), gap.min(axis=1)


def stretched(images):
    """The images, all together, brought to [-1, 1]."""
    low, high = images.min(), images.max()
    return (images - low) / max(high - low, 1e-6) * 2 - 1


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


class Turned:
    """All pictures, plain and mirrored, at all `ANGLES`, seen through a disc.

    The disc lies inside the picture at any angle, so what fills the corners does not matter.
    """

    def __init__(self, pictures):
        y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
        self.seen = (x**2 + y**2 < 13.5**2) & ((x + y) % 2 == 0)
        x, y = x[self.seen], y[self.seen]
        angle = np.deg2rad(ANGLES)[:, None]
        across, down = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
        grid = np.stack([np.stack([side * across, down], -1) for side in (1, -1)]) / (SIZE / 2)
        grid = torch.tensor(grid, dtype=torch.float32).reshape(1, -1, len(x), 2)
        count = len(pictures)
        planes = torch.tensor(pictures).reshape(1, count * 3, SIZE, SIZE)
        views = F.grid_sample(planes, grid, align_corners=False)
        views = views.reshape(count, 3, -1, len(x)).transpose(1, 2)
        self.shape = count, 2, len(ANGLES)
        self.views = views.reshape(-1, 3 * len(x)).numpy()
        self.squares = (self.views**2).sum(axis=1)

    def match(self, images):
        """For each image: picture, mirrored (0 or 1), angle in degrees, and RMS difference."""
        seen = images[:, :, self.seen].reshape(len(images), -1).astype(np.float32)
        # The squared distance, less what is the same for all views.
        score = self.squares[None] - 2 * seen @ self.views.T
        best = score.argmin(axis=1)
        gap = np.sqrt(((self.views[best] - seen) ** 2).mean(axis=1))
        who, mirrored, turn = np.unravel_index(best, self.shape)
        return who, mirrored, ANGLES[turn], gap
