"""What Gradescope runs for each submission: grade it and write `results.json`.

    python -m autograder.exports.gradescope_run ASSIGNMENT SUBMISSION RESULTS [--metadata FILE]

Exits with 1 and writes no results when the submission got no score, so that Gradescope reports a
failed autograder and never a zero: it rejects a results file without a score. The output is for
instructors.

Gradescope's containers rarely allow namespaces. Grading unsealed there is refused unless
`--allow-unsealed` is added to `run_autograder`, or $AUTOGRADER_ALLOW_UNSEALED is 1.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import gradescope
from autograder.gradebook.records import LATE, LOOK, Exercise, Record
from autograder.grading import batch
from autograder.kernel.grader import tiers
from autograder.outcome import Outcome

STUDENT = "submission"
VARIABLE = "AUTOGRADER_ALLOW_UNSEALED"
REFUSED = """\
not graded, and no score given: students' code cannot be sealed off in this container ({reasons}).
It would run beside the hidden checks and the file with its score, and could read and write both.
Instructors: grade on a machine of your own (`autograder grade`) and upload what `autograder export
--to gradescope` writes; or, if you trust your students, add --allow-unsealed to run_autograder."""


def expect_sealed(allow_unsealed: bool) -> None:
    """Raise `UserError` if students' code cannot be sealed off and nobody has allowed that."""
    offer = tiers.probe()
    if not (offer.tier.sealed or allow_unsealed):
        raise UserError(REFUSED.format(reasons=offer.reasons))


def grade(
    course: Course, assignment: str, submission: Path, scratch: Path, allow_unsealed: bool
) -> Outcome:
    """Grade one folder in a copy of the course, so that nothing is left of an earlier submission."""
    place = Course(scratch)
    ignored = shutil.ignore_patterns("submitted", "autograded", "feedback", "gradebook.db*")
    for name in ("nbgrader_config.py", "hidden", "source"):
        path = course.root / name
        if path.is_dir():
            shutil.copytree(path, scratch / name, ignore=ignored)
        else:
            shutil.copyfile(path, scratch / name)
    if allow_unsealed:
        place.config.Judge.allow_unsealed = True
    place.private.mkdir()
    shutil.copyfile(course.private / "secret", place.private / "secret")
    folder = place.folder("submitted") / STUDENT / assignment
    shutil.copytree(submission, folder, symlinks=True)
    # Gradescope shows this output to instructors only.
    with contextlib.redirect_stdout(sys.stderr):
        (outcome,) = batch.grade(place, assignment, [STUDENT], workers=1)
    return outcome


def record_of(outcome: Outcome, late: bool = False) -> Record:
    """The record of an outcome that is not in a gradebook: the automatic points only."""
    points: dict[str, tuple[float, float]] = {}
    for check in outcome.checks:
        earned, total = points.get(check.exercise, (0.0, 0.0))
        points[check.exercise] = earned + check.points, total + check.max_points
    return Record(
        outcome.student, outcome.assignment, str(outcome.status),
        outcome.score if outcome.status.has_score else None, outcome.max_score,
        seconds=outcome.seconds, message=outcome.message, isolation=outcome.isolation,
        exercises=tuple(Exercise(name, *both) for name, both in points.items()),
        checks=tuple(outcome.checks), flags=tuple(flag for flag, set_ in ((LATE, late), (LOOK, outcome.attention)) if set_),
    )  # fmt: skip


def is_late(metadata: Path | None) -> bool:
    """Whether Gradescope's metadata says that the submission was handed in after the due date."""
    if metadata is None or not metadata.is_file():
        return False
    found = json.loads(metadata.read_text(encoding="utf-8"))
    due, handed_in = _due_date(found), found.get("created_at")
    if not (due and handed_in):
        return False
    return datetime.fromisoformat(handed_in) > datetime.fromisoformat(due)


def _due_date(found: dict) -> str | None:
    # A student's own extension takes precedence over the assignment's date.
    own = [u.get("assignment", {}).get("due_date") for u in found.get("users", [])]
    return next(filter(None, own), None) or found.get("assignment", {}).get("due_date")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assignment")
    parser.add_argument("submission", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--metadata", type=Path)
    parser.add_argument("--allow-unsealed", action="store_true")
    given = parser.parse_args(arguments)
    try:
        course = Course.find(Path.cwd())
        allowed = given.allow_unsealed or os.environ.get(VARIABLE) == "1"
        allowed = allowed or course.config.Judge.get("allow_unsealed", False)
        expect_sealed(allowed)
        with tempfile.TemporaryDirectory() as scratch:
            assignment = course.expect_assignment(given.assignment)
            outcome = grade(course, assignment, given.submission, Path(scratch).resolve(), allowed)
    except UserError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 1
    content = gradescope.results(record_of(outcome, is_late(given.metadata)))
    if content is None:
        print(f"not graded: {outcome.status}: {outcome.message}", file=sys.stderr)
        return 1
    files.write(given.results, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
