"""The kernel's process ends and a child of it goes on in its place, with its sockets."""

STATUS = "crashed"
SCORE = 3
SOLVED = True
MEAN = """\
import os
def mean(values):
    if os.fork():
        os._exit(0)
    os.setsid()
    return values.mean()
"""
