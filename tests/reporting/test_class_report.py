"""The class report: its figures against hand-worked ones, its page against hostile words."""

import ast
import base64
import hashlib
import html.parser
import json
import re
from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
import pytest
from conftest import ROOT, hidden_of
from nbgrader.api import Gradebook
from rapidfuzz.distance import Indel
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.classroom import answered, cell_of, hand_in, released, solved
from autograder.checking import Alternative
from autograder.errors import UserError
from autograder.gradebook import ledger
from autograder.gradebook.released import empty_gradebook
from autograder.gradebook.writer import STALE
from autograder.grading import batch
from autograder.outcome import CheckResult, Outcome, Status
from autograder.report import data, measures, page, similarity

A = "99_tiny"
NOW = datetime(2025, 3, 4, 8, 30, tzinfo=UTC)
CHECKS = [("double", "one_number", 1.0), ("double", "an_array", 2.0), ("mean", "the_mean", 2.0)]
HOSTILE = (
    """</script><script>alert(1)</script><img src=x onerror="alert(1)">' " & {{ 7 * 7 }} ]]>"""
)
DIAGNOSIS = "This is what happens when <each> entry is squared."
# Student, status, which checks passed, points of the written answer, seconds.
CLASS = [
    ("ada", "graded", (1, 1, 1), 3.0, 1.0),
    ("ben", "graded", (1, 1, 0), None, 2.0),
    ("cem", "graded", (1, 0, 0), 1.0, 3.0),
    ("dan", "timed out", (0, 0, 0), 0.0, 40.0),
    ("eve", "graded", (1, 1, 1), 2.0, 4.0),
    ("broken", "unreadable", None, None, 0.5),
    ("absent", None, None, None, None),
]


def outcome(student, status, passed, seconds, message=""):
    """An outcome as the ledger keeps it."""
    checks = [
        CheckResult(
            exercise, name, name, points * good, points, "" if good else "differs",
            diagnosis=DIAGNOSIS if exercise == "double" and not good else "",
        )
        for (exercise, name, points), good in zip(CHECKS, passed or ())
    ]  # fmt: skip
    score = None if passed is None else sum(c.points for c in checks)
    return Outcome(
        student, A, Status(status), 5.0, score, seconds, "namespaces", message, checks=checks
    )


def enter(course, people, names=None, messages=None, late=(), stale=()):
    """Put a class into the gradebook, the ledger and `autograded/`."""
    names, messages = names or {}, messages or {}
    # nbgrader takes seconds to make a new one, and the build of this course has made one.
    (course.root / "gradebook.db").write_bytes(empty_gradebook())
    with Gradebook(course.db_url, "mlp") as book:
        book.add_assignment(A, duedate=datetime(2025, 3, 1, 12))
        book.add_notebook(A, A)
        cells = [("check_double", 3), ("check_mean", 2), ("answer_why", 3)]
        for name, points in cells:
            kind = "markdown" if name == "answer_why" else "code"
            book.add_grade_cell(name, A, A, max_score=points, cell_type=kind)
        for name in ("double", "mean", "answer_why"):
            book.add_solution_cell(name, A, A)
        for student, status, passed, written, seconds in people:
            book.add_student(student, last_name=names.get(student))
            if status is None:
                continue
            result = outcome(student, status, passed, seconds, messages.get(student, ""))
            ledger.append(course, A, ledger.Attempt(NOW, student, {}, result))
            if passed is None:
                (course.folder("submitted") / student / A).mkdir(parents=True)
                if student not in stale:
                    continue
            day = 2 if student in late else 1
            submission = book.add_submission(A, student, timestamp=datetime(2025, 3, day, 11))
            for grade in submission.notebooks[0].grades:
                exercise = grade.name.partition("_")[2]
                if exercise == "why":
                    grade.manual_score, grade.needs_manual_grade = written, written is None
                else:
                    grade.auto_score = sum(
                        c.points for c in result.checks if c.exercise == exercise
                    )
                    grade.needs_manual_grade = False
            if student in stale:
                for grade in submission.notebooks[0].grades:
                    grade.needs_manual_grade = True
                submission.notebooks[0].comments[0].auto_comment = STALE + "it is empty"
        book.db.commit()


@pytest.fixture
def figures(course):
    enter(course, CLASS, messages={"dan": "mean: no end", "broken": "it is empty"}, late=["cem"])
    return data.gather(course, A, NOW)


