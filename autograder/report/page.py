"""The class report and other pages (see `pages`); their script gets no data but their own tables."""

from collections.abc import Mapping
from datetime import datetime

from autograder import pages
from autograder.gradebook.records import NOT_SUBMITTED
from autograder.outcome import Status
from autograder.report.data import Report

MOST_GROUPS = 50
STATUS_CLASSES = {
    Status.GRADED: "good",
    Status.UNREADABLE: "bad",
    Status.GRADER_ERROR: "bad",
    NOT_SUBMITTED: "none",
}


def render(report: Report, links: Mapping[str, str] | None = None) -> str:
    """The text of the class report; `links` leads from a student to the feedback."""
    return fill(
        "report.html",
        report=report,
        generated=datetime.fromisoformat(report.generated),
        names={row.student: row.name for row in report.students},
        status_classes=STATUS_CLASSES,
        most_groups=MOST_GROUPS,
        links=links or {},
        rows={row.student: f"student-{i}" for i, row in enumerate(report.students)},
    )


def fill(template: str, **values) -> str:
    """The text of a page of this package."""
    return pages.fill(__package__, template, "report.css", "report.js", **values)
