"""Questions for every answer in the bank: are there enough, and is exactly one option of each right?"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autograder.authoring.expand import expand
from autograder.checking import hidden
from autograder.checking.answers import Alternative, Mistake
from autograder.checking.check import challenge_seed
from autograder.checking.reference import Reference
from autograder.checking.student import LocalStudent
from autograder.course import Course
from autograder.grading.judging import data
from autograder.viva import verify
from autograder.viva.bench import Mistakes, benches
from autograder.viva.making import questions
from autograder.viva.question import Question

# A cell with this many lines offers more to ask about.
LONG = 10
FEWEST, FEWEST_KINDS, FEWEST_SHORT = 5, 3, 2


@dataclass
class Row:
    """What one answer gives: questions by kind."""

    exercise: str
    name: str
    is_right: bool
    lines: int
    kinds: Counter = field(default_factory=Counter)

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to ask; of a mistake, which may not even run, nothing is expected."""
        total = sum(self.kinds.values())
        if not self.is_right:
            return True
        if self.lines < LONG:
            return total >= FEWEST_SHORT
        return total >= FEWEST and len(self.kinds) >= FEWEST_KINDS


@dataclass
class Audit:
    """All rows, how many questions were verified, and a sentence for each thing that is wrong.

    `without` names the exercises that have no scenarios.
    """

    assignment: str
    rows: list[Row] = field(default_factory=list)
    verified: int = 0
    problems: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


def audit(
    course: Course, assignment: str, on_answer: Callable[[str], None] = lambda name: None
) -> Audit:
    """Make and verify the questions about the reference and about every answer in the bank."""
    known = hidden.load(course.hidden, assignment)
    reference = Reference(expand(course, assignment))
    found = Audit(assignment)
    with data.built_in(known):
        known.import_all()
        mistakes = Mistakes(known, reference)
        student = LocalStudent({})
        student.warm_up()
        for exercise, solution in reference.solutions.items():
            scenarios = [s for s in known.scenarios if s.exercise == exercise]
            if not scenarios:
                found.without.append(exercise)
                continue
            answers = [("reference", True, solution)] + [
                (a.name, isinstance(a, Alternative), a.source)
                for a in known.answers
                if a.exercise == exercise and isinstance(a, Alternative | Mistake)
            ]
            for name, is_right, source in answers:
                on_answer(f"{exercise} {name}")
                row = Row(exercise, name, is_right, 0)
                found.rows.append(row)
                try:
                    own = benches(student, source, scenarios, mistakes)
                    namespace = reference.namespace(**{exercise: source})
                except Exception as error:
                    # Some mistakes are cells that do not run.
                    if is_right:
                        found.problems.append(f"{exercise}/{name}: the cell does not run: {error}")
                    continue
                row.lines = sum(bool(x.strip()) for bench in own for x in bench.cell.lines)
                student.become(namespace)
                rng = np.random.default_rng(
                    challenge_seed(b"viva", b"audit", assignment, exercise, name)
                )
                for bench in own:
                    _verify(found, row, list(questions(bench, rng)), student, namespace)
                if not row.is_enough:
                    kinds = ", ".join(f"{n} {kind}" for kind, n in row.kinds.items()) or "none"
                    found.problems.append(
                        f"{exercise}/{name}: {row.lines} lines, too few questions: {kinds}"
                    )
    return found


def _verify(
    found: Audit, row: Row, made: list[Question], student: LocalStudent, namespace: dict
) -> None:
    for question in made:
        row.kinds[question.kind] += 1
        found.verified += 1
        with student.undisturbed():
            wrong = verify.problem(question, lambda: dict(namespace))
        if wrong:
            found.problems.append(f"{row.exercise}/{row.name}: {question.text}: {wrong}")
