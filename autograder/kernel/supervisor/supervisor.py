"""The process that watches one kernel from outside its sandbox.

It owns the kernel's sockets and passes on what arrives, measures what the kernel uses, delivers
signals, and makes sure that nothing is left when the kernel or its client is gone.
"""

import contextlib
import functools
import glob
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time

from autograder.kernel import linux, protocol
from autograder.kernel.limits import KILLED, Ending
from autograder.kernel.sealed import sandbox
from autograder.kernel.supervisor import cgroup, usage
from autograder.kernel.supervisor.deadline import Deadline
from autograder.kernel.supervisor.gate import Gate, listen

# Seconds that a round of enforcing limits may take.
WATCHDOG = 60
# Seconds until a sandbox is built, and until the fork server, which first imports the course's
# libraries, has forked a kernel into it.
BUILD_SECONDS = 60
FORK_SECONDS = 240
# Seconds between two measurements of what the kernel uses.
INTERVAL = 0.1
ERRORS_KEPT = 4000
# The fork server may be killed while it serves us; the node starts another one.
ATTEMPTS = 3


def fork_address(node: str) -> str:
    """The fork server's socket in a node's folder."""
    return os.path.join(node, "fork")


def log_file(node: str) -> str:
    """The file with the fork server's standard error, in a node's folder."""
    return os.path.join(node, "log")


def supervise(connection: socket.socket, node: str, user: int | None, deadline: Deadline) -> None:
    """Start and watch the kernel that a `Launch` on `connection` asks for, until it is gone.

    Parameters
    ----------
    node
        The node's folder, where the fork server listens.
    user
        The user that kernels run as; None if this process is already an ordinary user's.
    deadline
        Whoever shares it ends this process once it is over.
    """
    deadline.within(BUILD_SECONDS + FORK_SECONDS + WATCHDOG)
    folder = tempfile.mkdtemp(prefix=f"{name(os.getpid())}-", dir=node)
    supervisor = Supervisor(connection, folder, deadline)
    try:
        launch, _ = protocol.receive(connection)
        supervisor.start(launch, node, user)
        protocol.send(connection, supervisor.watch())
    except protocol.Closed:
        # The provisioner is gone, and nobody else wanted the kernel.
        pass
    except (OSError, ValueError) as error:
        protocol.send(connection, protocol.Failed(str(error)))
    finally:
        supervisor.clean_up()
        shutil.rmtree(folder, ignore_errors=True)
        # Last, because the provisioner waits for it.
        connection.close()


def name(pid: int) -> str:
    """How a supervisor's folder begins, and what its control group is called."""
    return f"mlp-{pid}"


def is_gone(pid: int, node: str) -> bool:
    """Remove what a supervisor has left that was killed; False if something is still there."""
    for folder in glob.glob(os.path.join(glob.escape(node), f"{name(pid)}-*")):
        shutil.rmtree(folder, ignore_errors=True)
    return cgroup.Group.is_gone(name(pid))


