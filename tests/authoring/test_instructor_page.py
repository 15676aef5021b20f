"""The page for instructors is followed to the letter in an empty folder, with a small course."""

import csv
import json
import os
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from test_your_own_course import BLOCK, Terminal

from autograder.authoring.classroom import answered
from autograder.authoring.new import new_course
from autograder.kernel.grader import tiers

PAGE = ROOT / "docs" / "instructor.md"
A = "03_optimizers"
# Lines that are not typed here, by how they begin, and why.
LEFT_OUT = {
    "uv run jupyter lab": "opens a browser; a browser test looks at formgrader",
    "uv run autograder leaderboard 05": "needs an assignment whose checks measure something",
    "uv run autograder calibrate 05": "trains networks",
    "uv run autograder return 03 --to canvas": "nothing was collected from there",
    "uv run autograder return 03 --to exchange": "nothing was handed in there",
    "uv run autograder serve": "does not end by itself",
    "uv run nbgrader export": "refuses, as the bank has changed since the class was graded",
    "uv run autograder queue": "needs a process that watches",
}
RIGHT = "def brighten(image, amount):\n    return np.clip(image.astype(int) + amount, 0, 255).astype(np.uint8)\n"
# By Ben.
WRONG = "def brighten(image, amount):\n    ben = image\n    return ben[::-1].copy()\n"


def lines_of(page: Path) -> list[str]:
    """What the page tells to type."""
    blocks = (block.groups() for block in BLOCK.finditer(page.read_text()))
    return [line for language, text in blocks if not language for line in text.splitlines() if line]


def make_course(folder: Path) -> None:
    """The small course of `autograder new`, under the names that the page uses."""
    course = new_course(folder)
    (course.notebooks / "01_images.py").rename(course.notebooks / f"{A}.py")
    (course.hidden / "01_images").rename(course.hidden / A)
    for path in [course.notebooks / f"{A}.py", *(course.hidden / A).glob("*.py")]:
        path.write_text(path.read_text().replace('"brighten"', '"sgd"'))
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write(f"c.Exchange.root = {str(folder.parent / 'exchange')!r}\n")
        config.write("c.CourseDirectory.course_id = 'small'\n")
    (folder.parent / "exchange").mkdir(mode=0o777)
    (folder.parent / "exchange").chmod(0o777)
    # For a regrade request.
    (folder / "a.py").write_text(RIGHT)


def download(course: Path) -> None:
    """What Moodle would hand out: two students, whose written answers are blank."""
    released = nbformat.read(course / "release" / A / f"{A}.ipynb", as_version=4)
    with zipfile.ZipFile(course / "submissions.zip", "w") as archive:
        for number, (name, source) in enumerate({"Ada Lovelace": RIGHT, "Ben Okri": WRONG}.items()):
            notebook = answered(released, {"sgd": source})
            place = f"{name}_50{number}_assignsubmission_file_/{A}.ipynb"
            archive.writestr(place, json.dumps(notebook))


@pytest.mark.slow
def test_the_page_can_be_followed_in_an_empty_folder(tmp_path):
    if not tiers.probe().tier.sealed:
        pytest.skip("students' code cannot be sealed off here, which the page takes for granted")
    course, programs = tmp_path / "course", tmp_path / "bin"
    make_course(course)
    programs.mkdir()
    # In a clone, uv would look for its environment; here this one is used.
    (programs / "uv").write_text('#!/bin/sh\n[ "$1" = run ] && shift\nexec "$@"\n')
    (programs / "uv").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = os.environ | {"PATH": path, "COLUMNS": "200"}
    terminal = Terminal(course, variables, tmp_path / "state")
    terminal.type("autograder build")
    download(course)

    lines = lines_of(PAGE)
    assert all(any(line.startswith(start) for line in lines) for start in LEFT_OUT)
    typed = [line for line in lines if not line.startswith(tuple(LEFT_OUT))]
    assert len(typed) > 15
    for line in typed:
        terminal.type(line)

    said = {line.partition("#")[0].strip(): told for line, told in terminal.said.items()}
    # The class is graded, and the mistake that nobody knew has come into the bank by itself.
    assert "2 graded, 0 waiting for a mark" in said["uv run autograder grade 03"]
    assert "Ada Lovelace" in said["uv run autograder grade 03"]
    assert said["uv run autograder audit 03 --exercise sgd"].endswith("proven, no leak\n")
    assert said["uv run autograder audit 03"].endswith("proven, no leak\n")
    bank = (course / "hidden" / A / "answers.py").read_text()
    assert '"drafted_1"' in bank and "ben" not in bank.casefold()
    assert "sgd a: 5 of 5" in said["uv run autograder try 03 sgd a.py"]
    with open(course / "results.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores.keys() == {"ada-lovelace", "ben-okri"}
    assert scores["ada-lovelace"] > scores["ben-okri"]
    for name in (f"{A}_report.html", "course.zip", "gradebook.db",
                 f"feedback/ben-okri/{A}/{A}.html"):  # fmt: skip
        assert (course / name).is_file(), name
    assert list((tmp_path / "exchange").rglob(f"{A}.ipynb"))
