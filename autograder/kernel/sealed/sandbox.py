"""What a sealed kernel can see and do.

A small first process makes the namespaces and the file system (`build`), and stays: when it ends,
everything inside ends with it. The kernel, forked elsewhere, enters and gives up its rights
(`enter`).
"""

import math
import os
import resource
import socket
from pathlib import Path

from autograder.kernel import linux
from autograder.kernel.limits import SOCKET_BYTES, Limits
from autograder.kernel.visible import DATA, SUBMISSION, SYSTEM, copy_files, give

# The user that students are inside, and outside if the grader is root.
INSIDE_USER = 1000
UNPRIVILEGED_USER = 65534

# The namespaces of a kernel that `build` makes and `enter` joins.
NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
DEVICES = ("null", "zero", "full", "random", "urandom")
ETC = {
    "passwd": f"student:x:{INSIDE_USER}:{INSIDE_USER}::/tmp:/bin/sh\n",
    "group": f"student:x:{INSIDE_USER}:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def build(launch, root: str, owner: int | None) -> int:
    """Make the namespaces and the file system of one kernel around this process.

    Parameters
    ----------
    launch
        A `protocol.Launch`.
    root
        An empty folder, where the new file system is assembled.
    owner
        The user the kernel will be, if different from this process's.

    Returns
    -------
    int
        A descriptor of the new /proc, which shows the processes inside.
    """
    linux.unshare(NAMESPACES)
    # From here on, mounts do not propagate to the outside.
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    os.umask(0o022)
    socket.sethostname("sealed")
    linux.start_loopback()
    linux.bound_tcp_buffers(SOCKET_BYTES // 2)
    _mount_memory(root, "size=1m,mode=755")
    _make_scratch(root, launch, owner)
    _show_all(root, launch)
    _make_etc_and_dev(root, launch.devices)
    os.makedirs(root + "/proc")
    # Only the part of /proc about processes: nothing about the machine, no settings.
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("proc", root + "/proc", "proc", flags, "subset=pid")
    linux.change_root(root)
    linux.set_mount_attributes("/", linux.MOUNT_ATTR_RDONLY)
    os.chdir(SUBMISSION)
    return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)


def enter(first: int, limits: Limits, user: int | None) -> None:
    """Enter the sandbox whose first process is the pidfd `first`, and give up all rights."""
    linux.setns(first, NAMESPACES)
    os.chdir(SUBMISSION)
    os.setsid()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    # A namespace of its own, so that processes are counted per kernel and not per user.
    linux.enter_user_namespace(INSIDE_USER)
    _set_resource_limits(limits)
    linux.drop_capabilities()
    linux.set_inspectable(True)


def _set_resource_limits(limits: Limits) -> None:
    # Memory is watched from outside. This only makes a single huge request fail.
    with open("/proc/self/statm", encoding="ascii") as file:
        preloaded = int(file.read().split()[5]) * resource.getpagesize()
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, math.ceil(limits.cpu_seconds)),
        (resource.RLIMIT_DATA, preloaded + 2 * limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.disk_bytes),
        (resource.RLIMIT_NOFILE, limits.descriptors),
        (resource.RLIMIT_NPROC, limits.processes),
    ):
        _, hard = resource.getrlimit(name)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def _mount_memory(target: str, options: str) -> None:
    linux.mount("tmpfs", target, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, options)


def _make_scratch(root: str, launch, owner: int | None) -> None:
    """One file system in memory for everything that can be written, so that its size is a limit."""
    scratch = root + "/scratch"
    os.mkdir(scratch)
    limits = launch.limits
    _mount_memory(scratch, f"size={limits.disk_bytes},nr_inodes={limits.files},mode=755")
    for name, target in (("submission", SUBMISSION), ("tmp", "/tmp"), ("shm", "/dev/shm")):
        os.mkdir(f"{scratch}/{name}")
        give(f"{scratch}/{name}", owner)
        os.makedirs(root + target)
        linux.mount(f"{scratch}/{name}", root + target, None, linux.MS_BIND)
    linux.detach(scratch)
    os.rmdir(scratch)
    if launch.folder:
        copy_files(launch.folder, root + SUBMISSION, owner)


def _show_all(root: str, launch) -> None:
    shown = {p for p in (*SYSTEM, *launch.visible) if os.path.lexists(p)}
    blanks = []
    # Outer folders before inner ones, so that neither covers the other.
    for path in sorted(shown | set(launch.hidden), key=lambda p: p.count("/")):
        if path in shown:
            _show(root, path)
        elif os.path.isdir(root + path):
            _mount_memory(root + path, "size=64k,mode=755")
            blanks.append(root + path)
    if launch.data and os.path.isdir(launch.data):
        os.mkdir(root + DATA)
        linux.bind(launch.data, root + DATA)
    for path in blanks:
        linux.set_mount_attributes(path, linux.MOUNT_ATTR_RDONLY)


def _show(root: str, path: str) -> None:
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        if not os.path.lexists(target):
            os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        open(target, "x").close()
    linux.bind(path, target)


def _make_etc_and_dev(root: str, devices: list[str]) -> None:
    for name, text in ETC.items():
        Path(root, "etc", name).write_text(text, encoding="ascii")
    for path in [*(f"/dev/{name}" for name in DEVICES), *devices]:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        open(root + path, "x").close()
        linux.bind(path, root + path, devices=True)
    for name, link in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{link}", f"{root}/dev/{name}")
    # Terminals of its own: IPython's `!command` runs in one.
    os.mkdir(root + "/dev/pts")
    flags = linux.MS_NOSUID | linux.MS_NOEXEC
    linux.mount("devpts", root + "/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,max=64")
    os.symlink("pts/ptmx", root + "/dev/ptmx")
