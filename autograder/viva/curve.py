"""Curves as options: one frame for all of a question, in which each must look different."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# None means nan (not a number); the line ends there.
Curve = tuple[float | None, ...]
# Curves are taken for the same unless they are somewhere this part of the picture's height apart.
APART = 0.15
# A curve whose range is so many times that of another is not shown whole: the other would be flat.
MOST_TIMES = 6
# From this ratio of the highest to the lowest number on, a logarithm shows more.
LOG_FROM = 30
# Space above and below the curves, as a part of their range.
MARGIN = 0.25
# A curve is shown if this part of its points lies within the frame.
VISIBLE = 0.3
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
        known = [_numbers(curve) for curve in (first, second)]
        every = [y for numbers in known for y in numbers]
        if not every:
            return None
        is_log = min(every) > 0 and max(every) / min(every) > LOG_FROM
        ends = []
        for numbers in filter(None, known):
            heights = [math.log10(y) if is_log else y for y in numbers]
            ends.append((min(heights), max(heights)))
        ends.sort(key=lambda pair: pair[1] - pair[0])
        (low, high), (wide_low, wide_high) = ends[0], ends[-1]
        calm = high - low
        wide = max(wide_high, high) - min(wide_low, low)
        if calm == 0 or wide <= MOST_TIMES * calm:
            low, high = min(wide_low, low), max(wide_high, high)
        if not 1e-6 * max(abs(low), abs(high), 1e-6) < high - low < 1e300:
            return None
        space = MARGIN * (high - low)
        low, high = low - space, high + space
        # Beyond these there are no powers of ten that a computer knows.
        return None if is_log and not -300 < low < high < 300 else cls(low, high, is_log)

    def height(self, y: float | None) -> float | None:
        """Where a number is drawn, from 0 at the bottom to 1 at the top, or a little beyond."""
        if y is None:
            return None
        if self.is_log:
            y = math.log10(y) if y > 0 else -math.inf
        return min(2.0, max(-1.0, (y - self.low) / (self.high - self.low)))

    def shows(self, curve: Curve) -> bool:
        """Whether enough of a curve can be seen; of a negative one, no logarithmic axis shows any."""
        if self.is_log and any(y is not None and y <= 0 for y in curve):
            return False
        inside = [h is not None and 0 <= h <= 1 for h in map(self.height, curve)]
        return sum(inside) >= VISIBLE * len(curve)

    def looks_alike(self, a: Curve, b: Curve) -> bool:
        """Whether two curves can hardly be told apart here, or by their figures."""
        return words(a) == words(b) or all(
            x is y or (x is not None and y is not None and abs(x - y) < APART)
            for x, y in zip(self._seen(a), self._seen(b), strict=True)
        )

    def _seen(self, curve: Curve) -> list[float | None]:
        heights = map(self.height, curve)
        return [None if h is None else min(1.0, max(0.0, h)) for h in heights]


def words(curve: Sequence[float | None]) -> str:
    """The curve as a line of figures, for those who do not see it."""
    last = len(curve) - 1
    # The second point tells a curve that jumps back and forth from a level one.
    places = sorted({1} | {round(i * last / (TOLD - 1)) for i in range(TOLD)})
    return ", ".join(
        f"{place}: {'nan' if (y := curve[place]) is None else f'{y:.3g}'}" for place in places
    )


def _numbers(curve: Curve) -> list[float]:
    return [y for y in curve if y is not None and math.isfinite(y)]
