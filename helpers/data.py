"""Image sets kept in memory as tensors, and batches from them.

A prepared file `NAME.npz` lies in the data folder ($MLP_COURSE_DATA, else ~/.cache/mlp-course)
and holds train_images, train_labels, test_images and test_labels. Where it is missing it is made
from torchvision's download, once.
"""

import contextlib
import math
import os
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

_DIGITS = [str(digit) for digit in range(10)]
_CIFAR_CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
# name -> (shape of one stored image, class names, torchvision class)
_PREPARED = {
    "mnist": ((28, 28), _DIGITS, "MNIST"),
    "cifar10": ((32, 32, 3), _CIFAR_CLASSES, "CIFAR10"),
}
NAMES = (*_PREPARED, "synthetic")


class DataError(Exception):
    """A prepared file is there but cannot be used."""


class DataMissing(DataError):
    """A prepared file is not there and could not be downloaded."""


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


def data_folder() -> Path:
    """Return the folder of the prepared files: $MLP_COURSE_DATA or ~/.cache/mlp-course."""
    return Path(os.environ.get("MLP_COURSE_DATA") or "~/.cache/mlp-course").expanduser()


def default_name(name: str) -> str:
    """Return `name`, or $MLP_COURSE_DATASET where it is set (and say so in one line)."""
    _check_name(name)
    chosen = os.environ.get("MLP_COURSE_DATASET") or name
    if chosen != name:
        _check_name(chosen, "$MLP_COURSE_DATASET")
        print(f"MLP_COURSE_DATASET is set: using {chosen!r} instead of {name!r}")
    return chosen


def load_images(name: str, root=None) -> ImageData:
    """Load an image set.

    Parameters
    ----------
    name : "mnist", "cifar10", or "synthetic" (drawn strokes from a fixed seed, no file needed).
    root : folder of the prepared files; `data_folder()` where it is None.

    Raises
    ------
    DataMissing : no prepared file, and the download failed.
    DataError : the prepared file is damaged or holds something else.
    ValueError : unknown name.
    """
    _check_name(name)
    if name == "synthetic":
        return _synthetic()
    path = (Path(root).expanduser() if root is not None else data_folder()) / f"{name}.npz"
    if not path.exists():
        _download(name, path)
    return _read(name, path)


def _check_name(name, source="name"):
    if name not in NAMES:
        raise ValueError(f"{source} must be one of {', '.join(NAMES)}; came {name!r}")


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
            f"came {images.dtype} {images.shape}",
        )
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise _unusable(
            path,
            f"{split}_labels: expected {len(images)} integers, came {labels.dtype} {labels.shape}",
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise _unusable(
            path,
            f"{split}_labels: expected 0 ... {num_classes - 1}, "
            f"came {labels.min()} ... {labels.max()}",
        )


def _unusable(path, reason):
    return DataError(
        f"{path}: {reason}. Replace the file by a good copy, "
        "or delete it to have it downloaded again."
    )


def _download(name, path):
    """Download a set with torchvision and write the prepared file, completely or not at all."""
    try:
        import torchvision

        dataset = getattr(torchvision.datasets, _PREPARED[name][2])
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"{path.name} is not in {path.parent}: downloading it, once")
        # In the target folder: a folder that cannot be written fails before the download, and
        # os.replace stays on one file system.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".download-") as scratch:
            arrays = {}
            with contextlib.redirect_stderr(sys.stdout):
                for split in ("train", "test"):
                    part = dataset(scratch, train=split == "train", download=True)
                    arrays[f"{split}_images"] = np.asarray(part.data, dtype=np.uint8)
                    arrays[f"{split}_labels"] = np.asarray(part.targets, dtype=np.uint8)
            finished = Path(scratch) / path.name
            np.savez_compressed(finished, **arrays)
            os.replace(finished, path)
    except Exception as error:
        raise DataMissing(
            f"{path.name} is not in the data folder {path.parent}, and downloading it failed "
            f"({type(error).__name__}: {error}). Two ways to provide it: (1) run this once with "
            f"internet access and a writable folder; (2) copy a prepared {path.name} into the "
            "folder, or set the environment variable MLP_COURSE_DATA to a folder that has it."
        ) from error


# Corner points (x, y) of a stroke per digit, in a unit square with y pointing down.
_STROKES = (
    "5,0 1,2 0,5 1,8 5,10 9,8 10,5 9,2 5,0",
    "2,3 5,0 5,3 5,5 5,8 5,10",
    "0,2 4,0 9,1 9,4 5,7 0,10 5,10 10,10",
    "1,0 9,0 5,4 9,6 9,9 5,10 0,9",
    "7,10 7,5 7,0 3,3 0,7 5,7 10,7",
    "9,0 1,0 1,4 6,4 9,6 8,9 4,10 0,9",
    "8,0 3,2 0,6 1,9 5,10 9,8 7,5 3,5 0,7",
    "0,0 5,0 10,0 8,3 6,6 4,10",
    "5,5 1,3 3,0 7,0 9,3 5,5 1,8 4,10 8,9 9,7 5,5",
    "9,4 5,5 1,3 3,0 8,0 9,3 9,6 7,10",
)


