"""Measure the accuracies behind the thresholds: the reference and wrong solutions, over seeds."""

import importlib
import json
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder import held_out
from autograder.audit import Exercises
from autograder.checking import module_name
from autograder.course import Course
from autograder.errors import UserError
from autograder.thresholds import FIGURES, false_fail_rate
from helpers import data


@dataclass
class Figure:
    """The scores of one threshold on one data set, a list per solution; `reference` is first."""

    name: str
    dataset: str
    device: str
    threshold: float
    scores: dict[str, list[float]]

    @property
    def false_fail(self) -> float:
        """Estimated chance that a further correct solution fails."""
        return false_fail_rate(self.scores["reference"], self.threshold)


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
        If the assignment has no thresholds, or its images are missing.
    """
    try:
        module = importlib.import_module(f"autograder.calibrations.{module_name(assignment)}")
    except ModuleNotFoundError:
        raise UserError(f"{assignment} has no thresholds to calibrate") from None
    try:
        held = held_out.load(module.DATASET)
        images = data.load_images(held.name)
    except data.DataError as error:
        raise UserError(str(error)) from None
    namespace = Exercises(course.root / "notebooks" / f"{assignment}.py").namespace()
    known = json.loads(FIGURES.read_text(encoding="utf-8"))
    figures = []
    for name, parts in module.FIGURES.items():
        solutions = {"reference": parts["reference"]}
        solutions |= {f.__name__: f for f in parts["mistakes"]}
        scores: dict[str, list[float]] = {label: [] for label in solutions}
        for label, train in solutions.items():
            for seed in range(seeds):
                with tempfile.TemporaryDirectory() as folder:
                    model = train(module.Split(namespace, images, seed), Path(folder))
                scores[label].append(module.score(model, held))
                on_score(f"{name}: {label}")
        needed = known[name][held.name]["threshold"]
        figures.append(Figure(name, held.name, str(namespace["device"]), needed, scores))
    return figures


def write(figures: list[Figure]) -> None:
    """Put the measurements beside their thresholds in `thresholds.json`."""
    known = json.loads(FIGURES.read_text(encoding="utf-8"))
    for figure in figures:
        entry = known[figure.name][figure.dataset]
        measured = {
            label: {
                "n": len(scores),
                "mean": round(statistics.mean(scores), 4),
                "sd": round(statistics.stdev(scores), 4),
                "scores": [round(score, 4) for score in scores],
            }
            for label, scores in figure.scores.items()
        }
        entry[figure.device] = {"false_fail": float(f"{figure.false_fail:.1e}"), **measured}
    text = json.dumps(known, indent=1)
    FIGURES.write_text(text + "\n", encoding="utf-8")
