"""Where a student's best submission counts: which one that is.

`submitted/` holds what was handed in last, as ever. A copy of each submission that could count one day
is kept beside it, and the ledger knows what each has earned. So which one counts follows, at each run,
from files and rules as they are then: an extension counts when it is given, and nothing is lost if a
run is cut off.
"""

import contextlib
import math
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.files import printable
from autograder.gradebook import ledger
from autograder.gradebook.scores import graded_points
from autograder.outcome import Outcome, Status
from autograder.rules import BEST
from autograder.submission import timestamp
from autograder.submission.pack import digest

# A copy that is not whole yet.
FRESH = "fresh"
# Copies of one student's submissions: all of them are judged again when the checks change.
MOST_KEPT = 10


@dataclass(frozen=True)
class Candidate:
    """A submission that may count.

    Parameters
    ----------
    submission
        Its hash, as in the ledger.
    handed_in
        In UTC, without a zone; None if it does not say so.
    outcome
        What it was given by the checks of now; None if they have not judged it.
    """

    submission: str
    folder: Path
    handed_in: datetime | None
    outcome: Outcome | None


def is_on(course: Course, assignment: str) -> bool:
    """Whether the best submission counts.

    Raises
    ------
    UserError
        If lateness costs something that only nbgrader could tell.
    """
    rules = course.rules.of(assignment)
    if rules.counts != BEST:
        return False
    method = course.config.LateSubmissionPlugin.get("penalty_method", "none")
    own = course.config.AssignLatePenalties.get("plugin_class")
    if rules.late is None and (method != "none" or own):
        raise UserError(
            f"{course.rules.path}: counts = 'best' compares by the late policy of this file, which has "
            "none, and nbgrader_config.py has another one: write it here, under `late`"
        )
    return True


