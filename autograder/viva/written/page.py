"""A sheet as a page that loads nothing: for the student, or with the key."""

import re

from markupsafe import Markup, escape

from autograder import pages
from autograder.viva.sheet import Sheet

LETTERS = "ABCDEF"


def render(sheet: Sheet, key: bool) -> str:
    """The text of the page."""
    return pages.fill(
        __package__,
        "sheet.html",
        "sheet.css",
        sheet=sheet,
        key=key,
        code=with_code,
        letters=LETTERS,
    )


def with_code(text: str) -> Markup:
    """The text with what stands between backticks as code, all of it escaped."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part)
        for i, part in enumerate(parts)
    )
