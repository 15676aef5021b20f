"""A small course without torch, and its warm process."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.build import build
from autograder.authoring.classroom import hand_in, solved
from autograder.authoring.new import new_course
from autograder.course import Course

SECONDS = 120
AUTOGRADER = Path(sys.executable).with_name("autograder")


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


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    # Longer than the address of a socket may be.
    course = new_course(tmp_path_factory.mktemp("warm") / ("long" * 25) / "course")
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
