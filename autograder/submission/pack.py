"""A submission as bytes, in the form in which workers receive it, on this machine or another."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.files import printable
from autograder.submission.tidy import decoded

MAX_NOTEBOOK_BYTES = 400 << 20
MAX_OTHER_BYTES = 200 << 20
LINKED = "the folder is a symbolic link: expected the submitted files themselves"
# As many files and folders as fit into a kernel; more levels would exceed Python's stack, or a path.
MAX_ENTRIES = 20_000
MAX_LEVELS = 50


def is_notebook(path: Path | PurePosixPath) -> bool:
    """Whether a name is that of a notebook."""
    return path.suffix.lower() == ".ipynb"


class Unreadable(Exception):
    """Nothing here can be graded; the message says why and what to do."""


def left_out(name: str, link: bool) -> str:
    """The remark about a symbolic link or a special file."""
    kind = "a symbolic link" if link else "not an ordinary file"
    return f"{printable(name)} is {kind} and was left out"


def too_large(name: str, size: int) -> str:
    """The remark about a file that is not taken along."""
    return (
        f"{printable(name)} has {size >> 20} MB and was left out: the files beside the notebook may "
        f"have {MAX_OTHER_BYTES >> 20} MB"
    )


@dataclass(frozen=True)
class Entry:
    """One item in a submitted folder. `data` is None for anything but a file, or if it is too large.

    `kind` is file, folder, link, other (a special file) or closed (nobody may read it).
    """

    path: str
    kind: str
    size: int = 0
    data: bytes | None = None


@dataclass(frozen=True)
class Packed:
    """A submitted folder: `hash` covers names, kinds and bytes of everything in it.

    `refused` says why it could not be read or packed; empty if it could.
    """

    entries: tuple[Entry, ...]
    hash: str
    refused: str = ""

    def unpack(self, folder: Path) -> list[str]:
        """Recreate the folder; links and special files are there, too, but lead nowhere.

        Returns a sentence for each of these that cannot be made here: on Windows none can.

        Raises
        ------
        Unreadable
            If a name from another system would be a path here.
        """
        notes = []
        folder.mkdir(parents=True)
        for entry in self.entries:
            if os.name == "nt" and set(entry.path) & {"\\", ":"}:
                raise Unreadable(
                    f"{printable(entry.path)} cannot be a file's name on Windows: rename it"
                )
            path = folder / entry.path
            if entry.kind == "folder":
                path.mkdir()
            elif entry.kind in ("link", "other"):
                if not _plant(path, link=entry.kind == "link"):
                    notes.append(left_out(path.name, link=entry.kind == "link"))
            elif entry.kind == "closed":
                notes.append(f"{printable(entry.path)} could not be read and was left out")
            elif entry.data is None and not is_notebook(path):
                notes.append(too_large(entry.path, entry.size))
            else:
                path.write_bytes(entry.data or b"")
                # A notebook too large to be packed gets its size back, without taking up space.
                os.truncate(path, entry.size)
        return notes

    def files_beside(self, folder: Path, own: Sequence[str]) -> list[str]:
        """Write the ordinary files that are not notebooks into `folder`, which exists.

        Folders with one of the names in `own`, where files of ours go, are left out; returns a
        sentence for each.
        """
        notes = []
        taken = {name.casefold() for name in own}
        for entry in self.entries:
            path = folder / entry.path
            if entry.path.partition("/")[0].casefold() in taken:
                if entry.kind == "folder" and "/" not in entry.path:
                    notes.append(f"the folder {printable(entry.path)} was left out")
            elif entry.kind == "folder":
                path.mkdir()
            elif entry.kind == "file" and not is_notebook(path) and entry.data is not None:
                path.write_bytes(entry.data)
        return notes

    def text(self, name: str) -> str | None:
        """The text of the file `name`, undecodable bytes replaced; None if there is none."""
        for entry in self.entries:
            if entry.path == name and entry.kind == "file":
                return decoded(entry.data or b"")
        return None


def _plant(path: Path, link: bool) -> bool:
    """Make a link that leads nowhere, or a pipe; False if this system or its owner forbids it."""
    try:
        if link:
            path.symlink_to("nowhere")
        else:
            os.mkfifo(path)
    except (OSError, AttributeError):
        return False
    return True


def digest(folder: Path) -> str:
    """The `hash` of `pack(folder)`, without keeping the folder's content in memory."""
    return _read(folder, keep=False).hash


def pack(folder: Path) -> Packed:
    """Read a submitted folder. Links are not followed, special files not opened."""
    return _read(folder, keep=True)


def _read(folder: Path, keep: bool) -> Packed:
    total = hashlib.sha256()
    if folder.is_symlink() or folder.parent.is_symlink():
        total.update(b"linked")
        return Packed((), total.hexdigest(), refused=LINKED)
    entries: list[Entry] = []
    notebooks = others = 0
    try:
        for path, name in _walk(folder, PurePosixPath()):
            if len(entries) >= MAX_ENTRIES or name.count("/") >= MAX_LEVELS:
                refused = f"expected at most {MAX_ENTRIES} files, in at most {MAX_LEVELS} levels of folders"
                return Packed((), total.hexdigest(), refused=refused)
            info = path.lstat()
            kind, size, data = _kind(info.st_mode), 0, None
            total.update(f"{kind}\0{name}\0".encode("utf-8", "surrogateescape"))
            if kind == "file":
                size = info.st_size
                if is_notebook(path):
                    fits = size <= MAX_NOTEBOOK_BYTES
                    notebooks += size * fits
                else:
                    fits = others + size <= MAX_OTHER_BYTES
                    others += size * fits
                if notebooks > MAX_NOTEBOOK_BYTES:
                    refused = f"the notebooks have more than {MAX_NOTEBOOK_BYTES >> 20} MB"
                    return Packed((), total.hexdigest(), refused=refused)
                try:
                    data, content = _content(path, keep) if fits else (None, b"")
                except PermissionError:
                    if is_notebook(path):
                        raise
                    kind, content = "closed", b""
                size = size if data is None else len(data)
                total.update(f"{size}\0".encode() + content)
            entries.append(Entry(name, kind, size, data))
    except OSError as error:
        total.update(f"{error.strerror}".encode())
        refused = f"a file could not be read: {error.strerror or error}"
        return Packed((), total.hexdigest(), refused=refused)
    return Packed(tuple(entries), total.hexdigest())


def _walk(folder: Path, inside: PurePosixPath) -> Iterator[tuple[Path, str]]:
    """Everything below `folder` with its name, in a fixed order: folders before their content."""
    for found in sorted(os.scandir(folder), key=lambda item: item.name):
        name = inside / found.name
        yield Path(found.path), str(name)
        if found.is_dir(follow_symlinks=False):
            yield from _walk(Path(found.path), name)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _content(path: Path, keep: bool) -> tuple[bytes | None, bytes]:
    """The file's bytes (None if not `keep`) and their hash."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        if not keep:
            return None, hashlib.file_digest(file, "sha256").digest()
        data = file.read()
    return data, hashlib.sha256(data).digest()
