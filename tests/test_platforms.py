"""Windows and macOS, as far as Linux can pretend to be them: see `pretended/sitecustomize.py`."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.classroom import answered, hand_in, prepend, solved
from autograder.authoring.new import new_course
from autograder.course import Course
from autograder.kernel.grader.tiers import Tier
from autograder.zips import Archive

A = "99_tiny"
TEMPLATE = "01_images"
EXPOSED = "warning: students' code is not sealed off here"
each_system = pytest.mark.parametrize("system", ["win32", "darwin"])

# Each command as people would type it, and how it ended.
COMMANDS = """\
import sys
from autograder.cli import main
for command in sys.argv[1:]:
    sys.argv = ["autograder", *command.split()]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    print(f"ended with {code}: {command}", flush=True)
"""
IMPORTS = """\
import importlib, pkgutil, sys
import autograder
alone = "linux node. sealed.application sealed.fork_server sealed.sandbox supervisor.supervisor supervisor.usage"
alone = tuple(f"autograder.kernel.{name}" for name in alone.split())
for found in pkgutil.walk_packages(autograder.__path__, "autograder."):
    if not found.name.startswith((*alone, "autograder.authoring.template")):
        importlib.import_module(found.name)
assert not [name for name in sys.modules if name.startswith(alone)]
"""
# What a student's code would see, and a process that still works in its folder when the kernel ends.
SPY = """\
import json, os, subprocess, sys
wait = "import os, sys, time; [time.sleep(0.1) for _ in range(1200) if not os.path.exists(sys.argv[1])]"
subprocess.Popen([sys.executable, "-c", wait, {stop!r}], start_new_session=True)
with open(get_ipython().config.IPKernelApp.connection_file) as file:
    print(json.dumps([json.load(file)["transport"], sorted(os.environ)]))
"""


def python(system: str, cwd: Path, code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run code where the engine finds what there is on another system."""
    environment = os.environ | {
        "PRETENDED_SYSTEM": system,
        "PYTHONPATH": str(Path(__file__).with_name("pretended")),
        "PYTHONWARNDEFAULTENCODING": "1",
        # What Windows takes for the text in a log.
        "PYTHONIOENCODING": "cp1252",
        "COLUMNS": "200",
        "TMPDIR": str(cwd),
        "USERPROFILE": str(cwd),
        "SECRET": "of the grader",
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, env=environment, capture_output=True,
        encoding="cp1252",
    )  # fmt: skip


def codes(done: subprocess.CompletedProcess) -> list[int]:
    """The exit codes of `COMMANDS`."""
    assert done.returncode == 0, done
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("ended with")]
    return [int(line[2].rstrip(":")) for line in lines]


@each_system
def test_every_module_is_imported_but_those_that_are_linuxs_alone(tmp_path, system):
    done = python(system, tmp_path, IMPORTS)
    assert (done.returncode, done.stderr) == (0, "")


REFUSED = """\
import os, shutil, sqlite3
from pathlib import Path
from autograder import lock
from autograder.errors import UserError
from autograder.grading.judging import judge
from autograder.kernel.grader import launcher

assert (judge.os.name, lock.sys.platform) == ("nt", "win32") and hasattr(lock, "msvcrt")
assert not hasattr(judge.os, "fork") and not hasattr(launcher.socket, "AF_UNIX")
folder, other = Path("folder"), Path("other")
folder.mkdir(), other.touch()
book = sqlite3.connect(folder / "book")
book.execute("CREATE TABLE grades (score)")
for attempt in (
    lambda: (folder / "book").unlink(),
    lambda: os.replace("other", folder / "book"),
    lambda: shutil.rmtree(folder),
    lambda: folder.rename("renamed"),
    lambda: other.rename(other.absolute()),
    lambda: Path("link").symlink_to("other"),
):
    try:
        attempt()
    except OSError:
        continue
    raise AssertionError("Windows refuses this")
book.close()
shutil.rmtree(folder)
with lock.held(Path("course"), "grading"):
    try:
        with lock.held(Path("course"), "grading"):
            raise AssertionError("held twice")
    except UserError:
        pass
with lock.held(Path("course"), "grading"):
    pass
"""


def test_the_pretended_windows_refuses_what_windows_refuses(tmp_path):
    done = python("win32", tmp_path, REFUSED)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """The course of `autograder new`, built on this system."""
    course = new_course(tmp_path_factory.mktemp("new") / "course")
    build(course)
    return course.root


