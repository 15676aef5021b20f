"""Find and read what a student handed in, whatever that is."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.checking.wire import is_shallow, json_value
from autograder.files import is_litter, printable
from autograder.notebook import grade_id_of
from autograder.submission import tidy as tidying
from autograder.submission.layout import Layout
from autograder.submission.pack import (
    LINKED,
    MAX_NOTEBOOK_BYTES,
    MAX_OTHER_BYTES,
    Unreadable,
    is_notebook,
    left_out,
    too_large,
)
from autograder.submission.relink import holds_exercises, worked_on
from autograder.submission.tidy import tidy
from autograder.zips import Archive, Refused

# A larger notebook, or one with more lists and dicts, is first read by another process.
SMALL_BYTES = 8 << 20
MAX_CONTAINERS = 200_000
MAX_DEPTH = 50
READ_SECONDS = 120
# Browsers, mail programs and systems that hide endings add to a notebook's name.
NOTEBOOK = re.compile(r"\.ipynb(?: ?\(\d+\))?(?:\.(?:txt|json))?\s*$", re.IGNORECASE)
# What `autograder collect` calls a notebook that a newer one has replaced.
OLDER = "older "
ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip")
MAX_CANDIDATES = 20


@dataclass
class Submission:
    """A readable submission: its notebook, and remarks about what was found beside it.

    `doubts` matter if the notebook does not earn every point: another file may hold the rest.
    """

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read_submission(folder: Path, assignment: str, layout: Layout, copy: Path) -> Submission:
    """Read the notebook in `folder` that counts and copy the other files to `copy`.

    It may have another name, and lie in a folder or in a zip file. Symbolic links and special files
    are never followed or copied.

    Raises
    ------
    Unreadable
        If there is no readable notebook of this assignment, or several with different work.
    """
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise Unreadable(LINKED)
        found, refused = _read_all(_candidates(folder, assignment), layout)
        packed: dict[Path, str] = {}
        if not any(book.work for book in found):
            packed = _unzip(folder)
            found, refused = _read_all(_candidates(folder, assignment), layout)
        notes = list(packed.values())
        book, remarks, doubts = _choose(found, refused | packed, folder, assignment)
        notes = remarks + _copy_files(folder, copy) + notes
        if book.path.parent != folder:
            _copy_files(book.path.parent, copy)
    except OSError as error:
        raise Unreadable(f"a file could not be read: {error.strerror or error}") from None
    return Submission(book.notebook, notes + book.notes, doubts)


@dataclass(eq=False)
class _Book:
    """A readable notebook: `work` is what it holds for each exercise that is not as handed out."""

    path: Path
    notebook: NotebookNode
    work: dict[str, str]
    fits: bool
    notes: list[str]

    def holds(self, other: "_Book") -> bool:
        """Whether all of the other's work is in this one."""
        return other.work.items() <= self.work.items()


def _is_aside(path: Path) -> bool:
    """Whether a notebook counts only if no other one has any work in it."""
    return is_litter(path) or path.name.startswith(OLDER)


def _candidates(folder: Path, assignment: str) -> list[Path]:
    """What may be the notebook, the likeliest first."""

    def rank(path: Path) -> tuple:
        name = path.name.lower()
        return (
            _is_aside(path.relative_to(folder)),
            name != f"{assignment}.ipynb".lower(),
            len(path.relative_to(folder).parts),
            name,
        )

    files = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    found = [path for path in files if NOTEBOOK.search(path.name) and path.name[:1] != "."]
    names = {f"{assignment}{end}".lower() for end in ("", ".json", ".txt")}
    named = [path for path in files if path.name.lower() in names]
    return sorted(found or named, key=rank)[:MAX_CANDIDATES]


def _read_all(paths: list[Path], layout: Layout) -> tuple[list[_Book], dict[Path, str]]:
    """The notebooks that can be read, and why the others cannot."""
    books: list[_Book] = []
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise Unreadable(
                    f"{printable(path.name)} is a symbolic link: expected the file itself"
                )
            if not stat.S_ISREG(mode):
                raise Unreadable(f"{printable(path.name)} is not an ordinary file")
            if path.stat().st_size > SMALL_BYTES and any(book.work for book in books):
                raise Unreadable(f"{printable(path.name)} was not read, as it is large")
            notebook, notes = _read(path, layout)
            fits = holds_exercises(notebook, layout)
            books.append(_Book(path, notebook, worked_on(notebook, layout), fits, notes))
        except Unreadable as reason:
            refused[path] = str(reason)
    return books, refused


