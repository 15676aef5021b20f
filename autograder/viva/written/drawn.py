"""A curve as a small SVG, all of a question in the same frame."""

import itertools

from markupsafe import Markup

from autograder.viva.curve import Curve, Frame, words
from autograder.viva.question import Question

WIDTH, HEIGHT = 200, 110
# The axes' corner, and the space above and at the right.
LEFT, BOTTOM, SPACE = 34, 92, 6

_LOG = Markup('<text x="{}" y="{}">log axis</text>').format(LEFT + 4, SPACE + 8)


def svg(question: Question, index: int) -> Markup:
    """The picture of one option; its label says it in figures."""
    assert question.frame is not None
    curve, frame = question.curves[index], question.frame
    # Whatever leaves the frame is cut off there, by a picture of its own in this one.
    points = " ".join(f"{x:.1f},{y - SPACE:.1f}" for x, y in _points(curve, frame))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        'role="img" aria-label="A curve. {over}: {words}" font-family="sans-serif" font-size="9" '
        'fill="currentColor" stroke="none">'
        '<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="currentColor"/>'
        '{ticks}{log}<text x="{middle}" y="{below}" text-anchor="middle">{over}</text>'
        '<text x="{left}" y="{below}" text-anchor="middle">0</text>'
        '<text x="{right}" y="{below}" text-anchor="end">{last}</text>'
        '<svg x="{left}" y="{top}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        '<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linejoin="round"/></svg></svg>'
    ).format(
        w=WIDTH, h=HEIGHT, left=LEFT, top=SPACE, bottom=BOTTOM, right=WIDTH - SPACE,
        middle=(LEFT + WIDTH - SPACE) / 2, below=BOTTOM + 13, over=question.over,
        width=WIDTH - SPACE - LEFT, height=BOTTOM - SPACE,
        words=words(curve), last=len(curve) - 1, points=points, ticks=_ticks(frame),
        log=_LOG if frame.is_log else "",
    )  # fmt: skip


def file(question: Question, index: int) -> bytes:
    """The same as a file, which is shown on whatever background."""
    start = Markup('<svg style="background: white" ')
    return svg(question, index).replace(Markup("<svg "), start, 1).encode()


def _points(curve: Curve, frame: Frame) -> list[tuple[float, float]]:
    step = (WIDTH - SPACE - LEFT) / (len(curve) - 1)
    heights = itertools.takewhile(lambda h: h is not None, map(frame.height, curve))
    return [(i * step, _y(h)) for i, h in enumerate(heights) if h is not None]


def _y(height: float) -> float:
    return BOTTOM - height * (BOTTOM - SPACE)


def _ticks(frame: Frame) -> Markup:
    """Three figures beside the y-axis: near its ends, and in the middle."""
    ticks = []
    for part in (0.1, 0.5, 0.9):
        value = frame.low + part * (frame.high - frame.low)
        text = f"{10**value if frame.is_log else value:.2g}"
        ticks.append(
            Markup(
                '<path d="M{a} {y:.1f}H{b}" stroke="currentColor"/>'
                '<text x="{c}" y="{t:.1f}" text-anchor="end">{text}</text>'
            ).format(a=LEFT - 3, b=LEFT, c=LEFT - 5, y=_y(part), t=_y(part) + 3, text=text)
        )
    return Markup("").join(ticks)
