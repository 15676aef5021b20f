"""`counts = "best"`: a later submission that earns less does not count."""

import os
import re
import sys
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.classroom import answered, hand_in, released, solved
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import best, ledger, penalties, records
from autograder.gradebook.best import Best
from autograder.grading import batch, plan
from autograder.grading.dispatch import Dispatch
from autograder.outcome import Outcome, Status
from autograder.rules import FILE
from autograder.serving.attempts import Attempts

A, S = "99_tiny", "ada"
COUNTS = f'[assignments.{A}]\ncounts = "best"\n'
DUE = f"{COUNTS}due = 2026-01-10T00:00:00Z\n"
ON_TIME, LATE = "2026-01-09 12:00:00 UTC", "2026-01-10 12:00:00 UTC"


def ruled(course, text):
    (course.root / FILE).write_text(text)
    return Course(course.root)


@pytest.fixture
def course(course):
    return ruled(course, COUNTS)


def put(course, notebook, time=None, student=S):
    folder = hand_in(course, student, A, notebook).parent
    (folder / "timestamp.txt").unlink(missing_ok=True)
    if time is not None:
        (folder / "timestamp.txt").write_text(time)
    return folder


def graded(course, notebook=None, time=None, **options):
    """Hand in, grade, and return the outcome that counts and what was said."""
    if notebook is not None:
        put(course, notebook, time)
    said = []
    watcher = batch.Watcher(note=said.append)
    (outcome,) = batch.grade(course, A, [S], watcher=watcher, **options)
    return outcome.score, said


def score_of(course, student=S):
    with Gradebook(course.db_url, course.course_id) as book:
        return penalties.counting(book.find_submission(A, student))


def half(course):
    return answered(solved(course, A), {"double": "def double(x):\n    return x"})


def page_of(course):
    page = course.folder("feedback") / S / A / f"{A}.html"
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page.read_text()))


def altered(monkeypatch, change):
    """Outcomes arrive as `change(folder, outcome)` returns them."""
    original = Dispatch.outcomes

    def outcomes(self):
        for student, packed, outcome in original(self):
            yield student, packed, change(self._folders[student], outcome)

    monkeypatch.setattr(Dispatch, "outcomes", outcomes)


def test_what_earns_less_stays_handed_in_and_the_best_one_counts(course):
    assert graded(course, solved(course, A)) == (5.0, [])
    folder = put(course, answered(half(course), {"answer_why": "Worse."}))
    handed_in = (folder / f"{A}.ipynb").read_bytes()
    score, said = graded(course)
    assert score == score_of(course) == 5.0
    assert said == [f"an earlier submission earned more, and counts: {S}"]
    assert (folder / f"{A}.ipynb").read_bytes() == handed_in
    # The page is about what counts, and says what was wrong in the other one.
    assert "return 2 * x" in page_of(course)
    assert "What you handed in after this earned 2 of 5 points" in page_of(course)
    assert "double: " in page_of(course) and "Is every entry doubled?" in page_of(course)


@pytest.mark.slow
def test_after_it_there_is_nothing_to_do_and_a_regrade_is_one_of_the_same_files(course):
    graded(course, solved(course, A))
    graded(course, half(course))
    seen = []
    batch.grade(course, A, [S], watcher=batch.Watcher(plan=lambda *n: seen.append(n)))
    assert seen == [(0, 1)] and plan.reasons(course, A, [S]) == {S: ""}
    assert [r.stale for r in records.class_records(course, A)] == [""]
    assert graded(course, force=True)[0] == 5.0
    assert score_of(course) == 5.0


def test_a_late_policy_of_nbgrader_alone_is_refused(course):
    course.config.LateSubmissionPlugin.penalty_method = "zero"
    with pytest.raises(UserError, match="late policy"):
        batch.grade(course, A, [S])


@pytest.mark.slow
def test_a_broken_file_never_replaces_work_and_as_many_points_do(course):
    graded(course, half(course))
    assert graded(course, b"{")[0] == 2.0
    assert "could not be graded" in page_of(course)
    again = answered(half(course), {"answer_why": "Another text."})
    assert graded(course, again) == (2.0, [])
    assert "Another text." in page_of(course) and "in after this" not in page_of(course)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_what_cannot_be_copied_counts_while_it_is_there(course):
    graded(course, solved(course, A))
    put(course, solved(course, A))
    os.mkfifo(course.folder("submitted") / S / A / "pipe")
    assert graded(course)[0] == 5.0
    (course.folder("submitted") / S / A / "pipe").unlink()
    assert graded(course, half(course))[0] == 5.0


