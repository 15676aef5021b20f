"""The metadata that says what counts, rewritten: points, roles, versions, ids of wrong types."""

import json

SCORE = 2
SOLVED = True
DOUBLE = "def double(x):\n    return x"
CHANGES = [{"points": 1e308}, {"grade": False}, {"locked": False, "solution": True}, {"schema_version": -1},
           {"task": True}, {"points": float("nan")}, {"cell_type": "markdown"}]  # fmt: skip


def hand_in(folder, notebook):
    raw = json.loads(json.dumps(notebook))
    marked = [cell for cell in raw["cells"] if "nbgrader" in cell["metadata"]]
    for change, cell in zip(CHANGES, marked * 2):
        cell["metadata"]["nbgrader"].update(change)
    for name in (
        [],
        {"a": 1},
        7,
        None,
        "check_double\0",
        "<script>evil()</script>",
        "../check_double",
        "x" * 10**6,
    ):
        copy = json.loads(json.dumps(marked[0]))
        copy["metadata"]["nbgrader"] |= {
            "grade_id": name,
            "points": 100,
            "grade": True,
            "solution": False,
        }
        copy["source"] = "5.0"
        raw["cells"].append(copy)
    return json.dumps(raw).encode()


def got(course, student, result):
    return [c for c in result.checks if c.max_points > 3] + (
        [] if result.max_score == 5 else [result.max_score]
    )
