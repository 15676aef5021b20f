"""How well students' code can be sealed off on this host, found out by trying."""

import functools
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

from autograder.kernel.grader import bubblewrap, kernelspec, launcher
from autograder.kernel.protocol import command


class Tier(StrEnum):
    """Kinds of isolation, best first. Every outcome names the one it was produced under."""

    NAMESPACES = "sealed in namespaces"
    BUBBLEWRAP = "sealed by bubblewrap"
    PLAIN = "not sealed: files and network exposed"

    @property
    def kernel_name(self) -> str:
        """The Jupyter kernel that runs students' code in this tier."""
        return _KERNELS[self]

    @property
    def sealed(self) -> bool:
        """Whether students' code sees no file and no network of the grader's."""
        return self is not Tier.PLAIN


_KERNELS = {
    Tier.NAMESPACES: "mlp-sealed",
    Tier.BUBBLEWRAP: "mlp-bubblewrap",
    Tier.PLAIN: "python3",
}


@dataclass(frozen=True)
class Offer:
    """The best tier of this host, and for each better one why it is not available."""

    tier: Tier
    missing: dict[Tier, str]

    @property
    def reasons(self) -> str:
        """Why no better tier can be had, in one line."""
        return "; ".join(f"not {tier}: {why}" for tier, why in self.missing.items())


@functools.cache
def probe() -> Offer:
    """Try the tiers in throw-away processes, best first, and make their kernels known."""
    if sys.platform != "linux":
        reason = f"this needs Linux, and this is {sys.platform}"
        return Offer(Tier.PLAIN, {tier: reason for tier in Tier if tier.sealed})
    kernelspec.install()
    missing: dict[Tier, str] = {}
    for tier, try_it in ((Tier.NAMESPACES, _try_namespaces), (Tier.BUBBLEWRAP, _try_bubblewrap)):
        reason = try_it()
        if not reason:
            return Offer(tier, missing)
        missing[tier] = reason
    return Offer(Tier.PLAIN, missing)


def of_kernel(name: str) -> Tier:
    """The tier of the kernel with this name; the best one of this host if the name is empty."""
    if not name:
        return probe().tier
    return next((tier for tier in Tier if tier.kernel_name == name), Tier.PLAIN)


def _try_namespaces() -> str:
    return _run(command("node.trial"))


def _try_bubblewrap() -> str:
    if shutil.which("bwrap") is None:
        return "the program bwrap is not installed (package bubblewrap)"
    try:
        with bubblewrap.filtered() as (words, filter_file):
            bwrap, *others = bubblewrap.sandbox()
            return _run([bwrap, *words, *others, sys.executable, "-c", ""], filter_file)
    except (ImportError, RuntimeError) as error:
        return f"the filter for system calls needs pyseccomp and libseccomp: {error}"


def _run(command: list[str], *inherited: int) -> str:
    """Why the command failed; empty if it did not."""
    try:
        done = subprocess.run(
            command, env=launcher.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=60, check=False,
            pass_fds=inherited,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode}"
