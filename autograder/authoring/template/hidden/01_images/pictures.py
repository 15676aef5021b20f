"""Pictures of wrong answers, for feedback: a fixed example, the right result, and the student's."""

import numpy as np

from autograder.checking import CheckFailed
from autograder.checking.pictures import SECONDS

from . import probes


def example():
    """A glowing ball: shape (24, 24, 3)."""
    y, x = np.mgrid[-1:1:24j, -1:1:24j]
    glow = np.exp(-((x - 0.2) ** 2) - (y + 0.3) ** 2)
    return (glow[..., None] * [255, 180, 60]).astype(np.uint8)


def brighter(image, amount):
    return np.clip(image.astype(int) + amount, 0, 255)


def pixelated(image, size):
    height, width, _ = image.shape
    means = image.reshape(height // size, size, width // size, size, 3).mean(axis=(1, 3))
    return means.round().astype(int).repeat(size, axis=0).repeat(size, axis=1)


def drawing(probe, number, rule, caption):
    """A function that draws the example, what `rule` makes of it, and what the student does."""

    def draw(student, figure):
        image = example()
        reply = student.call(probe, image, number, timeout=SECONDS)
        yours = reply["result"].finite(image.shape, "the new image").round().clip(0, 255)
        right = rule(image, number)
        # One is what rounding can make of it.
        if np.abs(yours - right).max() <= 1:
            raise CheckFailed("no difference to show")
        shown = {"the image": image, "expected": right, "yours": yours.astype(int)}
        for axes, (name, values) in zip(figure.subplots(1, 3), shown.items()):
            axes.imshow(values)
            axes.set_title(name, fontsize=9)
            axes.axis("off")
        return caption

    return draw


PICTURES = {
    "brighten": drawing(probes.brightened, 100, brighter, "An example, 100 brighter."),
    "pixelate": drawing(probes.pixelated, 6, pixelated, "An example, in blocks of 6."),
}
