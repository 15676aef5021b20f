"""Which picture shows how it goes, with your code or with one line of it left out or changed?"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from autograder.checking.answers import Scenario
from autograder.viva import curve
from autograder.viva.bench import Bench
from autograder.viva.kinds.what_if import said
from autograder.viva.question import MOST_OPTIONS, Question
from autograder.viva.value import Value

LEVEL = 3
FEWEST = 3
DRAWS = 2
# Questions after one version of the code.
MOST_OF_A_DRAW = 3


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """Questions for each scenario that gives a curve, first about the cell as it is."""
    for scenario in bench.scenarios:
        if not scenario.over:
            continue
        for after in scenario.drawn(rng, DRAWS):
            yield from islice(_about(bench, scenario, after, rng), MOST_OF_A_DRAW)


def _about(
    bench: Bench, scenario: Scenario, after: str, rng: np.random.Generator
) -> Iterator[Question]:
    asks = scenario.asks
    ran = bench.original(after, asks)
    if ran.value is None or not ran.value.curve:
        return
    changes = [c for c in [*bench.cell.left_out, *bench.cell.altered] if ran.counts.get(c.line)]
    results = bench.changed([c.source for c in changes], after, asks)
    order = [int(i) for i in rng.permutation(len(changes))]
    known = [value for _, value in bench.others.values(bench.exercise, after, asks)]
    every = [ran.value, *known, *(results[i] for i in order)]
    wrong = [v for v in every if v is not None and v.curve]
    # Where a curve begins with a number in the code, one that begins elsewhere is no temptation.
    start = ran.value.curve[0]
    tempting = [v for v in wrong if v.curve[0] == start]
    picture = f"Which picture shows `{asks}` over the {scenario.over}"
    goes = f"With your code `{asks}` goes {curve.words(ran.value.curve)}"
    cases = [(f"{picture}?", f"{goes}.", ran.value, bench.cell.source)]
    for i in order:
        if (got := results[i]) is not None and got.curve:
            because = f"{goes}; then {curve.words(got.curve)}."
            cases.append((f"{said(changes[i])} {picture} then?", because, got, changes[i].source))
    for text, because, right, source in cases:
        frame = curve.Frame.of(right.curve, ran.value.curve)
        if frame is None or not frame.shows(right.curve):
            continue
        chosen = _chosen(frame, right.curve, tempting)
        if len(chosen) < FEWEST:
            chosen = _chosen(frame, right.curve, wrong)
        if len(chosen) < FEWEST or not bench.is_certain([source], after, asks):
            continue
        places = rng.permutation(len(chosen))
        curves = tuple(chosen[i] for i in places)
        yield Question(
            "picture",
            bench.exercise,
            LEVEL,
            text,
            bench.cell.source,
            after,
            tuple(map(curve.words, curves)),
            int(np.flatnonzero(places == 0)[0]),
            because,
            curves=curves,
            frame=frame,
            over=scenario.over,
            claim={"curve": {"cell": source, "asks": asks}},
        )


def _chosen(frame: curve.Frame, right: curve.Curve, wrong: Iterable[Value]) -> list[curve.Curve]:
    """The right one, and others that can be seen, and look different, in this frame."""
    taken = [right]
    for other in (value.curve for value in wrong):
        if len(taken) == MOST_OPTIONS:
            break
        if len(other) == len(right) and frame.shows(other):
            if not any(frame.looks_alike(other, known) for known in taken):
                taken.append(other)
    return taken
