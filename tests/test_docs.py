"""What the pages say is so: commands exist, links lead somewhere, the exercise can be added."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import typer
from conftest import ROOT

from autograder.cli import app

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
EXERCISE = ROOT / "docs" / "adding-an-exercise.md"
APPENDED = re.compile(
    r"Append\s+to\s+`([^`]+)`:\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def commands(page):
    """The command lines of a page's blocks, split into words, without their comments."""
    for language, block in BLOCK.findall(page.read_text()):
        if language in ("", "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                yield from (shlex.split(part, comments=True) for part in line.split(" && "))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page):
    known = typer.main.get_command(app).commands
    for words in commands(page):
        if "autograder" not in words[:3] or words[:2] == ["pip", "install"]:
            continue
        name, *rest = words[words.index("autograder") + 1 :]
        assert name in known, words
        options = {option for parameter in known[name].params for option in parameter.opts}
        used = {word for word in rest if word.startswith("-")}
        assert used <= options | {"--help"}, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = LINK.findall(page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_every_page_can_be_reached_from_the_readme():
    linked = {(ROOT / t).resolve() for t in LINK.findall((ROOT / "README.md").read_text())}
    assert {page for page in PAGES[1:] if page not in linked} == set()


def test_pictures_are_small_and_used():
    text = "".join(page.read_text() for page in PAGES)
    for picture in ROOT.glob("docs/pictures/*"):
        assert picture.stat().st_size < 200_000 and f"pictures/{picture.name}" in text


@pytest.mark.slow
def test_an_exercise_added_by_following_the_page_passes_the_audit(tmp_path):
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("autograder", "helpers", "notebooks"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", clone)
    blocks = APPENDED.findall(EXERCISE.read_text())
    assert len(blocks) == 4
    for path, text in blocks:
        with (clone / path).open("a") as file:
            file.write(text)
    lines = [words[3:] for words in commands(EXERCISE) if words[:3] == ["uv", "run", "autograder"]]
    assert [words[0] for words in lines] == ["build", "audit"]
    for words in lines:
        # All of 03 is tried; five challenges for each answer instead of 25 keep it short.
        fewer = ["--seeds", "5"] if words[0] == "audit" else []
        # The clone's own modules: the working folder comes first.
        done = subprocess.run(
            [sys.executable, "-m", "autograder.cli", *words, *fewer],
            cwd=clone,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "mistake each_alone" in done.stdout and done.stdout.endswith("proven, no leak\n")
    release = (clone / "release/03_optimizers/03_optimizers.ipynb").read_text()
    assert "def clip_gradients(params, max_norm)" in release and "norm > max_norm" not in release
