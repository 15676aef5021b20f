"""Exports against the published form of each platform; an ungraded submission is never a 0."""

import csv
import functools
import io
import json
import re
import stat
import subprocess
import tomllib
import zipfile
from datetime import datetime
from importlib.metadata import version

import pytest
from conftest import ROOT
from nbgrader.api import Gradebook

from autograder import exports
from autograder.errors import UserError
from autograder.exports import (
    canvas,
    gradescope,
    gradescope_run,
    moodle,
    prairielearn,
    stock,
    text,
)
from autograder.exports.worksheet import Worksheet
from autograder.gradebook.records import class_records
from autograder.gradebook.writer import STALE
from autograder.outcome import CheckResult, Outcome, Status

A = "99_tiny"
export = functools.partial(exports.export, allow_unfinished=True)
CELLS = [("check_double", "code", 3), ("check_mean", "code", 2), ("answer_why", "markdown", 3)]
# id, first and last name, automatic points of both exercises, points of the written answer
CLASS = [
    ("ada", "Ada", "Lovelace, Countess", (3.0, 2.0), 2.5),
    ("joerg-mueller", "Jörg", 'Müller "Jo"', (3.0, 0.0), None),
    ("evil", '=HYPERLINK("http://x","y")', "@SUM(A1)", (0.0, 0.0), 0.0),
    ("late", "Zoë", "Späth", (1.5, 2.0), 3.0),
    ("old", "Olga", "Alt", (3.0, 1.0), 1.0),
    ("half", "Hal", "B", (3.0, None), None),
    ("absent", "Abe", "Sent", None, None),
]
MISSING = {"absent", "half", "unreadable"}


