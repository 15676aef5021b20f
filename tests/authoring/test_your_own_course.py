"""The page "Your own course" is followed to the letter, with nothing but the wheel installed."""

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from autograder.kernel.grader import tiers

PAGE = ROOT / "docs" / "your-own-course.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PLACE = re.compile(r"(Append\s+to|In)\s+`([^`]+)`:\s*$")
A = "01_images"


class Terminal:
    """What a reader types into: the folder and the variables stay from line to line."""

    def __init__(self, folder: Path, variables: dict[str, str], state: Path):
        self.folder, self.variables, self._state = folder, variables, state
        self.said: dict[str, str] = {}

    def type(self, line: str) -> None:
        """Run a line in bash; a test fails with what it printed if it does."""
        script = f"set -e\n{line}\npwd > '{self._state}'; env -0 >> '{self._state}'"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said[line] = done.stdout
        if done.returncode and re.search("Failed to fetch|network was disabled", done.stdout):
            pytest.skip(f"packages cannot be installed here: {done.stdout[-300:]}")
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        folder, _, variables = self._state.read_text().partition("\n")
        self.folder = Path(folder)
        self.variables = dict(v.split("=", 1) for v in variables.split("\0") if v)


def follow(page: str, terminal: Terminal) -> None:
    """Do what the blocks of the page say, in order."""
    for block in BLOCK.finditer(page):
        language, text = block.groups()
        if not language:
            for line in text.splitlines():
                if line.startswith("uv pip install"):
                    # Into the environment that the page has made, and into no other.
                    assert terminal.variables["VIRTUAL_ENV"] == str(terminal.folder / "teaching")
                    assert "UV_PYTHON" not in terminal.variables
                    terminal.type(line)
                    expect_only_the_wheel(terminal)
                else:
                    terminal.type(line)
            continue
        (how, name) = PLACE.search(page[: block.start()]).groups()
        path = terminal.folder / name
        content = path.read_text()
        if language == "python":
            assert how.startswith("Append")
            path.write_text(content + text)
        else:
            assert language == "diff" and how == "In"
            old, new = (
                "".join(row[1:] for row in text.splitlines(True) if row[0] == sign) for sign in "-+"
            )
            assert content.count(old) == 1, f"{name} should contain once: {old}"
            path.write_text(content.replace(old, new))


def expect_only_the_wheel(terminal: Terminal) -> None:
    """Fail unless what is typed from now on runs the package that the page has installed."""
    ask = "import autograder, importlib.util as i; print(autograder.__file__, i.find_spec('torch'))"
    terminal.type(f'(cd / && python -c "{ask}" && command -v autograder)')
    module, torch, command = terminal.said.popitem()[1].split()
    installed = str(terminal.folder / "teaching")
    assert module.startswith(installed) and command.startswith(installed) and torch == "None"


def clone(folder: Path) -> Path:
    """What of this repository a wheel is made from."""
    folder.mkdir()
    for name in ("autograder", "helpers"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def environment(programs: Path) -> dict[str, str]:
    """The variables of this process without its Python environment, which nothing may touch.

    `UV_PYTHON` above all would send what the page installs into that environment.
    """
    foreign = ("VIRTUAL_ENV", "CONDA", "PYTHON", "PYTEST", "JUPYTER", "MPL", "MLP_", "OMP_")
    foreign += ("UV_PYTHON", "UV_SYSTEM", "UV_PROJECT", "UV_TARGET", "UV_PREFIX", "UV_BREAK")
    variables = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    programs.mkdir()
    (programs / "uv").symlink_to(shutil.which("uv"))
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    outside = [p for p in variables["PATH"].split(os.pathsep) if not p.startswith(sys.prefix)]
    return variables | {"PATH": os.pathsep.join([str(programs), *outside])}


@pytest.mark.slow
def test_the_page_works_with_nothing_but_the_wheel(tmp_path):
    if not (shutil.which("uv") and shutil.which("bash")):
        pytest.skip("uv and bash are not both installed")
    if not tiers.probe().tier.sealed:
        pytest.skip("students' code cannot be sealed off here, which the page takes for granted")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tested = tmp_path / "tested.txt"
    tested.write_text("\n".join(project["tool"]["uv"]["constraint-dependencies"]))
    variables = environment(tmp_path / "bin") | {"UV_CONSTRAINT": str(tested), "COLUMNS": "200"}
    terminal = Terminal(clone(tmp_path / "clone"), variables, tmp_path / "state")

    follow(PAGE.read_text(), terminal)

    said, course = terminal.said, terminal.folder
    assert course == tmp_path / "my-course"
    assert said["autograder audit"].endswith("proven, no leak\n")
    assert said["autograder audit 01"].endswith("proven, no leak\n")
    assert "mistake upside_down" in said["autograder audit 01"]
    assert "a class of 12" in said["autograder demo"]
    assert "not sealed:" not in said["autograder doctor"]
    with open(course / "results.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: (row["score"], row["flags"]) for name, row in rows.items()} == {
        "ada": ("15", "needs manual grading"),
        "ben": ("0", ""),
    }
    assert (course / "feedback" / "ben" / A / f"{A}.html").is_file()
    assert (course / f"{A}_report.html").is_file()
    assert f"course/{A}/{A}.ipynb" in zipfile.ZipFile(course / "course.zip").namelist()
