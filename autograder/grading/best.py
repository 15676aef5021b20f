"""Where a student's best attempt counts: the files of it are in `submitted/`.

A later submission that earns less is taken out again, and the one before it graded once more: so
gradebook, feedback, reports and later regrades all follow from the same files.
"""

import contextlib
import json
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from autograder import files
from autograder.course import Course
from autograder.outcome import Outcome, Status
from autograder.rules import AssignmentRules
from autograder.submission import timestamp
from autograder.submission.pack import digest

# In a student's folder: the files of the best attempt, and what it has earned.
COPY, WORTH = "files", "worth.json"


def put_back(course: Course, assignment: str, outcomes: Iterable[Outcome]) -> list[str]:
    """Compare what has just been graded with the best before it.

    Returns the students whose best attempt has been put back into `submitted/`: grade it again.
    """
    rules, back = course.rules.of(assignment), []
    for outcome in outcomes:
        folder = course.folder("submitted") / outcome.student / assignment
        if not folder.is_dir() or folder.is_symlink():
            continue
        if outcome.status == Status.GRADER_ERROR:
            # Nobody knows yet what it earns.
            continue
        place = course.private / "best" / assignment / outcome.student
        # What cannot be copied, such as a pipe among the files, stays, and counts as the last one.
        with contextlib.suppress(OSError):
            worth, found = _worth(rules, outcome, folder), digest(folder)
            kept = _kept(place)
            if kept is None or worth >= kept["worth"] or found == kept["submission"]:
                _keep(place, folder, found, worth)
            else:
                _put_back(course, place, folder)
                back.append(outcome.student)
    return back


def _worth(rules: AssignmentRules, outcome: Outcome, folder: Path) -> float:
    """The automatic points, less what lateness costs; below any other if there is no score."""
    if outcome.score is None:
        return -1.0
    due, handed_in = rules.due_for(outcome.student), None
    note = folder / "timestamp.txt"
    if note.is_file() and not note.is_symlink():
        handed_in = timestamp.read(note.read_text("utf-8", "replace")[:200])
    lost = 0.0
    if due is not None and handed_in is not None and rules.late is not None:
        late = handed_in - due.replace(tzinfo=None)
        if late > timedelta():
            lost = rules.late.penalty(outcome.max_score, late)
    return max(0.0, outcome.score - lost)


def _kept(place: Path) -> dict | None:
    try:
        found = json.loads((place / WORTH).read_text(encoding="ascii"))
        return {"worth": float(found["worth"]), "submission": str(found["submission"])}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _keep(place: Path, folder: Path, found: str, worth: float) -> None:
    fresh = _copied(folder, place)
    # Half a copy must not be taken for one.
    (place / WORTH).unlink(missing_ok=True)
    shutil.rmtree(place / COPY, ignore_errors=True)
    shutil.move(fresh, place / COPY)
    files.write(place / WORTH, json.dumps({"worth": worth, "submission": found}))


def _put_back(course: Course, place: Path, folder: Path) -> None:
    fresh = _copied(place / COPY, place)
    files.set_aside(folder, course.private / "replaced" / folder.name / folder.parent.name)
    shutil.move(fresh, folder)


def _copied(folder: Path, place: Path) -> Path:
    """A whole copy of a folder in `place`; if it fails, nothing else has been touched."""
    fresh = place / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh, symlinks=True)
    return fresh
