"""Measure the scores behind the thresholds: the reference and wrong solutions, over seeds.

An assignment with thresholds has a module `calibration` in its hidden folder:

    def prepare(namespace)   returns what the solutions need, with attributes `dataset` and `device`
    FIGURES                  name of a threshold → functions (prepared, seed, folder) → score,
                             the reference first, then wrong solutions

and a file `thresholds.json`, ordered by threshold and data set.
"""

import json
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder import files
from autograder.authoring.expand import expand
from autograder.authoring.thresholds import false_fail_rate
from autograder.checking import hidden
from autograder.checking.reference import Reference
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.judging.data import told

THRESHOLDS = "thresholds.json"


@dataclass
class Figure:
    """The scores for one threshold on one data set, a list per solution, the reference's first."""

    name: str
    dataset: str
    device: str
    threshold: float
    scores: dict[str, list[float]]

    @property
    def false_fail(self) -> float:
        """Estimated chance that another correct solution fails."""
        return false_fail_rate(next(iter(self.scores.values())), self.threshold)


def calibrate(
    course: Course,
    assignment: str,
    seeds: int,
    on_score: Callable[[str], None] = lambda label: None,
) -> list[Figure]:
    """Train everything with `seeds` seeds each and return the figures of the assignment.

    Raises
    ------
    UserError
        If the assignment has no thresholds, or its data is missing.
    """
    own = hidden.load(course.hidden, assignment)
    if not own.has("calibration"):
        raise UserError(f"{assignment} has no thresholds to calibrate")
    module = own.module("calibration")
    with told(own):
        prepared = module.prepare(Reference(expand(course, assignment)).namespace())
        known = json.loads((own.folder / THRESHOLDS).read_text(encoding="utf-8"))
    figures = []
    for name, solutions in module.FIGURES.items():
        scores: dict[str, list[float]] = {solution.__name__: [] for solution in solutions}
        for solution in solutions:
            for seed in range(seeds):
                with tempfile.TemporaryDirectory() as folder:
                    score = solution(prepared, seed, Path(folder))
                scores[solution.__name__].append(score)
                on_score(f"{name}: {solution.__name__}")
        needed = known[name][prepared.dataset]["threshold"]
        figures.append(Figure(name, prepared.dataset, str(prepared.device), needed, scores))
    return figures


def write(course: Course, assignment: str, figures: list[Figure]) -> None:
    """Write the measurements next to their thresholds in `thresholds.json`."""
    path = course.hidden / assignment / THRESHOLDS
    known = json.loads(path.read_text(encoding="utf-8"))
    for figure in figures:
        measured = {
            label: {
                "n": len(scores),
                "mean": round(statistics.mean(scores), 4),
                "sd": round(statistics.stdev(scores), 4),
                "scores": [round(score, 4) for score in scores],
            }
            for label, scores in figure.scores.items()
        }
        false_fail = {"false_fail": float(f"{figure.false_fail:.1e}")}
        known[figure.name][figure.dataset][figure.device] = false_fail | measured
    files.write(path, json.dumps(known, indent=1) + "\n")
