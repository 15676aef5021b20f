"""nbgrader's exchange, by nbgrader's own means: one student at a time."""

import copy
import logging
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.utils import capture_log, temp_attrs

from autograder.course import Course
from autograder.errors import UserError


class Exchange:
    """What students have submitted, and the feedback that they fetch.

    One object is for one thread.
    """

    def __init__(self, course: Course):
        # It says loudly that there is no exchange, which may well be.
        log = logging.getLogger("traitlets")
        before, log.disabled = log.disabled, True
        self._api = NbGraderAPI(config=copy.deepcopy(course.config))
        log.disabled = before
        self._assignments = course.assignments
        place = self._made(self._api.exchange.Collect).root
        self.inbound = Path(place, course.course_id, "inbound")

    def _made(self, step):
        return step(
            coursedir=self._api.coursedir, authenticator=self._api.authenticator, parent=self._api
        )

    @property
    def is_there(self) -> bool:
        """Whether the course has an exchange on this machine."""
        return self.inbound.is_dir()

    def submitted(self, name: str) -> tuple[str, str] | None:
        """The student and the assignment of a folder in `inbound`; None if it has another name."""
        # STUDENT+ASSIGNMENT+TIME, or with random letters at the end; an id may have + in it.
        for ends in (3, 2):
            student, *rest = name.rsplit("+", ends)
            if len(rest) == ends and rest[0] in self._assignments:
                return student, rest[0]
        return None

    def collect(self, student: str, assignment: str) -> str:
        """Copy the student's last submission to `submitted/`, unless it is there; return remarks.

        Raises
        ------
        UserError
            If nbgrader cannot.
        """
        return self._done(self._api.exchange.Collect, student, assignment, update=True)

    def release(self, student: str, assignment: str, folder: Path) -> None:
        """Give the student the feedback that is in `folder`/STUDENT/ASSIGNMENT.

        Raises
        ------
        UserError
            If nbgrader cannot.
        """
        with temp_attrs(self._api.coursedir, feedback_directory=str(folder)):
            self._done(self._api.exchange.ReleaseFeedback, student, assignment)

    def _done(self, step, student: str, assignment: str, **traits) -> str:
        with temp_attrs(self._api.coursedir, assignment_id=assignment, student_id=student):
            app = self._made(step)
            for name, value in traits.items():
                setattr(app, name, value)
            result = capture_log(app)
        said = result.get("log", "").strip()
        if not result["success"]:
            reason = (result["error"] or said).strip().splitlines()[-1]
            raise UserError(f"{student}, {assignment}: the exchange: {reason}")
        return "\n".join(line for line in said.splitlines() if line.startswith("[WARNING]"))
