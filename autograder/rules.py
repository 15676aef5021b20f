"""The dates and rules of a course: `course.toml`, checked whole before a command does anything else."""

import difflib
import math
import re
import reprlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.errors import UserError

FILE = "course.toml"
AT_ONCE, WHEN_MARKED, WHEN_RELEASED = RELEASES = ("at once", "when marked", "when released")
# What `serve --watch` gives back before the due date: all of these say less than the last one.
NOTHING, DONE, POINTS, MESSAGES = EARLY = ("nothing", "done", "points", "messages")
# Which of a student's submissions counts.
LAST, BEST = COUNTS = ("last", "best")
UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
DAY = timedelta(days=1)
DATE = "2026-12-01T23:59:00"


@dataclass(frozen=True)
class Amount:
    """Points, or a percentage of the points that an assignment gives."""

    value: float
    percent: bool = False

    def of(self, max_score: float) -> float:
        """The amount in points."""
        return self.value / 100 * max_score if self.percent else self.value


@dataclass(frozen=True)
class LatePolicy:
    """What a late submission loses: `per_day` for each day begun, together `at_most`.

    Whoever is late by no more than `grace` is not late. After that, days count from the due date.
    """

    per_day: Amount
    grace: timedelta = timedelta()
    at_most: Amount | None = None

    def penalty(self, max_score: float, late: timedelta) -> float:
        """The points that a submission loses, before anybody asks how many it has."""
        if late <= self.grace:
            return 0.0
        lost = math.ceil(late / DAY) * self.per_day.of(max_score)
        return lost if self.at_most is None else min(lost, self.at_most.of(max_score))


@dataclass(frozen=True)
class AssignmentRules:
    """What holds for one assignment.

    Parameters
    ----------
    due
        In UTC.
    extensions
        Student → time beyond the due date.
    before_due
        What is given back before the due date (see `EARLY`); None: as `feedback` says.
    attempts_per_hour
        How many submissions of a student are graded within an hour as they arrive; None: all.
    counts
        Which submission of a student counts (see `COUNTS`).
    """

    due: datetime | None = None
    extensions: dict[str, timedelta] = field(default_factory=dict)
    weight: float = 1.0
    feedback: str = AT_ONCE
    before_due: str | None = None
    attempts_per_hour: int | None = None
    counts: str = LAST
    late: LatePolicy | None = None

    def due_for(self, student: str) -> datetime | None:
        """When it is due for this student, in UTC."""
        return self.due and self.due + self.extensions.get(student, timedelta())

    @property
    def grace(self) -> timedelta:
        return self.late.grace if self.late else timedelta()


@dataclass(frozen=True)
class Rules:
    """The rules of all assignments; without a file, the defaults."""

    path: Path
    assignments: dict[str, AssignmentRules] = field(default_factory=dict)
    default: AssignmentRules = field(default_factory=AssignmentRules)

    def of(self, assignment: str) -> AssignmentRules:
        return self.assignments.get(assignment, self.default)

    @property
    def has_late_policy(self) -> bool:
        return any(rules.late for rules in (self.default, *self.assignments.values()))

    def place(self, *keys: str) -> str:
        """Where a key stands: the file and the line."""
        return f"{self.path}:{_line(self.path.read_text(encoding='utf-8-sig'), keys)}"


