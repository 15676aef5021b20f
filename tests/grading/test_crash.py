"""Processes killed at any moment: what was graded, by us or by hand, is there once and right."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from scale_helpers import (
    POINTS,
    A,
    attempts_of,
    book_of,
    files_of,
    grade_by_hand,
    left_over,
    submission,
)
from sqlalchemy import event

from autograder.authoring.classroom import hand_in
from autograder.course import Course
from autograder.gradebook import ledger, writer
from autograder.grading import batch
from autograder.outcome import Outcome, Status
from autograder.submission.pack import digest

# Each costs about seven seconds on two cores.
KILLS = int(os.environ.get("CRASH_KILLS", 3))
SEED = int(os.environ.get("CRASH_SEED", 0))


class Killed(BaseException):
    """Ends a run as `kill -9` does: no handler of an `Exception` sees it."""


class Steps:
    """Counts the steps that change a course's files or gradebook; before one of them, the end."""

    CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}

    def __init__(self):
        self.root, self.count, self.last = None, 0, 0
        # A hook stays for the life of the process.
        sys.addaudithook(self._hook)

    @contextmanager
    def watched(self, root: Path, last: int = sys.maxsize):
        """Count the steps inside; the one after `last` others raises `Killed`."""
        self.root, self.count, self.last = str(root), 0, last
        try:
            yield
        finally:
            self.root = None

    def step(self, *_) -> None:
        self.count += 1
        if self.count > self.last:
            # What follows in this process is what a killed one would not do.
            self.root = None
            raise Killed

    def _hook(self, name: str, arguments: tuple) -> None:
        if self.root is None:
            return
        if name == "open":
            path, mode, _ = arguments
            changes = isinstance(mode, str) and set(mode) & set("wax+")
            if changes and str(path).startswith(self.root):
                self.step()
        elif name in self.CHANGES:
            # `rmtree` names what it removes by its folder's descriptor.
            inside = arguments[-1] not in (-1, None) and isinstance(arguments[-1], int)
            if inside or str(arguments[0]).startswith(self.root):
                self.step()


STEPS = Steps()


