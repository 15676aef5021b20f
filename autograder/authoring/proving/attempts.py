"""What would these answers earn? For a regrade request, and for trying the hidden checks."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from autograder import files
from autograder.authoring.proving.bench import SECONDS, Bench, Trial, Tried
from autograder.course import Course
from autograder.errors import UserError


def read(path: Path) -> list[dict[str, str]]:
    """The answers in a JSON file: a list of `{"exercise", "name", "source"}`.

    Raises
    ------
    UserError
        If the file cannot be read or holds anything else.
    """
    try:
        found = json.loads(files.read_text(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} could not be read: {error}") from None
    keys = ("exercise", "name", "source")
    if not isinstance(found, list):
        raise UserError(f"{path}: expected a list of objects, got {type(found).__name__}")
    for number, entry in enumerate(found, 1):
        if not isinstance(entry, dict) or not all(isinstance(entry.get(k), str) for k in keys):
            raise UserError(
                f"{path}: expected objects with the texts {', '.join(keys)}; "
                f"entry {number} is not one"
            )
    return found


def read_cell(exercise: str, path: Path) -> dict[str, str]:
    """The answer in a file of Python code, or on standard input where `path` is `-`.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    try:
        source = sys.stdin.read() if str(path) == "-" else files.read_text(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} could not be read: {error}") from None
    return {"exercise": exercise, "name": path.stem, "source": source}


def write(found: list[dict], path: Path) -> Path:
    """Write what `attempt` has found as JSON."""
    return files.write(path, json.dumps(found, indent=1) + "\n")


def attempt(
    course: Course,
    assignment: str,
    answers: list[dict[str, str]],
    seeds: int,
    seconds: float = SECONDS,
    on_answer: Callable[[], None] = lambda: None,
) -> list[dict]:
    """Try each answer and return what it would earn, as plain data.

    A check counts as passed if it passes with all `seeds` challenges.

    Raises
    ------
    UserError
        If an exercise is not one of the assignment's.
    """
    with Bench(course, assignment) as bench:
        trials = [
            Trial(bench.expect_exercise(a["exercise"]), {a["exercise"]: a["source"]}, range(seeds))
            for a in answers
        ]
        found: dict[int, dict] = {}
        for number, tried in bench.run(trials, seconds, diagnosed=True):
            found[number] = _plain(bench, answers[number], tried)
            on_answer()
    return [found[number] for number in range(len(answers))]


def _plain(bench: Bench, answer: dict[str, str], tried: Tried) -> dict:
    worst = {result.check: result for result in tried.worst()}
    checks = {}
    for item in bench.hidden.checks[answer["exercise"]]:
        result = worst.get(item.name)
        checks[item.name] = {
            "points": result.points if result else 0.0,
            "max_points": item.points,
            "message": result.message if result else tried.error,
        }
    errors = [tried.error] + [f"{r.check}: {r.error}" for r in worst.values() if r.error]
    return {
        "exercise": answer["exercise"],
        "name": answer["name"],
        "points": sum(check["points"] for check in checks.values()),
        "max_points": sum(check["max_points"] for check in checks.values()),
        "checks": checks,
        "selfcheck": {"passed": bool(tried.ticked), "message": tried.said},
        "diagnosis": tried.diagnosis,
        "error": "; ".join(filter(None, errors)),
    }
