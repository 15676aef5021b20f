"""What students see before the due date, and how often they are graded."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from autograder.authoring.new import TEMPLATE
from autograder.course import Course
from autograder.feedback import early
from autograder.gradebook import ledger
from autograder.outcome import CheckResult, Outcome, Status
from autograder.rules import AssignmentRules, Rules
from autograder.serving import giving
from autograder.serving.attempts import Attempts
from autograder.serving.giving import Giving

A, DUE = "01_images", datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
SECRET = "expected 6, got 5"


def outcome(status: Status = Status.GRADED) -> Outcome:
    return Outcome(
        "ada", A, status, 7.0, 5.0, message="not JSON" if status == Status.UNREADABLE else "",
        checks=[
            CheckResult("blur", "means", "Means", 3.0, 3.0),
            CheckResult("blur", "edges", "Edges", 0.0, 2.0, SECRET, diagnosis="You forgot them."),
            CheckResult("turn", "turns", "Turns", 2.0, 2.0),
        ],
    )  # fmt: skip


def test_the_early_page_says_what_is_done_and_not_why():
    page = early.page(outcome(), "Ada & Co", DUE, with_points=False)
    assert "Ada &amp; Co" in page and "1 December 2026, 22:59 UTC" in page
    assert "<code>blur</code>: not done yet" in page and "<code>turn</code>: done" in page
    assert ">1 <small>of 2</small>" in page
    for hidden in (SECRET, "forgot", "Edges", "3 / 5", "5 <small>of 7"):
        assert hidden not in page
    with_points = early.page(outcome(), "Ada", DUE, with_points=True)
    assert "3 / 5" in with_points and "5 <small>of 7" in with_points
    assert SECRET not in with_points and "forgot" not in with_points


def test_the_early_page_of_an_unreadable_submission_says_what_is_wrong():
    page = early.page(outcome(Status.UNREADABLE), "ada", DUE, with_points=True)
    assert "could not be graded:</strong> not JSON" in page and "blur" not in page


@pytest.fixture
def released(tmp_path, monkeypatch):
    """What goes to the exchange, in order: the content of each page."""
    found = []

    class Exchange:
        is_there = True

        def __init__(self, course):
            pass

        def release(self, student, assignment, folder):
            found.append((folder / student / assignment / f"{assignment}.html").read_text())

    monkeypatch.setattr(giving, "Exchange", Exchange)
    return found


@pytest.fixture
def place(tmp_path) -> Course:
    shutil.copy(TEMPLATE / "nbgrader_config.py", tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / f"{A}.py").touch()
    folder = tmp_path / "feedback" / "ada" / A
    folder.mkdir(parents=True)
    (folder / f"{A}.html").write_text("whole")
    for name in ("timestamp.txt", "submission_secret.txt"):
        (folder / name).write_text("x")
    return Course(tmp_path)


@pytest.mark.parametrize(
    ("before_due", "seen"),
    [("nothing", ""), ("done", "not done yet"), ("points", "3 / 5"), ("messages", "whole")],
)
def test_the_whole_feedback_follows_when_it_is_due(before_due, seen, place, released, monkeypatch):
    now = [DUE - timedelta(seconds=1)]
    monkeypatch.setattr(ledger, "now", lambda: now[0])
    rules = AssignmentRules(due=DUE, before_due=before_due)
    ours = Giving(place)
    ours.give_back(rules, outcome())
    assert [seen in page for page in released] == [True] * bool(seen)
    assert ours.due_now() == []
    now[0] = DUE
    assert ours.due_now() == ([] if before_due == "messages" else [(A, "ada")])
    ours.give_back(rules, outcome())
    assert released[-1] == "whole" and ours.due_now() == []


def test_who_has_an_extension_sees_the_whole_later(place, released, monkeypatch):
    monkeypatch.setattr(ledger, "now", lambda: DUE + timedelta(days=1))
    rules = AssignmentRules(due=DUE, extensions={"ada": timedelta(days=3)}, before_due="done")
    ours = Giving(place)
    ours.give_back(rules, outcome())
    assert "not done yet" in released[-1] and "4 December 2026" in released[-1]


def test_without_a_rule_for_it_feedback_comes_as_it_always_does(place, released, monkeypatch):
    monkeypatch.setattr(ledger, "now", lambda: DUE - timedelta(days=1))
    ours = Giving(place)
    ours.give_back(AssignmentRules(due=DUE), outcome())
    assert released == ["whole"]
    ours.give_back(AssignmentRules(due=DUE, feedback="when released"), outcome())
    assert released == ["whole"]


def attempt(course: Course, minutes: float, submission: str) -> None:
    time = DUE - timedelta(hours=5) + timedelta(minutes=minutes)
    ledger.append(course, A, ledger.Attempt(time, "ada", {"submission": submission}, outcome()))


def test_further_submissions_wait_until_an_hour_after_the_first_that_counts(place):
    attempts = Attempts(place)
    rules = Rules(place.root, {A: AssignmentRules(due=DUE, attempts_per_hour=2)})
    start = DUE - timedelta(hours=5)

    def waits(minutes: float) -> float:
        attempts.update(A)
        now = start + timedelta(minutes=minutes)
        return (attempts.next_one(rules, A, "ada", now) - now) / timedelta(minutes=1)

    attempt(place, 0, "first")
    # Graded again: the checks have changed.
    attempt(place, 1, "first")
    assert waits(10) == 0
    attempt(place, 10, "second")
    assert (waits(20), waits(59), waits(60)) == (40, 1, 0)
    # One that has just been started counts the same.
    attempts = Attempts(place)
    assert (waits(20), waits(59), waits(60)) == (40, 1, 0)
    assert attempts.next_one(rules, A, "ben", start) == start
    assert attempts.next_one(Rules(place.root), A, "ada", start) == start


def test_when_it_is_due_nobody_waits(place):
    attempt(place, 290, "first")
    attempts = Attempts(place)
    rules = Rules(place.root, {A: AssignmentRules(due=DUE, attempts_per_hour=1)})
    before = DUE - timedelta(minutes=5)
    assert attempts.next_one(rules, A, "ada", before) == DUE
    assert attempts.next_one(rules, A, "ada", DUE) == DUE
