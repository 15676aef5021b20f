"""The process that has everything imported, and forks a kernel on request.

It holds no secret, because a kernel starts as a copy of it: its environment is bare, and it reads
no file of the course. It has one thread: a fork copies only the calling thread, and a lock held by
another one would stay locked for ever. For the same reason it runs no parallel torch operation.
"""

import contextlib
import functools
import gc
import importlib
import os
import random
import selectors
import signal
import socket
import sys
import tempfile
import traceback

from autograder.kernel import linux, protocol
from autograder.kernel.sealed import application, sandbox, seccomp

# What a shell imports when it starts, and when it shows a plot or an error. Matplotlib's inline
# backend is missing on purpose: it hooks into the shell on import, and there is no shell here yet.
PRELOADED = """
numpy ipykernel.debugger tornado.platform.asyncio faulthandler multiprocessing.synchronize
IPython.core.completer IPython.core.completerlib IPython.core.debugger IPython.core.pylabtools
IPython.extensions.storemagic stack_data pygments.formatters.terminal256
""".split()


def preload(names: list[str]) -> None:
    """Import what kernels need, and make sure that forking is safe.

    Parameters
    ----------
    names
        Modules that the course's notebooks use.

    Raises
    ------
    ImportError
        If one of them is not installed.
    RuntimeError
        If an import started a thread.
    """
    for name in [*PRELOADED, *names]:
        importlib.import_module(name)
    if "torch" in sys.modules:
        _warm_up_torch()
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"expected one thread in the process that forks, found {threads}")
    # Memory that the garbage collector does not touch stays shared with the kernels.
    gc.collect()
    gc.freeze()


def _warm_up_torch() -> None:
    """Use torch once, so that it reads the files about the processor, which kernels do not see."""
    import torch

    with torch.no_grad():
        image = torch.arange(64.0).reshape(1, 1, 8, 8)
        torch.nn.functional.conv2d(image, image[:, :, :3, :3]).sum()
        torch.ones(4, 4) @ torch.ones(4, 4)


class Server:
    """Forks kernels for supervisors that connect to `listener`; ends when `node` is closed."""

    def __init__(self, listener: socket.socket, node: socket.socket):
        self._rules = seccomp.build()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(node, selectors.EVENT_READ, sys.exit)

    def serve(self):
        """Return in a forked kernel only: the request and the kernel's five sockets."""
        while True:
            for key, _ in self._selector.select():
                kernel = key.data(key.fileobj)
                if kernel:
                    return kernel

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, self._spawn)

    def _spawn(self, connection: socket.socket):
        self._selector.unregister(connection)
        try:
            request, descriptors = protocol.receive(connection)
        except protocol.Closed:
            connection.close()
            return None
        first, errors, *sockets = descriptors
        try:
            # Affects the next fork only, and each one is preceded by this call: no need to undo it.
            linux.setns(first, linux.CLONE_NEWPID)
            pid = os.fork()
        except OSError as error:
            _send(connection, protocol.Failed(f"no kernel could be forked: {error}"))
            connection.close()
        else:
            if pid == 0:
                self._close()
                connection.close()
                _seal(request, first, errors, sockets, self._rules)
                return request, sockets
            _send(connection, protocol.Spawned(pid))
            end = os.pidfd_open(pid)
            reap = functools.partial(self._reap, pid, connection)
            self._selector.register(end, selectors.EVENT_READ, reap)
        for fd in descriptors:
            os.close(fd)
        return None

    def _close(self) -> None:
        """Close everything the server has open, through the objects that own the descriptors."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            else:
                os.close(key.fd)
        self._selector.close()

    def _reap(self, pid: int, connection: socket.socket, end: int) -> None:
        self._selector.unregister(end)
        os.close(end)
        _, status = os.waitpid(pid, 0)
        _send(connection, protocol.Exited(os.waitstatus_to_exitcode(status)))
        connection.close()


def _send(connection: socket.socket, message) -> None:
    """Send to a supervisor that may be gone: then its kernel is gone too, and nobody is waiting."""
    with contextlib.suppress(protocol.Closed):
        protocol.send(connection, message)


def _seal(request, first: int, errors: int, sockets: list[int], rules) -> None:
    """Turn this fresh copy of the server into a kernel's process, permanently sealed."""
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (errors, 1), (errors, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(errors)
    sandbox.enter(first, request.limits, request.user)
    os.close(first)
    _reset(request.environment)
    rules.load()


def _reset(environment: dict[str, str]) -> None:
    """Undo what differs from a newly started process."""
    import numpy

    os.environ.clear()
    os.environ.update(environment)
    # The folder that this process found for itself may not exist in the sandbox.
    tempfile.tempdir = None
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    # Otherwise every kernel would draw the same "random" numbers.
    random.seed()
    numpy.random.seed()
    if torch := sys.modules.get("torch"):
        torch.seed()
    # The grader's modules are not part of a student's Python.
    for name in [n for n in sys.modules if n.partition(".")[0] == "autograder"]:
        del sys.modules[name]
    sys.argv = [""]
    sys.path[:] = ["", *(p for p in sys.path if p)]


def main(listener: str, node: str, names: str) -> None:
    """Serve; in a forked kernel, run the kernel.

    Parameters
    ----------
    listener, node
        Descriptors of sockets.
    names
        More modules to import, separated by commas.
    """
    try:
        # It also learns of the node's end by the socket, but not while it imports.
        linux.die_with_parent()
        # Every kernel would inherit any other open descriptor.
        for fd in map(int, os.listdir("/proc/self/fd")):
            if fd > 2 and fd not in (int(listener), int(node)):
                with contextlib.suppress(OSError):
                    os.close(fd)
        preload(names.split(",") if names else [])
        link = socket.socket(fileno=int(node))
        server = Server(socket.socket(fileno=int(listener)), link)
        link.send(b"ready")
        request, sockets = server.serve()
        # Only a kernel gets here. What it does not need must not be on its stack.
        del server, link
        application.run(request.key, sockets)
    except Exception:
        traceback.print_exc()
    finally:
        # At once: tearing down everything that was imported takes time and frees nothing.
        os._exit(1)
