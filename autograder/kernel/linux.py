"""The Linux calls that Python 3.11 does not offer, through the C library.

They affect the calling thread or process only; every failure is an `OSError` that names the call.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4

CAP_SYS_ADMIN = 21

_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
# Since Linux 5.12; like all newer calls, it has the same number on every machine.
_SYS_MOUNT_SETATTR = 442

# The running program itself; all functions below are part of it.
_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments) -> int:
    converted = [
        os.fsencode(a) if isinstance(a, str) else ctypes.c_long(a) if isinstance(a, int) else a
        for a in arguments
    ]
    result = getattr(_libc, name)(*converted)
    if result < 0:
        code = ctypes.get_errno()
        shown = ", ".join(repr(a) for a in arguments if isinstance(a, str))
        raise OSError(code, f"{name}({shown}): {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    """Move this process (for CLONE_NEWPID: its later children) into new namespaces."""
    _call("unshare", flags)


def setns(fd: int, flags: int) -> None:
    """Join namespaces of another process, given its pidfd or a namespace file."""
    _call("setns", fd, flags)


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    _call("mount", source, target, kind, flags, options or None)


def bind(source: str, target: str, *, devices: bool = False) -> None:
    """Show `source` and everything mounted below it at `target`, read-only."""
    _call("mount", source, target, None, MS_BIND | MS_REC, None)
    attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (0 if devices else MOUNT_ATTR_NODEV)
    set_mount_attributes(target, attributes, _AT_RECURSIVE)


def set_mount_attributes(target: str, attributes: int, flags: int = 0) -> None:
    """Add attributes to the mount at `target`; needs Linux 5.12."""
    wanted = struct.pack("QQQQ", attributes, 0, 0, 0)
    _call("syscall", _SYS_MOUNT_SETATTR, _AT_FDCWD, target, flags, wanted, len(wanted))


def detach(target: str) -> None:
    """Unmount `target`."""
    _call("umount2", target, _MNT_DETACH)


def change_root(new_root: str) -> None:
    """Make the mount `new_root` the root of this mount namespace and forget the old one."""
    os.chdir(new_root)
    # The old root ends up on top of the new one and is unmounted: it needs no folder of its own.
    _call("pivot_root", ".", ".")
    _call("umount2", ".", _MNT_DETACH)
    os.chdir("/")


def start_loopback() -> None:
    """Switch on the only network device of a new network namespace."""
    request = struct.pack("16sh14x", b"lo", _IFF_UP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def bound_tcp_buffers(size: int) -> None:
    """Keep a TCP connection of this network namespace from buffering more bytes, each way."""
    for name in ("tcp_rmem", "tcp_wmem"):
        # A container may show these settings, and let nobody change them.
        with contextlib.suppress(OSError), open(f"/proc/sys/net/ipv4/{name}", "w") as file:
            file.write(f"4096 {min(size, 65536)} {size}")


def die_with_parent() -> None:
    """Have this process killed when its parent ends. A change of user undoes it."""
    _call("prctl", _PR_SET_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ended."""
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_inspectable(yes: bool) -> None:
    """Whether processes of the same user may read this one's memory, files and environment."""
    _call("prctl", _PR_SET_DUMPABLE, int(yes), 0, 0, 0)


def drop_capabilities() -> None:
    """Permanently give up every capability, for this process and all that it starts."""
    for capability in range(64):
        # Fails for numbers this kernel does not know, and without the right to drop.
        _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    _call("capset", header, bytes(24))
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def has_capability(number: int) -> bool:
    """Whether this process may use the capability now."""
    with open("/proc/self/status", encoding="ascii") as file:
        effective = next(line for line in file if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> number & 1)


def enter_user_namespace(inside: int) -> None:
    """Become user and group `inside`, with all capabilities, in a new user namespace."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    # A change of user made /proc/self unwritable.
    set_inspectable(True)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside} {uid} 1"),
        ("gid_map", f"{inside} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
