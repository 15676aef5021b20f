"""What a sealed kernel can see and do.

A small first process makes the namespaces and the file system (`build`), and stays: when it ends,
everything inside ends with it. The kernel, forked elsewhere, enters and gives up its rights
(`enter`).
"""

import math
import os
import resource
import shutil
import site
import socket
import stat
import sys
from pathlib import Path

from autograder.kernel import linux
from autograder.kernel.limits import Limits

SUBMISSION = "/submission"
DATA = "/data"
# The user that students are inside, and outside if the grader is root.
INSIDE_USER = 1000
UNPRIVILEGED_USER = 65534

# Shown if they exist: programs, libraries, fonts, time zones; no /home, /var, /srv, /etc.
SYSTEM = """
/usr /lib /lib32 /lib64 /bin /sbin /nix/store
/etc/alternatives /etc/fonts /etc/ld.so.cache /etc/localtime /etc/mime.types
""".split()
DEVICES = ("null", "zero", "full", "random", "urandom")
ETC = {
    "passwd": f"student:x:{INSIDE_USER}:{INSIDE_USER}::/tmp:/bin/sh\n",
    "group": f"student:x:{INSIDE_USER}:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def interpreter_paths() -> list[str]:
    """The folders of this interpreter and its packages."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):
        folders.append(site.getusersitepackages())
    # An environment layered over another one (`uv run --with`) finds its packages through sys.path.
    for path in sys.path:
        if os.path.basename(path) in ("site-packages", "dist-packages"):
            if not any(path.startswith(folder + os.sep) for folder in folders):
                folders.append(path)
    return list(dict.fromkeys(os.path.realpath(f) for f in folders) | dict.fromkeys(folders))


def grader_paths() -> list[str]:
    """What no kernel may see, even inside a folder that is shown: this package."""
    return [str(Path(__file__).resolve().parents[2])]


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
    linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS)
    # From here on, mounts do not propagate to the outside.
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    os.umask(0o022)
    socket.sethostname("sealed")
    linux.start_loopback()
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
    linux.setns(
        first,
        linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS,
    )
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
    cpu = math.ceil(limits.cpu_seconds)
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_DATA, preloaded + 2 * limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.disk_bytes),
        (resource.RLIMIT_NOFILE, limits.descriptors),
        (resource.RLIMIT_NPROC, limits.processes),
    ):
        _, hard = resource.getrlimit(name)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def copy_files(source: str, target: str, owner: int | None) -> None:
    """Copy folders and ordinary files; links, pipes, sockets and devices are left out.

    Raises
    ------
    OSError
        When the files do not fit.
    """
    for folder, names, files in os.walk(source):
        inside = os.path.normpath(os.path.join(target, os.path.relpath(folder, source)))
        for name in files:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            try:
                fd = os.open(os.path.join(folder, name), flags)
            except OSError:
                continue
            with open(fd, "rb") as original:
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    with open(os.path.join(inside, name), "xb") as copy:
                        shutil.copyfileobj(original, copy)
                        _give(copy.fileno(), owner)
        names[:] = [n for n in names if not os.path.islink(os.path.join(folder, n))]
        for name in names:
            os.mkdir(os.path.join(inside, name))
            _give(os.path.join(inside, name), owner)


def _give(path, owner: int | None) -> None:
    if owner is not None:
        os.chown(path, owner, owner)


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
        _give(f"{scratch}/{name}", owner)
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
