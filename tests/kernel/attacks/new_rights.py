"""Regain rights: users, namespaces, mounts, set-user-id programs, limits."""

import ctypes
import os
import resource
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
for name, flag in {
    "user": 0x10000000,
    "mount": 0x20000,
    "pid": 0x20000000,
    "net": 0x40000000,
}.items():
    if libc.unshare(flag) == 0:
        got.append(f"new {name} namespace")
for call in (os.setuid, os.setgid, os.seteuid):
    try:
        call(0)
        got.append(call.__name__)
    except OSError:
        pass
if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0:
    got.append("mounted")
if libc.chroot(b"/tmp") == 0:
    got.append("chroot")
if libc.sethostname(b"evil", 4) == 0:
    got.append("sethostname")
for name in (
    resource.RLIMIT_NPROC,
    resource.RLIMIT_NOFILE,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_DATA,
):
    try:
        resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        got.append(("limit", name))
    except (OSError, ValueError):
        pass
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
got += [n for n in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb") if int(status[n], 16)]
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2":
    got.append("no seccomp")
for program in (
    ["su", "-c", "id -u"],
    ["mount", "-t", "tmpfs", "x", "/tmp"],
    ["unshare", "-Ur", "id", "-u"],
):
    try:
        done = subprocess.run(program, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
        if done.returncode == 0:
            got.append(program)
    except OSError:
        pass
