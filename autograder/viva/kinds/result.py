"""What does the code after yours give?"""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.kinds.options import behaviours, chosen, numbers_near
from autograder.viva.question import Question
from autograder.viva.value import Value

LEVEL = 2
DRAWS = 4


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """A question for each scenario whose result can be worked out in the head."""
    for scenario in bench.scenarios:
        for after, _, value in bench.working(scenario, bench.drawn(scenario, rng, DRAWS)):
            if not value.is_short:
                continue
            wrong = chain(behaviours(bench, after, scenario.asks), numbers_near(value))
            options = chosen(value, _plausible_first(wrong), rng)
            if options is None:
                continue
            yield Question(
                "result",
                bench.exercise,
                LEVEL,
                f"What is `{scenario.asks}` at the end?",
                bench.cell.source,
                after,
                *options,
                because=f"Run the code: `{scenario.asks}` is {value.text}.",
                claim={"value": {"cell": bench.cell.source, "asks": scenario.asks}},
            )
            break


def _plausible_first(values: Iterable[Value | None]) -> list[Value]:
    """Those that can be worked out in the head first, as the right one can, and errors last."""
    known = [value for value in values if value is not None]
    return sorted(known, key=lambda value: (value.is_error, not value.is_short))
