"""A class is asked about what it has handed in, whatever that is."""

import json

import pytest
from typer.testing import CliRunner

from autograder.authoring.classroom import answered, hand_in, prepend, solved
from autograder.cli import app
from autograder.errors import UserError
from autograder.gradebook import orals
from autograder.grading import batch
from autograder.report import data as reporting
from autograder.viva import viva
from autograder.viva.audit import audit
from autograder.viva.bench import Mistakes

A = "99_tiny"
pytestmark = pytest.mark.slow
DOUBLE = "def double(x):\n    y = x\n    y = y + x\n    return y\n"
HOSTILE = """
import sys
sys.settrace = lambda *a: None
class Lies(float):
    def __repr__(self):
        return "</code><script>alert(1)</script>"
    __str__ = __format__ = __repr__
def double(x):
    y = Lies(x)
    return Lies("nan") if y is None else Lies(2 * x)
"""


@pytest.fixture
def asked(course):
    """Sheets of three questions, by student, after everybody was graded."""

    def ask(submissions):
        for student, notebook in submissions.items():
            hand_in(course, student, A, notebook)
        batch.grade(course, A, sorted(submissions))
        sheets = viva.make(course, A, sorted(submissions), 3, 0)
        viva.write(sheets, orals.folder(course, A), ["moodle", "qti"])
        return {sheet.student: sheet for sheet in sheets}

    return ask


def test_everybody_is_asked_about_what_runs_and_nobody_disturbs_another(course, asked):
    good = solved(course, A)
    own = answered(good, {"double": DOUBLE})
    sheets = asked(
        {
            "good": own,
            "again": own,
            "broken": b"{",
            "dies": answered(good, {"mean": "import os\nos._exit(1)\n"}),
            "endless": prepend(answered(good, {}), "while True:\n    pass\n"),
            "hostile": answered(good, {"double": HOSTILE}),
            "unsolved": answered(good, {"double": "raise NotImplementedError()", "mean": ""}),
        }
    )
    assert [q.exercise for q in sheets["good"].questions]
    assert all(sheets[name].questions for name in ("again", "endless"))
    assert {q.exercise for q in sheets["dies"].questions} == {"double"}
    assert sheets["broken"].problem == "there is no graded submission"
    assert "what runs gives no more" in sheets["unsolved"].problem
    assert sheets["good"].questions[0].cell.startswith("def ")
    for path in orals.folder(course, A).glob("*.html"):
        assert "<script" not in path.read_text()


def test_marks_reach_the_report_and_far_apart_ones_are_a_question(course, asked):
    asked({"ada": solved(course, A), "bob": solved(course, A), "eve": solved(course, A)})
    path = orals.folder(course, A) / orals.FILE
    text = path.read_text().replace("ada,ada,,", "ada,ada,1,5").replace("bob,bob,,", "bob,bob,3,5")
    path.write_text(text)
    from autograder.gradebook import ledger

    report = reporting.gather(course, A, ledger.now())
    assert [(v.student, v.mark, v.apart) for v in report.vivas] == [
        ("ada", 1.0, True), ("bob", 3.0, False)
    ]  # fmt: skip
    from autograder.report import page

    assert "far apart" in page.render(report)


@pytest.mark.parametrize("row", ["ada,ada,6,5", "ada,ada,x,5", "ada,ada,3,", "ada,ada,-1,5"])
def test_a_mark_that_is_none_is_refused_with_its_line(course, row):
    path = orals.folder(course, A) / orals.FILE
    path.parent.mkdir(parents=True)
    path.write_text(f"student,name,mark,max_mark\n{row}\n")
    with pytest.raises(UserError, match="line 2"):
        orals.read(course, A)


def test_the_command_says_where_and_the_audit_proves_the_questions(course, monkeypatch):
    hand_in(course, "ada", A, answered(solved(course, A), {"double": DOUBLE}))
    monkeypatch.chdir(course.root)
    run = CliRunner().invoke
    assert run(app, ["grade", A]).exit_code == 0
    done = run(app, ["viva", A, "--student", "ada", "--questions", "2"])
    assert done.exit_code == 0, done.output
    plain = json.loads((course.root / "viva" / A / "ada.json").read_text())
    assert len(plain["questions"]) == 2 and "right" not in plain["questions"][0]
    found = audit(course, A)
    assert found.verified > 5
    assert not [p for p in found.problems if "too few" not in p]


def test_what_mistakes_do_is_not_run_again_by_the_next_command(course, asked, monkeypatch):
    first = asked({"ada": solved(course, A)})["ada"]
    monkeypatch.setattr(Mistakes, "_run", lambda *_: pytest.fail("run again"))
    assert viva.make(course, A, ["ada"], 3, 0)[0] == first


def test_an_assignment_without_scenarios_says_what_to_write(course):
    (course.hidden / A / "scenarios.py").unlink()
    with pytest.raises(UserError, match="hidden/99_tiny/scenarios.py"):
        viva.make(course, A, ["ada"], 3, 0)