@pytest.fixture(scope="session")
def class_gradebook(tmp_path_factory) -> bytes:
    """A class with one ungraded, one late, one stale and one half graded submission."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", "mlp") as book:
        book.add_assignment(A, duedate=datetime(2025, 3, 1, 12))
        book.add_notebook(A, A)
        for name, kind, points in CELLS:
            book.add_grade_cell(name, A, A, max_score=points, cell_type=kind)
        for name in ("double", "mean", "answer_why"):
            book.add_solution_cell(name, A, A)
        for student, first, last, points, written in CLASS:
            book.add_student(student, first_name=first, last_name=last, email=f"{student}@uni.de")
            if points is None:
                continue
            day = 2 if student == "late" else 1
            submission = book.add_submission(A, student, timestamp=datetime(2025, 3, day, 11))
            automatic = dict(zip(("check_double", "check_mean"), points))
            for grade in submission.notebooks[0].grades:
                grade.auto_score = automatic.get(grade.name)
                grade.needs_manual_grade = grade.auto_score is None
                if grade.name == "answer_why":
                    grade.manual_score, grade.needs_manual_grade = written, written is None
                if student == "old":
                    grade.needs_manual_grade = True
            if student == "old":
                submission.notebooks[0].comments[0].auto_comment = STALE + "is empty"
            if student == "late":
                submission.notebooks[0].late_submission_penalty = 1.0
        book.db.commit()
    return path.read_bytes()


@pytest.fixture
def graded(course, class_gradebook):
    """The course with this gradebook, and a submission that was never graded."""
    (course.root / "gradebook.db").write_bytes(class_gradebook)
    (course.root / "course.toml").write_text("[late]\nper_day = 1\n")
    (course.folder("submitted") / "unreadable" / A).mkdir(parents=True)
    return course


@pytest.fixture
def results(tmp_path):
    """What `grade --results` would have written for some of them."""

    def of(student, status, points, message=""):
        score = None if points is None else float(sum(points))
        checks = [
            {"exercise": e, "check": f"{e} is right", "points": p, "max_points": m,
             "message": "" if p == m else "expected 4, got <3> & more"}
            for e, p, m in zip(("double", "mean"), points or (), (3.0, 2.0))
        ]  # fmt: skip
        return {
            "student": student, "assignment": A, "status": status, "score": score,
            "max_score": 5.0, "seconds": 1.25, "isolation": "sealed", "message": message,
            "notes": [], "stale_score": None, "checks": checks,
        }  # fmt: skip

    path = tmp_path / "results.json"
    found = [
        of("ada", "graded", (3.0, 2.0)),
        of("joerg-mueller", "timed out", (3.0, 0.0), "mean: the code did not finish in time"),
        of("unreadable", "unreadable", None, "it is empty"),
        of("late", "graded", (0.0, 0.0)),
    ]
    path.write_text(json.dumps(found))
    return path


def by_student(records):
    return {r.student: r for r in records}


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


def test_records_say_what_is_and_what_is_not_graded(graded):
    found = by_student(class_records(graded, A))
    assert sorted(found) == sorted([*(row[0] for row in CLASS), "unreadable"])
    assert {s: r.score for s, r in found.items()} == {
        "ada": 7.5, "joerg-mueller": 3.0, "evil": 0.0, "late": 5.5, "old": 5.0,
        "half": None, "absent": None, "unreadable": None,
    }  # fmt: skip
    assert {s: r.flags for s, r in found.items()} == {
        "ada": (), "evil": (), "joerg-mueller": ("needs manual grading",), "late": ("late",),
        "old": ("stale",), "half": ("ungraded",), "absent": ("not submitted",),
        "unreadable": ("ungraded",),
    }  # fmt: skip
    assert found["joerg-mueller"].unmarked == ["why"]
    assert [e.name for e in found["ada"].exercises] == ["double", "mean", "why"]
    assert (found["late"].penalty, found["late"].seconds_late) == (1.0, 23 * 3600)


def test_a_results_file_tells_statuses_and_messages(graded, results):
    found = by_student(class_records(graded, A, results))
    assert found["unreadable"].status == "unreadable"
    assert found["unreadable"].flags == ("unreadable",)
    assert found["unreadable"].score is None
    assert found["joerg-mueller"].status == "timed out"
    assert [c.check for c in found["ada"].checks] == ["double is right", "mean is right"]
    # The gradebook has other points: the file is of an earlier run, and is not believed.
    assert found["late"].flags == ("results of another run", "late")
    assert (found["late"].score, found["late"].checks) == (5.5, ())


def test_a_failed_regrade_in_the_results_makes_the_old_score_stale(graded, results):
    found = json.loads(results.read_text())
    found[0] |= {"status": "grader error", "score": None, "checks": []}
    results.write_text(json.dumps(found))
    ada = by_student(class_records(graded, A, results))["ada"]
    assert (ada.status, ada.score, ada.flags) == ("grader error", 7.5, ("stale",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected a file written by `autograder grade"),
        ("[1]", "expected a file written by `autograder grade"),
        ('[{"student": "a", "assignment": "other", "status": "graded"}]', "found none"),
        ('[{"student": "a", "assignment": "99_tiny", "status": "odd", "checks": []}]', "odd"),
    ],
)
def test_a_wrong_results_file_gets_one_message(graded, tmp_path, content, message):
    path = tmp_path / "wrong.json"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        class_records(graded, A, path)


def test_without_a_gradebook_one_message_says_to_grade(course, class_gradebook):
    with pytest.raises(UserError, match="does not exist: grade first"):
        export(course, A, "csv")
    (course.root / "gradebook.db").write_bytes(class_gradebook)
    with pytest.raises(UserError, match="autograder grade 98_other"):
        export(course, "98_other", "csv")
    with pytest.raises(UserError, match="expected --to canvas"):
        export(course, A, "blackboard")
    with pytest.raises(UserError, match="has no option scale"):
        export(course, A, "csv", scale=True)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "  ="])
def test_a_formula_becomes_text(start):
    written = text.table([[f"{start}1+1", "plain", "a=b"]])
    assert next(csv.reader(io.StringIO(written, newline=""))) == [f"'{start}1+1", "plain", "a=b"]


@pytest.mark.parametrize("name", ["X;=1+1", "X; +1", "X\t@1", "X\n-1", "X;＝1"])
def test_a_formula_after_another_separator_becomes_text(name):
    """A spreadsheet set to German begins a cell at each semicolon, whatever is in quotes."""
    written = text.table([[name, "x;y", "a - 1"]])
    assert written.startswith('"') and written.endswith(',"x;y",a - 1\r\n')
    assert not any(
        part.strip(' "').startswith(text.FORMULA_STARTS)
        for part in re.split("[;,\t\n]", written.replace("\r\n", ""))
    )
    assert text.inert(text.as_html(["x >= 1", "a;=1"])) == "x &gt;&#61; 1<br>a;&#61;1"


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (0.0, "0"), (7.5, "7.5"), (10.0, "10"), (1 / 3, "0.3333"), (1234567.0, "1234567")],
)
def test_numbers(value, written):
    assert text.number(value) == written


def test_plain_csv_has_status_and_a_column_per_exercise(graded, tmp_path):
    path = tmp_path / "grades.csv"
    written = export(graded, A, "csv", path)
    rows = {r["student_id"]: r for r in rows_of(path)}
    assert list(rows["ada"])[-3:] == ["double", "mean", "why"]
    assert (rows["ada"]["score"], rows["ada"]["why"]) == ("7.5", "2.5")
    assert rows["ada"]["last_name"] == "Lovelace, Countess"
    assert rows["joerg-mueller"]["last_name"] == 'Müller "Jo"'
    assert (rows["joerg-mueller"]["mean"], rows["joerg-mueller"]["why"]) == ("0", "")
    assert rows["evil"]["first_name"] == '\'=HYPERLINK("http://x","y")'
    assert rows["evil"]["last_name"] == "'@SUM(A1)"
    assert rows["late"]["late_penalty"] == "1"
    for student in MISSING:
        assert {rows[student][c] for c in ("score", "double", "mean", "why")} == {""}
        assert rows[student]["flags"]
    assert any(note.startswith("old: stale") for note in written.notes)


@pytest.mark.parametrize(
    "platform", [name for name in exports.PLATFORMS if name != "gradescope-zip"]
)
def test_scores_that_are_not_final_are_exported_only_if_that_is_allowed(
    graded, platform, tmp_path, worksheet
):
    """They left the house without a word in the file."""
    template = worksheet if platform == "moodle" else None
    with pytest.raises(UserError) as error:
        exports.export(graded, A, platform, tmp_path / "out", template=template)
    told = str(error.value).splitlines()
    assert told[0] == "expected final scores, but 4 of 8 are not:"
    assert f'{A}: Jörg Müller "Jo": waiting for a mark: why' in told
    assert any("Olga Alt: This score is of an earlier submission" in line for line in told)
    assert "--allow-unfinished" in told[-1]
    assert not (tmp_path / "out").exists()
    export(graded, A, platform, tmp_path / "out", template=template)
    place = tmp_path / "out"
    written = [place] if place.is_file() else [*place.glob("*/joerg-mueller/*")]
    (said,) = {p.read_text() for p in written}
    assert (
        "waiting for a mark" in said or "to be graded by a person" in said or "needs manual" in said
    )


def test_an_unreadable_file_taken_away_is_nothing_handed_in(graded, results):
    """It kept every export from being final."""
    (graded.folder("submitted") / "unreadable" / A).rename(graded.root / "asked-for-another")
    with Gradebook(graded.db_url, graded.course_id) as book:
        book.add_student("unreadable")
    found = by_student(class_records(graded, A, results))["unreadable"]
    assert (found.status, found.unfinished) == ("not submitted", "")


def test_a_worksheet_without_room_for_it_is_refused(graded, tmp_path):
    path = tmp_path / "sheet.csv"
    lines = WORKSHEET.splitlines()
    path.write_text("\n".join(line.rpartition(",")[0] for line in [lines[0], lines[2]]) + "\n")
    with pytest.raises(UserError, match="say that the scores of joerg-mueller, old are not final"):
        export(graded, A, "moodle", tmp_path / "out.csv", template=path)


def test_written_answers_alone_that_nobody_has_marked_are_not_a_zero(graded):
    with Gradebook(graded.db_url, graded.course_id) as book:
        for name in ("check_double", "check_mean"):
            book.find_grade(name, A, A, "joerg-mueller").auto_score = None
            cell = book.find_grade_cell(name, A, A)
            cell.cell_type = "markdown"
        book.db.commit()
    record = by_student(class_records(graded, A))["joerg-mueller"]
    assert (record.score, record.flags) == (None, ("ungraded",))


def test_canvas_has_the_columns_of_its_gradebook_and_no_others(graded, tmp_path):
    path = tmp_path / "canvas.csv"
    written = export(graded, A, "canvas", path, column=f"{A} (4711)")
    header, points, *rows = csv.reader(path.open(newline="", encoding="utf-8"))
    # A further column would become an assignment in Canvas.
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{A} (4711)"]
    assert "Points Possible" in points[0] and points[1:] == ["", "", "", "", "8"]
    scores = {row[3]: row[5] for row in rows}
    assert scores["ada"] == "7.5" and scores["evil"] == "0"
    assert {s for s, score in scores.items() if score == ""} == MISSING
    assert rows[1][0] == "Lovelace, Countess, Ada"
    flags = {r["student_id"]: r["flags"] for r in rows_of(tmp_path / "canvas.flags.csv")}
    assert flags.keys() == MISSING | {"joerg-mueller", "late", "old"}
    assert flags["old"] == "stale"
    assert written.files == [path, tmp_path / "canvas.flags.csv"]


CANVAS_EXPORT = """\
Student,ID,SIS User ID,SIS Login ID,Section,99_tiny (4711),Other (12),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,8.00,10.00,(read only)
"Lovelace, Ada",101,,ADA,Section 1,,9,90
"Müller, Jörg",102,m-7,joerg-mueller@uni.de,"Section 1, Section 2",,,
"Nobody, Ned",103,,ned,Section 1,,,
"Student, Test",104,,test,Section 1,,,
"""


def test_canvas_keeps_the_ids_of_its_own_export(graded, tmp_path):
    template, path = tmp_path / "export.csv", tmp_path / "canvas.csv"
    template.write_text(CANVAS_EXPORT, encoding="utf-8-sig", newline="")
    written = export(graded, A, "canvas", path, template=template)
    rows = list(csv.reader(path.open(newline="", encoding="utf-8")))
    assert rows[0] == [*canvas.STUDENT_COLUMNS, "99_tiny (4711)"]
    assert rows[2] == ["Lovelace, Ada", "101", "", "ADA", "Section 1", "7.5"]
    # Canvas does not read this column.
    section = f"Section 1, Section 2; {A}: waiting for a mark: why"
    assert rows[3][1:] == ["102", "m-7", "joerg-mueller@uni.de", section, "3"]
    assert len(rows) == 4
    assert "row 6 of the template, Nobody, Ned, matches nobody in the gradebook" in written.notes
    assert "late is not in the template" in written.notes
    template.write_text("Name,Points\n")
    with pytest.raises(UserError, match="expected Canvas' gradebook"):
        export(graded, A, "canvas", path, template=template)


HEADINGS = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
WORKSHEET = (
    f"\ufeff{HEADINGS}\r\n"
    'Participant 501,"Ada Lovelace",ada@uni.de,"Submitted for grading - Graded",3.00,8.00,Yes,'
    '"Tuesday, 5 March 2024, 10:15 AM",-,"<p>old ""note""</p>"\r\n'
    "Participant 502,Jörg Müller,joerg-mueller@uni.de,Submitted,,8.00,Yes,-,-,\r\n"
    'Participant 503,"Hal B",half@uni.de,Submitted,,8.00,Yes,-,-,\'typed before\r\n'
    "Participant 504,Ned Nobody,ned@uni.de,No submission,,8.00,Yes,-,-,\r\n"
    "Participant 505,Zoë Späth,LATE@uni.de,Submitted,,8.00,No,-,-,\r\n"
)


@pytest.fixture
def worksheet(tmp_path):
    path = tmp_path / "downloaded.csv"
    path.write_bytes(WORKSHEET.encode())
    return path


def test_the_worksheet_is_filled_in_and_every_other_byte_stays(
    graded, worksheet, tmp_path, results
):
    path = tmp_path / "filled.csv"
    written = export(graded, A, "moodle", path, results=results, template=worksheet)
    before, after = worksheet.read_bytes().split(b"\r\n"), path.read_bytes().split(b"\r\n")
    assert after[0] == before[0]
    assert after[1] == before[1].replace(b",3.00,8.00", b",7.5,8.00").replace(
        b'"<p>old ""note""</p>"', b"double: 3 / 3<br>mean: 2 / 2<br>why: 2.5 / 3"
    )
    assert after[2].startswith(
        "Participant 502,Jörg Müller,joerg-mueller@uni.de,Submitted,3,".encode()
    )
    # A submission without a score: nothing changes, and nothing that was typed is lost.
    assert after[3:5] == before[3:5]
    assert len(after) == len(before)
    rows = {r["Identifier"]: r for r in csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))}
    assert ",".join(rows["Participant 501"]) == HEADINGS
    comment = rows["Participant 502"]["Feedback comments"]
    assert "mean is right: expected 4, got &lt;3&gt; &amp; more" in comment
    assert "Still to be graded by a person: why." in comment
    assert "Handed in late, 1 points less." in rows["Participant 505"]["Feedback comments"]
    assert "row 5 of the worksheet, Ned Nobody, matches nobody in the gradebook" in written.notes
    assert "Zoë Späth: Moodle does not let this grade be changed" in written.notes
    assert "evil is not in the worksheet" in written.notes
    assert "half" in (tmp_path / "filled.flags.csv").read_text()


def test_a_german_worksheet_with_a_comma_as_decimal(graded, tmp_path):
    path = tmp_path / "deutsch.csv"
    path.write_text(
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
        "Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),"
        "Feedback als Kommentar\n"
        'Teilnehmer/in501,Ada Lovelace,ada@uni.de,Zur Bewertung abgegeben,,"8,00",Ja,-,-,\n'
    )
    export(graded, A, "moodle", tmp_path / "out.csv", template=path)
    (row,) = rows_of(tmp_path / "out.csv")
    assert (row["Bewertung"], row["Bestwertung"]) == ("7.5", "8,00")


def test_another_maximum_grade_is_refused_or_scaled(graded, worksheet, tmp_path):
    worksheet.write_bytes(WORKSHEET.replace("8.00", "100.00").encode())
    with pytest.raises(UserError, match="has 8 points, but the worksheet says 100.*--scale"):
        export(graded, A, "moodle", tmp_path / "out.csv", template=worksheet)
    export(graded, A, "moodle", tmp_path / "out.csv", template=worksheet, scale=True)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8-sig"))))
    assert [r["Grade"] for r in rows] == ["93.75", "37.5", "", "", "68.75"]


def test_two_students_of_one_name_never_get_each_others_grade(graded, tmp_path):
    sheet = tmp_path / "same.csv"
    row = "Participant {},Ada Lovelace,,Submitted,,8.00,Yes,-,-,\n"
    sheet.write_text(f"{HEADINGS}\n" + row.format(501) + row.format(777))
    records = [r for r in class_records(graded, A) if r.student == "ada"]
    records[0].__dict__["last_name"] = "Lovelace"
    filled = Worksheet(sheet)
    notes = moodle.fill(filled, records, {"501": "ada"})
    assert [row[4] for row in filled.rows] == ["7.5", ""]
    assert notes == ["row 3 of the worksheet, Ada Lovelace, matches nobody in the gradebook"]
    with pytest.raises(UserError, match="rows 2 and 3 .* are both ada"):
        moodle.fill(Worksheet(sheet), records, {})


def test_something_else_than_a_worksheet_gets_one_message(graded, tmp_path):
    with pytest.raises(UserError, match="Download grading worksheet"):
        export(graded, A, "moodle", tmp_path / "out.csv")
    path = tmp_path / "other.csv"
    for content, message in [
        (b"Name,Points\n", "no column Identifier and no Grade"),
        (HEADINGS.encode() + b"\nParticipant 1,x\n", "expected 10 cells in row 2"),
        ("Identifier,Füll\n".encode("latin-1"), "expected UTF-8"),
        (b'a,"b"c\n', "line 1 is not a row"),
    ]:
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            export(graded, A, "moodle", tmp_path / "out.csv", template=path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a,b\n",
        "a;b\r\n1;2",
        '\ufeff"a, b",c\r\n"x\r\ny","z ""q"""\r\n\r\n',
        "a\tb\n\t\n",
        ",\n,\n",
    ],
)
def test_an_untouched_worksheet_is_the_same_file(tmp_path, content):
    path = tmp_path / "sheet.csv"
    path.write_bytes(content.encode())
    assert bytes(Worksheet(path)) == content.encode()


