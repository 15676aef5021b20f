"""What a worker does: one submission is one task.

The submission's bytes and a snapshot of the assignment go in, an outcome comes out. The gradebook
is never opened here.
"""

import contextvars
import gc
import os
import shutil
import tempfile
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

from autograder import lock
from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.grading.judging import data
from autograder.grading.judging.grade import Grader
from autograder.grading.judging.judge import expect_sealed
from autograder.kernel.grader import launcher
from autograder.outcome import Outcome
from autograder.snapshot import Snapshot
from autograder.submission.pack import Packed


@dataclass(frozen=True)
class Order:
    """What every task of one run has in common.

    `root` is the course's folder, `scratch` the run's own folder in it; None for workers elsewhere.
    """

    run: str
    snapshot: Snapshot
    hashes: dict[str, str]
    root: Path | None = None
    scratch: Path | None = None


def grade(order: Order, student: str, packed: Packed) -> Outcome | str:
    """One submission's outcome, or why this process cannot grade anything.

    The reason is a text, because an exception might not survive the way to the head.
    """
    try:
        grader = _ready(order)
        # Jupyter keeps an event loop in a context variable, and Dask gives all of its threads the
        # same context: each needs its own.
        if not hasattr(_own, "context"):
            _own.context = contextvars.Context()
        return _own.context.run(grader.grade, student, packed)
    except UserError as error:
        return str(error)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return f"{_host()} cannot grade: {type(error).__name__}: {error} ({place})"


_own = threading.local()
_lock = threading.Lock()
_graders: dict[str, Grader] = {}


def _ready(order: Order) -> Grader:
    with _lock:
        if order.run not in _graders:
            _graders[order.run] = _make_ready(order)
        return _graders[order.run]


def forget(run: str) -> None:
    """Drop what this process keeps of a run."""
    with _lock:
        _graders.pop(run, None)
    gc.unfreeze()


def _make_ready(order: Order) -> Grader:
    """Prepare this process for a run.

    Raises
    ------
    UserError
        If this process could produce other outcomes than the head.
    """
    snapshot = order.snapshot
    if order.root is None or order.scratch is None:
        scratch = _place(order.run)
        course = frozen = _make_course(scratch, order)
    else:
        scratch = order.scratch
        course, frozen = Course(order.root), Course(scratch / "snapshot")
    expect_sealed(snapshot.allow_unsealed)
    # Workers of one machine meet in the folder of the head, which outlives an order.
    launcher.share(scratch if order.scratch is None else scratch.parent)
    # Here, not in several threads at once, which might see half of a module.
    own = hidden.load(frozen.hidden, snapshot.name)
    own.import_all()
    data.load(own)
    course.config.Judge.snapshot = str(frozen.root)
    grader = Grader(course, snapshot, Path(tempfile.mkdtemp(dir=scratch, prefix="worker-")))
    # Everything imported stays: the garbage collector need not look at it for every submission.
    gc.collect()
    gc.freeze()
    return grader


def _make_course(place: Path, order: Order) -> Course:
    """A course folder on a host other than the head's, made by the first process that needs it."""
    place.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and place.stat().st_uid != os.getuid():
        raise UserError(f"{_host()}: expected {place} to belong to this user")
    # The configuration and the hidden checks read the same variables here as on the head.
    os.environ.update({k: v for k, v in order.snapshot.environment.items() if "{" not in v})
    with open(place / "lock", "ab") as file:
        lock.take(file, wait=True)
        if not (place / "ready").exists():
            order.snapshot.write_course(place)
            (place / "ready").touch()
    course = Course(place)
    # A setting that the configuration does not have would make this host's environment another one.
    if "environment" in course.config.Judge:
        course.config.Judge.environment = order.snapshot.environment
    _expect_same(order, course)
    return course


def _expect_same(order: Order, course: Course) -> None:
    means = {
        "checks": "the same checks",
        "engine": "the same version of this project",
        "environment": "the same versions of Python, of its libraries and of the helpers",
    }
    here = {
        "checks": ledger.checks_hash(course, order.snapshot.name),
        "engine": ledger.engine_hash(),
        "environment": ledger.environment_hash(course),
    }
    for what, found in here.items():
        if found != order.hashes[what]:
            raise UserError(
                f"{_host()}: expected the same {what} as on the head ({order.hashes[what][:12]}), "
                f"got {found[:12]}: install {means[what]} there, and restart the worker"
            )


def _host() -> str:
    return f"worker {os.getpid()} on {os.uname().nodename if hasattr(os, 'uname') else 'its host'}"


def _place(run: str) -> Path:
    """The folder of a run on a host other than the head's."""
    return Path(tempfile.gettempdir()) / f"autograder-{run}"


def leave(run: str) -> None:
    """Remove what a run has left on this host; called on each worker."""
    forget(run)
    launcher.share(None)
    launcher.stop()
    shutil.rmtree(_place(run), ignore_errors=True)
