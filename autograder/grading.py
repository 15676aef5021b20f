"""One submission → one result. Nothing here opens the course's gradebook."""

import copy
import shutil
import signal
import tempfile
import time
import traceback
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

from autograder.build import generate_release
from autograder.checking import CheckResult, checks_of
from autograder.course import Course
from autograder.intake import Unreadable, printable, read_submission
from autograder.packed import Packed
from autograder.repair import expected_from_gradebook
from autograder.status import Status

# formgrader's pages write ids as they are, into HTML and into scripts.
MARKUP = frozenset('<>"&`\\')
# A kernel may end for reasons that have nothing to do with the student's code.
ATTEMPTS = 2


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
        """Plain data for a results file and the ledger."""
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
                    "diagnosis": c.diagnosis,
                }
                for c in self.checks
            ],
        }

    @classmethod
    def from_dict(cls, plain: dict) -> "Result":
        """The result that `as_dict` wrote; of a check's title only its name is left."""
        checks = [CheckResult(title=c["check"], **c) for c in plain["checks"]]
        return cls(**plain | {"status": Status(plain["status"]), "checks": checks})


@dataclass(frozen=True)
class Version:
    """An assignment as it is handed to whoever grades, with all that a result depends on.

    `gradebook` is a compressed gradebook that knows the assignment and no student.
    """

    name: str
    source: bytes
    config: bytes
    secret: bytes
    gradebook: bytes
    allow_unsealed: bool
    max_score: float

    @classmethod
    def of(cls, course: Course, name: str) -> "Version":
        """The assignment as it is now in `source/`."""
        with tempfile.TemporaryDirectory(dir=course.private, prefix="scratch-") as folder:
            scratch = Path(folder)
            shutil.copytree(course.folder("source") / name, scratch / "source" / name)
            generate_release(course, scratch, [name])
            gradebook = (scratch / "gradebook.db").read_bytes()
        return cls(
            name,
            course.source_notebook(name).read_bytes(),
            (course.root / "nbgrader_config.py").read_bytes(),
            course.secret,
            zlib.compress(gradebook),
            bool(course.config.Judge.get("allow_unsealed", False)),
            sum(c.points for checks in checks_of(name).values() for c in checks),
        )

    def write_gradebook(self, folder: Path) -> str:
        """Write the gradebook into `folder`; its address."""
        path = folder / "gradebook.db"
        path.write_bytes(zlib.decompress(self.gradebook))
        return f"sqlite:///{path}"


class Assignment:
    """A version made ready in a process that grades.

    Parameters
    ----------
    course
        The course folder, or a folder that looks like it (see `cluster`).
    scratch
        An empty folder for this process.
    """

    def __init__(self, course: Course, version: Version, scratch: Path):
        self.version, self.name, self.scratch = version, version.name, scratch
        self.config = copy.deepcopy(course.config)
        self.config.Judge.allow_unsealed = version.allow_unsealed
        self.db_url = version.write_gradebook(scratch)
        with Gradebook(self.db_url) as gradebook:
            self.expected = expected_from_gradebook(gradebook.find_notebook(self.name, self.name))

    def resources(self, student: str, folder: Path) -> ResourcesDict:
        resources = ResourcesDict()
        resources["metadata"] = {"path": str(folder)}
        resources["nbgrader"] = {
            "student": student,
            "assignment": self.name,
            "notebook": self.name,
            "db_url": self.db_url,
        }
        return resources


@dataclass
class Graded:
    """A result, and the judged notebook as bytes (None when there is no score)."""

    result: Result
    notebook: bytes | None


def grade_submission(assignment: Assignment, student: str, packed: Packed) -> Graded:
    """Grade one submission; never raises for anything a student handed in."""
    started = time.monotonic()
    for _ in range(ATTEMPTS):
        graded, unsure = _attempt(assignment, student, packed)
        if not unsure:
            break
    graded.result.seconds = time.monotonic() - started
    return graded


def failed(student: str, assignment: str, max_score: float, message: str) -> Graded:
    """What becomes of a submission that the grader could not grade."""
    result = Result(printable(student), assignment, Status.GRADER_ERROR, None, max_score, 0)
    result.message = message
    return Graded(result, None)


def _attempt(assignment: Assignment, student: str, packed: Packed) -> tuple[Graded, bool]:
    """A graded submission, and whether its kernel may have ended by no fault of its own."""
    result = Result(
        printable(student), assignment.name, Status.GRADED, None, assignment.version.max_score, 0
    )
    notebook, outcome = None, {}
    with tempfile.TemporaryDirectory(dir=assignment.scratch, ignore_cleanup_errors=True) as place:
        try:
            if printable(student) != student:
                raise Unreadable("the folder's name is not UTF-8: rename it to the student's id")
            if MARKUP & set(student):
                found = " ".join(sorted(MARKUP & set(student)))
                raise Unreadable(f"the folder's name contains {found}: rename it to a student's id")
            if packed.refused:
                raise Unreadable(packed.refused)
            folder, files = Path(place, "handed-in"), Path(place, "files")
            packed.unpack(folder)
            submission = read_submission(folder, assignment.name, assignment.expected, files)
            result.notes += submission.notes
            outcome = _run_steps(assignment, student, submission.notebook, files)
            result.status, result.message = outcome["status"], outcome["message"]
            result.isolation = outcome["isolation"]
            result.checks = outcome["results"]
            result.notes += outcome.get("repairs", [])
            result.score = float(sum(c.points for c in result.checks))
            if result.status.has_score:
                # Half a character, which JSON can hold, is in no file and no gradebook.
                notebook = nbformat.writes(submission.notebook).encode(errors="replace")
        except Unreadable as reason:
            result.status, result.message = Status.UNREADABLE, str(reason)
        except Exception as error:
            result.status, notebook = Status.GRADER_ERROR, None
            where = traceback.extract_tb(error.__traceback__)[-1]
            result.message = (
                f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            )
    _make_storable(result)
    return Graded(result, notebook), _is_unsure(outcome)


def _is_unsure(outcome: dict) -> bool:
    """Whether a kernel was ended from outside: with it its supervisor, or by the host."""
    ending = outcome.get("ending")
    return (
        ending is not None
        and outcome["status"] in (Status.CRASHED, Status.OUT_OF_MEMORY)
        and not ending.limit
        and ending.code in (None, -signal.SIGKILL)
    )


def _make_storable(result: Result) -> None:
    """Take out of texts what databases and files refuse."""

    def plain(text: str) -> str:
        return text.replace("\0", "").encode(errors="replace").decode()

    result.message, result.notes = plain(result.message), [plain(note) for note in result.notes]
    result.checks = [
        CheckResult(**asdict(c) | {"message": plain(c.message)}) for c in result.checks
    ]


def _run_steps(assignment: Assignment, student: str, notebook: NotebookNode, files: Path) -> dict:
    """Run nbgrader's configured steps on the notebook, in place; the gradebook's own are left out."""
    config = copy.deepcopy(assignment.config)
    resources = assignment.resources(student, files)
    steps = config.Autograde.sanitize_preprocessors + config.Autograde.autograde_preprocessors
    for step in steps:
        if step in (SaveAutoGrades, AssignLatePenalties):
            continue
        _, resources = step(config=config)(notebook, resources)
    return resources["autograder"]
