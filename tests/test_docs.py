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

from autograder import files
from autograder.cli import app
from autograder.gradebook.ledger import JUDGING

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


def called(page):
    """Those of them that call `autograder`."""
    for words in commands(page):
        if "autograder" in words[:3] and words[:2] != ["pip", "install"]:
            yield words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page):
    known = typer.main.get_command(app).commands
    for words in called(page):
        name, *rest = words[words.index("autograder") + 1 :]
        assert name in known, words
        options = {option for parameter in known[name].params for option in parameter.opts}
        used = {word for word in rest if word.startswith("-")}
        assert used <= options | {"--help"}, words


def test_every_command_is_shown_in_a_page():
    shown = {words[words.index("autograder") + 1] for page in PAGES for words in called(page)}
    assert shown == set(typer.main.get_command(app).commands)


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


def test_the_architecture_names_every_package_and_what_an_outcome_depends_on():
    text = (ROOT / "docs/architecture.md").read_text()
    engine = (ROOT / "autograder").iterdir()
    modules = [f"`{p.stem}`" for p in engine if p.suffix == ".py" and p.stem != "__init__"]
    folders = [f"`{p.parent.name}/`" for p in (ROOT / "autograder").glob("*/__init__.py")]
    inside = [f"`{package}/`" for package in JUDGING]
    assert [name for name in modules + folders + inside if name not in text] == []


@pytest.mark.slow
def test_an_exercise_added_by_following_the_page_is_proven(tmp_path):
    clone = tmp_path / "clone"
    for name in ("helpers", "hidden", "notebooks", "release", "source"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns(*files.LITTER))
    (clone / "tests/checking").mkdir(parents=True)
    for name in ("nbgrader_config.py", "tests/checking/forging.py"):
        shutil.copy(ROOT / name, clone / name)
    before = files.read_folder(clone)
    blocks = APPENDED.findall(EXERCISE.read_text())
    assert len(blocks) == 4
    for path, text in blocks:
        with (clone / path).open("a", encoding="utf-8") as file:
            file.write(text)
    build, audit, forge = (words for words in commands(EXERCISE) if words[:2] == ["uv", "run"])
    run_in(clone, build)
    # All of 03 is tried; five challenges for each answer instead of 25 keep it short.
    proof = run_in(clone, [*audit, "--seeds", "5"])
    assert "mistake each_alone" in proof and proof.endswith("proven, no leak\n")
    assert re.search(r"^[1-9]\d+ forged replies, 0 problems$", run_in(clone, forge), re.MULTILINE)
    release = (clone / "release/03_optimizers/03_optimizers.ipynb").read_text()
    assert "def clip_gradients(params, max_norm)" in release and "norm > max_norm" not in release
    after = files.read_folder(clone)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    built = {f"{kind}/03_optimizers/03_optimizers.ipynb" for kind in ("source", "release")}
    hidden = {f"hidden/03_optimizers/{name}.py" for name in ("checks", "probes", "answers")}
    assert changed == {"notebooks/03_optimizers.py", *hidden, *built}


def run_in(folder, words):
    """What a command `uv run …` of a page prints, run with the Python of this process."""
    tool, *rest = words[2:]
    command = [sys.executable, *(["-m", "autograder.cli"] if tool == "autograder" else []), *rest]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_that_hold_the_claims_of_protection_exist():
    named = re.findall(
        r"(?<!\*)\*([a-z][^*]*test_[^*]*)\*", (ROOT / "docs/protection.md").read_text()
    )
    words = re.findall(r"[\w/.]+", " ".join(named))
    missing, text = [], ""
    for word in words:
        if word.endswith(".py"):
            path = ROOT / "tests" / word
            text = path.read_text() if path.is_file() else ""
        elif f"def test_{word}(" not in text:
            missing.append(word)
    assert len(words) > 40 and missing == []
