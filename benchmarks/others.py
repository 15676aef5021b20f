"""The same submissions, graded by other programs: stock nbgrader, and otter-grader.

Both run the visible self-checks, in ordinary kernels or in their own process; neither seals anything
off, and neither writes feedback here.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from classes import ASSIGNMENT, CHECKOUT, Run, run

from autograder.authoring.classroom import released
from autograder.course import Course
from autograder.notebook import grade_id_of

# What the notebook needs beside otter-grader.
LIBRARIES = ("torch", "torchvision", "matplotlib", "seaborn", "ipywidgets", "ipykernel")
TEST = """\
OK_FORMAT = False
from otter.test_files import test_case

name = {name!r}
points = {points!r}


@test_case()
def test_self_check(env):
    exec({code!r}, env)
"""


def nbgrader(course: Course, n: int) -> Run:
    """`nbgrader autograde` with stock settings on the first `n` submissions of a course."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "nbgrader_config.py").write_text("")
        source = root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes(course.source_notebook(ASSIGNMENT).read_bytes())
        for notebook in submissions(course, n):
            path = root / "submitted" / notebook.parts[-3] / ASSIGNMENT / notebook.name
            path.parent.mkdir(parents=True)
            path.write_bytes(notebook.read_bytes())
        run(root, "nbgrader", "generate_assignment", ASSIGNMENT, "--create")
        return run(root, "nbgrader", "autograde", ASSIGNMENT, "--create")


def submissions(course: Course, n: int) -> list[Path]:
    """The first `n` notebooks."""
    return sorted(course.folder("submitted").glob(f"*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"))[:n]


class Otter:
    """otter-grader in an environment of its own."""

    def __init__(self, place: Path):
        self._programs = place / "env" / "bin"
        self._place = place
        uv("venv", "-q", place / "env", "--python", sys.executable)
        uv(
            "pip",
            "install",
            "-q",
            "--python",
            self._programs / "python",
            "otter-grader",
            *LIBRARIES,
        )
        found = subprocess.run(
            [self._programs / "python", "-c",
             "from importlib.metadata import version; print(version('otter-grader'))"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.version = found.stdout.strip()

    def grade(self, course: Course, n: int) -> Run:
        """`otter run` on each of the first `n` submissions, one after another."""
        tests = self._tests(course)
        wall = cpu = 0.0
        for notebook in submissions(course, n):
            with tempfile.TemporaryDirectory() as folder:
                done = run(
                    Path(folder), "otter", "run", "-a", tests, "-o", folder, notebook,
                    programs=self._programs,
                )  # fmt: skip
                results = json.loads((Path(folder) / "results.json").read_text())
            scores = [(t["score"], t["max_score"]) for t in results["tests"] if "max_score" in t]
            assert scores and all(score == most for score, most in scores), results["tests"][0][
                "output"
            ]
            wall, cpu = wall + done.wall, cpu + done.cpu
        return Run(wall, cpu)

    def _tests(self, course: Course) -> Path:
        """Each self-check as a test of otter's, and the packages of the course beside them."""
        archive = self._place / "autograder.zip"
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("otter_config.json", json.dumps({"show_stdout": True}))
            for cell in released(course, ASSIGNMENT).cells:
                marks = cell.metadata.get("nbgrader", {})
                if cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"):
                    name = grade_id_of(cell)
                    test = TEST.format(name=name, points=marks["points"], code=cell.source)
                    made.writestr(f"tests/{name}.py", test)
            for path in sorted((CHECKOUT.root / "helpers").rglob("*.py")):
                made.write(path, f"files/{path.relative_to(CHECKOUT.root)}")
        return archive


def uv(*arguments: str | Path) -> None:
    subprocess.run(["uv", *arguments], check=True)
