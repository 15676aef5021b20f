"""Small displays in one cell, each replaced by a large one in the next."""

import nbformat

SCORE = 5
SOLVED = True
CELL = """\
from IPython.display import display, HTML
handles = [display(HTML("x"), display_id=True) for _ in range(40)]
"""


def hand_in(folder, notebook):
    code = "for handle in handles: handle.update(HTML('x' * 900_000))"
    notebook.cells.insert(1, nbformat.v4.new_code_cell(code))


def got(course, student, result):
    path = course.folder("autograded") / student / "99_tiny" / "99_tiny.ipynb"
    return [] if path.stat().st_size < 5_000_000 else [path.stat().st_size]
