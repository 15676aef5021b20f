"""A copy of an assignment, taken when a grading run starts."""

import zlib
from dataclasses import dataclass
from pathlib import Path

from autograder import files
from autograder.course import Course


@dataclass(frozen=True)
class Snapshot:
    """An assignment as workers receive it, with everything an outcome depends on.

    Parameters
    ----------
    source
        The notebook that nbgrader reads.
    hidden
        The files of the assignment's hidden folder and of `hidden/shared`, by path in `hidden/`.
    config
        `nbgrader_config.py`.
    secret
        See `Course.secret`.
    gradebook
        A compressed gradebook with the assignment and no students.
    environment
        The variables that students' kernels get, from `c.Judge.environment`.
    """

    name: str
    source: bytes
    hidden: dict[str, bytes]
    config: bytes
    secret: bytes
    gradebook: bytes
    environment: dict[str, str]
    allow_unsealed: bool
    max_score: float

    def write_gradebook(self, folder: Path) -> str:
        """Write the gradebook into `folder`; return its address."""
        path = folder / "gradebook.db"
        path.write_bytes(zlib.decompress(self.gradebook))
        return f"sqlite:///{path}"

    def write_course(self, folder: Path) -> Course:
        """Make a folder that looks like the course's, with this one assignment and no submissions.

        Parameters
        ----------
        folder
            An existing folder without any of a course's files.
        """
        (folder / "nbgrader_config.py").write_bytes(self.config)
        course = Course(folder)
        course.private.mkdir(mode=0o700)
        secret = course.private / "secret"
        secret.touch(mode=0o600)
        secret.write_bytes(self.secret)
        source = course.source_notebook(self.name)
        source.parent.mkdir(parents=True)
        source.write_bytes(self.source)
        files.write_folder(course.hidden, self.hidden)
        return course