def read(path: Path, assignments: list[str]) -> Rules:
    """The rules in the file, or the defaults if there is none.

    Parameters
    ----------
    assignments
        The names that the file may speak of.

    Raises
    ------
    UserError
        If the file cannot be read, or says something that has no meaning: with every such line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except FileNotFoundError:
        return Rules(path)
    except OSError as error:
        raise UserError(f"{path} could not be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"expected UTF-8 in {path}, got something else: {error}") from None
    except tomllib.TOMLDecodeError as error:
        found_at = re.search(r"at line (\d+)", str(error))
        line = found_at[1] if found_at else text.rstrip().count("\n") + 1
        raise UserError(f"{path}:{line}: expected TOML (https://toml.io): {error}") from None
    reader = _Reader(found)
    rules = reader.rules(path, assignments)
    if reader.problems:
        raise UserError(
            "\n".join(f"{path}:{_line(text, keys)}: {what}" for keys, what in reader.problems)
        )
    return rules


class _Reader:
    """Turns the file's values into rules, and remembers what is wrong with them.

    `keys` is where a value stands: the names of the tables around it, and its own.
    """

    def __init__(self, found: dict):
        self.problems: list[tuple[tuple[str, ...], str]] = []
        self._found = found
        self._zone: ZoneInfo | None = None

    def rules(self, path: Path, assignments: list[str]) -> Rules:
        known = (
            "timezone", "feedback", "before_due", "attempts_per_hour", "counts", "late", "assignments"
        )  # fmt: skip
        top = dict(self._table((), self._found, *known))
        if "timezone" in top:
            self._zone = self._timezone(("timezone",), top["timezone"])
        default = AssignmentRules(
            feedback=self._one_of(("feedback",), top.get("feedback", AT_ONCE), RELEASES),
            before_due=self._early(("before_due",), top),
            attempts_per_hour=self._attempts(("attempts_per_hour",), top),
            counts=self._one_of(("counts",), top.get("counts", LAST), COUNTS),
            late=self._late(("late",), top["late"]) if "late" in top else None,
        )
        tables = dict(self._table(("assignments",), top.get("assignments", {}), *assignments))
        return Rules(
            path, {name: self._assignment(name, table, default) for name, table in tables.items()},
            default,
        )  # fmt: skip

    def _assignment(self, name: str, table, default: AssignmentRules) -> AssignmentRules:
        keys = ("assignments", name)
        known = (
            "due", "weight", "feedback", "before_due", "attempts_per_hour", "counts", "late",
            "extensions",
        )  # fmt: skip
        own = dict(self._table(keys, table, *known))
        due = self._date((*keys, "due"), own["due"]) if "due" in own else None
        extensions = {}
        if "extensions" in own:
            if "due" not in own:
                self._wrong((*keys, "extensions"), "extensions need a date to extend: write `due`")
            for student, value in self._table((*keys, "extensions"), own["extensions"]):
                extension = self._extension((*keys, "extensions", student), value, due)
                if extension is not None:
                    extensions[student] = extension
        weight = self._number((*keys, "weight"), own.get("weight", 1.0))
        if "before_due" in own and "due" not in own:
            self._wrong((*keys, "before_due"), "before_due needs a date: write `due`")
        own = {
            "feedback": default.feedback,
            "before_due": default.before_due,
            "attempts_per_hour": default.attempts_per_hour,
            "counts": default.counts,
        } | own
        return AssignmentRules(
            due=due,
            extensions=extensions,
            weight=weight,
            feedback=self._one_of((*keys, "feedback"), own["feedback"], RELEASES),
            before_due=self._early((*keys, "before_due"), own),
            attempts_per_hour=self._attempts((*keys, "attempts_per_hour"), own),
            counts=self._one_of((*keys, "counts"), own["counts"], COUNTS),
            late=self._late((*keys, "late"), own["late"]) if "late" in own else default.late,
        )

    def _late(self, keys: tuple[str, ...], table) -> LatePolicy | None:
        own = dict(self._table(keys, table, "grace", "per_day", "at_most"))
        if "per_day" not in own:
            if isinstance(table, dict):
                self._wrong(keys, 'expected `per_day`, such as 2 (points) or "10 %", found none')
            return None
        grace = self._duration((*keys, "grace"), own["grace"]) if "grace" in own else timedelta()
        most = self._amount((*keys, "at_most"), own["at_most"]) if "at_most" in own else None
        per_day = self._amount((*keys, "per_day"), own["per_day"])
        return LatePolicy(per_day, grace or timedelta(), most)

    def _table(self, keys: tuple[str, ...], value, *known: str) -> Iterator[tuple[str, object]]:
        """A table's keys and values; if `known` is given, only those are allowed."""
        if not isinstance(value, dict):
            self._wrong(keys, f"expected a table [{'.'.join(keys)}], got {_shown(value)}")
            return
        for key, part in value.items():
            if known and key not in known:
                close = (
                    difflib.get_close_matches(key, known, 1, 0.5)
                    or [name for name in known if name.startswith(f"{key}_")][:1]
                )
                hint = f": did you mean {close[0]}?" if close else ""
                self._wrong((*keys, key), f"expected {' or '.join(known)}, got {key!r}{hint}")
            else:
                yield key, part

    def _timezone(self, keys: tuple[str, ...], value) -> ZoneInfo | None:
        try:
            return ZoneInfo(value)
        except (KeyError, TypeError, ValueError, AttributeError, OSError):
            pass  # Values that name no zone raise all of these.
        self._wrong(keys, f'expected a time zone such as "Europe/Berlin", got {_shown(value)}')
        return None

    def _one_of(self, keys: tuple[str, ...], value, words: tuple[str, ...]) -> str:
        if value in words:
            return value
        expected = " or ".join(f'"{name}"' for name in words)
        self._wrong(keys, f"expected {expected}, got {_shown(value)}")
        return words[-1]

    def _early(self, keys: tuple[str, ...], table: dict) -> str | None:
        value = table.get(keys[-1])
        return None if value is None else self._one_of(keys, value, EARLY)

    def _attempts(self, keys: tuple[str, ...], table: dict) -> int | None:
        value = table.get(keys[-1])
        if value is None or (_is_number(value) and value >= 1 and value == int(value)):
            return value if value is None else int(value)
        self._wrong(keys, f"expected a whole number, 1 or more, got {_shown(value)}")
        return None

    def _number(self, keys: tuple[str, ...], value) -> float:
        if _is_number(value) and value >= 0:
            return float(value)
        self._wrong(keys, f"expected a number, 0 or more, got {_shown(value)}")
        return 0.0

    def _amount(self, keys: tuple[str, ...], value) -> Amount:
        if _is_number(value) and value >= 0:
            return Amount(float(value))
        percent = isinstance(value, str) and re.fullmatch(r"(\d{1,3}(?:\.\d+)?) *%", value)
        if percent and float(percent[1]) <= 100:
            return Amount(float(percent[1]), percent=True)
        self._wrong(
            keys, f'expected points, such as 2, or a share, such as "10 %", got {_shown(value)}'
        )
        return Amount(0.0)

    def _duration(self, keys: tuple[str, ...], value) -> timedelta | None:
        units = "|".join(UNITS)
        found = isinstance(value, str) and re.fullmatch(rf"(\d{{1,4}}) *({units})s?", value)
        if found:
            return timedelta(seconds=int(found[1]) * UNITS[found[2]])
        self._wrong(keys, f'expected a time such as "15 minutes" or "3 days", got {_shown(value)}')
        return None

    def _date(self, keys: tuple[str, ...], value) -> datetime | None:
        """A date in UTC. A day without a time ends with its last second."""
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(23, 59, 59))
        if not isinstance(value, datetime):
            self._wrong(
                keys, f"expected a date without quotes, such as {DATE}, got {_shown(value)}"
            )
            return None
        if value.tzinfo is None:
            if self._zone is None:
                if "timezone" not in self._found:
                    self._wrong(
                        keys,
                        "expected a date with its zone, such as "
                        f'{DATE}+01:00, or a line such as timezone = "Europe/Berlin" at the top of '
                        f"the file, got {_shown(value)}",
                    )
                return None
            value = value.replace(tzinfo=self._zone)
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self._wrong(keys, f"expected a date such as {DATE}, got {_shown(value)}")
            return None

    def _extension(self, keys: tuple[str, ...], value, due: datetime | None) -> timedelta | None:
        if isinstance(value, dict):
            name = ".".join([keys[-1], *map(str, value)])
            self._wrong(keys, f'expected quotes around an id with a dot: "{name}" = …')
            return None
        if isinstance(value, str):
            extension = self._duration(keys, value)
            try:
                _ = due and extension and due + extension
            except OverflowError:
                self._wrong(keys, f"expected a date before the year 10000, got {_shown(value)}")
            return extension
        if not isinstance(value, date):
            self._wrong(
                keys,
                f'expected a date, such as {DATE}, or a time, such as "3 days", got {_shown(value)}',
            )
            return None
        until = self._date(keys, value)
        if until is None or due is None:
            return None
        if until < due:
            self._wrong(keys, f"expected a date after the due date, got {_shown(value)}")
            return None
        return until - due

    def _wrong(self, keys: tuple[str, ...], what: str) -> None:
        name = ".".join(keys)
        self.problems.append((keys, f"{name}: {what}" if name else what))


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value) -> str:
    """A value as a person would know it from the file."""
    if isinstance(value, date | time):
        return value.isoformat()
    return reprlib.repr(value) if not isinstance(value, bool) else str(value).lower()


def _line(text: str, keys: tuple[str, ...]) -> int:
    """The number of the line on which a key is set.

    The parser does not tell; but the key is there as soon as it is in what precedes a line.
    """
    lines = text.split("\n")
    first = 1
    for number in range(1, len(lines) + 1):
        try:
            found = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # In the middle of a value.
        if _has(found, keys):
            return first
        first = number + 1
    return len(lines)


def _has(found, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True
