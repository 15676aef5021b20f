"""Whom a command is about: students by id, or by full name."""

from collections.abc import Sequence

from autograder.course import Course
from autograder.errors import UserError
from autograder.lms.roster import slug, split_name


def choose(course: Course, assignment: str, wanted: Sequence[str] = ()) -> list[str]:
    """Everybody who has handed in, or those who are named, each once.

    Parameters
    ----------
    wanted
        Ids, or full names as the gradebook has them: `Ada Lovelace` or `Lovelace, Ada`.

    Raises
    ------
    UserError
        If nobody has handed in, somebody who is named has not, or two students have the same name.
    """
    if not wanted:
        return course.choose_students(assignment)
    students = course.submitted_students(assignment)
    chosen: list[str] = []
    names: dict[str, list[str]] | None = None
    for name in wanted:
        if name not in students:
            names = _by_name(course, students) if names is None else names
            name = _expect_one(course, assignment, name, names)
        chosen.append(name)
    return list(dict.fromkeys(chosen))


def _expect_one(course: Course, assignment: str, name: str, names: dict[str, list[str]]) -> str:
    found = names.get(_key(name), [])
    if len(found) > 1:
        raise UserError(f"{len(found)} students are called {name}: name one of {', '.join(found)}")
    if not found:
        place = course.folder("submitted") / name / assignment
        raise UserError(
            f"expected a student's id or full name, got {name!r}: {place}, which does not exist, "
            "would be the submission of a student with this id"
        )
    return found[0]


def _by_name(course: Course, students: list[str]) -> dict[str, list[str]]:
    """The ids of those who have handed in, by full name. nbgrader itself would take seconds to load."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(course.db_url)
        with engine.connect() as db:
            rows = list(db.execute(text("SELECT id, first_name, last_name FROM student")))
        engine.dispose()
    except SQLAlchemyError:  # There is no gradebook yet.
        return {}
    found: dict[str, list[str]] = {}
    for student, first, last in rows:
        if student in students and (first or last):
            found.setdefault(_key(f"{first or ''} {last or ''}"), []).append(student)
    return found


def _key(name: str) -> str:
    return slug(" ".join(split_name(name)))