def test_moodles_gradebook_import(graded, tmp_path):
    path = tmp_path / "moodle.csv"
    export(graded, A, "moodle-gradebook", path)
    rows = {r["ID number"]: r for r in rows_of(path)}
    assert list(rows["ada"]) == [
        "First name", "Last name", "ID number", "Email address", f"Assignment: {A} (Real)",
        f"Assignment: {A} (Feedback)", f"Flags: {A}",
    ]  # fmt: skip
    assert rows["ada"][f"Assignment: {A} (Real)"] == "7.5"
    blank = {s for s, r in rows.items() if r[f"Assignment: {A} (Real)"] == ""}
    assert blank == MISSING
    assert rows["old"][f"Flags: {A}"] == "stale"


def expect_gradescope(page):
    """The schema of gradescope-autograders.readthedocs.io/en/latest/specs."""
    assert page.keys() <= {
        "score", "execution_time", "output", "output_format", "test_output_format",
        "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
    }  # fmt: skip
    assert isinstance(page["score"], float) and page["visibility"] in gradescope.VISIBILITIES
    assert isinstance(page["execution_time"], int)
    for test in page["tests"]:
        assert test.keys() <= {
            "score", "max_score", "status", "name", "name_format", "number", "output",
            "output_format", "tags", "visibility", "extra_data",
        }  # fmt: skip
        assert test.get("status", "passed") in ("passed", "failed")
        assert 0 <= test.get("score", 0) <= test["max_score"]


