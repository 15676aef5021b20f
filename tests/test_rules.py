"""What `course.toml` may say, and what each mistake in it is answered with."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from conftest import ROOT

from autograder import rules
from autograder.authoring.new import TEMPLATE
from autograder.course import Course
from autograder.errors import UserError
from autograder.rules import Amount, LatePolicy

A, B = "01_first", "02_second"
FILE = """\
# A comment.
timezone = "Europe/Berlin"
feedback = "when marked"
attempts_per_hour = 6

[late]
grace = "15 minutes"
per_day = "10 %"
at_most = "50%"

[assignments.01_first]
due = 2026-12-01T23:59:00
weight = 2
feedback = "at once"
before_due = "done"
attempts_per_hour = 2

[assignments.01_first.extensions]
ada = "3 days"
"ben.b" = 2026-12-08

[assignments.02_second]
due = 2026-12-08T12:00:00-05:00
late = { per_day = 1.5 }
"""


def read(tmp_path, text):
    path = tmp_path / "course.toml"
    path.write_bytes(text.encode())
    return rules.read(path, [A, B])


def test_the_file_says_all_of_it(tmp_path):
    found = read(tmp_path, FILE)
    first, second = found.of(A), found.of(B)
    assert first.due == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert first.extensions == {
        "ada": timedelta(days=3), "ben.b": timedelta(days=7, seconds=59)
    }  # fmt: skip
    assert (first.weight, second.weight) == (2.0, 1.0)
    assert (first.feedback, second.feedback) == (rules.AT_ONCE, rules.WHEN_MARKED)
    assert (first.before_due, second.before_due) == (rules.DONE, None)
    assert (first.attempts_per_hour, second.attempts_per_hour) == (2, 6)
    assert first.due_for("ada") == datetime(2026, 12, 4, 22, 59, tzinfo=UTC)
    assert first.due_for("cem") == first.due
    assert second.due == datetime(2026, 12, 8, 17, tzinfo=UTC)
    assert first.late == LatePolicy(Amount(10, True), timedelta(minutes=15), Amount(50, True))
    assert second.late == LatePolicy(Amount(1.5))
    assert found.place("assignments", A, "extensions", "ada").endswith("course.toml:19")


@pytest.mark.parametrize("root", [ROOT, TEMPLATE], ids=["this course", "a new one"])
def test_the_file_a_course_begins_with_says_nothing_and_every_example_in_it_is_right(
    root, tmp_path
):
    text = (root / "course.toml").read_text()
    path, names = tmp_path / "course.toml", Course(root).assignments
    path.write_text(text)
    assert rules.read(path, names) == rules.Rules(path)
    path.write_text(re.sub("^#(?=\\S)", "", text, flags=re.MULTILINE))
    found = rules.read(path, names)
    assert found.of(names[0]).due is not None and found.of(names[0]).extensions.keys() == {
        "ada", "ben.b"
    }  # fmt: skip
    assert found.of(names[0]).late and found.of(names[0]).feedback == rules.WHEN_MARKED


def test_without_a_file_nothing_is_due_and_every_assignment_counts_the_same(tmp_path):
    found = rules.read(tmp_path / "course.toml", [A])
    assert found.of(A) == rules.AssignmentRules(weight=1.0, feedback=rules.AT_ONCE)
    assert read(tmp_path, "\ufeff# only a comment\r\n").of(A) == found.of(A)


@pytest.mark.parametrize(
    ("late", "lost"),
    [
        (timedelta(), 0), (timedelta(minutes=15), 0), (timedelta(minutes=16), 2),
        (timedelta(days=1), 2), (timedelta(days=1, seconds=1), 4), (timedelta(days=900), 10),
    ],
)  # fmt: skip
def test_each_day_begun_costs_the_same_up_to_the_most(late, lost):
    policy = LatePolicy(Amount(10, True), timedelta(minutes=15), Amount(50, True))
    assert policy.penalty(20.0, late) == lost


WRONG = [
    ("[late", 1, "expected TOML"),
    ("weight = 1", 1, "or late or assignments, got 'weight'"),
    ("\n[asignments.01_first]", 2, "did you mean assignments?"),
    ("[assignments.01]\nweight = 1", 1, "got '01': did you mean 01_first?"),
    ("[assignments.01_frist]\nweight = 1", 1, "did you mean 01_first?"),
    ("[assignments.01_first]\n\n# x\ndeu = 1", 4, "assignments.01_first.deu: expected due or"),
    ("[assignments.01_first]\nweight = -5", 2, "expected a number, 0 or more, got -5"),
    ("[assignments.01_first]\nweight = true", 2, "got true"),
    ("[assignments.01_first]\nweight = nan", 2, "got nan"),
    ("[assignments.01_first]\nweight = 'two'", 2, "got 'two'"),
    ("assignments = 3", 1, "expected a table [assignments], got 3"),
    ("[assignments]\n01_first = 3", 2, "expected a table [assignments.01_first], got 3"),
    ("late = false", 1, "expected a table [late], got false"),
    ("[late]\ngrace = '1 hour'", 1, "expected `per_day`"),
    ("[late]\nper_day = -1", 2, "expected points, such as 2, or a share"),
    ("[late]\nper_day = '110 %'", 2, "got '110 %'"),
    ("[late]\nper_day = '10'", 2, "got '10'"),
    ("[late]\nper_day = 1\ngrace = 15", 3, 'expected a time such as "15 minutes"'),
    ("[late]\nper_day = 1\ngrace = 'two minutes'", 3, "got 'two minutes'"),
    ("[late]\nper_day = 1\ngrace = '-5 minutes'", 3, "got '-5 minutes'"),
    ("[late]\nper_day = 1\nat_most = inf", 3, "got inf"),
    ("[late]\nper_day = 1\nat_mots = 1", 3, "did you mean at_most?"),
    ("feedback = 'later'", 1, 'expected "at once" or "when marked" or "when released"'),
    ("feedback = ['at once']", 1, "got ['at once']"),
    ("before_due = 'all'", 1, 'expected "nothing" or "done" or "points" or "messages"'),
    ("[assignments.01_first]\nbefore_due = 'done'", 2, "before_due needs a date: write `due`"),
    ("counts = 'worst'", 1, 'expected "last" or "best"'),
    ("attempts_per_hour = 0", 1, "expected a whole number, 1 or more, got 0"),
    ("attempts_per_hour = 1.5", 1, "got 1.5"),
    ("attempts_per_hour = '6'", 1, "got '6'"),
    ("timezone = 'Berlin'", 1, "expected a time zone such as"),
    ("timezone = '../../etc/passwd'", 1, "expected a time zone such as"),
    ("timezone = 1", 1, "expected a time zone such as"),
    ("[assignments.01_first]\ndue = 2026-12-01T23:59:00", 2, 'timezone = "Europe/Berlin"'),
    ("[assignments.01_first]\ndue = 2026-12-01", 2, "expected a date with its zone"),
    ("[assignments.01_first]\ndue = '2026-12-01'", 2, "expected a date without quotes"),
    ("[assignments.01_first]\ndue = 23:59:00", 2, "expected a date without quotes"),
    ("[assignments.01_first]\ndue = 2026-13-01", 2, "expected TOML"),
    ("[assignments.01_first]\ndue = 0001-01-01T00:00:00+14:00", 2, "expected a date such as"),
    ("[assignments.01_first.extensions]\nada = '1 day'", 1, "extensions need a date to extend"),
    ("[assignments.01_first]\nweight = 1\nweight = 2", 3, "expected TOML"),
]
DUE = "[assignments.01_first]\ndue = 2026-12-01T00:00:00Z\n[assignments.01_first.extensions]\n"
WRONG += [
    (f"{DUE}ada = 2026-11-30T00:00:00Z", 4, "expected a date after the due date"),
    (f"{DUE}ada.b = '3 days'", 4, 'expected quotes around an id with a dot: "ada.b" = …'),
    (f"{DUE}ada = 3", 4, "expected a date, such as"),
    (f"{DUE}ada = '3 dyas'", 4, 'expected a time such as "15 minutes"'),
    (f"{DUE}ada = '3 days'\nben = '9999 weeks'".replace("2026-12-01", "9999-12-01"), 5, "10000"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_mistake_is_answered_with_file_and_line(tmp_path, text, line, message):
    with pytest.raises(UserError) as error:
        read(tmp_path, text)
    said = str(error.value)
    assert message in said
    assert f"course.toml:{line}:" in said


def test_all_mistakes_are_told_at_once(tmp_path):
    text = "feedback = 1\n[late]\nper_day = [\n1,\n2]\n[assignments.01_first]\nweight = -1\n"
    with pytest.raises(UserError) as error:
        read(tmp_path, text)
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == ["1", "3", "7"]


def test_a_file_that_cannot_be_read_gets_one_message(tmp_path):
    (tmp_path / "course.toml").mkdir()
    with pytest.raises(UserError, match="could not be read"):
        rules.read(tmp_path / "course.toml", [])
    other = tmp_path / "latin"
    other.write_bytes("# Prüfung".encode("latin-1"))
    with pytest.raises(UserError, match="expected UTF-8"):
        rules.read(other, [])


def test_every_command_refuses_a_wrong_file_and_a_second_late_policy(course):
    file = course.root / "course.toml"
    file.write_text("[late]\nper_day = 1\n")
    assert Course.find(course.root).rules.has_late_policy
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with pytest.raises(UserError, match="expected one late policy, got two"):
        Course.find(course.root)
    file.write_text("timeot = 3\n")
    with pytest.raises(UserError, match="course.toml:1: timeot: .* did you mean timezone"):
        Course.find(course.root)
