"""Find the exercises' cells again where an editor has lost their ids, or a student typed them anew.

A self-check is known by its text, an answer by the names that it defines, a written answer by its
place (see `written`).
"""

import re

from nbformat import NotebookNode

from autograder.notebook import cell_id_of, grade_id_of
from autograder.submission.layout import Expected, Layout, bound_by, plain

# What is left of an answer that stands in another exercise's cell.
ELSEWHERE = "# This answer is in another cell."
# A given text of this length is no coincidence.
SENTENCE = 40


def relink(nb: NotebookNode, layout: Layout) -> list[str]:
    """Give lost cells their ids back, in place; returns a sentence for each."""
    notes = _by_cell_id(nb, layout)
    texts = [plain(cell.source) for cell in nb.cells]
    for item in layout.expected:
        if item.cell_type == "code" and item.locked:
            notes += _check(nb, texts, item)
    bound = {
        id(cell): bound_by(cell.source)
        for cell, text in zip(nb.cells, texts, strict=True)
        if text not in layout.texts
    }
    for item in layout.expected:
        if item.solution and not item.grade:
            notes += _answer(nb, bound, item, layout)
    return notes


def holds_exercises(nb: NotebookNode, layout: Layout) -> bool:
    """Whether the notebook is one of this assignment, even if all ids are lost."""
    ids = {name for cell in nb.cells if (name := grade_id_of(cell)) is not None}
    if any(item.grade_id in ids for item in layout.expected):
        return True
    texts = {plain(_source(cell)) for cell in nb.cells}
    if texts & {plain(item.source) for item in layout.expected if item.locked}:
        return True
    if ids:
        return False
    # A sentence of the text, or the names of several answers.
    if any(len(text) >= SENTENCE for text in texts & layout.texts):
        return True
    codes = [bound_by(_source(c)) for c in nb.cells if c.get("cell_type") == "code"]
    bound = frozenset().union(*codes)
    return sum(bool(own & bound) for own in layout.names.values()) >= min(2, len(layout.names) or 2)


def worked_on(nb: NotebookNode, layout: Layout) -> dict[str, str]:
    """By id: what the notebook holds for each exercise that a student has worked on."""
    known = {item.grade_id for item in layout.expected}
    by_id = {item.grade_id: item for item in layout.expected if item.solution}
    found: dict[str, list[str]] = {}
    for cell in nb.cells:
        name, source = grade_id_of(cell), _source(cell)
        if name in by_id:
            if not by_id[name].is_untouched(source):
                found.setdefault(name, []).append(plain(source))
        elif cell.get("cell_type") == "code" and name not in known and source.strip():
            bound = bound_by(source)
            for exercise in (e for e, own in layout.names.items() if own & bound):
                found.setdefault(exercise, []).append(plain(source))
    return {name: "\n".join(parts) for name, parts in found.items()}


def _source(cell: NotebookNode) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _mark(cell: NotebookNode, item: Expected) -> None:
    cell.metadata["nbgrader"] = NotebookNode(item.metadata)


def _by_cell_id(nb: NotebookNode, layout: Layout) -> list[str]:
    """The notebook format's own ids outlive some editors that drop a cell's metadata."""
    present = {grade_id_of(cell) for cell in nb.cells}
    missing = {
        cell_id_of(item.grade_id): item
        for item in layout.expected
        if item.grade_id not in present and not item.locked
    }
    notes = []
    for cell in nb.cells:
        item = missing.get(cell.get("id", ""))
        if item is not None and grade_id_of(cell) is None:
            _mark(cell, item)
            del missing[cell["id"]]
            notes.append(f"{item.grade_id}: the cell had lost its nbgrader id and got it back")
    return notes


def _check(nb: NotebookNode, texts: list[str], item: Expected) -> list[str]:
    """A copy of a self-check without its id stands where the check is to be judged."""
    if any(grade_id_of(cell) == item.grade_id for cell in nb.cells):
        return []
    own = plain(item.source)
    copies = [
        cell
        for cell, text in zip(nb.cells, texts, strict=True)
        if cell.cell_type == "code" and grade_id_of(cell) is None and text == own
    ]
    if not copies:
        return []
    _mark(copies[-1], item)
    return [f"{item.grade_id}: its self-check was found in a cell without an id"]


def _answer(
    nb: NotebookNode, bound: dict[int, frozenset[str]], item: Expected, layout: Layout
) -> list[str]:
    """An answer whose own cell is gone or untouched may stand in another cell."""
    own = [cell for cell in nb.cells if grade_id_of(cell) == item.grade_id]
    names = layout.names.get(item.grade_id, frozenset())
    if not names or not all(item.is_untouched(cell.source) for cell in own):
        return []
    by_id = {other.grade_id: other for other in layout.expected}
    provider = None
    for cell in nb.cells:
        other = by_id.get(grade_id_of(cell) or "")
        if other is not None and (not other.solution or other.grade or other is item):
            continue
        if other is not None and other.is_untouched(cell.source):
            continue
        if not bound.get(id(cell), frozenset()) & names:
            continue
        if cell.cell_type == "code" or _is_code(cell.source, names):
            provider = cell
    if provider is None:
        return []
    if grade_id_of(provider) in by_id:
        # Both answers in one cell: the stub below it would undo this one.
        kept = item.new_cell(ELSEWHERE)
        nb.cells = [c for c in nb.cells if not any(c is o for o in own)]
        nb.cells.insert(_index(nb, provider) + 1, kept)
        return [f"{item.grade_id}: the answer is in the cell of {grade_id_of(provider)}"]
    _mark(provider, item)
    nb.cells = [c for c in nb.cells if not any(c is o for o in own)]
    return [f"{item.grade_id}: the answer was found in a cell without this id"]


def _is_code(source: str, names: frozenset[str]) -> bool:
    """Whether a cell of text holds an answer: it defines a name, at the beginning of a line."""
    pattern = rf"^(?:(?:class|def)\s+(?:{'|'.join(map(re.escape, names))})\b)"
    return re.search(pattern, source, re.MULTILINE) is not None


def _index(nb: NotebookNode, cell: NotebookNode) -> int:
    return next(i for i, c in enumerate(nb.cells) if c is cell)
