"""Who grades: processes of this machine, or the workers of a Dask scheduler.

One submission is one task: its bytes and the assignment's version go in, a result comes out. The
gradebook is never opened here.
"""

import contextlib
import contextvars
import functools
import gc
import importlib.util
import logging
import os
import queue
import shutil
import signal
import tempfile
import threading
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask
import nbformat
from distributed import Client, Future, KilledWorker, LocalCluster, Nanny, Status, WorkerPlugin
from distributed.security import Security

from autograder import held_out, ledger, lock
from autograder.checking import held_out_sets
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback import Facts, Pages
from autograder.grading import Assignment, Graded, Version, failed, grade_submission
from autograder.kernel import launcher, tiers
from autograder.packed import Packed, pack
from helpers.data import DataError

# Graded submissions that may wait for the writer, per submission being graded.
BACKLOG = 4
SECONDS_TO_CONNECT = 30
STARTS = 3
QUIET = {
    # Whose worker dies is tried a second time by us, alone: others may have been with it.
    "distributed.scheduler.allowed-failures": 0,
    # Starting another worker takes long where the machine is busy.
    "distributed.deploy.lost-worker-timeout": "1 hour",
    "distributed.scheduler.work-stealing": False,
    # A worker holds one submission: there is nothing to move to a disk, or to wait for.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.large-graph-warning-threshold": "10 GB",
    "distributed.admin.low-level-log-length": 100,
}


@dataclass(frozen=True)
class Order:
    """What every task of one run has in common.

    `root` and `scratch` are folders of the head that its own workers use; None for others.
    """

    run: str
    version: Version
    hashes: dict[str, str]
    data_set: str | None
    root: Path | None = None
    scratch: Path | None = None


@dataclass
class Finished:
    """A graded submission and what was graded. `page`: see `Writer.write`."""

    student: str
    packed: Packed
    graded: Graded
    page: str | None = None


@dataclass
class Workers:
    """A connected cluster.

    Parameters
    ----------
    threads
        Says how many submissions it can grade at a time.
    complete
        Says whether all of its workers run, and starts anew those that are gone.
    """

    client: Client
    order: Order
    threads: Callable[[], int]
    complete: Callable[[], bool] = lambda: True
    link: str = ""


class IgnoreInterrupts(WorkerPlugin):
    """Ctrl-C at the terminal is for the head, which ends its workers in good order."""

    def setup(self, worker) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def local(
    course: Course, version: Version, hashes: dict[str, str], count: int, in_process: bool
) -> Iterator[Workers]:
    """`count` worker processes on this machine; or this process itself.

    Raises
    ------
    UserError
        If students' code cannot be sealed off here, and nobody allowed that.
    """
    expect_sealed(version.allow_unsealed)
    held_out.student_folder(course.private)
    with tempfile.TemporaryDirectory(
        dir=course.private, prefix="scratch-", ignore_cleanup_errors=True
    ) as folder:
        scratch = Path(folder)
        order = Order(uuid.uuid4().hex, version, hashes, _data_set(), course.root, scratch)
        launcher.share(scratch)
        if tiers.probe().tier is tiers.Tier.NAMESPACES:
            # This process lives longest: kernels must not end with a worker that is none of theirs.
            launcher.connect().close()
        try:
            with (
                dask.config.set(QUIET),
                _start(count, in_process, scratch) as cluster,
                Client(cluster) as client,
            ):
                if not in_process:
                    client.register_plugin(IgnoreInterrupts())
                complete = functools.partial(_complete, cluster, count)
                yield Workers(client, order, lambda: count, complete, _link(client))
        finally:
            launcher.share(None)
            _forget(order.run)


def _start(count: int, in_process: bool, scratch: Path) -> LocalCluster:
    for start in range(1, STARTS + 1):
        try:
            return _start_once(count, in_process, scratch)
        except (OSError, RuntimeError) as error:
            # A worker may be killed while it starts.
            if start == STARTS:
                raise UserError(
                    f"the worker processes could not be started ({type(error).__name__}: {error}): "
                    "run the same command again, with fewer --workers if memory or processes are "
                    "short"
                ) from error


