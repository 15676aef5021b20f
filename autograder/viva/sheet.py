"""A few questions for one student: of different kinds and exercises, the easy ones first."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

import numpy as np

from autograder.checking.answers import Scenario
from autograder.checking.student import Student
from autograder.viva.bench import Bench, Mistakes, benches
from autograder.viva.making import KINDS
from autograder.viva.question import Question

# Of the first so many questions of a kind about an exercise one is drawn.
CANDIDATES = 3


@dataclass(frozen=True)
class Sheet:
    """The questions of one student; `problem` says why there are fewer than asked for."""

    student: str
    name: str
    assignment: str
    questions: list[Question] = field(default_factory=list)
    problem: str = ""

    def as_dict(self, key: bool) -> dict:
        """Plain data, with the right options and the reasons only if `key`."""
        left_out = {"claim"} if key else {"claim", "right", "because"}
        return {
            "student": self.student,
            "name": self.name,
            "assignment": self.assignment,
            "problem": self.problem,
            "questions": [
                {name: value for name, value in asdict(q).items() if name not in left_out}
                | {"curves": [[_plain(y) for y in curve] for curve in q.curves]}
                for q in self.questions
            ],
        }


def _plain(y: float | None) -> float | None:
    """JSON has neither nan nor infinity."""
    return None if y is None or not math.isfinite(y) else y


def choose(
    student: Student,
    solutions: dict[str, str],
    scenarios: Sequence[Scenario],
    mistakes: Mistakes,
    count: int,
    rng: np.random.Generator,
) -> list[Question]:
    """Up to `count` questions about the solution cells, by rising level.

    As long as there are others, no two are of the same kind, and none of an exercise that already
    has one.
    """
    chosen: list[Question] = []
    all_benches = _benches(student, solutions, scenarios, mistakes)
    left = [(bench, kind) for bench in all_benches for kind in KINDS]
    left = [left[i] for i in rng.permutation(len(left))]
    while len(chosen) < count and left:
        kinds = [q.kind for q in chosen]
        exercises = [q.exercise for q in chosen]
        # The least used kind first, then the least used exercise.
        left.sort(key=lambda p: (kinds.count(p[1]), exercises.count(p[0].exercise)))
        bench, kind = left.pop(0)
        asked = {(q.text, q.after) for q in chosen}
        found = [
            q for q in islice(KINDS[kind](bench, rng), CANDIDATES) if (q.text, q.after) not in asked
        ]
        if found:
            chosen.append(found[int(rng.integers(len(found)))])
            left.append((bench, kind))
    return sorted(chosen, key=lambda q: q.level)


def _benches(student, solutions, scenarios, mistakes) -> Iterator[Bench]:
    for exercise, source in solutions.items():
        own = [s for s in scenarios if s.exercise == exercise]
        with contextlib.suppress(ValueError):
            yield from benches(student, source, own, mistakes)
