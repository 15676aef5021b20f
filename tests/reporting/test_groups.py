"""Answers that fail alike, similar answers side by side, links to feedback, several assignments."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import drift, ledger
from autograder.gradebook.released import take_snapshot
from autograder.gradebook.writer import opened
from autograder.outcome import CheckResult, Outcome, Status
from autograder.report import data, overview, page, similarity, write
from autograder.report.data import Similar
from autograder.report.similarity import Alike, Group
from autograder.report.unknown import failing_alike

A = "99_tiny"
NOW = datetime(2025, 3, 4, 8, 30, tzinfo=UTC)
STUB = "def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"


def notebook(path: Path, source: str, name="double") -> Path:
    cell = {"cell_type": "code", "source": source,
            "metadata": {"nbgrader": {"grade_id": name, "solution": True}}}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


def outcome(student, *messages, diagnosis="", status="graded"):
    """`messages`: of both checks of the exercise, "" for the one that passed."""
    checks = [
        CheckResult("double", name, name, 0.0 if said else 1.0, 1.0, said, diagnosis=diagnosis)
        for name, said in zip(("one_number", "an_array"), messages)
    ]
    return Outcome(student, A, Status(status), 2.0, 1.0, checks=checks)


def test_answers_that_fail_alike_are_one_group_with_the_shortest_as_its_example(tmp_path):
    answers = {"ada": "x = 1  # long", "ben": "x = 1", "cem": "x = 2", "dan": "x = 3",
               "eve": STUB, "fay": "x = 4", "gus": "x = 5", "hal": "x = 6", "ida": "x = 10"}  # fmt: skip
    paths = {s: notebook(tmp_path / f"{s}.ipynb", source) for s, source in answers.items()}
    wrong = "3 of 6 values differ by more than 10 %"
    outcomes = {
        "ada": outcome("ada", "", wrong),
        "ben": outcome("ben", "", wrong.replace("3", "4")),
        "cem": outcome("cem", "", "expected shape (2,)"),
        "dan": outcome("dan", "", wrong, diagnosis="This is the square."),
        "eve": outcome("eve", "not solved", "not solved"),
        "fay": outcome("fay", "", ""),
        "gus": outcome("gus", "", wrong, status="crashed"),
        "hal": outcome("hal", "depends on the mean", "it depends on another exercise"),
        "ida": outcome("ida", "depends on the entries", wrong.replace("3 of 6", "1 of 2")),
        "without a notebook": outcome("without a notebook", "", wrong),
    }
    released = notebook(tmp_path / "released.ipynb", STUB)
    first, second, third = failing_alike(released, paths, outcomes)
    assert (first.students, first.example, first.source) == (("ada", "ben"), "ben", "x = 1")
    assert (first.exercise, first.checks, first.message) == ("double", ("an_array",), wrong)
    assert (second.students, third.students) == (("cem",), ("ida",))
    # What is wrong by itself leads, not what follows from it.
    assert third.message.startswith("1 of 2 values differ")


LONG = (
    "def double(x):\n"
    + "".join(f"    a{i} = x * {i} + {i}\n" for i in range(12))
    + "    return a1\n"
)
OTHER = "def double(x):\n" + "".join(f"    while x < {i}:\n        x -= {i}\n" for i in range(12))
THIRD = "def double(x):\n" + "".join(f"    print([x, '{i}'][{i}:])\n" for i in range(15))


def groups_of(tmp_path, *sources):
    released = notebook(tmp_path / "released.ipynb", STUB)
    paths = {f"s{i}": notebook(tmp_path / f"s{i}.ipynb", s) for i, s in enumerate(sources)}
    return similarity.similar_groups(released, paths)[0]


def test_what_a_whole_small_class_has_written_alike_is_not_remarkable(tmp_path):
    assert groups_of(tmp_path, LONG, LONG, LONG) == []
    # Two pairs of copies: for each pair, what is typical among the others is equality.
    assert groups_of(tmp_path, LONG, LONG, OTHER, OTHER) == []
    (group,) = groups_of(tmp_path, LONG, LONG, OTHER, THIRD)
    (alike,) = group.exercises
    assert group.students == ("s0", "s1") and alike.highest == 1.0 and alike.typical < 0.9
    assert alike.sources == {"s0": LONG, "s1": LONG}
    # Of two answers nobody can say what is typical.
    (pair,) = groups_of(tmp_path, LONG, LONG)
    assert pair.exercises[0].typical is None


@pytest.fixture
def graded(course) -> Course:
    """Two students with equal answers; one answer is blank, one was marked with 0 by hand."""
    course.private.mkdir(exist_ok=True)
    with opened(course) as book:
        drift.register(course, book, take_snapshot(course, A))
        for student in ("ada", "ben"):
            book.add_student(student, first_name=student.title(), last_name="<i>X")
            for grade in book.add_submission(A, student).notebooks[0].grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False
                if grade.name == "answer_why" and student == "ben":
                    grade.manual_score = 0.0
        book.db.commit()
    for student in ("ada", "ben"):
        found = outcome(student, "wrong", "wrong")
        found.score = 0.0
        hashes = ledger.hashes(course, A)
        ledger.append(course, A, ledger.Attempt(ledger.now(), student, hashes, found))
        notebook(course.folder("autograded") / student / A / f"{A}.ipynb", f"{LONG}    # <b>&\n")
    feedback = course.folder("feedback") / "ben" / A / f"{A}.html"
    feedback.parent.mkdir(parents=True)
    feedback.write_text("feedback")
    return course


def test_a_blank_answer_is_not_marked(graded):
    (written,) = data.gather(graded, A, NOW).written
    assert (written.waiting, written.marked, written.blank, written.mean) == (0, 1, 1, 0.0)


def test_rows_link_to_feedback_from_wherever_the_page_lies(graded, tmp_path):
    report = data.gather(graded, A, NOW)
    for place in (graded.root / "r.html", tmp_path / "a b" / "deep" / "r.html"):
        links = write.feedback_links(graded, report, place)
        assert links.keys() == {"ben"}
        target = (place.parent / links["ben"].replace("%20", " ")).resolve()
        assert target == (graded.folder("feedback") / "ben" / A / f"{A}.html").resolve()
    html = page.render(report, {"ben": "feedback/ben/99%20tiny.html"})
    assert html.count('href="feedback/ben/99%20tiny.html"') == 1
    assert 'aria-label="Feedback of Ben &lt;i&gt;X"' in html


def test_similar_and_failing_answers_stand_side_by_side_and_are_only_text(graded):
    report = data.gather(graded, A, NOW)
    assert [g.students for g in report.unknown] == [("ada", "ben")]
    assert [g.students for g in report.similar.groups] == [("ada", "ben")]
    html = page.render(report)
    assert html.count('<figure class="answer">') == 3
    assert "# &lt;b&gt;&amp;" in html and "# <b>" not in html
    assert f"autograder draft-mistake {A} double --student ada" in html
    assert json.loads(report.json)["unknown"][0]["students"] == ["ada", "ben"]


def with_copy(course: Course, name: str) -> None:
    """Another assignment with the same results."""
    for kind in ("source", "release"):
        shutil.copytree(course.folder(kind) / A, course.folder(kind) / name)
        (course.folder(kind) / name / f"{A}.ipynb").rename(
            course.folder(kind) / name / f"{name}.ipynb"
        )
    shutil.copy(course.notebooks / f"{A}.py", course.notebooks / f"{name}.py")
    shutil.copytree(course.hidden / A, course.hidden / name)


def test_several_assignments_get_a_page_each_and_one_about_all(graded, tmp_path, monkeypatch):
    with_copy(graded, "98_ungraded")
    monkeypatch.chdir(tmp_path)
    json_path = tmp_path / "f.json"
    paths = write.write(graded, [], None, json_path)
    assert [p.name for p in paths] == [f"{A}_report.html", "course_report.html", "f.json"]
    assert f'href="{A}_report.html"' in Path("course_report.html").read_text()
    assert json.loads(json_path.read_text()).keys() == {A}
    # One that is named is written as before.
    (path,) = write.write(graded, ["99"], tmp_path / "one.html")
    assert path.name == "one.html" and "Class report: 99_tiny" in path.read_text()
    with pytest.raises(UserError):
        write.write(graded, ["99", "98"])
    assert not (tmp_path / "98_ungraded_report.html").exists()


def test_students_with_close_answers_in_several_assignments_are_named_together(graded):
    report = data.gather(graded, A, NOW)

    def similar(assignment, *groups):
        found = [Group(tuple(g), (Alike("e", 1.0, 1.0, 0.5),)) for g in groups]
        fields = {**vars(report), "assignment": assignment, "similar": Similar(9, found)}
        return data.Report(**fields)

    big = "abcdefghij"
    reports = [similar("01", "ab", big), similar("02", "abc", big), similar("03", "cd")]
    (pair,) = overview.pairs(reports)
    assert pair == overview.Pair(("a", "b"), {"01": ["e"], "02": ["e"]})
    names = [similar("01", ("ada", "ben")), similar("02", ("ada", "ben"))]
    html = overview.render(names, {"01": "01_report.html", "02": "02_report.html"})
    assert 'href="02_report.html#similar"' in html and "Ada &lt;i&gt;X" in html
