"""Here is another answer to the exercise: with which input does it give something else than yours?"""

from collections.abc import Iterator

import numpy as np

from autograder.checking.answers import Mistake
from autograder.viva.bench import Bench
from autograder.viva.question import MOST_OPTIONS, Question, alike
from autograder.viva.source import Cell

LEVEL = 3
FEWEST = 3
DRAWS = 8


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """A question for each known mistake that differs with one draw of a scenario, and not with others."""
    for scenario in bench.scenarios:
        cases: dict[str, tuple[Mistake, list, list]] = {}
        for after, _, own in bench.working(scenario, scenario.drawn(rng, DRAWS)):
            for mistake, theirs in bench.others.values(bench.exercise, after, scenario.asks):
                if not theirs.text:
                    continue
                _, same, apart = cases.setdefault(mistake.name, (mistake, [], []))
                (same if theirs.text == own.text else apart).append((after, own, theirs))
        for mistake, same, apart in cases.values():
            try:
                shown = Cell.of(mistake.source)
            except ValueError:
                continue
            if not shown.is_readable:
                continue
            apart = [a for a in apart if not alike(a[1], a[2])]
            if not apart or len(same) < FEWEST - 1:
                continue
            after, value, theirs = apart[int(rng.integers(len(apart)))]
            others = [same[i][0] for i in rng.permutation(len(same))[: MOST_OPTIONS - 1]]
            options = [after, *others]
            order = rng.permutation(len(options))
            yield Question(
                "why_not",
                bench.exercise,
                LEVEL,
                f"Here is another answer. After which code is `{scenario.asks}` not the same as with yours?",
                bench.cell.source,
                "",
                tuple(options[i] for i in order),
                int(np.flatnonzero(order == 0)[0]),
                because=f"There, with yours {value.told(scenario.asks)}; with the other one "
                f"{theirs.told(scenario.asks)}. {mistake.tells}".rstrip(),
                other=shown.source,
                are_code=True,
                claim={"apart": {"mistake": mistake.source, "asks": scenario.asks}},
            )
