"""What platforms take: submissions under their own ids, their own points, comments and titles of checks."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import pytest
from nbgrader.api import Gradebook

from autograder.errors import UserError
from autograder.exports import canvas, gradescope, moodle, prairielearn, text
from autograder.exports.plain import csv_text
from autograder.exports.worksheet import Worksheet
from autograder.gradebook.records import Exercise, Record, class_records
from autograder.outcome import CheckResult, Outcome, Status

A = "99_tiny"
TITLE = "Every entry of an array is doubled."
COMMENT = "Good idea, but\n=SUM(A1) is not Python"
SAID = "double: 1 / 3\n  Every entry of an array is doubled: <2> differ_\n  comment: Good idea, but"


def record(student="ada", score=6.0, **given):
    checks = (CheckResult("double", "an_array", TITLE, 0.0, 2.0, "<2> differ_"),)
    exercises = (
        Exercise("double", 1.0, 3.0, comment=COMMENT), Exercise("why", 5.0, 5.0, written=True),
    )  # fmt: skip
    about = {"email": f"{student}@uni.edu", "checks": checks, "exercises": exercises}
    return Record(student, A, "graded", score, 8.0, **about | given)


DOWNLOADED = (
    "uid,uin,qid,old_score_perc,old_feedback,submission_id,params,true_answer,submitted_answer,"
    "partial_scores,score_perc,feedback\n"
    'ada@uni.edu,1,{qid},0,,42983,{{}},{{}},"{{""ans"": ""a\nb""}}",,,\n'
    "ada@uni.edu,1,{qid},0,,42990,{{}},{{}},{{}},,,\n"
    "BEN@uni.edu,2,{qid},0,,42984,{{}},{{}},{{}},,,\n"
    "ned@uni.edu,3,{qid},0,,42985,{{}},{{}},{{}},,,\n"
)


@pytest.fixture
def downloaded(tmp_path):
    """What PrairieLearn offers for download; the name of its question can be chosen."""

    def write(qid="week3/notebook", more=""):
        path = tmp_path / "hw3_submissions_for_manual_grading.csv"
        path.write_text(DOWNLOADED.format(qid=qid) + more)
        return Worksheet(path)

    return write


def test_prairielearn_gets_each_students_latest_submission_under_its_own_id(downloaded):
    ungraded = record("ben", None)
    rows, notes = prairielearn.from_template(downloaded(), [record(), ungraded], "", A)
    table = list(csv.DictReader(io.StringIO(text.table([prairielearn.COLUMNS, *rows]), newline="")))
    assert list(table[0]) == ["uid", "qid", "submission_id", "score_perc", "feedback"]
    ada, ben = table
    assert (ada["uid"], ada["qid"], ada["submission_id"]) == (
        "ada@uni.edu",
        "week3/notebook",
        "42990",
    )
    assert ada["score_perc"] == "75"
    # Markdown in which nothing that a student or a person wrote is markup.
    assert (
        "Every entry of an array is doubled: \\<2\\> differ\\_\n\ncomment: Good" in ada["feedback"]
    )
    # An empty cell changes nothing there.
    assert (ben["submission_id"], ben["score_perc"], ben["feedback"]) == (
        "42984", "", "graded, no score yet",
    )  # fmt: skip
    assert any("ned@uni.edu" in note and "matches nobody" in note for note in notes)
    assert not any("ada" in note for note in notes)


def test_prairielearn_gets_no_share_of_what_nobody_has_marked(downloaded):
    waiting = record(flags=("needs manual grading",))
    (row, *_), _ = prairielearn.from_template(downloaded(), [waiting], "", A)
    assert row[2:] == ["42990", "", "waiting for a mark:"]


def test_prairielearns_question_is_named_where_there_are_several(downloaded):
    other = "ada@uni.edu,1,essay,0,,50000,{},{},{},,,\n"
    rows, _ = prairielearn.from_template(downloaded(A, other), [record()], "", A)
    assert rows[0][:3] == ["ada@uni.edu", A, "42990"]
    with pytest.raises(UserError, match="which has essay, week3/notebook: name it with --column"):
        prairielearn.from_template(downloaded(more=other), [record()], "", A)
    rows, _ = prairielearn.from_template(downloaded(more=other), [record()], "essay", A)
    assert rows[0][2] == "50000"
    with pytest.raises(UserError, match="expected the question essay"):
        prairielearn.from_template(downloaded(), [record()], "essay", A)


def test_something_else_than_prairielearns_file_gets_one_message(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("uid,score\nada,3\n")
    with pytest.raises(UserError, match="no column qid and no submission_id: download it from"):
        prairielearn.from_template(Worksheet(path), [record()], "", A)


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,99_tiny (4711)\n"
    '    Points Possible,,,,,{points}\n"Ada",101,,ada,S1,\n'
)


def test_canvas_points_possible_are_compared_with_ours(tmp_path):
    path = tmp_path / "canvas.csv"
    classes, headings = {A: [record()]}, {A: A}

    def filled(points, scale=False):
        path.write_text(CANVAS.format(points=points))
        content, _ = canvas.from_template(Worksheet(path), classes, headings, scale)
        return [row[-1] for row in csv.reader(io.StringIO(content))]

    assert filled("8.00") == ["99_tiny (4711)", "8", "6"]
    with pytest.raises(UserError, match="99_tiny has 8 points, but Canvas' column .* says 100"):
        filled("100")
    assert filled("100", scale=True) == ["99_tiny (4711)", "100", "75"]
    with pytest.raises(UserError, match="expected a number as points possible"):
        filled("(read only)")
    # A column that Canvas is to create gets our points.
    headings[A] = "new"
    assert filled("100") == ["new", "8", "6"]


def test_titles_and_comments_by_hand_reach_every_platform(tmp_path):
    assert "\n".join(text.summary(record())).startswith(SAID)
    html = moodle.gradebook_csv({A: [record()]})
    assert "Every entry of an array is doubled: &lt;2&gt;" in html and "comment: Good idea" in html
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade),"
        "Feedback comments\nParticipant 1,Ada,ada@uni.edu,,8.00,-,\n"
    )
    filled = Worksheet(sheet)
    moodle.fill(filled, [record()], {})
    assert "comment: Good idea" in filled.rows[0][-1] and TITLE.rstrip(".") in filled.rows[0][-1]
    (row,) = csv.DictReader(io.StringIO(csv_text({A: [record()]}), newline=""))
    assert row["comments"].startswith("double: Good idea, but")
    page = gradescope.results(record())
    assert page["tests"][0]["name"] == f"double: {TITLE}"
    assert "double: Good idea, but" in page["output"]
    # A spreadsheet takes no line of a comment for a formula.
    for written in (html, csv_text({A: [record()]})):
        assert "\n=" not in written and "\r=" not in written


def test_titles_and_comments_come_from_ledger_and_gradebook(course):
    kept = Outcome("ada", A, Status.GRADED, 5.0, 1.0, checks=list(record().checks)).as_dict(
        titles=True
    )
    assert Outcome.from_dict(json.loads(json.dumps(kept))).checks[0].title == TITLE
    # A line of before titles were kept.
    del kept["checks"][0]["title"]
    assert Outcome.from_dict(kept).checks[0].title == "an_array"
    with Gradebook(course.db_url, course.course_id) as book:
        book.add_assignment(A)
        book.add_notebook(A, A)
        for name, kind in [("check_double", "code"), ("answer_why", "markdown")]:
            book.add_grade_cell(name, A, A, max_score=3, cell_type=kind)
        for name in ("double", "answer_why"):
            book.add_solution_cell(name, A, A)
        book.add_student("ada")
        for comment in book.add_submission(A, "ada").notebooks[0].comments:
            comment.manual_comment = f"about {comment.name}"
            comment.auto_comment = "No response."
        book.db.commit()
    (found,) = class_records(course, A)
    assert {e.name: e.comment for e in found.exercises} == {
        "double": "about double", "why": "about answer_why"
    }  # fmt: skip


@pytest.fixture
def container(course, tmp_path):
    """Run the zip of results as Gradescope does; returns exit code, output and results.json."""
    folder = course.folder("submitted") / "ada" / A
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text("the notebook")
    records = [record(), record("ben"), record("twin", first_name="Cy", last_name="Oz"),
               record("twin2", first_name="Cy", last_name="Oz")]  # fmt: skip
    zipped = gradescope.given_zip(course, [(r, gradescope.results(r)) for r in records])

    def run(user, notebook="the notebook"):
        place = tmp_path / "autograder"
        for name in ("source", "submission", "results"):
            (place / name).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            archive.extractall(place / "source")
            assert all(
                archive.getinfo(n).external_attr >> 16 & 0o111
                for n in ("setup.sh", "run_autograder")
            )
        (place / "submission" / "any name.ipynb").write_text(notebook)
        (place / "submission_metadata.json").write_text(json.dumps({"users": [user]}))
        results = place / "results" / "results.json"
        results.unlink(missing_ok=True)
        code = (
            "import runpy, sys, pathlib; g = runpy.run_path(sys.argv[1], run_name='x');"
            "sys.exit(g['main'](pathlib.Path(sys.argv[2])))"
        )
        command = [sys.executable, "-I", "-S", "-c", code, str(place / "source" / "run_autograder")]
        done = subprocess.run([*command, str(place)], capture_output=True, text=True)
        found = json.loads(results.read_text()) if results.is_file() else None
        return done.returncode, done.stdout, found

    return run


def test_gradescope_gives_each_student_what_was_graded_here(container):
    code, _, page = container({"email": "ADA@uni.edu", "name": "Ada L", "id": 7})
    assert code == 0 and page == gradescope.results(record())
    assert container({"email": "ben@elsewhere.edu", "name": "x"})[2]["score"] == 6.0


@pytest.mark.parametrize(
    ("user", "notebook", "message"),
    [
        (
            {"email": "nobody@uni.edu", "name": "No Body"},
            "the notebook",
            "has no result in this zip",
        ),
        ({"email": "", "name": "Cy Oz"}, "the notebook", "has no result in this zip"),
        ({"email": "ada@uni.edu", "name": "Ada"}, "a newer one", "is another one than was graded"),
        ({}, "the notebook", "has no result in this zip"),
    ],
)
def test_gradescope_gives_no_score_that_may_be_somebody_elses(container, user, notebook, message):
    code, told, page = container(user, notebook)
    assert (code, page) == (1, None) and message in told
