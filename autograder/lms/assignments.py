"""Which assignment a downloaded notebook belongs to, whatever it is called."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from autograder.course import Course
from autograder.errors import UserError
from autograder.lms.names import is_assignment

# Searched for, not parsed: what students hand in may be damaged, or made to be hard to read.
GRADE_ID = re.compile(rb'"grade_id"\s*:\s*"([^"\\]+)"')


def expect_assignment(course: Course, assignment: str, folder: Path, archive: str) -> None:
    """Refuse submissions of which none is of the assignment, and some are of another one.

    Parameters
    ----------
    folder
        With the unpacked notebooks somewhere in it.
    archive
        The name of the zip file they come from.

    Raises
    ------
    UserError
        If this is so.
    """
    known = {name: _ids(course.source_notebook(name)) for name in course.assignments}
    paths = (path for path in folder.rglob("*") if path.suffix.lower() == ".ipynb")
    found = Counter(_assignment_of(path, known) for path in paths if path.is_file())
    others = [name for name, _ in found.most_common() if name and name != assignment]
    if others and not found[assignment]:
        raise UserError(
            f"expected submissions of {assignment} in {archive}, but its notebooks are of "
            f"{', '.join(others)}: download the right one, or collect it as {others[0]}"
        )


def _assignment_of(path: Path, known: dict[str, frozenset[bytes]]) -> str | None:
    """By the ids of its cells, and by its name where it has none; None if nobody can tell."""
    ids = _ids(path)
    shared = Counter({name: len(ids & own) for name, own in known.items() if ids & own})
    if shared:
        # Of assignments with cells of the same names, the one that has more of them.
        best = max(shared.values())
        return _only(name for name, count in shared.items() if count == best)
    return _only(
        n for n in known if is_assignment(PurePosixPath(path.with_suffix(".ipynb").name), n)
    )


def _only(names: Iterable[str]) -> str | None:
    found = list(names)
    return found[0] if len(found) == 1 else None


def _ids(path: Path) -> frozenset[bytes]:
    return frozenset(GRADE_ID.findall(path.read_bytes())) if path.is_file() else frozenset()
