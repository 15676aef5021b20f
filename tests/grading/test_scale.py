"""A class at scale: what is skipped, what an end at any moment leaves, and who may grade."""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from distributed import LocalCluster
from nbgrader.api import Gradebook

from autograder import cli, lock
from autograder.authoring.build import build
from autograder.authoring.classroom import answered, hand_in, solved
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger, writer
from autograder.gradebook.records import class_records
from autograder.grading import batch, dispatch, task, workers
from autograder.outcome import Status

A = "99_tiny"
WRONG = {"mean": "def mean(values):\n    return values.sum()"}


class Seen(batch.Watcher):
    """Remembers how many were to be graded, who was, and what was noted."""

    def __init__(self):
        self.todo, self.unchanged, self.graded, self.notes = 0, 0, [], []
        super().__init__(self._plan, lambda o: self.graded.append(o.student), self.notes.append)

    def _plan(self, todo, unchanged):
        self.todo, self.unchanged = todo, unchanged


def grade(course, **options):
    """Grade everybody: (results by student, what a watcher saw)."""
    seen = Seen()
    students = course.choose_students(A)
    results = batch.grade(course, A, students, watcher=seen, **options)
    return {r.student: r for r in results}, seen


def book_of(course) -> dict:
    """Everything in the gradebook about the assignment, by student."""
    with Gradebook(course.db_url, course.course_id) as book:
        return {
            s.student.id: {
                "score": s.score,
                "grades": {
                    g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
                    for n in s.notebooks for g in n.grades
                },
                "comments": {
                    c.name: (c.auto_comment, c.manual_comment)
                    for n in s.notebooks for c in n.comments
                },
            }
            for s in book.find_assignment(A).submissions
        }  # fmt: skip


def grade_by_hand(course, student, score=2.5, comment="well put"):
    with Gradebook(course.db_url, course.course_id) as book:
        written = book.find_grade("answer_why", A, A, student)
        written.manual_score, written.needs_manual_grade = score, False
        book.find_comment("answer_why", A, A, student).manual_comment = comment
        book.db.commit()


