"""Which constants a student has."""

import hashlib
from collections.abc import Mapping

import numpy as np

from autograder.checking.hidden import Hidden
from autograder.course import Course
from autograder.errors import UserError

MODULE = "variant"


def drawn(own: Hidden, student: str) -> dict[str, object]:
    """Those of one student's release, which follow from the id alone.

    Raises
    ------
    UserError
        If `draw` gives other names than `CONSTANTS`, or fails.
    """
    seed = hashlib.sha256(f"{own.assignment}\0{student}".encode()).digest()
    place = f"hidden/{own.assignment}/{MODULE}.py"
    try:
        found = own.draw(np.random.default_rng(int.from_bytes(seed[:8], "big")))
    except Exception as error:
        raise UserError(f"{place}: draw raised {type(error).__name__}: {error}") from None
    if not isinstance(found, Mapping) or set(found) != set(own.constants):
        names = ", ".join(sorted(own.constants))
        raise UserError(f"{place}: expected draw to return a dict with {names}, got {found!r:.200}")
    return dict(found)


def expect_names(course: Course) -> None:
    """Raise `UserError` if `c.Judge.variants` names what has none."""
    for name in course.variants:
        known = course.assignments
        if name not in known:
            raise UserError(
                f"{course.root / 'nbgrader_config.py'}: c.Judge.variants: expected names of "
                f"assignments ({', '.join(known)}), got {name!r}"
            )
        if not (course.hidden / name / f"{MODULE}.py").is_file():
            raise UserError(
                f"c.Judge.variants names {name}, but there is no hidden/{name}/{MODULE}.py: write "
                "it (docs/variants.md), or take the name out"
            )
