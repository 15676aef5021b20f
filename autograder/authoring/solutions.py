"""What students may read after the due date: each exercise's solution, and what known mistakes do."""

import re
from dataclasses import dataclass, field

from markupsafe import Markup

from autograder import pages
from autograder.authoring.expand import read_cells
from autograder.checking import hidden
from autograder.checking.answers import Alternative, Mistake
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback import cells, sanitise, table
from autograder.gradebook import ledger

MARKS = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


@dataclass
class Known:
    """A known mistake: what is wrong, its code, and the titles of the checks that it fails."""

    tells: str
    code: str
    fails: list[str]


@dataclass
class Solution:
    """One exercise: its reference, or the model answer to a question."""

    name: str
    code: str = ""
    text: str = ""
    checks: list[str] = field(default_factory=list)
    mistakes: list[Known] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def expect_due(course: Course, assignments: list[str]) -> None:
    """Refuse what somebody may still hand in.

    Raises
    ------
    UserError
        If the date, with the longest extension, has not passed.
    """
    for name in assignments:
        rules = course.rules.of(name)
        if rules.due is None:
            continue
        last = max([rules.due, *(rules.due + extra for extra in rules.extensions.values())])
        if ledger.now() < last:
            raise UserError(
                f"{name} can be handed in until {last:%Y-%m-%d %H:%M} UTC (course.toml): expected to "
                "give solutions out after that"
            )


def of(course: Course, assignment: str) -> list[Solution]:
    """The solutions of an assignment, in the notebook's order."""
    known = hidden.load(course.hidden, assignment)
    found = []
    for cell in read_cells(course.notebooks / f"{assignment}.py"):
        if "answer" in cell.metadata:
            text = cells.markdown(cell.source)
            found.append(Solution(str(cell.metadata["answer"]), text=text))
        elif "solution" in cell.metadata:
            name = str(cell.metadata["solution"])
            solution = Solution(name, MARKS.sub("", cell.source))
            titles = {c.name: c.title for c in known.checks.get(name, [])}
            solution.checks = list(titles.values())
            for answer in known.answers:
                if answer.exercise != name:
                    continue
                if isinstance(answer, Mistake) and answer.tells:
                    fails = [titles[check] for check in answer.failing if check in titles]
                    solution.mistakes.append(Known(answer.tells, answer.source, fails))
                elif isinstance(answer, Alternative):
                    solution.others.append(answer.source)
            found.append(solution)
    return found


def files_of(course: Course, assignment: str) -> dict[str, bytes]:
    """A page for each exercise, and one that leads to them; by path."""
    found = of(course, assignment)
    made = {"index": _filled("solutions.html", assignment=assignment, solutions=found)}
    for solution in found:
        made[solution.name] = _filled("solution.html", assignment=assignment, solution=solution)
    return {f"{assignment}/solutions/{name}.html": page.encode() for name, page in made.items()}


def _filled(template: str, **values) -> str:
    return pages.fill(
        "autograder.feedback",
        template,
        "feedback.css",
        highlight=_highlighted,
        html=Markup,
        code=table.with_code,
        **values,
    )


def _highlighted(source: str) -> Markup:
    code = source.strip("\n")
    html = sanitise.highlight(code)
    return Markup(html) if html is not None else Markup("<pre>{}</pre>").format(code)
