"""A tiny course beside the real one, so that what is tested is the machinery."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import autograder.answers
import autograder.checks
import autograder.probes
import matplotlib
import pytest
from autograder.build import build
from autograder.course import Course

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]
TINY = Path(__file__).with_name("tiny")

for package in (autograder.answers, autograder.checks, autograder.probes):
    package.__path__.append(str(TINY / package.__name__.rpartition(".")[2]))


@pytest.fixture
def course(tmp_path) -> Course:
    """A built course with the assignment 99_tiny and short time limits."""
    root = tmp_path / "course"
    root.mkdir()
    shutil.copytree(TINY / "notebooks", root / "notebooks")
    config = (ROOT / "nbgrader_config.py").read_text()
    config = config.replace("c.Judge.timeout = 120", "c.Judge.timeout = 3\nc.Judge.iopub_timeout = 2")
    (root / "nbgrader_config.py").write_text(config)
    course = Course(root)
    build(course)
    return course


@pytest.fixture(scope="session")
def real_course() -> Course:
    """The course of this repository, as it is; tests do not write into it."""
    return Course(ROOT)
