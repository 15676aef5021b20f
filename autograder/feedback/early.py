"""What a student may see before the due date: which exercises are done, and perhaps their points."""

from dataclasses import dataclass
from datetime import UTC, datetime

from autograder import pages
from autograder.outcome import Outcome


@dataclass
class Exercise:
    """One exercise: what its hidden checks gave, of at most how many points."""

    name: str
    points: float = 0.0
    max_points: float = 0.0

    @property
    def is_done(self) -> bool:
        return self.points >= self.max_points


def exercises(outcome: Outcome) -> list[Exercise]:
    """What the checks say of each exercise, in their order; written answers have none."""
    found: dict[str, Exercise] = {}
    for check in outcome.checks:
        exercise = found.setdefault(check.exercise, Exercise(check.exercise))
        exercise.points += check.points
        exercise.max_points += check.max_points
    return list(found.values())


def page(
    outcome: Outcome, name: str, due: datetime, with_points: bool, is_earlier: bool = False
) -> str:
    """The page of an outcome until it is due; it says nothing of why an exercise is not done.

    Parameters
    ----------
    name
        The student's, as the page shows it.
    is_earlier
        Whether it is not the outcome of what was handed in last, but of a better one.
    """
    return pages.fill(
        __package__,
        "early.html",
        "feedback.css",
        assignment=outcome.assignment,
        student=name,
        trouble="" if outcome.status.has_score else outcome.message,
        exercises=exercises(outcome),
        with_points=with_points,
        is_earlier=is_earlier,
        due=said(due),
    )


def waiting_page(assignment: str, name: str, limit: int, until: datetime) -> str:
    """The page of somebody who has handed in more often than is graded in an hour."""
    return pages.fill(
        __package__,
        "waiting.html",
        "feedback.css",
        assignment=assignment,
        student=name,
        limit=limit,
        until=said(until),
    )


def said(moment: datetime) -> str:
    """A moment, as students in any place can read it: `1 December 2026, 22:59 UTC`."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"
