"""The results of an exercise's checks as text and as an HTML table, for the judged cell."""

import re

from markupsafe import Markup, escape

from autograder.outcome import CheckResult

KNOWN = "A known mistake behaves in exactly this way on the same inputs."
CELL = "padding: 4px 10px; text-align: left; vertical-align: top; white-space: normal"
NUMBER = "padding: 4px 10px; text-align: right; vertical-align: top; white-space: nowrap"
NOTE = (
    "padding: 6px 10px; text-align: left; white-space: normal; background-color: #fff7ed; "
    "border-left: 4px solid #c2410c"
)


def as_text(results: list[CheckResult]) -> str:
    lines = []
    for r in results:
        mark = "✓" if r.points == r.max_points else "✗"
        lines.append(f"{mark} {r.title}  ({r.points:g}/{r.max_points:g})")
        lines += [f"    {r.message}"] if r.message else []
    return "\n".join(lines + [f"{KNOWN} {r.diagnosis}" for r in results if r.diagnosis])


def as_html(results: list[CheckResult]) -> str:
    """A row per check. Everything from a student's process is escaped."""
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
    rows += [
        Markup("<tr><td colspan='4' style='{}'>{} <b>{}</b></td></tr>").format(
            NOTE, KNOWN, _with_code(r.diagnosis)
        )
        for r in results
        if r.diagnosis
    ]
    head = Markup(
        "<tr><th></th><th style='{0}'>check</th><th style='{1}'>points</th>"
        "<th style='{0}'>message</th></tr>"
    ).format(CELL, NUMBER)
    return str(
        Markup(
            "<table style='border-collapse: collapse'><thead>{}</thead><tbody>{}</tbody></table>"
        ).format(head, Markup("").join(rows))
    )


def _with_code(sentence: str) -> Markup:
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))
