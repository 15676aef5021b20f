"""Feedback goes back to whom it belongs: when the marking is done, with the marks of now."""

import copy
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from typer.testing import CliRunner

from autograder.authoring.classroom import answered, hand_in, released, solved
from autograder.cli import app
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import batch
from autograder.lms import names
from autograder.lms.give_back import give_back
from autograder.submission import collected

pytestmark = pytest.mark.slow

A = "99_tiny"


def entry(platform, number, name, late=False, attachment=0):
    return {"platform": platform, "lms_id": number, "name": name, "late": late,
            "attachment": attachment, "packed": [], "digest": "", "archive": ""}  # fmt: skip


@pytest.fixture(scope="module")
def graded(built_course, tmp_path_factory) -> Course:
    """ada is marked, bob and eve wait for a mark, kim's file is broken, lee came from elsewhere."""
    root = tmp_path_factory.mktemp("returned") / "course"
    shutil.copytree(built_course, root)
    course = Course(root)
    right = solved(course, A)
    wrong = answered(right, {"mean": "def mean(values):\n    return values.sum()"})
    work = {"ada": wrong, "bob": right, "eve": right, "kim": b"{", "lee": released(course, A)}
    for name, notebook in work.items():
        hand_in(course, name, A, notebook)
        folder = course.folder("submitted") / name / A
        if name in ("ada", "bob", "kim"):
            (folder / "timestamp.txt").write_text("2025-03-04 12:00:00 UTC")
            (folder / "submission_secret.txt").write_text(f"secret of {name}")
    batch.grade(course, A, list(work))
    with Gradebook(course.db_url, course.course_id) as book:
        grade = book.find_grade("answer_why", A, A, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        override = book.find_grade("check_mean", A, A, "ada")
        override.manual_score, override.needs_manual_grade = 1.5, False
        book.find_comment("mean", A, A, "ada").manual_comment = "Nearly: **divide** by $n$."
        book.db.commit()
    return course


@pytest.fixture
def course(graded, tmp_path) -> Course:
    shutil.copytree(graded.root, tmp_path / "course")
    return Course(tmp_path / "course")


def from_moodle(course):
    people = {"ada": "Ada Moon", "bob": "Bob O'Neil", "eve": "Eve Æther", "kim": "Kim Long Name"}
    found = {n: entry("moodle", str(100 + i), p) for i, (n, p) in enumerate(people.items())}
    collected.write(course, A, found)


def content(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_moodle_gets_a_folder_for_each_student_whose_marking_is_done(course, tmp_path):
    from_moodle(course)
    returned = give_back(course, A, "moodle", tmp_path / "back.zip")
    assert returned.students == ["ada", "kim"]
    assert returned.held_back == {
        "bob": "waiting for a mark: why",
        "eve": "waiting for a mark: why",
        "lee": "not collected from Moodle by `autograder collect`",
    }
    found = content(tmp_path / "back.zip")
    assert set(found) == {
        f"Ada Moon_100_assignsubmission_file_/{A}.html",
        f"Kim Long Name_103_assignsubmission_file_/{A}.html",
    }
    for path in found:
        # As mod/assign/feedback/file/importziplib.php reads it.
        name, number, subtype, plugin, rest = path.partition("/")[0].split("_", 4)
        assert number.isdecimal() and (subtype, plugin, rest) == ("assignsubmission", "file", "")
    # What was marked after grading is in it, although nobody ran another command.
    ada = found[f"Ada Moon_100_assignsubmission_file_/{A}.html"]
    assert "A person has changed this from 0 to 1.5." in ada
    assert "<strong>divide</strong> by <math><mi>n</mi></math>" in ada
    assert "could not be graded:" in found[f"Kim Long Name_103_assignsubmission_file_/{A}.html"]


def test_all_gives_back_what_waits_and_says_so_on_the_page(course, tmp_path):
    from_moodle(course)
    returned = give_back(course, A, "moodle", tmp_path / "back.zip", everybody=True)
    assert returned.students == ["ada", "bob", "eve", "kim"]
    page = content(tmp_path / "back.zip")[f"Eve Æther_102_assignsubmission_file_/{A}.html"]
    assert "waiting for a mark" in page and "0 of 3" not in page


def test_canvas_gets_the_numbers_that_it_wrote_into_the_names(course, tmp_path):
    people = {
        "ada": entry("canvas", "41", "moonada", attachment=9001),
        "kim": entry("canvas", "43", "longkim", late=True, attachment=9003),
        "lee": entry("canvas", "ab3Xy", "", late=True, attachment=9004),
        "bob": entry("moodle", "7", "Bob"),
    }
    collected.write(course, A, people)
    returned = give_back(course, A, "canvas", tmp_path / "back.zip")
    found = content(tmp_path / "back.zip")
    assert set(found) == {
        f"moonada_41_9001_{A}.html", f"longkim_LATE_43_9003_{A}.html",
        f"anon_ab3Xy_LATE_9004_{A}.html",
    }  # fmt: skip
    assert "bob" in returned.held_back
    for path in found:
        origin = names.origin(Path(path))
        assert (origin.lms_id, origin.attachment) in {("41", 9001), ("43", 9003), ("ab3Xy", 9004)}
    assert any(".html" in note for note in returned.notes)


def fetched(course, name, home: Path) -> list[str]:
    """What a student finds who has submitted through the exchange and fetches the feedback."""
    submission = home / "cache" / "mlp" / f"{name}+{A}+2025-03-04 12:00:00 UTC"
    submission.mkdir(parents=True)
    nbformat.write(released(course, A), submission / f"{A}.ipynb")
    (submission / "submission_secret.txt").write_text(f"secret of {name}")
    config = copy.deepcopy(course.config)
    config.Exchange.cache, config.Exchange.assignment_dir = str(home / "cache"), str(home)
    NbGraderAPI(config=config).fetch_feedback(A, name)
    return [page.read_text() for page in home.glob(f"{A}/feedback/*/*.html")]


def test_the_exchange_gives_each_student_the_page_of_the_gradebook(course, tmp_path):
    course.config.Exchange.root = str(tmp_path / "exchange")
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    returned = give_back(course, A, "exchange")
    assert (returned.students, returned.path) == (["ada", "kim"], None)
    assert returned.held_back["lee"] == "not handed in by the exchange"
    for name in returned.students:
        page = (course.folder("feedback") / name / A / f"{A}.html").read_text()
        assert fetched(course, name, tmp_path / name) == [page]
    assert fetched(course, "bob", tmp_path / "bob") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"to": "mood"}, "expected --to moodle|canvas|exchange, got 'mood'"),
        ({"to": "exchange", "output": Path("x.zip")}, "writes no zip file"),
        ({"to": "moodle", "output": Path(".")}, "got the folder ."),
        ({"to": "canvas"}, "ada: not collected from Canvas"),
        ({"to": "moodle", "output": Path("/proc/none/x.zip")}, "could not be written"),
    ],
)
def test_what_cannot_be_returned_is_refused_in_a_sentence(course, options, said):
    from_moodle(course)
    with pytest.raises(UserError, match=re.escape(said)):
        give_back(course, A, **options)


def test_the_command_says_who_was_left_out(course, tmp_path):
    from_moodle(course)
    command = ["return", A, "--to", "moodle", "--course", str(course.root)]
    result = CliRunner().invoke(app, [*command, "--output", str(tmp_path / "back.zip")])
    assert result.exit_code == 0, result.output
    assert (
        "bob: waiting for a mark: why" in result.output and "returned    2 pages" in result.output
    )
