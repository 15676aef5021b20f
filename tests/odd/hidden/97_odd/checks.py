import math

from autograder.checking import check, expect_close

from . import probes


@check("circle", points=3)
def an_area(student, rng):
    """The area of a circle."""
    r = float(rng.uniform(1, 9))
    expect_close(student.call(probes.area, r, timeout=2), math.pi * r**2)


@check("square", points=2)
def twice_an_area(student, rng):
    """Twice the area of a square."""
    side = float(rng.uniform(1, 9))
    expect_close(student.call(probes.twice, side, timeout=2), 2 * side**2)


@check("typical", points=2)
def the_median(student, rng):
    """The median of areas."""
    radii = [float(r) for r in rng.uniform(1, 9, size=5)]
    expect_close(student.call(probes.typical, radii, timeout=2), math.pi * sorted(radii)[2] ** 2)
