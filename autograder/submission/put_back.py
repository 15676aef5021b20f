"""Given cells that a student has deleted, emptied or changed: the answers need what they define."""

import functools

import nbformat
from nbformat import NotebookNode

from autograder.notebook import SETUP, grade_id_of
from autograder.submission.given import names_of
from autograder.submission.layout import Given, Layout, bound_by, plain


class Seen:
    """A cell with what is asked of it again and again."""

    def __init__(self, name: str | None, cell: NotebookNode, text: str):
        self.name, self.cell, self.text = name, cell, text

    @functools.cached_property
    def bound(self) -> frozenset[str]:
        return bound_by(self.cell.source) if self.cell.cell_type == "code" else frozenset()


def put_back(nb: NotebookNode, layout: Layout) -> list[str]:
    """Insert the given cells that are missing or changed; returns a sentence for each.

    A changed one stays and runs after the original, so that whatever stops it half-way (a package
    of another machine) leaves no name undefined. Cells on which no answer depends stay away.
    """
    cells = [Seen(grade_id_of(c), c, plain(c.source)) for c in nb.cells]
    gone = [g for g in layout.given if g.cell_type == "code" and not _is_there(cells, g, layout)]
    notes, earliest = [], 0
    for given in _needed(nb, gone):
        twin = _twin(cells, given, layout)
        place = _start_of_gap(cells, given, layout)
        place = max(earliest, place if twin is None else min(place, twin))
        metadata = {SETUP: True} if given.setup else {}
        new = nbformat.v4.new_code_cell(given.source, metadata=metadata)
        nb.cells.insert(place, new)
        cells.insert(place, Seen(None, new, plain(given.source)))
        earliest = place + 1
        first = given.source.strip().splitlines()[0][:60]
        how = (
            "was missing and was put back"
            if twin is None
            else "was changed: the original runs first"
        )
        notes.append(f"the given cell that begins with `{first}` {how}")
    return notes


def _is_there(cells: list[Seen], given: Given, layout: Layout) -> bool:
    """Whether the cell is there, unchanged; a setup cell also has to precede the exercises after it."""
    text, later = plain(given.source), _later(given, layout)
    for seen in cells:
        if seen.cell.cell_type == "code" and seen.text == text:
            return True
        if given.setup and seen.name in later:
            return False
    return False


def _later(given: Given, layout: Layout) -> set[str]:
    """The ids of the cells after a given one."""
    order = [item.grade_id for item in layout.expected]
    return set(order[order.index(given.before) :]) if given.before in order else set()


def _needed(nb: NotebookNode, gone: list[Given]) -> list[Given]:
    """The setup, and what answers read; in order."""
    answers = [c for c in nb.cells if c.cell_type == "code" and grade_id_of(c) is not None]
    wanted = frozenset().union(*(names_of(cell.source).reads for cell in answers))
    wanted -= frozenset().union(*(bound_by(cell.source) for cell in answers))
    needed: list[Given] = []
    for given in reversed(gone):
        if given.setup or bound_by(given.source) & wanted:
            wanted |= names_of(given.source).reads
            needed.insert(0, given)
    return needed


def _twin(cells: list[Seen], given: Given, layout: Layout) -> int | None:
    """The position of the cell that the student has made of it."""
    others, names = layout.texts - {plain(given.source)}, bound_by(given.source)
    for index, seen in enumerate(cells):
        if seen.name is not None or seen.text in others:
            continue
        if (given.cell_id and seen.cell.get("id") == given.cell_id) or seen.bound & names:
            return index
    return None


def _start_of_gap(cells: list[Seen], given: Given, layout: Layout) -> int:
    """Where the cell belongs: after the last cell before it that is still there."""
    later, place = _later(given, layout), 0
    known = {item.grade_id for item in layout.expected} - later
    before = {plain(g.source) for g in layout.given[: layout.given.index(given)]} - {""}
    for index, seen in enumerate(cells):
        if given.setup and seen.name in later:
            break
        if seen.name in known or (seen.name is None and seen.text in before):
            place = index + 1
    return place
