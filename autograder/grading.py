"""One submission → one result. Nothing here opens the course's gradebook."""

import copy
import shutil
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

from autograder.build import generate_release
from autograder.checking import CheckResult, checks_of
from autograder.course import Course
from autograder.intake import Unreadable, printable, read_submission
from autograder.repair import Expected
from autograder.status import Status


@dataclass
class Result:
    """How one submission ended. `score` counts the hidden checks; None when nothing was graded."""

    student: str
    assignment: str
    status: Status
    score: float | None
    max_score: float
    seconds: float
    isolation: str = ""
    message: str = ""
    notes: list[str] = field(default_factory=list)
    stale_score: float | None = None
    checks: list[CheckResult] = field(default_factory=list)

    def as_dict(self) -> dict:
        """Plain data for a results file."""
        return {
            "student": self.student,
            "assignment": self.assignment,
            "status": str(self.status),
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 3),
            "isolation": self.isolation,
            "message": self.message,
            "notes": self.notes,
            "stale_score": self.stale_score,
            "checks": [
                {
                    "exercise": c.exercise,
                    "check": c.check,
                    "points": c.points,
                    "max_points": c.max_points,
                    "message": c.message,
                }
                for c in self.checks
            ],
        }


class Assignment:
    """An assignment as a grading run needs it: its cells, and a gradebook that knows only them."""

    def __init__(self, course: Course, name: str, scratch: Path):
        self.course, self.name, self.scratch = course, name, scratch
        shutil.copytree(course.folder("source") / name, scratch / "source" / name)
        generate_release(course, scratch, [name])
        released = nbformat.read(
            scratch / "release" / name / f"{name}.ipynb", as_version=nbformat.NO_CONVERT
        )
        self.expected = Expected.from_notebook(released)
        self.max_score = sum(c.points for checks in checks_of(name).values() for c in checks)

    def resources(self, student: str, folder: Path) -> ResourcesDict:
        resources = ResourcesDict()
        resources["metadata"] = {"path": str(folder)}
        resources["nbgrader"] = {
            "student": student,
            "assignment": self.name,
            "notebook": self.name,
            "db_url": f"sqlite:///{self.scratch / 'gradebook.db'}",
        }
        return resources


@dataclass
class Graded:
    """A result with the judged notebook (None when unreadable) and the copied files beside it."""

    result: Result
    notebook: NotebookNode | None
    files: Path | None


def grade_submission(assignment: Assignment, student: str, folder: Path) -> Graded:
    """Grade one submission folder; never raises for anything a student handed in."""
    started = time.monotonic()
    result = Result(
        printable(student), assignment.name, Status.GRADED, None, assignment.max_score, 0
    )
    files = Path(tempfile.mkdtemp(dir=assignment.scratch))
    notebook = None
    try:
        if printable(student) != student:
            raise Unreadable("the folder's name is not UTF-8: rename it to the student's id")
        submission = read_submission(folder, assignment.name, assignment.expected, files)
        result.notes += submission.notes
        notebook = submission.notebook
        outcome = _run_steps(assignment, student, notebook, files)
        result.status, result.message = outcome["status"], outcome["message"]
        result.isolation = outcome["isolation"]
        result.checks = outcome["results"]
        result.notes += outcome.get("repairs", [])
        result.score = float(sum(c.points for c in result.checks))
    except Unreadable as reason:
        result.status, result.message = Status.UNREADABLE, str(reason)
    except Exception as error:
        result.status = Status.GRADER_ERROR
        where = traceback.extract_tb(error.__traceback__)[-1]
        result.message = (
            f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        )
    result.seconds = time.monotonic() - started
    return Graded(result, notebook if result.status.has_score else None, files)


def _run_steps(assignment: Assignment, student: str, notebook: NotebookNode, files: Path) -> dict:
    """Run nbgrader's configured steps on the notebook, in place; the gradebook's own are left out."""
    config = copy.deepcopy(assignment.course.config)
    resources = assignment.resources(student, files)
    steps = config.Autograde.sanitize_preprocessors + config.Autograde.autograde_preprocessors
    for step in steps:
        if step in (SaveAutoGrades, AssignLatePenalties):
            continue
        _, resources = step(config=config)(notebook, resources)
    return resources["autograder"]
