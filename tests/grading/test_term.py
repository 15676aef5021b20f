"""A whole term: dates, extensions, late policy, marks, points and files change, and every number agrees.

Each step says what everybody has then; the gradebook, the feedback, the report, the totals and each
export must say the same, or say nothing and why.
"""

import csv
import io
import json
import re
import shutil
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook

from autograder import exports
from autograder.authoring.build import build
from autograder.authoring.classroom import answered, hand_in, solved
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import stock
from autograder.gradebook import totals
from autograder.gradebook.records import class_records
from autograder.grading import batch
from autograder.report import data

A, B = "01_lines", "02_lists"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
CONFIG = """\
from autograder.settings import use_autograder
c = get_config()
use_autograder(c)
c.CourseDirectory.course_id = "term"
c.Judge.timeout = 5
c.Judge.allow_unsealed = True
"""
NOTEBOOK = """\
# %% [markdown]
# # A small exercise

# %% solution="{name}"
def {name}(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% selfcheck="{name}" points={points}
assert {name}(3) == 6
"""
WRITTEN = """
# %% [markdown] answer="why" points=2
# Because.
"""
CHECKS = """\
from autograder.checking import check, expect_close
from . import probes

@check("{name}", points={points})
def twice(student, rng):
    \"\"\"It is doubled.\"\"\"
    x = float(rng.normal())
    expect_close(student.call(probes.called, x), 2 * x)
"""
PROBES = "def called(ns, x):\n    return ns.{name}(x)\n"
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
)
STUDENTS = ["ada", "ben", "cleo", "dora", "eve"]
RULES = """\
[assignments.01_lines]
due = 2026-03-01T12:00:00Z
weight = 3
late = { grace = "15 minutes", per_day = 1, at_most = "50 %" }

[assignments.01_lines.extensions]
dora = "3 days"

[assignments.02_lists]
due = 2026-03-08T12:00:00Z
"""
WAITING = "needs manual grading"