def test_the_histogram_counts_each_score_once():
    bins = measures.histogram([0.0, 0.99, 1.0, 5.0, 9.5, 10.0, 12.0, -1.0], 10.0)
    assert [b.count for b in bins] == [3, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert [(b.low, b.high) for b in bins] == [(float(i), float(i + 1)) for i in range(10)]
    assert measures.histogram([0.0], 0.0) == []


def test_discrimination_is_the_point_biserial_correlation_with_the_other_checks():
    own = np.array([1.0, 1, 1, 0, 0, 0])
    rest = np.array([5.0, 4, 4, 3, 1, 1])
    # (M1 - M0) / s * sqrt(p q), worked by hand: means 13/3 and 5/3, variance of the rest 68/6 - 9.
    expected = (13 / 3 - 5 / 3) / np.sqrt(68 / 6 - 9) * np.sqrt(1 / 4)
    assert measures.discrimination(own, own + rest) == pytest.approx(expected)
    # Scaling a check's points changes nothing.
    assert measures.discrimination(3 * own, 3 * own + rest) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("own", "totals"),
    [
        ([1, 0, 1, 0], [3, 1, 4, 0]),  # too few students
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5]),  # everybody passed
        ([1, 0, 1, 0, 1], [3, 2, 3, 2, 3]),  # the others have no variance
        ([], []),
    ],
)
def test_there_is_no_discrimination_without_students_or_variance(own, totals):
    assert measures.discrimination(np.array(own, float), np.array(totals, float)) is None


def test_items_leave_out_students_whose_result_lacks_the_check():
    points = np.array([[1, 2], [0.5, 0], [np.nan, 2], [1, 2], [0, 0], [1, 2]], float)
    first, second = measures.items(points, np.array([1.0, 2.0]))
    assert (first.students, first.pass_rate, first.difficulty) == (5, 3 / 5, 3.5 / 5)
    assert (second.students, second.pass_rate, second.difficulty) == (6, 4 / 6, 4 / 6)
    known = ~np.isnan(points[:, 0])
    assert first.discrimination == pytest.approx(np.corrcoef(points[known].T)[0, 1])


def test_percentiles_are_interpolated():
    assert measures.percentile([4.0, 1.0, 2.0, 3.0], 50) == 2.5
    assert measures.percentile([0.0, 10.0], 95) == 9.5
    assert measures.percentile([], 50) is None


def test_the_figures_of_a_class(figures):
    # Scores with the written answer: 8, 3, 2, 0 and 7.
    s = figures.summary
    assert (s.students, s.submitted, s.scored, s.max_score) == (7, 6, 5, 8.0)
    assert (s.mean, s.median, s.lowest, s.highest) == (4.0, 3.0, 0.0, 8.0)
    assert s.statuses == {"graded": 4, "timed out": 1, "unreadable": 1, "not submitted": 1}
    assert (s.late, s.stale, s.incomplete) == (1, 0, 1)
    assert [b.count for b in figures.distribution] == [1, 0, 1, 1, 0, 0, 0, 0, 1, 1]
    rates = {c.check: (c.students, c.pass_rate, c.difficulty) for c in figures.checks}
    assert rates == {
        "one_number": (5, 0.8, 0.8), "an_array": (5, 0.6, 0.6), "the_mean": (5, 0.4, 0.4)
    }  # fmt: skip
    # The array: 1 1 0 0 1 against the points of the others: 3 1 1 0 3.
    array = figures.checks[1]
    assert array.discrimination == pytest.approx(
        np.corrcoef([1, 1, 0, 0, 1], [3, 1, 1, 0, 3])[0, 1]
    )
    assert array.title == "Every entry of an array is doubled."
    # Two checks of dan's exercise have the diagnosis: he counts once.
    assert [(m.exercise, m.students) for m in figures.mistakes] == [("double", 2)]
    assert [(a.student, a.message) for a in figures.attention] == [
        ("broken", "it is empty"), ("dan", "mean: no end")
    ]  # fmt: skip
    assert [(w.exercise, w.waiting, w.marked, w.mean) for w in figures.written] == [
        ("why", 1, 4, 1.5)
    ]
    times = figures.run_times
    assert (times.submissions, times.median) == (6, 2.5)
    assert times.p95 == pytest.approx(np.percentile([1, 2, 3, 40, 4, 0.5], 95))
    assert [slow.student for slow in times.slowest] == ["dan", "eve", "cem", "ben", "ada"]
    assert figures.isolation == {"namespaces": 6}


