"""Every attack in `judged/`, handed in to a class: what it got, and what the next one got.

An attack is a module with some of: `CELL`, put first; `DOUBLE` and `MEAN`, the solution cells;
`SOLVED`, whether the rest is solved; `hand_in(folder, notebook)`, which changes what is handed in and
may return the notebook's bytes; `STATUS` and `SCORE`, how it ends; `got(course, student, result)`,
what the attacker got hold of. What its code gets hold of it prints, as `print("got", list)`.

`ATTACKS_WORKERS="1 2"` grades the class with one worker, and once more with two.
"""

import os
import re
import resource
import runpy
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.classroom import answered, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.outcome import Status

pytestmark = pytest.mark.slow

A = "99_tiny"
FULL = 5.0
JUDGED = Path(__file__).with_name("judged")
ATTACKS = {path.stem: runpy.run_path(str(path)) for path in JUDGED.glob("*.py")}
WORKERS = [int(count) for count in os.environ.get("ATTACKS_WORKERS", "2").split()]
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


@pytest.fixture(scope="module", params=WORKERS, ids="{}-workers".format)
def graded(request, sealed, built_course, tmp_path_factory):
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
        results = batch.grade(course, A, course.choose_students(A), workers=request.param)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return course, {r.student: r for r in results}, grown << 10


def printed(course: Course, student: str) -> list[str]:
    """The lines that begin with "got" in the outputs of a graded notebook."""
    path = course.folder("autograded") / student / A / f"{A}.ipynb"
    if not path.exists():
        return []
    cells = nbformat.read(path, as_version=4).cells
    outputs = [o for cell in cells if cell.cell_type == "code" for o in cell.outputs]
    lines = "".join(o.text for o in outputs if o.output_type == "stream").splitlines()
    return [line for line in lines if line.startswith("got ")]


def what_went_wrong(course: Course, results: dict, name: str) -> list:
    """What an attack has got, and where it or the next submission has another result than it should."""
    attack, result, innocent = ATTACKS[name], results[name], results[following(name)]
    expected = Status(attack.get("STATUS", "graded")), attack["SCORE"]
    found = list(attack.get("got", lambda *_: [])(course, name, result))
    if (result.status, result.score) != expected or "Traceback" in result.message:
        found.append((result.status, result.score, result.message, result.checks))
    tells = 'print("got"' in JUDGED.joinpath(f"{name}.py").read_text()
    if set(printed(course, name)) != ({"got []"} if tells else set()):
        found.append(printed(course, name))
    if (innocent.status, innocent.score) != (Status.GRADED, FULL):
        found.append(("the next one", innocent.status, innocent.score, innocent.message))
    return found


class Active(HTMLParser):
    """What could act or load something on a page, its own style and policy aside."""

    TAGS = frozenset(
        "applet audio base button embed form frame frameset iframe input link noscript object portal "
        "script select source svg template textarea track video".split()
    )

    def __init__(self, page: str):
        super().__init__()
        self.found: list = []
        # The page's own style is the first.
        self.styles = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.styles += tag == "style"
        if tag in self.TAGS or self.styles > 1:
            self.found.append(tag)
        for name, value in attrs:
            value = re.sub(r"[\x00-\x20]", "", value or "").lower()
            acts = name.startswith("on") or value.startswith(("javascript:", "vbscript:", "file:"))
            loads = name in ("src", "srcset", "background", "poster", "xlink:href") and not (
                value.startswith("data:image/")
            )
            styles = name == "style" and ("url" in value or "position" in value)
            refresh = name == "http-equiv" and value == "refresh"
            if acts or loads or styles or refresh:
                self.found.append((tag, name, value[:80]))


def what_acts(course: Course, name: str, result) -> list:
    """What a page has that could act, and what a terminal would obey in the messages."""
    page = (course.folder("feedback") / name / A / f"{A}.html").read_text()
    said = "".join([*result.said, *result.notes, *(c.message for c in result.checks)])
    return Active(page).found + re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f]", said)


def test_no_attacker_gets_anything_and_the_next_one_has_the_right_score(graded):
    """One test, as the class is graded once: tests of a module may run in several processes."""
    course, results, grown = graded
    found = {name: what_went_wrong(course, results, name) for name in ATTACKS}
    assert {name: what for name, what in found.items() if what} == {}
    found = {name: what_acts(course, name, result) for name, result in results.items()}
    assert {name: what for name, what in found.items() if what} == {}
    # Ten gigabytes in a checkpoint, millions of lists: nothing of it was unpacked here.
    assert grown < 1_500_000_000
    written = [p for kind in ("autograded", "feedback") for p in course.folder(kind).rglob("*")]
    assert [p for p in written if p.is_symlink()] == []
    assert os.path.isfile(course.root / "gradebook.db")
