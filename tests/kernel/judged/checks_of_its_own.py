"""Graded cells and hidden tests that the student has added."""

SCORE = 2
SOLVED = True
DOUBLE = "def double(x):\n    return 0"


def hand_in(folder, notebook):
    import nbformat

    about = {
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 50,
        "schema_version": 3,
        "task": False,
    }
    for name in ("check_extra", "check_double_2", "check_"):
        cell = nbformat.v4.new_code_cell("### BEGIN HIDDEN TESTS\n50\n### END HIDDEN TESTS")
        cell.metadata["nbgrader"] = about | {"grade_id": name}
        notebook.cells.insert(1, cell)


def got(course, student, result):
    return [c.exercise for c in result.checks if c.exercise not in ("double", "mean")]
