"""The tests of this folder again as an ordinary user, where root runs them.

The class of attackers has one worker, unless ATTACKS_WORKERS says more.
"""

import os
import shlex
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USER = "4321"


def closed(path: str) -> Path | None:
    """The outermost folder on the way to `path` that only its owner may pass."""
    ways = [*reversed(Path(path).parents), Path(path)]
    return next((p for p in ways if not p.stat().st_mode & stat.S_IXOTH), None)


def opened(paths: list[str]) -> list[str]:
    """Shell lines that make `paths` reachable for all in this mount namespace, and nothing else."""
    lines, places = ["mount --make-rprivate /"], {closed(path) for path in paths} - {None}
    for number, place in enumerate(sorted(places)):
        new = f"$SCRATCH/{number}"
        lines += [f"mkdir {new}", f"mount -t tmpfs -o mode=755 tmpfs {new}"]
        for path in sorted(p for p in paths if closed(p) == place):
            inside = f"{new}/{shlex.quote(str(Path(path).relative_to(place)))}"
            lines += [f"mkdir -p {inside}", f"mount --rbind {shlex.quote(path)} {inside}"]
        lines.append(f"mount --rbind {new} {shlex.quote(str(place))}")
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("which", [
    ["-m", "", "--ignore=tests/kernel/test_judged.py", f"--ignore={__file__}", "tests/kernel"],
    ["-n", "0", "-m", "slow", "tests/kernel/test_judged.py"],
], ids=["kernels", "judged"])  # fmt: skip
def test_the_attack_corpus_passes_as_an_ordinary_user(sealed, which):
    if os.geteuid() != 0:
        pytest.skip("this is an ordinary user already")
    if not (shutil.which("setpriv") and shutil.which("unshare")):
        pytest.skip("setpriv and unshare (package util-linux) are not installed")
    # Not in pytest's folder: every session that begins closes that to others, for all that run.
    with tempfile.TemporaryDirectory(prefix="user-") as scratch:
        done = as_user(Path(scratch), which)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "no sealed kernels here" not in done.stdout


def as_user(scratch: Path, which: list[str]) -> subprocess.CompletedProcess:
    """Run pytest with these arguments as an ordinary user, with its files in `scratch`."""
    scratch.chmod(0o755)
    home = scratch / "home"
    home.mkdir()
    home.chmod(0o777)
    paths = dict.fromkeys([sys.base_prefix, sys.prefix, str(ROOT), *site.getsitepackages()])
    tests = [sys.executable, "-m", "pytest", *which, "-p", "no:cacheprovider", "-rs",
             f"--basetemp={home}/pytest"]  # fmt: skip
    script = "\n".join(
        [
            "set -e",
            f"SCRATCH={shlex.quote(str(scratch))}",
            *opened(list(paths)),
            f"cd {shlex.quote(str(ROOT))}",
            f"exec setpriv --reuid={USER} --regid={USER} --clear-groups --bounding-set=-all "
            f"--inh-caps=-all {shlex.join(tests)}",
        ]
    )
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "USER": "student",
        "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
        "ATTACKS_WORKERS": os.environ.get("ATTACKS_WORKERS", "1"),
    }  # fmt: skip
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", script],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
