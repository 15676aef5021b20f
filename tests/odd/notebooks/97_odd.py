# %% [markdown]
# # Areas, without any library
#
# A notebook with all kinds of cells that a course has, and nothing that takes time.

# %% setup=true
import math


class Shape:
    """What all shapes here have in common."""

    def twice(self):
        return 2 * self.area()


# %%
from statistics import median as middle_of

print(middle_of([1, 2, 30]))

# %% [markdown]
# ## A circle
#
# Write the area of a circle with radius `r`.

# %% solution="circle"
def circle(r):
    """The area of a circle."""
    ### BEGIN SOLUTION
    return math.pi * r**2
    ### END SOLUTION

# %% selfcheck="circle" points=3
assert abs(circle(1) - 3.14159) < 1e-4, f"got {circle(1)}, expected 3.14159"

# %% [markdown]
# ## A square
#
# Write a shape with a side and an area.

# %% solution="square"
class Square(Shape):
    """A square with a side."""

    ### BEGIN SOLUTION
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2
    ### END SOLUTION

# %% selfcheck="square" points=2
assert Square(3).twice() == 18

# %% [markdown]
# ## The one in the middle
#
# Return the median of the areas of some circles. `middle_of` is given above.

# %% solution="typical"
def typical(radii):
    """The median area of circles."""
    ### BEGIN SOLUTION
    return middle_of([circle(r) for r in radii])
    ### END SOLUTION

# %% selfcheck="typical" points=2
assert typical([1, 1, 1]) == circle(1)

# %% [markdown]
# ## In your own words
#
# Why does the area of a circle grow with the square of its radius?

# %% [markdown] answer="why" points=3
# Because it grows in both directions.

# %% [markdown]
# How would you estimate the area of a leaf with a sheet of squared paper?

# %% [markdown] answer="leaf" points=2
# Count the squares.

# %% [markdown]
# Thank you for working through all of these exercises.
