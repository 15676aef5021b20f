"""A small course without torch, and its warm process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.authoring.build import build
from autograder.authoring.classroom import hand_in, solved
from autograder.authoring.new import new_course
from autograder.course import Course

SECONDS = 120
needs_warm = pytest.mark.skipif(
    sys.platform == "win32", reason="the warm process forks and listens on a Unix socket"
)
AUTOGRADER = Path(sys.executable).with_name("autograder")
NBGRADER = Path(sys.executable).with_name("nbgrader")


class Warm:
    """The warm process of a course, with what it has said when it was ready."""

    def __init__(self, course: Course, *options: str):
        command = [AUTOGRADER, "serve", "--course", str(course.root), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline()
        assert "commands start warm" in self.said

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end()
        self.process.stdout.close()


def course_with_exchange(place: Path) -> Course:
    """A new course in `place`, built, whose exchange would be beside it."""
    course = new_course(place / "course")
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(
            "\nc.Judge.allow_unsealed = True\n"
            f"c.Exchange.root = {str(course.root.parent / 'exchange')!r}\n"
            "c.CourseDirectory.course_id = 'images'\n"
            # Tests submit for others.
            "c.ExchangeCollect.check_owner = False\n"
        )
    course = Course(course.root)
    build(course)
    return course


@contextmanager
def watching_with_release(course: Course) -> Iterator[Warm]:
    """The process that watches, with the assignment in the exchange, and the address of its page."""
    exchange = course.root.parent / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    subprocess.run(
        [NBGRADER, "release_assignment", course.assignments[0]],
        cwd=course.root, check=True, capture_output=True,
    )  # fmt: skip
    warm = Warm(course, "--watch")
    try:
        warm.page = warm.process.stdout.readline().split()[-1]
        yield warm
    finally:
        warm.close()


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    # Longer than the address of a socket may be.
    course = course_with_exchange(tmp_path_factory.mktemp("warm") / ("long" * 25))
    for student in ("ada", "bob"):
        hand_in(course, student, course.assignments[0], solved(course, course.assignments[0]))
    return course


@pytest.fixture
def warm(course):
    started = Warm(course)
    yield started
    started.process.kill()
    started.process.wait()
    started.process.stdout.close()
