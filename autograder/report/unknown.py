"""Wrong answers that fail alike and behave like no known mistake: candidates for the answer bank."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.feedback.table import FOLLOWS
from autograder.outcome import Outcome, Status
from autograder.report.similarity import solution_cells

NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class FailingAlike:
    """Students whose answers to an exercise fail the same checks with the same first message.

    `source` is the answer of `example`, the shortest of them.
    """

    exercise: str
    checks: tuple[str, ...]
    message: str
    students: tuple[str, ...]
    example: str
    source: str = field(repr=False)


def failing_alike(
    released: Path, notebooks: Mapping[str, Path], outcomes: Mapping[str, Outcome]
) -> list[FailingAlike]:
    """Groups of answers without a diagnosis, the largest first, in the order of the exercises.

    Unchanged answers are not counted, nor are those whose kernel died.

    Parameters
    ----------
    released
        The notebook that students were given.
    notebooks
        By student, the notebook that counts. One that cannot be read is left out.
    outcomes
        What was found of it, by student.
    """
    given = solution_cells(released)
    found: dict[tuple, list[tuple[str, str]]] = {}
    messages: dict[tuple, str] = {}
    for student, outcome in sorted(outcomes.items()):
        if outcome.status != Status.GRADED or student not in notebooks:
            continue
        try:
            cells = solution_cells(notebooks[student])
        except (OSError, ValueError, RecursionError):
            continue
        for exercise, stub in given.items():
            source = cells.get(exercise, "")
            checks = [c for c in outcome.checks if c.exercise == exercise]
            lost = [c for c in checks if c.points < c.max_points]
            first = next((c.message for c in lost if not FOLLOWS.search(c.message)), None)
            # Without a first one, something is wrong in another exercise.
            if first is None or any(c.diagnosis or c.error for c in checks):
                continue
            if source.strip() in ("", stub.strip()):
                continue
            # Numbers in messages depend on what was drawn for the submission.
            alike = exercise, tuple(c.check for c in lost), NUMBER.sub("#", first)
            found.setdefault(alike, []).append((student, source))
            messages.setdefault(alike, first)
    groups = []
    for alike, answers in found.items():
        example, source = min(answers, key=lambda answer: (len(answer[1]), answer[0]))
        students = tuple(student for student, _ in answers)
        groups.append(FailingAlike(*alike[:2], messages[alike], students, example, source))
    order = {exercise: place for place, exercise in enumerate(given)}
    return sorted(groups, key=lambda g: (-len(g.students), order[g.exercise], g.checks))
