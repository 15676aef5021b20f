"""How Moodle and Canvas name the files of a submission in the zip file they offer."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

# Full Name_12345_assignsubmission_file_/name.ipynb, with or without the last underscore, or flat.
# The number is valid in this assignment only: in another one the same student has a different one.
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<type>[a-z]+)(?:_(?P<file>.*))?"
)
# lastfirst_LATE_12345_67890_name.ipynb: the student's number in Canvas, then the file's.
CANVAS = re.compile(
    r"(?P<name>(?=[\d_]*[^\W\d_])\w+?)_(?:(?P<late>late)_)?(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)",
    re.IGNORECASE,
)
CANVAS_ANONYMOUS = re.compile(
    r"anon_(?P<id>\w{5})_(?:(?P<late>late)_)?(?P<attachment>\d+)_(?P<file>.+)", re.IGNORECASE
)
CANVAS_TEXT = re.compile(r"\w+_\d+_(text|link)\.html", re.IGNORECASE)
BLIND = {"participant", "teilnehmerin", "teilnehmer-in"}
JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Origin:
    """Whose file it is, and what the student named it."""

    platform: str
    lms_id: str
    name: str
    file: PurePosixPath
    late: bool = False
    attachment: int = 0


def is_junk(path: PurePosixPath) -> bool:
    """Whether the file was made by a computer, not by a student."""
    return any(part in JUNK or part.startswith("._") for part in path.parts)


def origin(path: PurePosixPath) -> Origin | str:
    """Whose file this is, or why it is not part of a submission."""
    for place, part in enumerate(path.parts):
        if found := MOODLE.fullmatch(part):
            if found["type"] != "file":
                return f"text typed into Moodle ({found['type']}), not a handed-in file"
            rest = [found["file"] or "", *path.parts[place + 1 :]]
            return Origin("moodle", found["id"], found["name"], PurePosixPath(*rest))
    found = CANVAS_ANONYMOUS.fullmatch(path.name) or CANVAS.fullmatch(path.name)
    if found:
        name = found.groupdict().get("name") or ""
        return Origin(
            "canvas", found["id"], name, PurePosixPath(found["file"]), bool(found["late"]),
            int(found["attachment"]),
        )  # fmt: skip
    if CANVAS_TEXT.fullmatch(path.name):
        return "text or a link typed into Canvas, not a handed-in file"
    return "named neither as Moodle nor as Canvas names submissions"


def is_assignment(path: PurePosixPath, assignment: str) -> bool:
    """Whether this is the assignment's notebook, possibly with a copy's number in its name."""
    copy = r"([-_ ]?copy ?\d*|[-_]\d{1,2}| ?\(\d{1,3}\))*"
    pattern = re.escape(assignment) + copy
    return path.suffix == ".ipynb" and bool(re.fullmatch(pattern, path.stem, re.IGNORECASE))
