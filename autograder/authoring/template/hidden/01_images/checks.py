"""Hidden checks: each looks at one property, on an image drawn anew for every submission."""

import numpy as np

from autograder.checking import check, expect, expect_close

from . import probes


def draw(rng, height, width, low=0, high=256):
    """An image of random numbers from `low` to below `high`."""
    return rng.integers(low, high, size=(height, width, 3), dtype=np.uint8)


def result_of(reply, image):
    """The new image in a probe's reply: numbers in the shape of `image`, and not `image` again."""
    result = reply["result"].finite(image.shape, "the new image")
    expect(not np.array_equal(result, image), "the new image equals the given one")
    return result


@check("brighten", points=1)
def adds_the_amount(student, rng):
    """Where no limit is reached, the amount is added to every number."""
    image, amount = draw(rng, 6, 9, low=60, high=190), int(rng.integers(20, 60))
    result = result_of(student.call(probes.brightened, image, amount), image)
    hint = "Is the same amount added everywhere?"
    expect_close(result, image.astype(int) + amount, hint, what="the new image")


def dark_and_bright(rng):
    """An image of numbers near 0 and near 255, and where the bright ones are."""
    bright = rng.random((6, 9, 3)) < 0.5
    dark_part, bright_part = draw(rng, 6, 9, high=36), draw(rng, 6, 9, low=220)
    return np.where(bright, bright_part, dark_part), bright


@check("brighten", points=1)
def stops_at_white(student, rng):
    """What would get above 255 becomes 255."""
    image, bright = dark_and_bright(rng)
    amount = int(rng.integers(60, 150))
    result = result_of(student.call(probes.brightened, image, amount), image)
    expect((result[bright] == 255).all(), "some numbers that would get above 255 are not 255")
    expect((result[~bright] < 255).all(), "some numbers that stay below 255 became 255")


@check("brighten", points=1)
def stops_at_black(student, rng):
    """What would get below 0 becomes 0."""
    image, bright = dark_and_bright(rng)
    amount = -int(rng.integers(60, 150))
    result = result_of(student.call(probes.brightened, image, amount), image)
    expect((result[~bright] == 0).all(), "some numbers that would get below 0 are not 0")
    expect((result[bright] > 0).all(), "some numbers that stay above 0 became 0")


def blocks_of(image, size):
    """The same numbers in the shape (block rows, size, block columns, size, 3)."""
    height, width, _ = image.shape
    return image.reshape(height // size, size, width // size, size, 3)


@check("pixelate", points=1)
def one_colour_in_each_block(student, rng):
    """All points of a block have the same colour, and different blocks have different ones."""
    size = int(rng.integers(2, 5))
    image = draw(rng, 5 * size, 5 * size)
    result = result_of(student.call(probes.pixelated, image, size), image)
    blocks = blocks_of(result, size)
    first = blocks[:, :1, :, :1]
    expect((blocks == first).all(), "some blocks have more than one colour: where do they begin?")
    expect((first != first[:1, :, :1]).any(), "all blocks have the same colour")


@check("pixelate", points=2)
def the_mean_of_each_block(student, rng):
    """Each block keeps its mean brightness."""
    size = int(rng.integers(2, 5))
    # Three equal colours, so that a mean of all three is right here: that has a check of its own.
    image = draw(rng, 5 * size, 5 * size)[..., :1].repeat(3, axis=2)
    result = result_of(student.call(probes.pixelated, image, size), image)
    found, wanted = (blocks_of(array, size).mean(axis=(1, 3)) for array in (result, image))
    hint = "Do all points of a block count, and count the same?"
    # One is what rounding up or down can make of it.
    expect_close(found, wanted, hint, what="the mean of each block", rtol=0, atol=1)


@check("pixelate", points=1)
def keeps_colours_apart(student, rng):
    """Red, green and blue do not mix."""
    size, colour = int(rng.integers(2, 5)), int(rng.integers(3))
    image = np.zeros((3 * size, 3 * size, 3), dtype=np.uint8)
    image[..., colour] = draw(rng, 3 * size, 3 * size, low=50)[..., 0]
    result = result_of(student.call(probes.pixelated, image, size), image)
    others = np.delete(result, colour, axis=2)
    expect((others == 0).all(), "the image has one of the three colours only, the result has more")
    expect((result[..., colour] > 0).all(), "the only colour of the image is missing in places")


@check("pixelate", points=1)
def wide_and_tall(student, rng):
    """An image that is wider than high is treated as one that is higher than wide."""
    size = int(rng.integers(2, 5))
    wide = draw(rng, 2 * size, 5 * size)
    tall = wide.swapaxes(0, 1)
    of_wide = result_of(student.call(probes.pixelated, wide, size), wide)
    of_tall = result_of(student.call(probes.pixelated, tall, size), tall)
    expect((of_wide != of_wide[0, 0]).any(), "the whole image has one colour")
    hint = "Rows and columns change places in the image: do they in the result?"
    expect_close(of_tall, of_wide.swapaxes(0, 1), hint, what="the result", rtol=0, atol=1)


# What holds for both exercises is written once, and registered for each of them.
@check("brighten", points=1, probe=probes.brightened, number=50)
@check("pixelate", points=1, probe=probes.pixelated, number=3)
def keeps_the_type(student, rng, probe, number):
    """The new image has the type uint8."""
    image = draw(rng, 6, 9)
    reply = student.call(probe, image, number)
    result_of(reply, image)
    found = reply["result"].dtype()
    expect(found == "uint8", f"the new image has the type {found}, expected uint8")


@check("brighten", points=1, probe=probes.brightened, number=50)
@check("pixelate", points=1, probe=probes.pixelated, number=3)
def leaves_the_image_alone(student, rng, probe, number):
    """The given image is the same after the call."""
    image = draw(rng, 6, 9)
    reply = student.call(probe, image, number)
    result_of(reply, image)
    expect_close(reply["image"], image, "Which line writes into it?", what="the given image")
