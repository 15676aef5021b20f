"""What students get: a zip without anything of the grader, or the files of nbgrader's exchange."""

import ast
import copy
import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import date
from pathlib import Path

import nbformat
import pytest
import yaml
from conftest import ROOT
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

from autograder.authoring import bundle as bundling
from autograder.authoring.build import build
from autograder.authoring.classroom import solved
from autograder.course import Course
from autograder.errors import UserError

A = "99_tiny"


@pytest.fixture(scope="module")
def course_with_helpers(built_course, tmp_path_factory) -> Path:
    """The tiny course with this repository's helpers and instructions."""
    root = tmp_path_factory.mktemp("bundle") / "course"
    shutil.copytree(built_course, root)
    shutil.copytree(ROOT / "helpers", root / "helpers")
    shutil.copy(ROOT / "notebooks" / "README.md", root / "notebooks")
    return root


@pytest.fixture
def course(course_with_helpers, tmp_path) -> Course:
    shutil.copytree(course_with_helpers, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def tiny_bundle(course_with_helpers):
    return bundling.bundle(Course(course_with_helpers), [A], "tiny.zip")


def test_data_beside_a_source_and_nothing_of_yours_is_handed_out(course):
    course.source_notebook(A).with_name("data.csv").write_text("1,2")
    (course.folder("source") / "97_mine").mkdir()
    (course.folder("source") / "97_mine" / "notes.txt").write_text("mine")
    (course.folder("release") / "97_mine").mkdir()
    build(course)
    content = bundling.bundle(course, [A], "tiny.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read(f"tiny/{A}/data.csv") == b"1,2"
        assert not [name for name in archive.namelist() if "97_mine" in name]
    assert (course.folder("source") / "97_mine" / "notes.txt").read_text() == "mine"
    assert (course.folder("release") / "97_mine").is_dir()


def test_a_course_without_helpers_hands_out_notebooks_and_how_to_begin(built_course):
    content = bundling.bundle(Course(built_course), [A])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [
            f"course/{name}" for name in (f"{A}/{A}.ipynb", "README.md", "requirements.txt")
        ]
        assert f"- `{A}/{A}.ipynb`" in archive.read("course/README.md").decode()
        assert b"helpers" not in archive.read("course/requirements.txt")


@pytest.fixture
def unzipped(tiny_bundle, tmp_path) -> Path:
    with zipfile.ZipFile(io.BytesIO(tiny_bundle)) as archive:
        archive.extractall(tmp_path / "student")
    return tmp_path / "student" / "tiny"


def test_the_same_course_gives_the_same_bytes(course, tiny_bundle):
    assert bundling.bundle(course, [], "tiny.zip") == tiny_bundle
    with zipfile.ZipFile(io.BytesIO(tiny_bundle)) as archive:
        infos = archive.infolist()
    assert [i.filename for i in infos] == sorted(i.filename for i in infos)
    day = date.fromtimestamp((course.notebooks / f"{A}.py").stat().st_mtime)
    assert {i.date_time for i in infos} == {(day.year, day.month, day.day, 0, 0, 0)}
    assert {i.filename.split("/")[0] for i in infos} == {"tiny"}


def test_it_has_what_a_student_needs_and_nothing_else(unzipped):
    top = {p.name for p in unzipped.iterdir()}
    assert top == {A, "helpers", "README.md", "requirements.txt", "environment.yml"}
    assert [p.name for p in (unzipped / A).rglob("*")] == [f"{A}.ipynb"]
    names = {p.name for p in unzipped.rglob("*")}
    assert not names & {"__pycache__", "autograder", "source", "nbgrader_config.py", "tests"}
    assert not [n for n in names if n.endswith((".pyc", ".egg-info"))]


def test_every_module_of_helpers_is_in_the_package(unzipped):
    project = tomllib.loads((unzipped / "helpers" / "pyproject.toml").read_text())
    packages = {p.replace(".", "/") for p in project["tool"]["setuptools"]["packages"]}
    folders = {p.parent.relative_to(unzipped).as_posix() for p in unzipped.rglob("helpers/**/*.py")}
    assert folders == packages


def test_helpers_can_be_imported_from_the_unzipped_folder_alone(unzipped):
    """Without the site packages: only the bundle's own files and Python itself."""
    code = "import helpers, sys; print(helpers.__file__); sys.exit('autograder' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=unzipped, capture_output=True, text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == unzipped / "helpers" / "__init__.py"


def test_no_module_needs_the_grader_or_an_undeclared_package(unzipped):
    project = tomllib.loads((unzipped / "helpers" / "pyproject.toml").read_text())["project"]
    declared = {d.partition(">")[0] for d in project["dependencies"]}
    declared |= {"helpers", "IPython", "PIL"}
    # The command of selfcheck needs these two; they come with JupyterLab.
    declared |= {"nbclient", "nbformat"}
    for path in unzipped.rglob("helpers/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                assert top in sys.stdlib_module_names or top in declared, f"{path}: {name}"


def test_the_instructions_name_files_that_are_there(unzipped):
    text = (unzipped / "README.md").read_text(encoding="utf-8")
    assert "python3 -m venv .venv" in text and "pip install ./helpers jupyterlab" in text
    assert f"`{A}/{A}.ipynb`" in text
    assert 'unzip -q -o "tiny.zip" && pip install -q "./tiny/helpers"' in text
    assert "{" not in text.replace("```", "")
    environment = yaml.safe_load((unzipped / "environment.yml").read_text())
    assert environment["dependencies"][-1]["pip"][-1] == "./helpers"
    assert "./helpers" in (unzipped / "requirements.txt").read_text().splitlines()
    assert (unzipped / A / f"{A}.ipynb").is_file()


def test_a_stale_release_is_refused(course):
    path = course.root / "notebooks" / f"{A}.py"
    path.write_text(path.read_text().replace("Two small", "Two smal"))
    with pytest.raises(UserError, match="up to date, .*99_tiny.ipynb would change: run"):
        bundling.bundle(course, [A])


def test_an_unknown_assignment_is_refused(course):
    with pytest.raises(UserError, match="expected the name of an assignment"):
        bundling.bundle(course, ["77_nothing"])


def test_a_leak_in_a_notebook_is_refused(course):
    path = course.root / "notebooks" / f"{A}.py"
    text = path.read_text()
    answer = "# Because the sum counts every entry once."
    path.write_text(text.replace("# # Two small exercises", f"# # Two\n#\n# {answer}"))
    build(course)
    bundling.bundle(course, [A])  # Public text is no leak …
    released = course.folder("release") / A / f"{A}.ipynb"
    notebook = nbformat.read(released, as_version=4)
    notebook.cells[1].source += "\n# return values.sum() / values.numel()"
    nbformat.write(notebook, released)
    with pytest.raises(UserError, match="up to date"):  # … and a changed release is not handed out.
        bundling.bundle(course, [A])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("from autograder.checking import check\n", "contains 'autograder.checking'"),
        ("a = 1\nb = 2\n\nc = a + b\nprint(c)\n", "shows the solution of 98_long.py, line 4"),
        ("# A long line of a model answer, which nobody would write by chance like this.\n",
         "shows the solution of 98_long.py, line 17"),
    ],
)  # fmt: skip
def test_a_leak_in_helpers_is_refused(course, monkeypatch, content, message):
    monkeypatch.setattr(bundling.build, "stale", lambda course: [])
    (course.root / "notebooks" / "98_long.py").write_text(
        '# %% [markdown]\n# Text\n\n# %% solution="long"\ndef long():\n    ### BEGIN SOLUTION\n'
        "    a = 1\n    b = 2\n    c = a + b\n    print(c)\n    ### END SOLUTION\n\n"
        '# %% selfcheck="long" points=1\nlong()\n\n\n# %% [markdown] answer="x" points=1\n'
        "# # A long line of a model answer, which nobody would write by chance like this.\n"
    )
    bundling.bundle(course, [A])
    (course.root / "helpers" / "leak.py").write_text(content)
    with pytest.raises(UserError, match=f"helpers/leak.py {message}"):
        bundling.bundle(course, [A])


@pytest.fixture
def exchange(course, tmp_path):
    """nbgrader's exchange between `course` and a student's home: call it with a step's name."""
    config = copy.deepcopy(course.config)
    config.CourseDirectory.assignment_id = A
    for name in ("exchange", "cache", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "exchange").chmod(0o777)
    config.Exchange.root = str(tmp_path / "exchange")
    config.Exchange.cache = str(tmp_path / "cache")
    config.Exchange.assignment_dir = str(tmp_path / "home")

    def step(name):
        kind = getattr(ExchangeFactory(config=config), name)
        kind(CourseDirectory(config=config), Authenticator(config=config), config=config).start()

    return step


def test_an_assignment_goes_through_the_exchange_and_back(course, exchange, tmp_path):
    exchange("release_assignment")
    exchange("fetch_assignment")
    mine = tmp_path / "home" / A / f"{A}.ipynb"
    assert mine.read_bytes() == (course.folder("release") / A / f"{A}.ipynb").read_bytes()
    mine.write_text(json.dumps(solved(course, A)), encoding="utf-8")
    exchange("submit")
    exchange("collect")
    (collected,) = course.folder("submitted").glob(f"*/{A}/{A}.ipynb")
    assert collected.read_bytes() == mine.read_bytes()
    # Late penalties rest on it.
    assert (collected.parent / "timestamp.txt").is_file()
