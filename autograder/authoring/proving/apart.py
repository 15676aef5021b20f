"""Work on many things at a time, each in a process of its own that may hang, crash or run wild."""

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# A report is a few kB; a process that runs wild may write anything.
MAX_BYTES = 8 << 20
# How a process ends that has done its work: student code that ends it early returns something else.
DONE = 77
# Seconds between two looks at a process that has reported everything and is about to end.
ENDING = 0.02


@dataclass
class Ended:
    """What one process has reported, and why it ended early: "" if it did not.

    `died` says that it ended by itself, before its work was done.
    """

    number: int
    reports: list[dict] = field(default_factory=list)
    reason: str = ""
    died: bool = False


def run(
    work: Callable[[Any], Iterator[dict]], jobs: Iterable, seconds: float, processes: int = 0
) -> Iterator[Ended]:
    """Run `work(job)` for every job in a fork of this process; yield each as it ends.

    Where processes cannot be forked (Windows), the jobs run in this process, without a limit.

    Parameters
    ----------
    work
        A generator function of plain dicts.
    seconds
        Until a process is killed, with all that it started.
    processes
        How many run at a time; 0 stands for the number of cores.
    """
    if not hasattr(os, "fork"):
        for number, job in enumerate(jobs):
            yield Ended(number, list(work(job)))
        return
    waiting = enumerate(jobs)
    running: dict[int, _Child] = {}
    try:
        while True:
            while len(running) < (processes or os.cpu_count() or 1):
                if (following := next(waiting, None)) is None:
                    break
                child = _Child(work, *following, seconds)
                running[child.reports] = child
            if not running:
                return
            reporting = [place for place, child in running.items() if not child.closed]
            left = min(child.deadline for child in running.values()) - time.monotonic()
            if len(reporting) < len(running):
                left = min(left, ENDING)
            for ready in select.select(reporting, [], [], max(left, 0))[0]:
                running[ready].read()
            for place, child in list(running.items()):
                if child.finish():
                    del running[place]
                    yield child.ended
    finally:
        for child in running.values():
            child.kill()


class _Child:
    """A process that works on one job, and the pipe on which it reports, a line of JSON each time."""

    def __init__(self, work: Callable, number: int, job, seconds: float):
        self.ended = Ended(number)
        self._seconds, self.deadline = seconds, time.monotonic() + seconds
        self._unread, self._read, self.closed = b"", 0, False
        self.reports, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _work(work, job, writing)
        os.close(writing)

    def read(self) -> None:
        """Take what the process has reported, or note that it has ended."""
        data = os.read(self.reports, 1 << 16)
        self._read += len(data)
        *lines, self._unread = (self._unread + data).split(b"\n")
        try:
            self.ended.reports += map(json.loads, lines)
        except ValueError:
            self.ended.reason = "its process wrote into the grader's pipe"
        if self._read > MAX_BYTES:
            self.ended.reason = f"its process reported more than {MAX_BYTES >> 20} MB"
        if not data or self.ended.reason:
            self.closed = True
            self.deadline = min(self.deadline, time.monotonic() + 1)

    def finish(self) -> bool:
        """Whether the process has ended; one that is late is killed."""
        late = time.monotonic() > self.deadline
        if not (self.closed or late):
            return False
        if late:
            os.kill(self._pid, signal.SIGKILL)
        ended, status = os.waitpid(self._pid, 0 if late else os.WNOHANG)
        if not ended:
            return False
        code = os.waitstatus_to_exitcode(status)
        if late:
            late_reason = f"did not finish within {self._seconds:g} seconds"
            self.ended.reason = self.ended.reason or late_reason
        elif code != DONE:
            self.ended.reason = f"its process ended with status {code}"
            self.ended.died = True
        self._clean_up()
        return True

    def kill(self) -> None:
        """End the process and all that it started."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._clean_up()

    def _clean_up(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self.reports)


def _work(work: Callable, job, writing: int) -> None:
    """Be a child process: report, and end without what this process would do at its end."""
    status = 1
    try:
        os.setpgid(0, 0)
        if sys.platform == "linux":
            from autograder.kernel import linux

            linux.die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")
        # What else this process has open, its parent may be listening to.
        os.closerange(3, writing)
        os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))
        with open(writing, "wb") as pipe:
            try:
                for report in work(job):
                    pipe.write(json.dumps(report).encode() + b"\n")
                    pipe.flush()
                status = DONE
            except Exception as error:
                told = {"error": f"its process raised {type(error).__name__}: {error}"}
                pipe.write(json.dumps(told).encode() + b"\n")
    finally:
        os._exit(status)
