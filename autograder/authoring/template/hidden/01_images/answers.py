"""Answers that test the checks: known mistakes fail exactly `fails`, unusual right ones pass."""

from autograder.checking import Alternative, Mistake

ANSWERS = [
    Mistake(
        "brighten",
        "limited_too_late",
        fails=("stops_at_white", "stops_at_black"),
        source="""\
def brighten(image, amount):
    return np.clip(image + amount, 0, 255)
""",
        tells="The sum is computed in uint8, which cannot hold it, and is limited only afterwards.",
    ),
    Mistake(
        "brighten",
        "never_limited",
        fails=("stops_at_white", "stops_at_black"),
        source="""\
def brighten(image, amount):
    return (image.astype(int) + amount).astype(np.uint8)
""",
        tells="Nothing limits the sum before it becomes uint8 again.",
    ),
    Mistake(
        "brighten",
        "limited_above_only",
        fails="stops_at_black",
        source="""\
def brighten(image, amount):
    return np.minimum(image.astype(int) + amount, 255).astype(np.uint8)
""",
        tells="Only one of the two limits is there.",
    ),
    Mistake(
        "brighten",
        "multiplied",
        fails=("adds_the_amount", "stops_at_black"),
        source="""\
def brighten(image, amount):
    return np.clip(image * (1 + amount / 255), 0, 255).astype(np.uint8)
""",
        tells="Every number is multiplied, so bright places gain more than dark ones.",
    ),
    Mistake(
        "brighten",
        "another_type",
        fails="keeps_the_type",
        source="""\
def brighten(image, amount):
    return np.clip(image.astype(int) + amount, 0, 255)
""",
        tells="The numbers are right, but they stay in the type that was used for the sum.",
    ),
    Mistake(
        "brighten",
        "written_into_the_image",
        fails="leaves_the_image_alone",
        source="""\
def brighten(image, amount):
    image[:] = np.clip(image.astype(int) + amount, 0, 255)
    return image
""",
        tells="The result is written into the given image.",
    ),
    Alternative(
        "brighten",
        "a_table_of_all_numbers",
        source="""\
def brighten(image, amount):
    table = [min(max(number + amount, 0), 255) for number in range(256)]
    return np.array(table, dtype=np.uint8)[image]
""",
    ),
    Alternative(
        "brighten",
        "room_for_the_sum",
        source="""\
def brighten(image, amount):
    room = 255 - image if amount > 0 else image
    change = np.minimum(room, np.uint8(abs(amount)))
    return image + change if amount > 0 else image - change
""",
    ),
    Mistake(
        "pixelate",
        "first_point",
        fails="the_mean_of_each_block",
        source="""\
def pixelate(image, size):
    return image[::size, ::size].repeat(size, axis=0).repeat(size, axis=1)
""",
        tells="Each block gets the colour of one of its points.",
    ),
    Mistake(
        "pixelate",
        "number_of_blocks",
        fails=("one_colour_in_each_block", "the_mean_of_each_block"),
        source="""\
def pixelate(image, size):
    result = image.copy()
    rows, columns = image.shape[0] // size, image.shape[1] // size
    for top in range(0, image.shape[0], rows):
        for left in range(0, image.shape[1], columns):
            block = image[top : top + rows, left : left + columns]
            result[top : top + rows, left : left + columns] = block.mean(axis=(0, 1))
    return result
""",
        tells="`size` is used as the number of blocks, not as the number of points in a block.",
    ),
    Mistake(
        "pixelate",
        "grey",
        fails="keeps_colours_apart",
        source="""\
def pixelate(image, size):
    result = np.zeros_like(image)
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            block = image[top : top + size, left : left + size]
            result[top : top + size, left : left + size] = block.mean()
    return result
""",
        tells="One mean is computed for all three colours, so every block turns grey.",
    ),
    Mistake(
        "pixelate",
        "square_images_only",
        fails="wide_and_tall",
        source="""\
def pixelate(image, size):
    result = np.zeros_like(image)
    for top in range(0, len(image), size):
        for left in range(0, len(image), size):
            block = image[top : top + size, left : left + size]
            if block.size:
                result[top : top + size, left : left + size] = block.mean(axis=(0, 1))
    return result
""",
        tells="The loop over the columns ends where the rows end.",
    ),
    Mistake(
        "pixelate",
        "another_type",
        fails="keeps_the_type",
        source="""\
def pixelate(image, size):
    result = np.zeros(image.shape)
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            block = image[top : top + size, left : left + size]
            result[top : top + size, left : left + size] = block.mean(axis=(0, 1))
    return result
""",
        tells="The result is an array of the type that `np.zeros` makes if it is not told another.",
    ),
    Mistake(
        "pixelate",
        "written_into_the_image",
        fails="leaves_the_image_alone",
        source="""\
def pixelate(image, size):
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            block = image[top : top + size, left : left + size]
            block[:] = block.mean(axis=(0, 1))
    return image
""",
        tells="A slice is a view: what is written into it is written into the given image.",
    ),
    Alternative(
        "pixelate",
        "sums_along_axes",
        source="""\
def pixelate(image, size):
    sums = image.astype(float)
    for axis in (0, 1):
        sums = np.add.reduceat(sums, np.arange(0, image.shape[axis], size), axis=axis)
    return np.kron(sums // size**2, np.ones((size, size, 1))).astype(np.uint8)
""",
    ),
    Alternative(
        "pixelate",
        "rounded_up",
        source="""\
def pixelate(image, size):
    result = np.empty_like(image)
    for row, column in np.ndindex(image.shape[0] // size, image.shape[1] // size):
        place = np.s_[row * size : (row + 1) * size, column * size : (column + 1) * size]
        result[place] = np.ceil(image[place].mean(axis=(0, 1)))
    return result
""",
    ),
]

# Small changes of the solution that are right too: the audit tries them all.
SURVIVORS = {
    "brighten": {
        "return np.clip(total, 0, 255).astype(np.uint8) → "
        "return np.clip(0, total, 255).astype(np.uint8)": "0 limited to at least the sum is the same",
    },
}
