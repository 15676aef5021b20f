"""A table of records: what a check of the assignment has measured, the best first.

The figures are the grader's own, from the last time a submission was graded; nothing is run again.
"""

import hmac
from dataclasses import dataclass

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook.records import Record, class_records
from autograder.report import page

ADJECTIVES = (
    "amber brave calm clever crisp eager early fair fresh gentle golden grand happy honest keen "
    "kind light lively lucky mellow merry mild neat noble patient proud quick quiet silver steady "
    "sunny swift"
).split()
ANIMALS = (
    "badger beaver bison crane curlew dolphin eagle falcon ferret finch fox gecko hare heron ibis "
    "lark lemur lynx magpie marten newt osprey otter owl panda plover puffin raven robin seal swan "
    "wren"
).split()


@dataclass(frozen=True)
class Place:
    """One student's place: 1 is the best; equal first figures share a place."""

    rank: int
    student: str
    name: str
    pseudonym: str
    figures: dict[str, float]


def gather(course: Course, assignment: str) -> list[Place]:
    """Everybody with figures, by the first of them, the largest first.

    Raises
    ------
    UserError
        If nobody has any, or the assignment was never graded.
    """
    found = [(r, figures) for r in class_records(course, assignment) if (figures := _figures(r))]
    if not found:
        raise UserError(
            f"expected a figure from a check of {assignment}, found none: does a check return one, "
            "and has somebody passed it?"
        )
    values = [next(iter(figures.values())) for _, figures in found]
    pseudonyms = _pseudonyms(course.secret, [record.student for record, _ in found])
    places = [
        Place(
            1 + sum(other > value for other in values),
            record.student,
            record.name,
            pseudonyms[record.student],
            figures,
        )
        for (record, figures), value in zip(found, values, strict=True)
    ]
    return sorted(places, key=lambda place: (place.rank, place.pseudonym))


def render(assignment: str, places: list[Place], names: bool) -> str:
    """The page for the class, which loads nothing: with names, or with pseudonyms alone."""
    who = {place.student: place.name if names else place.pseudonym for place in places}
    rows = [(p, {name: shown(value) for name, value in p.figures.items()}) for p in places]
    columns = list(dict.fromkeys(name for place in places for name in place.figures))
    return page.fill("leaderboard.html", assignment=assignment, columns=columns, rows=rows, who=who)


def shown(figure: float) -> str:
    """A figure as text: whole numbers with separators, others with four digits."""
    return f"{figure:,.0f}" if float(figure).is_integer() else f"{figure:.4g}"


def _figures(record: Record) -> dict[str, float]:
    return {name: value for check in record.checks for name, value in check.figures.items()}


def _pseudonyms(secret: bytes, students: list[str]) -> dict[str, str]:
    """Two words for each student, which the secret decides; a number tells equal ones apart."""
    chosen: dict[str, str] = {}
    for student in sorted(students):
        drawn = hmac.digest(secret, f"leaderboard {student}".encode(), "sha256")
        words = f"{ADJECTIVES[drawn[0] % 32]} {ANIMALS[drawn[1] % 32]}"
        same = sum(name.rsplit(" ", 1)[0] == words or name == words for name in chosen.values())
        chosen[student] = f"{words} {same + 1}" if same else words
    return chosen
