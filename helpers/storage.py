"""Where prepared data is, and the errors about it."""

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

_instead = ContextVar("instead", default="")


class DataError(Exception):
    """Prepared data exists but cannot be used."""


class DataMissing(DataError):
    """Prepared data does not exist and could not be downloaded."""


def asked_for() -> str:
    """Return the set to use instead of the one a notebook names: $MLP_COURSE_DATASET, or ""."""
    return _instead.get() or os.environ.get("MLP_COURSE_DATASET", "")


@contextlib.contextmanager
def using(name: str) -> Iterator[None]:
    """Use the set `name` instead, as if $MLP_COURSE_DATASET named it."""
    before = _instead.set(name)
    try:
        yield
    finally:
        _instead.reset(before)


def facts(name: str) -> dict[str, str]:
    """Return the folder for images, and whether the set `name` is there, for people to read."""
    folder, file = data_folder(), data_folder() / f"{name}.npz"
    found = {"image folder": str(folder) + ("" if folder.is_dir() else " (does not exist)")}
    if (folder / name).is_dir():
        return found | {name: "there"}
    return found | {name: f"{file.stat().st_size >> 20} MB" if file.is_file() else "not there"}


def data_folder() -> Path:
    """Return the folder of the prepared files: $MLP_COURSE_DATA or ~/.cache/mlp-course."""
    return Path(os.environ.get("MLP_COURSE_DATA") or "~/.cache/mlp-course").expanduser()


def resolve(root=None) -> Path:
    """Return `root` as a path, or `data_folder()` if it is None."""
    return data_folder() if root is None else Path(root).expanduser()


def missing(path: Path, error: Exception, what: str) -> DataMissing:
    """Return the error to raise if `path` does not exist and `error` stopped its download."""
    return DataMissing(
        f"{path.name} is not in the data folder {path.parent}, and downloading it failed "
        f"({type(error).__name__}: {error}). Two ways to provide it: (1) run this once with "
        f"internet access and a writable folder; (2) copy {what} into the folder, or set the "
        "environment variable MLP_COURSE_DATA to a folder that has it."
    )