def test_a_stale_score_needs_somebody_and_its_checks_do_not_count(course):
    enter(course, [*CLASS[:2], ("old", "unreadable", None, 1.0, 1.0)], stale=["old"])
    found = data.gather(course, A, NOW)
    assert found.summary.stale == 1
    assert [a.student for a in found.attention] == ["old"]
    assert {c.students for c in found.checks} == {2}
    # What is stale is not waiting for a mark but for a new submission.
    assert [(w.exercise, w.waiting) for w in found.written] == [("why", 1)]


def test_only_the_last_attempt_of_a_student_counts(course):
    enter(course, CLASS[:2])
    again = outcome("ada", "graded", (1, 1, 1), 7.0)
    ledger.append(course, A, ledger.Attempt(NOW, "ada", {}, again))
    found = data.gather(course, A, NOW)
    assert (found.run_times.submissions, found.run_times.slowest[0].seconds) == (2, 7.0)


def test_json_has_the_documented_shape(figures):
    found = json.loads(figures.json)
    assert list(found) == [f.name for f in fields(data.Report)]
    for key, kind in [
        ("checks", data.CheckFigures), ("mistakes", data.KnownMistake), ("students", data.Row),
        ("attention", data.Attention), ("written", data.Written), ("distribution", measures.Bin),
    ]:  # fmt: skip
        assert {tuple(sorted(entry)) for entry in found[key]} == {
            tuple(sorted(f.name for f in fields(kind)))
        }
    rows = {row["student"]: row for row in found["students"]}
    assert rows["absent"]["score"] is None
    assert rows["ada"]["exercises"] == {"double": 3.0, "mean": 2.0, "why": 3.0}
    assert rows["ben"]["exercises"]["why"] is None
    assert found["generated"] == "2025-03-04T08:30:00+00:00"


def test_a_class_without_any_score_has_a_page(course):
    enter(course, CLASS[-2:])
    found = data.gather(course, A, NOW)
    assert (found.summary.mean, found.summary.median, found.run_times.submissions) == (
        None,
        None,
        1,
    )
    assert "Nobody has a score yet." in page.render(found)
    assert "NaN" not in found.json


def test_an_empty_class_and_one_never_graded_get_one_message(course):
    with pytest.raises(UserError, match="grade first"):
        data.gather(course, A, NOW)
    enter(course, [])
    with pytest.raises(UserError, match="expected students or submissions of 99_tiny, found none"):
        data.gather(course, A, NOW)


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.inside, self.texts = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, text):
        self.texts.setdefault(self.inside[-1] if self.inside else "", []).append(text)

    def text(self, tag):
        return "".join(self.texts[tag])


def test_hostile_names_and_messages_are_only_text(course):
    people = [("ada", "graded", (1, 1, 1), 3.0, 1.0), (HOSTILE[:40], "crashed", (0,) * 3, 0.0, 1.0)]
    half_a_pair = HOSTILE + "\ud800\u202e"
    enter(course, people, {"ada": HOSTILE}, {HOSTILE[:40]: half_a_pair})
    text = page.render(data.gather(course, A, NOW))
    text.encode("utf-8")
    found = Page(text)
    tags = [tag for tag, _ in found.elements]
    assert tags.count("script") == 1 and "img" not in tags
    assert not [name for _, attributes in found.elements for name in attributes if name[:2] == "on"]
    assert HOSTILE in found.text("bdi") and "49" not in found.text("bdi")
    assert "alert" not in found.text("script")


