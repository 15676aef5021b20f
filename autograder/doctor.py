"""What this host offers to grading."""

import os

import torch

from autograder.kernel import tiers
from helpers import data


def examine() -> dict[str, str]:
    """Facts by name: isolation and what keeps it from being better, images, cores, GPU."""
    offer = tiers.probe()
    facts = {"isolation": str(offer.tier)}
    facts |= {f"not {tier}": reason for tier, reason in offer.missing.items()}
    folder = data.data_folder()
    facts["image folder"] = str(folder) + ("" if folder.is_dir() else " (does not exist)")
    for name in ("mnist", "cifar10"):
        path = folder / f"{name}.npz"
        size = f"{path.stat().st_size >> 20} MB" if path.is_file() else "not there"
        facts[path.name] = size
    faces = folder / "animal_faces"
    facts["animal_faces"] = "there" if faces.is_dir() else "not there"
    facts["cores"] = str(os.cpu_count())
    facts["torch"] = torch.__version__
    cuda = torch.cuda.is_available()
    facts["GPU"] = torch.cuda.get_device_name() if cuda else "none that torch can use"
    return facts
