"""What this host offers to grading."""

import os

import torch

from autograder.kernel import cgroup, tiers
from autograder.kernel.limits import Limits
from helpers import data


def examine() -> dict[str, str]:
    """Facts by name: isolation and what keeps it from being better, limits, images, machine, GPU."""
    offer = tiers.probe()
    facts = {"isolation": f"{offer.tier} (kernel {offer.tier.kernel_name})"}
    facts |= {f"not {tier}": reason for tier, reason in offer.missing.items()}
    if not offer.tier.sealed:
        facts["grading"] = "refused, unless told --allow-unsealed"
    elif offer.tier is tiers.Tier.NAMESPACES:
        facts["memory limit"] = _memory_limit()
    folder = data.data_folder()
    facts["image folder"] = str(folder) + ("" if folder.is_dir() else " (does not exist)")
    for name in ("mnist", "cifar10"):
        path = folder / f"{name}.npz"
        size = f"{path.stat().st_size >> 20} MB" if path.is_file() else "not there"
        facts[path.name] = size
    faces = folder / "animal_faces"
    facts["animal_faces"] = "there" if faces.is_dir() else "not there"
    facts["cores"] = _cores()
    facts["memory"] = _memory()
    facts["torch"] = torch.__version__
    cuda = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if cuda else "none that torch can use"
    facts["GPU"] = f"{name}; kernels get it only where c.SealedProvisioner.devices names it"
    return facts


def _memory_limit() -> str:
    group = cgroup.Group.create(f"mlp-doctor-{os.getpid()}", Limits())
    if group is None:
        return "watched ten times a second: no control group with memory and pids is handed to us"
    group.remove()
    return "kept by a control group for each kernel"


def _cores() -> str:
    there = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else there
    return f"{usable}" if usable == there else f"{usable} of {there}"


def _memory() -> str:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return f"{total / 2**30:.1f} GiB"
