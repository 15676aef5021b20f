"""Where the course can be started, and what contributors find: files that agree with each other."""

import json
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from autograder.cli import app

PACKAGES = {"course_autograder": ROOT, "mlp_course_helpers": ROOT / "helpers"}


def test_hooks_run_what_ci_runs_before_its_tests():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"] for hook in repository["hooks"]]
    ci = [
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line.startswith("uv run")
    ]
    assert hooks == [line for line in ci if not line.startswith("uv run pytest")]
    for command in hooks:
        assert command.removeprefix("uv run ") in (ROOT / "CONTRIBUTING.md").read_text()


def test_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    first = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version == citation["version"] == first[1]


@pytest.mark.parametrize("path", sorted((ROOT / "docker").iterdir()), ids=lambda path: path.name)
def test_a_container_copies_what_is_there_and_runs_as_an_ordinary_user(path):
    lines = path.read_text().replace("\\\n", "").splitlines()
    for line in lines:
        if line.startswith("COPY"):
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), line
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users and "root" not in users
    assert f"docker build -f docker/{path.name}" in path.read_text()


def test_the_development_container_installs_what_students_are_told_to():
    found = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    told = "uv venv && uv pip install --torch-backend=cpu ./helpers jupyterlab"
    assert told in found["postCreateCommand"]
    assert (
        told in (ROOT / "README.md").read_text() and told in (ROOT / "docs/student.md").read_text()
    )


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()))
def test_forms_can_be_read(path):
    form = yaml.safe_load(path.read_text())
    assert form["name"] and all(part["attributes"]["label"] for part in form["body"])


def test_commands_of_the_page_for_contributors_are_there():
    names = {c.name or c.callback.__name__ for c in app.registered_commands}
    page = (ROOT / "CONTRIBUTING.md").read_text()
    for command in re.findall(r"uv run autograder (\w+)", page):
        assert command in names
    for path in re.findall(r"uv run pytest.*?(tests/\S+)", page):
        assert (ROOT / path.rstrip("`")).exists()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("dist")
    for folder in PACKAGES.values():
        command = [sys.executable, "-m", "build", "--no-isolation", "-o", str(place), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, (
            f"{shlex.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return place


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_has_types_a_licence_and_no_tests(built, name):
    (wheel,) = built.glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        told = archive.read(metadata).decode()
    assert any(n.endswith("/py.typed") for n in names)
    assert "License-Expression: MIT" in told and "Typing :: Typed" in told
    for part in ("tests/", "hidden/0", "notebooks/0", "submitted"):
        assert not any(n.startswith(part) for n in names)
    (source,) = built.glob(f"{name}-*.tar.gz")
    with tarfile.open(source) as archive:
        assert any(n.endswith("pyproject.toml") for n in archive.getnames())
