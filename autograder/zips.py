"""Zip files, read with suspicion."""

import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_FILES = 50_000
MAX_FILE_BYTES = 400 << 20
MAX_TOTAL_BYTES = 8 << 30
# Notebooks shrink to a tenth; a file that shrinks to a thousandth was made for that.
MAX_RATIO = 200
HARMLESS_BYTES = 50 << 20
# Each file takes at least 46 bytes here, and half a kilobyte when it is read.
MAX_DIRECTORY_BYTES = 10 << 20
# What computers make; others take up to gigabytes to be unpacked, whatever the file's size.
KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The longest end of a zip file: its last record with a comment, and two records of long files.
END_BYTES = 22 + 0xFFFF + 20 + 56
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *(\..*)?", re.IGNORECASE)


class Refused(Exception):
    """The archive is damaged or dangerous; the message says how."""


@dataclass(frozen=True)
class Member:
    """A file in an archive, with a path that stays inside any folder it is put into."""

    path: PurePosixPath
    modified: tuple[int, ...]
    info: zipfile.ZipInfo


class Room:
    """What may be unpacked from `size` bytes of archives, however they are nested."""

    def __init__(self, size: int):
        self._size = size
        self._left = min(MAX_TOTAL_BYTES, max(HARMLESS_BYTES, MAX_RATIO * size))

    def take(self, total: int) -> None:
        """Use some of it up; raises `Refused` if there is not enough left."""
        if total > self._left:
            raise Refused(
                f"it would unpack to {total // max(self._size, 1)} times its size: a zip bomb"
            )
        self._left -= total


class Archive:
    """A zip file that is inspected before anything is unpacked.

    Parameters
    ----------
    room
        What this archive shares with others; its own by default.

    Raises
    ------
    Refused
        If it is not a zip file, is encrypted, contains a symbolic link or a path that leads out of
        the folder, or would unpack to more than is reasonable.
    """

    def __init__(self, path: Path, room: Room | None = None):
        if (size := _directory_bytes(path)) > MAX_DIRECTORY_BYTES:
            raise Refused(f"its list of files has {size >> 20} MB, which is too much")
        try:
            self._zip = zipfile.ZipFile(path)
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            struct.error,
            NotImplementedError,
        ) as error:
            raise Refused(f"it is not a zip file ({error})") from None
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        try:
            self._refuse_bomb(infos, room or Room(path.stat().st_size))
        except Refused:
            self._zip.close()
            raise
        self.members = [Member(_safe_path(info), info.date_time, info) for info in infos]

    def _refuse_bomb(self, infos: list[zipfile.ZipInfo], room: Room) -> None:
        if len(infos) > MAX_FILES:
            raise Refused(f"it contains {len(infos)} files, expected at most {MAX_FILES}")
        total = sum(info.file_size for info in infos)
        largest = max((info.file_size for info in infos), default=0)
        if total > MAX_TOTAL_BYTES or largest > MAX_FILE_BYTES:
            raise Refused(f"it would unpack to {max(total, largest) >> 20} MB, which is too much")
        room.take(total)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_) -> None:
        self._zip.close()

    def unpack(self, member: Member, target: Path) -> None:
        """Write one file; its folder is created.

        Raises
        ------
        Refused
            If the file is damaged or encrypted.
        """
        if member.info.compress_type not in KNOWN:
            raise Refused(f"{member.path} is packed in a way that is not usual: use ordinary zip")
        if member.info.header_offset < 0:
            raise Refused(f"{member.path} is damaged (it would begin before the archive)")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # zipfile stops at the stated size, and raises if there is more.
            with self._zip.open(member.info) as source, open(target, "xb") as file:
                shutil.copyfileobj(source, file)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError, struct.error,
        ) as error:  # fmt: skip
            target.unlink(missing_ok=True)
            raise Refused(f"{member.path} is damaged ({error})") from None


def _directory_bytes(path: Path) -> int:
    """The size of the archive's list of files, from its last bytes; 0 if there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - END_BYTES))
            end = file.read()
    except OSError as error:
        raise Refused(f"it cannot be read ({error.strerror})") from None
    place = end.rfind(b"PK\5\6")
    if place < 0 or place + 16 > len(end):
        return 0
    (size,) = struct.unpack_from("<I", end, place + 12)
    long = end.rfind(b"PK\6\6", 0, place)
    if size == 0xFFFFFFFF and 0 <= long <= len(end) - 48:
        (size,) = struct.unpack_from("<Q", end, long + 40)
    return size


def _safe_path(info: zipfile.ZipInfo) -> PurePosixPath:
    name = _decoded(info).replace("\\", "/")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise Refused(f"{name!r} is a path that leads out of the folder")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused(f"{name!r} is a symbolic link")
    if info.flag_bits & 0x1:
        raise Refused(f"{name!r} is encrypted")
    safe = [_safe_part(part) for part in parts if part not in ("", ".")]
    if not safe:
        raise Refused(f"{name!r} is not a file name")
    return PurePosixPath(*safe)


def _safe_part(part: str) -> str:
    """A name that every file system takes; the ending stays."""
    part = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", unicodedata.normalize("NFC", part))
    if len(part.encode()) > 200:
        end = Path(part).suffix[:20]
        part = part.encode()[: 200 - len(end.encode())].decode(errors="ignore") + end
    # Windows drops dots and spaces at the end, and takes some names for devices.
    part = part.rstrip(". ") or "_"
    return f"_{part}" if DEVICE.fullmatch(part) else part


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name, even if Python takes it for CP437 although it is UTF-8."""
    name = info.orig_filename
    if info.flag_bits & 0x800:
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    if told := _unicode_path(info.extra, raw):
        return told
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return name


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Info-ZIP's extra field with the name in UTF-8, if it is there and belongs to this name."""
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        field = extra[place + 4 : place + 4 + size]
        if (
            kind == 0x7075
            and len(field) > 5
            and struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw)
        ):
            return field[5:].decode("utf-8", "replace")
        place += 4 + size
    return None
