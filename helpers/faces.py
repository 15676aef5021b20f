"""Drawn animal faces, written as a tree of PNG files."""

from pathlib import Path

import torch
from PIL import Image

from helpers.synthetic import uniform_from

# Images per class.
SPLITS = {"train": 200, "val": 50}
CLASSES = ("cat", "dog", "wild")


def _disc(x, y, cx, cy, rx, ry):
    """Return roughly the distance to an ellipse's edge, positive inside."""
    return (1 - torch.hypot((x - cx) / rx, (y - cy) / ry)) * min(rx, ry)


def _triangle(x, y, cx, top, half, bottom):
    """Return the same for a triangle with a point at (cx, top) and a level base."""
    slope = half / (bottom - top)
    return torch.minimum(bottom - y, (y - top) * slope - (x - cx).abs())


def draw(label, n, generator, size=32):
    """Draw faces of one class: the class shows in ears and muzzle, not in colours.

    Returns floats (n, 3, size, size) in [0, 1].
    """
    uniform = uniform_from(generator)
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    scale = uniform(0.7, 1.15, n, 1, 1)
    x = (axis[None, None, :] - uniform(-0.25, 0.25, n, 1, 1)) / scale
    y = (axis[None, :, None] - uniform(-0.25, 0.25, n, 1, 1)) / scale
    turn = uniform(-0.25, 0.25, n, 1, 1)
    x, y = x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()
    side = x.abs()
    # Fur from grey to orange, on a background of any colour.
    fur = uniform(0.35, 0.9, n, 1) * (1 - uniform(0, 0.6, n, 1) * torch.tensor([0.1, 0.5, 0.9]))
    dark, light = 0.5 * fur, 0.45 + 0.55 * fur
    images = uniform(0.15, 0.85, n, 3)[:, :, None, None] * (1 + 0.2 * y[:, None])

    def paint(inside, colour):
        nonlocal images
        cover = torch.sigmoid(inside * 24)[:, None]
        images = images + cover * (colour[:, :, None, None] - images)

    if label == "cat":
        paint(_triangle(side, y, 0.5, -0.95, 0.32, -0.2), fur)
        paint(_triangle(side, y, 0.5, -0.75, 0.16, -0.3), light)
    elif label == "wild":
        paint(_disc(x, y, 0, 0.05, 0.92, 0.92), dark)
        paint(_disc(side, y, 0.55, -0.55, 0.22, 0.22), fur)
    paint(_disc(x, y, 0, 0.1, 0.62, 0.65), fur)
    if label == "dog":
        paint(_disc(side, y, 0.68, 0.1, 0.2, 0.55), dark)
    height = {"cat": 0.4, "dog": 0.42, "wild": 0.4}[label]
    width = {"cat": 0.22, "dog": 0.3, "wild": 0.36}[label]
    paint(_disc(x, y, 0, height, width, {"cat": 0.16, "dog": 0.34, "wild": 0.24}[label]), light)
    black = torch.full((n, 3), 0.08)
    paint(_disc(side, y, 0.27, -0.05, 0.1, {"cat": 0.13}.get(label, 0.09)), black)
    paint(_disc(x, y, 0, height - 0.12, {"dog": 0.15}.get(label, 0.09), 0.08), black)
    if label == "cat":
        for rise in (-0.08, 0.08):
            line = 0.025 - (y - height - rise * side / 0.4).abs()
            paint(torch.minimum(line, torch.minimum(side - 0.2, 0.75 - side)), light)
    images = images * uniform(0.8, 1.15, n, 1, 1, 1)
    return (images + 0.08 * torch.randn(images.shape, generator=generator)).clamp(0, 1)


def write_tree(folder: Path, seed=0) -> None:
    """Write `folder`/SPLIT/CLASS/NUMBER.png, the same files for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    for split, n in SPLITS.items():
        for label in CLASSES:
            target = folder / split / label
            target.mkdir(parents=True)
            images = (draw(label, n, generator) * 255).round().to(torch.uint8)
            for i, image in enumerate(images.permute(0, 2, 3, 1).numpy()):
                Image.fromarray(image).save(target / f"{i:04d}.png")
