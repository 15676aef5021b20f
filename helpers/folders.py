"""Trees of image files, as torchvision's ImageFolder reads them: ROOT/train/CLASS/*.png."""

import atexit
import functools
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from urllib.request import Request, urlopen

from helpers import faces
from helpers.storage import DataError, asked_for, missing, resolve

FOLDER_NAMES = ("animal_faces", "generated_faces")
SUFFIXES = (".jpg", ".jpeg", ".png")
# The folders of a tree.
INSIDE = tuple(f"{split}/{label}" for split in ("train", "val") for label in faces.CLASSES)
# The set of the Neuromatch tutorial on deep MLPs: 16,130 images, 32x32.
_URL = "https://osf.io/kgfvj/download"
_METADATA = "https://api.osf.io/v2/files/kgfvj/"
_MAX_ARCHIVE = 200 * 2**20
_MAX_EXTRACTED = 500 * 2**20
_MAX_FILES = 100_000


def default_folder_name(name: str) -> str:
    """Return `name`, or "generated_faces" if $MLP_COURSE_DATASET asks for a synthetic set."""
    _check_name(name)
    asked = asked_for()
    if asked.startswith("synthetic") and name != "generated_faces":
        print(f"MLP_COURSE_DATASET is set: using 'generated_faces' instead of {name!r}")
        return "generated_faces"
    return name


def image_folder(name: str, root=None) -> Path:
    """Return the folder of an image tree: train/CLASS and val/CLASS with PNG or JPEG files.

    Animal faces are downloaded from osf.io. The tutorial publishes no checksum of the archive, so
    it is compared with the SHA-256 that OSF's own interface states for the file: this detects
    damaged downloads, but not a file replaced by its owner.

    Parameters
    ----------
    name : "animal_faces" (32x32 photos of cats, dogs and wild animals) or "generated_faces"
        (drawn faces, 600 and 150, from a fixed seed).
    root : the folder that contains the tree, under its name; a missing tree is made there, once.
        None stands for `data_folder()`. A generated tree goes to a temporary folder if `root` is
        not writable.

    Raises
    ------
    DataMissing : the data folder does not exist, and downloading it failed.
    DataError : the folder lacks a class, or a class has no images.
    ValueError : unknown name.
    """
    _check_name(name)
    path = resolve(root) / name
    if not path.exists():
        if name == "generated_faces":
            path = _generate(path)
        else:
            _download(path)
    if problem := _problem(path):
        raise DataError(
            f"{path}: {problem}. Replace the folder with a good copy, or delete it and it will be "
            "made again."
        )
    return path


def _check_name(name):
    if name not in FOLDER_NAMES:
        raise ValueError(f"name must be one of {', '.join(FOLDER_NAMES)}; got {name!r}")


def _problem(path):
    """Return what is wrong with a tree, or None."""
    for inside in INSIDE:
        folder = path / inside
        if not folder.is_dir():
            return f"expected a folder {inside}, which is not there"
        if not any(entry.suffix.lower() in SUFFIXES for entry in folder.iterdir()):
            return f"expected PNG or JPEG files in {inside}, got none"
    return None


def _move(finished: Path, path: Path) -> None:
    """Put a finished tree in place, in one step, unless another process was faster."""
    try:
        os.rename(finished, path)
    except OSError:
        if not path.is_dir():
            raise


def _generate(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".faces-") as scratch:
            faces.write_tree(Path(scratch) / path.name)
            _move(Path(scratch) / path.name, path)
        return path
    except OSError:
        return _temporary_faces()


@functools.cache
def _temporary_faces() -> Path:
    # A folder that only this process uses: nobody else can have put anything there.
    folder = tempfile.mkdtemp(prefix="mlp-course-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "generated_faces"
    faces.write_tree(path)
    return path


def _download(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"{path.name} is not in {path.parent}: downloading it, once")
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".download-") as scratch:
            archive = Path(scratch) / "archive.zip"
            expected = _published_sha256()
            found = _fetch(archive)
            if found != expected:
                raise ValueError(f"SHA-256 of the download: expected {expected}, got {found}")
            extract(archive, Path(scratch) / "tree")
            _move(_find_tree(Path(scratch) / "tree"), path)
    except Exception as error:
        what = "a folder with train/CLASS and val/CLASS (cat, dog, wild)"
        raise missing(path, error, f"{what} named {path.name}") from error


def _open(url):
    return urlopen(Request(url, headers={"User-Agent": "mlp-course"}), timeout=60)


def _published_sha256() -> str:
    with _open(_METADATA) as answer:
        attributes = json.loads(answer.read(2**20))["data"]["attributes"]
    return attributes["extra"]["hashes"]["sha256"]


def _fetch(path: Path) -> str:
    """Download the archive and return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with _open(_URL) as answer, path.open("wb") as file:
        while block := answer.read(2**20):
            size += len(block)
            if size > _MAX_ARCHIVE:
                raise ValueError(f"expected at most {_MAX_ARCHIVE:,} bytes, got more")
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def extract(archive: Path, folder: Path) -> None:
    """Unpack the images in a zip archive; refuse all of it if an entry could do harm.

    Raises
    ------
    ValueError : a path that leaves the folder, a link, or more than the size limits.
    """
    with zipfile.ZipFile(archive) as entries:
        infos = entries.infolist()
        if len(infos) > _MAX_FILES or sum(info.file_size for info in infos) > _MAX_EXTRACTED:
            raise ValueError(
                f"archive: expected at most {_MAX_FILES:,} files and {_MAX_EXTRACTED:,} bytes"
            )
        for info in infos:
            parts = PurePosixPath(info.filename.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in info.filename:
                raise ValueError(f"archive: the path {info.filename!r} leads outside")
            kind = info.external_attr >> 28  # the Unix file type, 0 if there is none
            if kind not in (0, 0o04, 0o10):
                raise ValueError(f"archive: {info.filename!r} is not an ordinary file or folder")
        for info in infos:
            name = PurePosixPath(info.filename.replace("\\", "/"))
            if info.is_dir() or name.suffix.lower() not in SUFFIXES or "__MACOSX" in name.parts:
                continue
            target = folder.joinpath(*name.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            # zipfile stops at the stated size, and raises if there is less or more.
            with entries.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def _find_tree(folder: Path) -> Path:
    for candidate in (folder, *sorted(part for part in folder.glob("*") if part.is_dir())):
        if _problem(candidate) is None:
            return candidate
    raise ValueError("archive: expected train and val with the folders cat, dog and wild")
