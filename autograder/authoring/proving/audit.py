"""Prove a release: what the checks catch, what they accept, and that nothing leaks."""

import contextlib
import functools
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.authoring.expand import SOLUTION, expand, read_cells, stub_of
from autograder.checking import hidden
from autograder.checking.answers import Alternative, Mistake
from autograder.checking.check import Check, challenge_seed, run_checks
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.grading.judging import data
from autograder.outcome import CheckResult


@dataclass
class Row:
    """One answer over all seeds: how often each check failed."""

    kind: str
    exercise: str
    name: str
    failures: dict[str, int] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass
class Audit:
    """The audit of one assignment."""

    assignment: str
    seeds: int
    rows: list[Row]
    leaks: list[str]

    @property
    def problems(self) -> list[str]:
        found = [f"{r.kind} {r.exercise}/{r.name}: {p}" for r in self.rows for p in r.problems]
        return found + self.leaks


def audit(
    course: Course,
    assignment: str,
    seeds: int = 25,
    on_row: Callable[[Row], None] = lambda row: None,
) -> Audit:
    """Try the reference, the stub and the answer bank on the hidden checks, `seeds` times each.

    If checks need data, it is the built-in data.
    """
    own = hidden.load(course.hidden, assignment)
    reference = Reference(expand(course, assignment))
    with tempfile.TemporaryDirectory() as files, data.built_in(own):
        own.import_all()
        rows = _try_all(own, reference, seeds, on_row, Path(files))
    return Audit(assignment, seeds, rows, leaks(course, assignment))


def _try_all(
    own: hidden.Hidden,
    reference: Reference,
    seeds: int,
    on_row: Callable[[Row], None],
    files: Path,
) -> list[Row]:
    checks = own.checks
    stubs = {name: stub_of(code) for name, code in reference.solutions.items()}
    rows: list[Row] = []
    if write := own.reference_files:
        with contextlib.chdir(files):
            write(reference.namespace(), files)

    def try_answer(kind, exercise, name, replaced, judge, change_files=None):
        row = Row(kind, exercise, name)
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(files, folder, dirs_exist_ok=True)
            try_in_folder(row, exercise, replaced, judge, change_files)
        rows.append(row)
        on_row(row)

    def try_in_folder(row, exercise, replaced, judge, change_files):
        try:
            namespace = reference.namespace(**replaced)
            if change_files:
                change_files(namespace, Path.cwd())
        except Exception as error:
            row.problems.append(f"its cell raises {type(error).__name__}: {error}")
        else:
            student = LocalStudent(namespace)
            for seed in range(seeds):
                challenge = functools.partial(_challenge, seed)
                _collect(row, run_checks(checks[exercise], student, challenge))
            judge(row)

    for exercise in checks:
        try_answer("reference", exercise, "reference", {}, lambda r: _expect_full(r))
        try_answer(
            "stub", exercise, "stub", stubs,
            lambda r, e=exercise: _expect_none(r, [c.name for c in checks[e]], seeds),
        )  # fmt: skip
    for answer in own.answers:
        if answer.exercise not in checks:
            row = Row("answer", answer.exercise, answer.name, problems=["unknown exercise"])
            rows.append(row)
            on_row(row)
            continue
        replaced = {answer.exercise: answer.source}
        if isinstance(answer, Mistake):
            try_answer(
                "mistake", answer.exercise, answer.name, replaced,
                lambda r, a=answer: _expect_caught(r, a.fails, seeds), answer.files,
            )  # fmt: skip
        elif isinstance(answer, Alternative):
            try_answer(
                "alternative", answer.exercise, answer.name, replaced,
                lambda r: _expect_full(r), answer.files,
            )  # fmt: skip
    return rows


def _challenge(seed: int, item: Check) -> int:
    return challenge_seed(b"audit", bytes([seed]), item.name)


def _collect(row: Row, results: list[CheckResult]) -> None:
    for result in results:
        failed = result.points < result.max_points
        row.failures[result.check] = row.failures.get(result.check, 0) + failed
        if failed:
            row.messages.setdefault(result.check, result.message)
        if result.error:
            row.problems.append(f"the check {result.check} itself raised {result.error}")


def _expect_full(row: Row) -> None:
    for name, count in row.failures.items():
        if count:
            row.problems.append(f"lost {name} with {count} seeds: {row.messages[name]}")


def _expect_none(row: Row, names: list[str], seeds: int) -> None:
    for name in names:
        if row.failures[name] < seeds:
            row.problems.append(f"earned {name} with {seeds - row.failures[name]} seeds")


def _expect_caught(row: Row, name: str, seeds: int) -> None:
    if name not in row.failures:
        row.problems.append(f"there is no check {name!r}")
    elif row.failures[name] < seeds:
        row.problems.append(f"passed {name} with {seeds - row.failures[name]} seeds")


def leaks(course: Course, assignment: str) -> list[str]:
    """Lines of solutions, model answers and hidden checks that appear in the release."""
    path = course.folder("release") / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        return [f"{path} does not exist: run `autograder build`"]
    released = nbformat.read(path, as_version=4)
    public: set[str] = set()
    secret: dict[str, int] = {}
    for cell in read_cells(course.notebooks / f"{assignment}.py"):
        if "answer" in cell.metadata:
            secret |= {line: cell.metadata["line"] for line in _telling(cell.source)}
        elif "solution" in cell.metadata:
            hidden = "\n".join(m.group(0) for m in SOLUTION.finditer(cell.source))
            secret |= {line: cell.metadata["line"] for line in _telling(hidden)}
            public |= _telling(stub_of(cell.source))
        else:
            public |= _telling(cell.source)
    shown = set().union(*(_telling(cell.source) for cell in released.cells))
    found = [
        f"release/{assignment} shows a line of the solution on line {secret[line]}: {line}"
        for line in sorted(shown & (secret.keys() - public))
    ]
    text = "\n".join(cell.source for cell in released.cells)
    return found + [
        f"release/{assignment} contains {word!r}"
        for word in ("BEGIN SOLUTION", "HIDDEN TESTS", "autograder.checking")
        if re.search(word, text)
    ]


def _telling(source: str) -> set[str]:
    """Lines long enough to give something away."""
    return {line.strip() for line in source.splitlines() if len(line.strip()) > 12}