@pytest.mark.slow
def test_what_the_grader_failed_at_is_told_and_the_earlier_one_counts(course):
    graded(course, half(course))
    path = course.hidden / A / "checks.py"
    text = path.read_text()
    path.write_text(text.replace("x = float(rng.normal())", "raise RuntimeError"))
    put(course, solved(course, A))
    (outcome,) = batch.grade(course, A, [S])
    assert outcome.status == Status.GRADER_ERROR
    assert score_of(course) == 2.0
    path.write_text(text)
    (outcome,) = batch.grade(course, A, [S])
    assert outcome.score == score_of(course) == 5.0


LATE_RULES = f"{DUE}[assignments.{A}.late]\nper_day = "


@pytest.mark.slow
def test_lateness_costs_what_it_costs_in_the_gradebook(course):
    """A percentage is of all points, also of those that a person gives."""
    course = ruled(course, f'{LATE_RULES}"50 %"\n')
    graded(course, half(course), ON_TIME)
    assert graded(course, solved(course, A), LATE)[0] == 2.0
    assert score_of(course) == 2.0


@pytest.mark.slow
def test_an_extension_or_another_policy_changes_which_one_counts_each_time(course):
    strict, mild = f"{LATE_RULES}4\n", f"{LATE_RULES}1\n"
    course = ruled(course, strict)
    graded(course, half(course), ON_TIME)
    assert graded(course, solved(course, A), LATE)[0] == 2.0
    assert graded(ruled(course, mild))[0] == 5.0
    assert score_of(course) == 4.0
    course = ruled(course, strict)
    assert graded(course)[0] == 2.0
    assert score_of(course) == 2.0
    extended = f'{strict}[assignments.{A}.extensions]\n{S} = "3 days"\n'
    assert graded(ruled(course, extended))[0] == 5.0
    assert score_of(course) == 5.0


@pytest.mark.slow
def test_when_the_checks_change_all_that_could_count_is_judged_anew(course):
    graded(course, half(course))
    graded(course, solved(course, A))
    put(course, half(course))
    path = course.hidden / A / "checks.py"
    # Now what `half` does is right.
    path.write_text(path.read_text().replace("2 * x", "x"))
    score, _ = graded(course)
    assert score == score_of(course) and "return x" in page_of(course)
    kept = ledger.read(course, A)
    assert kept[-1].counts and kept[-1].hashes["checks"] == ledger.checks_hash(course, A)


@pytest.mark.slow
def test_a_run_that_is_cut_off_leaves_no_worse_score(course):
    class Stopped(Exception):
        pass

    def stop(outcome):
        raise Stopped

    students = ["ada", "bob"]
    for student in students:
        put(course, solved(course, A), student=student)
    batch.grade(course, A, students)
    for student in students:
        put(course, half(course), student=student)
    with pytest.raises(Stopped):
        batch.grade(course, A, students, watcher=batch.Watcher(outcome=stop))
    assert [score_of(course, s) for s in students] == [5.0, 5.0]
    outcomes = batch.grade(course, A, students)
    assert [o.score for o in outcomes] == [score_of(course, s) for s in students] == [5.0, 5.0]


@pytest.mark.slow
def test_switched_on_in_the_middle_of_a_term_it_protects_what_is_there(course):
    course = ruled(course, "")
    graded(course, solved(course, A))
    course = ruled(course, COUNTS)
    graded(course)
    assert graded(course, half(course))[0] == 5.0


@pytest.mark.slow
def test_a_worse_submission_leaves_marks_given_by_hand_alone(course):
    graded(course, solved(course, A))
    with Gradebook(course.db_url, course.course_id) as book:
        (grade,) = [
            g for g in book.find_submission(A, S).notebooks[0].grades if g.name == "answer_why"
        ]
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        book.db.commit()
    for notebook in (answered(half(course), {"answer_why": "Another text."}), b"{"):
        graded(course, notebook)
        with Gradebook(course.db_url, course.course_id) as book:
            submission = book.find_submission(A, S)
            assert submission.score == 8.0 and not submission.needs_manual_grade


@pytest.mark.slow
def test_feedback_carries_the_receipts_of_what_was_handed_in_last(course):
    for number, notebook in enumerate((solved(course, A), half(course))):
        folder = put(course, notebook, f"2026-01-0{number + 1} 12:00:00 UTC")
        (folder / "submission_secret.txt").write_text(f"secret {number}")
        graded(course)
    place = course.folder("feedback") / S / A
    assert (place / "submission_secret.txt").read_text() == "secret 1"
    assert (place / "timestamp.txt").read_text() == "2026-01-02 12:00:00 UTC"


@pytest.mark.slow
def test_grading_the_best_one_again_is_no_attempt(course):
    for notebook in (solved(course, A), released(course, A)):
        graded(course, notebook)
    graded(course, force=True)
    rules = f"{COUNTS}due = 2999-01-01T00:00:00Z\nattempts_per_hour = 3\n"
    course, now = ruled(course, rules), datetime.now(UTC)
    assert Attempts(course).next_one(course.rules, A, S, now) == now
    course = ruled(course, rules.replace("3\n", "2\n"))
    assert Attempts(course).next_one(course.rules, A, S, now) > now