def test_gradescope_results(graded, tmp_path, results):
    export(graded, A, "gradescope", tmp_path / "gs", results=results)
    pages = {p.parent.name: json.loads(p.read_text()) for p in (tmp_path / "gs").rglob("*.json")}
    assert (tmp_path / "gs" / f"{A}.zip").is_file()
    assert pages.keys() == {row[0] for row in CLASS} - MISSING
    for page in pages.values():
        expect_gradescope(page)
    tests = {t["name"]: t for t in pages["joerg-mueller"]["tests"]}
    assert tests["mean: mean is right"]["status"] == "failed"
    assert tests["mean: mean is right"]["output"] == "expected 4, got <3> & more"
    assert "score" not in tests["why"] and "status" not in tests["why"]
    assert pages["old"]["extra_data"]["flags"] == ["stale"]
    assert pages["ada"]["score"] == 7.5
    assert "unreadable" in (tmp_path / "gs" / "flags.csv").read_text()


def test_prairielearn_results(graded, tmp_path, results):
    path = tmp_path / "pl.csv"
    written = export(graded, A, "prairielearn", path, results=results)
    rows = {row["uid"]: row for row in rows_of(path)}
    assert list(rows["ada@uni.de"]) == ["uid", "qid", "submission_id", "score_perc", "feedback"]
    assert rows["ada@uni.de"]["score_perc"] == "93.75"
    blank = {uid for uid, row in rows.items() if not row["score_perc"]}
    assert blank == {
        f"{s}@uni.de" for s in (MISSING - {"unreadable"}) | {"joerg-mueller", "old"}
    } | {"unreadable"}
    assert "submission_id" in written.notes[0] and "--template" in written.notes[0]


