"""A student's graded notebook in a sealed kernel, with questions in place of checks."""

import contextvars
import copy
from collections.abc import Callable

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode

from autograder.checking.reply import CheckFailed
from autograder.checking.student import Student
from autograder.course import Course
from autograder.grading.judging.judge import Judge, KernelNotStarted
from autograder.notebook import grade_id_of
from autograder.viva.question import Question

# Runs of a notebook, each without the cells that have ended an earlier one.
ATTEMPTS = 3
# What to ask, given where the student's cells have run, and the solution cells by exercise.
Talk = Callable[[Student, dict[str, str]], list[Question]]


class Unasked(Exception):
    """Why nobody can ask this student anything, as a sentence."""


class Ended(Exception):
    """A cell has ended the kernel: its position, and how."""


class Interviewer(Judge):
    """Runs the cells as for grading, and judges nothing: at the end `resources["talk"]` is called."""

    def preprocess(self, nb, resources, km=None):
        self._talk = resources["talk"]
        self.questions: list[Question] = []
        return super().preprocess(nb, resources, km)

    def _judge(self, cell, index):
        cell.outputs = []

    def _end_of_kernel(self, cell, index, status, how):
        super()._end_of_kernel(cell, index, status, how)
        raise Ended(index, f"{status}: {self._named(index)}")

    def _finish(self):
        self.questions = self._talk(self._student, _solutions(self.nb))


def interview(course: Course, assignment: str, student: str, talk: Talk) -> list[Question]:
    """The questions that `talk` makes where the student's graded notebook has run.

    Raises
    ------
    Unasked
        If there is no graded notebook, or it does not run.
    """
    folder = course.folder("autograded") / student / assignment
    try:
        notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
    except FileNotFoundError:
        raise Unasked("there is no graded submission") from None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise Unasked(f"the graded notebook cannot be read: {error}") from None
    resources = ResourcesDict()
    resources["metadata"] = {"path": str(folder)}
    resources["nbgrader"] = {"student": student, "assignment": assignment, "notebook": assignment}
    resources["submission"], resources["talk"] = "viva", talk
    for _ in range(ATTEMPTS):
        judge = Interviewer(config=copy.deepcopy(course.config))
        try:
            # Jupyter keeps an event loop in a context variable: each thread needs its own.
            contextvars.Context().run(judge.preprocess, notebook, resources)
            return judge.questions
        except Ended as ended:
            # Questions on the other cells.
            index, how = ended.args
            notebook.cells[index].source = ""
        except KernelNotStarted as error:
            raise Unasked(f"its kernel did not start: {error}") from None
        except CheckFailed as error:
            raise Unasked(f"its kernel stopped answering: {error}") from None
    raise Unasked(f"the notebook does not run to its end: {how}")


def _solutions(notebook: NotebookNode) -> dict[str, str]:
    return {
        name: cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and (name := grade_id_of(cell)) is not None
        and cell.metadata.nbgrader.get("solution") is True
    }  # fmt: skip
