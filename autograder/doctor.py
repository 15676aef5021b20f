"""What this host offers for grading."""

import os
import sys
from importlib import metadata
from importlib.util import find_spec

import psutil

from autograder.checking import hidden
from autograder.course import Course
from autograder.grading.judging import data
from autograder.kernel.grader import tiers
from autograder.kernel.limits import Limits
from autograder.kernel.supervisor import cgroup


def examine(course: Course) -> dict[str, str]:
    """Facts by name: isolation and what keeps it from being better, limits, data, machine, GPU."""
    offer = tiers.probe()
    facts = {"isolation": f"{offer.tier} (kernel {offer.tier.kernel_name})"}
    facts |= {f"not {tier}": reason for tier, reason in offer.missing.items()}
    if not offer.tier.sealed:
        facts["grading"] = "refused without --allow-unsealed"
    elif offer.tier is tiers.Tier.NAMESPACES:
        facts["memory limit"] = _memory_limit()
    for assignment in course.assignments:
        facts |= data.facts(hidden.load(course.hidden, assignment))
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    facts["cores"] = f"{usable} of {cores}"
    facts["memory"] = f"{psutil.virtual_memory().total / 2**30:.1f} GiB"
    facts["Python"] = sys.version.partition(" ")[0]
    for package in dict.fromkeys(name.partition(".")[0] for name in course.preload):
        facts[package] = _version(package)
    facts["GPU"] = f"{_gpu()}; kernels get it only if c.SealedProvisioner.devices names it"
    return facts


def _version(package: str) -> str:
    names = metadata.packages_distributions().get(package)
    return metadata.version(names[0]) if names else "not installed"


def _gpu() -> str:
    if find_spec("torch") is None:
        return "not checked: torch is not installed"
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "none that torch can use"


def _memory_limit() -> str:
    group = cgroup.Group.create(f"mlp-doctor-{os.getpid()}", Limits())
    if group is None:
        return (
            "watched ten times a second: no control group with memory and pids is delegated to us"
        )
    group.remove()
    return "enforced by a control group for each kernel"
