"""Find and read what a student handed in, whatever that is."""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.checking.wire import is_shallow, json_value
from autograder.files import printable
from autograder.submission import tidy as tidying
from autograder.submission.refused import (
    LINKED,
    MAX_NOTEBOOK_BYTES,
    MAX_OTHER_BYTES,
    Unreadable,
    left_out,
)
from autograder.submission.repair import Expected, grade_ids
from autograder.submission.tidy import tidy

# A larger notebook, or one with more lists and dicts, is first read by another process.
SMALL_BYTES = 8 << 20
MAX_CONTAINERS = 200_000
MAX_DEPTH = 50
READ_SECONDS = 120


@dataclass
class Submission:
    """A readable submission: its notebook and remarks about what was found beside it."""

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)


def read_submission(folder: Path, assignment: str, expected: list[Expected], copy: Path):
    """Read the notebook in `folder` and copy the other files to `copy`.

    Symbolic links and special files are never followed or copied.

    Raises
    ------
    Unreadable
        If there is no readable notebook of this assignment.
    """
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise Unreadable(LINKED)
        notes = _copy_files(folder, copy)
        path, note = _choose(folder, assignment)
        notebook = _read(path)
    except OSError as error:
        raise Unreadable(f"a file could not be read: {error.strerror or error}") from None
    found = grade_ids(notebook)
    wanted = {item.grade_id for item in expected}
    if not found & wanted:
        raise Unreadable(
            f"expected the exercises of {assignment}, found none of them"
            + (f" but cells such as {sorted(found)[0][:60]!r}: " if found else ": ")
            + "was another notebook handed in?"
        )
    return Submission(notebook, ([note] if note else []) + notes)


def _choose(folder: Path, assignment: str) -> tuple[Path, str]:
    """The notebook that counts, and a remark when that was not obvious."""
    notebooks = sorted(
        p for p in folder.iterdir() if p.suffix == ".ipynb" and not p.name.startswith(".")
    )
    right = folder / f"{assignment}.ipynb"
    others = ", ".join(printable(p.name) for p in notebooks if p != right)
    if right in notebooks:
        path, note = right, f"{right.name} counts; also handed in: {others}" if others else ""
    elif len(notebooks) == 1:
        path, note = notebooks[0], f"{others} was graded as {right.name}"
    elif notebooks:
        raise Unreadable(f"expected one {right.name}, found {others}: keep the one that counts")
    else:
        raise Unreadable(f"expected {right.name}, found no notebook")
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise Unreadable(f"{printable(path.name)} is a symbolic link: expected the file itself")
    if not stat.S_ISREG(mode):
        raise Unreadable(f"{printable(path.name)} is not an ordinary file")
    return path, note


def _read(path: Path) -> NotebookNode:
    name = printable(path.name)
    size = path.stat().st_size
    if size == 0:
        raise Unreadable(f"{name} is empty")
    if size > MAX_NOTEBOOK_BYTES:
        raise Unreadable(f"{name} has {size >> 20} MB, expected at most {MAX_NOTEBOOK_BYTES >> 20}")
    data = path.read_bytes() if size <= SMALL_BYTES else b""
    if not data or _containers(data) > MAX_CONTAINERS:
        data = _shrunk(path)
    try:
        raw = json_value(data)
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is not a notebook (not JSON: {str(error)[:100]})") from None
    if not isinstance(raw, dict):
        raise Unreadable(f"{name} is not a notebook (a JSON {type(raw).__name__})")
    tidy(raw)
    if not is_shallow([raw], MAX_DEPTH, MAX_CONTAINERS):
        raise Unreadable(f"{name} is not a notebook (lists and dicts nested too deeply)")
    try:
        notebook = nbformat.reads(json.dumps(raw), as_version=4)
        if not isinstance(notebook.cells, list):
            raise TypeError("cells is not a list")
    except Exception as error:
        raise Unreadable(
            f"{name} is not a notebook of format 3 or 4 ({type(error).__name__}: {str(error)[:100]})"
        ) from None
    return notebook


def _containers(data: bytes) -> int:
    """An upper bound for the lists and dicts in some JSON, which are what costs memory."""
    return data.count(b"[") + data.count(b"{")


def _shrunk(path: Path) -> bytes:
    """The notebook without its outputs, read by another process, which spares this one's memory."""
    name = printable(path.name)
    command = [sys.executable, "-I", "-S", tidying.__file__, str(path.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=READ_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"{name} takes more than {READ_SECONDS} s to be read") from None
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace")
        # Our own sentence, or the traceback of a process that ran out of memory even for that.
        if not 0 < len(reason) <= 300:
            reason = "takes too much memory to be read"
        raise Unreadable(f"{name} {reason}")
    if _containers(done.stdout) > MAX_CONTAINERS:
        raise Unreadable(f"{name} is not a notebook (too many lists and dicts)")
    return done.stdout


def _copy_files(folder: Path, copy: Path) -> list[str]:
    notes, total = [], 0
    copy.mkdir(parents=True, exist_ok=True)
    for root, folders, files in os.walk(folder):
        target = copy / Path(root).relative_to(folder)
        for name in list(folders):
            path = Path(root, name)
            if path.is_symlink():
                folders.remove(name)
                notes.append(left_out(name, link=True))
            else:
                (target / name).mkdir(exist_ok=True)
        for name in files:
            path = Path(root, name)
            info = path.lstat()
            if path.suffix == ".ipynb":
                continue
            if not stat.S_ISREG(info.st_mode):
                notes.append(left_out(name, link=path.is_symlink()))
                continue
            total += info.st_size
            if total > MAX_OTHER_BYTES:
                raise Unreadable(
                    f"the files beside the notebook have more than {MAX_OTHER_BYTES >> 20} MB"
                )
            shutil.copyfile(path, target / name)
    return notes
