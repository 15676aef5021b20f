"""Curves as options: one frame for all of a question, in which each must look different."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

Curve = tuple[float, ...]
# Curves are taken for the same unless they are somewhere this part of the picture's height apart.
APART = 0.15
# A curve whose range is so many times that of another is not shown whole: the other would be flat.
MOST_TIMES = 6
# From this ratio of the highest to the lowest number on, a logarithm shows more.
LOG_FROM = 30
# Space above and below the curves, as a part of their range.
MARGIN = 0.25
# Points that are told in words.
TOLD = 5


@dataclass(frozen=True)
class Frame:
    """What the y-axis shows; of a logarithmic one, `low` and `high` are powers of ten."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, first: Curve, second: Curve) -> "Frame | None":
        """A frame in which the two can be seen, or the calmer one of them; None if both are level."""
        known = [y for curve in (first, second) for y in curve if math.isfinite(y)]
        if not known:
            return None
        is_log = min(known) > 0 and max(known) / min(known) > LOG_FROM
        ends = []
        for curve in (first, second):
            heights = [math.log10(y) if is_log else y for y in curve if math.isfinite(y)]
            ends.append((min(heights), max(heights)) if heights else (0.0, 0.0))
        ends.sort(key=lambda pair: pair[1] - pair[0])
        (low, high), (wide_low, wide_high) = ends
        calm = high - low
        wide = max(wide_high, high) - min(wide_low, low)
        if calm == 0 or wide <= MOST_TIMES * calm:
            low, high = min(wide_low, low), max(wide_high, high)
        if not high - low > 1e-6 * max(abs(low), abs(high), 1e-6):
            return None
        space = MARGIN * (high - low)
        return cls(low - space, high + space, is_log)

    def height(self, y: float) -> float:
        """Where a number is drawn, 0 at the bottom and 1 at the top, where whatever is beyond ends."""
        if self.is_log:
            y = math.log10(y) if y > 0 else -math.inf
        if math.isnan(y):
            return 1.0
        return min(1.0, max(0.0, (y - self.low) / (self.high - self.low)))

    def looks_alike(self, a: Curve, b: Curve) -> bool:
        """Whether two curves can hardly be told apart here."""
        if words(a) == words(b):
            return True
        pairs = zip_longest(map(self.height, a), map(self.height, b), fillvalue=0.0)
        return len(a) == len(b) and max(abs(x - y) for x, y in pairs) < APART


def words(curve: Sequence[float]) -> str:
    """The curve as a line of figures, for those who do not see it."""
    last = len(curve) - 1
    # The second point tells a curve that jumps back and forth from a level one.
    places = sorted({1} | {round(i * last / (TOLD - 1)) for i in range(TOLD)})
    return ", ".join(f"{place}: {curve[place]:.3g}" for place in places)
