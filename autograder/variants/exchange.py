"""nbgrader's exchange hands each student the notebook with the student's own constants.

`nbgrader release_assignment` writes them beside everybody's release, for each student whom the
gradebook knows; `Fetch` is for the configuration of the students' servers (docs/variants.md).
"""

import shutil
from pathlib import Path
from stat import S_IRGRP, S_IROTH, S_IRUSR, S_IWUSR, S_IXGRP, S_IXOTH, S_IXUSR

from nbgrader.api import Gradebook
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeReleaseAssignment
from nbgrader.utils import get_username

from autograder import files
from autograder.checking import hidden
from autograder.course import Course
from autograder.notebook import as_text
from autograder.variants import filled

FILE = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH
FOLDER = FILE | S_IXUSR | S_IXGRP | S_IXOTH


def _place(course_path: str, assignment: str) -> Path:
    """The folder of an assignment in the exchange that holds a folder for each student."""
    return Path(course_path, "variants", assignment)


class Release(ExchangeReleaseAssignment):
    """nbgrader's own release, and a notebook for each student where `c.Judge.variants` says so."""

    def copy_files(self):
        super().copy_files()
        course, name = Course(Path(self.coursedir.root)), self.coursedir.assignment_id
        place = _place(self.course_path, name)
        shutil.rmtree(place, ignore_errors=True)
        if name not in course.variants:
            return
        own = hidden.load(course.hidden, name)
        with Gradebook(course.db_url, course.course_id) as book:
            students = [student.id for student in book.students]
        for student in students:
            text = as_text(filled.release(course, own, student))
            files.write(place / student / f"{name}.ipynb", text)
        place.mkdir(parents=True, exist_ok=True)
        self.set_perms(str(place.parent), fileperms=FILE, dirperms=FOLDER)
        self.log.info("Released with constants of their own for %d students", len(students))


class Fetch(ExchangeFetchAssignment):
    """nbgrader's own way to fetch; a notebook made for this student comes first."""

    def do_copy(self, src, dest):
        student = self.coursedir.student_id
        student = get_username() if student == "*" else student
        mine = _place(self.course_path, self.coursedir.assignment_id) / student
        if mine.is_dir():
            super().do_copy(str(mine), dest)
            # Nothing that is there is replaced.
            ignored = shutil.ignore_patterns(*self.coursedir.ignore)
            self.copy_if_missing(src, dest, ignore=ignored)
        else:
            super().do_copy(src, dest)
