"""One submission → its outcome. Nothing here opens the course's gradebook."""

import copy
import itertools
import tempfile
import time
import traceback
import unicodedata
from dataclasses import replace
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

from autograder.checking import hidden
from autograder.course import Course, steps
from autograder.feedback import bounded, cells
from autograder.files import printable
from autograder.grading.judging.judge import KernelNotStarted
from autograder.kernel.limits import KILLED, Ending
from autograder.outcome import Outcome, Status
from autograder.snapshot import Snapshot
from autograder.submission import timestamp
from autograder.submission.intake import Unreadable, read_submission
from autograder.submission.layout import Expected, Layout
from autograder.submission.pack import Packed
from autograder.variants import filled

# formgrader's pages write ids into HTML and scripts without escaping them.
MARKUP = frozenset('<>"&`\\')
# A kernel may end for reasons that have nothing to do with the student's code.
ATTEMPTS = 2
# Cells of the student's own that may end a kernel, until what is left is not judged.
MAX_LEFT_OUT = 2


class Grader:
    """A snapshot, prepared for grading in this process.

    Parameters
    ----------
    course
        The course folder, or a folder that looks like it (see `Snapshot.write_course`).
    scratch
        An empty folder for this process.
    """

    def __init__(self, course: Course, snapshot: Snapshot, scratch: Path):
        self._name, self._max_score, self._scratch = snapshot.name, snapshot.max_score, scratch
        self.config = copy.deepcopy(course.config)
        self.config.Judge.allow_unsealed = snapshot.allow_unsealed
        self.config.Judge.environment = snapshot.environment
        self.db_url = snapshot.write_gradebook(scratch)
        with Gradebook(self.db_url) as gradebook:
            notebook = gradebook.find_notebook(self._name, self._name)
            self._expected = Expected.from_gradebook(notebook)
        source = nbformat.reads(snapshot.source.decode(), as_version=4)
        self.layout = Layout.of(self._expected, source)
        self._frozen = Course(Path(course.config.Judge.get("snapshot") or course.root))
        self._has_variants = self._name in course.variants
        bounded.start()

    def layout_of(self, student: str) -> Layout:
        """What was handed out to a student."""
        if not self._has_variants:
            return self.layout
        own = hidden.load(self._frozen.hidden, self._name)
        return Layout.of(self._expected, filled.source(self._frozen, own, student))

    def grade(self, student: str, packed: Packed) -> Outcome:
        """Grade one submission; never raises for anything a student handed in."""
        started = time.monotonic()
        left_out: dict[int, tuple[Status, str]] = {}
        for attempt in itertools.count(1):
            outcome, unsure, fatal = self._attempt(student, packed, left_out)
            if unsure and attempt < ATTEMPTS:
                continue
            if fatal is None or len(left_out) >= MAX_LEFT_OUT:
                break
            # The exercises after it are judged all the same, in a new kernel.
            left_out[fatal] = outcome.status, outcome.message
        outcome.seconds = time.monotonic() - started
        if outcome.notebook is not None:
            outcome.page = _page(outcome.notebook)
        return outcome

    def _attempt(
        self, student: str, packed: Packed, left_out: dict[int, tuple[Status, str]]
    ) -> tuple[Outcome, bool, int | None]:
        """An outcome, whether the kernel may have ended through no fault of the student's code, and
        which cell of the student's own has ended it.
        """
        outcome = Outcome(printable(student), self._name, Status.GRADED, self._max_score)
        unsure, fatal = False, None
        with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as place:
            try:
                _refuse(student, packed)
                folder, files = Path(place, "handed-in"), Path(place, "files")
                outcome.notes += packed.unpack(folder)
                resources = self.resources(student, files)
                submission = read_submission(folder, self._name, resources["layout"], files)
                outcome.notes += submission.notes + _about_time(packed)
                resources["submission"], resources["outcome"] = packed.hash, outcome
                resources["left_out"] = left_out
                resources = self._run_steps(submission.notebook, resources)
                unsure = _is_unsure(outcome.status, resources["ending"])
                fatal = resources["fatal"]
                outcome.score = float(sum(c.points for c in outcome.checks))
                if outcome.score < self._max_score:
                    outcome.attention += submission.doubts
                if outcome.attention and outcome.status is Status.GRADED:
                    outcome.message = outcome.attention[0]
                if outcome.status.has_score:
                    # Half a surrogate pair can be in JSON, but not in a file or a gradebook.
                    text = nbformat.writes(submission.notebook)
                    outcome.notebook = text.encode(errors="replace")
            except Unreadable as reason:
                outcome.status, outcome.message = Status.UNREADABLE, str(reason)
            except Exception as error:
                unsure = isinstance(error, KernelNotStarted)
                outcome.status, outcome.notebook = Status.GRADER_ERROR, None
                where = traceback.extract_tb(error.__traceback__)[-1]
                outcome.message = (
                    f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
                )
        _make_storable(outcome)
        return outcome, unsure, fatal

    def _run_steps(self, notebook: NotebookNode, resources: ResourcesDict) -> ResourcesDict:
        """Run nbgrader's configured steps on the notebook, in place, except the gradebook's own.

        What they find goes into `resources["outcome"]`; how the kernel ended, see `Judge`.
        """
        config = copy.deepcopy(self.config)
        for step in steps(config):
            if not issubclass(step, (SaveAutoGrades, AssignLatePenalties)):
                _, resources = step(config=config)(notebook, resources)
        resources["outcome"].notes += resources.get("repairs", [])
        return resources

    def resources(self, student: str, files: Path) -> ResourcesDict:
        """What nbgrader's steps are told about a submission whose files are in the folder `files`."""
        resources = ResourcesDict()
        resources["metadata"] = {"path": str(files)}
        resources["layout"] = self.layout_of(student)
        resources["nbgrader"] = {
            "student": student,
            "assignment": self._name,
            "notebook": self._name,
            "db_url": self.db_url,
        }
        return resources


