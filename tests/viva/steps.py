"""A class with one exercise, `steps`, as the student has solved it."""

from types import SimpleNamespace

from autograder.checking.answers import Mistake, Scenario
from autograder.checking.student import LocalStudent
from autograder.viva.bench import Bench, Mistakes
from autograder.viva.source import Cell

STEPS = '''\
def steps(start, rate, count):
    """Walk downhill on w * w / 2."""
    # From the start.
    w = start
    seen = []

    for _ in range(count):
        seen.append(w)
        gradient = w
        w = w - rate * gradient
    return w
'''
AFTER = "end = steps($start, $rate, $count)\n"
MISTAKES = [
    Mistake(
        "steps",
        "uphill",
        fails="x",
        source=STEPS.replace("w - rate", "w + rate"),
        tells="It walks uphill.",
    ),
    Mistake("steps", "one_too_many", fails="x", source=STEPS.replace("(count)", "(count + 1)")),
]


class Reference:
    solutions = {"steps": STEPS}

    def namespace(self, **replaced):
        names: dict = {}
        exec(replaced.get("steps", STEPS), names)
        return names


def bench_of(source=STEPS, *scenarios: Scenario, mistakes=MISTAKES) -> Bench:
    """A bench in this process for a student with this cell."""
    draws = {"start": [8, 4], "rate": [0.5, 0.0], "count": [2, 3]}
    given = scenarios or (Scenario("steps", AFTER, "end", draws),)
    student = LocalStudent(Reference().namespace(steps=source))
    others = Mistakes(SimpleNamespace(answers=mistakes), Reference())
    return Bench(student, Cell.of(source), given, others)
