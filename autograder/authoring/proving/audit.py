"""Prove a release: what the checks catch, what they accept, and that nothing leaks."""

import functools
import inspect
import itertools
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder import files
from autograder.authoring.expand import SOLUTION, read_cells, stub_of
from autograder.authoring.proving import mutants
from autograder.authoring.proving.bench import Bench, Trial, Tried
from autograder.checking import hidden
from autograder.checking.answers import Mistake
from autograder.checking.check import Check
from autograder.course import Course

# Until an answer is stopped: as much more than the longest takes as a busy, slow machine needs.
SECONDS = 240.0
# A mutant is compared with the reference, which takes a fraction of this.
MUTANT_SECONDS = 20.0
MUTANT_SEEDS = 3
# The part of the mistakes that self-checks may tick.
TICKS = 0.1
# The part of those with a sentence for the student that may stay without it.
SILENT = 0.1


@dataclass
class Row:
    """One answer over all seeds: how often each check failed, and the self-check's verdict.

    `cost` is the part of the exercise's points that is lost; `share`, for a mistake, the part that
    the check is worth which it is meant for. `tells` is what a mistake is to say to a student whose
    answer behaves alike, `told` what it says.
    """

    kind: str
    exercise: str
    name: str
    failures: dict[str, int] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    ticked: bool | None = None
    cost: float = 0.0
    share: float = 0.0
    tells: str = ""
    told: str = ""


@dataclass
class Audit:
    """The audit of one assignment, or of one of its exercises."""

    assignment: str
    seeds: int
    rows: list[Row]
    quick: bool = False
    # Mutants that were noticed, and those that were not and need not be.
    killed: int = 0
    listed: int = 0
    # Exercises whose mutants are not tried, with the reason.
    untried: dict[str, str] = field(default_factory=dict)
    # What is wrong with all of it: leaks, self-checks that accept too much.
    others: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    @property
    def ticked(self) -> list[Row]:
        """The mistakes that their self-check accepts."""
        return [row for row in self.of("mistake") if row.ticked]

    @property
    def silent(self) -> list[Row]:
        """The mistakes that would be recognized, and are not."""
        return [row for row in self.of("mistake") if row.tells and not row.told]

    @property
    def problems(self) -> list[str]:
        found = [f"{r.kind} {r.exercise}/{r.name}: {p}" for r in self.rows for p in r.problems]
        return found + self.others


def audit(
    course: Course,
    assignment: str,
    seeds: int = 25,
    on_row: Callable[[Row], None] = lambda row: None,
    exercise: str | None = None,
    quick: bool = False,
) -> Audit:
    """Try the reference, the stub, the answer bank and mutants on hidden checks and self-checks.

    If checks need data, it is the built-in data.

    Parameters
    ----------
    seeds
        How many challenges each answer gets.
    exercise
        The only exercise to look at; default: all.
    quick
        Leave out what takes longest: mutants, and whether mistakes are recognized.

    Raises
    ------
    UserError
        If the exercise is unknown.
    """
    with Bench(course, assignment) as workbench:
        exercises = list(workbench.hidden.checks)
        if exercise is not None:
            exercises = [workbench.expect_exercise(exercise)]
        report = Audit(assignment, seeds, [], quick)
        report.rows += _try_answers(workbench, exercises, report, on_row, exercise is None)
        if not quick:
            _try_mutants(course, workbench, exercises, report, on_row)
    report.others = leaks(course, assignment)
    if exercise is None:
        report.others += _disagreements(report)
        report.others += [] if quick else _silence(report)
    return report


def _try_answers(
    workbench: Bench, exercises: list[str], report: Audit, on_row: Callable, everything: bool
) -> list[Row]:
    own, solutions, seeds = workbench.hidden, workbench.reference.solutions, report.seeds
    stubs = {name: stub_of(code) for name, code in solutions.items()}
    challenges, cores = range(seeds), max(os.cpu_count() or 1, 2)
    todo: list[tuple[Row, Trial, Callable]] = []
    rows: list[Row] = []
    for name in exercises:
        todo += [
            (Row("reference", name, "reference"), Trial(name, {}, challenges), _expect_full),
            (
                Row("reference", name, f"with {cores} threads"),
                Trial(name, {}, challenges, threads=cores),
                _expect_full,
            ),
            (Row("stub", name, "stub"), Trial(name, stubs, challenges), _expect_none),
        ]
    for answer in own.answers:
        kind = "mistake" if isinstance(answer, Mistake) else "alternative"
        row = Row(kind, answer.exercise, answer.name)
        if answer.exercise in exercises:
            replaced = {answer.exercise: answer.source}
            trial = Trial(answer.exercise, replaced, challenges, answer.files)
            judge = _expect_full
            if isinstance(answer, Mistake):
                judge = functools.partial(_expect_exactly, fails=answer.failing)
                row.share = _share(own.checks[answer.exercise], answer.failing[0])
                # What a file holds explains more than the cell.
                row.tells = "" if answer.files else answer.tells
            todo.append((row, trial, judge))
        elif everything:
            row.problems.append("unknown exercise")
            rows.append(row)
    trials = [trial for _, trial, _ in todo]
    for number, tried in workbench.run(trials, SECONDS + 10 * seeds, not report.quick):
        row, _, judge = todo[number]
        _collect(row, tried)
        if tried.results:
            judge(row, seeds)
        on_row(row)
    return [row for row, _, _ in todo] + rows


