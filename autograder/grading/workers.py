"""Who grades: processes on this machine, or the workers of a Dask scheduler."""

import contextlib
import functools
import importlib.util
import logging
import shutil
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dask
from distributed import Client, LocalCluster, Nanny, Status, WorkerPlugin
from distributed.security import Security

from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import task
from autograder.grading.judging import data
from autograder.grading.judging.judge import meeting
from autograder.kernel.grader import launcher
from autograder.snapshot import Snapshot

SECONDS_TO_CONNECT = 30
STARTS = 3
QUIET = {
    # We ourselves retry a submission whose worker died, alone: others may have been there with it.
    "distributed.scheduler.allowed-failures": 0,
    # Starting another worker takes a long time on a busy machine.
    "distributed.deploy.lost-worker-timeout": "1 hour",
    "distributed.scheduler.work-stealing": False,
    # A worker holds one submission: there is nothing to move to a disk or to wait for.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.large-graph-warning-threshold": "10 GB",
    "distributed.admin.low-level-log-length": 100,
}


@dataclass
class Workers:
    """A connected cluster.

    Parameters
    ----------
    threads
        Returns how many submissions it can grade at a time.
    prepared
        Makes an order for a snapshot and its hashes, and on exit removes what workers keep of it.
    complete
        Returns whether all of its workers are running, and restarts those that are gone.
    """

    client: Client
    threads: Callable[[], int]
    prepared: Callable[[Snapshot, dict[str, str]], AbstractContextManager[task.Order]]
    complete: Callable[[], bool] = lambda: True
    link: str = ""
    _orders: dict[str, tuple[task.Order, contextlib.ExitStack]] = field(default_factory=dict)

    def order(self, assignment: str, hashes: dict[str, str]) -> task.Order | None:
        """The last order for the assignment, if it was made from the same."""
        order, _ = self._orders.get(assignment, (None, None))
        return order if order is not None and order.hashes == hashes else None

    def prepare(self, snapshot: Snapshot, hashes: dict[str, str]) -> task.Order:
        """A new order, in place of the assignment's last one."""
        self.forget(snapshot.name)
        with contextlib.ExitStack() as stack:
            order = stack.enter_context(self.prepared(snapshot, hashes))
            self._orders[snapshot.name] = order, stack.pop_all()
        return order

    def forget(self, *assignments: str) -> None:
        """Remove what workers keep of these assignments; of all, if none is named."""
        for name in assignments or list(self._orders):
            if name in self._orders:
                self._orders.pop(name)[1].close()


class IgnoreInterrupts(WorkerPlugin):
    """Ctrl-C at the terminal is for the head, which ends its workers properly."""

    def setup(self, worker) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def local(
    course: Course, count: int, in_process: bool, place: Path | None = None
) -> Iterator[Workers]:
    """`count` worker processes on this machine, or threads of this process itself.

    Parameters
    ----------
    place
        Where their folder is made, if it is not for one run alone: each run first clears away what
        earlier runs have left in the course's private folder.

    Raises
    ------
    UserError
        If students' code cannot be sealed off here and nobody has allowed that.
    """
    with (
        meeting(course, place or course.private) as scratch,
        dask.config.set(QUIET),
        _start(count, in_process, scratch) as cluster,
        Client(cluster) as client,
    ):
        if not in_process:
            client.register_plugin(IgnoreInterrupts())
        workers = Workers(
            client,
            lambda: count,
            functools.partial(_prepared_here, course, scratch, client),
            functools.partial(_complete, cluster, count),
            _link(client),
        )
        try:
            yield workers
        except BaseException:
            # Before the workers are told to end, which takes longer than a submission may live that
            # nobody wants any more.
            launcher.end()
            raise
        finally:
            workers.forget()


@contextmanager
def _prepared_here(
    course: Course, scratch: Path, client: Client, snapshot: Snapshot, hashes: dict[str, str]
) -> Iterator[task.Order]:
    place = Path(tempfile.mkdtemp(dir=scratch, prefix="order-"))
    order = task.Order(uuid.uuid4().hex, snapshot, hashes, course.root, place)
    frozen = place / "snapshot"
    frozen.mkdir()
    # Here, because all the workers would begin to make it.
    own = hidden.load(snapshot.write_course(frozen).hidden, snapshot.name)
    data.for_kernels(course.private, own)
    try:
        yield order
    finally:
        task.forget(order.run)
        if client.status == "running":
            with contextlib.suppress(Exception):
                client.run(task.forget, order.run)
        shutil.rmtree(place, ignore_errors=True)


def _start(count: int, in_process: bool, scratch: Path) -> LocalCluster:
    failure: Exception | None = None
    for _ in range(STARTS):
        try:
            return LocalCluster(
                n_workers=count, threads_per_worker=1, processes=not in_process,
                protocol="inproc://" if in_process else "tls://", memory_limit=0,
                # Without it, any user of this machine could send our processes code to run.
                security=None if in_process else Security.temporary(),
                dashboard_address=f"127.0.0.1:{8787 if _has_dashboard() else 0}",
                local_directory=str(scratch), silence_logs=logging.CRITICAL,
            )  # fmt: skip
        except (OSError, RuntimeError) as error:
            # A worker may be killed while it starts.
            failure = error
    raise UserError(
        f"the worker processes could not be started ({type(failure).__name__}: {failure}): "
        "run the same command again, with fewer --workers if memory or processes are short"
    ) from failure


def _complete(cluster: LocalCluster, count: int) -> bool:
    """See `Workers`: Dask gives up on a worker that was killed before it had fully started."""
    nannies = {name: w for name, w in cluster.workers.items() if isinstance(w, Nanny)}
    for name, nanny in nannies.items():
        if nanny.status in (Status.closing, Status.closed, Status.failed):
            cluster.worker_spec.pop(name, None)
    if len(cluster.worker_spec) < count:
        cluster.scale(count)
        return False
    return all(n.process and n.process.status == Status.running for n in nannies.values())


@contextmanager
def remote(address: str) -> Iterator[Workers]:
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

    def threads() -> int:
        # At least one, for workers that are only started when there is something to do.
        return max(1, sum(client.nthreads().values()))

    with client, dask.config.set(QUIET):
        workers = Workers(
            client, threads, functools.partial(_prepared_there, client), link=_link(client)
        )
        try:
            yield workers
        finally:
            workers.forget()


@contextmanager
def _prepared_there(
    client: Client, snapshot: Snapshot, hashes: dict[str, str]
) -> Iterator[task.Order]:
    order = task.Order(uuid.uuid4().hex, snapshot, hashes)
    try:
        yield order
    finally:
        # However the run ends: workers hold the course's secret and its hidden checks. A scheduler
        # that is gone would be waited for.
        if client.status == "running":
            with contextlib.suppress(Exception):
                client.run(task.leave, order.run)


def _has_dashboard() -> bool:
    return importlib.util.find_spec("bokeh") is not None


def _link(client: Client) -> str:
    return client.dashboard_link if _has_dashboard() else ""
