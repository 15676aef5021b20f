"""The one writer: a graded submission into the gradebook, `autograded/` and `feedback/`."""

import copy
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import AssignLatePenalties

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import Graded, Result

STALE = "This score is of an earlier submission; the last grading run could not grade: "


class Writer:
    """Writes results of one assignment. One at a time per course."""

    def __init__(self, course: Course, assignment: str):
        self.course, self.assignment = course, assignment
        self._api = NbGraderAPI(config=copy.deepcopy(course.config))
        self._register()

    def _register(self) -> None:
        """Make the assignment known to the gradebook, as `nbgrader generate_assignment` does."""
        with tempfile.TemporaryDirectory() as release:
            config = copy.deepcopy(self.course.config)
            config.CourseDirectory.release_directory = release
            api = NbGraderAPI(config=config)
            done = api.generate_assignment(self.assignment, force=True, create=True)
        if not done["success"]:
            reason = (done["error"] or done["log"]).strip().splitlines()[-1]
            raise UserError(f"{self.assignment} could not be entered into the gradebook: {reason}")

    def write(self, graded: Graded) -> None:
        """Record scores, the judged notebook and feedback; or mark the old score as stale."""
        result = graded.result
        if graded.notebook is None:
            self._mark_stale(result)
            return
        target = self.course.folder("autograded") / result.student / self.assignment
        changed = _changed_answers(graded.notebook, target / f"{self.assignment}.ipynb")
        self._write_autograded(graded, target)
        self._record(graded, changed)
        self._api.generate_feedback(self.assignment, result.student, force=True)

    def _write_autograded(self, graded: Graded, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder:
            fresh = Path(folder) / target.name
            shutil.copytree(graded.files, fresh)
            nbformat.write(graded.notebook, fresh / f"{self.assignment}.ipynb")
            if target.exists():
                utils.rmtree(str(target))
            fresh.rename(target)

    def _record(self, graded: Graded, changed: set[str]) -> None:
        result, nb = graded.result, graded.notebook
        timestamp = self._api.coursedir.get_existing_timestamp(
            str(self.course.folder("submitted") / result.student / self.assignment)
        )
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            gradebook.update_or_create_student(result.student)
            when = {"timestamp": timestamp} if timestamp else {}
            gradebook.update_or_create_submission(self.assignment, result.student, **when)
            place = (self.assignment, self.assignment, result.student)
            for cell in nb.cells:
                if not (utils.is_grade(cell) or utils.is_solution(cell)):
                    continue
                name = cell.metadata.nbgrader["grade_id"]
                if utils.is_grade(cell):
                    grade = gradebook.find_grade(name, *place)
                    score, _ = utils.determine_grade(cell)
                    looked_at = grade.manual_score is not None
                    before = grade.auto_score
                    grade.auto_score = score
                    # A manual grade stays; it needs another look when what it judged has changed.
                    moved = name in changed or (score is not None and score != before)
                    keep = looked_at and not moved and not grade.needs_manual_grade
                    grade.needs_manual_grade = False if keep else looked_at or score is None
                if utils.is_solution(cell):
                    comment = gradebook.find_comment(name, *place)
                    same = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                    comment.auto_comment = "No response." if same else None
            gradebook.db.commit()
        resources = ResourcesDict(
            nbgrader={
                "notebook": self.assignment,
                "assignment": self.assignment,
                "student": result.student,
                "db_url": self.course.db_url,
            }
        )
        AssignLatePenalties(config=copy.deepcopy(self.course.config))(nb, resources)

    def _mark_stale(self, result: Result) -> None:
        """Keep an old score, and make formgrader and feedback show that it is an old one."""
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            try:
                submission = gradebook.find_submission(self.assignment, result.student)
            except MissingEntry:
                return
            result.stale_score = submission.score
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.needs_manual_grade = True
                for comment in notebook.comments:
                    comment.auto_comment = STALE + result.message
            gradebook.db.commit()
        self._api.generate_feedback(self.assignment, result.student, force=True)


def _changed_answers(nb, old_path: Path) -> set[str]:
    """The ids of written answers that differ from those graded before."""
    if not old_path.is_file():
        return set()
    old = {
        cell.metadata.nbgrader["grade_id"]: cell.source
        for cell in nbformat.read(old_path, as_version=4).cells
        if utils.is_grade(cell)
    }
    return {
        cell.metadata.nbgrader["grade_id"]
        for cell in nb.cells
        if utils.is_grade(cell) and old.get(cell.metadata.nbgrader["grade_id"]) != cell.source
    }
