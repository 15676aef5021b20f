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
    wrong = [ran.value, *known, *(results[i] for i in order)]
    picture = f"hich picture shows `{asks}` over the {scenario.over}s"
    cases = [(f"W{picture}?", ran.value, bench.cell.source)] + [
        (f"{said(changes[i])} W{picture} then?", results[i], changes[i].source) for i in order
    ]
    for text, right, source in cases:
        if right is None or not right.curve:
            continue
        frame = curve.Frame.of(right.curve, ran.value.curve)
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
            because=f"Run the code: `{asks}` goes like this.",
            curves=curves,
            frame=frame,
            over=scenario.over,
            claim={"curve": {"cell": source, "asks": asks}},
        )


def _chosen(
    frame: curve.Frame | None, right: curve.Curve, wrong: Iterable[Value | None]
) -> list[curve.Curve]:
    """The right one, and others that look different in this frame."""
    taken = [right]
    for value in wrong:
        if frame is None or len(taken) == MOST_OPTIONS:
            break
        if value is not None and len(value.curve) == len(right):
            if not any(frame.looks_alike(value.curve, other) for other in taken):
                taken.append(value.curve)
    return taken
