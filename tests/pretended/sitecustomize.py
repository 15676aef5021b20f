"""Lets the engine find what it would find on Windows or macOS (`PRETENDED_SYSTEM`: win32, darwin).

With this folder in PYTHONPATH, every Python process imports this module first. The modules of the
engine then see other modules `os`, `sys`, `signal`, `socket`, and none that the system lacks. The
standard library and all packages see the real ones: how they behave on another system is theirs to
test, and asyncio, for one, could not be imported without `fcntl` here.

What Windows refuses to do with a file is refused to all of them, as it goes through `os`: to remove
or rename a file or folder that is in use, to rename over another file, to make a symbolic link.
"""

import builtins
import errno
import importlib
import os
import re
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
import types
import warnings
from importlib.machinery import SourceFileLoader
from pathlib import Path

ENGINE = "autograder"
SYSTEM = os.environ["PRETENDED_SYSTEM"]
WINDOWS = SYSTEM == "win32"

# Patterns of names, as these modules have them on Linux and not on the other system.
LACKING = {
    "win32": {
        "os": """
            fork\\w* register_at_fork posix_\\w+ POSIX_\\w+ spawn[lv]pe? wait wait3 wait4 waitid W[A-Z]\\w+
            P_\\w+ get[er]?\\w*[ug]ids? set[er]?\\w*[ug]ids? getgroups setgroups initgroups getgrouplist
            getpg\\w+ setpg\\w+ [gs]etsid killpg nice [gs]etpriority PRIO_\\w+ ctermid ttyname openpty
            login_tty tc[gs]etpgrp uname\\w* sysconf\\w* confstr\\w* f?pathconf\\w* getloadavg mkfifo
            mknod major minor makedev [lf]?chown lchmod fchmod fchdir chroot sync fdatasync f?statvfs\\w*
            ST_\\w+ lockf F_\\w+ pread\\w* pwrite\\w* readv writev RWF_\\w+ sendfile splice SPLICE_\\w+
            copy_file_range pipe2 memfd_create MFD_\\w+ eventfd\\w* EFD_\\w+ timerfd\\w* pidfd_open setns
            unshare CLONE_\\w+ sched_\\w+ SCHED_\\w+ \\w+xattr XATTR_\\w+ getrandom GRND_\\w+ RTLD_\\w+
            environb getenvb NGROUPS_MAX SEEK_DATA SEEK_HOLE
            O_(ACCMODE|ASYNC|CLOEXEC|DIRECT|DIRECTORY|DSYNC|EVTONLY|FSYNC|LARGEFILE|NDELAY|NOATIME)
            O_(NOCTTY|NOFOLLOW|NONBLOCK|PATH|RSYNC|SYNC|TMPFILE)
            EX_(?!OK)\\w+
            """,
        "signal": """
            SIG(?!INT|TERM|ABRT|FPE|ILL|SEGV|BREAK|_DFL|_IGN|nals)[A-Z]\\w+ SIG_(BLOCK|UNBLOCK|SETMASK)
            pthread_\\w+ sig(wait|timedwait|pending|interrupt)\\w* pause alarm [gs]etitimer ITIMER_\\w+
            pidfd_send_signal
            """,
        "socket": "AF_(UNIX|NETLINK|PACKET|VSOCK|ALG) send_fds recv_fds CMSG_\\w+ SCM_\\w+ sethostname",
    },
    "darwin": {
        "os": """
            pidfd_open setns unshare CLONE_\\w+ memfd_create MFD_\\w+ eventfd\\w* EFD_\\w+ timerfd\\w*
            sched_(?!get_priority|yield)\\w+ SCHED_(BATCH|IDLE|RESET\\w+) posix_fad\\w+ posix_fallocate
            POSIX_FADV\\w+ O_(DIRECT|LARGEFILE|NOATIME|PATH|RSYNC|TMPFILE) pipe2 splice SPLICE_\\w+
            copy_file_range \\w+xattr XATTR_\\w+ getrandom GRND_\\w+ [gs]etres[ug]id RWF_\\w+ fdatasync
            """,
        "signal": "SIG(PWR|STKFLT|POLL|CLD|RT\\w+) sigtimedwait sigwaitinfo pidfd_send_signal",
        # macOS has the number of SOCK_SEQPACKET, and makes no such unix socket.
        "socket": "AF_(NETLINK|PACKET|VSOCK|ALG) SOCK_SEQPACKET SCM_CREDENTIALS",
        "resource": "prlimit RLIMIT_(MSGQUEUE|NICE|RTPRIO|RTTIME|SIGPENDING|OFILE)",
    },
}[SYSTEM]
NO_MODULES = {
    "win32": "fcntl resource pwd grp spwd termios tty pty posix syslog readline pyseccomp".split(),
    "darwin": ["spwd", "pyseccomp"],
}[SYSTEM]