def _synthetic(n_train=4000, n_test=1000, size=28, points=40):
    """Draw digits as strokes with jittered corners, random slant, place, thickness and noise."""
    generator = torch.Generator().manual_seed(20240501)

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(*shape, generator=generator)

    n = n_train + n_test
    labels = torch.randint(10, (n,), generator=generator)
    xy = torch.empty(n, points, 2)
    for digit, text in enumerate(_STROKES):
        corners = torch.tensor([[float(v) for v in p.split(",")] for p in text.split()]) / 10 - 0.5
        chosen = labels == digit
        jittered = corners + 0.08 * torch.randn(
            int(chosen.sum()), *corners.shape, generator=generator
        )
        xy[chosen] = torch.nn.functional.interpolate(
            jittered.transpose(1, 2), size=points, mode="linear", align_corners=True
        ).transpose(1, 2)
    slant, turn = uniform(-0.4, 0.4, n, 1), uniform(-0.35, 0.35, n, 1)
    x, y = xy[..., 0] * 0.75 - slant * xy[..., 1], xy[..., 1]
    x, y = x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()
    scale = uniform(13, 19, n, 1)
    columns = x * scale + size / 2 + uniform(-2, 2, n, 1)
    rows = y * scale + size / 2 + uniform(-2, 2, n, 1)
    width = uniform(0.7, 1.3, n, 1, 1)
    grid = torch.arange(size) + 0.5
    across = torch.exp(-(((grid - columns[..., None]) / width) ** 2) / 2)
    down = torch.exp(-(((grid - rows[..., None]) / width) ** 2) / 2)
    ink = 1 - torch.exp(-1.5 * torch.einsum("npr,npc->nrc", down, across))
    ink = ink + 0.12 * torch.randn(n, size, size, generator=generator)
    images = (ink.clamp(0, 1) * 255).round().to(torch.uint8)[:, None]
    return ImageData(
        "synthetic",
        images[:n_train],
        labels[:n_train],
        images[n_train:],
        labels[n_train:],
        list(_DIGITS),
    )


class TensorLoader:
    """Batches of images and labels that stay in memory, normalised as they are handed out.

    Parameters
    ----------
    images : (N, C, H, W) tensor, uint8 (scaled to [0, 1]) or floating point (taken as it is).
    labels : (N,) tensor of integers.
    batch_size : images per batch; the last batch holds what is left.
    shuffle : draw a new order at every `iter`. The order of epoch e depends on `seed` and e only.
    mean, std : per channel (or one number), in the units after scaling; None leaves them out.
    device : where the data is kept and the batches are made; None leaves it where it is.

    Yields `(images, labels)`: float (B, C, H, W) and int64 (B,).
    """

    def __init__(
        self, images, labels, batch_size, shuffle=False, seed=0, mean=None, std=None, device=None
    ):
        images, labels = torch.as_tensor(images), torch.as_tensor(labels)
        if images.ndim < 2 or not (images.dtype == torch.uint8 or images.is_floating_point()):
            raise ValueError(
                "images: expected a uint8 or floating point tensor (N, C, H, W), "
                f"came {images.dtype} {tuple(images.shape)}"
            )
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise ValueError(f"labels: expected integers, came {labels.dtype}")
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"labels: expected shape ({len(images)},), one per image, "
                f"came {tuple(labels.shape)}"
            )
        if batch_size != int(batch_size) or batch_size < 1:
            raise ValueError(f"batch_size: expected a whole number from 1 on, came {batch_size}")
        self.images = images.to(device)
        self.labels = labels.to(device, torch.int64)
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.mean = self._per_channel("mean", mean)
        self.std = self._per_channel("std", std)
        if self.std is not None and not (self.std > 0).all():
            raise ValueError(f"std: expected positive numbers, came {std}")
        # On the CPU, so that the order is the same on every device.
        self._generator = torch.Generator().manual_seed(seed)

    def _per_channel(self, name, value):
        if value is None:
            return None
        dtype = self.images.dtype if self.images.is_floating_point() else torch.float32
        value = torch.as_tensor(value, dtype=dtype, device=self.images.device).flatten()
        if len(value) not in (1, self.images.shape[1]):
            raise ValueError(
                f"{name}: expected one number or {self.images.shape[1]} "
                f"(one per channel), came {len(value)}"
            )
        return value.reshape(-1, *[1] * (self.images.ndim - 2))

    @property
    def dataset_size(self) -> int:
        """Number of images in one epoch."""
        return len(self.images)

    def __len__(self):
        return math.ceil(self.dataset_size / self.batch_size)

    def __iter__(self):
        # Drawn here and not in the generator below, which would wait for the first batch.
        if self.shuffle:
            order = torch.randperm(self.dataset_size, generator=self._generator)
        else:
            order = torch.arange(self.dataset_size)
        return self._batches(order.to(self.images.device))

    def _batches(self, order):
        for indices in order.split(self.batch_size):
            images = self.images[indices]
            if images.dtype == torch.uint8:
                images = images.float() / 255
            if self.mean is not None:
                images = images - self.mean
            if self.std is not None:
                images = images / self.std
            yield images, self.labels[indices]

    def __repr__(self):
        return (
            f"TensorLoader({self.dataset_size:,} images {tuple(self.images.shape[1:])}, "
            f"{len(self)} batches of {self.batch_size}, shuffle={self.shuffle})"
        )


def split_indices(n: int, n_val: int, seed: int):
    """Split 0 ... n - 1 at random; return index tensors `(train, val)` of n - n_val and n_val."""
    if not 0 <= n_val <= n:
        raise ValueError(f"n_val: expected 0 ... {n}, came {n_val}")
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[n_val:], order[:n_val]
