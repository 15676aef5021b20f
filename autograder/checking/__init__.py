"""What hidden checks are written with: this is all that a course's `hidden/` imports of the engine."""

from autograder.checking.answers import Alternative, Mistake, Scenario
from autograder.checking.check import check, compared, expect, expect_close
from autograder.checking.reply import Reply
from autograder.checking.student import CheckFailed

__all__ = [
    "Alternative",
    "CheckFailed",
    "Mistake",
    "Reply",
    "Scenario",
    "check",
    "compared",
    "expect",
    "expect_close",
]