def test_more_points_than_the_maximum_are_all_of_them(graded):
    record = by_student(class_records(graded, A))["ada"]
    record.__dict__["score"] = 9.0
    assert prairielearn._result(record)[0] == "100"


@pytest.mark.parametrize(
    "exporter",
    ["canvas.CanvasExporter", "plain.PlainExporter", "moodle.MoodleGradebookExporter"],
)
def test_stock_nbgrader_export_uses_the_plugins(graded, exporter):
    from nbgrader.apps.exportapp import ExportApp
    from nbgrader.coursedir import CourseDirectory

    config = graded.config.copy()
    config.ExportApp.plugin_class = f"autograder.exports.{exporter}"
    config.ExportPlugin.to = str(graded.root / "out.csv")
    config.ExportPlugin.allow_unfinished = True
    config.ExportPlugin.assignment = [A]
    config.ExportPlugin.student = ["ada", "half"]
    app = ExportApp(config=config)
    app.coursedir = CourseDirectory(parent=app)
    app.init_plugin()
    with Gradebook(graded.db_url, graded.course_id) as book:
        app.plugin_inst.export(book)
    written = (graded.root / "out.csv").read_text()
    assert "7.5" in written and "ada" in written and "Zoë" not in written


def test_nbgraders_own_export_has_no_zeros(graded, tmp_path):
    path = tmp_path / "grades.csv"
    plugin = stock.StockExporter(to=str(path), allow_unfinished=True)
    plugin.run(graded, [A])
    rows = {r["student_id"]: r for r in rows_of(path)}
    assert {s for s, r in rows.items() if r["score"] == r["raw_score"] == ""} == MISSING
    late = rows["late"]
    columns = ("raw_score", "late_submission_penalty", "score", "max_score", "flags", "duedate")
    assert [late[c] for c in columns] == ["6.5", "1", "5.5", "8", "late", "2025-03-01 12:00:00"]
    assert rows["absent"]["flags"] == "not submitted"
    assert rows["joerg-mueller"]["unfinished"] == "waiting for a mark: why"


