"""`counts = "best"`: a later submission that earns less does not count."""

import os
import re
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.classroom import answered, hand_in, released, solved
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.grading import batch
from autograder.rules import FILE
from autograder.serving.attempts import Attempts

A, S = "99_tiny", "ada"


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


@pytest.fixture
def course(course):
    (course.root / FILE).write_text(f'[assignments.{A}]\ncounts = "best"\n')
    return Course(course.root)


def graded(course, notebook, time=None, **options):
    """Hand in, grade, and return the outcome that counts and what was said."""
    folder = hand_in(course, S, A, notebook).parent
    if time is not None:
        (folder / "timestamp.txt").write_text(time)
    said = []
    watcher = batch.Watcher(note=said.append)
    (outcome,) = batch.grade(course, A, [S], watcher=watcher, **options)
    return outcome.score, said


def score_of(course):
    with Gradebook(course.db_url, course.course_id) as book:
        return book.find_submission(A, S).score


def half(course):
    return answered(solved(course, A), {"double": "def double(x):\n    return x"})


def test_what_earns_less_is_moved_aside_and_the_best_one_counts_again(course):
    assert graded(course, half(course)) == (2.0, [])
    score, said = graded(course, solved(course, A))
    assert (score, said) == (5.0, [])
    score, said = graded(course, half(course))
    assert score == score_of(course) == 5.0
    assert said == [f"an earlier submission earned more, and counts: {S}"]
    page = course.folder("feedback") / S / A / f"{A}.html"
    assert "return 2 * x" in re.sub("<[^>]*>", "", page.read_text())
    (aside,) = (course.private / "replaced" / A / S).iterdir()
    assert "return x" in (aside / f"{A}.ipynb").read_text()
    # It is as after any other run: nothing to do, and a regrade is one of the same files.
    seen = []
    batch.grade(course, A, [S], watcher=batch.Watcher(plan=lambda *n: seen.append(n)))
    assert seen == [(0, 1)]
    (outcome,) = batch.grade(course, A, [S], force=True)
    assert outcome.score == 5.0


def test_a_broken_file_never_replaces_work_and_as_many_points_do(course):
    graded(course, half(course))
    assert graded(course, b"{")[0] == 2.0
    again = answered(half(course), {"answer_why": "Another text."})
    assert graded(course, again) == (2.0, [])
    assert "Another text." in (course.folder("submitted") / S / A / f"{A}.ipynb").read_text()


@pytest.mark.slow
@needs_pipes
def test_what_cannot_be_copied_stays_and_ends_no_run(course):
    graded(course, solved(course, A))
    os.mkfifo(course.folder("submitted") / S / A / "pipe")
    assert graded(course, solved(course, A)) == (5.0, [])
    (course.folder("submitted") / S / A / "pipe").unlink()
    assert graded(course, half(course))[0] == 5.0


@pytest.mark.slow
def test_what_the_grader_failed_at_stays(course):
    graded(course, half(course))
    path = course.hidden / A / "checks.py"
    text = path.read_text()
    path.write_text(text.replace("x = float(rng.normal())", "raise RuntimeError"))
    assert graded(course, solved(course, A))[1] == []
    path.write_text(text)
    (outcome,) = batch.grade(course, A, [S])
    assert outcome.score == 5.0


@pytest.mark.slow
def test_lateness_counts(course):
    rules = f'[assignments.{A}]\ncounts = "best"\ndue = 2026-01-10T00:00:00Z\n'
    (course.root / FILE).write_text(f"{rules}[assignments.{A}.late]\nper_day = 4\n")
    course = Course(course.root)
    graded(course, half(course), "2026-01-09 12:00:00 UTC")
    assert graded(course, solved(course, A), "2026-01-10 12:00:00 UTC")[0] == 2.0
    assert score_of(course) == 2.0


@pytest.mark.slow
def test_when_the_checks_change_the_same_files_are_judged_anew(course):
    graded(course, solved(course, A))
    path = course.hidden / A / "checks.py"
    path.write_text(path.read_text().replace("2 * x)", "3 * x)"))
    (outcome,) = batch.grade(course, A, [S])
    assert outcome.score < 5.0
    assert not (course.private / "replaced").exists()


@pytest.mark.slow
def test_grading_the_best_one_again_is_no_attempt(course):
    for notebook in (solved(course, A), released(course, A)):
        graded(course, notebook)
    rules = course.root / FILE
    rules.write_text(f"{rules.read_text()}due = 2999-01-01T00:00:00Z\nattempts_per_hour = 3\n")
    course = Course(course.root)
    assert len(ledger.read(course, A)) == 3
    now = datetime.now(UTC)
    assert Attempts(course).next_one(course.rules, A, S, now) == now