def files_of(course) -> dict[str, bytes]:
    folders = [course.folder(kind) for kind in ("autograded", "feedback")]
    return {
        p.relative_to(course.root).as_posix(): p.read_bytes()
        for folder in folders
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def left_over(course) -> list[str]:
    """What a run should not leave in the course's private folder."""
    kept = {"data", "ledger", "lock", "secret", "settled", "writing", "versions", "released"}
    names = [p.name for p in course.private.iterdir() if p.name not in kept]
    return names + [p.name for p in course.private.glob("writing/*/*")]


def only_choose(monkeypatch, seen):
    """Let runs choose whom to grade, and grade nobody."""
    nobody = contextlib.nullcontext(SimpleNamespace(prepare=lambda *_: None))
    monkeypatch.setattr(batch, "_workers", lambda *_: nobody)
    monkeypatch.setattr(batch, "_grade", lambda todo, *_: seen.graded.extend(todo))


def never(*args, **kwargs):
    raise AssertionError("nothing was to be graded")


@pytest.fixture(scope="module", autouse=True)
def _same_checks():
    """What is saved in an editor while the tests run does not count."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("checks_hash", "engine_hash"):
            patch.setattr(ledger, name, functools.cache(getattr(ledger, name)))
        yield


@pytest.fixture(scope="module")
def graded_course(built_course, tmp_path_factory):
    """Two students, one with a grade and a comment by hand."""
    root = tmp_path_factory.mktemp("scale") / "course"
    shutil.copytree(built_course, root)
    course = Course(root)
    hand_in(course, "ada", A, solved(course, A))
    hand_in(course, "bob", A, b"{")
    grade(course)
    grade_by_hand(course, "ada")
    _, seen = grade(course)
    # The mark is in the feedback now, and nothing was run for it.
    assert (seen.todo, seen.unchanged) == (0, 1)
    return course


@pytest.fixture
def graded(graded_course, tmp_path):
    """A copy of it for one test."""
    shutil.copytree(graded_course.root, tmp_path / "course")
    return Course(tmp_path / "course")


def test_what_has_not_changed_is_not_graded_again(graded, monkeypatch):
    monkeypatch.setattr(batch, "_workers", never)
    before = book_of(graded), files_of(graded), ledger.read(graded, A)
    results, seen = grade(graded)
    assert (seen.todo, seen.unchanged, seen.graded) == (0, 2, [])
    assert (results["ada"].status, results["ada"].score) == (Status.GRADED, 5.0)
    assert results["bob"].status is Status.UNREADABLE
    assert (book_of(graded), files_of(graded), ledger.read(graded, A)) == before


def spoil_feedback(course):
    (course.folder("feedback") / "ada" / A / f"{A}.html").unlink()


def spoil_autograded(course):
    (course.folder("autograded") / "ada" / A / f"{A}.ipynb").unlink()


def spoil_score(course):
    with Gradebook(course.db_url, course.course_id) as book:
        book.find_grade("check_mean", A, A, "ada").auto_score = 7.0
        book.db.commit()


def spoil_submission(course):
    with Gradebook(course.db_url, course.course_id) as book:
        book.remove_submission(A, "ada")


def change_submission(course):
    hand_in(course, "ada", A, answered(solved(course, A), {"answer_why": "Because."}))


def forget_attempts(course):
    ledger.path(course, A).unlink()


CHANGES = [spoil_feedback, spoil_autograded, spoil_score, spoil_submission, change_submission]


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_or_is_incomplete_is_to_be_graded_again(graded, monkeypatch, change):
    change(graded)
    seen = Seen()
    only_choose(monkeypatch, seen)
    batch.grade(graded, A, ["ada", "bob"], watcher=seen)
    assert (seen.graded, seen.unchanged) == (["ada"], 1)


def test_force_and_errors_of_the_grader_are_graded_again(graded, monkeypatch):
    seen = Seen()
    only_choose(monkeypatch, seen)
    batch.grade(graded, A, ["ada", "bob"], watcher=seen, force=True)
    assert seen.graded == ["ada", "bob"]
    attempt = ledger.latest(graded, A)["bob"]
    failed = replace(attempt.outcome, status=Status.GRADER_ERROR)
    ledger.append(graded, A, replace(attempt, outcome=failed))
    batch.grade(graded, A, ["ada", "bob"], watcher=seen)
    assert seen.graded == ["ada", "bob", "bob"]


def test_a_second_run_at_the_same_time_is_told_so(graded):
    with lock.held(graded.private, "grades"):
        with pytest.raises(UserError, match="no other `autograder` command grading in"):
            grade(graded)


class Killed(BaseException):
    """Ends a run as `kill -9` does: nothing after it is done."""


def kill_at(monkeypatch, moment: str):
    """Let the next attempt end at a step of its writing."""

    def dying(original, when, count=1):
        calls = []

        def function(*args, **kwargs):
            calls.append(args)
            if len(calls) == count and when == "before":
                raise Killed
            result = original(*args, **kwargs)
            if len(calls) == count and when == "after":
                raise Killed
            return result

        return function

    place, name, when, count = MOMENTS[moment]
    monkeypatch.setattr(place, name, dying(getattr(place, name), when, count))


MOMENTS = {
    "before it is laid ready": (writer.json, "dumps", "before", 1),
    "when it is laid ready": (writer.Writer, "_lay_ready", "after", 1),
    "before the transaction's end": (writer.Writer, "_write_page", "after", 1),
    "after the transaction": (writer, "_swap", "before", 1),
    "between notebook and feedback": (writer, "_swap", "after", 1),
    "while folders are swapped": (writer.shutil, "move", "after", 1),
    "before the ledger": (writer.ledger, "append", "before", 1),
    "after the ledger": (writer.ledger, "append", "after", 1),
}


@pytest.fixture(scope="module")
def regraded(graded_course):
    """ada hands in something worse: (finished attempt, hashes, gradebook, files) when all goes well."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(graded_course.root, Path(folder) / "course")
        course = Course(Path(folder) / "course")
        worse = answered(solved(course, A), WRONG | {"answer_why": "I thought again."})
        hand_in(course, "ada", A, worse)
        caught = []
        original = writer.Writer.write

        def write(self, *args):
            caught.append((replace(args[0]), *args[1:]))
            original(self, *args)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer.Writer, "write", write)
            grade(course)
        (attempt,) = (args for args in caught if args[0].student == "ada")
        return attempt, book_of(course), files_of(course), worse


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_attempt_is_written_whole_or_not_at_all(graded, regraded, monkeypatch, moment):
    arguments, book, files, notebook = regraded
    before = book_of(graded), files_of(graded)
    hand_in(graded, "ada", A, notebook)
    with monkeypatch.context() as patch:
        kill_at(patch, moment)
        with pytest.raises(Killed), writer.opened(graded) as opened:
            writer.Writer(graded, A, opened).write(*arguments)
    with writer.opened(graded) as opened:
        writer.Writer(graded, A, opened).recover()
    now = book_of(graded), files_of(graded)
    attempts = [e for e in ledger.read(graded, A) if e.student == "ada"]
    assert now == ((book, files) if len(attempts) == 2 else before)
    assert len(attempts) == (1 if moment == "before it is laid ready" else 2)
    assert book["ada"]["grades"]["answer_why"][1:] == (2.5, True)
    assert book["ada"]["comments"]["answer_why"][1] == "well put"
    # What is recovered counts as graded: nothing is graded twice.
    seen = Seen()
    only_choose(monkeypatch, seen)
    batch.grade(graded, A, ["ada", "bob"], watcher=seen)
    assert seen.graded == (["ada"] if len(attempts) == 1 else [])
    assert left_over(graded) == []


