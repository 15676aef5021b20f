"""Which record belongs to which line of a platform's own table."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from autograder.gradebook.records import Record


def key(text: str) -> str:
    """`text` for comparisons, whatever its case, spacing and encoding of accents."""
    return re.sub(r"[\s,]+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


class Directory:
    """Finds a student by the ids and the name that a platform uses.

    `known` maps a platform's ids, which are valid in this assignment only, to student ids.
    """

    def __init__(self, records: Iterable[Record], known: Mapping[str, str] | None = None):
        self._by_id = {record.student: record for record in records}
        self._known = dict(known or {})
        self._sure: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        for record in self._by_id.values():
            for value in (record.student, record.email, record.lms_user_id):
                if value:
                    self._sure.setdefault(key(value), set()).add(record.student)
            names = {record.name, record.sortable_name, record.sortable_name.replace(",", "")}
            for name in names - {record.student}:
                self._names.setdefault(key(name), set()).add(record.student)

    def find(self, ids: Iterable[str], name: str, platform_id: str = "") -> Record | None:
        """The record with this `platform_id`, one of these ids, or this name, tried in this order.

        None if there is none. A name that two students share finds nobody: a grade must not go to
        the wrong person.
        """
        if self._known.get(platform_id) in self._by_id:
            return self._by_id[self._known[platform_id]]
        candidates = [self._sure.get(key(value), set()) for value in ids if value]
        candidates.append(self._names.get(key(name), set()) if name else set())
        for found in candidates:
            # A student with another id on this platform is somebody else with the same name.
            others = found - set(self._known.values()) if platform_id else found
            if len(found) == 1 and others:
                return self._by_id[next(iter(found))]
        return None
