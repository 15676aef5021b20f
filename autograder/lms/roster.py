"""Who is who: student ids for the names and numbers that a learning platform uses.

A roster is a CSV file: your own (`student_id` with `lms_id` or `name`, and optionally `first_name`,
`last_name`, `email`, `timestamp`), Canvas' exported gradebook, or Moodle's grading worksheet.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import UserError

# Moodle writes headings in the teacher's language; English and German are known here.
MOODLE_HEADINGS = {
    "identifier": ("Identifier", "ID"),
    "name": ("Full name", "Vollständiger Name"),
    "email": ("Email address", "E-Mail-Adresse"),
    "grade": ("Grade", "Bewertung"),
    "maximum": ("Maximum Grade", "Maximum grade", "Bestwertung"),
    "changeable": ("Grade can be changed", "Bewertung kann geändert werden"),
    "modified": ("Last modified (grade)", "Zuletzt geändert (Bewertung)"),
    "feedback": ("Feedback comments", "Feedback als Kommentar"),
    # Present where a site shows these to teachers.
    "id_number": ("ID number", "ID-Nummer", "Matrikelnummer"),
    "username": ("Username", "Anmeldename"),
}
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l", "æ": "ae"})


@dataclass(frozen=True)
class Person:
    """A student; `timestamp` is when they handed in (UTC, without a time zone), if known."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    timestamp: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Roster:
    """Finds a `Person` by the platform's id or, failing that, by name."""

    def __init__(self) -> None:
        self._by_id: dict[str, Person] = {}
        self._by_name: dict[str, list[Person]] = {}
        self.people: list[Person] = []

    def add(self, person: Person, lms_id: str, name: str) -> None:
        self.people.append(person)
        if lms_id:
            self._by_id[lms_id] = person
        if name:
            self._by_name.setdefault(slug(name), []).append(person)

    def find(self, lms_id: str, name: str) -> Person | None:
        """The person with this id, or the only one with this name, or None."""
        if lms_id in self._by_id:
            return self._by_id[lms_id]
        same = self._by_name.get(slug(name), [])
        return same[0] if len(same) == 1 else None


def slug(name: str) -> str:
    """A name as an id that is safe in file names: `Jörg O'Neil` becomes `joerg-oneil`.

    Letters of other alphabets are kept. Empty if nothing is left.
    """
    text = unicodedata.normalize("NFC", name).casefold().translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"['’`´]", "", unicodedata.normalize("NFC", plain))
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:80]


def split_name(name: str) -> tuple[str, str]:
    """First and last name of `First Last` or `Last, First`."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return first.strip(), last.strip()


def read_roster(path: Path) -> Roster:
    """Read a roster.

    Raises
    ------
    UserError
        If the file is not a roster, or names a person or an id twice.
    """
    rows = _rows(path)
    header = set(rows[0]) if rows else set()
    if "student_id" in header and header & {"lms_id", "name", "first_name"}:
        read = _own
    elif {"Student", "ID", "Section"} <= header:
        read = _canvas
    elif header & set(MOODLE_HEADINGS["name"]) and header & set(MOODLE_HEADINGS["identifier"]):
        read = _moodle
    else:
        raise UserError(
            f"expected a roster with columns student_id and lms_id or name, Canvas' gradebook or "
            f"Moodle's grading worksheet, but {path} has {', '.join(sorted(filter(None, header))) or 'no rows'}"
        )
    roster = Roster()
    seen: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        found = read(row, path, line)
        if found is None:
            continue
        person, lms_id, name = found
        if not re.fullmatch(r"\w[\w.@+-]{0,120}", person.student):
            raise UserError(
                f"expected a student id of letters, digits and . @ + - _ on line {line} of {path}, "
                f"got {person.student!r}"
            )
        for what in filter(None, (f"student {person.student}", lms_id and f"id {lms_id}")):
            if what in seen:
                raise UserError(
                    f"expected each student and id once, but {what} is on lines {seen[what]} and "
                    f"{line} of {path}: remove one of them"
                )
            seen[what] = line
        roster.add(person, lms_id, name)
    return roster


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"expected UTF-8 text in {path}: save it as CSV (UTF-8)") from None
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    return [{(k or "").strip(): (v or "") for k, v in row.items() if k is not None} for row in rows]


def _own(row, path, line):
    if not any(row.values()):
        return None
    name = row.get("name", "").strip()
    first, last = split_name(name)
    first, last = row.get("first_name") or first, row.get("last_name") or last
    person = Person(
        row["student_id"].strip(), first, last, row.get("email", "").strip(),
        _time(row.get("timestamp", ""), path, line),
    )  # fmt: skip
    return person, row.get("lms_id", "").strip(), name or f"{first} {last}".strip()


def _canvas(row, path, line):
    name = row["Student"].strip()
    if not row["ID"].strip().isdecimal() or name == "Student, Test":
        return None
    login = row.get("SIS Login ID") or row.get("SIS User ID") or row["ID"]
    return Person(login.strip(), *split_name(name)), row["ID"].strip(), name


def _moodle(row, path, line):
    cells = {
        key: next((row[h].strip() for h in headings if h in row), "")
        for key, headings in MOODLE_HEADINGS.items()
    }
    number = "".join(re.findall(r"\d+$", cells["identifier"]))
    student = cells["id_number"] or cells["username"] or cells["email"].lower()
    student = student or slug(cells["name"])
    if not number or not student:
        return None
    return Person(student, *split_name(cells["name"]), cells["email"]), number, cells["name"]


def _time(text: str, path: Path, line: int) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f"expected a time such as 2025-03-05T23:59+01:00 on line {line} of {path}, got {text!r}"
        ) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