@pytest.mark.slow
@each_system
def test_from_a_new_course_to_the_report(tmp_path, released, system):
    archive = tmp_path / "canvas.zip"
    with zipfile.ZipFile(archive, "w") as made:
        content = json.dumps(solved(Course(released), TEMPLATE))
        made.writestr(f"doeanna_12345_67890_{TEMPLATE}.ipynb", content)
    done = python(
        system, tmp_path, COMMANDS, "--help", "new course",
        *(f"{command} --course course" for command in (
            "doctor", "build", "build --check", "audit --seeds 2", "bundle",
            f"collect {TEMPLATE} canvas.zip", "grade 01", "grade 01 --allow-unsealed",
            "export 01 --to csv", "export 01 --to csv --allow-unfinished", "report 01",
        )),
    )  # fmt: skip
    assert codes(done) == [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 0], done
    assert "Traceback" not in done.stdout + done.stderr
    assert f"this needs Linux, and this is {system}" in done.stdout
    assert "Grade on another host, or pass --allow-unsealed" in done.stderr
    assert done.stdout.count(EXPOSED) == 1 and "12 / 15" in done.stdout
    for kind in ("source", "release"):
        path = Path(kind, TEMPLATE, f"{TEMPLATE}.ipynb")
        assert (tmp_path / "course" / path).read_bytes() == (released / path).read_bytes()


@pytest.mark.slow
@each_system
def test_a_class_is_graded_in_plain_kernels(tmp_path, built_course, system):
    course = Course(tmp_path / "course")
    shutil.copytree(built_course, course.root)
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Judge.allow_unsealed = True", ""))
    # As a killed run leaves it: worker processes grade, not threads of the command itself.
    (course.private / "scratch-killed").mkdir(parents=True)
    right, stop = solved(course, A), tmp_path / "stop"
    spying = prepend(answered(right, {}), SPY.format(stop=str(stop)))
    folder = hand_in(course, "Łukasz", A, spying).parent
    (folder / "notes.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    mistake = answered(right, {"double": "def double(x):\n    return x * x\n"})
    hand_in(course, "mistaken", A, mistake)
    hand_in(course, "broken", A, b"{")
    (course.folder("submitted") / "linked").mkdir()
    (course.folder("submitted") / "linked" / A).symlink_to(folder)
    try:
        command = "grade 99 --course course --results results.json --allow-unsealed"
        done = python(system, tmp_path, COMMANDS, command)
    finally:
        stop.touch()
    assert codes(done) == [1], done
    assert EXPOSED in done.stdout and "ukasz" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    outcomes = {o["student"]: o for o in json.loads((tmp_path / "results.json").read_text())}
    ended = {name: (o["status"], o["score"]) for name, o in outcomes.items()}
    assert ended == {
        "Łukasz": ("graded", 5.0), "mistaken": ("graded", 2.0),
        "broken": ("unreadable", None), "linked": ("unreadable", None),
    }, outcomes  # fmt: skip
    assert sorted(outcomes["Łukasz"]["notes"]) == [
        "notes.txt is a symbolic link and was left out",
        "pipe is not an ordinary file and was left out",
    ]
    assert "expected the submitted files themselves" in outcomes["linked"]["message"]
    assert {o["isolation"] for o in outcomes.values()} == {str(Tier.PLAIN), ""}
    graded = nbformat.read(course.folder("autograded") / "Łukasz" / A / f"{A}.ipynb", as_version=4)
    transport, names = json.loads(graded.cells[0].outputs[0].text)
    assert transport == {"win32": "tcp", "darwin": "ipc"}[system]
    # Without it, Jupyter finds no home on Windows.
    assert ("USERPROFILE" in names) == (system == "win32")
    assert "SECRET" not in names


@pytest.mark.slow
def test_the_demo(tmp_path, released):
    done = python("win32", tmp_path, COMMANDS, f"demo demo --course {released}")
    assert codes(done) == [0], done
    assert EXPOSED in done.stdout and "one broken file" in done.stdout
    outcomes = json.loads((tmp_path / "demo" / "results.json").read_text())
    statuses = [outcome["status"] for outcome in outcomes]
    assert len(statuses) == 12 and "grader error" not in statuses
    assert [o["score"] for o in outcomes if o["student"] == "all-right"] == [12.0]


CARRIED = """\
from pathlib import Path
from autograder.submission.intake import Unreadable
from autograder.submission.pack import pack
try:
    pack(Path("submitted")).unpack(Path("copy"))
except Unreadable as reason:
    print(reason, list(Path("copy").iterdir()))
"""


@pytest.mark.parametrize("name", ["..\\..\\evil.py", "c:evil.py"])
def test_a_name_from_linux_is_no_path_on_windows(tmp_path, name):
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / name).touch()
    done = python("win32", tmp_path, CARRIED)
    assert done.stdout == f"{name} cannot be a file's name on Windows: rename it []\n", done


LIMITED = """\
import sys
from autograder.submission import tidy
assert tidy.main(sys.argv[1]) == ""
"""


def test_where_memory_cannot_be_limited_notebooks_are_read_all_the_same(tmp_path):
    (tmp_path / "a.ipynb").write_text('{"cells": []}')
    done = python("darwin", tmp_path, LIMITED, "a.ipynb")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"cells": [], "metadata": {}}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("aux.ipynb", "_aux.ipynb"),
        ("Com1", "_Com1"),
        ("notes. ", "notes"),
        ("auxin.py", "auxin.py"),
    ],
)
def test_names_that_windows_cannot_have_are_changed(tmp_path, name, safe):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(f"folder/{name}", "")
    with Archive(tmp_path / "a.zip") as found:
        assert [str(member.path) for member in found.members] == [f"folder/{safe}"]
