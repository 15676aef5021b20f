"""What a sealed kernel sees of this machine's files, in both sealed tiers."""

import os
import shutil
import site
import stat
import sys
from pathlib import Path

SUBMISSION = "/submission"
DATA = "/data"

# Shown if they exist: programs, libraries, fonts, time zones; no /home, /var, /srv, /etc.
SYSTEM = """
/usr /lib /lib32 /lib64 /bin /sbin /nix/store
/etc/alternatives /etc/fonts /etc/ld.so.cache /etc/localtime /etc/mime.types
""".split()


def interpreter_paths() -> list[str]:
    """The folders of this interpreter and its packages, and the links that lead to it."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):
        folders.append(site.getusersitepackages())
    # An environment layered over another one (`uv run --with`) finds its packages through sys.path.
    for path in sys.path:
        if os.path.basename(path) in ("site-packages", "dist-packages"):
            if not any(path.startswith(folder + os.sep) for folder in folders):
                folders.append(path)
    shown = dict.fromkeys([os.path.realpath(f) for f in folders] + folders)
    # An environment's interpreter may be a link to a link that lies somewhere else.
    link = sys.executable
    while os.path.islink(link):
        link = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
        if not any(link.startswith(folder + os.sep) for folder in shown):
            shown[link] = None
    return list(shown)


def grader_paths() -> list[str]:
    """What no kernel may see, even inside a folder that is shown: this package."""
    return [str(Path(__file__).resolve().parents[1])]


def copy_files(source: str, target: str, owner: int | None) -> None:
    """Copy folders and ordinary files; links, pipes, sockets and devices are left out.

    Raises
    ------
    OSError
        If the files do not fit.
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
                        give(copy.fileno(), owner)
        names[:] = [n for n in names if not os.path.islink(os.path.join(folder, n))]
        for name in names:
            os.mkdir(os.path.join(inside, name))
            give(os.path.join(inside, name), owner)


def give(path: int | str, owner: int | None) -> None:
    """Make `owner` the owner of a file; with None it stays ours."""
    if owner is not None:
        os.chown(path, owner, owner)
