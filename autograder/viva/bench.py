"""Runs of a student's cell, and of known mistakes in this process; what was run is not run again."""

import contextlib
import functools
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder import files
from autograder.checking.answers import Mistake, Scenario
from autograder.checking.hidden import Hidden
from autograder.checking.reference import Reference
from autograder.checking.reply import CheckFailed, Reply
from autograder.checking.student import LocalStudent, OutOfTime, Student
from autograder.viva import observe
from autograder.viva.source import Cell
from autograder.viva.value import Value, raised, read

SECONDS = 10.0
# Versions of a scenario's code that are compared.
DRAWS = 4
# Known mistakes that an answer is compared with.
MOST_MISTAKES = 20
# Code whose result depends on chance gives different ones with these; where random numbers are drawn
# at all, a coin must fall on the same side with the others, too, before it is taken for certain.
SEEDS, MORE_SEEDS = (1, 2), tuple(range(3, 13))


@dataclass(frozen=True)
class Ran:
    """What a run gave: a value that can be told in a line, if it gave one, and how it went.

    Parameters
    ----------
    counts
        Line of the cell → how often it ran.
    values
        Line, name and value after it ran; the line is negative for the value at a function's end.
    drew
        Whether random numbers were taken.
    """

    value: Value | None
    counts: dict[int, int] = field(default_factory=dict)
    values: list[tuple[int, str, Value]] = field(default_factory=list)
    drew: bool = False


class Bench:
    """One exercise as one student has solved it.

    Parameters
    ----------
    student
        Where the student's cells have run.
    cell
        The solution cell.
    scenarios
        Those of the exercise, at least one.
    others
        What the mistakes in the bank do.
    """

    def __init__(
        self, student: Student, cell: Cell, scenarios: Sequence[Scenario], others: "Mistakes"
    ):
        self.student, self.cell, self.scenarios, self.others = student, cell, scenarios, others
        self.exercise = scenarios[0].exercise
        self._ran: dict[tuple[str, str, str, int], Ran] = {}
        self._is_late = False

    def working(self, scenario: Scenario, codes: Sequence[str]) -> Iterator[tuple[str, Ran, Value]]:
        """Those versions of a scenario's code after which the student's own cell gives a value."""
        for after in codes:
            ran = self.original(after, scenario.asks)
            if ran.value is not None and ran.value.text and not ran.value.is_error:
                yield after, ran, ran.value

    def drawn(self, scenario: Scenario, rng: np.random.Generator, count: int) -> list[str]:
        """Versions of a scenario's code, first those that tell most known mistakes apart."""

        def apart(after: str) -> int:
            told = self.others.values(self.exercise, after, scenario.asks)
            return len({value.text for _, value in told if not value.is_error})

        return sorted(scenario.drawn(rng, DRAWS), key=apart, reverse=True)[:count]

    def original(self, after: str, asks: str) -> Ran:
        """The student's own cell; without what depends on chance."""
        ran = self._runs([self.cell.source], after, asks, SEEDS)
        if ran[0].drew:
            ran += self._runs([self.cell.source], after, asks, MORE_SEEDS)
        first, *others = ran
        return Ran(
            first.value if all(r.value == first.value for r in others) else None,
            first.counts if all(r.counts == first.counts for r in others) else {},
            first.values if all(r.values == first.values for r in others) else [],
        )

    def changed(self, sources: Sequence[str], after: str, asks: str) -> list[Value | None]:
        """What other versions of the cell give; None where two runs already differ."""
        ran = self._runs(sources, after, asks, SEEDS)
        pairs = zip(ran[::2], ran[1::2], strict=True)
        return [a.value if a.value == b.value else None for a, b in pairs]

    def is_certain(self, sources: Sequence[str], after: str, asks: str) -> bool:
        """Whether what other versions of the cell give does not depend on chance."""
        first = self._runs(sources, after, asks, SEEDS[:1])
        drew = [(s, r.value) for s, r in zip(sources, first, strict=True) if r.drew]
        more = self._runs([source for source, _ in drew], after, asks, MORE_SEEDS)
        wanted = [value for _, value in drew for _ in MORE_SEEDS]
        return all(r.value == value for r, value in zip(more, wanted, strict=True))

    def _runs(
        self, sources: Sequence[str], after: str, asks: str, seeds: Sequence[int]
    ) -> list["Ran"]:
        """Runs of each source with each seed, in this order."""
        keys = [(source, after, asks, seed) for source in sources for seed in seeds]
        new = list(dict.fromkeys(k for k in keys if k not in self._ran))
        if new:
            names = self.cell.assigned if new[0][0] == self.cell.source else None
            found = self._run([(k[0], k[3]) for k in new], after, asks, names)
            self._ran.update(zip(new, found, strict=True))
        return [self._ran[k] for k in keys]

    def _run(self, cells: list[tuple[str, int]], after: str, asks: str, names) -> list["Ran"]:
        """Nothing more once the exercise has used up its time: others have questions, too."""
        if not self._is_late:
            try:
                return run(self.student, cells, after, asks, names)
            except OutOfTime:
                self._is_late = True
        return [Ran(None) for _ in cells]