def test_the_gradescope_zip_is_what_gradescope_unpacks(real_course, tmp_path, monkeypatch):
    monkeypatch.setattr(type(real_course), "secret", b"00" * 32)
    content = gradescope.autograder_zip(real_course, "03_optimizers")
    assert content == gradescope.autograder_zip(real_course, "03_optimizers")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = {i.filename: i for i in archive.infolist()}
        # At the root of the archive, and executable.
        for script in ("setup.sh", "run_autograder"):
            assert stat.S_IMODE(infos[script].external_attr >> 16) & 0o111
            assert archive.read(script).startswith(b"#!/usr/bin/env bash\n")
            checked = subprocess.run(
                ["bash", "-n"], input=archive.read(script), capture_output=True
            )
            assert checked.returncode == 0, checked.stderr
        assert b"gradescope_run 03_optimizers" in archive.read("run_autograder")
        archive.extractall(tmp_path)
    place = tmp_path / "course"
    assert (place / "source/03_optimizers/03_optimizers.ipynb").is_file()
    assert not [n for n in infos if "__pycache__" in n or "submitted" in n or "gradebook.db" in n]
    # The grader in the zip is whole.
    package = ROOT / "autograder"
    modules = {
        f"engine/autograder/{p.relative_to(package).as_posix()}"
        for p in package.rglob("*")
        if p.is_file() and p.suffix != ".pyc" and not p.name.startswith(".")
        if "template" not in p.relative_to(package).parts
    }
    assert modules <= infos.keys()
    # What grades there are the versions from here, and nothing of another assignment or course.
    pinned = (tmp_path / "constraints.txt").read_text().splitlines()
    assert f"nbgrader=={version('nbgrader')}" in pinned and not any("+" in p for p in pinned)
    assert "-c /autograder/source/constraints.txt" in (tmp_path / "setup.sh").read_text()
    assert not [n for n in infos if "01_images" in n or n.endswith("_tiny")]
    assert "course/helpers/pyproject.toml" in infos and "course/.autograder/secret" in infos
    assert "course/hidden/03_optimizers/checks.py" in infos
    assert not [n for n in infos if n.startswith("course/hidden/01")]
    project = tomllib.loads((tmp_path / "engine" / "pyproject.toml").read_text())
    assert "nbgrader>=0.9.5" in project["project"]["dependencies"]
    provisioners = project["project"]["entry-points"]["jupyter_client.kernel_provisioners"]
    assert provisioners.keys() == {"mlp-sealed", "mlp-bubblewrap"}


