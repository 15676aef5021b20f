"""Images and points drawn from a seed; no files are needed."""

import math

import torch

# Corner points (x, y) of a stroke per digit, in a unit square with y pointing down.
_STROKES = (
    "5,0 1,2 0,5 1,8 5,10 9,8 10,5 9,2 5,0",
    "2,3 5,0 5,3 5,5 5,8 5,10",
    "0,2 4,0 9,1 9,4 5,7 0,10 5,10 10,10",
    "1,0 9,0 5,4 9,6 9,9 5,10 0,9",
    "7,10 7,5 7,0 3,3 0,7 5,7 10,7",
    "9,0 1,0 1,4 6,4 9,6 8,9 4,10 0,9",
    "8,0 3,2 0,6 1,9 5,10 9,8 7,5 3,5 0,7",
    "0,0 5,0 10,0 8,3 6,6 4,10",
    "5,5 1,3 3,0 7,0 9,3 5,5 1,8 4,10 8,9 9,7 5,5",
    "9,4 5,5 1,3 3,0 8,0 9,3 9,6 7,10",
)
# Classes of the colour set: roughly the distance to a shape's edge, positive inside, for x, y in
# [-1, 1]. Each is its own mirror image, so that a horizontal flip changes no label, as with photos
# of objects.
_INSIDE = {
    "disc": lambda x, y: 0.62 - torch.hypot(x, y),
    "ring": lambda x, y: 0.2 - (torch.hypot(x, y) - 0.62).abs(),
    "square": lambda x, y: 0.55 - torch.maximum(x.abs(), y.abs()),
    "triangle": lambda x, y: torch.minimum(0.55 - y, (y + 0.75) * 0.5 - x.abs()),
    "cross": lambda x, y: torch.minimum(
        0.2 - torch.minimum(x.abs(), y.abs()), 0.75 - torch.maximum(x.abs(), y.abs())
    ),
    "stripes": lambda x, y: 0.22 * torch.sin(2 * math.pi * y / 0.8),
    "columns": lambda x, y: 0.22 * torch.cos(2 * math.pi * x / 0.8),
    "checks": lambda x, y: 0.4 * torch.cos(math.pi * x / 0.6) * torch.sin(math.pi * y / 0.6),
    "dots": lambda x, y: 0.3 - torch.hypot(x.abs() - 0.45, y),
    "wedge": lambda x, y: 0.7 * (x.abs() + y) - 0.25,
}
SHAPES = list(_INSIDE)


def uniform_from(generator):
    """Return a function that draws floats between two bounds, in a given shape."""

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(*shape, generator=generator)

    return uniform


def strokes(n, seed, size=28, points=40):
    """Draw digits as strokes with jittered corners, random slant, place, thickness and noise.

    Returns uint8 images (n, 1, size, size) and int64 labels (n,).
    """
    generator = torch.Generator().manual_seed(seed)
    uniform = uniform_from(generator)
    labels = torch.randint(10, (n,), generator=generator)
    xy = torch.empty(n, points, 2)
    for digit, text in enumerate(_STROKES):
        corners = torch.tensor([[float(v) for v in p.split(",")] for p in text.split()]) / 10 - 0.5
        chosen = labels == digit
        jittered = corners + 0.08 * torch.randn(
            int(chosen.sum()), *corners.shape, generator=generator
        )
        xy[chosen] = torch.nn.functional.interpolate(
            jittered.transpose(1, 2), size=points, mode="linear", align_corners=True
        ).transpose(1, 2)
    slant, turn = uniform(-0.4, 0.4, n, 1), uniform(-0.35, 0.35, n, 1)
    x, y = xy[..., 0] * 0.75 - slant * xy[..., 1], xy[..., 1]
    x, y = x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()
    scale = uniform(13, 19, n, 1)
    columns = x * scale + size / 2 + uniform(-2, 2, n, 1)
    rows = y * scale + size / 2 + uniform(-2, 2, n, 1)
    width = uniform(0.7, 1.3, n, 1, 1)
    grid = torch.arange(size) + 0.5
    across = torch.exp(-(((grid - columns[..., None]) / width) ** 2) / 2)
    down = torch.exp(-(((grid - rows[..., None]) / width) ** 2) / 2)
    ink = 1 - torch.exp(-1.5 * torch.einsum("npr,npc->nrc", down, across))
    ink = ink + 0.12 * torch.randn(n, size, size, generator=generator)
    return (ink.clamp(0, 1) * 255).round().to(torch.uint8)[:, None], labels


