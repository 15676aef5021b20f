"""How a submission ended."""

from enum import StrEnum


class Status(StrEnum):
    """Every submission ends in exactly one of these."""

    GRADED = "graded"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    UNREADABLE = "unreadable"
    GRADER_ERROR = "grader error"

    @property
    def has_score(self) -> bool:
        """Whether the points are the student's own doing, and are recorded."""
        return self not in (Status.UNREADABLE, Status.GRADER_ERROR)

    @property
    def needs_instructor(self) -> bool:
        return not self.has_score