def _choose(
    found: list[_Book], refused: dict[Path, str], folder: Path, assignment: str
) -> tuple[_Book, list[str], list[str]]:
    """The notebook that counts, remarks, and what may have cost points."""

    def names(paths) -> str:
        return ", ".join(printable(path.relative_to(folder).as_posix()) for path in paths)

    right = folder / f"{assignment}.ipynb"
    fitting = [book for book in found if book.fits]
    if not fitting:
        if right in refused or (refused and not found):
            raise Unreadable(refused.get(right) or next(iter(refused.values())))
        if not found:
            packed = names(p for p in sorted(folder.rglob("*")) if p.suffix.lower() in ARCHIVES)
            raise Unreadable(
                f"expected {right.name}, found no notebook"
                + (f" but {packed}: unpack it" if packed else "")
            )
        ids = sorted(name for c in found[0].notebook.cells if (name := grade_id_of(c)))
        raise Unreadable(
            f"expected the exercises of {assignment}, found none of them"
            + (f" but cells such as {ids[0][:60]!r}: " if ids else ": ")
            + "was another notebook handed in?"
        )
    worked = [book for book in fitting if book.work]
    worked = [b for b in worked if not _is_aside(b.path.relative_to(folder))] or worked
    own = next((book for book in fitting if book.path == right), None)
    # Those that hold everything the others hold, the likeliest first.
    able = [b for b in worked or fitting if all(b.holds(o) for o in worked)]
    if own is not None and (own in able or (own.work and not able)):
        book = own
    elif able:
        book = able[0]
    else:
        raise Unreadable(
            f"expected one {right.name}, found {names(b.path for b in worked)} with different "
            "work: keep the one that counts"
        )
    others = [path for path in [*(b.path for b in found), *refused] if path != book.path]
    remarks, doubts = [], []
    listed = names(p for p in others if not is_litter(p.relative_to(folder)))
    if book.path == right:
        remarks += [f"{right.name} counts; also handed in: {listed}"] if listed else []
    else:
        lacks = ", ".join(sorted(book.work.keys() - own.work.keys())) if own else ""
        why = f", which has no work on {lacks}" if lacks else ""
        remarks.append(f"{names([book.path])} was graded as {right.name}{why}")
        if listed and own is None:
            remarks.append(f"also handed in: {listed}")
    more = [b for b in worked if not book.holds(b)]
    if more:
        doubts.append(f"{names(b.path for b in more)} holds other work than {names([book.path])}")
    broken = [p for p in refused if not _is_aside(p.relative_to(folder))]
    if broken and book.path != right:
        doubts.append(refused[broken[0]])
    return book, remarks, doubts


def _unzip(folder: Path) -> dict[Path, str]:
    """Unpack the zip files in a folder, each into a folder beside it; why some could not be."""
    refused = {}
    paths = [p for p in sorted(folder.rglob("*")) if not p.is_symlink() and p.is_file()]
    found = [p for p in paths if p.suffix.lower() == ".zip" or _is_zipped_notebook(p)]
    for path in found[:MAX_CANDIDATES]:
        target = path.with_name(f"{path.stem} (unpacked)")
        try:
            with Archive(path) as archive:
                if sum(member.info.file_size for member in archive.members) > MAX_OTHER_BYTES:
                    raise Refused(f"it would unpack to more than {MAX_OTHER_BYTES >> 20} MB")
                for member in archive.members:
                    if not is_litter(Path(member.path)):
                        archive.unpack(member, target / member.path)
        except (Refused, OSError) as reason:
            shutil.rmtree(target, ignore_errors=True)
            refused[path] = f"{printable(path.name)} was not unpacked: {reason}"
    return refused


def _is_zipped_notebook(path: Path) -> bool:
    if not NOTEBOOK.search(path.name):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _read(path: Path, layout: Layout) -> tuple[NotebookNode, list[str]]:
    """The notebook, and remarks.

    Raises
    ------
    Unreadable
        If it is none.
    """
    name = printable(path.name)
    size = path.stat().st_size
    if size == 0:
        raise Unreadable(f"{name} is empty")
    if size > MAX_NOTEBOOK_BYTES:
        raise Unreadable(f"{name} has {size >> 20} MB, expected at most {MAX_NOTEBOOK_BYTES >> 20}")
    data = path.read_bytes() if size <= SMALL_BYTES else b""
    if not data or _containers(data) > MAX_CONTAINERS:
        data = _shrunk(path)
    text = tidying.decoded(data)
    if tidying.OURS in text and (versions := tidying.sides(text)):
        return _merged(name, versions, layout)
    return _parsed(name, text), []


def _merged(name: str, versions: list[tuple[str, str]], layout: Layout):
    """What a file in conflict holds, if both of its versions hold the same."""
    books: dict[str, NotebookNode] = {}
    said = []
    for side, text in versions:
        try:
            books[side] = _parsed(name, text)
            work = worked_on(books[side], layout)
            said.append(f"{side!r} has work on {len(work)} exercises")
        except Unreadable:
            said.append(f"{side!r} cannot be read")
    cells = [[(c.get("cell_type"), c.get("source")) for c in b.cells] for b in books.values()]
    if len(cells) == 2 and cells[0] == cells[1]:
        note = f"{name} holds the marks of a merge ({tidying.OURS}), but both sides have the same cells"
        return next(iter(books.values())), [note]
    raise Unreadable(
        f"{name} holds the marks of a merge that was not finished ({tidying.OURS}): {printable('; '.join(said))}: "
        "hand in the one that counts"
    )


def _parsed(name: str, text: str) -> NotebookNode:
    try:
        raw = json_value(text.encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        if re.match(r"\s*<(?:!doctype html|html)", text[:1000], re.IGNORECASE):
            raise Unreadable(
                f"{name} is a web page, not a notebook: download the notebook itself"
            ) from None
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
            if is_notebook(path):
                continue
            if not stat.S_ISREG(info.st_mode):
                notes.append(left_out(name, link=path.is_symlink()))
                continue
            if total + info.st_size > MAX_OTHER_BYTES:
                notes.append(too_large(name, info.st_size))
                continue
            total += info.st_size
            shutil.copyfile(path, target / name)
    return notes
