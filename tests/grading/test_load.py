"""Grades are equal on an idle and on a busy machine."""

import contextlib
import os
import subprocess
import sys

import pytest

from autograder.authoring.classroom import answered, hand_in, solved
from autograder.grading import batch

A = "99_tiny"
# One and a half seconds of processor time in each of two calls, and a limit of three for a cell.
SLOW = """\
def mean(values):
    start = time.process_time()
    while time.process_time() < start + 1.5:
        pass
    return values.mean()"""
SPIN = "while True: pass"
WRITE = """\
import os, sys
while True:
    with open(sys.argv[1], "wb") as file:
        file.write(os.urandom(1 << 24))
        os.fsync(file.fileno())"""


@contextlib.contextmanager
def a_busy_machine(folder):
    """Three processes for each core that never rest, and one that keeps the disk busy."""
    commands = [["-c", SPIN]] * (3 * (os.cpu_count() or 1)) + [["-c", WRITE, str(folder / "load")]]
    running = [subprocess.Popen([sys.executable, *command]) for command in commands]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


@pytest.mark.slow
def test_the_same_class_gets_the_same_scores_under_load(course, tmp_path):
    answers = {
        "right": {},
        "wrong": {"mean": "def mean(values):\n    return values.sum()"},
        "slow": {"mean": f"import time\n\n{SLOW}"},
        "endless": {"double": "def double(x):\n    while True:\n        pass"},
    }
    for student, changed in answers.items():
        hand_in(course, student, A, answered(solved(course, A), changed))

    def graded():
        outcomes = batch.grade(course, A, list(answers), force=True)
        return {o.student: (o.status, o.score, [c.points for c in o.checks]) for o in outcomes}

    idle = graded()
    with a_busy_machine(tmp_path):
        assert graded() == idle
    assert idle["right"][1] == idle["slow"][1] == 5.0
    assert idle["endless"][0] == "timed out"
