"""What was graded, when, and from what: one line per finished attempt, never changed afterwards.

A submission whose hashes equal those of its last attempt is not graded again.
"""

import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import autograder
from autograder import files
from autograder.checking import hidden
from autograder.course import Course, step_names
from autograder.errors import UserError
from autograder.outcome import Outcome

# The file of a hidden folder that is for questions to students alone.
NOT_JUDGING = "scenarios.py"
# The engine's packages that an outcome and its page depend on.
JUDGING = ("checking", "feedback", "grading/judging", "kernel", "submission", "variants")
# Libraries whose versions can change an outcome, beside those that the course loads.
# The steps that compute what lateness costs: nbgrader's own and ours.
LATE_STEPS = ("AssignLatePenalties", "Penalties")
LIBRARIES = ("numpy", "nbgrader", "nbclient", "ipykernel", "ipython")


@dataclass(frozen=True)
class Attempt:
    """One finished attempt.

    Parameters
    ----------
    hashes
        What its outcome depends on.
    counts
        Whether its outcome went into the gradebook; not if another submission has earned more.
    """

    time: datetime
    student: str
    hashes: dict[str, str]
    outcome: Outcome
    counts: bool = True

    @classmethod
    def from_dict(cls, line: dict) -> "Attempt":
        time = datetime.fromisoformat(line["time"])
        outcome = Outcome.from_dict(line["result"])
        return cls(time, line["student"], line["hashes"], outcome, line.get("counts", True))

    def as_dict(self) -> dict:
        return {
            "time": self.time.isoformat(),
            "student": self.student,
            "hashes": self.hashes,
            "result": self.outcome.as_dict(titles=True),
            "counts": self.counts,
        }


def path(course: Course, assignment: str) -> Path:
    """The file of an assignment's attempts."""
    return course.private / "ledger" / f"{assignment}.jsonl"


def prepared(course: Course, assignment: str) -> Path:
    """The folder of attempts that are complete, but not yet in their places."""
    return course.private / "writing" / assignment


def is_unfinished(course: Course, assignment: str) -> bool:
    """Whether a killed run has left such attempts."""
    return any(prepared(course, assignment).glob("*"))


def read(course: Course, assignment: str) -> list[Attempt]:
    """All attempts, oldest first; a line that a killed process left incomplete is skipped."""
    return newer(course, assignment, 0)[0]


def newer(course: Course, assignment: str, place: int) -> tuple[list[Attempt], int]:
    """The attempts from a place in the file on, and the place from which newer ones will follow."""
    try:
        with open(path(course, assignment), "rb") as file:
            file.seek(place)
            whole, end, _ = file.read().rpartition(b"\n")
    except FileNotFoundError:
        return [], place
    attempts = []
    for line in whole.split(b"\n"):
        try:
            attempts.append(Attempt.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return attempts, place + len(whole) + len(end)


def latest(course: Course, assignment: str) -> dict[str, Attempt]:
    """Each student's last attempt that counts."""
    return {a.student: a for a in read(course, assignment) if a.counts}


def append(course: Course, assignment: str, attempt: Attempt) -> None:
    """Add an attempt in one write, which has reached the disk on return.

    The caller must hold the course's lock.
    """
    place = path(course, assignment)
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "ab+", buffering=0) as file:
        _cut_torn_line(file)
        file.write(json.dumps(attempt.as_dict()).encode() + b"\n")
        os.fsync(file.fileno())


def _cut_torn_line(file) -> None:
    """Remove a last line without its end, which a killed process has left."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
    if file.read() not in (b"", b"\n"):
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def now() -> datetime:
    return datetime.now(UTC)


def hashes(course: Course, assignment: str) -> dict[str, str]:
    """What an outcome depends on besides the submission."""
    return {
        "assignment": assignment_hash(course, assignment),
        "checks": checks_hash(course, assignment),
        "engine": engine_hash(),
        "environment": environment_hash(course),
    }


def assignment_hash(course: Course, assignment: str) -> str:
    """The source notebook without the points that a person gives: nothing is run for these.

    Raises
    ------
    UserError
        If it is not a notebook.
    """
    path = course.source_notebook(assignment)
    try:
        notebook = json.loads(path.read_bytes())
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                cell["metadata"].get("nbgrader", {}).pop("points", None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not a notebook ({error}): run `autograder build`") from None
    return files.digest_of([json.dumps(notebook, sort_keys=True).encode()])


def checks_hash(course: Course, assignment: str) -> str:
    """The assignment's hidden folder, without what no outcome depends on."""
    found = hidden.read(course.hidden, assignment)
    return files.digest({k: v for k, v in found.items() if k != f"{assignment}/{NOT_JUDGING}"})


def engine_hash() -> str:
    """The engine's packages that judge, on this host."""
    engine = Path(autograder.__file__).parent
    parts = [files.digest(files.read_folder(engine / package)) for package in JUDGING]
    return files.digest_of(part.encode() for part in parts)


def environment_hash(course: Course) -> str:
    """What students' code runs in: versions, the course's own modules and the configuration."""
    libraries = sorted({*LIBRARIES, *(name.partition(".")[0] for name in course.preload)})
    versions = [platform.python_version(), *map(_version, libraries)]
    # The course's own folders that students' code may import from.
    visible = course.config.SealedProvisioner.get("visible", [])
    tools = [files.digest(files.read_folder(Path(path))) for path in visible]
    return files.digest_of(repr(part).encode() for part in (versions, tools, _settings(course)))


def _settings(course: Course) -> list:
    """The configuration of the steps that a submission goes through."""
    config = course.config
    # Penalties are computed whenever scores are read; nobody is graded again for them.
    names = [name for name in step_names(config) if name not in LATE_STEPS]
    # Permission to grade unsealed changes no score.
    sections = {
        name: sorted((k, repr(v)) for k, v in config[name].items() if k != "allow_unsealed")
        for name in names
        if name in config
    }
    return [names, sorted(sections.items())]


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
