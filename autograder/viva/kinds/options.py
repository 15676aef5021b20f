"""Wrong options beside the right one."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from autograder.viva.bench import Bench
from autograder.viva.question import MOST_OPTIONS, alike
from autograder.viva.value import Value

FEWEST = 3
# Times the right number, or 1.
FAR = 50


def chosen(
    right: Value, wrong: Iterable[Value | None], rng: np.random.Generator
) -> tuple[tuple[str, ...], int] | None:
    """The options' texts in random order, and the position of the right one.

    None if fewer than two of the wrong ones can be told from it and from each other. Those that come
    first are taken first; at most one option is an error.
    """
    taken: list[Value] = [right]
    for value in wrong:
        if value is None or not value.text or any(alike(value, other) for other in taken):
            continue
        if value.is_error and any(other.is_error for other in taken):
            continue
        if _is_absurd(value, right):
            continue
        taken.append(value)
        if len(taken) == MOST_OPTIONS:
            break
    if len(taken) < FEWEST:
        return None
    order = rng.permutation(len(taken))
    return tuple(taken[i].text for i in order), int(np.flatnonzero(order == 0)[0])


def _is_absurd(value: Value, right: Value) -> bool:
    """Whether a number is so far from the right one that nobody would take it."""
    try:
        number, wanted = abs(float(value.text)), abs(float(right.text))
    except ValueError:
        return False
    return number > FAR * max(wanted, 1)


def behaviours(bench: Bench, after: str, asks: str) -> Iterator[Value | None]:
    """What known mistakes give, then what small changes of the student's own cell give."""
    for _, value in bench.others.values(bench.exercise, after, asks):
        yield value
    changes = [*bench.cell.altered, *bench.cell.left_out]
    yield from bench.changed([c.source for c in changes], after, asks)


def numbers_near(right: Value) -> Iterator[Value]:
    """Other numbers of the same form, where too few behaviours differ."""
    try:
        number = float(right.text)
    except ValueError:
        return
    if math.isfinite(number):
        for other in (2 * number, number / 2, -number, number + 1, 0.0):
            if other.is_integer() or not number.is_integer():
                yield Value(f"{round(other, 3):g}", True)
