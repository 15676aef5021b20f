"""The grader's side of the node: find it, start it, end it.

There is one node for a grader and the processes it starts: its address is in the environment, so
that workers share it. Processes that do not come from one another share a node through a folder. A
node ends with the process that started it; when it was killed, the next connection starts another.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from autograder import lock
from autograder.kernel import node

VARIABLE = "MLP_COURSE_KERNELS"
# What the fork server keeps of the grader's environment: nothing that could be a secret.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
SET = {
    # One thread each: the process that forks must have no others, and small networks are fastest so.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Before matplotlib is imported, as in any kernel.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}

_lock = threading.Lock()
# The node, the end of the pipe that keeps it alive, and its folder.
_started: tuple[subprocess.Popen, int, str] | None = None
_meeting: Path | None = None


def share(folder: Path | None) -> None:
    """Use one node with all processes that name the same private folder; None: with no others."""
    global _meeting
    _meeting = folder


def connect() -> socket.socket:
    """A connection to the node, which is started if none answers."""
    with _lock:
        connection = _try_to_connect() or _connect_to_another()
        if connection is None:
            raise ConnectionError("the process that starts sealed kernels does not answer")
        return connection


def stop() -> None:
    """End the node that this process started, with all its kernels, and wait for it."""
    with _lock:
        _stop()


def environment() -> dict[str, str]:
    """The environment of the processes that kernels come from."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | SET


def _connect_to_another() -> socket.socket | None:
    """A connection to the node that another process has started meanwhile, or to a new one."""
    if _meeting is None:
        _stop()
        _start()
        return _try_to_connect()
    with open(_meeting / "lock", "ab") as file:
        lock.take(file, wait=True)
        address = _meeting / "address"
        with contextlib.suppress(FileNotFoundError):
            os.environ[VARIABLE] = address.read_text(encoding="utf-8")
        connection = _try_to_connect()
        if connection is None:
            _stop()
            _start()
            address.write_text(os.environ[VARIABLE], encoding="utf-8")
            connection = _try_to_connect()
        return connection


def _try_to_connect() -> socket.socket | None:
    address = os.environ.get(VARIABLE)
    if not address:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


def _start() -> None:
    global _started
    folder = tempfile.mkdtemp(prefix="mlp-node-")
    address = os.path.join(folder, "node")
    lifeline, held = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        process = subprocess.Popen(
            node.command("node", folder, listener.fileno(), lifeline),
            env=environment(),
            pass_fds=(listener.fileno(), lifeline),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # An interrupt typed at the grader's terminal is for the grader.
            start_new_session=True,
        )
    os.close(lifeline)
    os.environ[VARIABLE] = address
    _started = process, held, folder


def _stop() -> None:
    global _started
    if _started is not None:
        process, held, folder = _started
        os.close(held)
        process.wait()
        # Still there if the node was killed.
        shutil.rmtree(folder, ignore_errors=True)
        _started = None
    os.environ.pop(VARIABLE, None)