def _start_once(count: int, in_process: bool, scratch: Path) -> LocalCluster:
    return LocalCluster(
        n_workers=count, threads_per_worker=1, processes=not in_process,
        protocol="inproc://" if in_process else "tls://", memory_limit=0,
        # Without it, any user of this machine could hand our processes code to run.
        security=None if in_process else Security.temporary(),
        dashboard_address=f"127.0.0.1:{8787 if _has_dashboard() else 0}",
        local_directory=str(scratch), silence_logs=logging.CRITICAL,
    )  # fmt: skip


def _complete(cluster: LocalCluster, count: int) -> bool:
    """See `Workers`: Dask gives up a worker that was killed before it had quite started."""
    nannies = {name: w for name, w in cluster.workers.items() if isinstance(w, Nanny)}
    for name, nanny in nannies.items():
        if nanny.status in (Status.closing, Status.closed, Status.failed):
            cluster.worker_spec.pop(name, None)
    if len(cluster.worker_spec) < count:
        cluster.scale(count)
        return False
    return all(n.process and n.process.status == Status.running for n in nannies.values())


@contextmanager
def remote(version: Version, hashes: dict[str, str], address: str) -> Iterator[Workers]:
    """The workers of an existing scheduler.

    Raises
    ------
    UserError
        If the scheduler does not answer.
    """
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise UserError(f"expected a Dask scheduler at {address}: {error}") from None
    order = Order(uuid.uuid4().hex, version, hashes, _data_set())

    def threads() -> int:
        # Something to do also for workers that are only started when there is.
        return max(1, sum(client.nthreads().values()))

    with client, dask.config.set(QUIET):
        yield Workers(client, order, threads, link=_link(client))
        with contextlib.suppress(Exception):
            client.run(leave, order.run)


def expect_sealed(allow_unsealed: bool) -> None:
    """Raise `UserError` where students' code cannot be sealed off and nobody allowed that."""
    offer = tiers.probe()
    if not offer.tier.sealed and not allow_unsealed:
        reasons = "; ".join(f"not {tier}: {why}" for tier, why in offer.missing.items())
        raise UserError(
            f"students' code cannot be sealed off on this host ({reasons}): it could read every "
            "file you can, the network is open to it. Grade on another host, or pass "
            "--allow-unsealed"
        )


