"""Forged replies: every hidden check of every assignment with every kind; see `forging`."""

import pytest
from conftest import ROOT, hidden_of
from forging import KINDS, forged

from autograder.course import Course
from autograder.grading.judging.data import built_in

ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


def test_there_are_at_least_25_kinds_of_wrong_replies():
    assert len(KINDS) >= 25


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_check_of_the_course_raises_or_passes(assignment):
    with built_in(hidden_of(assignment)):
        found = list(forged(Course(ROOT), assignment))
    assert len(found) == len(KINDS) * sum(map(len, hidden_of(assignment).checks.values()))
    assert [row for row in found if row[-1]] == []


def test_no_check_of_a_course_of_ones_own_raises_or_passes():
    template = Course(ROOT / "autograder" / "authoring" / "template")
    assert [row for row in forged(template, "01_images") if row[-1]] == []


def test_a_careless_check_is_found(course):
    """Each line of it would be a score or a grader error of some student's making."""
    checks = course.hidden / "99_tiny" / "checks.py"
    checks.write_text(
        "import numpy as np\n"
        "from autograder.checking import check, expect\n"
        "from . import probes\n\n"
        '@check("double", points=1)\n'
        "def raises(student, rng):\n"
        "    value = student.call(probes.doubled, 2.0).untrusted\n"
        "    expect(value[0] if isinstance(value, list) else value == 4, 'no')\n\n"
        '@check("double", points=2)\n'
        "def passes(student, rng):\n"
        "    student.call(probes.doubled, 2.0).number()\n\n"
        '@check("mean", points=2)\n'
        "def the_mean(student, rng):\n"
        "    expect(student.call(probes.averaged, np.ones(3)).number() == 1, 'no')\n"
    )
    problems = {(row[1], row[2]): row[3] for row in forged(course, "99_tiny") if row[-1]}
    assert "IndexError" in problems["raises", "an empty list"]
    assert problems["passes", "minus one"] == "passed"
    assert {check for check, _ in problems} >= {"raises", "passes"}
