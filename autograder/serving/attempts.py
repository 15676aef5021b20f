"""How often a student's submissions are graded: what comes more often waits."""

from datetime import datetime, timedelta

from autograder.course import Course
from autograder.gradebook import ledger
from autograder.rules import Rules

HOUR = timedelta(hours=1)


class Attempts:
    """Counts the submissions that were graded, another one each; grading one again does not count."""

    def __init__(self, course: Course):
        self._course = course
        self._graded: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
        # How much of each ledger has been counted.
        self._places: dict[str, int] = {}
        for assignment in course.assignments:
            self.update(assignment)

    def update(self, assignment: str) -> None:
        """Count what has been graded since it was last called."""
        place = self._places.get(assignment, 0)
        attempts, self._places[assignment] = ledger.newer(self._course, assignment, place)
        for attempt in attempts:
            graded = self._graded.setdefault((assignment, attempt.student), [])
            submission = attempt.hashes.get("submission", "")
            # The best attempt may be graded again after a later one.
            if submission not in (known for _, known in graded):
                graded.append((attempt.time, submission))

    def next_one(self, rules: Rules, assignment: str, student: str, now: datetime) -> datetime:
        """When the student's next submission may be graded; `now` if at once.

        After the due date nobody waits.
        """
        own = rules.of(assignment)
        due = own.due_for(student)
        if own.attempts_per_hour is None or (due is not None and now >= due):
            return now
        times = [time for time, _ in self._graded.get((assignment, student), ())]
        recent = [time for time in times if time > now - HOUR][-own.attempts_per_hour :]
        if len(recent) < own.attempts_per_hour:
            return now
        until = recent[0] + HOUR
        return until if due is None else min(until, due)
