"""Stock `nbgrader autograde` against `autograder grade`, in one run on the same submissions.

    uv run python benchmarks/grading.py [N]

Both are the commands themselves, from the start of the program to its end: N solved submissions of
03_optimizers, 2 workers where there are workers. Stock nbgrader runs one submission after another in
ordinary kernels, with the visible self-checks in place of the hidden ones, and makes no feedback.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from autograder.authoring.classroom import hand_in, solved, worked_on
from autograder.authoring.demo import make_course
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.gradebook.released import take_snapshot
from autograder.grading.judging.grade import Grader
from autograder.grading.judging.judge import Judge
from autograder.submission.pack import pack

ASSIGNMENT = "03_optimizers"
CHECKOUT = Course(Path(__file__).resolve().parents[1])
WORKERS = 2
SAMPLE = 3


def stock_course(course, root: Path, students: list[str], notebook) -> None:
    """A course folder with stock settings and the same submissions, ready for `autograde`."""
    (root / "nbgrader_config.py").write_text("")
    source = root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes(course.source_notebook(ASSIGNMENT).read_bytes())
    for student in students:
        path = root / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    run(root, "nbgrader", "generate_assignment", ASSIGNMENT, "--create")


def run(folder: Path, *command: str) -> tuple[float, float]:
    """Run an installed command; its wall time and the CPU seconds of all its processes."""
    program = Path(sys.executable).with_name(command[0])
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return wall, sum(getattr(after, n) - getattr(before, n) for n in ("ru_utime", "ru_stime"))


class Timed(Judge):
    """A judge that notes the CPU time of each kernel, from when it was ready."""

    seconds: list[float] = []

    def preprocess_cell(self, cell, resources, index):
        kernel = psutil.Process(self.km.provisioner.pid)
        if index == 0:
            self._before = sum(kernel.cpu_times())
        done = super().preprocess_cell(cell, resources, index)
        if index == len(self.nb.cells) - 1:
            self.seconds.append(sum(kernel.cpu_times()) - self._before)
        return done


def computing_time(course, folder: Path) -> float:
    """Median CPU seconds that a kernel spends on one submission's cells and hidden checks."""
    course.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        grader = Grader(course, take_snapshot(course, ASSIGNMENT), Path(scratch))
        steps = grader.config.Autograde.autograde_preprocessors
        steps[steps.index(Judge)] = Timed
        for _ in range(SAMPLE):
            outcome = grader.grade(folder.parent.name, pack(folder))
            assert outcome.score == outcome.max_score, outcome.message
    return statistics.median(Timed.seconds)


def main(n: int) -> None:
    """Grade `n` solved submissions both ways."""
    students = [f"student{i:03d}" for i in range(n)]
    with (
        tempfile.TemporaryDirectory() as ours,
        tempfile.TemporaryDirectory() as theirs,
        tempfile.TemporaryDirectory() as home,
    ):
        course = make_course(CHECKOUT, Path(ours))
        # With outputs, as it is handed in.
        notebook = worked_on(solved(course, ASSIGNMENT), Path(home))
        folders = [hand_in(course, s, ASSIGNMENT, notebook).parent for s in students]
        stock_course(course, Path(theirs), students, notebook)
        own_cells = computing_time(course, folders[0])
        wall, cpu = run(course.root, "autograder", "grade", ASSIGNMENT, "--workers", str(WORKERS))
        attempts = sorted(ledger.read(course, ASSIGNMENT), key=lambda attempt: attempt.time)
        assert len(attempts) == n
        assert all(a.outcome.score == a.outcome.max_score for a in attempts)
        stock, stock_cpu = run(Path(theirs), "nbgrader", "autograde", ASSIGNMENT, "--create")
    print(f"{ASSIGNMENT}, n = {n} submissions each, {os.cpu_count()} cores")
    print("per submission            wall s   CPU s   a minute")
    print(f"nbgrader autograde       {stock / n:7.2f} {stock_cpu / n:7.2f} {60 * n / stock:10.1f}")
    print(f"autograder grade         {wall / n:7.2f} {cpu / n:7.2f} {60 * n / wall:10.1f}")
    print(f"ratio                    {stock / wall:7.1f} {stock_cpu / cpu:7.1f}")
    first, last = attempts[0].time, attempts[-1].time
    if n > 1 and last > first:
        steady = (last - first).total_seconds() / (n - 1)
        print(f"from first to last result {steady:6.2f}         {60 / steady:10.1f}")
        print(f"ratio                    {stock / n / steady:7.1f}")
        print(
            f"a kernel's own computing time on cells and checks: {own_cells:.2f} CPU s (n = {SAMPLE})"
        )
        print(
            f"overhead beyond it, {WORKERS} workers: "
            f"{WORKERS * steady - own_cells:.2f} s per submission from first to last result, "
            f"{WORKERS * wall / n - own_cells:.2f} s with start and end of the command"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 24)
