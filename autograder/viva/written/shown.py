"""A question as HTML in an LMS, which has its own page and style around it."""

from markupsafe import Markup

from autograder.feedback.table import with_code
from autograder.viva.question import Question
from autograder.viva.written import drawn


def body(question: Question) -> str:
    """Code and question; everything of the student's is escaped."""
    parts = [Markup("<p>Your code:</p>"), _listing(question.cell, numbered=True)]
    if question.after:
        parts += [Markup("<p>After it, this is run:</p>"), _listing(question.after)]
    if question.other:
        parts += [Markup("<p>Another answer:</p>"), _listing(question.other)]
    return "".join([*parts, Markup("<p><strong>{}</strong></p>").format(with_code(question.text))])


def option(question: Question, index: int, pictures: str) -> str:
    """One of the options; what `pictures` names one begins with, in the address of a file of its own."""
    text = question.options[index]
    if question.curves:
        return Markup('<p><img src="{}" alt="{}: {}" width="{}" height="{}"/></p>').format(
            f"{pictures}{index}.svg", question.over, text, drawn.WIDTH, drawn.HEIGHT
        )
    return str(_listing(text) if question.are_code else Markup("<code>{}</code>").format(text))


def title(question: Question, number: int) -> str:
    """A name for the question bank."""
    return f"{number} {question.exercise}: {question.kind.replace('_', ' ')}"


def _listing(source: str, numbered: bool = False) -> Markup:
    lines = source.rstrip("\n").split("\n")
    if numbered:
        lines = [f"{number:2}  {line}" for number, line in enumerate(lines, 1)]
    return Markup("<pre>{}</pre>").format("\n".join(lines))


def plain(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return "".join(
        c for c in text.encode("utf-8", "replace").decode() if c in "\t\n\r" or c >= " "
    ).replace("\ufffe", "").replace("\uffff", "")  # fmt: skip