class Supervisor:
    """One kernel, its sandbox and its sockets."""

    def __init__(self, connection: socket.socket, folder: str, deadline: Deadline):
        self._connection, self._folder, self._deadline = connection, folder, deadline
        self._selector = selectors.DefaultSelector()
        self._gate: Gate | None = None
        self._first = self._kernel = self._proc = -1
        self._group: cgroup.Group | None = None
        self._oom_kills = cgroup.oom_kills()
        self._limit, self._errors = "", b""
        self._ending: Ending | None = None

    def start(self, launch: protocol.Launch, node: str, user: int | None) -> None:
        """Build the sandbox, have a kernel forked into it, and tell the provisioner."""
        self._limits = launch.limits
        address = os.path.join(self._folder, "c")
        numbers = range(1, len(protocol.CHANNELS) + 1)
        inner = [listen(f"{self._folder}/k-{n}") for n in numbers]
        self._build_sandbox(launch, user)
        errors, errors_inside = os.pipe()
        first = os.pidfd_open(self._first)
        request = protocol.Spawn(launch.key, launch.limits, launch.environment, user)
        descriptors = [first, errors_inside, *(s.fileno() for s in inner)]
        pid, self._forker = _spawn(node, request, descriptors)
        os.close(first)
        os.close(errors_inside)
        for listener in inner:
            listener.close()
        self._kernel = os.pidfd_open(pid)
        group = cgroup.Group.create(name(os.getpid()), launch.limits)
        if group is not None and group.add(pid):
            self._group = group
        self._register(self._connection, self._on_request)
        self._register(self._forker, self._on_forker)
        os.set_blocking(errors, False)
        self._register(errors, self._on_errors)
        stop = functools.partial(self._stop, "output")
        self._gate = Gate(
            self._selector, address, f"{self._folder}/k", numbers, launch.limits.output_bytes, stop
        )
        protocol.send(self._connection, protocol.Started(address, pid))

    def _register(self, source, handle) -> None:
        self._selector.register(source, selectors.EVENT_READ, handle)

    def _build_sandbox(self, launch: protocol.Launch, user: int | None) -> None:
        """Start the sandbox's first process, which ends with this one."""
        root = os.path.join(self._folder, "root")
        os.mkdir(root)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        linux.unshare(linux.CLONE_NEWPID)
        self._first = os.fork()
        if self._first == 0:
            ours.close()
            _be_first_process(launch, root, user, theirs)
        theirs.close()
        ours.settimeout(BUILD_SECONDS)
        text, descriptors, _, _ = socket.recv_fds(ours, 4096, 1)
        ours.close()
        if not descriptors:
            raise OSError(f"no sandbox could be made: {text.decode(errors='replace')}")
        (self._proc,) = descriptors

    def watch(self) -> Ending:
        """Serve the kernel until it has ended."""
        end = time.monotonic() + self._limits.wall_seconds
        next_look = 0.0
        while self._ending is None:
            # Should a call ever block, the node ends this process, and with it the sandbox.
            self._deadline.within(WATCHDOG)
            for key, events in self._selector.select(INTERVAL):
                key.data(key.fileobj, events)
            now = time.monotonic()
            if now > end:
                self._stop("wall")
            if now > next_look:
                self._look()
                # Measuring must not cost more than a tenth of the time.
                next_look = time.monotonic() + max(INTERVAL, 10 * (time.monotonic() - now))
        return self._ending

    def clean_up(self) -> None:
        """End everything in the sandbox and wait until it is gone."""
        self._deadline.within(WATCHDOG)
        if self._gate is not None:
            self._gate.close()
        if self._first > 0:
            os.kill(self._first, signal.SIGKILL)
            os.waitpid(self._first, 0)
        if self._group is not None:
            self._group.remove()

    def _look(self) -> None:
        try:
            used = usage.measure(self._proc)
            if used.tasks > self._limits.processes:
                self._stop("processes")
            elif used.cpu_seconds > self._limits.cpu_seconds:
                self._stop("cpu")
            # Counting each page once takes longer: only if the quick bound does not settle it.
            elif used.memory_bound > self._limits.memory_bytes:
                if usage.memory(self._proc) > self._limits.memory_bytes:
                    self._stop("memory")
        except OSError:
            # The sandbox is ending; the kernel's end is reported elsewhere.
            pass

    def _stop(self, limit: str) -> None:
        """End the kernel because of a limit."""
        self._limit = self._limit or limit
        self._kill()

    def _kill(self) -> None:
        os.kill(self._first, signal.SIGKILL)
        self._end(-signal.SIGKILL)

    def _end(self, code: int | None) -> None:
        if self._ending is not None:
            return
        if code == -signal.SIGXCPU:
            self._limit = self._limit or "cpu"
        if code == KILLED and self._ran_out_of_memory():
            self._limit = self._limit or "memory"
        errors = self._errors.decode(errors="replace")
        self._ending = Ending(code, self._limit, errors)

    def _ran_out_of_memory(self) -> bool:
        """Whether the machine, not the kernel itself, has killed something in the sandbox."""
        if self._group is not None:
            return self._group.out_of_memory
        return cgroup.oom_kills() > self._oom_kills

    def _on_request(self, connection: socket.socket, events: int) -> None:
        message, _ = protocol.receive(connection)
        if message.number == signal.SIGKILL:
            self._kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._kernel, message.number)

    def _on_forker(self, forker: socket.socket, events: int) -> None:
        try:
            message, _ = protocol.receive(forker)
            self._end(message.code)
        except protocol.Closed:
            # The fork server was killed. Its kernels live on, but their exit status is lost.
            self._selector.unregister(forker)
            self._register(self._kernel, lambda kernel, events: self._end(None))

    def _on_errors(self, errors: int, events: int) -> None:
        data = os.read(errors, 1 << 16)
        if not data:
            self._selector.unregister(errors)
        self._errors = (self._errors + data)[-ERRORS_KEPT:]


def _spawn(node: str, request: protocol.Spawn, descriptors: list[int]):
    """The process number of a new kernel, and the connection that will report its end."""
    for _ in range(ATTEMPTS):
        forker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            forker.connect(fork_address(node))
            forker.settimeout(FORK_SECONDS)
            protocol.send(forker, request, descriptors)
            reply, _ = protocol.receive(forker)
            forker.settimeout(None)
        except TimeoutError:
            raise OSError(f"the fork server did not answer within {FORK_SECONDS} s") from None
        except (protocol.Closed, ConnectionRefusedError, FileNotFoundError):
            forker.close()
            continue
        if isinstance(reply, protocol.Failed):
            raise OSError(reply.reason)
        return reply.pid, forker
    with open(log_file(node), encoding="utf-8", errors="replace") as file:
        last = (file.read().strip().splitlines() or ["it wrote no message"])[-1]
    raise OSError(f"the fork server could not be started: {last}")


def _be_first_process(launch: protocol.Launch, root: str, user: int | None, parent: socket.socket):
    """Build the sandbox around this process, pass its /proc to the parent, and stay."""
    try:
        linux.die_with_parent()
        proc = sandbox.build(launch, root, user)
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        linux.drop_capabilities()
        # The kernel's processes run as the same user: keep them out of this one.
        linux.set_inspectable(False)
        linux.die_with_parent()
        # Orphans inside become children of this process; nobody needs to wait for them.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Fails if the parent ended before this process was set to end with it.
        socket.send_fds(parent, [b"ready"], [proc])
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        while True:
            signal.pause()
    except BaseException as error:
        with contextlib.suppress(OSError):
            parent.send(f"{error}".encode()[:4000])
    finally:
        os._exit(1)
