"""What the gradebook says of one submission, as a feedback page shows it."""

import hashlib
import html
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime

from nbgrader.api import Student, SubmittedNotebook

# How the comment begins that marks a score as old; the reason follows.
STALE = "This score is of an earlier submission; the last grading run could not grade: "
# The reason where the grader failed: what exactly happened could tell how an answer is judged.
GRADER_FAILED = "the grading program failed. This is no mistake of yours and costs you nothing"


@dataclass(frozen=True)
class Mark:
    """The points of one cell.

    Parameters
    ----------
    automatic, manual
        What the checks and what a person gave; None if they gave nothing yet.
    extra
        Points beyond the maximum that a person added.
    waiting
        Whether a person still has to look at it.
    """

    max_points: float
    automatic: float | None
    manual: float | None
    extra: float
    waiting: bool

    @property
    def points(self) -> float | None:
        """What counts; None, never 0, if nobody has judged it."""
        given = self.automatic if self.manual is None else self.manual
        return None if given is None else given + self.extra


@dataclass(frozen=True)
class Comment:
    """What is said about one cell: by the grader, and by a person in its place."""

    automatic: str
    manual: str


@dataclass(frozen=True)
class Facts:
    """What a page shows beside the notebook.

    Parameters
    ----------
    max_score
        All points of the assignment.
    trouble
        Why the last submission could not be graded; then all marks are those of an earlier one.
    penalty
        Points taken off because it was late.
    seconds_late
        How late it was; None where the gradebook has no date that counts, or no time of submission.
    later
        What there is to say of a submission after the one that counts, line by line.
    marks, comments
        By the cell's id in the gradebook.
    """

    student: str
    name: str
    assignment: str
    max_score: float = 0.0
    trouble: str = ""
    penalty: float = 0.0
    seconds_late: float | None = None
    handed_in: datetime | None = None
    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, submitted: SubmittedNotebook, later: list[str] | None = None) -> "Facts":
        """What the gradebook holds."""
        submission, student = submitted.assignment, submitted.student
        comments = {
            c.name: Comment(c.auto_comment or "", c.manual_comment or "")
            for c in submitted.comments
        }
        stale = [c.automatic for c in comments.values() if c.automatic.startswith(STALE)]
        marks = {
            g.name: Mark(
                float(g.max_score), _number(g.auto_score), _number(g.manual_score),
                float(g.extra_credit or 0),
                # All cells of an old score are marked so that formgrader shows that it is old.
                bool(g.needs_manual_grade and not stale),
            )
            for g in submitted.grades
        }  # fmt: skip
        dated = submission.duedate is not None and submission.timestamp is not None
        return cls(
            student=student.id,
            name=full_name(student),
            assignment=submission.name,
            max_score=float(submitted.max_score),
            trouble=html.unescape(stale[0].removeprefix(STALE)) if stale else "",
            penalty=float(submitted.late_submission_penalty or 0),
            seconds_late=float(submission.total_seconds_late) if dated else None,
            handed_in=submission.timestamp,
            marks=marks,
            comments=comments,
            later=later or [],
        )

    @property
    def score(self) -> float | None:
        """The points so far, without the penalty; None if nothing has been judged."""
        known = [m.points for m in self.marks.values() if m.points is not None]
        return max(0.0, sum(known) - self.penalty) if known else None

    @property
    def waiting(self) -> dict[str, Mark]:
        """The cells that a person still has to look at."""
        return {
            name: mark for name, mark in self.marks.items() if mark.waiting or mark.points is None
        }

    @property
    def digest(self) -> str:
        """The same for facts that look the same on a page."""
        text = json.dumps(_rounded(asdict(self)), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def full_name(student: Student) -> str:
    """The name of a student in the gradebook; the id if no name is known."""
    return f"{student.first_name or ''} {student.last_name or ''}".strip() or student.id


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _rounded(value):
    """Numbers as a page shows them."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return round(value, 2) if isinstance(value, float) else value
