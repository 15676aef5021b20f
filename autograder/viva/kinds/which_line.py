"""Which line is missing, when the code gives this?"""

from collections.abc import Iterator

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.question import MOST_OPTIONS, TELLING, Question, alike

LEVEL = 3
FEWEST = 3
DRAWS = 2


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """Questions with an outcome that follows from leaving out exactly one of the lines offered."""
    for scenario in bench.scenarios:
        seen: set[int] = set()
        for after, ran, value in bench.working(scenario, bench.drawn(scenario, rng, DRAWS)):
            # A line that does not run is no suspect.
            changes = [c for c in bench.cell.left_out if ran.counts.get(c.line)]
            texts = [change.before for change in changes]
            results = bench.changed([c.source for c in changes], after, scenario.asks)
            usable = [
                i for i, r in enumerate(results) if r and r.text and texts.count(texts[i]) == 1
            ]
            for index in rng.permutation(usable):
                got = results[index]
                if changes[index].line in seen or alike(got, value) or got.text.endswith(TELLING):
                    continue
                others = [
                    i for i in rng.permutation(usable) if i != index and not alike(results[i], got)
                ]
                picked = sorted([index, *others[: MOST_OPTIONS - 1]])
                suspects = [changes[i].source for i in picked]
                if len(picked) < FEWEST or not bench.is_certain(suspects, after, scenario.asks):
                    continue
                seen.add(changes[index].line)
                said = got.told(scenario.asks)
                yield Question(
                    "which_line",
                    bench.exercise,
                    LEVEL,
                    f"`{scenario.asks}` should be {value.text} at the end. One line is left out, and "
                    f"{said}. Which line?",
                    bench.cell.source,
                    after,
                    tuple(f"{changes[i].line}: {changes[i].before}" for i in picked),
                    picked.index(index),
                    because=f"Only without line {changes[index].line}: {said}.",
                    are_code=True,
                    claim={
                        "only": {
                            "cells": [changes[i].source for i in picked],
                            "asks": scenario.asks,
                            "text": got.text,
                        }
                    },
                )
