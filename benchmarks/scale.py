"""Many generated submissions: does grading keep its pace, its memory and its memory of what is done?

    uv run python benchmarks/scale.py [N] [--workers 2]

Grades N solved submissions of 03_optimizers (default 12), the first part of them with one worker,
in runs of the command of their own, all of them timed in one go. Prints

- submissions per minute of the first 100 (of the first half where there are fewer) and of all,
- the memory of the process that writes, after those and at the end,
- the seconds that the same command takes when nothing has changed,
- two workers against one, on the same number of submissions.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from autograder.authoring.classroom import hand_in, solved
from autograder.authoring.demo import make_course
from autograder.course import Course
from autograder.gradebook import ledger

ASSIGNMENT = "03_optimizers"
CHECKOUT = Course(Path(__file__).resolve().parents[1])
FIRST = 100
# Seconds between two looks at the memory.
INTERVAL = 1.0


def class_of(root: Path, n: int) -> Course:
    """A course with `n` solved submissions, no two of them the same."""
    course = make_course(CHECKOUT, root)
    notebook = solved(course, ASSIGNMENT)
    for i in range(n):
        notebook.cells[0].source += f"\n\nsubmission {i}"
        hand_in(course, f"student{i:04d}", ASSIGNMENT, notebook)
    return course


def run(course: Course, workers: int) -> tuple[float, list[tuple[float, float]]]:
    """Run `autograder grade`: its seconds, and (time, MB of the process that writes) now and then."""
    command = [
        sys.executable, "-m", "autograder.cli", "grade", ASSIGNMENT, "--course", str(course.root),
        "--workers", str(workers), "--allow-unsealed",
    ]  # fmt: skip
    memory: list[tuple[float, float]] = []
    started = time.time()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        ended = threading.Event()

        def watch():
            while not ended.wait(INTERVAL):
                try:
                    rss = psutil.Process(process.pid).memory_info().rss
                except psutil.NoSuchProcess:
                    return
                memory.append((time.time(), rss / 2**20))

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        ended.set()
        watcher.join()
    if status != 0:
        raise SystemExit(f"autograder grade ended with status {status}")
    return time.time() - started, memory


def finished(course: Course) -> list[float]:
    """When each attempt was finished."""
    attempts = ledger.read(course, ASSIGNMENT)
    assert all(a.outcome.score == a.outcome.max_score for a in attempts)
    return [a.time.timestamp() for a in attempts]


def pace(times: list[float]) -> float:
    """Submissions per minute, from the first one finished to the last."""
    return 60 * (len(times) - 1) / (times[-1] - times[0])


def at(memory: list[tuple[float, float]], moment: float) -> float:
    """The MB at a moment."""
    return next((mb for time, mb in memory if time >= moment), memory[-1][1])


def main(n: int, workers: int) -> None:
    first = min(FIRST, n // 2)
    with tempfile.TemporaryDirectory() as folder:
        course = class_of(Path(folder) / "all", n)
        one = class_of(Path(folder) / "one", first)
        seconds, memory = run(course, workers)
        times = finished(course)
        second, _ = run(course, workers)
        assert len(finished(course)) == n, "something unchanged was graded again"
        run(one, 1)
        alone = pace(finished(one))
    early, late = at(memory, times[first - 1]), at(memory, times[-1])
    print(f"{ASSIGNMENT}, n = {n}, {workers} workers on {os.cpu_count()} cores")
    print(f"first {first:<5}         {pace(times[:first]):8.1f} a minute")
    print(f"all {n:<5}           {pace(times):8.1f} a minute")
    print(f"ratio               {pace(times) / pace(times[:first]):8.2f}")
    print(f"in all              {seconds:8.1f} s, {times[0] - memory[0][0]:.1f} s until the first")
    print(f"memory after {first:<5}  {early:8.0f} MB, at the end {late:.0f} MB: {late / early:.2f}")
    print(f"nothing changed     {second:8.1f} s")
    print(f"1 worker, n = {first:<5} {alone:8.1f} a minute: {workers} workers are "
          f"{pace(times[:first]) / alone:.2f} times as fast")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n", type=int, nargs="?", default=12)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    os.environ.setdefault("MLP_COURSE_DATASET", "synthetic")
    main(arguments.n, arguments.workers)
