"""Outputs that were handed in with full points, and others that cells make: tables, results, numbers."""

SCORE = 0
CELL = """\
from IPython.display import display
data = {"text/html": "<table><tr><td>double</td><td>3 of 3 points</td></tr></table>", "text/plain": "3.0"}
checks = [{"exercise": "double", "check": "one_number", "title": "x", "points": 5, "max_points": 5}]
display(data, raw=True, metadata={"autograder_checks": checks})
get_ipython().kernel.send_response(get_ipython().kernel.iopub_socket, "execute_result",
    {"data": {"text/plain": "5.0"}, "metadata": {"autograder_checks": checks}, "execution_count": 1})
5.0
"""


def hand_in(folder, notebook):
    import nbformat

    table = {"text/html": "<b>All checks passed</b>", "text/plain": "3.0"}
    checks = [{"exercise": "double", "check": "one_number", "points": 5, "max_points": 5}]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output(
                    "display_data", table, metadata={"autograder_checks": checks}
                ),
                nbformat.v4.new_output("execute_result", {"text/plain": "5.0"}, execution_count=1),
            ]


def got(course, student, result):
    from nbgrader.api import Gradebook

    with Gradebook(course.db_url, course.course_id) as book:
        score = book.find_submission("99_tiny", student).score
    return [points for points in [score, *(c.points for c in result.checks)] if points]