class View(types.ModuleType):
    """A module as another system has it.

    Parameters
    ----------
    module
        The real one, which is read and changed through this one.
    other
        What is not as in the real one.
    """

    def __init__(self, module: types.ModuleType, **other):
        super().__init__(module.__name__, module.__doc__)
        vars(self).update(other, _module=module)

    def __getattr__(self, name: str):
        for pattern in LACKING.get(self.__name__, "").split():
            if re.fullmatch(pattern, name):
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} here")
        return getattr(self._module, name)

    def __setattr__(self, name: str, value) -> None:
        setattr(self._module, name, value)


def locking(fd: int, mode: int, size: int) -> None:
    """`msvcrt.locking`: 10 tries in 10 seconds, or one."""
    import fcntl

    for left in range(9 if mode == 1 else 0, -1, -1):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not left:
                code = errno.EDEADLK if mode == 1 else errno.EACCES
                raise OSError(code, "the file is locked") from None
            time.sleep(1)


def cannot_limit(name: int, values: tuple[int, int]) -> None:
    """`resource.setrlimit` on macOS, for memory."""
    raise ValueError("current limit exceeds maximum limit")


VIEWS = {"sys": View(sys, platform=SYSTEM), "signal": View(signal), "socket": View(socket)}
if WINDOWS:
    VIEWS["os"] = View(os, name="nt", linesep="\r\n", O_BINARY=0, O_TEXT=0, O_NOINHERIT=0)
    VIEWS["msvcrt"] = types.SimpleNamespace(locking=locking, LK_LOCK=1, LK_NBLCK=2, LK_UNLCK=0)
else:
    import resource

    VIEWS["os"] = View(os)
    VIEWS["resource"] = View(resource, setrlimit=cannot_limit)


def import_here(name, globals=None, locals=None, fromlist=(), level=0):
    """`__import__`, for modules of the engine."""
    if level == 0 and name.partition(".")[0] in NO_MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} on {SYSTEM}", name=name)
    if level == 0 and name in VIEWS:
        return VIEWS[name]
    return importlib.__import__(name, globals, locals, fromlist, level)


def exec_module(self, module) -> None:
    """What runs a module's source, with our `__import__` for the engine's."""
    if module.__name__.partition(".")[0] == ENGINE:
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_here}
    run_module(self, module)


run_module, SourceFileLoader.exec_module = SourceFileLoader.exec_module, exec_module
# Text is UTF-8 where that is said; else it is what the system takes, which is another on Windows.
warnings.filterwarnings("ignore", category=EncodingWarning)
warnings.filterwarnings("error", category=EncodingWarning, module=ENGINE)


def _refuse(kind: type[OSError], reason: str, *paths) -> None:
    raise kind(13, reason, *map(os.fspath, paths))


def _expect_unused(path, dir_fd: int | None = None) -> None:
    """Raise where Windows would, if a file is open here or a folder is where a process works."""
    if dir_fd is not None:
        path = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), path)
    try:
        info = os.lstat(path)
    except OSError:
        return
    folder, name = os.path.split(os.path.abspath(path))
    place = os.path.join(os.path.realpath(folder), name)
    if stat.S_ISREG(info.st_mode) and not info.st_mode & stat.S_IWUSR:
        _refuse(PermissionError, "the file is read-only", path)
    for link in [*Path("/proc/self/fd").iterdir(), *Path("/proc").glob("[0-9]*/cwd")]:
        try:
            used = os.readlink(link)
            if link.name != "cwd" and not stat.S_ISREG(os.stat(link).st_mode):
                continue
        except OSError:
            continue
        if used == place or used.startswith(place + "/"):
            _refuse(PermissionError, f"{used} is in use by another process", path)


def _guarded(function, *, moves: bool = False, replaces: bool = True):
    """`os.remove`, `os.rename` and so on, as Windows allows them."""

    def guarded(path, *arguments, **options):
        if isinstance(path, (str, bytes, os.PathLike)):
            _expect_unused(os.fsdecode(path), options.get("dir_fd"))
        if moves:
            if not replaces and os.path.lexists(arguments[0]):
                _refuse(FileExistsError, "there is a file of this name", path, arguments[0])
            _expect_unused(os.fsdecode(arguments[0]))
        return function(path, *arguments, **options)

    return guarded


def _no_link(source, target, *arguments, **options) -> None:
    _refuse(OSError, "a required privilege is not held by the client", source, target)


if WINDOWS:
    for name in ("unlink", "remove", "rmdir"):
        setattr(os, name, _guarded(getattr(os, name)))
    os.rename = _guarded(os.rename, moves=True, replaces=False)
    os.replace = _guarded(os.replace, moves=True)
    os.symlink = _no_link
    # Folders are not held open there while they are removed.
    shutil._use_fd_functions = False
    # Elsewhere its file is removed while it is open.
    tempfile.TemporaryFile = tempfile.NamedTemporaryFile
