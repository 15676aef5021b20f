"""The results of an exercise's checks as text and as an HTML table, for the judged cell."""

import re

from markupsafe import Markup, escape

from autograder.outcome import CheckResult

KNOWN = "A known mistake behaves in exactly this way on the same inputs."
FOLLOWING = "What could not be judged because of that:"
CELL = "padding: 4px 10px; text-align: left; vertical-align: top; white-space: normal"
NUMBER = "padding: 4px 10px; text-align: right; vertical-align: top; white-space: nowrap"
NOTE = (
    "padding: 6px 10px; text-align: left; white-space: normal; background-color: #fff7ed; "
    "border-left: 4px solid #c2410c"
)


# How the message of a check begins or goes on that cannot judge its property: see `checking`.
FOLLOWS = re.compile(r"\bdepends on\b")


def as_text(results: list[CheckResult]) -> str:
    """What failed, what passed, and what could not be judged, with a line for each check."""
    first, following = parted(results)
    lines = _lines(first)
    if following:
        lines += [FOLLOWING, *_lines(following)]
    return "\n".join(lines + [f"{KNOWN} {r.diagnosis}" for r in results if r.diagnosis])


def as_html(results: list[CheckResult]) -> str:
    """The same as tables, a row per check. Everything from a student's process is escaped."""
    first, following = parted(results)
    notes = [
        Markup("<tr><td colspan='4' style='{}'>{} <b>{}</b></td></tr>").format(
            NOTE, KNOWN, with_code(r.diagnosis)
        )
        for r in results
        if r.diagnosis
    ]
    table = _table(first, notes)
    if following:
        folded = "<details><summary>{}</summary>{}</details>"
        table += Markup(folded).format(FOLLOWING, _table(following, []))
    return str(table)


def parted(results: list[CheckResult]) -> tuple[list[CheckResult], list[CheckResult]]:
    """What was judged, failures first, and what could not be judged because something else failed."""
    following = [r for r in results if FOLLOWS.search(r.message)]
    first = [r for r in results if not FOLLOWS.search(r.message)]
    if not any(r.points < r.max_points for r in first):
        return results, []
    return sorted(first, key=lambda r: r.points == r.max_points), following


def as_data(results: list[CheckResult]) -> list[dict]:
    """The same as plain data, for the page that students get."""
    names = ("title", "points", "max_points", "message", "diagnosis")
    return [{name: getattr(r, name) for name in names} for r in results]


def _lines(results: list[CheckResult]) -> list[str]:
    lines = []
    for r in results:
        mark = "✓" if r.points == r.max_points else "✗"
        lines.append(f"{mark} {r.title}  ({r.points:g}/{r.max_points:g})")
        lines += [f"    {r.message}"] if r.message else []
    return lines


def _table(results: list[CheckResult], notes: list[Markup]) -> Markup:
    rows = []
    for r in results:
        right = r.points == r.max_points
        color, mark = ("#15803d", "✓") if right else ("#b91c1c", "✗")
        message = Markup("<br>").join(escape(r.message).splitlines())
        rows.append(
            Markup(
                "<tr><td style='{}; color: {}; font-weight: bold'>{}</td>"
                "<td style='{}'>{}</td><td style='{}'>{:g} / {:g}</td><td style='{}'>{}</td></tr>"
            ).format(
                CELL, color, mark, CELL, r.title, NUMBER, r.points, r.max_points, CELL, message
            )
        )
    head = Markup(
        "<tr><th></th><th style='{0}'>check</th><th style='{1}'>points</th>"
        "<th style='{0}'>message</th></tr>"
    ).format(CELL, NUMBER)
    return Markup(
        "<table style='border-collapse: collapse'><thead>{}</thead><tbody>{}</tbody></table>"
    ).format(head, Markup("").join(rows + notes))


def with_code(sentence: str) -> Markup:
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))
