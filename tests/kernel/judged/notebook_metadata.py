"""Metadata of the notebook: another kernel and language, counts beyond all numbers, ids twice."""

import json

SCORE = 5
SOLVED = True
CELL = 'import sys; print("got", [] if sys.implementation.name == "cpython" else [sys.version])'
COUNTS = [-1, 10**400, 1.5, "many", [[[]]], {"a": 1}, True, None]


def hand_in(folder, notebook):
    raw = json.loads(json.dumps(notebook))
    raw["metadata"] = {
        "kernelspec": {"name": "bash", "display_name": "../../bin/sh", "language": "R", "argv": ["/bin/sh"]},
        "language_info": {"name": "bash", "file_extension": "/../evil", "nbconvert_exporter": "script"},
        "celltoolbar": "Create Assignment", "jupytext": {"text_representation": {"extension": ".sh"}},
        "orig_nbformat": [4], "signature": "sha256:0", "authors": [None] * 1000, "title": {"x": []},
    }  # fmt: skip
    raw["nbformat_minor"] = 10**9
    for count, cell in zip(COUNTS * 2, raw["cells"]):
        cell["execution_count"], cell["id"] = count, "the-same"
        cell["metadata"] |= {
            "tags": ["skip-execution"],
            "slideshow": 5,
            "jupyter": [],
            "collapsed": "x",
        }
    return json.dumps(raw).encode()
