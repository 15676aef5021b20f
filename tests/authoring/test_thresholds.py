"""How sure it is that a right solution reaches a threshold."""

import math

import pytest

from autograder.authoring.thresholds import false_fail_rate


def test_the_false_fail_rate_is_that_of_a_students_t():
    # From a table of quantiles: P(t < -7.173) = 0.001 with 4 degrees of freedom.
    scores = [-2.0, -1.0, 0.0, 1.0, 2.0]
    spread = math.sqrt(2.5) * math.sqrt(6 / 5)
    assert false_fail_rate(scores, -7.173 * spread) == pytest.approx(0.001, rel=1e-3)
    assert false_fail_rate(scores, 0.0) == pytest.approx(0.5)
    assert false_fail_rate([0.6, 0.6, 0.6], 0.5) == 0 and false_fail_rate([0.6, 0.6], 0.7) == 1
    with pytest.raises(ValueError, match="at least 2"):
        false_fail_rate([0.6], 0.5)
