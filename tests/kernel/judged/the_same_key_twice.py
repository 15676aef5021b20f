"""A notebook that says everything twice: who reads it decides what is in it."""

import json

SCORE = 0


def hand_in(folder, notebook):
    from autograder.authoring.classroom import answered

    solution = {"double": "def double(x): return 2 * x", "mean": "def mean(v): return v.mean()"}
    solved = json.dumps(answered(notebook, solution)["cells"])
    rest = json.dumps(notebook)[1:]
    return f'{{"cells": {solved}, {rest}'.encode()


def got(course, student, result):
    # What was graded is what is shown.
    page = (course.folder("feedback") / student / "99_tiny" / "99_tiny.html").read_text()
    return [] if "v.mean()" not in page else ["shows another answer than was graded"]
