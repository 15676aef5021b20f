"""Batches from tensors in memory."""

import math

import torch


class TensorLoader:
    """Batches of images and labels that stay in memory, normalised as they are handed out.

    Parameters
    ----------
    images : (N, C, H, W) tensor, uint8 (scaled to [0, 1]) or floating point (not scaled).
    labels : (N,) tensor of integers.
    batch_size : images per batch; the last batch contains the remaining ones.
    shuffle : draw a new order at every `iter`. The order of epoch e depends only on `seed` and e.
    mean, std : per channel (or one number), in the units after scaling; None skips the step.
    device : where the data is kept and the batches are made; None does not move the data.
    augment : `augment(images, generator) -> images`, called on every batch after scaling and
        before `mean` and `std`, see `helpers.augment`. Its CPU generator depends only on `seed` and
        the epoch.

    Yields
    ------
    tuple
        `(images, labels)`: float (B, C, H, W) and int64 (B,).
    """

    def __init__(
        self,
        images,
        labels,
        batch_size,
        shuffle=False,
        seed=0,
        mean=None,
        std=None,
        device=None,
        augment=None,
    ):
        images, labels = torch.as_tensor(images), torch.as_tensor(labels)
        if images.ndim < 2 or not (images.dtype == torch.uint8 or images.is_floating_point()):
            raise ValueError(
                "images: expected a uint8 or floating point tensor (N, C, H, W), "
                f"got {images.dtype} {tuple(images.shape)}"
            )
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise ValueError(f"labels: expected integers, got {labels.dtype}")
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"labels: expected shape ({len(images)},), one per image, got {tuple(labels.shape)}"
            )
        if batch_size != int(batch_size) or batch_size < 1:
            raise ValueError(f"batch_size: expected a whole number above 0, got {batch_size}")
        if augment is not None and not callable(augment):
            raise ValueError(f"augment: expected a function, got {type(augment).__name__}")
        self.images = images.to(device)
        self.labels = labels.to(device, torch.int64)
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.augment = augment
        self.mean = self._per_channel("mean", mean)
        self.std = self._per_channel("std", std)
        if self.std is not None and not (self.std > 0).all():
            raise ValueError(f"std: expected positive numbers, got {std}")
        # On the CPU, so that the order is the same on every device.
        self._generator = torch.Generator().manual_seed(seed)
        # Separate from the order's generator: an epoch left early must not change the next one.
        first = torch.randint(2**62, (), generator=torch.Generator().manual_seed(seed))
        self._augment_seeds = torch.Generator().manual_seed(int(first))

    def _per_channel(self, name, value):
        if value is None:
            return None
        dtype = self.images.dtype if self.images.is_floating_point() else torch.float32
        value = torch.as_tensor(value, dtype=dtype, device=self.images.device).flatten()
        if len(value) not in (1, self.images.shape[1]):
            raise ValueError(
                f"{name}: expected one number or {self.images.shape[1]} "
                f"(one per channel), got {len(value)}"
            )
        return value.reshape(-1, *[1] * (self.images.ndim - 2))

    @property
    def dataset_size(self) -> int:
        """Number of images in one epoch."""
        return len(self.images)

    def __len__(self):
        return math.ceil(self.dataset_size / self.batch_size)

    def __iter__(self):
        # Drawn here and not in the generator below, which would only run at the first batch.
        if self.shuffle:
            order = torch.randperm(self.dataset_size, generator=self._generator)
        else:
            order = torch.arange(self.dataset_size)
        seed = torch.randint(2**62, (), generator=self._augment_seeds)
        generator = torch.Generator().manual_seed(int(seed))
        return self._batches(order.to(self.images.device), generator)

    def _batches(self, order, generator):
        for indices in order.split(self.batch_size):
            images = self.images.index_select(0, indices)
            if images.dtype == torch.uint8:
                images = images.float().div_(255)
            if self.augment is not None:
                images = self.augment(images, generator)
            # Not in place: `augment` may return a tensor that it still uses.
            if self.mean is not None:
                images = images - self.mean
            if self.std is not None:
                images = images / self.std
            yield images, self.labels.index_select(0, indices)

    def __repr__(self):
        return (
            f"TensorLoader({self.dataset_size:,} images {tuple(self.images.shape[1:])}, "
            f"{len(self)} batches of {self.batch_size}, shuffle={self.shuffle})"
        )


def split_indices(n: int, n_val: int, seed: int):
    """Split 0 ... n - 1 at random; return index tensors `(train, val)` of n - n_val and n_val."""
    if not 0 <= n_val <= n:
        raise ValueError(f"n_val: expected 0 ... {n}, got {n_val}")
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[n_val:], order[:n_val]
