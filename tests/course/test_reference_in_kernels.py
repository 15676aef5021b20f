"""The reference earns every point in a sealed kernel, with all cores given to the grader.

`REFERENCE_SEEDS=200 uv run pytest -m slow tests/course/test_reference_in_kernels.py` tries more
challenges.
"""

import contextlib
import functools
import os
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, hidden_of, reference_of
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from traitlets.config import Config

from autograder.authoring.expand import expand
from autograder.checking.check import challenge_seed, run_checks
from autograder.course import Course
from autograder.grading.judging import data
from autograder.kernel.grader import tiers
from autograder.kernel.grader.student import KernelStudent
from autograder.notebook import reference_cells

SEEDS = int(os.environ.get("REFERENCE_SEEDS", 1))
# Challenges that one kernel is asked: ten of 05 send more than a submission may.
A_KERNEL = 5
ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@contextlib.contextmanager
def kernel(folder: Path, images: str):
    """A sealed kernel with the reference's files and the name of its images: a `KernelStudent`."""
    course, config = Course(ROOT), Config()
    config.SealedProvisioner.update(
        course.config.SealedProvisioner,
        variables={"MLP_COURSE_DATASET": images},
        preload=course.preload,
    )
    name = tiers.Tier.NAMESPACES.kernel_name
    manager = AsyncKernelManager(kernel_name=name, config=config)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(nbformat.v4.new_notebook(), manager, resources=resources)
    with client.setup_kernel(cleanup_kc=True):
        yield KernelStudent(client.kc, client.km, lambda: 600.0, 10)


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_reference_earns_every_point_in_a_kernel(assignment, tmp_path):
    import torch

    if tiers.probe().tier is not tiers.Tier.NAMESPACES:
        pytest.skip("no kernels in namespaces here")
    own, reference = hidden_of(assignment), reference_of(assignment)
    with data.built_in(own), contextlib.chdir(tmp_path):
        own.import_all()
        if own.reference_files:
            own.reference_files(reference.namespace(), tmp_path)
        lost = []
        # A kernel's limits are those of one submission.
        for first in range(0, SEEDS, A_KERNEL):
            with kernel(tmp_path, "synthetic") as student:
                for _, code in reference_cells(expand(Course(ROOT), assignment)):
                    student.run(code, 100)
                student.load(own.module("probes"))
                torch.set_num_threads(os.cpu_count() or 1)
                try:
                    seeds = range(first, min(first + A_KERNEL, SEEDS))
                    lost += lost_points(own, student, seeds)
                finally:
                    torch.set_num_threads(1)
    assert lost == []


def lost_points(own, student, seeds) -> list[tuple]:
    """Where the reference lost points: the seed, the check and its message."""
    lost = []
    for seed in seeds:
        draw = functools.partial(challenge, seed)
        for checks in own.checks.values():
            for result in run_checks(checks, student, draw):
                if result.points < result.max_points:
                    where = f"{result.exercise}/{result.check}"
                    lost.append((seed, where, result.message, result.error))
    return lost


def challenge(seed: int, item) -> int:
    return challenge_seed(b"kernels", seed.to_bytes(4, "big"), item.name)
