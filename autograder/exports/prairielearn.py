"""PrairieLearn: one `results.json` per student, as an external grader writes it.

A submission without a final score is `"gradable": false`: it has no score, and costs the student no
attempt and no points. PrairieLearn knows only shares of all points, in which a part that nobody has
marked yet would be 0.
"""

from collections.abc import Mapping
from pathlib import Path

from autograder.exports import text
from autograder.exports.plugin import Exporter, Written, write_results
from autograder.gradebook.records import Record


def results(record: Record) -> dict:
    """The content of `/grade/results/results.json`."""
    if record.score is None or record.unfinished:
        unmarked = record.unfinished if record.score is not None else ""
        reason = unmarked or record.message or text.remarks(record)[0]
        return {"gradable": False, "message": reason, "format_errors": [reason]}
    share = record.score / record.max_score if record.max_score else 0.0
    said: dict[str, list[str]] = {}
    for check in record.checks:
        if check.points < check.max_points:
            said.setdefault(check.exercise, []).append(f"{check.check}: {check.message}")
    tests = []
    for exercise in record.exercises:
        test: dict[str, str | float] = {
            "name": exercise.name,
            "description": "graded by a person" if exercise.written else "graded by checks",
            "message": "",
            "output": "\n".join(said.get(exercise.name, [])),
        }
        if exercise.score is not None:
            test |= {"points": exercise.score, "max_points": exercise.max_score}
        tests.append(test)
    return {
        "gradable": True,
        "score": min(1.0, max(0.0, share)),
        "message": "\n".join(text.remarks(record)),
        "output": "\n".join(text.summary(record)),
        "tests": tests,
    }


class PrairieLearnExporter(Exporter):
    """`nbgrader export --exporter=autograder.exports.prairielearn.PrairieLearnExporter`."""

    default_output = "prairielearn"
    flags_beside = True

    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        return write_results(output, classes, results)
