"""The page a student gets: nbgrader's own feedback, made without reading the gradebook twice."""

import copy
import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass

import nbformat
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import SubmittedNotebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from autograder.feedback import bounded


@dataclass(frozen=True)
class Facts:
    """What a page shows of the gradebook. `cells`: grade_id → (score, points, comment).

    `waiting` names the cells that have no points yet, because a person is still to give them.
    """

    score: float
    max_score: float
    late_penalty: float
    cells: dict[str, tuple[float, float, str | None]]
    waiting: tuple[str, ...] = ()

    @classmethod
    def before_anybody_looked(cls, notebook: NotebookNode) -> "Facts":
        """What the gradebook will hold if nobody has graded by hand and nothing is late."""
        cells: dict[str, tuple[float, float, str | None]] = {}
        waiting = []
        for cell in _known(notebook):
            graded, name = utils.is_grade(cell), cell.metadata.nbgrader["grade_id"]
            comment = no_response(cell) if utils.is_solution(cell) else None
            score = utils.determine_grade(cell)[0] if graded else 0.0
            waiting += [name] if score is None else []
            points = float(cell.metadata.nbgrader["points"]) if graded else 0.0
            cells[name] = (float(score or 0.0), points, comment)
        total = sum((score for score, _, _ in cells.values()), 0.0)
        max_score = sum((points for _, points, _ in cells.values()), 0.0)
        return cls(total, max_score, 0.0, cells, tuple(sorted(waiting)))

    @classmethod
    def of(cls, submitted: SubmittedNotebook) -> "Facts":
        """What the gradebook holds."""
        grades = {g.name: (float(g.score), float(g.max_score)) for g in submitted.grades}
        comments = {c.name: c.comment for c in submitted.comments}
        cells = {
            name: (*grades.get(name, (0.0, 0.0)), comments.get(name)) for name in grades | comments
        }
        waiting = (
            g.name for g in submitted.grades if g.manual_score is None and g.auto_score is None
        )
        penalty = float(submitted.late_submission_penalty or 0)
        score = max(0.0, float(submitted.score) - penalty)
        return cls(score, float(submitted.max_score), penalty, cells, tuple(sorted(waiting)))

    @property
    def digest(self) -> str:
        """The same for facts that look the same on a page."""
        return hashlib.sha256(
            json.dumps(_rounded(asdict(self)), sort_keys=True).encode()
        ).hexdigest()[:32]

    def is_like(self, other: "Facts") -> bool:
        """Whether a page shows the same for both; it shows two digits."""
        return self.digest == other.digest


def no_response(cell: NotebookNode) -> str | None:
    """The comment on an answer that was handed in unchanged; None on any other."""
    same = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    return "No response." if same else None


class PageExporter(HTMLExporter):
    """nbconvert's exporter without its last step, which gives images an alternative text.

    That step parses the whole page again, which takes three quarters of the time. Here
    `SafeNotebook` has already given every image a text.
    """

    def from_notebook_node(self, nb, resources=None, **kw):
        resources = self._init_resources(resources)
        code = Highlight2HTML(pygments_lexer="ipython3", parent=self)
        data_type = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("highlight_code", code)
        self.register_filter("filter_data_type", data_type)
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


class Pages:
    """Renders pages with the steps and the templates that the course configures."""

    def __init__(self, config: Config):
        bounded.start()
        config = copy.deepcopy(config)
        converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
        converter.log.setLevel(logging.CRITICAL)
        self._exporter = PageExporter(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            # The gradebook has been read already.
            if not issubclass(import_item(step) if isinstance(step, str) else step, GetGrades):
                self._exporter.register_preprocessor(step)

    def page(self, notebook: bytes, student: str, assignment: str, facts: Facts) -> str:
        """The HTML page of a judged notebook."""
        nb = nbformat.reads(notebook.decode(), as_version=4)
        for cell in _known(nb):
            score, points, comment = facts.cells.get(
                cell.metadata.nbgrader["grade_id"], (0.0, 0.0, None)
            )
            if utils.is_solution(cell) or utils.is_task(cell):
                cell.metadata.nbgrader["comment"] = comment
            if utils.is_grade(cell) or utils.is_task(cell):
                cell.metadata.nbgrader.update(score=score, points=points)
        about = {
            "student": student, "assignment": assignment, "notebook": assignment,
            "score": facts.score, "max_score": facts.max_score, "late_penalty": facts.late_penalty,
        }  # fmt: skip
        resources = {
            "nbgrader": about,
            "unique_key": assignment,
            "output_files_dir": f"{assignment}_files",
            "metadata": {"name": assignment},
        }
        return _without_zeros(self._exporter.from_notebook_node(nb, resources)[0], facts.waiting)


def _without_zeros(page: str, waiting: tuple[str, ...]) -> str:
    """The page with a word where nbgrader's template says 0 of what nobody has marked yet."""
    for name in map(re.escape, waiting):
        for place in (rf'(<a href="#{name}">[^<]*</a> \()', rf'(<a name="{name}"></a>.*?)'):
            points = r"Score: [\d.]+ / ([\d.]+)"
            page = re.sub(
                place + points, r"\1waiting for a mark, \2 points", page, count=1, flags=re.DOTALL
            )
    return page


def _known(notebook: NotebookNode) -> list[NotebookNode]:
    tests = (utils.is_grade, utils.is_solution, utils.is_task)
    return [cell for cell in notebook.cells if any(test(cell) for test in tests)]


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value
