"""The report's statistics, computed from plain arrays."""

from dataclasses import dataclass

import numpy as np

BINS = 10
# A correlation over fewer students says nothing.
FEWEST_STUDENTS = 5


@dataclass(frozen=True)
class Bin:
    """Scores from `low` up to, but not including, `high`; the last bin includes `high`."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Item:
    """How one check went: `students` is the number of outcomes that contain it.

    `pass_rate` is the share of students with all its points, `difficulty` the mean fraction of its
    points (1 is easy), `discrimination` what `discrimination()` returns.
    """

    students: int
    pass_rate: float
    difficulty: float
    discrimination: float | None


def histogram(scores: list[float], max_score: float) -> list[Bin]:
    """Counts in `BINS` equal bins over 0 … `max_score`; scores outside count in the outermost bins."""
    if max_score <= 0:
        return []
    counts, limits = np.histogram(np.clip(scores, 0, max_score), bins=BINS, range=(0, max_score))
    edges = [round(float(e), 6) for e in limits]
    return [Bin(low, high, int(n)) for low, high, n in zip(edges, edges[1:], counts)]


def items(points: np.ndarray, max_points: np.ndarray) -> list[Item]:
    """Analyse checks.

    Parameters
    ----------
    points
        Points by student and check, shape (students, checks); nan where a student's outcome does
        not contain the check.
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

    For a check that gives all points or none this is the point-biserial correlation. The check
    itself is taken out of the total, because it would correlate with itself (Guilford 1953, "The
    correlation of an item with a composite of the remaining items in a test", Educational and
    Psychological Measurement 13, 87–93). None with fewer than `FEWEST_STUDENTS` students, and if
    everybody has the same points in the check or in the others.
    """
    rest = totals - own
    if len(own) < FEWEST_STUDENTS or np.ptp(own) < 1e-9 or np.ptp(rest) < 1e-9:
        return None
    return float(np.corrcoef(own, rest)[0, 1])


def percentile(values: list[float], percent: float) -> float | None:
    """The percentile, interpolated linearly; None if there are no values."""
    return float(np.percentile(values, percent)) if values else None
