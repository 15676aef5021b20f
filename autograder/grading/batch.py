"""Many submissions at once; a bad one never touches another, and one process writes."""

import contextlib
import functools
import json
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import files, lock
from autograder.checking import hidden
from autograder.course import Course
from autograder.files import printable
from autograder.gradebook import ledger, settled
from autograder.gradebook.best import Best, is_on
from autograder.grading.plan import Plan, plan
from autograder.outcome import Outcome, Status

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.gradebook.writer import Writer
    from autograder.grading.workers import Workers

# Up to this many submissions are graded by threads of this process. Worker processes do not share
# Python's lock and are faster, but each of them first spends seconds on imports.
FEW = 20
# As many changed scores are told one by one.
TOLD = 10
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
    begin
        Called before anything is changed; not at all if everything is as the last run left it.
    """

    plan: Callable[[int, int], None] = lambda todo, unchanged: None
    outcome: Callable[[Outcome], None] = lambda outcome: None
    note: Callable[[str], None] = lambda sentence: None
    begin: Callable[[], None] = lambda: None


def grade(
    course: Course,
    assignment: str,
    students: list[str],
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    accept_drift: bool = False,
    watcher: Watcher | None = None,
    cluster: "Workers | None" = None,
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
    cluster
        Workers that are running already.

    Raises
    ------
    UserError
        If the assignment cannot be entered in the gradebook, data that its checks need is missing,
        students' code cannot be sealed off, or another run holds the course's lock.
    Interrupted
        If the run was asked to end by SIGINT or SIGTERM.
    """
    watcher = watcher or Watcher()
    # Before the gradebook is touched.
    hidden.expect_python(course.hidden, assignment)
    if misplaced := _misplaced(course, assignment):
        watcher.note(
            f"not graded: {printable(', '.join(misplaced[:20]))} in {course.folder('submitted')}: "
            f"expected STUDENT/{assignment}/"
        )
    with lock.held(course.private, f"grading in {course.root}"):
        was_killed = _clear_away(course)
        if ledger.is_unfinished(course, assignment):
            _finish(course, assignment)
        best = folders = None
        if is_on(course, assignment):
            best = Best(course, assignment, since=ledger.now() if force else None)
            best.keep(students)
            folders = {student: best.folder(student) for student in students}
        planned = plan(course, assignment, students, force, folders)
        done = dict(planned.unchanged)
        # Where the best counts, what has been handed in last may be another known file.
        if not planned.todo and best is None and settled.is_settled(course, assignment):
            watcher.plan(0, len(done))
        else:
            watcher.begin()
            bring_up_to_date = functools.partial(
                _bring_up_to_date, course, assignment, cluster=cluster, workers=workers,
                scheduler=scheduler, accept_drift=accept_drift, best=best,
                troubled=was_killed or planned.failed,
            )  # fmt: skip
            bring_up_to_date(planned, watcher, done)
            if best is not None:
                quiet = Watcher(outcome=watcher.outcome, note=watcher.note)
                again = functools.partial(bring_up_to_date, watcher=quiet)
                _until_the_best_count(course, assignment, best, planned, done, again)
                if later := [s for s in planned.todo if best.later(s) and s not in _failed(done)]:
                    watcher.note(
                        f"an earlier submission earned more, and counts: {', '.join(sorted(later))}"
                    )
            settled.note(course, assignment)
    return sorted(done.values(), key=lambda outcome: outcome.student)


def _until_the_best_count(
    course: Course,
    assignment: str,
    best: Best,
    planned: Plan,
    done: dict[str, Outcome],
    bring_up_to_date: Callable,
) -> None:
    """Grade on while a student has submissions that are not judged, or another one counts than is written."""
    students, todo, found = list(planned.todo), planned.todo, done
    tries: Counter[Path] = Counter()
    failed: set[Path] = set()
    while todo:
        tries.update(todo.values())
        wrong = {s for s in todo if found[s].status == Status.GRADER_ERROR}
        failed |= {todo[s] for s in wrong}
        done |= {s: outcome for s, outcome in found.items() if s in wrong or s not in _failed(done)}
        folders = {s: best.folder(s, failed) for s in students}
        now = plan(course, assignment, students, folders=folders)
        # Twice, if it is judged, seen to earn less than another one, and that one less in the end.
        todo = {s: f for s, f in now.todo.items() if f not in failed and tries[f] < 2}
        found = {}
        if todo:
            try:
                bring_up_to_date(planned=replace(now, todo=todo), done=found)
            except Interrupted as stopped:
                raise Interrupted(list((done | found).values()), stopped.left) from None


def _failed(outcomes: dict[str, Outcome]) -> set[str]:
    """Whose submissions the grader has failed at."""
    return {s for s, outcome in outcomes.items() if outcome.status == Status.GRADER_ERROR}


def _misplaced(course: Course, assignment: str) -> list[str]:
    """What was handed in but not into a folder of the assignment, and so belongs to nobody."""
    folder, known = course.folder("submitted"), set(course.submitted_students(assignment))

    def named_like_it(place: Path) -> list[str]:
        # A folder that nobody may read, or none.
        with contextlib.suppress(OSError):
            return sorted(e for e in os.listdir(place) if e.lower().startswith(assignment.lower()))
        return []

    others = [] if not folder.is_dir() else sorted(set(os.listdir(folder)) - known)
    found = [f"{student}/{e}" for student in others for e in named_like_it(folder / student)]
    return found + named_like_it(folder)


def _finish(course: Course, assignment: str) -> None:
    from autograder.gradebook.writer import Writer, opened

    with opened(course) as book:
        Writer(course, assignment, book).recover()


