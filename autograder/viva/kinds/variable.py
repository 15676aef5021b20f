"""What does this variable of yours hold at the end of its function?"""

from collections.abc import Iterator

import numpy as np

from autograder.viva.bench import Bench, Ran
from autograder.viva.kinds.options import chosen, numbers_near
from autograder.viva.question import Question, form
from autograder.viva.value import Value

LEVEL = 2
DRAWS = 2


def make(bench: Bench, rng: np.random.Generator) -> Iterator[Question]:
    """A question about each name of a function that is called once, with a short value at its end."""
    seen = set()
    functions = {node.lineno: node.name for node in bench.cell.functions}
    for scenario in bench.scenarios:
        for after, ran, _ in bench.working(scenario, bench.drawn(scenario, rng, DRAWS)):
            for (first, name), value in _at_the_end(ran).items():
                if (first, name) in seen or first not in functions or name.startswith("_"):
                    continue
                if name not in bench.cell.bound(first) or not value.is_short or not value.text:
                    continue
                options = chosen(value, [*_others(ran, name, value), *numbers_near(value)], rng)
                if options is None:
                    continue
                seen.add((first, name))
                yield Question(
                    "variable",
                    bench.exercise,
                    LEVEL,
                    f"What does `{name}` hold when `{functions[first]}` returns?",
                    bench.cell.source,
                    after,
                    *options,
                    because=f"At the end of `{functions[first]}`, `{name}` is {value.text}.",
                    claim={"variable": {"function": functions[first], "name": name}},
                )


def _at_the_end(ran: Ran) -> dict[tuple[int, str], Value]:
    """Line of `def` and name → value, for functions that returned once."""
    found: dict[tuple[int, str], list[Value]] = {}
    for line, name, value in ran.values:
        if line < 0:
            found.setdefault((-line, name), []).append(value)
    return {key: values[0] for key, values in found.items() if len(values) == 1}


def _others(ran: Ran, name: str, value: Value) -> list[Value]:
    """What it held before, then what other names held; values of the same form first."""
    own = [v for line, n, v in ran.values if n == name]
    rest = [v for line, n, v in ran.values if n != name and v.shape == value.shape]
    short = [v for v in [*own, *rest] if v.is_short]
    return sorted(short, key=lambda v: form(v.text) != form(value.text))
