"""A tiny course beside the real one, so that what is tested is the machinery."""

import math
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from sqlalchemy import Engine, event

from autograder.course import Course

ROOT = Path(__file__).resolve().parents[1]
TINY = Path(__file__).with_name("tiny")
# For the tests that ask for real images (`real_data`): else each made-up course would copy them.
# Under another name, as this file is also read by the processes that this one starts.
if "MLP_COURSE_DATA" in os.environ:
    os.environ["MLP_TESTS_REAL_DATA"] = os.environ.pop("MLP_COURSE_DATA")
REAL_DATA = os.environ.get("MLP_TESTS_REAL_DATA")


@event.listens_for(Engine, "connect")
def without_waiting_for_the_disk(connection, record):
    """What a test has written need not survive a power cut."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def pytest_addoption(parser):
    parser.addoption(
        "--ends-at",
        type=float,
        default=math.inf,
        metavar="TIME",
        help="seconds since 1970 at which all must have ended; what may last longer is skipped",
    )


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ("last" in item.keywords) - ("longest" in item.keywords))


def pytest_runtest_setup(item):
    """A run with an end, on a slow machine, says what it had no time for, rather than nothing."""
    last = item.get_closest_marker("last")
    seconds = 60 * last.kwargs["minutes"] if last else 300
    if time.time() + seconds > item.config.getoption("ends_at"):
        pytest.skip(f"no time for {item.nodeid} before --ends-at")


def pytest_runtest_logreport(report):
    """Say at once what failed: a run that is cut short has no summary."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid}\n{report.longreprtext[-2000:]}", file=sys.__stderr__, flush=True)


@pytest.fixture(autouse=True)
def no_figures_of_others():
    """Close what a test has drawn, so that the next one sees only its own figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def built_course(tmp_path_factory) -> Path:
    """A built course with the assignment 99_tiny and short time limits, to be copied."""
    root = tmp_path_factory.mktemp("tiny") / "course"
    shutil.copytree(TINY / "notebooks", root / "notebooks")
    shutil.copytree(TINY / "hidden" / "99_tiny", root / "hidden" / "99_tiny")
    config = (ROOT / "nbgrader_config.py").read_text()
    limits = "c.Judge.timeout = 3\nc.Judge.iopub_timeout = 2\nc.Judge.allow_unsealed = True"
    config = config.replace("c.Judge.timeout = 120", limits).replace("03_optimizers", "99_tiny")
    (root / "nbgrader_config.py").write_text(config)
    # Here, because tests of the command import this file in many processes.
    from autograder.authoring.build import build

    build(Course(root))
    return root


def course_with(root: Path, *assignments: str) -> Course:
    """A folder with some assignments of this repository's course, not built yet."""
    for name in assignments:
        (root / "notebooks").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "notebooks" / f"{name}.py", root / "notebooks")
        shutil.copytree(ROOT / "hidden" / name, root / "hidden" / name)
    shutil.copytree(ROOT / "hidden" / "shared", root / "hidden" / "shared")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return Course(root)


def hidden_of(assignment: str):
    """The hidden folder of an assignment of this repository's course."""
    from autograder.checking import hidden

    return hidden.load(ROOT / "hidden", assignment)


def reference_of(assignment: str):
    """The reference of an assignment of this repository's course, from its text."""
    from autograder.authoring.expand import expand
    from autograder.checking.reference import Reference

    return Reference(expand(Course(ROOT), assignment))


@pytest.fixture
def course(built_course, tmp_path) -> Course:
    """A course of this test's own."""
    root = tmp_path / "course"
    shutil.copytree(built_course, root)
    return Course(root)


@pytest.fixture
def real_data(monkeypatch):
    """Call it with a file's name: sets the data folder, or skips where the file is not there."""

    def expect(name: str) -> None:
        if not REAL_DATA or not Path(REAL_DATA, name).is_file():
            pytest.skip(f"no {name} in $MLP_COURSE_DATA")
        monkeypatch.setenv("MLP_COURSE_DATA", REAL_DATA)

    return expect


@pytest.fixture(scope="session")
def real_course() -> Course:
    """The course of this repository, as it is; tests do not write into it."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Built with the command of the README; a link to a page that is not there fails it."""
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "--site-dir", str(place)]
    # What the theme says about its successor is nothing that we could act on here.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return place
