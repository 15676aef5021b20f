"""How certain it is that a right solution reaches a threshold."""

import math

import numpy as np


def false_fail_rate(scores: list[float], threshold: float) -> float:
    """The estimated chance that another correct solution scores below `threshold`.

    The scores of correct solutions are assumed to be normal. After n scores with mean m and
    standard deviation s, another one then follows m + s sqrt(1 + 1/n) t with n - 1 degrees of
    freedom (the prediction interval of any statistics text).
    """
    n = len(scores)
    if n < 2:
        raise ValueError(f"expected at least 2 scores, got {n}")
    spread = np.std(scores, ddof=1) * math.sqrt(1 + 1 / n)
    if spread == 0:
        return float(threshold > scores[0])
    return _student_t_below(float((threshold - np.mean(scores)) / spread), n - 1)


def _student_t_below(value: float, freedom: int) -> float:
    """P(t <= value) for Student's t, by Simpson's rule over an angle.

    With t = sqrt(k) tan(a) the density becomes cos(a)^(k - 1), up to a constant.
    """
    angle = math.atan(value / math.sqrt(freedom))

    def area(low, high, steps=2000):
        a = np.linspace(low, high, 2 * steps + 1)
        y = np.maximum(np.cos(a), 0) ** (freedom - 1)
        return (high - low) / (6 * steps) * (y[0] + y[-1] + 4 * y[1::2].sum() + 2 * y[2:-1:2].sum())

    return float(area(-math.pi / 2, angle) / area(-math.pi / 2, math.pi / 2))
