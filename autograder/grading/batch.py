"""Many submissions at once; a bad one never touches another, and one process writes."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import files, lock
from autograder.course import Course
from autograder.files import printable
from autograder.gradebook import drift, ledger
from autograder.gradebook.released import take_snapshot
from autograder.gradebook.writer import Writer, agrees, automatic_scores, opened
from autograder.grading.judging.judge import expect_settings
from autograder.kernel.grader import tiers
from autograder.outcome import Outcome, Status
from autograder.snapshot import Snapshot
from autograder.submission.pack import digest

# Up to this many submissions are graded by threads of this process. Worker processes do not share
# Python's lock and are faster, but each of them first spends seconds on imports.
FEW = 20
EXPOSED = (
    "warning: students' code is not sealed off here: it can read and change every file that you "
    "can, and the network is open to it"
)


class Interrupted(Exception):
    """The run was asked to end. `outcomes` are complete and written, `left` counts the rest."""

    def __init__(self, outcomes: list[Outcome], left: int):
        super().__init__(f"{len(outcomes)} graded, {left} left")
        self.outcomes, self.left = outcomes, left


@dataclass
class Watcher:
    """Functions that are called as a run goes on.

    Parameters
    ----------
    plan
        Called with how many submissions are to be graded, and how many are unchanged.
    outcome
        Called with each outcome that has been written.
    note
        Called with a sentence that an instructor should read.
    """

    plan: Callable[[int, int], None] = lambda todo, unchanged: None
    outcome: Callable[[Outcome], None] = lambda outcome: None
    note: Callable[[str], None] = lambda sentence: None


def grade(
    course: Course,
    assignment: str,
    students: list[str],
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    accept_drift: bool = False,
    watcher: Watcher | None = None,
) -> list[Outcome]:
    """Grade the students' submissions into the gradebook, `autograded/` and `feedback/`.

    A submission that has not changed is not graded again: its outcome comes from the ledger.

    Parameters
    ----------
    workers
        Submissions graded at a time on this machine; default: one per core.
    scheduler
        The address of a Dask scheduler whose workers grade instead.
    force
        Whether to grade again what has not changed.
    accept_drift
        See `drift.register`.

    Raises
    ------
    UserError
        If the assignment cannot be entered in the gradebook, data that its checks need is missing,
        students' code cannot be sealed off, or another run holds the course's lock.
    Interrupted
        If the run was asked to end by SIGINT or SIGTERM.
    """
    watcher = watcher or Watcher()
    expect_settings(course)
    if misplaced := _misplaced(course, assignment):
        watcher.note(
            f"not graded: {printable(', '.join(misplaced[:20]))} in {course.folder('submitted')}: "
            f"expected STUDENT/{assignment}/"
        )
    with lock.held(course.private, f"grading in {course.root}"):
        was_killed = _clear_away(course)
        folders = {s: course.folder("submitted") / s / assignment for s in students}
        hashes = ledger.hashes(course, assignment)
        with opened(course) as book:
            writer = Writer(course, assignment, book)
            writer.recover()
            known = ledger.latest(course, assignment)
            done = {} if force else _unchanged(course, assignment, folders, hashes, known, book)
            todo = {s: folder for s, folder in folders.items() if s not in done}
            watcher.plan(len(todo), len(done))
            if todo:
                snapshot = take_snapshot(course, assignment)
                note = drift.register(course, book, snapshot, accept_drift)
                if note:
                    watcher.note(note)
                troubled = was_killed or any(
                    attempt.outcome.status == Status.GRADER_ERROR
                    for s in todo
                    if (attempt := known.get(printable(s)))
                )
                with _workers(
                    course, snapshot, hashes, len(todo), workers, scheduler, troubled
                ) as w:
                    kernel_name = course.config.Judge.get("kernel_name", "")
                    if scheduler is None and not tiers.of_kernel(kernel_name).sealed:
                        watcher.note(EXPOSED)
                    _grade(todo, w, writer, hashes, watcher, done)
    return sorted(done.values(), key=lambda outcome: outcome.student)


def _misplaced(course: Course, assignment: str) -> list[str]:
    """What was handed in but not into a folder of the assignment, and so belongs to nobody."""
    folder, known = course.folder("submitted"), set(course.submitted_students(assignment))

    def named_like_it(place: Path) -> list[str]:
        # A folder that nobody may read, or none.
        with suppress(OSError):
            return sorted(e for e in os.listdir(place) if e.lower().startswith(assignment.lower()))
        return []

    others = [] if not folder.is_dir() else sorted(set(os.listdir(folder)) - known)
    found = [f"{student}/{e}" for student in others for e in named_like_it(folder / student)]
    return found + named_like_it(folder)


def _workers(
    course: Course,
    snapshot: Snapshot,
    hashes: dict[str, str],
    count: int,
    workers: int | None,
    scheduler: str | None,
    troubled: bool,
):
    # Imported only if there is something to grade.
    from autograder.grading.workers import local, remote

    if scheduler is not None:
        return remote(snapshot, hashes, scheduler)
    # A few submissions are not worth starting processes, unless one of them may kill its process.
    in_process = count <= FEW and not troubled
    count = min(count, workers or os.cpu_count() or 1)
    return local(course, snapshot, hashes, count, in_process)


def _grade(todo, workers, writer, hashes, watcher, done) -> None:
    """Grade and write `todo`; outcomes go into `done`."""
    from autograder.grading.dispatch import Dispatch

    if workers.link:
        watcher.note(f"dashboard: {workers.link}")
    dispatch = Dispatch(workers, todo)
    unchanged = len(done)
    with _stopping(dispatch):
        for student, packed, outcome in dispatch.outcomes():
            try:
                writer.write(outcome, packed, {**hashes, "submission": packed.hash})
            except Exception as error:
                outcome.status = Status.GRADER_ERROR
                outcome.message = f"not written: {type(error).__name__}: {error}"
            # They have been written and would fill the memory.
            outcome.notebook = outcome.page = None
            done[student] = outcome
            watcher.outcome(outcome)
    graded = len(done) - unchanged
    if graded < len(todo):
        raise Interrupted(list(done.values()), len(todo) - graded)


@contextmanager
def _stopping(dispatch):
    """The first Ctrl-C or SIGTERM ends the run after the current write, the second one at once.

    A signal that this process ignores stays ignored: a shell starts background jobs that way, so
    that a Ctrl-C meant for another program does not end them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {n: handler for n, handler in handlers.items() if handler is not signal.SIG_IGN}

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number, frame):
        restore()
        dispatch.stop()

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()


