"""The term's table as a page that loads nothing."""

from datetime import datetime

from autograder.gradebook.totals import Totals
from autograder.report import page


def render(totals: Totals, generated: datetime) -> str:
    return page.fill("totals.html", totals=totals, generated=generated)
