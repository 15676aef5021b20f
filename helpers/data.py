"""Data for the notebooks: image sets in memory as tensors, image folders, a spiral, and batches.

A prepared file `NAME.npz` in the data folder ($MLP_COURSE_DATA, or ~/.cache/mlp-course) contains
train_images, train_labels, test_images and test_labels. If it is missing, it is made from
torchvision's download, once.
"""

import contextlib
import os
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from helpers import synthetic
from helpers.folders import default_folder_name, image_folder
from helpers.loader import TensorLoader, split_indices
from helpers.storage import (
    DataError,
    DataMissing,
    asked_for,
    data_folder,
    facts,
    missing,
    resolve,
    using,
)
from helpers.synthetic import spiral

__all__ = [
    "DataError",
    "DataMissing",
    "ImageData",
    "NAMES",
    "TensorLoader",
    "chosen_name",
    "data_folder",
    "default_folder_name",
    "default_name",
    "facts",
    "image_folder",
    "load_images",
    "spiral",
    "split_indices",
    "synthetic_images",
    "using",
]

_DIGITS = [str(digit) for digit in range(10)]
_CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
# name -> (shape of one stored image, class names, torchvision class)
_PREPARED = {
    "mnist": ((28, 28), _DIGITS, "MNIST"),
    "cifar10": ((32, 32, 3), _CIFAR_CLASSES, "CIFAR10"),
}
# name -> (function of n and a seed, class names, training images, test images, seed)
_SYNTHETIC = {
    "synthetic": (synthetic.strokes, _DIGITS, 4000, 1000, 20240501),
    "synthetic_color": (synthetic.shapes, synthetic.SHAPES, 5000, 1000, 20240502),
}
NAMES = (*_PREPARED, *_SYNTHETIC)


@dataclass(frozen=True, repr=False, eq=False)
class ImageData:
    """Training and test images: uint8 (N, C, H, W) tensors, labels int64 (N,)."""

    name: str
    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: list[str]

    def __repr__(self):
        return (
            f"ImageData({self.name!r}: {len(self.train_images):,} train, "
            f"{len(self.test_images):,} test, {tuple(self.train_images.shape[1:])} "
            f"{str(self.train_images.dtype).removeprefix('torch.')}, {len(self.classes)} classes)"
        )


def default_name(name: str) -> str:
    """Return `name`, or $MLP_COURSE_DATASET if it is set (and say so in one line).

    "synthetic" there stands for a set of the same kind: "synthetic_color" instead of "cifar10".
    """
    chosen = chosen_name(name)
    if chosen != name:
        print(f"MLP_COURSE_DATASET is set: using {chosen!r} instead of {name!r}")
    return chosen


def chosen_name(name: str) -> str:
    """Return what `default_name` returns, but print nothing."""
    _check_name(name)
    chosen = asked_for() or name
    if chosen == "synthetic" and name in ("cifar10", "synthetic_color"):
        chosen = "synthetic_color"
    if chosen != name:
        _check_name(chosen, "$MLP_COURSE_DATASET")
    return chosen


def load_images(name: str, root=None) -> ImageData:
    """Load an image set.

    Parameters
    ----------
    name : "mnist", "cifar10", or a set drawn from a fixed seed, which needs no file: "synthetic"
        (28x28 strokes), "synthetic_color" (32x32 coloured shapes).
    root : folder of the prepared files; None stands for `data_folder()`.

    Raises
    ------
    DataMissing : there is no prepared file, and the download failed.
    DataError : the prepared file is damaged or contains something else.
    ValueError : unknown name.
    """
    _check_name(name)
    if name in _SYNTHETIC:
        return synthetic_images(name)
    path = resolve(root) / f"{name}.npz"
    if not path.exists():
        _download(name, path)
    return _read(name, path)


def synthetic_images(name: str, seed=None, num_train=None, num_test=None) -> ImageData:
    """Draw the images of "synthetic" or "synthetic_color".

    Parameters
    ----------
    seed : another seed draws other images from the same distribution; None is the seed of
        `load_images`.
    num_train, num_test : number of images, possibly 0; None is as many as `load_images` returns.
    """
    if name not in _SYNTHETIC:
        raise ValueError(f"name must be one of {', '.join(_SYNTHETIC)}; got {name!r}")
    draw, classes, default_train, default_test, default_seed = _SYNTHETIC[name]
    num_train = default_train if num_train is None else num_train
    num_test = default_test if num_test is None else num_test
    images, labels = draw(num_train + num_test, default_seed if seed is None else seed)
    return ImageData(
        name,
        images[:num_train],
        labels[:num_train],
        images[num_train:],
        labels[num_train:],
        list(classes),
    )


def _check_name(name, source="name"):
    if name not in NAMES:
        raise ValueError(f"{source} must be one of {', '.join(NAMES)}; got {name!r}")


def _read(name, path):
    shape, classes, _ = _PREPARED[name]
    tensors = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for split in ("train", "test"):
                images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
                _validate(path, split, images, labels, shape, len(classes))
                channels = images.reshape(len(images), *shape[:2], -1).transpose(0, 3, 1, 2)
                tensors[f"{split}_images"] = torch.from_numpy(np.ascontiguousarray(channels))
                tensors[f"{split}_labels"] = torch.from_numpy(labels.astype(np.int64))
    except KeyError as error:
        raise _unusable(path, f"expected four arrays; {error.args[0]}") from None
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise _unusable(path, f"it cannot be read ({type(error).__name__}: {error})") from error
    return ImageData(name=name, classes=list(classes), **tensors)


def _validate(path, split, images, labels, shape, num_classes):
    if images.shape[1:] != shape or images.dtype != np.uint8 or not len(images):
        raise _unusable(
            path,
            f"{split}_images: expected uint8 (N, {', '.join(map(str, shape))}), "
            f"got {images.dtype} {images.shape}",
        )
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise _unusable(
            path,
            f"{split}_labels: expected {len(images)} integers, got {labels.dtype} {labels.shape}",
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise _unusable(
            path,
            f"{split}_labels: expected 0 ... {num_classes - 1}, "
            f"got {labels.min()} ... {labels.max()}",
        )


def _unusable(path, reason):
    return DataError(
        f"{path}: {reason}. Replace the file with a good copy, "
        "or delete it and it will be downloaded again."
    )


def _download(name, path):
    """Download a set with torchvision and write the prepared file, either completely or not at all."""
    try:
        import torchvision

        dataset = getattr(torchvision.datasets, _PREPARED[name][2])
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"{path.name} is not in {path.parent}: downloading it, once")
        # In the target folder: if it is not writable, that fails before the download, and
        # os.replace stays on one file system.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".download-") as scratch:
            arrays = {}
            with contextlib.redirect_stderr(sys.stdout):
                for split in ("train", "test"):
                    part = dataset(scratch, train=split == "train", download=True)
                    arrays[f"{split}_images"] = np.asarray(part.data, dtype=np.uint8)
                    arrays[f"{split}_labels"] = np.asarray(part.targets, dtype=np.uint8)
            finished = Path(scratch) / path.name
            np.savez(finished, **arrays)
            os.replace(finished, path)
    except Exception as error:
        raise missing(path, error, f"a prepared {path.name}") from error
