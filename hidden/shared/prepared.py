"""What a student's kernel sees of the course's data: known files, and in them known arrays.

The data folder is a teacher's own: copies with every label and lists of grades may lie beside the
images, and links may lead anywhere.
"""

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

import numpy as np

from helpers import data, folders

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a prepared file that notebooks read, and no others.

    Raises
    ------
    helpers.data.DataError
        If the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return {name: found[name] for name in ARRAYS if name in found.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise data.DataError(
            f"{path} cannot be read ({type(error).__name__}: {error}). Replace it with a good copy, "
            "or delete it to have it downloaded again"
        ) from None


def copy_images(tree: Path, target: Path) -> None:
    """Copy the images of a tree SPLIT/CLASS/*.png; links in it are not followed."""
    for inside in folders.INSIDE:
        (target / inside).mkdir(parents=True)
        if (tree / inside).is_symlink() or (tree / inside).parent.is_symlink():
            continue
        for entry in os.scandir(tree / inside) if (tree / inside).is_dir() else ():
            known = Path(entry.name).suffix.lower() in folders.SUFFIXES
            if known and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                shutil.copyfile(entry.path, target / inside / entry.name)
