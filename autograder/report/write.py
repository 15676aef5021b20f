"""Reports as files: one for each assignment, and one about all of them."""

import json as jsonlib
import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.report import data, overview, page

OVERVIEW = Path("course_report.html")


def write(
    course: Course,
    assignments: Sequence[str],
    output: Path | None = None,
    json: Path | None = None,
) -> list[Path]:
    """Write the report of an assignment; of several, or of all, a page for each and one about them.

    Parameters
    ----------
    assignments
        Without any, all that have been graded.
    output
        The page; of several assignments the one about all of them, and the others lie beside it.
    json
        Where to write the figures: one object, or for several an object of each.

    Raises
    ------
    UserError
        If there is nothing to report, or a page cannot be written.
    """
    names = list(dict.fromkeys(course.expect_assignment(name) for name in assignments))
    graded = names or [a for a in course.assignments if ledger.path(course, a).is_file()]
    if not graded:
        raise UserError("expected an assignment that has been graded, found none: grade first")
    one = len(names) == 1
    folder = (output or OVERVIEW).parent if not one else Path()
    places = {name: folder / f"{name}_report.html" for name in graded}
    if one and output is not None:
        places = {graded[0]: output}
    for path in places.values():
        files.expect_writable(path, ".html")
    now = datetime.now(UTC)
    reports = [data.gather(course, name, now) for name in graded]
    pages = {
        places[r.assignment]: page.render(r, feedback_links(course, r, places[r.assignment]))
        for r in reports
    }
    if not one:
        links = {name: quote(path.name) for name, path in places.items()}
        pages[output or OVERVIEW] = overview.render(reports, links)
    if json is not None:
        every = {r.assignment: asdict(r) for r in reports}
        text = jsonlib.dumps(every, indent=1, allow_nan=False) + "\n"
        pages[json] = reports[0].json if one else text
    return [files.write(path, content) for path, content in pages.items()]


def feedback_links(course: Course, report: data.Report, page: Path) -> dict[str, str]:
    """Where each student's feedback lies, as seen from the page; only of those who have some."""
    links = {}
    for row in report.students:
        name = report.assignment
        path = course.folder("feedback") / row.student / name / f"{name}.html"
        if not path.is_file():
            continue
        try:
            links[row.student] = quote(
                Path(os.path.relpath(path, page.absolute().parent)).as_posix()
            )
        except ValueError:  # Another drive.
            links[row.student] = path.as_uri()
    return links
