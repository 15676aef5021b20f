"""Every attack in `judged/`, handed in to a class: what it got, and what the next one got.

An attack is a module with some of: `CELL`, put first; `DOUBLE` and `MEAN`, the solution cells;
`SOLVED`, whether the rest is solved; `hand_in(folder, notebook)`, which changes what is handed in and
may return the notebook's bytes; `STATUS` and `SCORE`, how it ends; `got(course, student, result)`,
what the attacker got hold of.
"""

import os
import resource
import runpy
import shutil
from pathlib import Path

import pytest

from autograder.authoring.classroom import answered, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.outcome import Status

pytestmark = pytest.mark.slow

A = "99_tiny"
FULL = 5.0
ATTACKS = {p.stem: runpy.run_path(str(p)) for p in Path(__file__).with_name("judged").glob("*.py")}
LIMITS = "c.Judge.limits = {'memory_bytes': 600 << 20, 'disk_bytes': 200 << 20, 'processes': 128}\n"


def submit(course: Course, student: str, attack: dict) -> None:
    notebook = solved(course, A) if attack.get("SOLVED") else released(course, A)
    cells = {name: attack[name.upper()] for name in ("double", "mean") if name.upper() in attack}
    notebook = answered(notebook, cells)
    if "CELL" in attack:
        prepend(notebook, attack["CELL"])
    folder = course.folder("submitted") / student / A
    folder.mkdir(parents=True)
    content = attack.get("hand_in", lambda *_: None)(folder, notebook)
    hand_in(course, student, A, content or notebook)


def following(name: str) -> str:
    """The innocent after an attacker in the class, which is graded in alphabetical order."""
    names = sorted(ATTACKS)
    return min(names[2::3] + names[-1:], key=lambda other: (other < name, other)) + "-next"


@pytest.fixture(scope="module")
def graded(sealed, built_course, tmp_path_factory):
    """A class of attackers and innocents: the course, results by student, memory it took."""
    course = Course(tmp_path_factory.mktemp("attacked") / "course")
    shutil.copytree(built_course, course.root)
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(LIMITS + "c.Judge.timeout = 5\nc.Judge.iopub_timeout = 3\n")
    for name, attack in ATTACKS.items():
        submit(course, name, attack)
    for innocent in set(map(following, ATTACKS)):
        hand_in(course, innocent, A, solved(course, A))
    with pytest.MonkeyPatch.context() as patch:
        # All in this process, whose memory is looked at.
        patch.setattr(batch, "FEW", 1000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        results = batch.grade(course, A, course.choose_students(A), workers=2)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return course, {r.student: r for r in results}, grown << 10


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_the_attacker_gets_nothing_and_the_next_one_the_right_score(graded, name):
    course, results, _ = graded
    attack, result, innocent = ATTACKS[name], results[name], results[following(name)]
    status, score = Status(attack.get("STATUS", "graded")), attack["SCORE"]
    assert (result.status, result.score) == (status, score), (result.message, result.checks)
    assert "Traceback" not in result.message
    assert attack.get("got", lambda *_: [])(course, name, result) == []
    assert (innocent.status, innocent.score) == (Status.GRADED, FULL), innocent.message


def test_the_graders_memory_stays_bounded(graded):
    """Ten gigabytes in a checkpoint, millions of lists: nothing of it was unpacked here."""
    assert graded[2] < 1_500_000_000


def test_the_grader_kept_its_files_and_no_link_leads_out(graded):
    course = graded[0]
    links = [p for kind in ("autograded", "feedback") for p in course.folder(kind).rglob("*")]
    assert [p for p in links if p.is_symlink()] == []
    assert os.path.isfile(course.root / "gradebook.db")
