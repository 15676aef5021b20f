from autograder.checking import check, expect_close

from . import probes


@check("double", points=1)
def one_number(student, rng):
    """A number is doubled."""
    x = float(rng.normal())
    expect_close(student.call(probes.doubled, x, timeout=2), 2 * x)


@check("double", points=2)
def an_array(student, rng):
    """Every entry of an array is doubled."""
    x = rng.normal(size=(2, 3))
    expect_close(student.call(probes.doubled, x, timeout=2), 2 * x, "Is every entry doubled?")


@check("mean", points=2)
def the_mean(student, rng):
    """The mean of a tensor."""
    values = rng.normal(size=int(rng.integers(2, 9)))
    expect_close(student.call(probes.averaged, values, timeout=2), values.mean())
