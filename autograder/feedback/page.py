"""The page a student gets: cells as HTML, together with what the gradebook says of them.

`nbgrader generate_feedback` and formgrader's buttons write the same page, by `FeedbackExporter`.
"""

from dataclasses import dataclass, field

from markupsafe import Markup
from nbconvert.exporters.exporter import Exporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import pages
from autograder.feedback import cells, table
from autograder.feedback.cells import CHECK, CODE, WRITTEN, Cell
from autograder.feedback.facts import GRADER_FAILED, STALE, Comment, Facts, Mark
from autograder.outcome import CheckResult

# What the last line of a page begins with: the facts it shows follow, as `Facts.digest`.
SHOWS = "\n<!-- shows "


@dataclass
class Card:
    """One exercise on the page.

    Parameters
    ----------
    place
        Its number on the page, for links.
    results, following
        The checks, failures first, and those that could not be judged because of one of these.
    remarks
        What is said about it, as HTML, and whether a person said it.
    """

    name: str
    place: int
    mark: Mark | None
    written: bool
    waiting: bool
    answer: Cell | None = None
    judged: Cell | None = None
    results: list[CheckResult] = field(default_factory=list)
    following: list[CheckResult] = field(default_factory=list)
    remarks: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def wrong(self) -> list[CheckResult]:
        return [r for r in self.results if r.points < r.max_points]

    @property
    def said_once(self) -> str:
        """The message that all failed checks have in common, if there are several; else empty."""
        messages = {r.message for r in self.wrong}
        return messages.pop() if len(messages) == 1 and len(self.wrong) > 1 else ""

    @property
    def right(self) -> list[CheckResult]:
        return [r for r in self.results if r.points >= r.max_points]

    @property
    def lost(self) -> float:
        """Points that were not earned; none while nobody has judged it."""
        if self.mark is None or self.mark.points is None:
            return 0.0
        return max(0.0, self.mark.max_points - self.mark.points)

    @property
    def known(self) -> list[str]:
        """What is known about the mistake."""
        return [r.diagnosis for r in self.results + self.following if r.diagnosis]

    @property
    def by_hand(self) -> str:
        """What a person has done to the points; empty if nobody has."""
        mark, said = self.mark, []
        if mark is None or mark.points is None:
            return ""
        if mark.manual is not None and mark.automatic not in (None, mark.manual):
            before, after = pages.number(mark.automatic), pages.number(mark.manual)
            said.append(f"A person has changed this from {before} to {after}.")
        elif mark.manual is not None:
            said.append(f"A person has given {points(mark.manual)}.")
        if mark.extra:
            said.append(f"A person has added {points(mark.extra)}.")
        if mark.manual is not None and self.waiting:
            said.append("Your work has changed since then: a person will look at it again.")
        return " ".join(said)


def points(count: float) -> str:
    """`1 point`, `2.5 points`."""
    return f"{pages.number(count)} point{'' if count == 1 else 's'}"


class FeedbackExporter(Exporter):
    """The page for nbgrader's own converter, which says in `resources` whose notebook it is."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb, resources=None, **kw):
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            names = (about["notebook"], about["assignment"], about["student"])
            facts = Facts.of(book.find_submission_notebook(*names))
        return render(nb, facts), resources


def render(nb: NotebookNode, facts: Facts) -> str:
    """The page of a judged notebook, which is changed."""
    return fill(cells.render(nb), facts)


def fill(rendered: list[Cell], facts: Facts) -> str:
    """The page of a notebook whose cells have been rendered; without any, it says what is wrong."""
    found = _cards(rendered, facts)
    links = {id(part): card for card in found for part in (card.answer, card.judged) if part}
    page = pages.fill(
        __package__,
        "feedback.html",
        "feedback.css",
        inline=True,
        facts=facts,
        cards=found,
        cells=[(cell, links.get(id(cell))) for cell in rendered],
        html=Markup,
        code=table.with_code,
        known=table.KNOWN,
        points=points,
        following=table.FOLLOWING,
        late=_duration(facts.seconds_late or 0),
        failed=facts.trouble == GRADER_FAILED,
        **{name.upper(): name for name in (CHECK, CODE)},
    )
    return f"{page.rstrip()}{SHOWS}{facts.digest} -->\n"


def shows(page: bytes, facts: Facts) -> bool:
    """Whether a page that `fill` has made shows these facts."""
    return page[-200:].rpartition(SHOWS.encode())[2].startswith(facts.digest.encode())


def _cards(rendered: list[Cell], facts: Facts) -> list[Card]:
    """A card for each cell with points, in the notebook's order, and for what else is said."""
    answers = {c.name: c for c in rendered if c.name and c.kind != CHECK}
    kinds = {c.name: c for c in rendered if c.name and c.kind in (CHECK, WRITTEN)}
    found: dict[str, Card] = {}
    for name in [*kinds, *(set(facts.marks) - set(kinds))]:
        exercise = _exercise(name)
        judged, mark = kinds.get(name), facts.marks.get(name)
        written = judged is not None and judged.kind == WRITTEN
        card = Card(exercise, len(found) + 1, mark, written, name in facts.waiting)
        card.answer = answers.get(name) or answers.get(exercise)
        if judged is not None and judged.kind == CHECK:
            card.judged = judged
            results = [CheckResult(exercise, "", **plain) for plain in judged.checks]
            card.results, card.following = table.parted(results)
        found[exercise] = card
    for name, comment in facts.comments.items():
        exercise = _exercise(name)
        if remark := _remark(comment):
            if exercise not in found:
                found[exercise] = Card(
                    exercise, len(found) + 1, None, True, False, answers.get(name)
                )
            found[exercise].remarks.append(remark)
    return list(found.values())


def _exercise(name: str) -> str:
    return name.removeprefix("check_").removeprefix("answer_")


def _remark(comment: Comment) -> tuple[str, bool] | None:
    if comment.manual.strip():
        return cells.markdown(comment.manual), True
    if comment.automatic and not comment.automatic.startswith(STALE):
        return str(Markup("<p>{}</p>").format(comment.automatic)), False
    return None


def _duration(seconds: float) -> str:
    """A time in one unit, rounded up: `3 hours`."""
    for unit, length in (("minute", 60), ("hour", 3600), ("day", 86400)):
        count = -int(-seconds // length)
        if unit == "day" or count * length < {"minute": 2 * 3600, "hour": 2 * 86400}[unit]:
            break
    return f"{count} {unit}{'' if count == 1 else 's'}"
