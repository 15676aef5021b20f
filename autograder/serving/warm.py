"""The process that has everything imported: it forks, and the copy runs a command.

It has one thread, because a fork copies only that one. It keeps no state of the course: a copy reads
everything as a new process would. What it has imported may change on the disk: then it starts anew.
"""

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import autograder
from autograder import files, lock
from autograder.course import Course
from autograder.errors import UserError
from autograder.kernel.grader import launcher, tiers
from autograder.serving import client, protocol

# What commands import; `cli` and `console` look at their terminal when they are imported.
MODULES = """
typer rich.console rich.progress rich.table rich.markup sqlalchemy.dialects.sqlite
autograder.authoring.proving.attempts autograder.exports autograder.gradebook.drift
autograder.gradebook.released autograder.gradebook.writer autograder.grading.batch
autograder.grading.dispatch autograder.report.data autograder.report.page autograder.serving.watch
""".split()
# Seconds between two looks at what has changed, while it watches.
LOOK = 2.0
# The exit code of a command that has told a person what is wrong.
CANNOT = 2
# Windows has no SIGCHLD, and no warm process.
SIGNALS = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGCHLD", signal.SIGTERM))


@dataclass(frozen=True)
class Asked:
    """A command that somebody waits for: its request, open streams, and where the answer goes."""

    request: dict
    streams: tuple[int, ...]
    connection: socket.socket


class Watching:
    """The copy that grades what arrives."""


def start(course: Course, minutes: float, watching: bool) -> NoReturn:
    """Replace this process by the warm process of `course`.

    Parameters
    ----------
    minutes
        It ends after so many minutes without a command.
    watching
        Whether it also grades what arrives; then it does not end by itself.
    """
    arguments = [str(course.root), str(minutes), "watch" if watching else ""]
    command = [sys.executable, "-m", "autograder.serving.warm", *arguments]
    os.execve(sys.executable, command, os.environ | launcher.SET | {"MPLBACKEND": "agg"})


def stamp(course: Course) -> str:
    """What this process has in its memory: the engine, the libraries and the configuration."""
    engine = Path(autograder.__file__).parent
    seen = [*engine.rglob("*.py"), course.root / "nbgrader_config.py"]
    seen += [Path(place) for place in sys.path if place.endswith("site-packages")]
    return files.digest_of(
        f"{path} {info.st_mtime_ns} {info.st_size}".encode()
        for path in sorted(seen)
        if (info := _info(path))
    )


