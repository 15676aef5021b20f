"""The grader's side of the node: find it, start it, end it.

A process has one node, or shares one with other processes through a private folder. A node ends
with the process that started it; if it is killed, the next connection starts another one.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from autograder import lock
from autograder.kernel.protocol import command

# What the fork server keeps of the grader's environment: nothing that could be a secret.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
SET = {
    # One thread each: the process that forks must have no more, and small networks train fastest so.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Before matplotlib is imported, as in any kernel.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}

# In a course's private folder: the address of the node of its warm process, if there is one.
WARM_NODE = Path("serve", "node")

# Seconds until a node that is there accepts a connection, and until one that should end is killed.
CONNECT_SECONDS = 30
STOP_SECONDS = 30

_lock = threading.Lock()
# Connections of this process that may still be open: a kernel ends with its connection.
_connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
# The node, the end of the pipe that keeps it alive, and its folder.
_started: tuple[subprocess.Popen, int, str] | None = None
_meeting: Path | None = None
_address = ""
_ended = False


def share(folder: Path | None) -> None:
    """Share one node among all processes that name the same private folder; None: do not share.

    A node that this process uses already is the one that is shared.
    """
    global _meeting, _ended
    _meeting, _ended = folder, False
    if folder is not None and _address and not (folder / "address").exists():
        (folder / "address").write_text(_address, encoding="utf-8")


def address() -> str:
    """The address of the node that this process uses; empty if it uses none yet."""
    return _address


def use(node: Path) -> None:
    """Use the node whose address is in this file, if there is one and this process has none."""
    global _address
    if not _address:
        with contextlib.suppress(OSError):
            _address = node.read_text(encoding="utf-8")


def lend() -> None:
    """In a forked process: the node goes on to be used, but the process forked from ends it.

    It lives as long as one of the two does.
    """
    global _started
    _started = None


def connect(preload: Sequence[str] = ()) -> socket.socket:
    """A connection to the node; if none answers, one is started.

    Parameters
    ----------
    preload
        Modules that a newly started node imports for its kernels.
    """
    with _lock:
        connection = _try_to_connect() or _connect_to_another(preload)
        if connection is None:
            raise ConnectionError("the process that starts sealed kernels does not respond")
        _connections.add(connection)
        return connection


def begin(preload: Sequence[str]) -> None:
    """Start a node ahead of time, unless this process uses one that is there."""
    with _lock:
        alive = _started is not None and _started[0].poll() is None
        if not alive and (connection := _try_to_connect() or _connect_to_another(preload)):
            connection.close()


def end() -> None:
    """End all kernels of this process, and of those that share its node, and start no others.

    Until `share` is called again: a submission whose kernel has ended would be tried again.
    """
    global _ended
    _ended = True
    if _meeting is not None:
        (_meeting / "ended").touch()
    for connection in list(_connections):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    stop()


def stop() -> None:
    """End the node that this process started, with all its kernels, and wait until it is gone."""
    with _lock:
        _stop()


def environment() -> dict[str, str]:
    """The environment of the processes that kernels come from."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | SET


def _connect_to_another(preload: Sequence[str]) -> socket.socket | None:
    """A connection to a node that another process has started in the meantime, or to a new one."""
    global _address
    if _ended or (_meeting is not None and (_meeting / "ended").exists()):
        raise ConnectionError("this run is ending: no kernel is started any more")
    if _meeting is None:
        _stop()
        _start(preload)
        return _try_to_connect()
    with open(_meeting / "lock", "ab") as file:
        lock.take(file, wait=True)
        place = _meeting / "address"
        with contextlib.suppress(FileNotFoundError):
            _address = place.read_text(encoding="utf-8")
        connection = _try_to_connect()
        if connection is None:
            _stop()
            _start(preload)
            place.write_text(_address, encoding="utf-8")
            connection = _try_to_connect()
        return connection


def _try_to_connect() -> socket.socket | None:
    if not _address:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.setblocking(False)
    end = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            connection.connect(_address)
            connection.setblocking(True)
            return connection
        except BlockingIOError:
            # Many connect at once, or the node hangs.
            if time.monotonic() < end:
                time.sleep(0.05)
                continue
        except OSError:
            pass
        connection.close()
        return None


def _start(preload: Sequence[str]) -> None:
    global _started, _address
    folder = tempfile.mkdtemp(prefix="mlp-node-")
    address = os.path.join(folder, "node")
    lifeline, held = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        process = subprocess.Popen(
            command("node.node", folder, listener.fileno(), lifeline, ",".join(preload)),
            env=environment(),
            pass_fds=(listener.fileno(), lifeline),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # An interrupt typed at the grader's terminal is for the grader.
            start_new_session=True,
        )
    os.close(lifeline)
    _address = address
    _started = process, held, folder


def _stop() -> None:
    global _started, _address
    if _started is not None:
        process, held, folder = _started
        os.close(held)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # Still there if the node was killed.
        shutil.rmtree(folder, ignore_errors=True)
        _started = None
    _address = ""
