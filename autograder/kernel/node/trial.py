"""Build one sandbox in a throw-away process, exactly as for a kernel, and report what prevents it."""

import os
import socket
import sys
import tempfile

from autograder.kernel import linux, protocol, visible
from autograder.kernel.limits import Limits
from autograder.kernel.sealed import sandbox, seccomp

# Settings that can forbid it, and the forbidding value: what to tell an administrator.
SETTINGS = {
    "kernel/apparmor_restrict_unprivileged_userns": "1",
    "kernel/unprivileged_userns_clone": "0",
    "user/max_user_namespaces": "0",
}


def main() -> None:
    """Exit with status 0 if a kernel could be sealed here; otherwise print the reason in one line."""
    try:
        reason = _try()
    except (OSError, RuntimeError, ImportError) as error:
        reason = f"{error}{_hint()}"
    if reason:
        print(reason)
        sys.exit(1)


def _try() -> str:
    machine = os.uname().machine
    if machine not in seccomp.MACHINES:
        known = " and ".join(seccomp.MACHINES)
        return f"sealed kernels have only been tried on {known}, and this machine is {machine}"
    try:
        rules = seccomp.build()
    except (ImportError, RuntimeError) as error:
        return f"the filter for system calls needs pyseccomp and libseccomp: {error}"
    user: int | None = sandbox.UNPRIVILEGED_USER
    if not linux.has_capability(linux.CAP_SYS_ADMIN):
        linux.enter_user_namespace(0)
        user = None
    linux.unshare(linux.CLONE_NEWPID)
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="mlp-kernel-") as root:
        child = os.fork()
        if child == 0:
            theirs.send(_seal(root, user, rules).encode() or b"ok")
            os._exit(0)
        theirs.close()
        reason = ours.recv(4096).decode()
        os.waitpid(child, 0)
    return "" if reason == "ok" else (reason or "the trial ended without an answer") + _hint()


def _seal(root: str, user: int | None, rules) -> str:
    try:
        launch = protocol.Launch(
            "", Limits(), {}, visible=visible.interpreter_paths(), hidden=visible.grader_paths()
        )
        sandbox.build(launch, root, user)
        first = os.pidfd_open(os.getpid())
        sandbox.enter(first, launch.limits, user)
        rules.load()
        # This user must be able to reach the interpreter itself.
        os.stat(sys.executable)
    except OSError as error:
        return str(error)
    return ""


def _hint() -> str:
    for name, forbidden in SETTINGS.items():
        try:
            with open(f"/proc/sys/{name}", encoding="ascii") as file:
                value = file.read().strip()
        except OSError:
            continue
        if value == forbidden:
            return f" (sysctl {name.replace('/', '.')} is {value})"
    if os.path.exists("/.dockerenv"):
        return " (containers need --privileged, or --security-opt seccomp=unconfined,systempaths=unconfined)"
    return ""