class Term:
    """A course with two assignments, and what an instructor does with it."""

    def __init__(self, root):
        self.root = root
        if root.exists():
            return
        for name in ("notebooks", "hidden"):
            (root / name).mkdir(parents=True)
        (root / "nbgrader_config.py").write_text(CONFIG)
        self.write(A, "line", 4)
        self.write(B, "list_", 10)
        self.rules(RULES)

    @property
    def course(self) -> Course:
        return Course.find(self.root)

    def write(self, assignment, name, points, written=2) -> None:
        text = NOTEBOOK.format(name=name, points=points)
        if assignment == A:
            text += WRITTEN.replace("points=2", f"points={written}")
        (self.root / "notebooks" / f"{assignment}.py").write_text(text)
        own = self.root / "hidden" / assignment
        own.mkdir(exist_ok=True)
        (own / "checks.py").write_text(CHECKS.format(name=name, points=points))
        (own / "probes.py").write_text(PROBES.format(name=name))
        (own / "answers.py").write_text("ANSWERS = []\n")
        build(self.course)

    def rules(self, text) -> None:
        (self.root / "course.toml").write_text(text)

    def hand_in(self, student, assignment, day, source=None) -> None:
        own = {"line": source} if source else {}
        own |= {"answer_why": f"It is so, says {student}."} if assignment == A else {}
        path = hand_in(
            self.course, student, assignment, answered(solved(self.course, assignment), own)
        )
        (path.parent / "timestamp.txt").write_text(f"2026-03-{day:02} 11:00:00 UTC\n")

    def grade(self, assignment=A, students=None, kernels=True) -> list[str]:
        """Grade; returns the notes. Without `kernels` nothing may be run again."""
        notes: list[str] = []
        counts: list[tuple[int, int]] = []
        watcher = batch.Watcher(plan=lambda *n: counts.append(n), note=notes.append)
        chosen = students or self.course.choose_students(assignment)
        batch.grade(self.course, assignment, chosen, workers=2, watcher=watcher)
        ((todo, self.unchanged),) = counts
        assert bool(todo) == kernels, f"{todo} were graded again"
        return notes

    def mark(self, **points) -> None:
        """What formgrader does when somebody types points."""
        with Gradebook(self.course.db_url, "term") as book:
            for student, given in points.items():
                grade = book.find_grade("answer_why", A, A, student)
                grade.manual_score, grade.needs_manual_grade = given, False
            book.db.commit()

    # What each place says: student → points, None where there are none.

    def numbers(self, assignment, folder) -> dict[str, dict[str, float | None]]:
        course = self.course
        records = {r.student: r for r in class_records(course, assignment)}
        unfinished = {s for s, r in records.items() if r.unfinished}
        found = {"records": {s: r.score for s, r in records.items()}}
        with Gradebook(course.db_url, "term") as book:
            there = {s.student.id: s for s in book.assignment_submissions(assignment)}
            found["gradebook"] = {
                s: there[s].score - (there[s].late_submission_penalty or 0) if s in there else None
                for s in records
            }
        report = data.gather(course, assignment, NOW)
        found["report"] = {row.student: row.score for row in report.students}
        table = totals.gather(course, NOW)
        found["totals"] = {row.student: row.parts[assignment].record.score for row in table.rows}
        if unfinished:
            with pytest.raises(UserError, match="expected final scores"):
                exports.export(course, assignment, "csv", folder / "refused")
            assert not (folder / "refused").exists()
        found |= self.exported(assignment, folder, bool(unfinished))
        most = next(iter(records.values())).max_score
        share = found.pop("prairielearn")
        for student, record in records.items():
            final = record.score is not None and not record.unfinished
            assert share[student] == (
                pytest.approx(record.score / most, abs=1e-6) if final else None
            )
        return found

    def exported(self, assignment, folder, unfinished) -> dict[str, dict[str, float | None]]:
        def export(platform, name, **options):
            path = folder / name
            exports.export(
                self.course, assignment, platform, path, allow_unfinished=unfinished, **options
            )
            return path

        def rows(path):
            return list(
                csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
            )

        def column(table, key, value):
            return {row[key]: float(row[value]) if row[value] else None for row in table}

        found = {}
        plain = rows(export("csv", "plain.csv"))
        found["csv"] = column(plain, "student_id", "score")
        flags = {row["student_id"]: row["flags"] for row in plain}
        canvas = rows(export("canvas", "canvas.csv"))[1:]
        found["canvas"] = column(canvas, "SIS Login ID", assignment)
        book = rows(export("moodle-gradebook", "moodle.csv"))
        found["moodle-gradebook"] = column(book, "ID number", f"Assignment: {assignment} (Real)")
        assert {r["ID number"]: r[f"Flags: {assignment}"] for r in book} == flags
        sheet = folder / "sheet.csv"
        people = "".join(
            f"Participant {i},{s},{s}@uni.de,,,,Yes,-,-,\n" for i, s in enumerate(flags)
        )
        sheet.write_text(WORKSHEET + people)
        filled = rows(export("moodle", "filled.csv", template=sheet))
        found["moodle"] = column(filled, "Full name", "Grade")
        stock.StockExporter(to=str(folder / "stock.csv"), allow_unfinished=unfinished).run(
            self.course, [assignment]
        )
        found["nbgrader export"] = column(rows(folder / "stock.csv"), "student_id", "score")
        place = export("gradescope", f"gradescope-{len(list(folder.iterdir()))}")
        pages = {p.parent.name: json.loads(p.read_text()) for p in place.rglob("results.json")}
        found["gradescope"] = {s: pages.get(s, {}).get("score") for s in flags}
        shares = rows(export("prairielearn", "prairielearn.csv"))
        found["prairielearn"] = {
            # By e-mail address, where one is known.
            row["uid"].partition("@")[0]: float(row["score_perc"]) / 100
            if row["score_perc"]
            else None
            for row in shares
        }
        return found

    def feedback(self, assignment) -> dict[str, tuple[float, bool]]:
        """What the pages say: the score, and whether something waits for a mark."""
        found = {}
        for path in self.course.folder("feedback").glob(f"*/{assignment}/{assignment}.html"):
            page = path.read_text()
            # Whoever has handed in a broken file alone has a page without a score.
            for score in re.findall(r"<dt>Score(?: so far)?</dt><dd>([\d.]+) <small>of", page):
                found[path.parents[1].name] = (float(score), "Waiting for a mark" in page)
        return found

    def expect(self, tmp_path, assignment=A, feedback=True, waiting=(), **points) -> None:
        """Everything says these points, and None where there are none."""
        expected = dict.fromkeys(STUDENTS) | points
        for place, said in self.numbers(assignment, tmp_path).items():
            if place == "gradebook":
                said = {s: score for s, score in said.items() if expected[s] is not None}
                assert said == {s: p for s, p in expected.items() if p is not None}, place
            else:
                assert said == expected, place
        if feedback:
            pages = {s: (float(p), s in waiting) for s, p in expected.items() if p is not None}
            assert self.feedback(assignment) == pages

    def flags(self, assignment=A) -> dict[str, tuple[str, ...]]:
        return {r.student: r.flags for r in class_records(self.course, assignment) if r.flags}