@pytest.fixture(scope="module")
def story(built_course, tmp_path_factory):
    """A course whose ada was graded, by us and by hand; and attempts that may come next, by kind."""
    root = tmp_path_factory.mktemp("crash") / "course"
    shutil.copytree(built_course, root)
    course, caught = Course(root), {}
    hand_in(course, "ada", A, submission(course, "right", "It is so."))
    batch.grade(course, A, ["ada"])
    grade_by_hand(course, "ada", 2.5, "well put")
    hand_in(course, "ada", A, submission(course, "wrong", "I thought again."))
    hand_in(course, "eve", A, submission(course, "wrong", "Who knows?"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            writer.Writer,
            "write",
            lambda self, *a: caught.update({a[0].student: (replace(a[0]), *a[1:])}),
        )
        batch.grade(course, A, ["ada", "eve"])
    broken = Outcome("ada", A, Status.UNREADABLE, 5.0, message="not a notebook")
    attempts = {
        "first": caught["eve"],
        "regrade": caught["ada"],
        "stale": (broken, *caught["ada"][1:]),
    }
    return course, attempts


def some(steps: int, count: int | None) -> list[int]:
    """So many of the moments at which a run of `steps` steps can end, the last ones among them."""
    if count is None:
        return list(range(steps))
    ends = {steps - 2, steps - 1}
    return sorted(ends | set(random.Random(SEED).sample(range(steps), count)))


EVERY = pytest.param(None, id="every", marks=pytest.mark.slow)
ALL_OF = [pytest.param(a, None, marks=pytest.mark.slow) for a in ("first", "regrade", "stale")]


@pytest.mark.parametrize("attempt, count", [("regrade", 6), *ALL_OF])
def test_killed_before_any_step_an_attempt_is_written_whole_or_not_at_all(
    story, attempt, count, tmp_path
):
    origin, attempts = story

    def write(course, last=sys.maxsize):
        with writer.opened(course) as book:
            for moment in ("before_commit", "after_commit"):
                event.listen(book.db, moment, STEPS.step)
            one = writer.Writer(course, A, book)
            with STEPS.watched(course.root, last):
                # A run that is killed leaves the attempt as it is.
                one.write(replace(attempts[attempt][0]), *attempts[attempt][1:])

    def recover(course):
        with writer.opened(course) as book:
            writer.Writer(course, A, book).recover()
        assert left_over(course) == []
        return book_of(course), files_of(course), attempts_of(course)

    def copy(name):
        shutil.copytree(origin.root, tmp_path / name)
        return Course(tmp_path / name)

    before, whole = recover(copy("before")), copy("whole")
    write(whole)
    steps, after = STEPS.count, recover(whole)
    assert steps > 10 and after != before and len(after[2]) == len(before[2]) + 1
    seen = []
    for last in some(steps, count):
        course = copy(f"killed-{last}")
        with pytest.raises(Killed):
            write(course, last)
        found = recover(course)
        assert found in (before, after), f"killed after {last} of {steps} steps"
        seen.append(found == after)
        if not seen[-1]:
            write(course)
            assert recover(course) == after, f"killed after {last} of {steps} steps"
        shutil.rmtree(course.root)
    # Once it is laid ready, an attempt is never lost.
    assert seen == sorted(seen) and seen[-1]


@pytest.mark.parametrize("count", [4, EVERY])
def test_killed_while_it_recovers_a_run_recovers_the_next_time(story, count, tmp_path):
    origin, attempts = story
    ready = tmp_path / "ready"
    shutil.copytree(origin.root, ready)
    course = Course(ready)
    with writer.opened(course) as book:
        writer.Writer(course, A, book)._lay_ready(*attempts["regrade"])

    def recover(root, last=sys.maxsize):
        course = Course(root)
        with writer.opened(course) as book, STEPS.watched(root, last):
            writer.Writer(course, A, book).recover()
        return book_of(course), files_of(course), attempts_of(course)

    shutil.copytree(ready, tmp_path / "whole")
    after, steps = recover(tmp_path / "whole"), STEPS.count
    for last in some(steps, count):
        root = tmp_path / "killed"
        shutil.copytree(ready, root)
        with pytest.raises(Killed):
            recover(root, last)
        assert recover(root) == after, f"killed after {last} of {steps} steps"
        assert left_over(Course(root)) == []
        shutil.rmtree(root)


def test_what_the_disk_lost_of_an_attempt_laid_ready_stops_no_later_run(story, tmp_path):
    origin, attempts = story
    shutil.copytree(origin.root, tmp_path / "course")
    course = Course(tmp_path / "course")
    before = book_of(course), files_of(course), attempts_of(course)
    with writer.opened(course) as book:
        one = writer.Writer(course, A, book)
        for content in (b"", b"\0" * 99, b"{", None):
            record = one._lay_ready(*attempts["regrade"]) / "record.json"
            record.unlink() if content is None else record.write_bytes(content)
        assert one.recover() == 0
    assert (book_of(course), files_of(course), attempts_of(course)) == before
    assert left_over(course) == []


# The command in a process of its own.
COMMAND = """
from autograder.grading import batch
from autograder.cli import main
# Worker processes also for a dozen submissions: they are to be killed too.
batch.FEW = 4
if __name__ == "__main__":
    main()
"""


@dataclass
class Student:
    """What the gradebook is to say of a student: the last readable submission and what we did."""

    kind: str = "right"
    answer: str = ""
    points: str = "right"
    manual: float | None = None
    comment: str | None = None
    looks: bool = True

    @property
    def rows(self) -> dict:
        scores = POINTS[self.points]
        grades = {name: (score, None) for name, score in scores.items()}
        return grades | {"answer_why": (None, self.manual)}


class Class:
    """Forty students who hand in again and again, and are graded by a command that gets killed."""

    def __init__(self, course: Course, seed: int):
        self.course, self.draw = course, random.Random(seed)
        self.students = {f"student{i:02}": Student() for i in range(40)}
        self.kills: list[str] = []
        self.usual, self.turn = 0.0, 0
        self.hand_in(list(self.students), ["right", "wrong", "untouched"])

    def hand_in(self, names: list[str], kinds: list[str]) -> None:
        self.turn += 1
        for name in names:
            student = self.students[name]
            student.kind = self.draw.choice(kinds)
            text = f"Answer {self.turn} of {name}."
            hand_in(self.course, name, A, submission(self.course, student.kind, text))
            if POINTS[student.kind] is not None:
                student.answer, student.points = text, student.kind
            student.looks = True

    def grade_by_hand(self, names: list[str]) -> None:
        for name in names:
            student = self.students[name]
            if student.kind == "broken":
                continue
            student.manual = self.draw.choice([0.0, 0.5, 1.5, 2.5])
            student.comment, student.looks = f"Comment {self.turn} for {name}.", False
            grade_by_hand(self.course, name, student.manual, student.comment)

    def is_done(self) -> bool:
        latest = ledger.latest(self.course, A)
        return all(
            name in latest
            and latest[name].hashes["submission"] == digest(self.folder(name))
            and latest[name].outcome.status is not Status.GRADER_ERROR
            for name in self.students
        )

    def folder(self, name: str) -> Path:
        return self.course.folder("submitted") / name / A

    def grade_until_done(self, kills: int) -> None:
        """Run `grade` until nothing is left, and kill up to so many processes meanwhile."""
        for _ in range(kills + 3):
            killed, ended = self.run(kills)
            kills -= killed
            if ended and self.is_done():
                return
        raise AssertionError(f"runs that nothing disturbs do not end the work: {self.log}")

    def run(self, kills: int) -> tuple[int, bool]:
        """One run; how many processes have been killed in it, and whether it ended by itself."""
        script = self.course.root / "run.py"
        script.write_text(COMMAND)
        started, killed, inner = time.monotonic(), 0, 0
        with open(self.course.root / "log", "wb") as log:
            head = psutil.Popen(
                [sys.executable, script, "grade", A, "--workers", "2"],
                cwd=self.course.root,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        while killed < kills and self.wait_for_a_moment(head):
            tree = head.children(recursive=True)
            workers = [p for p in tree if role_of(p) == "worker"]
            # Two kernels killed in a run may be both attempts at one submission, which then counts
            # as crashed, as it should.
            others = [] if inner else [p for p in tree if p not in workers]
            groups = [g for g in ([head], workers, others) if g]
            victim = self.draw.choice(self.draw.choice(groups))
            inner += victim in others
            killed += 1
            self.kills.append("head" if victim == head else role_of(victim))
            victim.kill()
            if victim == head:
                head.wait()
                _, alive = psutil.wait_procs(tree, timeout=60)
                assert not alive, f"still there after the head was killed: {alive}"
                return killed, False
        assert head.wait(timeout=300) in (0, 1), self.log
        self.usual = time.monotonic() - started
        return killed, True

    def wait_for_a_moment(self, head: psutil.Popen) -> bool:
        """Wait for a random time or number of attempts; whether the run is still going on."""
        lines = self.lines() + self.draw.randint(1, 5)
        seconds = self.draw.uniform(0, self.usual) if self.draw.random() < 0.5 else 300
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.lines() < lines:
            try:
                head.wait(timeout=0.02)
            except psutil.TimeoutExpired:
                continue
            return False
        return head.poll() is None

    def lines(self) -> int:
        path = ledger.path(self.course, A)
        return path.read_bytes().count(b"\n") if path.is_file() else 0

    @property
    def log(self) -> str:
        return (self.course.root / "log").read_text()

    def expect_all_right(self) -> None:
        rows = book_of(self.course)
        latest = ledger.latest(self.course, A)
        assert [r[1] for r in rows if r[0] == "submission"] == sorted(self.students)
        for name, student in self.students.items():
            own = [r for r in rows if r[0] in ("grade", "comment") and r[1] == name]
            grades = {r[2]: (r[3], r[4]) for r in own if r[0] == "grade"}
            assert len(own) == len(student.rows) + 3 and grades == student.rows
            (look,) = (r[6] for r in own if r[0] == "grade" and r[2] == "answer_why")
            assert look == student.looks
            (comment,) = (r[4] for r in own if r[0] == "comment" and r[2] == "answer_why")
            assert comment == student.comment
            expected = POINTS[student.kind]
            assert latest[name].outcome.score == (
                None if expected is None else sum(expected.values())
            )
            notebook = self.course.folder("autograded") / name / A / f"{A}.ipynb"
            page = self.course.folder("feedback") / name / A / f"{A}.html"
            assert student.answer in notebook.read_text() and student.answer in page.read_text()
            stale = "What you handed in last could not be graded" in page.read_text()
            assert stale == (student.kind == "broken")
        assert left_over(self.course) == []


# What is in a command's line; supervisors are forked from the node, kernels from the fork server.
ROLES = {
    "spawn_main": "worker",
    "resource_tracker": "resource tracker",
    "sealed.fork_server": "fork server or kernel",
    "/mlp-node-": "node or supervisor",
    "node.trial": "trial of a tier",
}


def role_of(process: psutil.Process) -> str:
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
    return next((role for mark, role in ROLES.items() if mark in command), command)


@pytest.mark.slow
@pytest.mark.last(minutes=8)
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_random_processes_killed_at_random_moments_lose_and_double_nothing(course):
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")
    everybody = Class(course, SEED)
    everybody.grade_until_done(kills=0)
    everybody.grade_by_hand(list(everybody.students)[:20])
    everybody.expect_all_right()
    while len(everybody.kills) < KILLS:
        draw = everybody.draw
        changed = draw.sample(list(everybody.students), draw.choice([2, 6, 12]))
        everybody.hand_in(changed, list(POINTS))
        everybody.grade_until_done(min(draw.randint(2, 8), KILLS - len(everybody.kills)))
        everybody.expect_all_right()
        everybody.grade_by_hand(draw.sample(list(everybody.students), 3))
    print(Counter(everybody.kills), f"{everybody.turn} rounds")
