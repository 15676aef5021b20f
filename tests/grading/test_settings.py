"""A wrong setting of the judge ends a run before anything is graded, with its line."""

import pytest

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import batch
from autograder.grading.judging.judge import expect_settings


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('timeout = "two minutes"', "'two minutes'"),
        ("timeout = -5", "-5"),
        ("timeot = 60", "did you mean timeout?"),
        ("submission_timeout = 0", "0"),
        ('limits = {"memory": 1 << 30}', "expected limits named"),
        ('limits = {"memory_bytes": "4 GB"}', "'4 GB'"),
        ("preload = 7", "7"),
        ("xyz = 1", "expected one of"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_line(course, setting, told):
    path = course.root / "nbgrader_config.py"
    path.write_text(f"{path.read_text()}\nc.Judge.{setting}\n")
    line = len(path.read_text().splitlines())
    with pytest.raises(UserError) as refused:
        batch.grade(Course(course.root), "99_tiny", [])
    assert f"nbgrader_config.py:{line}: " in str(refused.value) and told in str(refused.value)
    assert not (course.private / "ledger").exists()


@pytest.mark.parametrize("section", ["Juge", "judge", "Jugde", "SealedProvisoner"])
def test_a_misspelt_section_is_refused_with_its_line(course, section):
    """It was a section of its own, which nobody read."""
    path = course.root / "nbgrader_config.py"
    path.write_text(f"{path.read_text()}\nc.{section}.timeout = 60\n")
    line = len(path.read_text().splitlines())
    with pytest.raises(
        UserError, match=f"nbgrader_config.py:{line}: there is no section c.{section}"
    ):
        Course.find(course.root)


def test_the_settings_of_this_course_are_accepted(real_course):
    expect_settings(real_course)
