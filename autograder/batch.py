"""Many submissions at once; a bad one never touches another, and one process writes."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder import drift, gradebook, ledger, lock
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import Writer
from autograder.grading import Result, Version
from autograder.intake import printable
from autograder.packed import digest
from autograder.status import Status

# As many submissions are graded by threads of this process. Worker processes share no lock
# of Python's and are faster, but each of them first imports for seconds what this one has.
FEW = 20


class Interrupted(Exception):
    """The run was asked to end. `results` are complete and written, `left` counts the others."""

    def __init__(self, results: list[Result], left: int):
        super().__init__(f"{len(results)} graded, {left} left")
        self.results, self.left = results, left


@dataclass
class Watcher:
    """Who is told how a run goes on; each a function.

    Parameters
    ----------
    plan
        Gets how many submissions are to be graded, and how many are as they were.
    result
        Gets each result that was written.
    note
        Gets a sentence that an instructor should read.
    """

    plan: Callable[[int, int], None] = lambda todo, unchanged: None
    result: Callable[[Result], None] = lambda result: None
    note: Callable[[str], None] = lambda sentence: None


def submitted_students(course: Course, assignment: str) -> list[str]:
    """The students with a folder for the assignment, sorted; broken links count as folders."""
    folder = course.folder("submitted")
    if not folder.is_dir():
        return []
    return sorted(
        name
        for name in os.listdir(folder)
        if not name.startswith(".") and os.path.lexists(folder / name / assignment)
    )


def grade(
    course: Course,
    assignment: str,
    students: list[str],
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    accept_drift: bool = False,
    watcher: Watcher | None = None,
) -> list[Result]:
    """Grade the students' submissions into the gradebook, `autograded/` and `feedback/`.

    What has not changed since it was graded is not graded again: its result is that of the ledger.

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
        If the assignment cannot be entered into the gradebook, images that its checks need are
        missing, students' code cannot be sealed off, or another run holds the course's lock.
    Interrupted
        If the run was asked to end by SIGINT or SIGTERM.
    """
    watcher = watcher or Watcher()
    with lock.held(course.private, f"grades in {course.root}"):
        was_killed = _clear_away(course)
        folders = {s: course.folder("submitted") / s / assignment for s in students}
        hashes = ledger.hashes(course, assignment)
        with gradebook.opened(course) as book:
            writer = Writer(course, assignment, book)
            writer.recover()
            known = ledger.latest(course, assignment)
            done = {} if force else _unchanged(course, assignment, folders, hashes, known, book)
            todo = {s: folder for s, folder in folders.items() if s not in done}
            watcher.plan(len(todo), len(done))
            if todo:
                version = Version.of(course, assignment)
                note = drift.register(course, book, version, accept_drift)
                if note:
                    watcher.note(note)
                troubled = was_killed or any(
                    e.result["status"] == Status.GRADER_ERROR
                    for s in todo
                    if (e := known.get(printable(s)))
                )
                with _workers(
                    course, version, hashes, len(todo), workers, scheduler, troubled
                ) as w:
                    _grade(todo, w, writer, hashes, watcher, done)
    return sorted(done.values(), key=lambda result: result.student)


def recover(course: Course, assignment: str) -> None:
    """Put in place what a killed run has left half; nothing if a run is going on."""
    if not any((course.private / "writing").glob(f"{assignment}/*")):
        return
    try:
        with lock.held(course.private, "writes"), gradebook.opened(course) as book:
            Writer(course, assignment, book).recover()
    except UserError:
        # That run has just begun with the same.
        pass


def _workers(course, version, hashes, count, workers, scheduler, troubled):
    # Not imported where nothing is to be done.
    from autograder import cluster

    if scheduler is not None:
        return cluster.remote(version, hashes, scheduler)
    # A few need no processes that take seconds to start, unless one may have ended its process.
    in_process = count <= FEW and not troubled
    count = min(count, workers or os.cpu_count() or 1)
    return cluster.local(course, version, hashes, count, in_process)


def _grade(todo, workers, writer, hashes, watcher, done) -> None:
    """Grade and write `todo`; results go into `done`."""
    from autograder.cluster import Run

    if workers.link:
        watcher.note(f"dashboard: {workers.link}")
    run = Run(workers, todo)
    unchanged = len(done)
    with _stopping(run):
        for finished in run.results():
            result = finished.graded.result
            try:
                own = {**hashes, "submission": finished.packed.hash}
                writer.write(finished.graded, finished.packed, own, finished.page)
            except Exception as error:
                result.status = Status.GRADER_ERROR
                result.message = f"not written: {type(error).__name__}: {error}"
            done[finished.student] = result
            watcher.result(result)
    graded = len(done) - unchanged
    if graded < len(todo):
        raise Interrupted(list(done.values()), len(todo) - graded)


@contextmanager
def _stopping(run):
    """The first Ctrl-C or SIGTERM ends the run after what is being written; the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number, frame):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run.stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _clear_away(course: Course) -> bool:
    """Remove the scratch folders of runs that were killed; whether there were any.

    Whoever holds the lock has none yet.
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
    known: dict[str, ledger.Entry],
    book: Gradebook,
) -> dict[str, Result]:
    """The results of those whose last attempt is complete and rests on what is there now."""
    likely = {}
    for student in folders:
        entry = known.get(printable(student))
        if entry is not None and hashes.items() <= entry.hashes.items():
            if entry.result["status"] != Status.GRADER_ERROR:
                likely[student] = entry
    with ThreadPoolExecutor() as pool:
        found = dict(zip(likely, pool.map(lambda s: digest(folders[s]), likely)))
    scores = gradebook.automatic_scores(book, assignment) if likely else {}
    return {
        student: Result.from_dict(entry.result)
        for student, entry in likely.items()
        if found[student] == entry.hashes["submission"]
        and _is_complete(course, assignment, entry, scores.get(student))
    }


def _is_complete(course: Course, assignment: str, entry: ledger.Entry, scores) -> bool:
    if not Status(entry.result["status"]).has_score:
        return True
    pages = (("autograded", "ipynb"), ("feedback", "html"))
    return (
        scores is not None
        and gradebook.agrees(entry.result, scores)
        and all(
            (course.folder(kind) / entry.student / assignment / f"{assignment}.{suffix}").is_file()
            for kind, suffix in pages
        )
    )


def choose_students(course: Course, assignment: str, student: str | None) -> list[str]:
    """All students who handed in, or the one asked for.

    Raises
    ------
    UserError
        If nobody, or not the one asked for, handed in.
    """
    students = submitted_students(course, assignment)
    place = course.folder("submitted")
    if student is not None:
        if student not in students:
            raise UserError(f"expected {place / student / assignment}, which does not exist")
        return [student]
    if not students:
        raise UserError(f"expected submissions in {place}/STUDENT/{assignment}, found none")
    return students


def write_results(results: list[Result], path: Path) -> None:
    """Write the results as JSON, replacing the file in one step."""
    text = json.dumps([r.as_dict() for r in results], indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