class Run(threading.Thread):
    """Hands out submissions, as many at a time as there are workers to take them.

    A submission whose worker dies is graded again at the end, with no other beside it. When that
    worker dies too, the submission is set aside.

    Parameters
    ----------
    folders
        The submitted folder of each student.
    """

    def __init__(self, workers: Workers, folders: dict[str, Path]):
        super().__init__(daemon=True, name="hand out submissions")
        self._workers, self._folders = workers, folders
        self._finished: queue.SimpleQueue = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._waiting, self._suspects = deque(folders), deque()
        # Of each submission that a worker has: what was packed, and whether it is tried alone.
        self._in_flight: dict[str, tuple[Packed, bool]] = {}
        self._ended: deque[tuple[str, Future]] = deque()
        self._unwritten = 0
        self._stopped = False

    def stop(self) -> None:
        """End `results` after what has been graded already; may be called by a signal's handler."""
        self._stopped = True
        self._finished.put(None)

    def results(self) -> Iterator[Finished]:
        """Graded submissions as they come.

        Raises
        ------
        UserError
            If a worker cannot grade at all, or the scheduler is gone.
        """
        self.start()
        left = len(self._folders)
        while left and (item := self._next()) is not None:
            if isinstance(item, Exception):
                raise item
            left -= 1
            yield item
            with self._changed:
                self._unwritten -= 1
                self._changed.notify()

    def _next(self) -> Finished | Exception | None:
        """What was put next; after `stop`, only what was there before."""
        try:
            item = self._finished.get(block=not self._stopped)
            return self._next() if item is None and not self._finished.empty() else item
        except queue.Empty:
            return None

    def run(self) -> None:
        try:
            while not self._stopped:
                complete = self._workers.complete()
                with self._changed:
                    if self._ended:
                        student, future = self._ended.popleft()
                    elif not (self._waiting or self._suspects or self._in_flight):
                        return
                    else:
                        future = None
                        student, alone = self._choose(complete)
                        if student is None:
                            self._changed.wait(1)
                            continue
                        self._unwritten += 1
                if future is None:
                    self._hand_out(student, alone)
                else:
                    self._take_back(student, future)
        except Exception as error:
            self._finished.put(error)

    def _choose(self, complete: bool) -> tuple[str | None, bool]:
        """Who is to be graded now, if anybody, and whether as the only one."""
        threads = self._workers.threads()
        if self._waiting:
            room = len(self._in_flight) < threads and self._unwritten < BACKLOG * threads
            return (self._waiting.popleft() if room else None), False
        if self._suspects and complete and not self._in_flight:
            return self._suspects.popleft(), True
        return None, False

    def _hand_out(self, student: str, alone: bool) -> None:
        packed = pack(self._folders[student])
        self._in_flight[student] = packed, alone
        future = self._workers.client.submit(
            judge, self._workers.order, student, packed, pure=False,
            key=f"grade-{uuid.uuid4().hex}",
        )  # fmt: skip
        future.add_done_callback(functools.partial(self._note_end, student))

    def _note_end(self, student: str, future: Future) -> None:
        # One thread runs these for all clients of the process, and would wait for ever for a
        # result whose client is being closed.
        with self._changed:
            self._ended.append((student, future))
            self._changed.notify()

    def _take_back(self, student: str, future: Future) -> None:
        packed, alone = self._in_flight[student]
        item = self._outcome(student, packed, alone, future)
        with self._changed:
            del self._in_flight[student]
            if item is None:
                self._suspects.append(student)
                self._unwritten -= 1
        if item is not None:
            self._finished.put(item)

    def _outcome(
        self, student: str, packed: Packed, alone: bool, future: Future
    ) -> Finished | None:
        """What a task came to; None when it has to be tried again."""
        version = self._workers.order.version
        try:
            outcome = future.result()
        except KilledWorker:
            if not alone:
                return None
            message = "its worker died twice: it was set aside so that the others could be graded"
            graded = failed(student, version.name, version.max_score, message)
            return Finished(student, packed, graded)
        except (CancelledError, OSError) as error:
            raise UserError(
                f"the Dask scheduler is gone ({type(error).__name__}: {error}): start it and run "
                "the same command again, what is graded stays"
            ) from None
        if isinstance(outcome, str):
            raise UserError(outcome)
        return Finished(student, packed, *outcome)


def judge(order: Order, student: str, packed: Packed) -> tuple[Graded, str | None] | str:
    """The task: one submission's result, and its page as it is before anybody looked.

    Or why this process can grade nothing: an exception might not survive the way to the head.
    """
    try:
        return _judge(order, student, packed)
    except UserError as error:
        return str(error)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return f"{_host()} cannot grade: {type(error).__name__}: {error} ({place})"


def _judge(order: Order, student: str, packed: Packed) -> tuple[Graded, str | None]:
    assignment, pages = _ready(order)
    # Jupyter keeps an event loop in a context variable, and Dask hands its own context to all of
    # its threads: each needs one for itself.
    if not hasattr(_own, "context"):
        _own.context = contextvars.Context()
    graded = _own.context.run(grade_submission, assignment, student, packed)
    if graded.notebook is None:
        return graded, None
    try:
        notebook = nbformat.reads(graded.notebook.decode(), as_version=4)
        facts = Facts.before_anybody_looked(notebook)
        page = pages.page(graded.notebook, graded.result.student, assignment.name, facts)
    except Exception:
        # The writer renders it, and tells what is wrong.
        page = None
    return graded, page