def _info(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def load(course: Course) -> None:
    """Import what commands need.

    Raises
    ------
    UserError
        If something cannot be imported, or has started a thread.
    """
    for name in [*MODULES, *course.preload]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UserError(f"{name} cannot be imported: {error}") from None
    if threading.active_count() != 1 or _threads() != 1:
        raise UserError(
            f"expected one thread in the warm process, found {_threads()}: a module of "
            "c.Judge.preload starts another one when it is imported"
        )
    gc.collect()
    gc.freeze()


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return len(os.listdir(tasks)) if tasks.is_dir() else 1


class Server:
    """Accepts commands and forks; see `serve`."""

    def __init__(self, course: Course, minutes: float, watching: bool):
        self._course, self._minutes, self._watching = course, minutes, watching
        # The copy that grades what arrives.
        self._watcher = 0
        self._stamp = stamp(course)
        self._running: set[int] = set()
        self._listener = protocol.listen(course)
        # A signal wakes the selector.
        self._woken, self._waking = socket.socketpair()
        for end in (self._woken, self._waking):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, lambda number, frame: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._keep_node()

    def serve(self) -> "Asked | Watching | None":
        """Return in a forked copy: what it is asked to do; in this process, at its end: None."""
        idle_since = time.monotonic()
        while True:
            if self._running or self._watching:
                idle_since = time.monotonic()
            left = idle_since + 60 * self._minutes - time.monotonic()
            if left <= 0:
                return None
            if self._watching:
                self._is_current()
                if not self._watcher and self._fork_watcher():
                    return Watching()
            for key, _ in self._selector.select(min(left, LOOK) if self._watching else left):
                if key.fileobj is self._listener:
                    if (asked := self._answer()) is not None:
                        return asked
                elif self._is_told_to_end():
                    return None
            self._running -= {p for p in self._running if os.waitpid(p, os.WNOHANG)[0]}
            if self._watcher:
                process, status = os.waitpid(self._watcher, os.WNOHANG)
                if process:
                    self._watcher = 0
                    if os.waitstatus_to_exitcode(status) == CANNOT:
                        # It has said why, and another one could not either.
                        return None

    def _is_told_to_end(self) -> bool:
        return bool({signal.SIGINT, signal.SIGTERM} & set(self._woken.recv(4096)))

    def _answer(self) -> Asked | None:
        """Take one command; without an answer, its caller does the work itself."""
        current = self._is_current()
        connection, _ = self._listener.accept()
        connection.settimeout(protocol.PATIENCE)
        streams: list[int] = []
        try:
            request, streams = protocol.receive(connection)
            if current and len(streams) == protocol.STREAMS:
                self._keep_node()
                process = os.fork()
                if process == 0:
                    self._leave()
                    return Asked(request, tuple(streams), connection)
                self._running.add(process)
        except protocol.Closed:
            pass
        connection.close()
        for stream in streams:
            os.close(stream)
        return None

    def _is_current(self) -> bool:
        """Whether memory and disk agree; if not, this process starts anew once no command runs."""
        current = stamp(self._course) == self._stamp
        if not current and not self._running:
            self.close()
            start(self._course, self._minutes, self._watching)
        return current

    def _fork_watcher(self) -> bool:
        """Whether this is the copy."""
        self._keep_node()
        self._watcher = os.fork()
        if self._watcher:
            return False
        self._leave()
        return True

    def _keep_node(self) -> None:
        """Start the node that kernels come from, unless it is there."""
        if tiers.probe().tier is tiers.Tier.NAMESPACES:
            launcher.begin(self._course.preload)
            place = protocol.node_address(self._course)
            if not place.is_file() or place.read_text(encoding="utf-8") != launcher.address():
                files.write(place, launcher.address())

    def _leave(self) -> None:
        """Make a copy independent of this process."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        for own in (self._listener, self._woken, self._waking):
            own.close()
        launcher.lend()

    def close(self) -> None:
        """Accept no more commands and end the node; commands that run go on."""
        (protocol.folder(self._course) / "socket").unlink(missing_ok=True)
        protocol.node_address(self._course).unlink(missing_ok=True)
        self._listener.close()
        if self._watcher:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._watcher, signal.SIGTERM)
            os.waitpid(self._watcher, 0)
        launcher.stop()


def run(asked: Asked) -> int:
    """Run the command in this copy as in a new process, and return its exit code."""
    for number, stream in enumerate(asked.streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, buffering=1 + 8191 * (not os.isatty(number)), closefd=False)
        for number, mode in enumerate("rww")
    )
    os.chdir(asked.request["folder"])
    os.environ.clear()
    os.environ.update(asked.request["environment"])
    time.tzset()
    sys.argv = asked.request["argv"]
    client.is_asked = True
    asked.connection.settimeout(None)
    protocol.send(asked.connection, {"process": os.getpid()})
    threading.Thread(target=_end_with_caller, args=[asked.connection], daemon=True).start()

    (command,) = metadata.entry_points(group="console_scripts", name="autograder")
    try:
        command.load()()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end_with_caller(connection: socket.socket) -> None:
    """Nobody waits for a command whose caller was killed."""
    with contextlib.suppress(OSError):
        if not connection.recv(1):
            os.kill(os.getpid(), signal.SIGTERM)


def main(root: str, minutes: str, watching: str) -> None:
    """Serve; in a forked copy, run a command, or grade what arrives."""
    course = Course.find(Path(root))
    place = protocol.folder(course)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.held(place, f"serving {course.root}"):
        load(course)
        server = Server(course, float(minutes), bool(watching))
        print(
            f"serving     {course.root}: commands start warm until this ends (Ctrl-C)", flush=True
        )
        asked = server.serve()
        if asked is None:
            server.close()
            return
    if isinstance(asked, Watching):
        from autograder.serving import watch

        watch.main(course)
        return
    code = 1
    try:
        code = run(asked)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(protocol.Closed):
            protocol.send(asked.connection, {"code": code})


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except UserError as error:
        print(f"autograder: {error}", file=sys.stderr)
        sys.exit(CANNOT)
