"""Random changes of whole batches of images, for `data.TensorLoader(augment=...)`.

Every function takes images (B, C, H, W) and a `torch.Generator`, draws separately for each image,
and returns a new tensor of the same shape, dtype and device; the input stays unchanged. Random
numbers are drawn on the generator's device and then moved: with a CPU generator, such as the
loader's, an image is changed in the same way on every device.
"""

import math

import torch
import torch.nn.functional as F


def _uniform(images, generator):
    """Draw one number in [0, 1) per image, on the images' device."""
    device = "cpu" if generator is None else generator.device
    return torch.rand(len(images), generator=generator, device=device).to(images.device)


def _check(images):
    if not isinstance(images, torch.Tensor) or images.ndim != 4:
        found = tuple(images.shape) if isinstance(images, torch.Tensor) else type(images).__name__
        raise ValueError(f"images: expected a tensor (B, C, H, W), got {found}")


def random_flip(images, generator):
    """Mirror every image left to right with probability 1/2."""
    _check(images)
    chosen = (_uniform(images, generator) < 0.5).nonzero().flatten()
    # Selecting and copying whole images is several times faster than indexing or torch.where.
    mirrored = images.index_select(0, chosen).flip(3)
    return images.index_copy(0, chosen, mirrored)


def random_shift(images, generator, pixels=4):
    """Shift every image by up to `pixels` in both directions; the border mirrors the inside.

    Each of the (2 * pixels + 1) ** 2 shifts is equally likely.

    Raises
    ------
    ValueError : `pixels` is not a whole number from 0 to the image's smaller side - 1.
    """
    _check(images)
    height, width = images.shape[2:]
    if pixels != int(pixels) or not 0 <= pixels < min(height, width):
        raise ValueError(
            f"pixels: expected a whole number in 0 ... {min(height, width) - 1}, got {pixels}"
        )
    if not len(images):
        return images.clone()
    pixels = int(pixels)
    choices = 2 * pixels + 1
    drawn = (_uniform(images, generator) * choices**2).long().clamp_(max=choices**2 - 1)
    padded = F.pad(images, [pixels] * 4, mode="reflect")
    # Every row of every shifted image is a run of `width` numbers in the padded images: a view has
    # one row for each place where a run can start, and whole rows are copied.
    runs = padded.flatten().unfold(0, width, 1)
    area, step = padded[0, 0].numel(), padded.shape[3]
    corner = (drawn // choices) * step + drawn % choices
    first = torch.arange(images.shape[0] * images.shape[1], device=images.device) * area
    first = first.view(images.shape[:2]) + corner[:, None]
    starts = first[:, :, None] + torch.arange(height, device=images.device) * step
    return runs.index_select(0, starts.flatten()).view(images.shape)


def random_rotation(images, generator, degrees=10):
    """Rotate every image about its centre by an angle in [-degrees, degrees], counterclockwise.

    Values between pixels are interpolated; corners that come from outside mirror the inside.

    Raises
    ------
    ValueError : the images are whole numbers, which cannot be interpolated.
    """
    _check(images)
    if not images.is_floating_point():
        raise ValueError(f"images: expected floating point, got {images.dtype}")
    if not len(images):
        return images.clone()
    angles = (2 * _uniform(images, generator) - 1) * math.radians(degrees)
    height, width = images.shape[2:]
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    # The grid runs from -1 to 1 along both sides; the ratio of the sides keeps angles correct.
    rows = [cos, -sin * (height / width), zero, sin * (width / height), cos, zero]
    turns = torch.stack(rows, 1).view(-1, 2, 3).to(images.dtype)
    grid = F.affine_grid(turns, list(images.shape), align_corners=False)
    return F.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def compose(*functions):
    """Return a function that applies `functions` in this order, with the same generator."""

    def composed(images, generator):
        for function in functions:
            images = function(images, generator)
        return images

    return composed