_own = threading.local()
_lock = threading.Lock()
_assignments: dict[str, tuple[Assignment, Pages]] = {}


def _ready(order: Order) -> tuple[Assignment, Pages]:
    with _lock:
        if order.run not in _assignments:
            _assignments[order.run] = _make_ready(order)
        return _assignments[order.run]


def _forget(run: str) -> None:
    with _lock:
        _assignments.pop(run, None)
    gc.unfreeze()


def _make_ready(order: Order) -> tuple[Assignment, Pages]:
    """Prepare this process for a run.

    Raises
    ------
    UserError
        If results of this process would not be those of the head.
    """
    # What the judge imports late: not by several threads at once, which might see half of it.
    from autograder import diagnosis, pictures  # noqa: F401

    name = order.version.name
    if order.data_set is not None:
        os.environ["MLP_COURSE_DATASET"] = order.data_set
    if order.root is None:
        place = _place(order.run)
        _make_course(place, order)
        course, scratch = Course(place), place
        _expect_same(order, course)
    else:
        course, scratch = Course(order.root), order.scratch
    expect_sealed(order.version.allow_unsealed)
    launcher.share(scratch)
    try:
        for images in held_out_sets(name):
            held_out.load(images)
    except DataError as error:
        raise UserError(f"{_host()}: {error}") from None
    own = Path(tempfile.mkdtemp(dir=scratch, prefix="worker-"))
    assignment = Assignment(course, order.version, own)
    pages = Pages(assignment.config)
    # All that was imported stays: the collector need not look at it again for every submission.
    gc.collect()
    gc.freeze()
    return assignment, pages


def _expect_same(order: Order, course: Course) -> None:
    here = {
        "checks": ledger.checks_hash(order.version.name),
        "environment": ledger.environment_hash(course),
    }
    for what, found in here.items():
        if found != order.hashes[what]:
            means = {
                "checks": "the same version of this project",
                "environment": "the same versions of Python, of its libraries and of the helpers",
            }
            raise UserError(
                f"{_host()}: this worker has other {what}: expected {order.hashes[what][:12]}, "
                f"got {found[:12]}. Install {means[what]} there, and restart the worker"
            )


def _host() -> str:
    return f"worker {os.getpid()} on {os.uname().nodename if hasattr(os, 'uname') else 'its host'}"


def _place(run: str) -> Path:
    """The folder of a run on a host that is not the head's."""
    return Path(tempfile.gettempdir()) / f"mlp-course-{run}"


def _make_course(place: Path, order: Order) -> None:
    """Make a folder that looks like the course's, with this one assignment and no submission."""
    place.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and place.stat().st_uid != os.getuid():
        raise UserError(f"{_host()}: expected {place} to belong to this user")
    with open(place / "lock", "ab") as file:
        lock.take(file, wait=True)
        if (place / "ready").exists():
            return
        (place / "nbgrader_config.py").write_bytes(order.version.config)
        course = Course(place)
        course.private.mkdir(mode=0o700)
        (course.private / "secret").write_bytes(order.version.secret)
        source = course.source_notebook(order.version.name)
        source.parent.mkdir(parents=True)
        source.write_bytes(order.version.source)
        held_out.student_folder(course.private)
        (place / "ready").touch()


def leave(run: str) -> None:
    """Remove what a run has left on this host; on each worker."""
    _forget(run)
    launcher.share(None)
    launcher.stop()
    shutil.rmtree(_place(run), ignore_errors=True)


def _data_set() -> str | None:
    return os.environ.get("MLP_COURSE_DATASET")


def _has_dashboard() -> bool:
    return importlib.util.find_spec("bokeh") is not None


def _link(client: Client) -> str:
    return client.dashboard_link if _has_dashboard() else ""
