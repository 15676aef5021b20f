"""Whatever is killed of the process that watches: no score is lost, wrong, or there twice."""

import contextlib
import os
import random
import time
from collections import Counter

import psutil
import pytest
from watchfiles import watch

from autograder.authoring.classroom import hand_in, released, solved
from autograder.gradebook import ledger
from autograder.gradebook.writer import opened
from autograder.outcome import Status
from autograder.serving import protocol
from autograder.submission.pack import digest
from serving.conftest import Warm, needs_warm

SEED = int(os.environ.get("CRASH_SEED", "0"))
KILLS = int(os.environ.get("CRASH_KILLS", "8"))
SUBMISSIONS = int(os.environ.get("CRASH_SUBMISSIONS", "24"))
# What is in a command's line: a kernel that is killed twice counts as crashed, as it should.
KERNEL = ("fork_server", "node.node")
KINDS = (*KERNEL, "feedback.bounded", "spawn_main", "resource_tracker", "serving.warm")


def alive(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        tree = [process, *process.children(recursive=True)]
        return [p for p in tree if p.status() != psutil.STATUS_ZOMBIE]
    return []


def line_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def parts_of(head: psutil.Process) -> dict[str, list[psutil.Process]]:
    """What could be killed: the whole, and the processes below it by kind."""
    parts = {"all": [head]}
    for part in alive(head)[1:]:
        kind = next((kind for kind in KINDS if kind in line_of(part)), "other")
        parts.setdefault(kind, []).append(part)
    return parts


@pytest.mark.slow
@pytest.mark.last(minutes=8)
@needs_warm
def test_random_parts_of_the_watching_process_killed_while_submissions_arrive(course):
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS} CRASH_SUBMISSIONS={SUBMISSIONS}")
    draw, name = random.Random(SEED), course.assignments[0]
    answers = {True: solved(course, name), False: released(course, name)}
    expected: dict[str, bool] = {}
    kills: Counter[str] = Counter()
    warm = Warm(course, "--watch")

    def attempts() -> int:
        return len(ledger.read(course, name))

    def kill(inner: bool) -> bool:
        """Kill a part, and start what is killed as a whole again; whether it was one of a kernel."""
        nonlocal warm
        head = psutil.Process(warm.process.pid)
        parts = parts_of(head)
        for kind in () if inner else KERNEL:
            parts.pop(kind, None)
        kind = draw.choice(sorted(parts))
        victim = draw.choice(parts[kind])
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
        kills[kind] += 1
        if victim == head:
            warm.process.wait()
            warm.process.stdout.close()
            warm = Warm(course, "--watch")
        return kind in KERNEL

    def done() -> bool:
        latest = ledger.latest(course, name)
        return all(
            student in latest
            and latest[student].hashes["submission"]
            == digest(course.folder("submitted") / student / name)
            and latest[student].outcome.status != Status.GRADER_ERROR
            for student in expected
        )

    try:
        # Until the last kernel that was killed has been replaced.
        since = -10
        for number in range(SUBMISSIONS):
            # Every fifth is handed in again, by somebody who may be waiting or just graded.
            again = expected and number % 5 == 4
            student = draw.choice(list(expected)) if again else f"student{number:03}"
            expected[student] = draw.random() < 0.7
            hand_in(course, student, name, answers[expected[student]])
            while sum(kills.values()) * SUBMISSIONS < KILLS * (number + 1):
                before = attempts()
                # Mostly when it works, sometimes while it is still starting.
                looks, started = 0, draw.random() < 0.2
                for _ in watch(protocol.folder(course), rust_timeout=draw.randint(100, 1000),
                               yield_on_timeout=True, watch_filter=None):  # fmt: skip
                    looks += 1
                    working = {"spawn_main", "node.node"} <= parts_of(
                        psutil.Process(warm.process.pid)
                    ).keys()
                    if started or working or looks > 50:
                        break
                if kill(inner=before - since > 4):
                    since = before
        end = time.monotonic() + 300
        for _ in watch(course.root, rust_timeout=500, yield_on_timeout=True, watch_filter=None):
            if done():
                break
            assert time.monotonic() < end, f"nobody grades the rest: {kills}"
    finally:
        warm.close()
    print(kills)
    with opened(course) as book:
        for student, right in expected.items():
            graded = book.find_submission(name, student)
            (notebook,) = graded.notebooks
            names = [grade.name for grade in notebook.grades]
            assert len(names) == len(set(names))
            assert graded.code_score == (graded.max_code_score if right else 0), student
        students = [s.student.id for s in book.assignment_submissions(name)]
    assert len(students) == len(set(students)) and set(expected) <= set(students)
    for student in expected:
        page = course.folder("feedback") / student / name / f"{name}.html"
        assert page.is_file(), student
    left = [p.name for p in course.folder("autograded").iterdir() if p.name.startswith(".")]
    assert left == []
