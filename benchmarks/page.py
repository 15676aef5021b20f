"""Measures how fast a class is graded, and writes `docs/benchmarks.md` and its picture.

    uv run python benchmarks/page.py [--quick] [--large N] [--output FILE]

Everything is measured in one run on this machine, which should have nothing else to do: about 25
minutes on two cores, eight with `--quick`, which takes fewer of everything, and as many again for
`--large 1000`. Figures of other programs are of the same notebooks, taken in the same run.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import classes
import flame
import kernel_start
import others
from classes import ASSIGNMENT, CHECKOUT, different, grade, memory_of, run, serving, steady

from autograder.authoring.classroom import hand_in
from autograder.gradebook import ledger

# How many of each: submissions in classes, turns of a command, arrivals one by one, submissions in the
# last seconds, kernels of each kind, submissions whose processes are looked at.
SMALL, MIDDLE, PAIR, TURNS, ARRIVALS = 16, 100, 24, 5, 20
LAST_MINUTE, SECONDS = 300, 60
STARTS, LOOKED_AT = 10, 48
QUICK = {
    "SMALL": 4, "MIDDLE": 20, "PAIR": 8, "TURNS": 3, "ARRIVALS": 10, "LAST_MINUTE": 40,
    "SECONDS": 8, "STARTS": 5, "LOOKED_AT": 8,
}  # fmt: skip


def median(values) -> str:
    found = sorted(values)
    return f"{statistics.median(found):.2f} s ({found[0]:.2f} to {found[-1]:.2f}), n = {len(found)}"


def note(text: str) -> None:
    """Progress, on a terminal or in a log."""
    print(f"{datetime.now():%H:%M:%S}  {text}", file=sys.stderr, flush=True)


class Page:
    """Rows of tables, and what comes before them."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def say(self, text: str) -> None:
        self.parts.append(text)

    def table(self, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        lines = [head, tuple("---" for _ in head), *rows]
        self.parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def text(self) -> str:
        return "\n\n".join(self.parts) + "\n"


def start_to_end(page: Page, place: Path, notebook, large: int) -> None:
    """Whole classes, from the start of the command to its end."""
    course = classes.empty_class(place / "small")
    classes.fill(course, notebook, SMALL)
    note(f"nbgrader autograde, {SMALL} submissions")
    stock = others.nbgrader(course, SMALL)
    note(f"otter run, {SMALL} submissions")
    otter = others.Otter(place / "otter")
    other = otter.grade(course, SMALL)
    rows = [
        ("nbgrader autograde", str(SMALL), *_pace(stock, SMALL), "1"),
        (f"otter run (otter-grader {otter.version})", str(SMALL), *_pace(other, SMALL),
         f"{stock.wall / other.wall:.1f}"),
    ]  # fmt: skip
    own = overhead = first_to_last = 0.0
    for n in filter(None, (SMALL, MIDDLE, large)):
        note(f"autograder grade, {n} submissions")
        course = course if n == SMALL else classes.empty_class(place / str(n))
        if n != SMALL:
            classes.fill(course, notebook, n)
        done = grade(course, "--workers", "2")
        classes.expect_full_marks(course, n)
        ratio = stock.wall / SMALL / (done.wall / n)
        rows.append(("autograder grade", str(n), *_pace(done, n), f"{ratio:.1f}"))
        first_to_last, count = steady(course), n
        own = own or classes.computing_time(course, "student0000", 3)
        overhead = 2 * first_to_last - own
    page.say("## A class, from the start of the command to its end")
    page.say(
        "Solved submissions with their outputs. `nbgrader autograde` runs one after another in ordinary "
        "kernels; `otter run` is called once for each submission, as it does without containers. Both "
        "judge by the visible self-checks and write no feedback; `autograder grade` runs the hidden "
        "checks in sealed kernels with two workers, and writes feedback."
    )
    head = ("command", "n", "seconds", "CPU s each", "a minute", "times nbgrader's pace")
    page.table(head, rows)
    page.say(
        f"From the first to the last result of {count}: {60 / first_to_last:.0f} a minute, "
        f"{stock.wall / SMALL / first_to_last:.1f} times nbgrader's pace. A kernel computes "
        f"{own:.2f} s for a submission's cells and hidden checks (CPU, median of 3), so two workers "
        f"spend {overhead:.2f} s beyond that on each. If nothing but this computing took time, the "
        f"pace would be {stock.wall / SMALL / (own / 2):.0f} times nbgrader's."
    )


def _pace(done: classes.Run, n: int) -> tuple[str, str, str]:
    return f"{done.wall:.1f}", f"{done.cpu / n:.2f}", f"{60 * n / done.wall:.1f}"


def two_workers(page: Page, place: Path, notebook) -> None:
    """Two workers against one, and the same scores on a busy machine."""
    paces, scores = {}, {}
    for workers in (1, 2):
        note(f"{workers} of 2 workers, {PAIR} submissions")
        course = classes.empty_class(place / f"workers-{workers}")
        classes.fill(course, notebook, PAIR)
        grade(course, "--workers", str(workers))
        paces[workers], scores[workers] = steady(course), _scores(course)
    note("the same on a busy machine")
    with classes.busy(2 * classes.cores()):
        grade(course, "--force", "--workers", "2")
    equal = scores[1] == scores[2] == _scores(course)
    page.say("## Workers and load")
    page.say(
        f"From the first to the last result of {PAIR}, two workers are {paces[1] / paces[2]:.2f} times as "
        f"fast as one. With {2 * classes.cores()} other processes that never rest, all {PAIR} scores are "
        f"{'the same' if equal else 'NOT the same'}."
    )


def _scores(course) -> dict:
    latest = ledger.latest(course, ASSIGNMENT)
    return {s: (a.outcome.score, str(a.outcome.status)) for s, a in latest.items()}


def single_commands(page: Page, place: Path, notebook) -> None:
    """What somebody waits for who has one question."""
    course = classes.empty_class(place / "twelve")
    classes.fill(course, notebook, 12)
    grade(course)

    def one_student(turn: str) -> float:
        hand_in(course, "student0003", ASSIGNMENT, different(notebook, f"again {turn}"))
        return grade(course, "--student", "student0003").wall

    def measured(state: str) -> list[str]:
        note(f"one student, nothing changed, a mistyped name: {state}")
        regrades = [one_student(f"{state} {i}") for i in range(TURNS)]
        nothing = [grade(course).wall for _ in range(TURNS)]
        wrong = ("autograder", "grade", "03_optimisers")
        mistyped = [run(course.root, *wrong, status=2).wall for _ in range(TURNS)]
        return [median(regrades), median(nothing), median(mistyped)]

    cold = measured("cold")
    with serving(course):
        # The first order is prepared by whoever comes first.
        grade(course, "--student", "student0003", "--force")
        warm = measured("warm")
    page.say("## One command")
    page.say("Cold, and while `autograder serve` runs. Median, smallest and largest.")
    whats = ("regrade of one student", "nothing changed, class of 12", "a mistyped assignment")
    page.table(("what", "cold", "warm"), list(zip(whats, cold, warm)))


def watching(page: Page, place: Path, notebook) -> None:
    """From arrival to the feedback page, one at a time and all at once."""
    course = classes.empty_class(place / "watched")
    feedback = course.folder("feedback")
    with serving(course, "--watch") as process, memory_of(process.pid) as memory:
        hand_in(course, "first", ASSIGNMENT, notebook)
        _wait_for(feedback / "first")
        note(f"{ARRIVALS} arrivals, one after another")
        seconds = []
        for i in range(ARRIVALS):
            hand_in(course, f"one{i:02d}", ASSIGNMENT, different(notebook, f"one {i}"))
            started = time.time()
            seconds.append(_wait_for(feedback / f"one{i:02d}") - started)
        note(f"{LAST_MINUTE} arrivals in {SECONDS} s")
        began = time.time()
        at: dict[str, float] = {}
        for i in range(LAST_MINUTE):
            time.sleep(max(0.0, began + i * SECONDS / LAST_MINUTE - time.time()))
            student = f"late{i:03d}"
            hand_in(course, student, ASSIGNMENT, different(notebook, student))
            at[student] = time.time()
        early = len(memory.worker)
        waits = sorted(_wait_for(feedback / student) - then for student, then in at.items())
        classes.expect_full_marks(course, LAST_MINUTE + ARRIVALS + 1)
        half = early + (len(memory.worker) - early) // 2
        middle, end = memory.worker[half], memory.worker[-1]
        queue = subprocess.run(
            [classes.PROGRAMS / "autograder", "queue", "--json"],
            cwd=course.root, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert not json.loads(queue.stdout)["problems"]
    page.say("## Grading what arrives")
    page.say(
        f"`autograder serve --watch`: from a submission's arrival to its feedback page, one at a time: "
        f"median {median(seconds)}."
    )
    page.say(
        f"Just before a deadline: {LAST_MINUTE} submissions in {SECONDS} s. All are graded "
        f"once, with full marks. From arrival to feedback: median {statistics.median(waits):.0f} s, "
        f"95 of 100 within {waits[int(0.95 * len(waits))]:.0f} s, the last after {waits[-1]:.0f} s "
        f"({60 * LAST_MINUTE / (max(waits) + SECONDS):.0f} a minute at the least). The larger worker "
        f"has {middle:.0f} MB half way and {end:.0f} MB at the end."
    )


def _wait_for(folder: Path) -> float:
    """When the student's page was written, as of `time.time`."""
    page = folder / ASSIGNMENT / f"{ASSIGNMENT}.html"
    end = time.time() + 1200
    while not page.is_file():
        assert time.time() < end, f"no {page}"
        time.sleep(0.02)
    return page.stat().st_mtime


def where_it_goes(page: Page, place: Path, notebook, picture: Path) -> None:
    """Which processes compute while a class is graded, and what they are at."""
    note(f"where the time of {LOOKED_AT} submissions goes")
    course = classes.empty_class(place / "looked-at")
    classes.fill(course, notebook, LOOKED_AT)
    samples = flame.record(course, LOOKED_AT)
    flame.draw(samples, picture)
    shares = flame.rows(samples)
    most = ", ".join(" ".join(filter(None, row)) for row in shares[:3])
    page.say("## Where the time goes")
    page.say(
        f"`autograder grade` of {LOOKED_AT}, start included, looked at by py-spy {flame.RATE} times a second "
        "in all its processes; what waits is left out."
    )
    page.say(f"![The largest shares of the processors' time: {most}](pictures/{picture.name})")
    page.table(("process", "at what", "share of the processors' time"), shares)


def kernels(page: Page) -> None:
    """How soon a kernel can be used."""
    note(f"{STARTS} kernels of each kind")
    found = kernel_start.measure(STARTS)
    page.say("## Start of a kernel")
    page.say(
        "From the request to the end of a first cell that imports torch, torchvision, matplotlib."
    )
    page.table(("kernel", "usable after"), [(name, median(times)) for name, times in found.items()])


def machine() -> str:
    names = ("nbgrader", "nbclient", "ipykernel", "dask", "torch", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    model = platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.is_file():
        lines = [x for x in cpu.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return (
        f"Measured on {datetime.now(UTC):%d %B %Y}: {model}, {classes.cores()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {versions}. Assignment "
        f"`{ASSIGNMENT}`. Load before: {os.getloadavg()[0]:.1f}."
    )


def main(large: int, output: Path) -> None:
    page = Page()
    page.say("# Speed")
    page.say(
        "This page is written by `uv run python benchmarks/page.py`, which measures everything in one "
        "run. Run it on your machine to get your figures. Seconds differ from machine to machine; "
        "ratios less so."
    )
    page.say(machine())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        notebook = classes.finished_notebook(classes.empty_class(place / "made"))
        single_commands(page, place, notebook)
        watching(page, place, notebook)
        two_workers(page, place, notebook)
        start_to_end(page, place, notebook, large)
        where_it_goes(page, place, notebook, output.parent / "pictures" / "flame.png")
        kernels(page)
    output.write_text(page.text(), encoding="utf-8")
    note(f"wrote {output}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="take fewer of everything")
    parser.add_argument(
        "--large", type=int, default=0, metavar="N", help="also grade N submissions"
    )
    default = CHECKOUT.root / "docs" / "benchmarks.md"
    parser.add_argument("--output", type=Path, default=default)
    arguments = parser.parse_args()
    os.environ.setdefault("MLP_COURSE_DATASET", "synthetic")
    if arguments.quick:
        globals().update(QUICK)
    main(arguments.large, arguments.output)
