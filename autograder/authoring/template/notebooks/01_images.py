# %% [markdown]
# # Images are arrays
#
# A photo is an array of whole numbers: three for each point, which say how much red, green and
# blue it has. So whoever can compute with arrays can write an image editor. Here you write two of
# its tools: one makes an image brighter, the other pixelates it.
#
# You need: indexing, slicing and `reshape` in NumPy. About one hour.
#
# | part | you write | minutes |
# |---|---|---|
# | 1 | `brighten` | 20 |
# | 2 | `pixelate` | 30 |
# | 3 | a written answer | 10 |

# %% setup=true
import numpy as np

# %% [markdown]
# ## An image to work on
#
# This cell draws a sunset and shows it. Run it, and look at the numbers that are printed.

# %%
import matplotlib.pyplot as plt


def sunset(height=120, width=180):
    """A drawn sunset: an array of shape (height, width, 3) and type uint8."""
    y, x = np.mgrid[-0.65 : 0.35 : height * 1j, -0.75 : 0.75 : width * 1j]
    glow = np.exp(-3 * np.abs(y))[..., None]
    image = glow * [250, 140, 60] + (1 - glow) * [35, 40, 95]
    waves = 0.6 + 0.15 * np.sin(400 * y / (0.3 + y + np.abs(y)) + 6 * x)
    image[y > 0] *= waves[y > 0][..., None]
    image[(x**2 + y**2 < 0.04) & (y < 0)] = [255, 225, 130]
    return image.astype(np.uint8)


def show(**images):
    """Draw images side by side, each under its name."""
    figure, axes = plt.subplots(1, len(images), figsize=(4 * len(images), 3), squeeze=False)
    for ax, (name, image) in zip(axes[0], images.items()):
        ax.imshow(image)
        ax.set_title(name)
        ax.axis("off")
    plt.show()


picture = sunset()
print("shape", picture.shape, "type", picture.dtype)
print("the point at the top left:", picture[0, 0])
show(picture=picture)

# %% [markdown]
# The shape is (height, width, 3). The type `uint8` holds the whole numbers from 0 to 255 and
# nothing else: 0 is dark, 255 is as bright as the screen can be.
#
# **Predict first.** What will the picture look like when 100 is added to all of its numbers? Write
# your guess here, then run the cell below.
#
# *Your prediction:*

# %%
show(picture=picture, plus_100=picture + np.uint8(100))

# %% [markdown]
# Most of the picture is brighter, but its brightest places have gone dark: the sun is violet now.
# Keep the question why in mind. It comes back in part 3.

# %% [markdown]
# ## 1. Brighter and darker (20 minutes)
#
# **Goal.** Write `brighten(image, amount)`. It adds `amount` to every number of the image. What
# would get above 255 becomes 255, and what would get below 0 becomes 0.
#
# - `image` has the shape (height, width, 3) and the type `uint8`.
# - `amount` is a whole number from -255 to 255. A negative one makes the image darker.
# - The result is a new array of the same shape and type. The given image stays unchanged.

# %% solution="brighten"
def brighten(image, amount):
    """Return a new image whose numbers are `amount` higher, limited to 0 … 255."""
    ### BEGIN SOLUTION
    total = image.astype(np.int16) + amount
    return np.clip(total, 0, 255).astype(np.uint8)
    ### END SOLUTION


# %% selfcheck="brighten" points=5
_image = np.array([[[10, 120, 250]]], dtype=np.uint8)
_brighter = brighten(_image, 20)
assert np.shape(_brighter) == (1, 1, 3), (
    f"the result should have the shape of the image, (1, 1, 3); it has {np.shape(_brighter)}"
)
assert _image.tolist() == [[[10, 120, 250]]], (
    "the given image has changed: put the result into a new array"
)
_low, _middle, _high = (int(n) for n in np.ravel(_brighter))
assert (_low, _middle) == (30, 140), f"10 and 120, plus 20: got {_low} and {_middle}"
assert _high != 14, (
    "250 plus 20 gave 14: a uint8 cannot hold 270. Add in a type that can, such as int16"
)
assert _high == 255, f"250 plus 20 should be limited to 255, got {_high}"
_low, _middle, _high = (int(n) for n in np.ravel(brighten(_image, -20)))
assert (_middle, _high) == (100, 230), f"120 and 250, minus 20: got {_middle} and {_high}"
assert _low == 0, f"10 minus 20 should be limited to 0, got {_low}"
assert np.asarray(_brighter).dtype == np.uint8, (
    f"the result should have the type uint8, it has {np.asarray(_brighter).dtype}"
)
print("✓ adds the amount, stops at 0 and 255, and leaves the given image alone")

# %% [markdown]
# **Look.** *What to expect:* the sun is the brightest place of all three images. In the darker one,
# the sea is almost black: many of its numbers have reached 0.

