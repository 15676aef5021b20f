"""Hands out submissions to workers, one task each, and collects the outcomes."""

import functools
import queue
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

from distributed import Future, KilledWorker

from autograder.errors import UserError
from autograder.grading import task
from autograder.grading.judging.grade import failed
from autograder.grading.workers import Workers
from autograder.outcome import Outcome
from autograder.submission.pack import Packed, pack

# Graded submissions that may wait for the writer, per submission being graded.
BACKLOG = 4
# A student, the submission and its outcome.
Graded = tuple[str, Packed, Outcome]


class Dispatch(threading.Thread):
    """Hands out submissions, as many at a time as there are workers to take them.

    A submission whose worker dies is graded again at the end, with no other one at the same time.
    If that worker dies too, the submission is set aside.

    Parameters
    ----------
    folders
        The submitted folder of each student.
    """

    def __init__(self, workers: Workers, order: task.Order, folders: dict[str, Path]):
        super().__init__(daemon=True, name="hand out submissions")
        self._workers, self._order, self._folders = workers, order, folders
        self._finished: queue.SimpleQueue = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._waiting, self._suspects = deque(folders), deque[str]()
        # For each submission that a worker has: the packed files, and whether it is tried alone.
        self._in_flight: dict[str, tuple[Packed, bool]] = {}
        self._ended: deque[tuple[str, Future]] = deque()
        self._unwritten = 0
        self._stopped = False

    def stop(self) -> None:
        """End `outcomes` after what has already been graded; may be called by a signal handler."""
        self._stopped = True
        self._finished.put(None)

    def outcomes(self) -> Iterator[Graded]:
        """Students, their submissions and outcomes, in the order in which they are graded.

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

    def _next(self) -> Graded | Exception | None:
        """The next item; after `stop`, only items that were already there."""
        while True:
            try:
                # No longer, as Windows handles no signal while the main thread waits.
                item = self._finished.get(block=not self._stopped, timeout=1)
            except queue.Empty:
                if self._stopped:
                    return None
            else:
                if item is not None or self._finished.empty():
                    return item

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
                        chosen, alone = self._choose(complete)
                        if chosen is None:
                            self._changed.wait(1)
                            continue
                        student = chosen
                        self._unwritten += 1
                if future is None:
                    self._hand_out(student, alone)
                else:
                    self._take_back(student, future)
        except Exception as error:
            self._finished.put(error)

    def _choose(self, complete: bool) -> tuple[str | None, bool]:
        """The student to grade now, if any, and whether with no other one at the same time."""
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
            task.grade, self._order, student, packed, pure=False,
            key=f"grade-{uuid.uuid4().hex}",
        )  # fmt: skip
        future.add_done_callback(functools.partial(self._note_end, student))

    def _note_end(self, student: str, future: Future) -> None:
        # One thread runs these for all clients of the process: it would wait for ever for a result
        # of a client that is being closed.
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

    def _outcome(self, student: str, packed: Packed, alone: bool, future: Future) -> Graded | None:
        """What a task returned; None if it has to be tried again."""
        try:
            outcome = future.result()
        except KilledWorker:
            if not alone:
                return None
            message = "its worker died twice: it was set aside so that the others could be graded"
            outcome = failed(student, self._order.snapshot, message)
        except (CancelledError, OSError) as error:
            raise UserError(
                f"the Dask scheduler is gone ({type(error).__name__}: {error}): start it and run "
                "the same command again; outcomes so far are kept"
            ) from None
        if isinstance(outcome, str):
            raise UserError(outcome)
        return student, packed, outcome
