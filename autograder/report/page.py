"""The class report and other pages, each one HTML file that loads nothing.

Students choose names, messages and ids: the template escapes all of them, the page's content
security policy allows this one style and this one script, and the script gets no data but the
page's own tables.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

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
    """The text of a page; its template also gets `style`, `script` and the `policy` for both."""
    environment = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "percent": _percent, "seconds": _seconds}
    style, script = _own("report.css"), _own("report.js")
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    page = environment.get_template(template).render(
        policy=policy, style=Markup(style), script=Markup(script), **values
    )
    # JSON can contain halves of surrogate pairs, which cannot be stored as text.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _own(name: str) -> str:
    return files("autograder.report").joinpath("templates", name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The CSP source of an inline element with this text."""
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _number(value: float | None, digits: int = 2, fixed: bool = False) -> str:
    """`digits` decimals, without trailing zeros unless `fixed`; a dash if there is no figure."""
    if value is None:
        return "–"
    text = f"{value:z.{digits}f}"
    if not fixed and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.1f} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds:02d} s"
