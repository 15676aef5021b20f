"""A control group per kernel if this host delegates one to us; otherwise memory is only sampled."""

import os
from pathlib import Path

from autograder.kernel.limits import Limits

NEEDED = {"memory", "pids"}


class Group:
    """A control group (version 2) that holds one kernel."""

    def __init__(self, folder: Path):
        self._folder = folder

    @classmethod
    def create(cls, name: str, limits: Limits) -> "Group | None":
        """A new group with the limits, or None if this process may not make one."""
        for parent in _parents():
            folder = parent / name
            try:
                enabled = (parent / "cgroup.subtree_control").read_text().split()
                if not set(enabled) >= NEEDED:
                    continue
                folder.mkdir()
            except OSError:
                continue
            group = cls(folder)
            try:
                # Files in the working folder and /tmp take up memory, too.
                group._write("memory.max", limits.memory_bytes + limits.disk_bytes)
                group._write("memory.oom.group", 1)
                group._write("pids.max", limits.processes)
                return group
            except OSError:
                group.remove()
        return None

    def add(self, pid: int) -> bool:
        """Move a process into the group; False if that is not allowed."""
        try:
            self._write("cgroup.procs", pid)
        except OSError:
            return False
        return True

    @property
    def out_of_memory(self) -> bool:
        """Whether something was killed for lack of memory."""
        try:
            lines = (self._folder / "memory.events").read_text().splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and not line.endswith(" 0") for line in lines)

    @staticmethod
    def is_gone(name: str) -> bool:
        """Remove what a killed supervisor has left of a group; False while processes are in it."""
        left = [parent / name for parent in _parents() if (parent / name).is_dir()]
        for folder in left:
            Group(folder).remove()
        return not any(folder.is_dir() for folder in left)

    def remove(self) -> None:
        """Remove the group, whose processes are all gone."""
        try:
            self._folder.rmdir()
        except OSError:
            pass

    def _write(self, name: str, value: int) -> None:
        (self._folder / name).write_text(str(value), encoding="ascii")


def oom_kills() -> int:
    """How many processes this machine has killed for lack of memory since it started; 0 if unknown.

    A higher number explains a process killed by signal 9, which the process itself can send, too.
    """
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _parents() -> list[Path]:
    """The folders where a group could be made: beside this process's own group, or in it."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return []
    roots = [mount[1] for mount in mounts if mount[2] == "cgroup2"]
    own = [line[3:] for line in lines if line.startswith("0::")]
    if not roots or not own:
        return []
    group = Path(roots[0]) / own[0].lstrip("/")
    return [
        p for p in (group.parent, group) if p.is_relative_to(roots[0]) and os.access(p, os.W_OK)
    ]
