"""A class in which every second one does harm: it ends in time, and the others have their marks."""

import json
import os
import shutil
import sys
import tempfile
import time

import nbformat
import psutil
import pytest
from scale_helpers import A, left_over

from autograder.authoring.classroom import answered, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.grading.judging.grade import MAX_LEFT_OUT
from autograder.grading.judging.judge import Judge
from autograder.kernel.grader import launcher, tiers
from autograder.outcome import Status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="sealed kernels need Linux"),
]
FULL = 5.0
SETTINGS = """
c.Judge.timeout = 5
c.Judge.iopub_timeout = 3
c.Judge.submission_timeout = 30
c.Judge.limits = {"memory_bytes": 600 << 20, "disk_bytes": 100 << 20, "processes": 64}
"""
# Another one in each process that tests.
NAME = f"harm-{os.getpid()}"
# The process and all that it starts can be told from others by their name.
NAMED = f"open('/proc/self/comm', 'w').write({NAME!r})\n"
LOOP = "while True:\n    pass\n"
MEMORY = "held = []\nwhile True:\n    held.append(bytearray(b'x') * 1_000_000)\n"
FORKS = """\
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(1)
"""
DISK = """\
number = 0
try:
    while True:
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(10_000_000))
        number += 1
except OSError:
    pass
"""
FLOOD = "while True:\n    print('x' * 100_000)\n"
DEAF = """\
import os, signal
if os.fork() == 0:
    os.setsid()
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
CRASH = "import ctypes\nctypes.string_at(0)\n"
FORGED = """\
import json, struct, threading, time
kernel = get_ipython().kernel
head = json.dumps({"tree": {"dict": [["value", 0.0]]}, "arrays": []}).encode()
reply = struct.pack("<I", len(head)) + head
def answer():
    while True:
        parent = kernel.get_parent("shell")
        kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[reply])
        time.sleep(0.001)
threading.Thread(target=answer, daemon=True).start()
"""


def harmful(course: Course) -> dict:
    """Student → what is handed in, and the statuses and scores that it may end with."""
    right = solved(course, A)

    def mean(code):
        body = "".join(f"    {line}\n" for line in (NAMED + code).splitlines())
        return answered(right, {"mean": f"def mean(values):\n{body}"})

    def own(code):
        return prepend(answered(right, {}), NAMED + code)

    in_check = answered(right, {})
    check = next(
        c for c in in_check.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "check_mean"
    )
    check.source += f"\n{NAMED}{CRASH}"
    huge = json.loads(json.dumps(right))
    code = nbformat.v4.new_code_cell("#" * 10_000_000)
    huge["cells"] += [code] * 20
    timed_out, crashed = {Status.TIMED_OUT}, {Status.CRASHED}
    memory = {Status.OUT_OF_MEMORY, Status.CRASHED}
    return {
        "endless_exercise": (mean(LOOP), timed_out, {3}),
        "endless_cell": (own(LOOP), timed_out, {FULL}),
        "memory": (own(MEMORY), memory, {FULL}),
        "fork_bomb": (own(FORKS), timed_out | crashed | memory, {FULL}),
        "disk": (own(DISK), {Status.GRADED}, {FULL}),
        "output": (own(FLOOD), timed_out | crashed | memory, {FULL}),
        "dead_kernel": (own("import os\nos._exit(0)"), crashed, {FULL}),
        "unreadable": (b'{"cells": [', {Status.UNREADABLE}, {None}),
        "deaf": (mean(DEAF), timed_out, {3}),
        "crash_in_a_check": (in_check, crashed, {FULL}),
        "forged": (prepend(released(course, A), NAMED + FORGED), {Status.GRADED}, {0}),
        "huge": (json.dumps(huge).encode(), {Status.UNREADABLE}, {None}),
    }  # fmt: skip


def most_seconds(course: Course, harmful: int, workers: int) -> float:
    """What the limits let so many submissions take, each of which uses up all that it may."""
    judge = Judge(config=course.config)
    # One run, and one more for each cell that is left out.
    runs = 1 + MAX_LEFT_OUT
    return harmful * runs * (judge.submission_timeout + judge.iopub_timeout) / workers + 60


@pytest.fixture(scope="module")
def graded(built_course, tmp_path_factory):
    """The course, who does harm, the results by student, and the seconds it took."""
    if tiers.probe().tier is not tiers.Tier.NAMESPACES:
        pytest.skip("no kernels in namespaces here")
    root = tmp_path_factory.mktemp("harm") / "course"
    shutil.copytree(built_course, root)
    with open(root / "nbgrader_config.py", "a") as config:
        config.write(SETTINGS)
    course = Course(root)
    evil = harmful(course)
    for name, (content, _, _) in evil.items():
        hand_in(course, name, A, content)
        # In alphabetical order, each is followed by an innocent.
        hand_in(course, f"{name}_next", A, solved(course, A))
    # Here, and in all processes that this one starts. A short path: it holds sockets.
    temporary = tempfile.mkdtemp(prefix="harm-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", temporary)
        patch.setattr(tempfile, "tempdir", temporary)
        # The node of an earlier test would be used, and lies somewhere else.
        launcher.stop()
        started = time.monotonic()
        results = batch.grade(course, A, course.choose_students(A), workers=2)
        seconds = time.monotonic() - started
        launcher.stop()
    yield course, evil, {r.student: r for r in results}, seconds, os.listdir(temporary)
    shutil.rmtree(temporary)


def test_every_innocent_has_full_marks(graded):
    _, evil, results, *_ = graded
    innocent = {name: results[f"{name}_next"] for name in evil}
    assert len(innocent) == 12 and len(results) == 24
    found = {name: (r.status, r.score) for name, r in innocent.items()}
    assert found == dict.fromkeys(evil, (Status.GRADED, FULL))


def test_whoever_does_harm_gets_what_it_has_earned(graded):
    _, evil, results, *_ = graded
    for name, (_, statuses, scores) in evil.items():
        result = results[name]
        assert result.status in statuses and result.score in scores, (name, result)


def test_it_ends_within_its_limits(graded):
    course, evil, _, seconds, _ = graded
    # Those that cannot be read are never run, and innocents take seconds.
    assert seconds < most_seconds(course, len(evil), workers=2)


def test_nothing_is_left(graded):
    course, *_, temporary = graded
    named = [p for p in psutil.process_iter(["name"]) if p.info["name"] == NAME]
    _, alive = psutil.wait_procs(named, timeout=5)
    assert alive == []
    kernels = [
        p for p in psutil.Process().children(recursive=True) if "autograder.kernel" in words(p)
    ]
    assert kernels == []
    assert left_over(course) == []
    # These names are ours; torch and Dask leave empty folders of theirs.
    ours = ("kernel-", "mlp-", "submission-", "worker-", "order-", "scratch-")
    assert [name for name in temporary if name.startswith(ours)] == []


def words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
