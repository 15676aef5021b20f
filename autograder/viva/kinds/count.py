"""How often does this line of yours run?"""

from collections.abc import Iterator

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.kinds.options import chosen
from autograder.viva.question import Question
from autograder.viva.value import Value

LEVEL = 1
FEWEST, MOST = 2, 30


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """A question about each line that runs more than once, while another one runs more or less often."""
    seen = set()
    for scenario in bench.scenarios:
        for after, ran, _ in bench.working(scenario, scenario.drawn(rng, 1)):
            counts = {
                node.lineno: ran.counts.get(node.lineno, 0)
                for node in bench.cell.statements
                if node.lineno not in seen and bench.cell.is_counted(node.lineno)
            }
            for line in rng.permutation(list(counts)):
                count = counts[int(line)]
                if not FEWEST <= count <= MOST or len(set(ran.counts.values())) < 2:
                    continue
                seen.add(int(line))
                others = [*sorted(set(ran.counts.values())), count - 1, count + 1, 1, 2 * count]
                wrong = [Value(str(n), True) for n in others if n > 0]
                options = chosen(Value(str(count), True), _spread(wrong, rng), rng)
                if options is None:
                    continue
                yield Question(
                    "count",
                    bench.exercise,
                    LEVEL,
                    f"How many times is line {line}, `{bench.cell.text(int(line))}`, run in all?",
                    bench.cell.source,
                    after,
                    *options,
                    because=f"Line {line} runs {count} times.",
                    claim={"count": {"line": int(line)}},
                )


def _spread(values: list[Value], rng: np.random.Generator) -> list[Value]:
    """In random order, so that the right number is not always the largest."""
    return [values[i] for i in rng.permutation(len(values))]
