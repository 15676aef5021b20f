"""Read the grader's files, by their names and by way of other processes."""

import os
import sys

paths = list(target["files"])
for process in ("1", "self", str(os.getppid()), str(target["grader"])):
    paths += [f"/proc/{process}/root{path}" for path in target["files"]]
    paths += [f"/proc/{process}/cwd/../../../../../..{path}" for path in target["files"]]
for path in paths:
    try:
        with open(path) as file:
            got.append((path, file.read(100)))
    except OSError:
        pass
for folder in target["folders"]:
    for top, _, names in os.walk(folder):
        # An interpreter in a home folder is shown with its libraries; nothing else of that home is.
        if "autograder" in top:
            got += [f"{top}/{n}" for n in names]
        elif not top.startswith((sys.prefix, sys.base_prefix)):
            got += [f"{top}/{n}" for n in names if n.endswith((".ipynb", ".db"))]