def _page(content: bytes) -> str | None:
    """The part of the feedback page that needs no gradebook."""
    try:
        return cells.as_json(cells.render(nbformat.reads(content.decode(), as_version=4)))
    except Exception:
        # The writer tries again and reports what is wrong.
        return None


def failed(student: str, snapshot: Snapshot, message: str) -> Outcome:
    """The outcome of a submission that the grader could not grade."""
    return Outcome(
        printable(student), snapshot.name, Status.GRADER_ERROR, snapshot.max_score, message=message
    )


def _refuse(student: str, packed: Packed) -> None:
    if printable(student) != student:
        raise Unreadable("the folder's name is not plain text: rename it to the student's id")
    if MARKUP & set(student):
        found = " ".join(sorted(MARKUP & set(student)))
        raise Unreadable(f"the folder's name contains {found}: rename it to a student's id")
    if packed.refused:
        raise Unreadable(packed.refused)


def _about_time(packed: Packed) -> list[str]:
    """A remark if the time of handing in cannot be read."""
    text = packed.text("timestamp.txt")
    if text is None or timestamp.read(text) is not None:
        return []
    found = f"holds {printable(text.strip()[:40])!r}" if text.strip() else "is empty"
    return [f"timestamp.txt {found}, which is no time: graded without one"]


def _is_unsure(status: Status, ending: Ending | None) -> bool:
    """Whether a kernel was ended from outside: together with its supervisor, or by the host."""
    return (
        ending is not None
        and status in (Status.CRASHED, Status.OUT_OF_MEMORY)
        and not ending.limit
        and ending.code in (None, KILLED)
    )


def _make_storable(outcome: Outcome) -> None:
    """Remove characters from all texts that databases and files refuse, or terminals obey."""

    def plain(text: str) -> str:
        kept = (c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
        return "".join(kept).encode(errors="replace").decode()

    outcome.message = plain(outcome.message)
    outcome.notes = [plain(note) for note in outcome.notes]
    outcome.attention = [plain(reason) for reason in outcome.attention]
    outcome.checks = [replace(c, message=plain(c.message)) for c in outcome.checks]