class Best:
    """The submissions of one assignment, and what the ledger knows of them.

    Parameters
    ----------
    since
        Whatever was judged before this time is to be judged again.
    hashes
        What an outcome must rest on; default: everything that it can depend on.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        since: datetime | None = None,
        hashes: dict[str, str] | None = None,
    ):
        self._course, self._assignment, self._since = course, assignment, since
        self._rules = course.rules.of(assignment)
        self._hashes = ledger.hashes(course, assignment) if hashes is None else hashes
        points = graded_points(course.source_notebook(assignment))
        self._max_score = sum(given for _, given in points.values())
        # The last attempt at each submission that was none of the grader's errors, by student and
        # hash; those that were tried, in order; each student's submission that counts.
        self._last: dict[tuple[str, str], ledger.Attempt] = {}
        self._tried: dict[tuple[str, str], ledger.Attempt] = {}
        self._counting: dict[str, str] = {}
        self._read = 0

    def keep(self, students: Iterable[str]) -> None:
        """Copy what is in `submitted/` now; of very many copies, those that earned least go."""
        for student in students:
            folder, place = self._submitted(student), self._kept(student)
            # What cannot be copied, such as a pipe among the files, is a candidate while it is there.
            with contextlib.suppress(OSError):
                if not folder.is_symlink() and not (place / digest(folder)).exists():
                    fresh = place / FRESH
                    shutil.rmtree(fresh, ignore_errors=True)
                    shutil.copytree(folder, fresh, symlinks=True)
                    # Of the copy: files may still have been arriving.
                    fresh.rename(place / digest(fresh))
            candidates = self._candidates(student)
            surplus = max(0, len(candidates) - MOST_KEPT)
            for least in sorted(candidates, key=self._estimate)[:surplus]:
                if least.folder.parent == place:
                    shutil.rmtree(least.folder, ignore_errors=True)

    def folder(self, student: str, failed: Collection[Path] = ()) -> Path:
        """The folder of the student's submission that counts, or of one that is to be judged first.

        `failed`: the folders of submissions that the grader has just failed at.
        """
        return self._top(student, failed).folder

    def is_in_place(self, student: str) -> bool:
        """Whether all is judged, and what counts is what the gradebook has."""
        top = self._top(student)
        return top.outcome is not None and top.submission == self._counting.get(printable(student))

    def counts(self, outcome: Outcome, submission: str, stamp: str | None) -> bool:
        """Whether a submission that has just been judged counts now, as far as others are known."""
        candidates = self._candidates(outcome.student)
        others = [c for c in candidates if c.submission != submission]
        counting = self._counting.get(outcome.student)
        known = [c for c in others if c.submission == counting]
        if outcome.status == Status.GRADER_ERROR:
            return not known
        if any(c.outcome is None for c in known):
            # It comes first: the grader has failed at it, and nobody knows what it is worth now.
            return False
        own = self._worth(outcome, timestamp.read(stamp or ""))
        return all(self._worth(c.outcome, c.handed_in) <= own for c in others if c.outcome)

    def now_counts(self, student: str, submission: str) -> None:
        """What is being written into the gradebook."""
        self._update()
        self._counting[student] = submission

    def later(self, student: str) -> list[str]:
        """What a page says of a submission after the one that counts: a sentence, and what was wrong."""
        self._update()
        found = digest(self._submitted(student))
        last = self._tried.get((student, found))
        if last is None or self._counting.get(student, found) == found:
            return []
        outcome, when = last.outcome, f"{last.time:%d %B %Y, %H:%M} UTC"
        if outcome.status == Status.GRADER_ERROR:
            return [
                "What you handed in after this could not be graded yet: the grading program failed."
            ]
        if outcome.score is None:
            reason = outcome.message.rstrip(".")
            return [f"What you handed in after this could not be graded ({when}): {reason}."]
        wrong = [f"{c.exercise}: {c.message}" for c in outcome.checks if c.points < c.max_points]
        earned = f"{outcome.score:g} of {outcome.max_score:g} points from the checks"
        return [
            f"What you handed in after this earned {earned} (graded {when}): less than this in the "
            "end, so this counts.",
            *wrong,
        ]

    def _submitted(self, student: str) -> Path:
        return self._course.folder("submitted") / student / self._assignment

    def _kept(self, student: str) -> Path:
        return self._course.private / "attempts" / self._assignment / student

    def _update(self) -> None:
        attempts, self._read = ledger.newer(self._course, self._assignment, self._read)
        for attempt in attempts:
            submission = attempt.hashes.get("submission", "")
            key = attempt.student, submission
            self._tried[key] = attempt
            if attempt.outcome.status != Status.GRADER_ERROR:
                self._last[key] = attempt
            if attempt.counts:
                self._counting[attempt.student] = submission

    def _candidates(self, student: str) -> list[Candidate]:
        """The latest submission, then the others by when each was first graded, newest first."""
        self._update()
        place, last = self._kept(student), self._submitted(student)
        kept = {p.name: p for p in place.iterdir() if p.name != FRESH} if place.is_dir() else {}
        newest = digest(last)
        order = [submission for name, submission in self._tried if name == printable(student)]
        others = sorted(
            kept.keys() - {newest}, key=lambda name: name in order and order.index(name)
        )
        return [
            Candidate(
                name,
                kept.get(name, last),
                _handed_in(kept.get(name, last)),
                self._outcome(student, name),
            )
            for name in (newest, *reversed(others))
        ]

    def _top(self, student: str, failed: Collection[Path] = ()) -> Candidate:
        def worth(candidate: Candidate) -> tuple[float, bool]:
            # Of those to be judged first the one that counts: nothing worse takes its place meanwhile.
            is_first = candidate.submission == self._counting.get(printable(student))
            if candidate.outcome is None and candidate.folder in failed:
                return -math.inf, False
            return self._estimate(candidate), candidate.outcome is None and is_first

        return max(self._candidates(student), key=worth)

    def _estimate(self, candidate: Candidate) -> float:
        if candidate.outcome is None:
            return math.inf
        return self._worth(candidate.outcome, candidate.handed_in)

    def _outcome(self, student: str, submission: str) -> Outcome | None:
        """What it was given by the checks of now; None if that is not known."""
        attempt = self._last.get((printable(student), submission))
        if attempt is None or not self._hashes.items() <= attempt.hashes.items():
            return None
        if self._since is not None and attempt.time < self._since:
            return None
        return attempt.outcome

    def _worth(self, outcome: Outcome, handed_in: datetime | None) -> float:
        """The points of the checks less what lateness costs; below any other if there is no score.

        It may be negative: marks given by hand are lost to lateness as well.
        """
        if outcome.score is None:
            return -math.inf
        due, policy = self._rules.due_for(outcome.student), self._rules.late
        if due is None or handed_in is None or policy is None:
            return outcome.score
        late = handed_in - due.replace(tzinfo=None)
        lost = policy.penalty(self._max_score, late) if late > timedelta() else 0.0
        return outcome.score - lost


def _handed_in(folder: Path) -> datetime | None:
    note = folder / "timestamp.txt"
    if not note.is_file() or note.is_symlink():
        return None
    with contextlib.suppress(OSError):
        return timestamp.read(note.read_text("utf-8", "replace")[:200])
    return None
