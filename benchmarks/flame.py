"""Where the time of a class goes: the processors' samples by process and by what they were at.

    uv run python benchmarks/flame.py [N] [--output FILE]

py-spy looks at the command and at all processes below it, the sealed kernels too; what waits is left
out. It comes in an environment of its own, and may need the rights of root.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import textwrap
from collections import Counter, defaultdict
from pathlib import Path

import classes
import matplotlib.pyplot as plt
import seaborn as sns
from classes import ASSIGNMENT, CHECKOUT, PROGRAMS, run

from autograder.course import Course

# Looks a second.
RATE = 25
# Frames in which a thread waits, though py-spy cannot tell: its number is another inside a sandbox.
WAITING = re.compile(
    r"\b(select|wait|device|accept|poll|_watch_pipe_fd|_be_first_process) \(|^GarbageCollectorThread"
)
# A function of the course: of the autograder, of hidden checks, of `helpers`.
OWN = re.compile(r"\((autograder(?!/kernel/sealed/app)|hidden|helpers)/|<probes|<agent>")
ENTRIES = ("<module>", "main")
# Where `uv` is.
UV = Path(shutil.which("uv") or "uv").parent
# What a process is at, told by a frame of it; the first that fits.
PROCESSES = (
    ("student's kernel", "kernel/sealed/application.py"),
    ("supervisor", "kernel/supervisor/"),
    ("feedback renderer", "feedback/bounded.py"),
    ("grader", "grading/task.py"),
    ("start of the sandbox", "kernel/"),
    ("command", ""),
)
# And inside it.
PARTS = {
    "student's kernel": (
        ("hidden checks", "<agent>"),
        ("cells", re.compile(r"\b\d{5,}\.py")),
        ("IPython", "IPython/"),
        ("messages", ""),
    ),
    "grader": (
        ("getting ready", "grading/task.py:_ready"),
        ("judging", "checking/"),
        ("notebook files", "nbformat/"),
        ("page", "feedback/"),
        ("messages", "jupyter_client/"),
        ("nbgrader's steps", ""),
    ),
    "command": (
        ("imports", "<frozen importlib"),
        ("gradebook", "sqlalchemy/"),
        ("Dask", "distributed/"),
        ("rest", ""),
    ),
}
COLOURS = "flare"
# How many characters of a label fit side by side.
CHARACTERS = 185


def record(course: Course, n: int) -> Counter:
    """Samples by (process, part, function) while a class of `n` is graded with two workers."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks.txt"
        run(
            course.root, "uv", "tool", "run", "py-spy", "record", "--subprocesses",
            "--nonblocking", "--rate", str(RATE), "--format", "raw", "--output", stacks, "--",
            sys.executable, PROGRAMS / "autograder", "grade", ASSIGNMENT, "--workers", "2",
            programs=UV,
        )  # fmt: skip
        classes.expect_full_marks(course, n)
        return counted(stacks.read_text().splitlines())


def counted(lines: list[str]) -> Counter:
    """Samples by (process, part, function), of collapsed stacks."""
    found: Counter = Counter()
    for line in lines:
        stack, _, samples = line.rpartition(" ")
        # A process's own entry has semicolons in it.
        frames = re.sub(r'process \d+:".*?"(;|$)', "", stack).split(";")
        if not frames[-1] or WAITING.search(frames[-1]):
            continue
        process = first_of(PROCESSES, frames)
        part = first_of(PARTS[process], frames) if process in PARTS else ""
        own = [frame.partition(" (")[0] for frame in frames if OWN.search(frame)]
        function = own[-1].rpartition(".")[2] if own and own[-1] not in ENTRIES else ""
        found[process, part, function] += int(samples)
    return found


def first_of(names, frames: list[str]) -> str:
    """The first name whose text or pattern is in a frame; frames read `function (file:line)`."""
    for name, mark in names:
        for frame in frames:
            function, _, place = frame.partition(" (")
            text = f"{place.rpartition(':')[0]}:{function}"
            if mark.search(text) if isinstance(mark, re.Pattern) else mark in text:
                return name
    raise LookupError(frames)


def draw(samples: Counter, output: Path) -> None:
    """A flame graph, the longest on the left: processes at the bottom, functions at the top."""
    sns.set_theme(style="white")
    figure, axes = plt.subplots(figsize=(11, 3.2), layout="constrained")
    total = samples.total()

    def bars(level: int, left: float, rows: Counter, colour) -> None:
        groups: dict[str, Counter] = defaultdict(Counter)
        for names, count in rows.items():
            groups[names[level]][names] = count
        for name, inner in sorted(groups.items(), key=lambda group: -group[1].total()):
            width = inner.total() / total
            shade = next(palette) if level == 0 else sns.light_palette(colour, 4)[3 - level]
            if name:
                axes.barh(level, width, 0.96, left, color=shade, edgecolor="white")
            label = f"{name} {width:.0%}" if level < 2 else name
            room = int(CHARACTERS * width)
            lines = textwrap.wrap(label, room, break_long_words=False) if name and room else []
            if all(len(line) <= room for line in lines):
                dark = level == 0 and sum(shade) < 1.4
                axes.text(
                    left + width / 2, level, "\n".join(lines), fontsize=7,
                    ha="center", va="center", color="white" if dark else "black",
                )  # fmt: skip
            if level < 2:
                bars(level + 1, left, inner, shade)
            left += width

    palette = iter(sns.color_palette(COLOURS, len(PROCESSES)))
    bars(0, 0.0, samples, None)
    axes.set(xlim=(0, 1), yticks=range(3), yticklabels=["process", "at what", "function"])
    axes.xaxis.set_major_formatter("{x:.0%}")
    sns.despine(left=True)
    figure.savefig(output, dpi=150)
    plt.close(figure)


def rows(samples: Counter) -> list[tuple[str, str, str]]:
    """The same in words: process, part, share of all samples."""
    shares: Counter = Counter()
    for (process, part, _), count in samples.items():
        shares[process, part] += count / samples.total()
    return [(*names, f"{100 * share:.0f} %") for names, share in shares.most_common()]


def main(n: int, output: Path) -> None:
    os.environ.setdefault("MLP_COURSE_DATASET", "synthetic")
    with tempfile.TemporaryDirectory() as folder:
        notebook = classes.finished_notebook(classes.empty_class(Path(folder) / "made"))
        course = classes.empty_class(Path(folder) / "class")
        classes.fill(course, notebook, n)
        samples = record(course, n)
    draw(samples, output)
    for row in rows(samples):
        print(f"{row[0]:24}{row[1]:20}{row[2]:>6}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("n", type=int, nargs="?", default=48)
    default = CHECKOUT.root / "docs" / "pictures" / "flame.png"
    parser.add_argument("--output", type=Path, default=default)
    arguments = parser.parse_args()
    main(arguments.n, arguments.output)
