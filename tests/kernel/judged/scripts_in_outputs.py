"""HTML outputs and Markdown that run in the browser of whoever opens the feedback."""

import nbformat

SCORE = 5
SOLVED = True
EVIL = "<script>evil()</script><img src=x onerror=evil()><svg onload=evil()></svg>"
CELL = f"""\
from IPython.display import display, HTML, Javascript, SVG, Markdown
display(HTML({EVIL!r}), Markdown({EVIL!r}), Javascript("evil()"), SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>evil()</script></svg>"))
display({{"image/png": '"><script>evil()</script>'}}, raw=True)
"""


def hand_in(folder, notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell(EVIL + "\n\n[a](javascript:evil())"))


def got(course, student, result):
    import re

    page = (course.folder("feedback") / student / "99_tiny" / "99_tiny.html").read_text()
    # What is shown as text is escaped; what would run is a tag or an attribute of one.
    runs = r"<script[^>]*>[^<]{0,40}evil\(|<[a-z][^<>]*\son\w+\s*=[^<>]*evil\(|href=.javascript:"
    return re.findall(runs, page)
