"""Keep the course's files out of an ordinary kernel's sight.

On Linux a kernel started through util-linux' `unshare` gets a mount namespace in which the course
folder, the grader's own code and the scratch folders are empty; then it gives up the right to undo
that. Where the host does not allow it, the kernel is an ordinary one: the judge is still outside its
process, so that cheats fail, but files are exposed.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMESPACE = "ordinary kernel, course files hidden"
EXPOSED = "ordinary kernel, files exposed"

SCRIPT = """\
set -eu
hidden=$1 visible=$2
shift 2
holding=$(mktemp -d)
mount -t tmpfs -o size=1m,mode=755 tmpfs "$holding"
count=0
printf '%s\\n' "$visible" | { while IFS= read -r path; do
    [ -n "$path" ] || continue
    count=$((count + 1))
    mkdir "$holding/$count"
    mount --rbind "$path" "$holding/$count"
done; }
printf '%s\\n' "$hidden" | { while IFS= read -r path; do
    [ -n "$path" ] || continue
    mount -t tmpfs -o size=1m,mode=755 tmpfs "$path"
done; }
printf '%s\\n' "$visible" | { while IFS= read -r path; do
    [ -n "$path" ] || continue
    count=$((count + 1))
    mkdir -p "$path"
    mount --rbind "$holding/$count" "$path"
done; }
umount -R "$holding"
rmdir "$holding"
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def command(hidden: list[Path], visible: list[Path]) -> list[str]:
    """The words to put before a kernel's command so that `hidden` folders are empty in it.

    `visible` paths inside hidden ones stay. Empty where this host cannot do it: see `available`.
    """
    if not available():
        return []
    # Mount the outer folders first; a hidden folder inside another is hidden already.
    outer = [p for p in hidden if p.is_dir() and not any(q in p.parents for q in hidden)]
    shown = [p for p in visible if any(q in p.parents for q in outer)]
    return [
        *_unshare(), "sh", "-c", SCRIPT, "hide",
        "\n".join(map(str, dict.fromkeys(outer))), "\n".join(map(str, dict.fromkeys(shown))),
    ]  # fmt: skip


@functools.cache
def available() -> bool:
    """Whether this host lets a process hide folders from itself; tried once in a throw-away one."""
    if sys.platform != "linux" or not all(map(shutil.which, ("unshare", "setpriv", "mount"))):
        return False
    trial = [*_unshare(), "sh", "-c", "mount -t tmpfs tmpfs /mnt && setpriv --no-new-privs true"]
    done = subprocess.run(trial, capture_output=True, timeout=20, check=False)
    return done.returncode == 0


def _unshare() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root, "--"]
