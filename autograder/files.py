"""Files that others read: written in one step, or with bytes that depend on their content alone."""

import hashlib
import os
import re
import shutil
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from autograder.errors import UserError

# What terminals obey, and what changes the order in which a line is read.
COMMANDS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What computers and editors leave behind in folders.
LITTER = ("__pycache__", ".ipynb_checkpoints")
# Bytes of a file's name, with room for what `write` adds to it; most systems take 255.
LONGEST = 230


def printable(name: str) -> str:
    """A file's name as text that can be stored and printed anywhere, whatever its bytes are."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


def write(path: Path, content: str | bytes) -> Path:
    """Write the file in one step and return its path; text becomes UTF-8, line endings stay.

    Missing folders are created. A reader finds the old or the new content, never part of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path


def expect_writable(path: Path, ending: str = "") -> Path:
    """`path`, if a file can be written there; asked before the work whose result it will hold.

    Parameters
    ----------
    ending
        How the names of such files end, such as ".csv". A file that is there and ends in another
        way is something else, and is not replaced.

    Raises
    ------
    UserError
        If it cannot.
    """
    if len(os.fsencode(path.name)) > LONGEST:
        raise UserError(f"expected a shorter name for a file, got {path.name[:40]}…")
    if os.path.isdir(path):
        raise UserError(f"expected a file to write, got the folder {path}: name a file in it")
    if os.path.exists(path):
        if not os.path.isfile(path):
            raise UserError(f"expected a file to write, but {path} is none: choose another name")
        if ending and path.suffix.lower() not in ("", ending):
            raise UserError(
                f"{path} exists and is no {ending} file, so it is not replaced: choose another name"
            )
    expect_folder(path.parent)
    return path


def expect_folder(path: Path) -> Path:
    """`path`, if it is a folder in which files can be written, or can become one.

    Raises
    ------
    UserError
        If it is not.
    """
    there = next(p for p in (path, *path.absolute().parents) if os.path.lexists(p))
    if not os.path.isdir(there):
        raise UserError(f"expected a folder, but {there} is none: choose another place")
    try:
        # What may be done only shows when it is done: by root, on other systems, on a full disk.
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise UserError(
            f"nothing can be written in {there} ({error.strerror}): choose another place"
        ) from None
    return path


def expect_empty(path: Path) -> Path:
    """`path`, if it is an empty folder, which is made if it does not exist.

    Raises
    ------
    UserError
        If it is not, or cannot be made.
    """
    try:
        expect_folder(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder {path} cannot be made: {error.strerror}") from None
    if any(path.iterdir()):
        raise UserError(f"expected an empty folder, got {path.resolve()}: choose another folder")
    return path


def expect_readable(path: Path) -> Path:
    """`path`, if it is a file that can be read.

    Raises
    ------
    UserError
        If it is not.
    """
    if os.path.isdir(path):
        raise UserError(f"expected a file to read, got the folder {path}")
    if not os.path.isfile(path):
        raise UserError(f"expected the file {path}, which does not exist")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path} could not be read: you have no right to")
    return path


def set_aside(folder: Path, place: Path) -> Path:
    """Move a folder into `place`, under the next number, and return where it is now."""
    place.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(p.name) for p in place.iterdir() if p.name.isdecimal()), default=0)
    shutil.move(folder, place / str(number))
    return place / str(number)


def read_text(path: Path) -> str:
    """The text of a file that a person has written.

    Raises
    ------
    UserError
        If it cannot be read, or is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from None


def add_to_zip(
    archive: zipfile.ZipFile,
    name: str,
    content: str | bytes,
    executable: bool = False,
    day: date = date(1980, 1, 1),
) -> None:
    """Add a file with the time of `day` and fixed permissions; text becomes UTF-8."""
    entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files below a folder by relative path, sorted; litter is left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not is_litter(path.relative_to(folder))
    }


def is_litter(path: Path) -> bool:
    """Whether a computer or an editor made this file, not a person."""
    return any(
        part in LITTER or part.startswith(".") or part.endswith((".pyc", ".egg-info", "~"))
        for part in path.parts
    )


def write_folder(folder: Path, content: Mapping[str, bytes]) -> None:
    """Write what `read_folder` has read; the folder is created if it does not exist."""
    for name, data in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def digest(content: Mapping[str, bytes]) -> str:
    """A hash of files' names and contents."""
    return digest_of(part for name in sorted(content) for part in (name.encode(), content[name]))


def digest_of(parts: Iterable[bytes]) -> str:
    """A hash of several parts; where one ends and the next begins counts, too."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()
