"""Cells that Python cannot parse: the cause of the NameErrors that follow, told instead of them."""

import re
from collections.abc import Iterable
from dataclasses import replace

from nbformat import NotebookNode

from autograder.outcome import CheckResult

ERRORS = ("SyntaxError", "IndentationError", "TabError")
PLACE = re.compile(r" ?\(.*?line (\d+)\)$")
UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def explain(results: list[CheckResult], cells: Iterable[NotebookNode]) -> list[CheckResult]:
    """The results, in which a missing name is explained by the cell that should have defined it.

    Parameters
    ----------
    cells
        Those that ran before, with their outputs.
    """
    unparsed = [(cell.source, reason) for cell in cells if (reason := _reason(cell))]
    return [_explained(result, unparsed) for result in results]


def _reason(cell: NotebookNode) -> str:
    """What Python says about a cell that it cannot parse; "" if it can."""
    for output in cell.get("outputs", []):
        if output.output_type == "error" and output.ename in ERRORS:
            line = PLACE.search(output.evalue)
            where = f" in its line {line[1]}" if line else ""
            return f"{output.ename}{where}: {PLACE.sub('', output.evalue)}"
    return ""


def _explained(result: CheckResult, unparsed: list[tuple[str, str]]) -> CheckResult:
    missing = UNDEFINED.search(result.message)
    if missing is None:
        return result
    for source, reason in reversed(unparsed):
        if re.search(rf"\b(class|def)\s+{missing[1]}\b|^{missing[1]}\s*=", source, re.MULTILINE):
            message = f"the cell that defines {missing[1]} could not be run: {reason}"
            return replace(result, message=message)
    return result
