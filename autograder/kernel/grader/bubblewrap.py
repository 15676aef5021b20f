"""Ordinary kernels inside bubblewrap, for hosts where bwrap may make namespaces but this project may not.

The second-best tier: the same files and no network, but starting takes seconds and the limits are
weaker (time and size for each process, none for all of them together, no filter for system calls).
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence

from jupyter_client.provisioning import LocalProvisioner

from autograder.kernel import visible
from autograder.kernel.grader import client, provisioner
from autograder.kernel.limits import KILLED, Ending, Limits
from autograder.kernel.supervisor import cgroup

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


class BubblewrapProvisioner(provisioner.Settings, LocalProvisioner):
    """Starts an ordinary kernel inside bubblewrap; its limits hold for each process separately."""

    ending: Ending | None = None
    _folder: str | None = None

    async def pre_launch(self, **kwargs):
        self.ending = None
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
        kwargs["preexec_fn"] = self._limit
        manager.client_factory = client.guarded(manager.client_factory)
        return kwargs

    async def poll(self):
        code = await super().poll()
        if code is not None and self.process is not None:
            killed = code == KILLED and cgroup.oom_kills() > self._oom_kills
            self.ending = Ending(code, "memory" if killed else "")
        return code

    async def cleanup(self, restart: bool = False):
        await super().cleanup(restart)
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
        words += ["--bind", sockets, sockets, "--ro-bind", connection_file, connection_file]
        submission = os.path.join(folder, "submission")
        return [*words, "--bind", submission, visible.SUBMISSION, "--chdir", visible.SUBMISSION]

    def _limit(self) -> None:
        limits = Limits.from_dict(self.limits)
        for name, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, int(limits.cpu_seconds) + 1),
            (resource.RLIMIT_DATA, 2 * limits.memory_bytes),
            (resource.RLIMIT_FSIZE, limits.disk_bytes),
            (resource.RLIMIT_NOFILE, limits.descriptors),
        ):
            resource.setrlimit(name, (value, value))