def _clear_away(course: Course) -> bool:
    """Remove the scratch folders of runs that were killed; returns whether there were any.

    The caller holds the course's lock and has none itself yet.
    """
    folders = list(course.private.glob("scratch-*"))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return bool(folders)


def _unchanged(
    course: Course,
    assignment: str,
    folders: dict[str, Path],
    hashes: dict[str, str],
    known: dict[str, ledger.Attempt],
    book: Gradebook,
) -> dict[str, Outcome]:
    """The outcomes of those whose last attempt is complete and still up to date."""
    likely = {}
    for student in folders:
        attempt = known.get(printable(student))
        if attempt is not None and hashes.items() <= attempt.hashes.items():
            if attempt.outcome.status != Status.GRADER_ERROR:
                likely[student] = attempt
    with ThreadPoolExecutor() as pool:
        found = dict(zip(likely, pool.map(lambda s: digest(folders[s]), likely)))
    scores = automatic_scores(book, assignment) if likely else {}
    return {
        student: attempt.outcome
        for student, attempt in likely.items()
        if found[student] == attempt.hashes["submission"]
        and _is_complete(course, assignment, attempt, scores.get(student))
    }


def _is_complete(course: Course, assignment: str, attempt: ledger.Attempt, scores) -> bool:
    if not attempt.outcome.status.has_score:
        return True
    pages = (("autograded", "ipynb"), ("feedback", "html"))
    place = Path(attempt.student, assignment)
    return (
        scores is not None
        and agrees(attempt.outcome, scores)
        and all((course.folder(k) / place / f"{assignment}.{end}").is_file() for k, end in pages)
    )


def write_results(outcomes: list[Outcome], path: Path) -> None:
    """Write the outcomes as JSON, replacing the file in one step."""
    text = json.dumps([o.as_dict() for o in outcomes], indent=1, ensure_ascii=False)
    files.write(path, text + "\n")
