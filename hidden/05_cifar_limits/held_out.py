"""Images whose labels a student's process never sees.

CIFAR-10's test images are cut in two: a graded kernel finds the first half as its test set, and the
grader measures accuracy on the second. Whoever trains at home has all labels: they are public.
"""

from dataclasses import dataclass

import torch

from helpers import data

NAME = "cifar10"

# Of the same distribution as the students' synthetic images, but other images.
SYNTHETIC_SEED = 7_302_119
NUM_SEEN = 10_000


@dataclass(frozen=True, eq=False)
class HeldOut:
    """uint8 images (N, C, H, W), labels (N,), and the training images' statistics per channel.

    `mean` and `std` are in units of [0, 1]. `seen` are some of the training images and their labels.
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    mean: list[float]
    std: list[float]
    seen: tuple[torch.Tensor, torch.Tensor] | None = None


_loaded: dict[tuple, HeldOut] = {}


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
    # More than a network may have units: nobody can know these and the others one by one.
    step = max(1, len(images.train_images) // NUM_SEEN)
    seen = images.train_images[::step].clone(), images.train_labels[::step].clone()
    return HeldOut(name, test, labels, [m for m, _ in moments], [s for _, s in moments], seen)