def test_an_export_finishes_what_a_killed_run_left(graded, regraded, monkeypatch):
    arguments, book, _, notebook = regraded
    hand_in(graded, "ada", A, notebook)
    with monkeypatch.context() as patch:
        kill_at(patch, "after the transaction")
        with pytest.raises(Killed), writer.opened(graded) as opened:
            writer.Writer(graded, A, opened).write(*arguments)
    records = {record.student: record for record in class_records(graded, A)}
    assert records["ada"].score == book["ada"]["score"]
    assert (records["ada"].status, records["bob"].status) == ("graded", "unreadable")
    assert [c.points for c in records["ada"].checks] == [1.0, 2.0, 0.0]
    assert left_over(graded) == []


def test_nbgraders_command_and_a_grading_run_write_the_same_page(graded):
    page = graded.folder("feedback") / "ada" / A / f"{A}.html"
    with writer.opened(graded) as book:
        writer.Writer(graded, A, book)._mark_stale("ada", "<script>alert(1)</script>")
        book.db.rollback()
    from nbgrader.apps import NbGraderAPI

    api = NbGraderAPI(config=graded.config)
    assert api.generate_feedback(A, "ada", force=True)["success"]
    stock = page.read_text()
    assert "well put" in stock
    grade(graded, force=True)
    assert page.read_text() == stock


@pytest.mark.slow
def test_after_a_killed_run_submissions_are_kept_out_of_this_process(graded, monkeypatch):
    """One of them may have killed it."""
    used, local = [], workers.local
    monkeypatch.setattr(workers, "local", lambda *a: used.append(a[-1]) or local(*a[:-1], True))
    (graded.private / "scratch-of-a-killed-run").mkdir()
    grade(graded, force=True)
    grade(graded, force=True)
    assert used == [False, True]


@pytest.fixture
def signals():
    """Set what this process does at SIGINT and SIGTERM; restored after the test."""
    numbers = signal.SIGINT, signal.SIGTERM
    usual = [signal.getsignal(number) for number in numbers]

    def handlers(*new):
        for number, handler in zip(numbers, new):
            signal.signal(number, handler)
        return [signal.getsignal(number) for number in numbers]

    yield handlers
    handlers(*usual)


@pytest.mark.slow
def test_an_interrupted_run_keeps_what_is_graded_and_goes_on_later(course, signals):
    before = signals(signal.default_int_handler, signal.SIG_DFL)
    for name in ("ada", "bob", "eve"):
        hand_in(course, name, A, solved(course, A))
    seen, once = Seen(), [signal.SIGINT]
    seen.outcome = lambda outcome: once and os.kill(os.getpid(), once.pop())
    with pytest.raises(batch.Interrupted) as end:
        batch.grade(course, A, ["ada", "bob", "eve"], workers=1, watcher=seen)
    finished = {outcome.student for outcome in end.value.outcomes}
    assert len(finished) + end.value.left == 3 and end.value.left >= 1
    assert book_of(course).keys() == finished
    assert signals() == before
    results, seen = grade(course)
    assert {r.score for r in results.values()} == {5.0}
    assert set(seen.graded) == {"ada", "bob", "eve"} - finished
    assert left_over(course) == []


