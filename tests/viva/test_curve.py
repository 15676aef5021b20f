"""Curves in one frame, and how they are drawn and told."""

import math
import re
from xml.etree import ElementTree

import pytest

from autograder.viva.curve import Frame, words
from autograder.viva.question import Question
from autograder.viva.written import drawn

LINE = tuple(float(n) for n in range(13))


def question(*curves, frame=None):
    return Question(
        "picture", "steps", 3, "Which?", "", "", tuple(map(words, curves)), 0, "",
        curves=curves, frame=frame or Frame.of(curves[0], curves[0]), over='<"&step>',
    )  # fmt: skip


def test_a_frame_has_a_margin_around_both_curves():
    frame = Frame.of(LINE, tuple(-y for y in LINE))
    assert (frame.low, frame.high, frame.is_log) == (-18, 18, False)
    assert frame.height(0) == 0.5 and frame.height(12) == pytest.approx(30 / 36)


def test_numbers_of_many_sizes_have_a_log_axis():
    frame = Frame.of(tuple(10.0**-n for n in range(13)), (1.0,) * 13)
    assert frame.is_log and (frame.low, frame.high) == (-15, 3)
    assert frame.height(1e-6) == 0.5
    assert frame.shows(LINE[1:]) and not frame.shows(LINE) and not frame.shows((4.0, -4.0) * 7)


def test_one_curve_that_explodes_does_not_flatten_the_other():
    frame = Frame.of(LINE, tuple(-(9.0**n) for n in range(13)))
    assert frame.low == -3 and frame.height(-(9.0**12)) < 0 and frame.height(math.inf) > 1
    assert not frame.shows(tuple(-(9.0**n) for n in range(13)))


@pytest.mark.parametrize(
    "curves", [((1.0,) * 13, (1.0,) * 13), ((math.inf,) * 13, (math.inf,) * 13)]
)
def test_there_is_no_frame_for_what_is_level_or_no_number(curves):
    assert Frame.of(*curves) is None


def test_curves_are_alike_if_their_figures_are_or_they_nearly_meet_everywhere():
    frame = Frame.of(LINE, LINE)
    assert frame.looks_alike(LINE, tuple(y + 1 for y in LINE))
    assert not frame.looks_alike(LINE, tuple(y + 4 for y in LINE))
    # All that is told in words is equal: who does not see the picture could not decide.
    bent = LINE[:2] + (12.0,) + LINE[3:]
    assert words(bent) == words(LINE) and frame.looks_alike(LINE, bent)


def test_words_tell_back_and_forth_from_level():
    assert words((4.0, -4.0) * 7) != words((4.0,) * 14)


@pytest.mark.parametrize("last", [None, math.inf, 1e308, -1e308, 5e-324])
def test_no_value_keeps_a_picture_from_being_drawn_and_nan_is_not_infinity(last):
    curve = (*LINE, last)
    frame = Frame.of(LINE, LINE)
    text = drawn.svg(question(curve, LINE + (1.0,), frame=frame), 0)
    ElementTree.fromstring(text)
    figure = "nan" if last is None else f"{last:.3g}"
    assert f"13: {figure}" in text and "nan" not in text.split("points=")[1]
    assert words(LINE + (None,)) != words(LINE + (math.inf,))


def test_powers_of_ten_that_no_computer_knows_have_no_frame():
    """One student's answer gave them, and nobody had a sheet."""
    curve = tuple(10.0 ** (22 * n + 8) for n in range(14))
    assert Frame.of(curve, curve) is None
    assert Frame.of((1e308, -1e308) * 7, LINE) is not None


def test_what_leaves_the_frame_is_cut_off_and_not_drawn_along_its_edge():
    text = drawn.svg(question(LINE + (1e6, 1e6), frame=Frame.of(LINE, LINE)), 0)
    (line,) = re.findall(r'polyline points="([^"]+)"', text)
    assert all(float(pair.split(",")[1]) < 0 for pair in line.split()[-2:])
    assert text.count("<svg") == 2, "within a picture that cuts off"


def test_a_picture_says_its_figures_and_takes_nothing_as_markup():
    text = drawn.svg(question(LINE), 0)
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == 'A curve. <"&step>: 0: 0, 1: 1, 3: 3, 6: 6, 9: 9, 12: 12'
    (line,) = re.findall(r'polyline points="([^"]+)"', text)
    points = [tuple(map(float, pair.split(","))) for pair in line.split()]
    assert len(points) == 13
    steps = {(round(b[0] - a[0], 0), round(b[1] - a[1], 0)) for a, b in zip(points, points[1:])}
    assert steps == {(13, -5)}, "a straight line goes up from left to right"


def test_a_log_axis_says_so():
    curve = tuple(10.0**-n for n in range(13))
    assert "log axis" in drawn.svg(question(curve), 0)
    assert "log axis" not in drawn.svg(question(LINE), 0)
