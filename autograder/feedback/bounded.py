"""Text of unknown origin, formatted by another process within limits of time and memory.

Parsers of Markdown and HTML, and highlighters of code, can be led into quadratic time by a few
kilobytes. One process per grader does this work, and starts anew from a copy of itself whenever a
text was too much. It ends with the grader: its input is then at an end.
"""

import atexit
import contextlib
import functools
import importlib
import json
import os
import pkgutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

# Of the processor's time: for one text, and for all texts of one page.
SECONDS = 1.0
PAGE_SECONDS = 20.0
# Beyond what the libraries take.
MEMORY_BYTES = 250 << 20
MAX_RESULT = 32 << 20
# Seconds until a process that does not even compute is ended.
PATIENCE = 60
# Characters that cost milliseconds, whatever they are: not worth a message to another process.
SMALL = 1000
# Characters of a text whose result is kept for the next page.
REMEMBERED = 10_000


class TooMuch(Exception):
    """The text could not be formatted, or not within the limits: show it as it is."""


def call(function: Callable[..., str], text: str, *arguments, apart: bool = False) -> str:
    """`function(text, *arguments)`, for a function of a module and arguments that JSON can hold.

    `apart`: in the other process, however small the text is.

    Raises
    ------
    TooMuch
        If that raised an exception, or would take too much time or memory.
    """
    short = len(text) <= REMEMBERED and all(isinstance(a, str) for a in arguments)
    return (_remembered if short else _call)(function, text, *arguments, apart=apart)


def _call(function: Callable[..., str], text: str, *arguments, apart: bool) -> str:
    left = getattr(_page, "left", SECONDS)
    if left <= 0:
        raise TooMuch("the page's time is used up")
    started = time.thread_time()
    if len(text) <= SMALL and not apart:
        try:
            return function(text, *arguments)
        except Exception as error:
            raise TooMuch(f"{type(error).__name__}: {error}") from error
        finally:
            _spend(time.thread_time() - started)
    name = f"{function.__module__}:{function.__qualname__}"
    spent, result = _formatter.ask([name, text, *arguments])
    _spend(spent)
    if result is None:
        raise TooMuch("the text takes too long, or too much memory")
    return result


# Most cells are those that the course gives, the same in every submission.
_remembered = functools.lru_cache(maxsize=500)(_call)


def new_page() -> None:
    """Begin a page in this thread: its texts together may take `PAGE_SECONDS`."""
    _page.left = PAGE_SECONDS


def start() -> None:
    """Start the process now, so that the first text need not wait for it."""
    _formatter.start()


_page = threading.local()


def _spend(seconds: float) -> None:
    if hasattr(_page, "left"):
        _page.left -= seconds


class _Formatter:
    """The other process, seen from here; threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with self._lock:
            self._running()

    def ask(self, request: list) -> tuple[float, str | None]:
        """Seconds and result; None if there is none."""
        with self._lock:
            process = self._running()
            timer = threading.Timer(PATIENCE, _kill, [process])
            timer.start()
            try:
                _send(process.stdin, request)
                seconds, result = _receive(process.stdout)
                return seconds, result
            except (OSError, EOFError):
                self._end()
                return SECONDS, None
            finally:
                timer.cancel()

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            code = f"from {__name__} import main; main()"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                # An interrupt typed at the grader's terminal is for the grader.
                start_new_session=True,
            )  # fmt: skip
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            _kill(self._process)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                # What could not be written is given up.
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            self._process = None


def _kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


_formatter = _Formatter()
atexit.register(_formatter.stop)


def _send(pipe: IO[bytes] | None, value: list) -> None:
    assert pipe is not None
    # JSON's escapes also hold half characters, which UTF-8 does not.
    data = json.dumps(value).encode("ascii")
    pipe.write(struct.pack("<Q", len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> Any:
    assert pipe is not None
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    (size,) = struct.unpack("<Q", head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return json.loads(data)


def main() -> None:
    """Format until the input is at an end."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints goes where errors go.
    os.dup2(2, 1)
    importlib.import_module("autograder.feedback.sanitise").warm_up()
    if not hasattr(os, "fork"):
        _serve(requests, replies)
        return
    while True:
        # The copy is what a text may use up; this process keeps the libraries ready for the next.
        pid = os.fork()
        if pid == 0:
            try:
                _limit_memory()
                _serve(requests, replies)
            except EOFError:
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        if status == 0:
            return
        _send(replies, [SECONDS, None])


def _serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    timer = getattr(signal, "setitimer", lambda *_: None)
    while True:
        name, *arguments = _receive(requests)
        started = time.process_time()
        # The signal ends the process: a regular expression is not interrupted by anything else.
        timer(getattr(signal, "ITIMER_PROF", 0), SECONDS)
        try:
            result = pkgutil.resolve_name(name)(*arguments)
        except Exception:
            result = None
        timer(getattr(signal, "ITIMER_PROF", 0), 0)
        if result is not None and len(result) > MAX_RESULT:
            result = None
        _send(replies, [time.process_time() - started, result])


def _limit_memory() -> None:
    """Limit what this process may take beyond what it has; only Linux does both."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY_BYTES, size + MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
