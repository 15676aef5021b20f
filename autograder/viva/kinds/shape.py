"""What is the shape of this tensor of yours?"""

import math
from collections.abc import Iterator

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.kinds.options import chosen
from autograder.viva.question import Question
from autograder.viva.value import Value

LEVEL = 1


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """A question about each name that is assigned a tensor or an array with at least one axis."""
    seen = set()
    for scenario in bench.scenarios:
        for after, ran, _ in bench.working(scenario, scenario.drawn(rng, 1)):
            told: dict[tuple[int, str], set[tuple[int, ...]]] = {}
            for line, name, value in ran.values:
                if line > 0 and value.shape is not None:
                    told.setdefault((line, name), set()).add(value.shape)
            every = {shape for shapes in told.values() for shape in shapes}
            for (line, name), shapes in told.items():
                shape, *different = shapes
                # One number, or none, is nothing to ask about.
                if different or (line, name) in seen or math.prod(shape) < 2:
                    continue
                seen.add((line, name))
                near = [shape[::-1], shape[1:], (*shape, 1), (1, *shape), shape[:-1]]
                more = [(*shape[:-1], shape[-1] + 1), (shape[0] + 1, *shape[1:])]
                others = [*sorted(every - {shape}), *near, *more]
                options = chosen(_told(shape), [_told(other) for other in others], rng)
                if options is None:
                    continue
                yield Question(
                    "shape",
                    bench.exercise,
                    LEVEL,
                    f"What is the shape of `{name}` after line {line}, "
                    f"`{bench.cell.text(line)}`, has run?",
                    bench.cell.source,
                    after,
                    *options,
                    because=f"Print `{name}.shape` after line {line}: {_told(shape).text}.",
                    claim={"shape": {"line": line, "name": name}},
                )


def _told(shape: tuple[int, ...]) -> Value:
    return Value(str(shape), True)
