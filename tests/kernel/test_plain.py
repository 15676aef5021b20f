"""The tier without a seal: the judge outlives what a kernel writes on its raw sockets."""

import os
import shutil

import pytest

from autograder.authoring.classroom import answered, hand_in, prepend, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.kernel.grader.tiers import Tier
from autograder.outcome import Status

A = "99_tiny"
# Half an answer to a heartbeat, and a frame of 2**62 bytes, on every socket there is.
RAW_FRAMES = """\
import os, socket, stat
for fd in range(3, 200):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            connection = socket.socket(fileno=os.dup(fd))
            connection.setblocking(False)
            connection.send(b"\\x03" + (2**62).to_bytes(8, "big") + b"x" * 1000)
    except OSError:
        pass
os._exit(5)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sockets have no numbers here")
def test_half_a_heartbeat_does_not_hang_the_judge_of_plain_kernels(built_course, tmp_path):
    course = Course(tmp_path / "course")
    shutil.copytree(built_course, course.root)
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(f"c.Judge.kernel_name = {Tier.PLAIN.kernel_name!r}\n")
    right = solved(course, A)
    hand_in(course, "attacker", A, prepend(answered(right, {}), RAW_FRAMES))
    hand_in(course, "next", A, right)
    attacker, following = batch.grade(course, A, ["attacker", "next"], workers=2)
    # The cell that ended the kernel is left out; the answers below it are right.
    assert (attacker.status, attacker.score) == (Status.CRASHED, 5), attacker.message
    assert "ended the kernel" in attacker.message and "left out" in attacker.message
    assert (following.status, following.score) == (Status.GRADED, 5), following.message
    assert following.isolation == str(Tier.PLAIN)
