"""Submissions as the gradebook holds them, with all that belongs to them read at once."""

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import selectinload, undefer


def whole_submissions(book: Gradebook, assignment: str) -> list[SubmittedAssignment]:
    """All submissions of an assignment with grades, comments and students, in a few queries."""
    notebooks = selectinload(SubmittedAssignment.notebooks)
    return (
        book.db.query(SubmittedAssignment)
        .join(Assignment)
        .filter(Assignment.name == assignment)
        .options(
            selectinload(SubmittedAssignment.student),
            notebooks.selectinload(SubmittedNotebook.grades).options(
                undefer(Grade.max_score), selectinload(Grade.cell)
            ),
            notebooks.selectinload(SubmittedNotebook.comments).selectinload(Comment.cell),
        )
        .all()
    )
