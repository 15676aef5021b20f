"""Where prepared data lies, and the errors about it."""

import os
from pathlib import Path


class DataError(Exception):
    """Prepared data is there but cannot be used."""


class DataMissing(DataError):
    """Prepared data is not there and could not be downloaded."""


def data_folder() -> Path:
    """Return the folder of the prepared files: $MLP_COURSE_DATA or ~/.cache/mlp-course."""
    return Path(os.environ.get("MLP_COURSE_DATA") or "~/.cache/mlp-course").expanduser()


def resolve(root=None) -> Path:
    """Return `root` as a path, or `data_folder()` where it is None."""
    return data_folder() if root is None else Path(root).expanduser()


def missing(path: Path, error: Exception, what: str) -> DataMissing:
    """Return the error to raise where `path` is not there and `error` stopped its download."""
    return DataMissing(
        f"{path.name} is not in the data folder {path.parent}, and downloading it failed "
        f"({type(error).__name__}: {error}). Two ways to provide it: (1) run this once with "
        f"internet access and a writable folder; (2) copy {what} into the folder, or set the "
        "environment variable MLP_COURSE_DATA to a folder that has it."
    )
