"""How a submission ended: the one type that travels from the judge up to the gradebook."""

from dataclasses import asdict, dataclass, field
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
        """Whether the points say something about the student's work and are recorded."""
        return self not in (Status.UNREADABLE, Status.GRADER_ERROR)


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `error` is set when the grader itself failed.

    `diagnosis` is a sentence about the known mistake that the exercise's answer behaves like,
    `figures` what a passed check has measured.
    """

    exercise: str
    check: str
    title: str
    points: float
    max_points: float
    message: str = ""
    error: str = field(default="", compare=False)
    diagnosis: str = ""
    figures: dict[str, float] = field(default_factory=dict)


@dataclass
class Outcome:
    """How one submission ended.

    Parameters
    ----------
    score
        The points of the hidden checks; None when nothing was graded.
    notes
        A sentence for each thing that was repaired or left out.
    attention
        Why a person should look at a submission that was graded: the score may be lower than what
        the student has done, for a reason that is not in the answers.
    stale_score
        The score of an earlier submission that the gradebook still holds.
    notebook
        The judged notebook; None if there is no score.
    page
        The part of the feedback page that needs no gradebook (see `feedback.cells`), if it has been
        rendered.
    """

    student: str
    assignment: str
    status: Status
    max_score: float
    score: float | None = None
    seconds: float = 0.0
    isolation: str = ""
    message: str = ""
    notes: list[str] = field(default_factory=list)
    attention: list[str] = field(default_factory=list)
    stale_score: float | None = None
    checks: list[CheckResult] = field(default_factory=list)
    notebook: bytes | None = field(default=None, repr=False)
    page: str | None = field(default=None, repr=False)

    @property
    def needs_attention(self) -> bool:
        """Whether an instructor has to deal with the submission."""
        return not self.status.has_score or bool(self.attention)

    @property
    def said(self) -> list[str]:
        """The message, and why a person should look; each sentence once."""
        return list(dict.fromkeys(filter(None, [self.message, *self.attention])))

    def as_dict(self, titles: bool = False) -> dict:
        """Plain data: without notebook, page and errors, for the ledger with the checks' titles."""
        plain = asdict(self) | {"status": str(self.status), "seconds": round(self.seconds, 3)}
        del plain["notebook"], plain["page"]
        for check in plain["checks"]:
            del check["error"]
            if not titles:
                del check["title"]
            if not check["figures"]:
                del check["figures"]
        return plain

    @classmethod
    def from_dict(cls, plain: dict) -> "Outcome":
        """The outcome that `as_dict` wrote; where a check has no title, its name takes its place."""
        checks = [CheckResult(**{"title": c["check"]} | c) for c in plain["checks"]]
        return cls(**plain | {"status": Status(plain["status"]), "checks": checks})