@pytest.mark.slow
def test_of_very_many_submissions_those_that_earned_least_are_not_kept(course, monkeypatch):
    monkeypatch.setattr(best, "MOST_KEPT", 3)
    graded(course, solved(course, A))
    for number in range(4):
        graded(course, answered(half(course), {"answer_why": f"Try {number}."}))
    assert len(list((course.private / "attempts" / A / S).iterdir())) == 3
    assert Best(course, A).folder(S).parent == course.private / "attempts" / A / S
    assert graded(course)[0] == 5.0


def other_half(course):
    return answered(solved(course, A), {"mean": "def mean(values):\n    return values.sum()"})


@pytest.mark.slow
def test_what_is_worth_more_by_corrected_checks_comes_back(course):
    """Scores of wrong checks say nothing of what counts by the right ones, and delete nothing."""
    graded(course, other_half(course))
    graded(course, half(course))
    assert graded(course, released(course, A))[0] == 3.0
    path = course.hidden / A / "checks.py"
    path.write_text(path.read_text().replace("2 * x", "x"))
    assert [r.stale != "" for r in records.class_records(course, A)] == [True]
    assert graded(course)[0] == score_of(course) == 5.0
    assert "return x" in page_of(course)


@pytest.mark.slow
def test_a_score_is_stale_until_what_counts_now_is_written(course, monkeypatch):
    strict = f"{LATE_RULES}4\n"
    course = ruled(course, strict)
    graded(course, half(course), ON_TIME)
    graded(course, solved(course, A), LATE)
    course = ruled(course, f'{strict}[assignments.{A}.extensions]\n{S} = "3 days"\n')
    (record,) = records.class_records(course, A)
    assert "Another submission counts now" in record.stale
    assert plan.reasons(course, A, [S])[S] == "another submission counts, or is not judged yet"
    graded(course)
    # Another version of a library is no reason.
    monkeypatch.setattr(ledger, "environment_hash", lambda course: "another")
    assert records.class_records(course, A)[0].stale == ""
    monkeypatch.undo()
    # It is the last one: nothing came after it.
    assert "handed in after this" not in page_of(course)
    course = ruled(course, strict)
    graded(course)
    assert "What you handed in after this earned 5 of 5" in page_of(course)


@pytest.mark.slow
def test_without_a_time_it_is_not_late_by_the_time_of_another_one(course):
    course = ruled(course, f"{LATE_RULES}4\n")
    graded(course, half(course), LATE)
    graded(course, solved(course, A))
    assert score_of(course) == 5.0


@pytest.mark.slow
def test_of_equal_ones_the_last_counts_whatever_their_times_say(course):
    for number, time in enumerate((None, ON_TIME, "2026-01-01 12:00:00 UTC"), 1):
        graded(course, answered(solved(course, A), {"answer_why": f"Essay {number}."}), time)
    graded(course, half(course))
    assert "Essay 3." in page_of(course)


@pytest.mark.slow
def test_the_grader_failing_at_the_best_one_puts_no_worse_one_in_its_place(course, monkeypatch):
    graded(course, solved(course, A))
    graded(course, half(course))
    kept = Best(course, A).folder(S)

    failed = Outcome(S, A, Status.GRADER_ERROR, 5.0)
    altered(monkeypatch, lambda folder, outcome: failed if folder == kept else outcome)
    (outcome,) = batch.grade(course, A, [S], force=True)
    assert outcome.status == Status.GRADER_ERROR
    assert score_of(course) == 5.0
    assert records.class_records(course, A)[0].stale
    monkeypatch.undo()
    assert graded(course, force=True)[0] == score_of(course) == 5.0


@pytest.mark.slow
def test_whoever_asks_for_it_has_all_judged_again(course, monkeypatch):
    """A time-out on a busy machine may have made the better one the worse one."""
    graded(course, half(course))
    put(course, solved(course, A))

    def unlucky(folder, outcome):
        outcome.score = 1.0
        return outcome

    altered(monkeypatch, unlucky)
    assert graded(course)[0] == 2.0
    monkeypatch.undo()
    assert graded(course)[0] == 2.0
    assert graded(course, force=True)[0] == score_of(course) == 5.0


@pytest.mark.slow
def test_an_interrupted_run_tells_what_counts(course, monkeypatch):
    graded(course, solved(course, A))
    put(course, half(course))
    put(course, half(course), student="bob")

    def stopping(self):
        for found in original(self):
            yield found
            return

    original = Dispatch.outcomes
    monkeypatch.setattr(Dispatch, "outcomes", stopping)
    with pytest.raises(batch.Interrupted) as stopped:
        batch.grade(course, A, [S, "bob"])
    assert {o.student: o.score for o in stopped.value.outcomes}.get(S, 5.0) == 5.0