@pytest.mark.parametrize(
    "at_start, first",
    [
        ((signal.default_int_handler, signal.SIG_DFL), signal.SIGINT),
        ((signal.default_int_handler, signal.SIG_DFL), signal.SIGTERM),
        ((signal.SIG_IGN, signal.SIG_DFL), signal.SIGTERM),
    ],
)
def test_after_the_first_signal_a_second_one_ends_the_run_at_once(signals, at_start, first):
    before, stops = signals(*at_start), []
    with batch._stopping(SimpleNamespace(stop=lambda: stops.append(signals()))):
        assert signals()[1] is not signal.SIG_DFL
        if signal.SIG_IGN in at_start:
            os.kill(os.getpid(), signal.SIGINT)
            assert stops == []
        os.kill(os.getpid(), first)
        assert stops == [before]
    with batch._stopping(SimpleNamespace(stop=never)):
        pass
    assert signals() == before


# `autograder grade` in a process that gets a Ctrl-C once the first submission is written.
INTERRUPTED = """
import os, signal
from autograder import cli
from autograder.gradebook.writer import Writer

write = Writer.write

def write_and_interrupt(self, *args):
    write(self, *args)
    Writer.write = write
    os.kill(os.getpid(), signal.SIGINT)

Writer.write = write_and_interrupt
cli.app(["grade", "99_tiny", "--workers", "1"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("at_start", [signal.SIG_DFL, signal.SIG_IGN])
def test_ctrl_c_ends_a_run_unless_it_was_started_in_the_background(course, at_start):
    """There a shell starts it with SIGINT ignored: who presses Ctrl-C means another program."""
    for name in ("ada", "bob", "eve"):
        hand_in(course, name, A, solved(course, A))
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        cwd=course.root,
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, at_start),
    )
    graded, ignored = len(book_of(course)), at_start == signal.SIG_IGN
    assert done.returncode == (0 if ignored else 130), done.stdout + done.stderr
    assert graded == 3 if ignored else 1 <= graded < 3
    assert ignored or f"{graded} graded, {3 - graded} left" in done.stderr


@pytest.fixture
def scheduler():
    """A scheduler that was there before, with two workers."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="inproc://",
        dashboard_address="127.0.0.1:0",
    ) as there:  # fmt: skip
        yield there.scheduler_address


@pytest.mark.slow
def test_workers_elsewhere_give_the_same_scores_without_the_courses_folder(
    graded, scheduler, monkeypatch
):
    """Their checks and data come from their own installation and folder."""
    here, _ = grade(graded, force=True)
    used = []
    original = task.Grader
    monkeypatch.setattr(task, "Grader", lambda c, *rest: used.append(c.root) or original(c, *rest))
    there, _ = grade(graded, force=True, scheduler=scheduler)
    assert used and all(graded.root not in [root, *root.parents] for root in used)
    for name, result in here.items():
        assert replace(there[name], seconds=result.seconds) == result
    assert not any(root.exists() for root in used)


@pytest.mark.parametrize("what", ["checks", "engine", "environment"])
def test_a_worker_with_other_checks_is_refused(graded, scheduler, monkeypatch, what):
    hashes = ledger.hashes(graded, A) | {what: "0" * 64}
    monkeypatch.setattr(ledger, "hashes", lambda *_: hashes)
    before = book_of(graded), ledger.read(graded, A)
    with pytest.raises(UserError, match=f"expected the same {what} as on the head"):
        grade(graded, force=True, scheduler=scheduler)
    assert (book_of(graded), ledger.read(graded, A)) == before


@pytest.mark.slow
def test_a_run_that_ends_early_leaves_no_thread_waiting_that_the_next_one_needs(
    graded, monkeypatch
):
    """Dask calls back for all clients on one thread: it must not wait for one that is closed."""
    threads = []
    fetch = dispatch.Future.result
    monkeypatch.setattr(
        dispatch.Future,
        "result",
        lambda *rest: threads.append(threading.current_thread().name) or fetch(*rest),
    )
    grade(graded, force=True)
    assert threads and set(threads) == {"hand out submissions"}


def test_workers_that_cannot_start_get_one_message(graded, monkeypatch):
    tries = []

    def fail(**_):
        tries.append(1)
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(workers, "LocalCluster", fail)
    with pytest.raises(UserError, match="could not be started.*Nanny failed.*fewer --workers"):
        grade(graded, force=True)
    assert left_over(graded) == [] and len(tries) == workers.STARTS


