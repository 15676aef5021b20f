from autograder.checking import check, expect_close

from . import probes


@check("triple", points=2)
def three_times(student, rng):
    """A number is tripled."""
    x = float(rng.normal())
    expect_close(student.call(probes.tripled, x, timeout=5), 3 * x)