@pytest.fixture(scope="module")
def graded_term(tmp_path_factory):
    """The first assignment, graded and marked, with one file that is broken."""
    term = Term(tmp_path_factory.mktemp("term") / "course")
    wrong = "def line(x):\n    return 3 * x\n"
    for student, day, source in [
        ("ada", 1, None), ("ben", 1, wrong), ("cleo", 3, None), ("dora", 3, None)
    ]:  # fmt: skip
        term.hand_in(student, A, day, source)
    hand_in(term.course, "eve", A, b"{")
    term.grade()
    return term


@pytest.fixture
def term(graded_term, tmp_path):
    shutil.copytree(graded_term.root, tmp_path / "course")
    return Term(tmp_path / "course")


@pytest.mark.slow
def test_dates_marks_and_policies_change(term, tmp_path):
    """A due date moved after grading left a 0 where 20 was earned, and nothing said so."""
    out = tmp_path / "out"
    out.mkdir()
    # Nobody has marked: no final score anywhere. Cleo is two days late, Dora has three more days.
    everybody = ("ada", "ben", "cleo", "dora")
    term.expect(out, waiting=everybody, ada=4, ben=0, cleo=2, dora=4)
    assert term.flags() == {
        "ada": (WAITING,), "ben": (WAITING,), "cleo": ("late", WAITING), "dora": (WAITING,),
        "eve": ("unreadable",),
    }  # fmt: skip

    # Marks: they are in every export at once, and in the feedback after the next `grade`.
    term.mark(ada=2, ben=1, cleo=0.5, dora=2)
    term.expect(out, feedback=False, ada=6, ben=1, cleo=2.5, dora=6)
    notes = term.grade(kernels=False)
    assert notes == ["feedback written anew for ada, ben, cleo, dora"] and term.unchanged == 1
    term.expect(out, ada=6, ben=1, cleo=2.5, dora=6)
    assert term.flags() == {"cleo": ("late",), "eve": ("unreadable",)}

    # Another due date: nothing is run, and everything follows. Ada and Ben are late now, too.
    term.rules(RULES.replace("2026-03-01T12", "2026-02-28T12"))
    notes = term.grade(kernels=False)
    moved = f"{A} is due 2026-02-28 12:00:00 UTC now; it was due 2026-03-01 12:00:00 UTC"
    assert notes[:2] == [moved, "ada: 6 → 5 points (1 less for lateness)"]
    term.expect(out, ada=5, ben=0, cleo=1.5, dora=6)
    assert [s for s, f in term.flags().items() if "late" in f] == ["ada", "ben", "cleo"]
    term.rules(RULES.replace("2026-03-01T12", "2026-03-03T12"))
    assert term.grade(kernels=False) and term.unchanged == 2
    term.expect(out, ada=6, ben=1, cleo=4.5, dora=6)

    # An extension is taken back; another policy; an export before `grade` says the same.
    term.rules(RULES.replace("dora", "nobody-yet"))
    term.expect(out, ada=6, ben=1, cleo=2.5, dora=4)
    notes = term.grade(kernels=False)
    assert [n for n in notes if "course.toml:7: no student 'nobody-yet' is known yet" in n]
    term.rules(RULES.replace("per_day = 1", 'per_day = "40 %"'))
    term.grade(kernels=False)
    term.expect(out, ada=6, ben=1, cleo=1.5, dora=6)  # Together at most 50 % of 6.