def test_the_results_file_of_an_interrupted_run_has_what_is_graded(graded, monkeypatch, tmp_path):
    known, _ = grade(graded)

    def interrupted(*_, **__):
        raise batch.Interrupted([known["ada"]], 1)

    monkeypatch.setattr(batch, "grade", interrupted)
    with pytest.raises(typer.Exit) as end:
        cli._grade(graded, A, ["ada"], tmp_path / "results.json")
    assert end.value.exit_code == 130
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert (row["student"], row["score"]) == ("ada", 5.0)


def test_a_scheduler_that_is_not_there_gets_one_message(graded, monkeypatch):
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 0.1)
    with pytest.raises(UserError, match="expected a Dask scheduler at tcp://127.0.0.1:9"):
        grade(graded, force=True, scheduler="tcp://127.0.0.1:9")


def rewrite(course, change):
    """Edit the assignment's text and build it."""
    path = course.root / "notebooks" / f"{A}.py"
    path.write_text(change(path.read_text()))
    build(course)


def without_question(text: str) -> str:
    before, _, rest = text.partition('# %% [markdown] answer="why"')
    following = rest.find("# %%")
    return before + (rest[following:] if following >= 0 else "")


@pytest.mark.slow
def test_a_removed_cell_with_grades_needs_consent_and_is_kept_in_a_file(graded):
    rewrite(graded, without_question)
    before = book_of(graded), files_of(graded)
    with pytest.raises(UserError, match="answer_why in 1 submissions.*--accept-drift"):
        grade(graded)
    assert (book_of(graded), files_of(graded)) == before
    results, seen = grade(graded, accept_drift=True)
    assert results["ada"].score == 5.0
    assert book_of(graded)["ada"]["grades"].keys() == {"check_double", "check_mean"}
    (place,) = (graded.private / "versions").iterdir()
    kept = json.loads(place.read_text())["students"]["ada"]
    assert [g["manual_score"] for g in kept["grades"] if g["cell"] == "answer_why"] == [2.5]
    assert [c["manual_comment"] for c in kept["comments"] if c["cell"] == "answer_why"] == [
        "well put"
    ]
    assert any("removed answer_why" in note and str(place) in note for note in seen.notes)


def test_changed_points_and_added_cells_keep_every_grade(graded):
    def change(text):
        text = text.replace('answer="why" points=', 'answer="why" points=1')
        return text + '\n# %% [markdown] answer="how" points=2\n# By thinking.\n'

    rewrite(graded, change)
    _, seen = grade(graded)
    assert len(seen.notes) == 1
    assert "added answer_how" in seen.notes[0] and "answer_why" in seen.notes[0]
    assert "1 grades given by hand need another look" in seen.notes[0]
    ada = book_of(graded)["ada"]
    assert ada["grades"]["answer_why"][1:] == (2.5, True)
    assert ada["comments"]["answer_why"][1] == "well put"
    assert ada["grades"]["answer_how"][1:] == (None, False)
    assert list((graded.private / "versions").iterdir())


# Dask may run it twice in one process.
KILLER = """
import os
from autograder.grading.judging.grade import Grader
if not hasattr(Grader, "original"):
    Grader.original = Grader.grade
def grade(self, student, packed):
    if student == "killer":
        os.kill(os.getpid(), 9)
    return self.original(student, packed)
Grader.grade = grade
"""


@pytest.mark.slow
def test_a_submission_that_kills_its_worker_twice_is_set_aside(course, monkeypatch, tmp_path):
    import dask

    monkeypatch.setattr(batch, "FEW", 4)
    names = ["ada", "bob", "eve", "killer", "zoe"]
    for name in names:
        hand_in(course, name, A, solved(course, A))
    preload = [*dask.config.get("distributed.worker.preload"), KILLER]
    with dask.config.set({"distributed.worker.preload": preload}):
        results, _ = grade(course, workers=2)
    assert {s: r.score for s, r in results.items()} == dict.fromkeys(names, 5.0) | {"killer": None}
    assert results["killer"].status is Status.GRADER_ERROR
    assert "its worker died twice" in results["killer"].message
    # Alone, it is still kept out of this process.
    with dask.config.set({"distributed.worker.preload": preload}):
        results, seen = grade(course)
    assert seen.todo == 1 and results["killer"].status is Status.GRADER_ERROR
    assert left_over(course) == []
