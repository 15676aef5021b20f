"""Cells that failed: the cause of the NameErrors that follow, told instead of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from autograder.checking import raised
from autograder.notebook import grade_id_of
from autograder.outcome import CheckResult
from autograder.submission.layout import bound_by
from autograder.submission.tidy import BETWEEN, OURS, THEIRS

SYNTAX = ("SyntaxError", "IndentationError", "TabError")
# What the student's own computer had and this one has not.
ELSEWHERE = (
    "ModuleNotFoundError", "ImportError", "FileNotFoundError", "StdinNotImplementedError", "UsageError",
)  # fmt: skip
HARDWARE = re.compile(r"\bCUDA\b|\bNVIDIA\b|\bmps\b")
PLACE = re.compile(r" ?\(.*?line (\d+)\)$")
UNDEFINED = re.compile(r"name '(\w+)' is not defined")
MARKS = re.compile(rf"^(?:{re.escape(OURS)}|{re.escape(THEIRS)}|{BETWEEN}$)", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """A cell that did not run to its end.

    `innocent` says that the cause may lie outside of the answer: somebody should look.
    """

    source: str
    reason: str
    innocent: bool


def explain(
    results: list[CheckResult],
    cells: Sequence[NotebookNode],
    judged: int,
    stopped: Mapping[int, str],
) -> tuple[list[CheckResult], list[str]]:
    """The results, with the cell named that should have defined a missing name; and what to look at.

    Parameters
    ----------
    cells
        Those of the submission; those before the position `judged` have run, and have their outputs.
    stopped
        Why cells at these positions were ended or left out.
    """
    if not any(result.message for result in results):
        return results, []
    failures: list[Failure] = []
    for index, cell in enumerate(cells[:judged]):
        if failure := _failure(cell, stopped.get(index, ""), failures):
            failures.append(failure)
    explained, look = [], []
    for result in results:
        found = _explained(result, failures, cells[judged + 1 :])
        explained.append(found[0])
        if found[1]:
            look.append(f"{result.exercise}: {found[0].message}")
    return explained, look


def first_line(source: str) -> str:
    """How a cell is named in a message: by its first line of code."""
    lines = [line.strip() for line in source.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")] or lines or [""]
    return lines[0] if len(lines[0]) <= 60 else lines[0][:57] + "..."


def _failure(cell: NotebookNode, stopped: str, before: list[Failure]) -> Failure | None:
    if stopped:
        return Failure(cell.source, stopped, grade_id_of(cell) is None)
    for output in cell.get("outputs", []):
        if output.output_type != "error":
            continue
        if output.ename in SYNTAX:
            if MARKS.search(cell.source):
                return Failure(cell.source, f"it holds the marks of a merge ({OURS})", True)
            line = PLACE.search(output.evalue)
            where = f" in its line {line[1]}" if line else ""
            reason = f"{output.ename}{where}: {PLACE.sub('', output.evalue)}"
            return Failure(cell.source, reason, False)
        if output.ename == "NotImplementedError" and not output.evalue:
            return None
        missing = UNDEFINED.search(output.evalue) if output.ename == "NameError" else None
        cause = _cause(missing[1], before) if missing else None
        if cause is not None:
            return Failure(cell.source, cause.reason, cause.innocent)
        reason = raised.told(output.ename, output.evalue)
        return Failure(cell.source, reason, output.ename in ELSEWHERE or _is_hardware(reason))
    return None


def _is_hardware(message: str) -> bool:
    return HARDWARE.search(message) is not None


def _cause(name: str, failures: list[Failure]) -> Failure | None:
    """The last failed cell that should have defined a name."""
    for failure in reversed(failures):
        if name in bound_by(failure.source) or re.search(
            rf"\b(class|def)\s+{name}\b|^\s*{name}\s*=", failure.source, re.MULTILINE
        ):
            return failure
    # Nobody can tell which names a star stands for.
    starred = [f for f in failures if f.innocent and re.search(r"import\s+\*", f.source)]
    return starred[-1] if starred else None


def _explained(
    result: CheckResult, failures: list[Failure], below: Sequence[NotebookNode]
) -> tuple[CheckResult, bool]:
    """The result, and whether somebody should look at it."""
    missing = UNDEFINED.search(result.message)
    if missing is None:
        raised_there = any(f"raised {kind}" in result.message for kind in ELSEWHERE)
        return result, raised_there or _is_hardware(result.message)
    cause = _cause(missing[1], failures)
    if cause is None:
        # At home it may have run before.
        for cell in below:
            if cell.cell_type == "code" and missing[1] in bound_by(cell.source):
                where = f"below, in the cell that begins with `{first_line(cell.source)}`"
                return replace(result, message=f"{missing[1]} is defined only {where}"), True
        return result, False
    message = f"the cell that defines {missing[1]} could not be run: {cause.reason}"
    return replace(result, message=message), cause.innocent
