"""Shuffled pixels: no difference to an MLP, but a large one to the eye."""

import ipywidgets
import torch

from helpers.picture import Picture
from helpers.widgets.parts import Drawing, explorer, slider

_MAX_IMAGES = 6


def partial_permutation(num_pixels, fraction, seed):
    """Return a permutation of 0 ... num_pixels - 1 that moves a share `fraction` of the pixels.

    With the same seed, a larger fraction moves the same pixels as a smaller one, and more.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(num_pixels, generator=generator)
    moved = order[: round(fraction * num_pixels)]
    permutation = torch.arange(num_pixels)
    # In a cycle every pixel leaves its place; in a random order some would stay.
    permutation[moved] = moved.roll(1)
    return permutation


def _draw(images, permutation):
    """Draw the images in one row, and below them the same images with permuted pixels."""
    moved = images.flatten(2)[:, :, permutation].reshape(images.shape)
    count = len(images)
    figure = Picture(figsize=(1.4 * count + 0.9, 3.1), layout="constrained")
    axes = figure.subplots(2, count, squeeze=False)
    for row, (name, shown) in zip(axes, {"before": images, "after": moved}.items()):
        for axis, image in zip(row, shown):
            axis.imshow(image.permute(1, 2, 0).numpy().squeeze(), cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(name)
    moved = (permutation != torch.arange(len(permutation))).double().mean()
    figure.alt = f"{count} images, and below them the same with {moved:.0%} of the pixels moved."
    return figure


def shuffle_explorer(images, fraction=0.25, seed=0):
    """Sliders for the fraction of pixels moved and the seed; images before and after.

    Parameters
    ----------
    images : (N, C, H, W) with one or three channels, uint8 or floats in [0, 1]; the first six are
        shown.
    fraction, seed : where the sliders start.

    Returns
    -------
    ipywidgets.VBox

    Raises
    ------
    ValueError : the images have another shape.
    """
    images = torch.as_tensor(images)[:_MAX_IMAGES].cpu()
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise ValueError(
            f"images: expected (N, C, H, W) with one or three channels, got {tuple(images.shape)}"
        )
    images = images.float() / 255 if images.dtype == torch.uint8 else images.clamp(0, 1)
    num_pixels = images.shape[2] * images.shape[3]
    share = slider(ipywidgets.FloatSlider, "moved", fraction, 0, 1, 0.05, readout_format=".0%")
    number = slider(ipywidgets.IntSlider, "seed", seed, 0, 20, 1)
    image, note = Drawing(), ipywidgets.HTML()

    def draw(_=None):
        permutation = partial_permutation(num_pixels, share.value, number.value)
        image.show(_draw(images, permutation))
        moved = int((permutation != torch.arange(num_pixels)).sum())
        note.value = (
            f"{moved:,} of {num_pixels:,} pixels are in another place, the same place in every "
            "image. No pixel is lost, and none changes its colour."
        )

    return explorer(draw, [share, number], ipywidgets.HBox([image]), note)
