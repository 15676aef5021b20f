"""The first process of sealed kernels on a machine: small, and the parent of all the others.

    grader ── node ─┬─ fork server ── kernel, kernel, …
                    └─ supervisor, supervisor, …  each with the first process of one sandbox

It keeps one fork server alive and forks a supervisor for every kernel requested. If the grader is
an ordinary user, it first becomes root of a user namespace, so that everything else is the same for
both.
"""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback

from autograder.kernel import linux
from autograder.kernel.protocol import command
from autograder.kernel.sealed import sandbox
from autograder.kernel.supervisor import supervisor
from autograder.kernel.supervisor.deadline import Deadline

# How often in a row a fork server that is killed before it has served anybody is restarted.
STARTS = 10
# Seconds between two looks at the supervisors' deadlines.
INTERVAL = 1


class Node:
    """Serves provisioners that connect to `listener`; ends when `lifeline` is closed.

    Parameters
    ----------
    folder
        A private folder for sockets and the fork server's log.
    user
        The user that kernels run as; None if this process is already an ordinary user's.
    preload
        Names of modules, separated by commas.
    """

    def __init__(
        self, folder: str, listener: socket.socket, lifeline: int, user: int | None, preload: str
    ):
        self._folder, self._user, self._preload = folder, user, preload
        self._forks: socket.socket | None = None
        self._fork_server = 0
        self._starts = 0
        self._supervisors: dict[int, Deadline] = {}
        # Supervisors that cannot clear away any more.
        self._killed: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(lifeline, selectors.EVENT_READ, sys.exit)
        # Wakes `select` when a child ends.
        ended, wakeup = socket.socketpair()
        for end in (ended, wakeup):
            end.setblocking(False)
        self._selector.register(ended, selectors.EVENT_READ, self._reap)
        signal.set_wakeup_fd(wakeup.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Kernels whose fork server was killed become children of this process.
        linux.adopt_orphans()

    def serve(self) -> None:
        """Serve until the grader is gone."""
        while True:
            waiting = self._supervisors or self._killed
            for key, _ in self._selector.select(INTERVAL if waiting else None):
                key.data(key.fileobj)
            self._end_late_ones()
            self._killed = {p for p in self._killed if not supervisor.is_gone(p, self._folder)}

    def _end_late_ones(self) -> None:
        """End the supervisors that hang; their sandboxes end with them."""
        for pid, deadline in self._supervisors.items():
            if deadline.over:
                os.kill(pid, signal.SIGKILL)

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        if not self._fork_server:
            self._start_fork_server()
        deadline = Deadline()
        deadline.within(supervisor.WATCHDOG)
        node = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_supervisor(connection, self._folder, self._user, deadline, node)
        self._supervisors[pid] = deadline
        connection.close()

    def _start_fork_server(self) -> None:
        if self._forks is None:
            self._forks = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            address = supervisor.fork_address(self._folder)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(address)
            self._forks.bind(address)
            self._forks.listen(64)
        # The fork server says on it when it is ready, and ends when this process does.
        self._link, link = socket.socketpair()
        self._link.setblocking(False)
        for end in (self._forks, link):
            end.set_inheritable(True)
        log = supervisor.log_file(self._folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        arguments = command(
            "sealed.fork_server", self._forks.fileno(), link.fileno(), self._preload
        )
        self._fork_server = os.posix_spawn(
            sys.executable, arguments, os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 2, log, flags, 0o600)],
        )  # fmt: skip
        link.close()

    def _reap(self, ended: socket.socket) -> None:
        ended.recv(4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if self._supervisors.pop(pid, None) and os.WIFSIGNALED(status):
                self._killed.add(pid)
            if pid == self._fork_server:
                self._replace_fork_server(os.WIFSIGNALED(status))

    def _replace_fork_server(self, killed: bool) -> None:
        self._fork_server = 0
        try:
            served = self._link.recv(16)
        except BlockingIOError:
            # A copy of it that has just been forked still has the other end.
            served = b""
        self._link.close()
        self._starts = 0 if served else self._starts + 1
        if served or (killed and self._starts < STARTS):
            # Requests in the socket's queue are served by the next one.
            self._start_fork_server()
        elif self._forks is not None:
            # It cannot be started: the closed socket tells everybody who is waiting.
            self._forks.close()
            self._forks = None


def _be_supervisor(
    connection: socket.socket, folder: str, user: int | None, deadline: Deadline, node: int
) -> None:
    """Supervise one kernel in this fork, which keeps nothing open of the node's, and end."""
    try:
        # Nobody would end it when it hangs.
        linux.die_with_parent()
        if os.getppid() != node:
            return
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in map(int, os.listdir("/proc/self/fd")):
            if fd > 2 and fd != connection.fileno():
                with contextlib.suppress(OSError):
                    os.close(fd)
        supervisor.supervise(connection, folder, user, deadline)
    except BaseException:
        # Without its folder the node has ended, and nobody waits for this kernel.
        if os.path.isdir(folder):
            traceback.print_exc()
    finally:
        os._exit(0)


def main(folder: str, listener: str, lifeline: str, preload: str, mapped: str = "") -> None:
    """Run a node; `listener` and `lifeline` are descriptors, `mapped` says whether it is root."""
    if not linux.has_capability(linux.CAP_SYS_ADMIN):
        for fd in (listener, lifeline):
            os.set_inheritable(int(fd), True)
        linux.enter_user_namespace(0)
        # A program started in the namespace belongs to it, so that its root may inspect its
        # processes.
        arguments = command("node.node", folder, listener, lifeline, preload, "mapped")
        os.execv(arguments[0], arguments)
    for fd in (listener, lifeline):
        # Otherwise every kernel would hold them open.
        os.set_inheritable(int(fd), False)
    user = None if mapped else sandbox.UNPRIVILEGED_USER
    try:
        listening = socket.socket(fileno=int(listener))
        Node(folder, listening, int(lifeline), user, preload).serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
