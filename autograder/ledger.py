"""What was graded, when, and from what: one line per finished attempt, never changed afterwards.

A submission whose hashes are those of its last attempt needs no other one.
"""

import hashlib
import json
import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import autograder
import autograder.checks
import autograder.probes
import helpers
from autograder.checking import module_name
from autograder.course import Course

# Modules of this package that have no say in a result; every other one has.
NOT_JUDGING = frozenset(
    """archive batch bundle calibrate classroom cli cluster collect demo doctor drift feedback gradebook
    ledger lms roster show""".split()
)
# Whose versions can change a result.
LIBRARIES = ("torch", "torchvision", "numpy", "nbgrader", "nbclient", "ipykernel", "ipython")


@dataclass(frozen=True)
class Entry:
    """One finished attempt: `result` is `Result.as_dict()`, `hashes` are those of `Hashes`."""

    time: datetime
    student: str
    hashes: dict[str, str]
    result: dict

    @classmethod
    def from_dict(cls, line: dict) -> "Entry":
        time = datetime.fromisoformat(line["time"])
        return cls(time, line["student"], line["hashes"], line["result"])

    def as_dict(self) -> dict:
        return {
            "time": self.time.isoformat(),
            "student": self.student,
            "hashes": self.hashes,
            "result": self.result,
        }


def path(course: Course, assignment: str) -> Path:
    """The file of an assignment's attempts."""
    return course.private / "ledger" / f"{assignment}.jsonl"


def read(course: Course, assignment: str) -> list[Entry]:
    """All attempts, oldest first; what a killed process wrote half is left out."""
    try:
        lines = path(course, assignment).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    entries = []
    for line in lines[:-1]:
        try:
            entries.append(Entry.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def latest(course: Course, assignment: str) -> dict[str, Entry]:
    """Each student's last attempt."""
    return {entry.student: entry for entry in read(course, assignment)}


def append(course: Course, assignment: str, entry: Entry) -> None:
    """Add an attempt in one write that has reached the disk on return.

    Only for whoever holds the course's lock.
    """
    place = path(course, assignment)
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "ab+", buffering=0) as file:
        _cut_torn_line(file)
        file.write(json.dumps(entry.as_dict()).encode() + b"\n")
        os.fsync(file.fileno())


def _cut_torn_line(file) -> None:
    size = file.seek(0, os.SEEK_END)
    end = size
    while end > 0:
        start = max(0, end - (1 << 16))
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end < size:
        file.truncate(end)


def now() -> datetime:
    return datetime.now(UTC)


def hashes(course: Course, assignment: str) -> dict[str, str]:
    """What a result rests on beside the submission: assignment, checks and environment."""
    return {
        "assignment": _hash([course.source_notebook(assignment)]),
        "checks": checks_hash(assignment),
        "environment": environment_hash(course),
    }


def checks_hash(assignment: str) -> str:
    """The hidden checks of an assignment, its probes, and the code that judges, as installed here."""
    name = module_name(assignment)
    own = [p for package in (autograder.checks, autograder.probes) for p in _modules(package, name)]
    root = Path(autograder.__file__).parent
    judging = [p for p in root.glob("*.py") if p.stem not in NOT_JUDGING]
    judging += [*root.glob("*.json"), *(root / "kernel").glob("*.py")]
    return _hash([*own, *sorted(judging)])


def environment_hash(course: Course) -> str:
    """Versions of Python and its libraries, the helpers, the data asked for and the configuration."""
    versions = [platform.python_version(), *map(_version, LIBRARIES)]
    data_set = os.environ.get("MLP_COURSE_DATASET", "")
    tools = sorted(Path(helpers.__file__).parent.glob("*.py"))
    return _hash(tools, repr([versions, data_set, _settings(course)]))


def _settings(course: Course) -> list:
    """The configuration of the steps that a submission goes through."""
    config = course.config
    steps = config.Autograde.sanitize_preprocessors + config.Autograde.autograde_preprocessors
    names = [step.__name__ for step in steps]
    # Whether grading is allowed where nothing can be sealed off changes no score.
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


def _modules(package, name: str) -> list[Path]:
    """A module's file and those of the private modules beside it that it names."""
    folders = [Path(folder) for folder in package.__path__]
    found: list[Path] = []
    wanted = [name]
    while wanted:
        module = wanted.pop()
        file = next((p for f in folders if (p := f / f"{module}.py").is_file()), None)
        if file is not None and file not in found:
            found.append(file)
            wanted += re.findall(r"\b_[a-z]\w+", file.read_text(encoding="utf-8"))
    return found


def _hash(files: list[Path], text: str = "") -> str:
    total = hashlib.sha256(text.encode())
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
