"""Images whose labels a student's process never sees, and the data folder it sees instead.

CIFAR-10's test images are cut in two: a graded kernel finds the first half as its test set, and the
grader measures accuracy on the second. Whoever trains at home has all labels, as everybody has.
"""

import json
import os
import shutil
import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from autograder.errors import UserError
from helpers import data

# Of the same distribution as the students' synthetic images, but other images.
SYNTHETIC_SEED = 7_302_119


@dataclass(frozen=True, eq=False)
class HeldOut:
    """uint8 images (N, C, H, W), labels (N,), and the training images' statistics per channel.

    `mean` and `std` are in units of [0, 1].
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    mean: list[float]
    std: list[float]


_loaded: dict[tuple, HeldOut] = {}
_lock = threading.Lock()


def load(name: str) -> HeldOut:
    """The held-out images of `name`, or of the set that $MLP_COURSE_DATASET names instead.

    Raises
    ------
    helpers.data.DataError
        If the prepared file is missing, cannot be downloaded, or is damaged.
    """
    name = data.chosen_name(name)
    key = (name, str(data.data_folder()))
    if key not in _loaded:
        _loaded[key] = _load(name)
    return _loaded[key]


def _load(name: str) -> HeldOut:
    images = data.load_images(name)
    if name.startswith("synthetic"):
        fresh = data.synthetic_images(name, seed=SYNTHETIC_SEED)
        test, labels = fresh.test_images, fresh.test_labels
    else:
        half = len(images.test_images) // 2
        test, labels = images.test_images[half:], images.test_labels[half:]
    pixels = images.train_images.transpose(0, 1).flatten(1)
    # A channel at a time: all of CIFAR-10 as floats would take 600 MB.
    moments = [(p.float().mean().item() / 255, p.float().std().item() / 255) for p in pixels]
    return HeldOut(name, test, labels, [m for m, _ in moments], [s for _, s in moments])


def student_folder(private: Path) -> Path:
    """A data folder for students' kernels inside `private`: held-out images cut off.

    It is made anew when a prepared file has changed.

    Raises
    ------
    UserError
        If a prepared file cannot be read.
    """
    with _lock:
        return _student_folder(private)


def _student_folder(private: Path) -> Path:
    source, target = data.data_folder(), private / "student-data"
    files = sorted(p for p in source.glob("*") if not p.name.startswith("."))
    state = json.dumps([[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files])
    marker = private / "student-data.json"
    if target.is_dir() and marker.is_file() and marker.read_text(encoding="utf-8") == state:
        return target
    marker.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in files:
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        elif path.name == "cifar10.npz":
            _cut(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)
    # Where the grader is root, students' code runs as nobody.
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    marker.write_text(state, encoding="utf-8")
    return target


def _cut(path: Path, target: Path) -> None:
    """Copy a prepared file without the second half of its test set."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}: {error}). Replace it by a good copy, "
            "or delete it to have it downloaded again"
        ) from None
    for name in ("test_images", "test_labels"):
        if name in kept:
            kept[name] = kept[name][: len(kept[name]) // 2]
    partial = target.with_name(target.name + ".partial")
    with open(partial, "wb") as file:
        np.savez(file, **kept)
    os.replace(partial, target)