def result_of(status, points):
    checks = [CheckResult("double", "doubles", "It doubles.", 3.0 if points else 0.0, 3.0, "")]
    score = None if not Status(status).has_score else float(points)
    return Outcome("submission", A, Status(status), 5.0, score, 2.4, "sealed", checks=checks)


def test_gradescope_run_writes_results_for_a_graded_submission(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(gradescope_run, "grade", lambda *_: result_of("graded", 3))
    metadata = tmp_path / "submission_metadata.json"
    metadata.write_text(
        json.dumps(
            {
                "created_at": "2025-03-02T13:00:00.000000-08:00",
                "assignment": {"due_date": "2025-03-01T23:59:00.000000-08:00"},
                "users": [{"name": "A", "assignment": {}}],
            }
        )
    )
    out = tmp_path / "results" / "results.json"
    arguments = [A, str(tmp_path), str(out), "--metadata", str(metadata)]
    assert gradescope_run.main(arguments) == 0
    page = json.loads(out.read_text())
    expect_gradescope(page)
    assert (page["score"], page["extra_data"]["flags"]) == (3.0, ["late"])
    assert page["tests"][0]["name"] == "double: It doubles."


def test_gradescope_run_writes_nothing_for_an_ungraded_one(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(gradescope_run, "grade", lambda *_: result_of("unreadable", 0))
    out = tmp_path / "results.json"
    assert gradescope_run.main([A, str(tmp_path), str(out)]) == 1
    assert not out.exists()
    assert "not graded: unreadable" in capsys.readouterr().err
