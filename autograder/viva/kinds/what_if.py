"""What would the code give if one line were left out, or one detail changed?"""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.kinds.options import behaviours, chosen, numbers_near
from autograder.viva.question import TELLING, Question
from autograder.viva.source import Change

LEVEL = 3
DRAWS = 3


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """Questions about changes whose outcome is short, or an error, or endless."""
    for scenario in bench.scenarios:
        seen: set[int] = set()
        unchanged = raised = False
        for after, ran, value in bench.working(scenario, bench.drawn(scenario, rng, DRAWS)):
            changes = [
                c for c in [*bench.cell.left_out, *bench.cell.altered] if ran.counts.get(c.line)
            ]
            results = bench.changed([c.source for c in changes], after, scenario.asks)
            for index in _plain_first(results, rng):
                change, got = changes[index], results[index]
                if got is None or not got.text or not got.is_short or change.line in seen:
                    continue
                if got.is_error and (change.after or got.text.endswith(TELLING)):
                    continue
                # One of each is enough: the others teach the same.
                if (got.text == value.text and unchanged) or (got.is_error and raised):
                    continue
                others = [value, *(results[i] for i in rng.permutation(len(results)))]
                wrong = chain(others, behaviours(bench, after, scenario.asks), numbers_near(value))
                options = chosen(got, wrong, rng)
                if options is None or not bench.is_certain([change.source], after, scenario.asks):
                    continue
                seen.add(change.line)
                same = got.text == value.text
                unchanged |= same
                raised |= got.is_error
                yield Question(
                    "what_if",
                    bench.exercise,
                    LEVEL,
                    f"{said(change)} What is `{scenario.asks}` then?",
                    bench.cell.source,
                    after,
                    *options,
                    because=f"As it is, `{scenario.asks}` is {value.text}; then "
                    + ("it is the same." if same else f"{got.told(scenario.asks)}."),
                    claim={"value": {"cell": change.source, "asks": scenario.asks}},
                )


def _plain_first(results, rng: np.random.Generator) -> list[int]:
    """The positions in random order, those of errors last."""
    order = [int(i) for i in rng.permutation(len(results))]
    return sorted(order, key=lambda i: results[i] is not None and results[i].is_error)


def said(change: Change) -> str:
    """The change as a sentence."""
    if change.after:
        return f"Line {change.line} is changed to `{change.after}`."
    return f"Line {change.line}, `{change.before}`, is left out."
