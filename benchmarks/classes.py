"""Made-up classes, and commands that are timed on them."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
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
PROGRAMS = Path(sys.executable).parent
# Seconds between two looks at the memory.
INTERVAL = 0.5
# What a worker's command line has in it.
WORKER = "multiprocessing.spawn"


def empty_class(root: Path) -> Course:
    """A course with the assignment, and nobody in it yet."""
    course = make_course(CHECKOUT, root)
    with open(course.root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write("\nc.Judge.allow_unsealed = True\n")
    return Course(course.root)


def finished_notebook(course: Course):
    """A solved notebook with its outputs, as it is handed in."""
    with tempfile.TemporaryDirectory() as home:
        return worked_on(solved(course, ASSIGNMENT), Path(home))


def fill(course: Course, notebook, n: int, first: int = 0) -> None:
    """Hand in `n` submissions, no two of them the same."""
    for i in range(first, first + n):
        hand_in(course, f"student{i:04d}", ASSIGNMENT, different(notebook, str(i)))


def different(notebook, text: str):
    """The notebook, with a sentence of one's own in its first cell."""
    own = notebook.copy()
    own.cells = [notebook.cells[0].copy(), *notebook.cells[1:]]
    own.cells[0].source += f"\n\nsubmission {text}"
    return own


@dataclass(frozen=True)
class Run:
    """What a command took: seconds from its start to its end, CPU seconds of all its processes."""

    wall: float
    cpu: float


def run(folder: Path, *command: str | Path, status: int = 0, programs: Path = PROGRAMS) -> Run:
    """Run an installed command to its end."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # Stock nbgrader looks for its libraries' commands on the path.
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [programs / command[0], *command[1:]],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != status:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return Run(wall, sum(getattr(after, n) - getattr(before, n) for n in ("ru_utime", "ru_stime")))


def grade(course: Course, *options: str) -> Run:
    """Grade the class with the command."""
    return run(course.root, "autograder", "grade", ASSIGNMENT, *options)


def steady(course: Course) -> float:
    """Seconds a submission, from the first result to the last."""
    times = [a.time for a in ledger.read(course, ASSIGNMENT)]
    return (max(times) - min(times)).total_seconds() / (len(times) - 1)


def expect_full_marks(course: Course, n: int) -> None:
    outcomes = [a.outcome for a in ledger.latest(course, ASSIGNMENT).values()]
    assert len(outcomes) == n, f"expected {n} results, got {len(outcomes)}"
    wrong = [f"{o.student}: {o.score}, {o.said}" for o in outcomes if o.score != o.max_score]
    assert not wrong, wrong


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


def computing_time(course: Course, student: str, n: int) -> float:
    """Median CPU seconds that a kernel spends on a submission's cells and hidden checks."""
    folder = course.folder("submitted") / student / ASSIGNMENT
    course.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        grader = Grader(course, take_snapshot(course, ASSIGNMENT), Path(scratch))
        steps = grader.config.Autograde.autograde_preprocessors
        (place,) = (i for i, step in enumerate(steps) if str(step).endswith("Judge"))
        steps[place] = Timed
        for _ in range(n):
            grader.grade(student, pack(folder))
    return statistics.median(Timed.seconds)


class Memory:
    """MB of a process and of its workers, looked at now and then."""

    def __init__(self, process: int):
        self._process = process
        self.head: list[float] = []
        self.worker: list[float] = []

    def look(self) -> None:
        head = psutil.Process(self._process)
        self.head.append(head.memory_info().rss / 2**20)
        below = [p for p in head.children(recursive=True) if WORKER in " ".join(p.cmdline())]
        self.worker += [max(p.memory_info().rss for p in below) / 2**20] if below else []


@contextmanager
def memory_of(process: int):
    """The memory of a process while the block runs."""
    memory, ended = Memory(process), threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL):
            try:
                memory.look()
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()


@contextmanager
def serving(course: Course, *options: str):
    """`autograder serve` on the course; yields its process when it is ready."""
    command = [PROGRAMS / "autograder", "serve", *options]
    with subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "commands start warm" in process.stdout.readline()
        if options:
            assert "queue" in process.stdout.readline()
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def busy(processes: int):
    """Processes that compute and never rest."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