def benches(
    student: Student, source: str, scenarios: Sequence[Scenario], others: "Mistakes"
) -> list[Bench]:
    """One for a solution cell; of one that is too long to be read, for each part that scenarios use.

    Raises
    ------
    ValueError
        If the cell is not Python that questions can be asked about.
    """
    cell = Cell.of(source)
    groups: dict[Cell, list[Scenario]] = {}
    for scenario in scenarios:
        (code,) = scenario.drawn(np.random.default_rng(0), 1)
        part = cell.part(code)
        shown = cell if cell.is_readable else part
        if part.lines and shown.is_readable:
            groups.setdefault(shown, []).append(scenario)
    return [Bench(student, shown, group, others) for shown, group in groups.items()]


def run(
    student: Student,
    cells: Sequence[tuple[str, int]],
    after: str,
    asks: str,
    names: dict[int, list[str]] | None = None,
) -> list[Ran]:
    """Run cells, each with its seed, in the place of a student's own; see `observe`.

    Raises
    ------
    OutOfTime
        If they do not end.
    """
    pairs = None if names is None else [[line, given] for line, given in names.items()]
    requests = [
        {"cell": source, "seed": seed, "after": after, "asks": asks, "names": pairs}
        for source, seed in cells
    ]
    try:
        replies = student.call(observe.observed, requests, timeout=SECONDS)
        return [_ran(reply) for reply in replies.items(len(cells))]
    except OutOfTime:
        raise
    except CheckFailed:
        return [Ran(None) for _ in cells]


def _ran(reply: Reply) -> Ran:
    parts = reply.mapping()
    if "error" in parts:
        value: Value | None = raised(parts["error"].text()[: observe.MOST_LETTERS])
    else:
        value = read(reply["value"])
    counts = {a.integer(): b.integer() for a, b in map(_pair, reply["counts"].items())}
    values = []
    for item in reply["values"].items():
        line, name, told = item.items(3)
        if (found := read(told)) is not None:
            values.append((line.integer(), name.text(), found))
    return Ran(value, counts, values, parts["drew"].flag())


def _pair(reply: Reply) -> list[Reply]:
    return reply.items(2)


class Mistakes:
    """What the bank's known mistakes do, run in this process: they are the grader's own code.

    Parameters
    ----------
    kept
        A file for what they have done, so that the next command need not run them again.
    """

    def __init__(self, hidden: Hidden, reference: Reference, kept: Path | None = None):
        self._reference, self._hidden = reference, hidden
        self._found: dict[tuple[str, str, str], list[tuple[Mistake, Value]]] = {}
        # The global random generators are shared by all threads of this process.
        self._lock = threading.Lock()
        self._file = kept
        if kept is not None and kept.is_file():
            # Whatever cannot be read of a damaged one is run again.
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._read(kept)

    def values(self, exercise: str, after: str, asks: str) -> list[tuple[Mistake, Value]]:
        """Each mistake of an exercise whose source alone is wrong, and what it gives.

        Without those that give what cannot be told, or what depends on chance.
        """
        with self._lock:
            key = (exercise, after, asks)
            if key not in self._found:
                self._found[key] = self._run(*key)
            return self._found[key]

    def keep(self) -> None:
        """Write down what has been found out, and forget what no longer holds."""
        if self._file is None:
            return
        found = [
            [*key, [[m.name, v.text, v.is_short, v.shape, v.curve] for m, v in pairs]]
            for key, pairs in self._found.items()
        ]
        for old in self._file.parent.glob("*.json"):
            old.unlink(missing_ok=True)
        files.write(self._file, json.dumps(found))

    def _read(self, file: Path) -> None:
        known = {(a.exercise, a.name): a for a in self._hidden.answers if isinstance(a, Mistake)}
        for exercise, after, asks, pairs in json.loads(file.read_text(encoding="utf-8")):
            self._found[exercise, after, asks] = [
                (
                    known[exercise, name],
                    Value(text, is_short, shape and tuple(shape), tuple(curve)),
                )
                for name, text, is_short, shape, curve in pairs
            ]

    def _run(self, exercise: str, after: str, asks: str) -> list[tuple[Mistake, Value]]:
        mistakes = [
            a
            for a in self._hidden.answers
            if isinstance(a, Mistake) and a.exercise == exercise and a.files is None
        ]
        # As many are told apart as well; those of one sort follow each other in a bank.
        mistakes = mistakes[:: 1 + len(mistakes) // MOST_MISTAKES]
        ran = self._run_all(mistakes, after, asks, SEEDS)
        if any(runs[0].drew for runs in ran):
            ran = self._run_all(mistakes, after, asks, (*SEEDS, *MORE_SEEDS))
        return [
            (mistake, first.value)
            for mistake, (first, *others) in zip(mistakes, ran, strict=True)
            if first.value is not None and (first.value.text or first.value.curve)
            if all(other.value == first.value for other in others)
        ]

    def _run_all(self, mistakes, after: str, asks: str, seeds: Sequence[int]) -> list[list[Ran]]:
        cells = [(mistake.source, seed) for mistake in mistakes for seed in seeds]
        found = run(self._student, cells, after, asks)
        return [found[i : i + len(seeds)] for i in range(0, len(found), len(seeds))]

    @functools.cached_property
    def _student(self) -> LocalStudent:
        return LocalStudent(self._reference.namespace())