# %%
show(darker=brighten(picture, -60), picture=picture, brighter=brighten(picture, 60))

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# There are three steps: make room for large and negative numbers, compute, and come back to
# `uint8`. The limits belong before the last step.
# </details>
# <details><summary>Hint 2: NumPy</summary>
#
# `image.astype(...)` makes a new array of another type. `np.clip(array, low, high)` limits all
# numbers at once.
# </details>

# %% [markdown]
# ## 2. Pixelate (30 minutes)
#
# Faces in the news are often hidden behind large squares of one colour.
#
# **Goal.** Write `pixelate(image, size)`. It cuts the image into blocks of `size` times `size`
# points and gives all points of a block the same colour: the mean of the block, taken for red,
# green and blue separately.
#
# - Height and width of the image are multiples of `size`. They need not be equal.
# - Means are rarely whole numbers: round them up or down, as you like.
# - The result is a new array of the same shape and the type `uint8`. The given image stays
#   unchanged.
#
# **Predict in one line.** Is the picture recognisable with `size` 10? And with `size` 30?
#
# *Your prediction:*

# %% solution="pixelate"
def pixelate(image, size):
    """Return a new image in which every block of `size` times `size` points has its mean colour."""
    ### BEGIN SOLUTION
    height, width, colours = image.shape
    blocks = image.reshape(height // size, size, width // size, size, colours)
    means = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
    return means.repeat(size, axis=0).repeat(size, axis=1)
    ### END SOLUTION


# %% selfcheck="pixelate" points=7
# Two blocks of 2 times 2 points: red 0 or 200 on the left; green 100 and blue 40 on the right.
_image = np.zeros((2, 4, 3), dtype=np.uint8)
_image[0, :2, 0] = 200
_image[:, 2:] = [0, 100, 40]
_given = _image.copy()
_result = np.asarray(pixelate(_image, 2))
assert np.array_equal(_image, _given), (
    "the given image has changed: put the result into a new array"
)
assert _result.shape == (2, 4, 3), (
    f"the result should have the shape of the image, (2, 4, 3); it has {_result.shape}"
)
for _name, _block in (("left", _result[:, :2]), ("right", _result[:, 2:])):
    assert (_block == _block[0, 0]).all(), (
        f"all points of the {_name} block should have the same colour, got {_block.tolist()}"
    )
_left, _right = _result[0, 0].tolist(), _result[0, 2].tolist()
assert any(_right), "the right block has stayed black: does your code reach it?"
assert len(set(_right)) > 1, (
    f"the right block has turned grey, {_right}: take the mean of each colour separately"
)
assert _left == [100, 0, 0], (
    f"half of the left block has red 200, the other half 0: got {_left}, expected [100, 0, 0]"
)
assert _right == [0, 100, 40], f"the right block has one colour: got {_right}, expected [0, 100, 40]"
assert _result.dtype == np.uint8, f"the result should have the type uint8, it has {_result.dtype}"
print("✓ each block has one colour, the mean of its points")

# %% [markdown]
# **Look.** *What to expect:* blocks of 10 points still show the sun and the horizon. With 30 points
# there is little left but light and dark: half close your eyes, and the sunset comes back.

# %%
show(size_10=pixelate(picture, 10), size_30=pixelate(picture, 30))

# %% [markdown]
# <details><summary>Hint 1: concept</summary>
#
# One block is a slice of rows and a slice of columns. Two loops visit all blocks. Which numbers
# does each loop run over, and which of them depends on the height?
# </details>
# <details><summary>Hint 2: NumPy</summary>
#
# `block.mean(axis=(0, 1))` is the mean over rows and columns, and keeps the three colours apart. A
# whole slice can be assigned at once: `result[rows, columns] = colour`.
# </details>
# <details><summary>Hint 3: without loops</summary>
#
# `reshape` can give rows and columns two axes each: number of the block, and place inside the
# block. What is left is a mean over two of the axes.
# </details>

# %% [markdown]
# ## 3. Why did the sun go dark? (10 minutes)
#
# A friend writes `np.clip(image + np.uint8(100), 0, 255)`, and still the sun goes dark. Explain:
#
# - what happens to the number 200 in this line, step by step (1 point),
# - why `np.clip` does not help (1 point),
# - in which order the steps have to come, and why (1 point).

# %% [markdown] answer="sun" points=3
# Both numbers are uint8, so the sum is a uint8 as well and can only be 0 to 255. 300 does not fit:
# counting starts again at 0 after 255, and 300 - 256 = 44 is left.
#
# `np.clip` gets 44. That lies between 0 and 255, so it has no reason to change it. It cannot know
# that 300 was meant.
#
# First a type with room for the sum, then the sum, then the limits, and uint8 last: as long as the
# sum is still 300, it can be seen that it is too large.
