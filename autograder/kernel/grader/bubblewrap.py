"""Ordinary kernels inside bubblewrap, for hosts where bwrap may make namespaces but this project may not.

The second-best tier: the same files, no network and the same system calls, but starting takes seconds
and the limits of time and memory are weaker: for each process, not for all of them together.
"""

import contextlib
import os
import selectors
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence

from jupyter_client.provisioning import LocalProvisioner

from autograder.kernel import protocol, visible
from autograder.kernel.grader import client, provisioner
from autograder.kernel.limits import KILLED, Ending, Limits
from autograder.kernel.sealed import seccomp
from autograder.kernel.supervisor import cgroup
from autograder.kernel.supervisor.gate import Gate

# Seconds between two looks at the clock.
INTERVAL = 0.5

if sys.platform != "win32":
    import resource


def sandbox(shown: Sequence[str] = (), blanked: Sequence[str] = ()) -> list[str]:
    """The words that run a command with the files and the network of a sealed kernel.

    Parameters
    ----------
    shown, blanked
        What to show beside Python and the system's programs, and the folders in it to show empty.
    """
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    shown = [*visible.SYSTEM, *visible.interpreter_paths(), *shown]
    blanked = [*visible.grader_paths(), *blanked]
    # Outer folders before inner ones, so that neither covers the other.
    for path in sorted({*shown, *blanked}, key=lambda p: p.count("/")):
        if path in blanked:
            if any(path.startswith(p + "/") for p in shown):
                words += ["--tmpfs", path]
        elif os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            words += ["--ro-bind", path, path]
    return words


@contextlib.contextmanager
def filtered() -> Iterator[tuple[list[str], int]]:
    """The words that let bwrap set the filter for system calls, and a descriptor for it to inherit.

    Raises
    ------
    ImportError, RuntimeError
        If pyseccomp or libseccomp is missing.
    """
    with tempfile.TemporaryFile() as file:
        seccomp.build().export_bpf(file)
        file.seek(0)
        yield ["--seccomp", str(file.fileno())], file.fileno()


class _Watch(threading.Thread):
    """Passes on what client and kernel send, until `stopped`; `over(limit)` is called at a limit."""

    def __init__(self, folder: str, ports: Sequence[int], limits: Limits, over):
        super().__init__(daemon=True, name="watch a kernel in bubblewrap")
        self._over, self._end = over, time.monotonic() + limits.wall_seconds
        self._selector, self._stopped = selectors.DefaultSelector(), threading.Event()
        inside = os.path.join(folder, "sockets", "k")
        output = limits.output_bytes
        self._gate = Gate(
            self._selector, os.path.join(folder, "c"), inside, ports, output, lambda: over("output")
        )

    def run(self) -> None:
        while not self._stopped.is_set():
            for key, events in self._selector.select(INTERVAL):
                key.data(key.fileobj, events)
            if time.monotonic() > self._end:
                self._end = float("inf")
                self._over("wall")
        self._gate.close()
        self._selector.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join()


class BubblewrapProvisioner(provisioner.Settings, LocalProvisioner):
    """Starts an ordinary kernel inside bubblewrap; its limits hold for each process separately."""

    ending: Ending | None = None
    _folder: str | None = None
    _watch: _Watch | None = None
    _limit_hit = ""

    async def pre_launch(self, **kwargs):
        self.ending, self._limit_hit = None, ""
        self._oom_kills = cgroup.oom_kills()
        manager = self.parent
        assert manager is not None  # Jupyter makes a provisioner for a kernel manager.
        folder = self._folder = tempfile.mkdtemp(prefix="mlp-kernel-")
        manager.transport, manager.ip = "ipc", os.path.join(folder, "sockets", "k")
        for name in ("sockets", "submission"):
            os.mkdir(os.path.join(folder, name))
        cwd = kwargs.pop("cwd", None)
        if cwd:
            visible.copy_files(cwd, os.path.join(folder, "submission"), None)
        kwargs = await super().pre_launch(**kwargs)
        kwargs["env"] = provisioner.environment(kwargs["env"], self.variables)
        kwargs["cmd"] = [*self._wrapping(folder, manager.connection_file), *kwargs["cmd"]]
        kwargs["preexec_fn"] = self._limit_process
        manager.client_factory = client.guarded(manager.client_factory)
        return kwargs

    async def launch_kernel(self, cmd, **kwargs):
        assert self._folder is not None  # Made before the launch.
        with filtered() as (words, filter_file):
            cmd = [cmd[0], *words, *cmd[1:]]
            info = await super().launch_kernel(cmd, pass_fds=(filter_file,), **kwargs)
        ports = [info[f"{name}_port"] for name in protocol.CHANNELS]  # type: ignore[literal-required]
        limits = Limits.from_dict(self.limits)
        self._watch = _Watch(self._folder, ports, limits, self._end)
        self._watch.start()
        # The client talks to the gate, the kernel listens behind it.
        return {**info, "ip": os.path.join(self._folder, "c")}

    def _end(self, limit: str) -> None:
        """End the kernel because of a limit; called by the thread that watches."""
        self._limit_hit = self._limit_hit or limit
        process = self.process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def poll(self):
        code = await super().poll()
        if code is not None and self.process is not None:
            killed = code == KILLED and cgroup.oom_kills() > self._oom_kills
            self.ending = Ending(code, self._limit_hit or ("memory" if killed else ""))
        return code

    async def cleanup(self, restart: bool = False):
        await super().cleanup(restart)
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _wrapping(self, folder: str, connection_file: str) -> list[str]:
        """The words to put before the kernel's command."""
        # The kernel would look for its parent, which it cannot see, and give up.
        words = [*sandbox(self.visible, self.hidden), "--unsetenv", "JPY_PARENT_PID"]
        for path in self.devices:
            words += ["--dev-bind", path, path]
        sockets = os.path.join(folder, "sockets")
        if self.data:
            words += ["--ro-bind-try", os.path.abspath(self.data), visible.DATA]
        # The manager writes the file again, with the place where the gate listens.
        own = shutil.copy(connection_file, os.path.join(folder, "connection"))
        words += ["--bind", sockets, sockets, "--ro-bind", own, connection_file]
        submission = os.path.join(folder, "submission")
        return [*words, "--bind", submission, visible.SUBMISSION, "--chdir", visible.SUBMISSION]

    def _limit_process(self) -> None:
        limits = Limits.from_dict(self.limits)
        for name, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, int(limits.cpu_seconds) + 1),
            (resource.RLIMIT_DATA, 2 * limits.memory_bytes),
            (resource.RLIMIT_FSIZE, limits.disk_bytes),
            (resource.RLIMIT_NOFILE, limits.descriptors),
        ):
            resource.setrlimit(name, (value, value))