@pytest.mark.slow
def test_points_and_files_change_and_a_second_assignment_follows(term, tmp_path):
    """Whoever was not graded again after a change of points was exported without a flag."""
    out = tmp_path / "out"
    out.mkdir()
    term.mark(ada=2, ben=1, cleo=0.5, dora=2)

    # Eve hands in again, and Ben, too: his old score is stale until he is graded.
    term.hand_in("eve", A, 1)
    term.hand_in("ben", A, 1)
    term.expect(out, feedback=False, ada=6, ben=1, cleo=2.5, dora=6)
    assert term.flags()["ben"] == ("stale",)
    term.grade()
    term.mark(eve=1)
    # His points for the exercise are other ones: the mark for the answer stays as it is.
    term.grade(kernels=False)
    term.expect(out, ada=6, ben=5, cleo=2.5, dora=6, eve=5)
    assert term.flags() == {"cleo": ("late",)}

    # Other points of a check: everybody is stale until graded anew, whoever else has been.
    term.write(A, "line", 8)
    everybody = dict.fromkeys(STUDENTS, ("stale",)) | {"cleo": ("late", "stale")}
    assert term.flags() == everybody
    term.grade(students=["ada"])
    del everybody["ada"]
    assert term.flags() == everybody
    term.expect(out, feedback=False, ada=10, ben=5, cleo=2.5, dora=6, eve=5)
    term.grade()
    term.expect(out, ada=10, ben=9, cleo=6.5, dora=10, eve=9)
    assert term.flags() == {"cleo": ("late",)}

    # Other points of the written answer: nothing is run, but the marks need another look.
    term.write(A, "line", 8, written=4)
    assert set(term.flags()) == set(STUDENTS)
    term.grade(kernels=False)
    assert all(WAITING in flags for flags in term.flags().values())
    term.mark(ada=4, ben=2, cleo=1, dora=4, eve=2)
    term.grade(kernels=False)
    term.expect(out, ada=12, ben=10, cleo=7, dora=12, eve=10)

    # The second assignment: Ben and Eve hand in nothing. A total waits until all is finished.
    for student in ("ada", "cleo", "dora"):
        term.hand_in(student, B, 8)
    table = {row.student: row for row in totals.gather(term.course, NOW).rows}
    assert [row.total for row in table.values()] == [
        None, pytest.approx(100 * 3 * 10 / 12 / 4), None, None, pytest.approx(100 * 3 * 10 / 12 / 4)
    ]  # fmt: skip
    assert table["ben"].parts[B].note == "not submitted"
    assert table["ada"].parts[B].note == "ungraded" and table["ada"].so_far == 100
    term.grade(B)
    term.expect(out, B, ada=10, cleo=10, dora=10)
    before_the_date = totals.gather(term.course, datetime(2026, 3, 8, tzinfo=UTC))
    assert before_the_date.rows[1].parts[B].note == "not submitted, not due yet"
    assert before_the_date.rows[1].total is None
    found = totals.gather(term.course, NOW)
    assert [row.total for row in found.rows] == [
        100, pytest.approx(62.5), pytest.approx((3 * 7 / 12 + 1) / 4 * 100), 100, pytest.approx(62.5)
    ]  # fmt: skip

    # The file no longer says when anything is due: nothing is late.
    term.rules("")
    term.grade(kernels=False)
    term.expect(out, ada=12, ben=10, cleo=9, dora=12, eve=10)
    assert term.flags() == {}
