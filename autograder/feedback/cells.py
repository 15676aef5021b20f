"""The cells of a judged notebook as HTML: all of a feedback page that needs no gradebook.

This is the slow part, done where a submission is graded. `page` puts it together with what the
gradebook says.
"""

import json
from dataclasses import asdict, dataclass, field

from markupsafe import Markup, escape
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader import utils

from autograder.feedback import sanitise

# Where the judged cell's first output keeps the results of the checks, as plain data.
CHECKS = "autograder_checks"
TEXT, CODE, WRITTEN, CHECK = "text", "code", "written", "check"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    kind
        Text or code that counts for nothing by itself, an answer that a person marks, or a judged
        cell.
    name
        The id in the gradebook; empty if it has none.
    html
        What is in the cell.
    outputs
        What it printed and showed; of a judged cell, its pictures.
    checks
        The results of a judged cell (see `table.as_data`).
    """

    kind: str
    name: str
    html: str
    outputs: list[str] = field(default_factory=list)
    checks: list[dict] = field(default_factory=list)


def render(nb: NotebookNode) -> list[Cell]:
    """The cells of a judged notebook, which is changed; takes seconds at most."""
    # Before they are dropped with all else that a page does not show.
    checks = [_checks_of(cell) for cell in nb.cells]
    sanitise.make_safe(nb)
    return [_rendered(cell, found) for cell, found in zip(nb.cells, checks)]


def as_json(cells: list[Cell]) -> str:
    """The cells as text, for the way to whoever knows the gradebook."""
    return json.dumps([asdict(cell) for cell in cells])


def from_json(text: str) -> list[Cell]:
    """The cells that `as_json` was given."""
    return [Cell(**plain) for plain in json.loads(text)]


def markdown(text: str, attachments: dict | None = None) -> str:
    """A text in Markdown as HTML that can do nothing."""
    html = sanitise.markdown_to_html({"cell": {"attachments": attachments or {}}}, text)
    # A wide formula is scrolled, also by keyboard.
    return str(html).replace('<math display="block">', '<math display="block" tabindex="0">')


def _checks_of(cell: NotebookNode) -> list[dict]:
    if not (cell.cell_type == "code" and utils.is_grade(cell) and cell.outputs):
        return []
    return list(cell.outputs[0].get("metadata", {}).get(CHECKS, []))


def _rendered(cell: NotebookNode, checks: list[dict]) -> Cell:
    nbgrader = cell.metadata.get("nbgrader", {})
    name = nbgrader.get("grade_id", "") if any(_roles(cell)) else ""
    if cell.cell_type == "code":
        code = sanitise.highlight(cell.source)
        html = code or Markup("<pre>{}</pre>").format(cell.source)
        outputs = cell.outputs
        if checks:
            # The points are said elsewhere.
            outputs = [o for o in outputs if any(m.startswith("image/") for m in o.get("data", {}))]
        shown = [_output(output) for output in outputs]
    elif cell.cell_type == "markdown":
        html, shown = _on_paper(markdown(cell.source, cell.get("attachments"))), []
    else:
        html, shown = Markup("<pre>{}</pre>").format(cell.source), []
    return Cell(_kind(cell), name, str(html), shown, checks)


def _roles(cell: NotebookNode) -> tuple[bool, bool, bool]:
    return utils.is_grade(cell), utils.is_solution(cell), utils.is_task(cell)


def _kind(cell: NotebookNode) -> str:
    graded, solution, task = _roles(cell)
    if task or (graded and (solution or cell.cell_type != "code")):
        return WRITTEN
    if graded:
        return CHECK
    return CODE if cell.cell_type == "code" else TEXT


def _output(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return _printed(output.text)
    if output.output_type == "error":
        return _printed("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
    data = output.data
    if "text/html" in data:
        # Tables are wider than a phone, and coloured for a white page.
        return _scrolled(sanitise.clean(data["text/html"]))
    if "text/markdown" in data:
        return _on_paper(markdown(data["text/markdown"]))
    for mime in sanitise.IMAGES:
        if mime in data:
            return _image(mime, data[mime], output.metadata[mime])
    return _printed(data["text/plain"])


def _printed(text: str) -> str:
    # Nothing to format is the usual case, and the rest costs a message to another process.
    shown = sanitise.ansi_to_html(text) if "\x1b" in text else str(escape(text))
    return f"<pre>{shown}</pre>" if strip_ansi(text).strip() else ""


def _scrolled(html: str) -> str:
    return f'<div class="paper scroll" tabindex="0" role="region" aria-label="Output">{html}</div>'


def _on_paper(html: str) -> str:
    """Text that brings colours of its own is meant for a white page."""
    return f'<div class="paper">{html}</div>' if "color:" in html or "background" in html else html


def _image(mime: str, data: str, about: NotebookNode) -> str:
    attributes = Markup("").join(
        Markup(' {}="{}"').format(name, about[name])
        for name in ("alt", "width", "height")
        if name in about
    )
    return Markup('<img src="data:{};base64,{}"{}>').format(mime, "".join(data.split()), attributes)
