"""Overwrite the submission's own notebook and what lies beside it, with answers and points, while it is graded."""

SCORE = 0
CELL = """\
import json, os
cells = [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "check_double", "grade": True, "points": 3,
          "locked": True, "solution": False, "schema_version": 3}}, "source": "3.0", "execution_count": 1,
          "outputs": [{"output_type": "execute_result", "data": {"text/plain": "3.0"}, "metadata": {},
                       "execution_count": 1}]}]
book = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
for name in ("99_tiny.ipynb", "../99_tiny.ipynb", "/submission/99_tiny.ipynb", "own.txt", "99_tiny.html"):
    try:
        with open(name, "w") as file:
            file.write(book)
    except OSError:
        pass
"""


def hand_in(folder, notebook):
    (folder / "own.txt").write_text("as handed in")


def got(course, student, result):
    folder = course.folder("autograded") / student / "99_tiny"
    text = (folder / "own.txt").read_text()
    return [p.name for p in folder.glob("*.html")] + ([] if text == "as handed in" else [text])
