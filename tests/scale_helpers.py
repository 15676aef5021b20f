"""What a grading run leaves, in a form that can be compared; and submissions whose score is known."""

from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.authoring.classroom import answered, released, solved
from autograder.course import Course
from autograder.gradebook import ledger

A = "99_tiny"
WRONG_MEAN = {"mean": "def mean(values):\n    return values.sum()"}
# What each kind of submission earns; None where nothing can be graded.
POINTS = {
    "right": {"check_double": 3.0, "check_mean": 2.0},
    "wrong": {"check_double": 3.0, "check_mean": 0.0},
    "untouched": {"check_double": 0.0, "check_mean": 0.0},
    "broken": None,
}


def submission(course: Course, kind: str, answer: str) -> NotebookNode | bytes:
    """A submission of a kind in `POINTS`, with a written answer of its own."""
    if kind == "broken":
        return b'{"cells": [' + answer.encode()
    notebook = released(course, A) if kind == "untouched" else solved(course, A)
    wrong = WRONG_MEAN if kind == "wrong" else {}
    return answered(notebook, wrong | {"answer_why": answer})


def book_of(course: Course) -> list[tuple]:
    """Every row of the gradebook without its random ids, sorted: what is there twice shows twice."""
    rows: list[tuple] = []
    with Gradebook(course.db_url, course.course_id) as book:
        rows += [("student", s.id, s.first_name, s.last_name, s.email) for s in book.students]
        for assignment in book.assignments:
            rows.append(("assignment", assignment.name, assignment.duedate, assignment.max_score))
            for notebook in assignment.notebooks:
                rows += [
                    ("cell", notebook.name, c.name, c.type, getattr(c, "max_score", None))
                    for c in notebook._base_cells
                ]
                rows += [
                    ("source", notebook.name, c.name, c.cell_type, c.locked, c.source, c.checksum)
                    for c in notebook.source_cells
                ]
            for submitted in assignment.submissions:
                rows += _submitted(submitted)
    return sorted(rows, key=repr)


def _submitted(submitted) -> list[tuple]:
    who, (notebook,) = submitted.student.id, submitted.notebooks
    rows = [
        ("submission", who, submitted.timestamp, submitted.score, submitted.needs_manual_grade),
        ("notebook", who, notebook.name, notebook.score, notebook.late_submission_penalty),
    ]
    rows += [
        ("grade", who, g.name, g.auto_score, g.manual_score, g.extra_credit,
         bool(g.needs_manual_grade), g.score, g.max_score)
        for g in notebook.grades
    ]  # fmt: skip
    rows += [("comment", who, c.name, c.auto_comment, c.manual_comment) for c in notebook.comments]
    return rows


def files_of(course: Course) -> dict[str, bytes]:
    """Autograded notebooks and feedback."""
    return {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for kind in ("autograded", "feedback")
        for path in sorted(course.folder(kind).rglob("*"))
        if path.is_file()
    }


def attempts_of(course: Course) -> list[tuple]:
    """Each student's attempts in the ledger, without what two runs never share: the times."""
    attempts = [
        (a.student, a.hashes["submission"], a.outcome.as_dict() | {"seconds": None})
        for a in ledger.read(course, A)
    ]
    return sorted(attempts, key=lambda attempt: attempt[0])


def left_over(course: Course) -> list[str]:
    """What only a killed run leaves in the course's private folder."""
    staged = [p.relative_to(course.root).as_posix() for p in course.private.glob("writing/*/*")]
    return staged + [p.name for p in course.private.glob("scratch-*")]


def grade_by_hand(course: Course, student: str, score: float, comment: str) -> None:
    """What an instructor enters for the written answer."""
    with Gradebook(course.db_url, course.course_id) as book:
        written = book.find_grade("answer_why", A, A, student)
        written.manual_score, written.needs_manual_grade = score, False
        book.find_comment("answer_why", A, A, student).manual_comment = comment
        book.db.commit()