def _bring_up_to_date(
    course: Course,
    assignment: str,
    planned: Plan,
    watcher: Watcher,
    done: dict[str, Outcome],
    *,
    cluster: "Workers | None",
    workers: int | None,
    scheduler: str | None,
    accept_drift: bool,
    best: Best | None,
    troubled: bool,
) -> None:
    """Grade and write what is to be done, and refresh the rest; outcomes go into `done`."""
    from autograder.kernel.grader import launcher, tiers

    if planned.todo and scheduler is None and tiers.probe().tier is tiers.Tier.NAMESPACES:
        # Its imports take seconds, and so do this process's, which follow: do both at once.
        launcher.begin(course.preload)

    from autograder.gradebook import drift
    from autograder.gradebook.released import take_snapshot
    from autograder.gradebook.writer import Writer, opened
    from autograder.grading.judging.judge import expect_settings

    expect_settings(course)
    hashes, todo = planned.hashes, planned.todo
    with opened(course) as book, contextlib.ExitStack() as stack:
        writer, order = Writer(course, assignment, book), None
        if best is not None and (unknown := _unknown_due_date(course, assignment, book)):
            watcher.note(unknown)
        if todo or drift.points_differ(course, book, assignment):
            order = cluster.order(assignment, hashes) if cluster else None
            snapshot = order.snapshot if order else take_snapshot(course, assignment)
            note = drift.register(course, book, snapshot, accept_drift)
            if note:
                watcher.note(note)
        current = planned.current - todo.keys()
        if best is not None:
            for student in current:
                writer.give_receipts(student)
        refreshed = _refresh(course, assignment, book, writer, current, watcher)
        watcher.plan(len(todo), len(done.keys() - refreshed))
        if not todo:
            return
        if cluster is None:
            cluster = stack.enter_context(_workers(course, len(todo), workers, scheduler, troubled))
        order = order or cluster.prepare(snapshot, hashes)
        kernel_name = course.config.Judge.get("kernel_name", "")
        if scheduler is None and not tiers.of_kernel(kernel_name).sealed:
            watcher.note(EXPOSED)
        _grade(todo, cluster, order, writer, best, watcher, done)


def _refresh(
    course: Course,
    assignment: str,
    book: "Gradebook",
    writer: "Writer",
    current: set[str],
    watcher: Watcher,
) -> set[str]:
    """Bring up to date what depends on dates, late policy, points and marks; nothing is run again.

    Returns the students of `current`, whose results are of this assignment, for whom it changed.
    """
    from autograder.gradebook import dates, penalties

    changes = penalties.settle(course, book, assignment, watcher.note)
    for sentence in dates.unknown_students(course, book, assignment):
        watcher.note(f"warning: {sentence}")
    for change in changes[:TOLD]:
        watcher.note(str(change))
    if len(changes) > TOLD:
        watcher.note(f"and {len(changes) - TOLD} more scores that count otherwise than before")
    pages = writer.refresh_pages(current)
    if pages:
        more = f" and {len(pages) - TOLD} more" if len(pages) > TOLD else ""
        watcher.note(f"feedback written anew for {', '.join(pages[:TOLD])}{more}")
    return current & {*pages, *(change.student for change in changes)}


def _workers(
    course: Course, count: int, workers: int | None, scheduler: str | None, troubled: bool
):
    # Imported only if there is something to grade.
    from autograder.grading.workers import local, remote

    if scheduler is not None:
        return remote(scheduler)
    # A few submissions are not worth starting processes, unless one of them may kill its process.
    in_process = count <= FEW and not troubled
    return local(course, min(count, workers or os.cpu_count() or 1), in_process)


def _unknown_due_date(course: Course, assignment: str, book: "Gradebook") -> str:
    """A warning if lateness costs something by a date that is in the gradebook alone."""
    from nbgrader.api import MissingEntry

    rules = course.rules.of(assignment)
    with contextlib.suppress(MissingEntry):
        if rules.late and rules.due is None and book.find_assignment(assignment).duedate:
            return (
                f"warning: {assignment} is due by a date that the gradebook alone has, so lateness "
                f"does not count in comparing submissions: write `due` into {course.rules.path}"
            )
    return ""


def _grade(todo, workers, order, writer, best, watcher, done) -> None:
    """Grade and write `todo`; outcomes go into `done`."""
    from autograder.grading.dispatch import Dispatch

    if workers.link:
        watcher.note(f"dashboard: {workers.link}")
    dispatch = Dispatch(workers, order, todo)
    unchanged = len(done)
    with _stopping(dispatch):
        for student, packed, outcome in dispatch.outcomes():
            hashes = {**order.hashes, "submission": packed.hash}
            stamp = packed.text("timestamp.txt")
            counts = True
            try:
                counts = best is None or best.counts(outcome, packed.hash, stamp)
                if counts:
                    writer.write(outcome, packed, hashes)
                else:
                    writer.set_aside(outcome, hashes)
                if best is not None:
                    writer.give_receipts(outcome.student)
            except Exception as error:
                outcome.status = Status.GRADER_ERROR
                outcome.message = f"not written: {type(error).__name__}: {error}"
            # They have been written and would fill the memory.
            outcome.notebook = outcome.page = None
            if not counts and outcome.status != Status.GRADER_ERROR:
                outcome = ledger.latest(writer.course, writer.assignment)[outcome.student].outcome
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


def write_results(outcomes: list[Outcome], path: Path) -> None:
    """Write the outcomes as JSON, replacing the file in one step."""
    text = json.dumps([o.as_dict() for o in outcomes], indent=1, ensure_ascii=False)
    files.write(path, text + "\n")
