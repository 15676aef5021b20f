"""The report's statistics, each of plain arrays."""

from dataclasses import dataclass

import numpy as np

BINS = 10
# A correlation of fewer students says nothing.
FEWEST_STUDENTS = 5


@dataclass(frozen=True)
class Bin:
    """Scores from `low` on and below `high`; the last bin includes `high`."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Item:
    """How one check went: `students` is the number of results that contain it.

    `pass_rate` is the share of students with all its points, `difficulty` the mean fraction of its
    points (1 is easy), `discrimination` the correlation of `discrimination()`.
    """

    students: int
    pass_rate: float
    difficulty: float
    discrimination: float | None


def histogram(scores: list[float], max_score: float) -> list[Bin]:
    """Counts in `BINS` bins of equal width over 0 … `max_score`; scores beyond count at the edge."""
    if max_score <= 0:
        return []
    counts, edges = np.histogram(np.clip(scores, 0, max_score), bins=BINS, range=(0, max_score))
    edges = [round(float(e), 6) for e in edges]
    return [Bin(low, high, int(n)) for low, high, n in zip(edges, edges[1:], counts)]


def items(points: np.ndarray, max_points: np.ndarray) -> list[Item]:
    """Analyse checks.

    Parameters
    ----------
    points
        Points by student and check, shape (students, checks); nan where a student's result does not
        contain the check.
    max_points
        Shape (checks,).
    """
    known = ~np.isnan(points)
    totals = np.nansum(points, axis=1)
    found = []
    for own, top, has in zip(points.T, max_points, known.T):
        fractions = own[has] / top
        found.append(
            Item(
                int(has.sum()),
                float(np.mean(fractions >= 1)),
                float(np.mean(fractions)),
                discrimination(own[has], totals[has]),
            )
        )
    return found


def discrimination(own: np.ndarray, totals: np.ndarray) -> float | None:
    """Corrected item-total correlation: Pearson's r of a check's points and the sum of all others.

    Where a check gives all or nothing this is the point-biserial correlation. The check itself is
    taken out of the total, else it would correlate with itself (Guilford 1953, "The correlation of
    an item with a composite of the remaining items in a test", Educational and Psychological
    Measurement 13, 87–93). None with fewer than `FEWEST_STUDENTS` students, and where everybody has
    the same points in the check or in the others.
    """
    rest = totals - own
    if len(own) < FEWEST_STUDENTS or np.ptp(own) < 1e-9 or np.ptp(rest) < 1e-9:
        return None
    return float(np.corrcoef(own, rest)[0, 1])


def percentile(values: list[float], percent: float) -> float | None:
    """The percentile, interpolated linearly; None of nothing."""
    return float(np.percentile(values, percent)) if values else None
