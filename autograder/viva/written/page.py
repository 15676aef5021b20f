"""A sheet as a page that loads nothing: for the student, or with the key."""

from autograder import pages
from autograder.feedback.table import with_code
from autograder.viva.sheet import Sheet
from autograder.viva.written import drawn

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
        svg=drawn.svg,
        letters=LETTERS,
    )
