"""Several assignments on one page: their figures, and students whose answers are close in several."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.report import page
from autograder.report.data import Report

# In larger groups the answer is one that many would write.
LARGEST = 8


@dataclass(frozen=True)
class Pair:
    """Two students with close answers in several assignments; exercises by assignment."""

    students: tuple[str, str]
    exercises: dict[str, list[str]]


def pairs(reports: list[Report]) -> list[Pair]:
    """Pairs of students with close answers in at least two assignments, those with most first."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for report in reports:
        for group in report.similar.groups:
            if len(group.students) > LARGEST:
                continue
            exercises = [alike.exercise for alike in group.exercises]
            for first, second in itertools.combinations(sorted(group.students), 2):
                own = found.setdefault((first, second), {})
                own[report.assignment] = own.get(report.assignment, []) + exercises
    several = [Pair(both, exercises) for both, exercises in found.items() if len(exercises) > 1]
    return sorted(several, key=lambda p: (-sum(map(len, p.exercises.values())), p.students))


def render(reports: list[Report], links: Mapping[str, str]) -> str:
    """The page; `links` leads from an assignment to its own report."""
    names = {row.student: row.name for report in reports for row in report.students}
    return page.fill(
        "overview.html", reports=reports, links=links, names=names, pairs=pairs(reports)
    )