def shapes(n, seed, size=32, chunk=500):
    """Draw coloured shapes: the class sets the shape and, loosely, the hue of the whole image.

    Position, size, rotation, contrast and colours vary; about one shape in four is darker than its
    background. The shape says more than the hue, so that shuffling pixels costs as much accuracy as
    on photos: `tests/test_helpers/test_data.py` tests what an MLP and a colour histogram reach.

    Returns uint8 images (n, 3, size, size) and int64 labels (n,).
    """
    generator = torch.Generator().manual_seed(seed)
    uniform = uniform_from(generator)
    labels = torch.randint(10, (n,), generator=generator)
    # Neighbours in the list of classes are three tenths of the colour circle apart.
    hue = 2 * math.pi * (0.3 * labels[:, None] - torch.arange(3) / 3)
    ground = 0.5 + 0.13 * hue.cos() + 0.085 * torch.randn(n, 3, generator=generator)
    sign = torch.where(torch.rand(n, 1, generator=generator) < 0.75, 1.0, -1.0)
    tint = 1 + 0.5 * torch.randn(n, 3, generator=generator)
    contrast = (sign * uniform(0.06, 0.34, n, 1) * tint)[:, :, None, None]
    turn, scale = uniform(-0.4, 0.4, n, 1, 1), uniform(0.65, 1.25, n, 1, 1)
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    x = (axis[None, None, :] - uniform(-0.4, 0.4, n, 1, 1)) / scale
    y = (axis[None, :, None] - uniform(-0.4, 0.4, n, 1, 1)) / scale
    x, y = x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()
    inside = torch.empty(n, 1, size, size)
    for label, distance in enumerate(_INSIDE.values()):
        chosen = labels == label
        inside[chosen, 0] = distance(x[chosen], y[chosen]).mul_(20).sigmoid_()
    # With mean zero, so that an image's mean colour depends only on the hue.
    inside -= inside.mean((2, 3), keepdim=True)
    ground = ground[:, :, None, None]
    images = torch.empty(n, 3, size, size, dtype=torch.uint8)
    # In parts that fit into the cache: memory access takes most of the time here.
    for part in torch.arange(n).split(chunk):
        colour = torch.addcmul(ground[part], contrast[part], inside[part])
        colour.add_(torch.randn(colour.shape, generator=generator), alpha=0.1)
        images[part] = colour.clamp_(0, 1).mul_(255).round_().to(torch.uint8)
    return images, labels


def spiral(num_samples=2000, num_arms=4, noise=0.16, seed=0):
    """Draw points on a spiral; its arms are the classes.

    Parameters
    ----------
    num_samples : total number of points, spread evenly over the arms and along each of them.
    noise : standard deviation of a point's position at the outer end, relative to the arm's length;
        it grows from 0 at the centre.

    Returns
    -------
    X (num_samples, 2) float32, roughly within [-1.5, 1.5], and labels (num_samples,) int64,
    shuffled.

    Raises
    ------
    ValueError : fewer than one arm, fewer points than arms, or negative noise.
    """
    if num_arms < 1 or num_samples < num_arms:
        raise ValueError(
            f"expected at least one arm and one sample per arm, got num_samples={num_samples}, "
            f"num_arms={num_arms}"
        )
    if not noise >= 0:
        raise ValueError(f"noise: expected 0 or more, got {noise}")
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_samples) % num_arms
    rank = torch.arange(num_samples) // num_arms
    radius = rank / max(int(rank.max()), 1)
    # From the centre to its end, an arm turns by twice the angle between two arms.
    angle = 2 * math.pi / num_arms * (labels + 2 * radius)
    place = torch.stack([angle.sin(), angle.cos()], 1)
    place = place + noise * torch.randn(num_samples, 2, generator=generator)
    order = torch.randperm(num_samples, generator=generator)
    return (radius[:, None] * place)[order], labels[order]