def test_the_page_asks_for_nothing_and_runs_only_its_own_script(figures):
    text = page.render(figures)
    found = Page(text)
    assert not re.search(r"https?:|url\(|@import", text)
    for tag, attributes in found.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        assert "src" not in attributes and "style" not in attributes
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for _, a in found.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(found.text(tag).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_every_link_and_label_of_the_page_has_its_target(figures):
    elements = Page(page.render(figures)).elements
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        for key in ("href", "aria-labelledby", "aria-describedby", "for"):
            assert key not in attributes or attributes[key].lstrip("#") in ids


def contrast(first, second):
    """The contrast ratio of two colours, WCAG 2."""
    light = []
    for colour in (first, second):
        colour = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        light.append(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return max(light) / min(light)


def test_colours_can_be_read_in_light_and_dark(figures):
    style = Page(page.render(figures)).text("style")
    schemes = [
        dict(re.findall(r"--(\w+): (#\w+)", block))
        for block in re.findall(r":root[^{]*\{([^}]*--page[^}]*)\}", style)
    ]
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes:
        for ink in ("text", "soft", "accent", "good", "warn", "bad"):
            for paper in ("page", "panel", "mark"):
                assert contrast(scheme[ink], scheme[paper]) >= 4.5, (ink, paper)


def test_the_command_writes_page_and_figures(course, tmp_path):
    enter(course, CLASS)
    html, figures = tmp_path / "out" / "page.html", tmp_path / "figures.json"
    place = ["--course", str(course.root), "--output", str(html), "--json", str(figures)]
    done = CliRunner().invoke(cli.app, ["report", "99", *place])
    assert done.exception is None
    assert done.stdout.splitlines() == [f"wrote       {html}", f"wrote       {figures}"]
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(figures.read_text("utf-8"))["summary"]["students"] == 7
    done = CliRunner().invoke(cli.app, ["report", "77_nothing", *place])
    assert isinstance(done.exception, UserError)
    done = CliRunner().invoke(cli.app, ["report", "99", *place[:2], "--output", str(tmp_path)])
    assert isinstance(done.exception, UserError) and "got the folder" in str(done.exception)


@pytest.mark.slow
def test_what_was_really_graded_is_reported(course):
    for student in ("ada", "eve"):
        hand_in(course, student, A, solved(course, A))
    hand_in(course, "broken", A, b"{")
    batch.grade(course, A, ["ada", "broken", "eve"])
    found = data.gather(course, A, NOW)
    assert found.summary.statuses == {"graded": 2, "unreadable": 1}
    assert [a.student for a in found.attention] == ["broken"]
    assert {(c.students, c.pass_rate) for c in found.checks} == {(2, 1.0)}
    # Their answers are equal, and too short to mean anything.
    assert (found.similar.compared, found.similar.groups) == (2, [])
    assert [w.waiting for w in found.written] == [2]


OPTIMIZERS = "03_optimizers"
ASSIGNMENTS = sorted(path.stem for path in ROOT.glob("notebooks/*.py"))
EXERCISES = ("sgd_momentum", "adam", "train_curve")


@pytest.fixture(scope="session")
def independent(real_course):
    """Right answers to three exercises that were written independently: the bank's, by exercise."""
    reference = solved(real_course, OPTIMIZERS)
    return {
        exercise: [cell_of(reference, exercise).source]
        + [
            a.source
            for a in hidden_of(OPTIMIZERS).answers
            if isinstance(a, Alternative) and a.exercise == exercise
        ]
        for exercise in EXERCISES
    }


@pytest.fixture
def handed_in(real_course, tmp_path):
    """Writes a notebook with these answers; returns its path."""
    release = released(real_course, OPTIMIZERS)

    def write(student, answers):
        path = tmp_path / f"{student}.ipynb"
        path.write_text(json.dumps(answered(release, answers)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def given(real_course):
    return real_course.folder("release") / OPTIMIZERS / f"{OPTIMIZERS}.ipynb"


class Renamed(ast.NodeTransformer):
    """Gives every variable and every attribute that the code sets another name."""

    def __init__(self, tree):
        nodes = [n for n in ast.walk(tree) if isinstance(getattr(n, "ctx", None), ast.Store)]
        self.names = {n.id for n in nodes if isinstance(n, ast.Name)}
        self.attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute)}

    def visit_Name(self, node):
        node.id = f"my_{node.id}" if node.id in self.names else node.id
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        node.attr = f"my_{node.attr}" if node.attr in self.attributes else node.attr
        return node


def renamed(source):
    """The same code with other names, comments and layout."""
    tree = ast.parse(source)
    return "# my own work\n" + ast.unparse(Renamed(tree).visit(tree))


def test_renamed_copies_are_listed_and_independent_answers_are_not(independent, handed_in, given):
    most = min(map(len, independent.values()))
    paths = {
        f"student{i}": handed_in(f"student{i}", {e: independent[e][i] for e in EXERCISES})
        for i in range(most)
    }
    groups, compared = similarity.similar_groups(given, paths)
    assert (groups, compared) == ([], most)
    copies = {e: renamed(independent[e][1]) for e in ("sgd_momentum", "adam")}
    assert all(copies[e] != independent[e][1] for e in copies)
    paths["copy"] = handed_in("copy", copies)
    [group], _ = similarity.similar_groups(given, paths)
    assert group.students == ("copy", "student1")
    assert [a.exercise for a in group.exercises] == ["sgd_momentum", "adam"]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_two_right_answers_of_the_bank_are_close(real_course, assignment):
    given = similarity.solution_cells(
        real_course.folder("release") / assignment / f"{assignment}.ipynb"
    )
    reference = similarity.solution_cells(real_course.source_notebook(assignment))
    encode, compared = similarity.Encoder(), 0
    for exercise, stub in given.items():
        others = [a for a in hidden_of(assignment).answers if a.exercise == exercise]
        right = [a.source for a in others if isinstance(a, Alternative)] + [reference[exercise]]
        answers = [encode(similarity.own_tokens(source, stub)) for source in right]
        answers = [answer for answer in answers if len(answer) >= similarity.SHORTEST]
        if len(answers) > 1:
            assert similarity._compare(answers)[1] == [], exercise
            compared += 1
    assert compared >= 3


def test_the_untouched_stub_and_equal_answers_of_a_whole_class_are_not_listed(
    independent, handed_in, given
):
    paths = {f"stub{i}": handed_in(f"stub{i}", {}) for i in range(3)}
    assert similarity.similar_groups(given, paths)[0] == []
    answers = {e: independent[e][0] for e in EXERCISES}
    paths = {f"s{i}": handed_in(f"s{i}", answers) for i in range(similarity.CLASS_SIZE)}
    assert similarity.similar_groups(given, paths)[0] == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff", b"[" * 100_000, b"3", b'{"cells": {}}', b'{"cells": 3}',
    ],
)  # fmt: skip
def test_an_unreadable_notebook_is_left_out(tmp_path, given, content):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    missing, link = tmp_path / "missing.ipynb", tmp_path / "link.ipynb"
    link.symlink_to(given)
    found = similarity.similar_groups(given, {"a": path, "b": missing, "c": link, "d": given})
    assert found == ([], 1)


@pytest.mark.parametrize(
    "source",
    [
        "x = (", "'''", "\x00", "\ud800 = 1", "%matplotlib inline", "-" * 20_000 + "1",
        "(" * 20_000, "  x\n y\n", "'\\d'", "λ = " + "9" * 6000,
    ],
)  # fmt: skip
def test_what_is_no_code_still_has_tokens(source, recwarn):
    assert isinstance(similarity.own_tokens(source, ""), tuple)
    assert not recwarn


def test_tokens_are_without_comments_docstrings_layout_and_own_names():
    stub = 'def area(width, height):\n    """Given."""\n    raise NotImplementedError()\n'
    first = (
        'def area(width, height):\n    """Given."""\n    total = width * height\n    return total\n'
    )
    second = "def area(width, height):\n    # mine\n    result = (width\n        * height)\n    return result\n"
    own = similarity.own_tokens(first, stub)
    assert own == ("·", "=", "·", "*", "·", "return", "·")
    assert similarity.own_tokens(second, stub) == own


def test_chunks_find_what_comparing_every_pair_finds(monkeypatch):
    rng = np.random.default_rng(0)
    base = rng.integers(0, 40, size=80)
    answers = []
    for _ in range(23):
        changed = base.copy()
        places = rng.integers(0, 80, size=rng.integers(0, 12))
        changed[places] = rng.integers(0, 40, size=len(places))
        answers.append("".join(map(chr, changed + 0x10000)))
    monkeypatch.setattr(similarity, "ROWS", 5)
    nearest, pairs = similarity._compare(answers)
    every = np.array([[Indel.normalized_similarity(a, b) for b in answers] for a in answers])
    np.fill_diagonal(every, -1)
    assert nearest == pytest.approx(every.max(axis=1), abs=1e-6)
    close = {(i, j) for i, j in np.argwhere(every >= similarity.FLOOR) if i < j}
    assert {(i, j) for _, i, j in pairs} == close and len(close) > 3
