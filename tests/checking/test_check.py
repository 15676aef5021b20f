"""The words checks are written in."""

import math
from dataclasses import replace

import numpy as np
import pytest

from autograder.checking import CheckFailed, Reply, check, expect_close, hidden
from autograder.checking.check import Check, challenge_seed, run_checks
from autograder.checking.student import LocalStudent, OutOfTime, StudentError
from autograder.grading.judging.judge import outputs_of


class Anything:
    """An object that claims to equal everything."""

    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    "got", [None, "text", [1, [2, 3]], {"a": 1}, [None, 2], Anything(), [1.0], np.ones((2, 1))]
)
def test_expect_close_fails_on_anything_but_the_numbers(got):
    with pytest.raises(CheckFailed):
        expect_close(got, np.array([1.0, 2.0]))


def test_expect_close_tells_shapes_and_never_the_expected_values():
    with pytest.raises(CheckFailed, match=r"got shape \(3, 2\), expected \(2, 3\)"):
        expect_close(np.ones((3, 2)), np.full((2, 3), 12345.0))
    with pytest.raises(CheckFailed) as failed:
        expect_close(np.zeros(3), np.full(3, 12345.678))
    assert "12345.678" not in str(failed.value)


def test_expect_close_takes_nan_for_nan_only():
    expect_close([math.nan, 1.0], [math.nan, 1.0])
    with pytest.raises(CheckFailed):
        expect_close([0.0, 1.0], [math.nan, 1.0])
    with pytest.raises(CheckFailed):
        expect_close([math.nan, 1.0], [0.0, 1.0])


def test_number_wants_one_number():
    assert Reply(np.array([2])).number() == 2.0
    for bad in ([1, 2], "3", None, []):
        with pytest.raises(CheckFailed):
            Reply(bad).number()


@pytest.mark.parametrize("points", [0, -1, math.nan, math.inf])
def test_points_of_a_check_are_positive_and_finite(points):
    with pytest.raises(ValueError, match="finite points"):
        check("foo", points=points)


def results_of(*functions):
    checks = [Check("foo", f.__name__, 2.0, f) for f in functions]
    return run_checks(checks, LocalStudent({}), lambda c: 7)


def test_a_time_out_is_charged_once_and_an_error_of_the_grader_is_told():
    ran = []

    def right(student, rng):
        """Right."""

    def broken(student, rng):
        raise KeyError("ours")

    def slow(student, rng):
        raise OutOfTime("too slow")

    def after(student, rng):
        ran.append(1)

    results = results_of(right, broken, slow, after)
    assert [r.points for r in results] == [2.0, 0.0, 0.0, 0.0]
    assert "KeyError" in results[1].error and "ours" not in results[1].message
    assert results[3].message == "not run: too slow" and not ran


def test_seeds_repeat_for_a_submission_and_differ_between_secrets_and_checks():
    seed = challenge_seed(b"s", b"one", "a")
    assert seed == challenge_seed(b"s", b"one", "a")
    others = [(b"t", b"one", "a"), (b"s", b"two", "a"), (b"s", b"one", "b")]
    assert len({seed, *(challenge_seed(*o) for o in others)}) == 4


def test_points_outside_the_range_are_a_loud_error():
    def right(student, rng):
        """Right."""

    results = results_of(right)
    assert outputs_of(results, 2.0)[1].data["text/plain"] == "2.0"
    with pytest.raises(ValueError, match="0 to 2.0 points"):
        outputs_of([replace(r, points=3.0) for r in results], 2.0)


@pytest.mark.parametrize("points", [1.0, 3.0])
def test_checks_that_are_worth_more_or_less_than_the_built_cell_are_a_loud_error(points):
    """An edit of `checks.py` without a build: whoever lost one point would get full marks."""

    def wrong(student, rng):
        raise CheckFailed("wrong")

    with pytest.raises(ValueError, match=f"{points:g} points, its hidden checks 2: run"):
        outputs_of(results_of(wrong), points)


def test_a_students_text_is_escaped_in_the_judged_cell():
    def scripted(student, rng):
        raise CheckFailed("<script>alert(1)</script>")

    page = outputs_of(results_of(scripted), 2.0)[0].data["text/html"]
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_the_error_of_a_students_code_names_its_kind(course):
    probes = hidden.load(course.hidden, "99_tiny").module("probes")

    def double(x):
        raise ZeroDivisionError("oops")

    with pytest.raises(StudentError, match="ZeroDivisionError") as failed:
        LocalStudent({"double": double}).call(probes.doubled, 1.0)
    assert "oops" not in str(failed.value), "its words may be what it was asked"
    with pytest.raises(StudentError, match="'double' is not defined"):
        LocalStudent({}).call(probes.doubled, 1.0)