def _collect(row: Row, tried: Tried) -> None:
    row.failures, row.ticked, row.told = tried.failures(), tried.ticked, tried.diagnosis
    if tried.error:
        row.problems.append(tried.error)
    if tried.ticked is False:
        row.messages["self-check"] = tried.said
    for result in itertools.chain(*tried.results):
        if result.points < result.max_points:
            row.messages.setdefault(result.check, result.message)
        if result.error:
            problem = f"the check {result.check} itself raised {result.error}"
            row.problems += [problem] if problem not in row.problems else []
    if tried.results:
        worst = tried.worst()
        row.cost = 1 - sum(r.points for r in worst) / sum(r.max_points for r in worst)


def _expect_full(row: Row, seeds: int) -> None:
    for name, count in row.failures.items():
        if count:
            row.problems.append(f"lost {name} with {count} seeds: {row.messages[name]}")
    if row.ticked is False:
        row.problems.append(f"its self-check refuses it: {row.messages['self-check']}")


def _expect_none(row: Row, seeds: int) -> None:
    for name, count in row.failures.items():
        if count < seeds:
            row.problems.append(f"earned {name} with {seeds - count} seeds")
    if row.ticked:
        row.problems.append("its self-check accepts it")


def _expect_exactly(row: Row, seeds: int, fails: tuple[str, ...]) -> None:
    for name in fails:
        if name not in row.failures:
            row.problems.append(f"there is no check {name!r}")
        elif row.failures[name] < seeds:
            row.problems.append(f"passed {name} with {seeds - row.failures[name]} seeds")
    others = [
        f"{name} ({n} of {seeds})" for name, n in row.failures.items() if n and name not in fails
    ]
    if others:
        row.problems.append(f"also fails {', '.join(others)}: say so in `fails`, or judge less")
    if row.told not in ("", row.tells):
        row.problems.append(f"is taken for another one, which tells a student: {row.told}")


def _share(checks: list[Check], name: str) -> float:
    return sum(c.points for c in checks if c.name == name) / sum(c.points for c in checks)


def _try_mutants(
    course: Course, workbench: Bench, exercises: list[str], report: Audit, on_row: Callable
) -> None:
    """Add a row for each mutant that nothing notices and nobody has explained."""
    cache = course.private / "mutants" / f"{workbench.assignment}.json"
    state = _state(course, workbench)
    known = _known(cache)
    survivors = known["survivors"] if known.get("state") == state else {}
    killed = known["killed"] if survivors else {}
    chosen = {n: told for n, told in workbench.hidden.survivors.items() if n in exercises}
    report.untried = {name: why for name, why in chosen.items() if isinstance(why, str)}
    listed = {name: changes for name, changes in chosen.items() if isinstance(changes, dict)}
    exercises = [name for name in exercises if name not in report.untried]
    for name in exercises:
        if name not in survivors:
            survivors[name], killed[name] = _survivors(workbench, name)
            on_row(Row("mutants", name, "mutants"))
    plain = {"state": state, "survivors": survivors, "killed": killed}
    files.write(cache, json.dumps(plain, indent=1))
    for name in exercises:
        reasons = listed.get(name, {})
        report.killed += killed[name]
        for change in survivors[name]:
            if change in reasons:
                report.listed += 1
            else:
                row = Row("mutant", name, change)
                row.problems.append("earns every point: no check notices it")
                report.rows.append(row)
        for change in reasons.keys() - set(survivors[name]):
            row = Row("mutant", name, change, problems=["is listed in SURVIVORS, and is none"])
            report.rows.append(row)


def _known(cache: Path) -> dict:
    try:
        return json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # None yet, or a broken one: it is made again.
        return {}


def _state(course: Course, workbench: Bench) -> str:
    """A hash of all that decides which mutants are noticed."""
    parts = hidden.read(course.hidden, workbench.assignment)
    engine = Path(__file__).parents[2]
    judging = files.read_folder(engine / "checking") | files.read_folder(Path(__file__).parent)
    decisive = {name: data for name, data in parts.items() if "/answers" not in name}
    decisive["cells"] = repr(workbench.reference.solutions).encode()
    if write := workbench.hidden.reference_files:
        decisive["files"] = Path(inspect.getfile(write)).read_bytes()
    return files.digest(decisive | judging)


def _survivors(workbench: Bench, exercise: str) -> tuple[list[str], int]:
    """The changes that cost no points, and how many others there are."""
    found = mutants.mutants(workbench.reference.solutions[exercise])
    challenges = range(MUTANT_SEEDS)
    trials = [Trial(exercise, {exercise: m.source}, challenges, stop=True) for m in found]
    lived = [
        found[number].change
        for number, tried in workbench.run(trials, MUTANT_SECONDS)
        if not tried.error and not any(tried.failures().values())
    ]
    return sorted(set(lived)), len(found) - len(lived)


def _disagreements(report: Audit) -> list[str]:
    allowed = int(TICKS * len(report.of("mistake")))
    if len(report.ticked) <= allowed:
        return []
    names = ", ".join(f"{row.exercise}/{row.name}" for row in report.ticked)
    return [
        f"self-checks accept {len(report.ticked)} mistakes, expected at most {allowed}: {names}"
    ]


def _silence(report: Audit) -> list[str]:
    telling = [row for row in report.of("mistake") if row.tells]
    allowed = int(SILENT * len(telling))
    if len(report.silent) <= allowed:
        return []
    names = ", ".join(f"{row.exercise}/{row.name}" for row in report.silent)
    return [
        f"{len(report.silent)} mistakes are not recognized, expected at most {allowed}: {names}"
    ]


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
