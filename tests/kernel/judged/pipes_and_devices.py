"""Pipes, sockets and devices under the names of files that a grader opens."""

import contextlib
import os
import socket
import stat

SCORE = 5
SOLVED = True


def hand_in(folder, notebook):
    for name in ("timestamp.txt", "99_tiny (1).ipynb", "a.zip", "picture.png"):
        os.mkfifo(folder / name)
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(folder):
        server.bind("model.pt")
    # Only root may make these.
    with contextlib.suppress(OSError):
        os.mknod(folder / "zero.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.mknod(folder / "disk", stat.S_IFBLK | 0o666, os.makedev(254, 0))
    notebook.cells[0].source += "\n![](picture.png) ![](disk)"


def got(course, student, result):
    copies = [*course.folder("autograded").glob(f"{student}/**/*")]
    copies += course.folder("feedback").glob(f"{student}/**/*")
    return [str(p) for p in copies if not (p.is_file() or p.is_dir())]
