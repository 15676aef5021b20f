"""What a regrade keeps, what stock commands give, and what stock settings give."""

import csv
import json
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import determine_grade
from traitlets.config import Config

from autograder.authoring.classroom import answered, cell_of, hand_in, prepend, released, solved
from autograder.gradebook import ledger, writer
from autograder.gradebook.records import class_records
from autograder.gradebook.released import scratch_api
from autograder.grading import batch
from autograder.outcome import Status

A = "99_tiny"
S = "student"


def regrade(course):
    (result,) = batch.grade(course, A, [S])
    with Gradebook(course.db_url, course.course_id) as gradebook:
        written = gradebook.find_grade("answer_why", A, A, S)
        comment = gradebook.find_comment("answer_why", A, A, S)
        return result, {
            "total": gradebook.find_submission(A, S).score,
            "manual": written.manual_score,
            "needs look": written.needs_manual_grade,
            "comment": comment.manual_comment,
            "automatic comment": comment.auto_comment,
        }


def grade_by_hand(course):
    with Gradebook(course.db_url, course.course_id) as gradebook:
        written = gradebook.find_grade("answer_why", A, A, S)
        written.manual_score, written.needs_manual_grade = 2.5, False
        gradebook.find_comment("answer_why", A, A, S).manual_comment = "well put"
        gradebook.db.commit()


@pytest.fixture
def graded_by_hand(course):
    """A right submission whose written answer got 2.5 points and a comment."""
    hand_in(course, S, A, solved(course, A))
    regrade(course)
    grade_by_hand(course)
    return course


def test_manual_grades_and_comments_survive_a_regrade(graded_by_hand):
    _, book = regrade(graded_by_hand)
    assert book == {
        "total": 7.5, "manual": 2.5, "needs look": False, "comment": "well put",
        "automatic comment": None,
    }  # fmt: skip


@pytest.mark.slow
def test_a_resubmission_marks_the_written_answer_as_needing_another_look(graded_by_hand):
    changed = answered(solved(graded_by_hand, A), {"answer_why": "I thought again."})
    hand_in(graded_by_hand, S, A, changed)
    _, book = regrade(graded_by_hand)
    assert book["needs look"] is True
    assert (book["manual"], book["comment"]) == (2.5, "well put")
    # … and a further regrade does not take the mark away.
    assert regrade(graded_by_hand)[1]["needs look"] is True


@pytest.mark.slow
def test_a_failed_regrade_shows_the_old_score_as_stale(graded_by_hand):
    hand_in(graded_by_hand, S, A, b"{")
    result, book = regrade(graded_by_hand)
    assert (result.status, result.score, result.stale_score) == (Status.UNREADABLE, None, 7.5)
    assert (book["total"], book["manual"], book["comment"]) == (7.5, 2.5, "well put")
    assert book["needs look"] is True
    assert "This score is of an earlier submission" in book["automatic comment"]
    page = graded_by_hand.folder("feedback") / S / A / f"{A}.html"
    text = page.read_text()
    assert "What you handed in last could not be graded:" in text
    assert "Everything below is about what you had handed in before." in text
    assert "well put" in text and "waiting for a mark" not in text
    # A readable submission takes the mark off again.
    hand_in(graded_by_hand, S, A, solved(graded_by_hand, A))
    result, book = regrade(graded_by_hand)
    assert (result.score, book["automatic comment"]) == (5.0, None)


@pytest.mark.slow
def test_an_untouched_written_answer_gets_0_without_a_look(course):
    hand_in(course, S, A, released(course, A))
    _, book = regrade(course)
    assert (book["total"], book["needs look"]) == (0, False)
    assert book["automatic comment"] == "No response."


@pytest.mark.slow
def test_stock_commands_give_the_same_points(course):
    half = answered(solved(course, A), {"mean": "def mean(v):\n    return v.sum()"})
    half.cells.remove(cell_of(half, "check_double"))
    hand_in(course, S, A, half)
    result, book = regrade(course)
    assert (result.score, book["total"]) == (3.0, 3.0)
    api = NbGraderAPI(config=course.config)
    done = api.autograde(A, S, force=True)
    assert done["success"], done["error"]
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert gradebook.find_submission(A, S).score == 3.0
    assert api.generate_feedback(A, S, force=True)["success"]
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "grades.csv"]
    refused = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert refused.returncode == 1 and not (course.root / "grades.csv").exists()
    assert "waiting for a mark: why" in refused.stderr and "Traceback" not in refused.stderr
    command.append("--StockExporter.allow_unfinished=True")
    subprocess.run(command, cwd=course.root, check=True, capture_output=True)
    (row,) = csv.DictReader((course.root / "grades.csv").open())
    assert (row["student_id"], float(row["score"])) == (S, 3.0)


@pytest.mark.slow
def test_a_score_of_nbgraders_own_run_is_stale_after_a_change_of_points(course):
    """Such a run leaves nothing in the ledger."""
    hand_in(course, S, A, solved(course, A))
    regrade(course)
    ledger.path(course, A).unlink()
    (record,) = class_records(course, A)
    assert record.stale == ""
    source = course.source_notebook(A)
    notebook = nbformat.read(source, as_version=4)
    cell_of(notebook, "check_double").metadata.nbgrader["points"] = 6
    nbformat.write(notebook, source)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.find_grade_cell("check_double", A, A).max_score = 6
        gradebook.db.commit()
    (record,) = class_records(course, A)
    assert "The exercises or checks of 99_tiny have changed since" in record.stale
    assert record.flags == ("stale",)


def graded_by_stock_settings(course, root, notebook) -> tuple[list[float], float]:
    """The points of the check cells, and the score, in a course without our configuration."""
    (root / "source" / A).mkdir(parents=True)
    source = nbformat.read(course.source_notebook(A), as_version=4)
    nbformat.write(source, root / "source" / A / f"{A}.ipynb")
    config = Config()
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(A)["success"]
    folder = root / "submitted" / S / A
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text(json.dumps(notebook))
    done = api.autograde(A, S)
    assert done["success"], done["error"]
    judged = nbformat.read(root / "autograded" / S / A / f"{A}.ipynb", as_version=4)
    points = [determine_grade(cell_of(judged, f"check_{name}"))[0] for name in ("double", "mean")]
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        return points, gradebook.find_submission(A, S).score


@pytest.mark.slow
def test_stock_settings_give_0_and_not_full_marks(course, tmp_path):
    assert graded_by_stock_settings(course, tmp_path / "stock", solved(course, A)) == ([0, 0], 0)


DROP_CHECKS = """
def drop(lines):
    return [] if any("hidden checks" in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(drop)
"""


@pytest.mark.slow
def test_a_kernel_that_drops_check_cells_gets_0_here_and_all_from_stock_settings(course, tmp_path):
    """What docs/protection.md says of both: stock nbgrader believes the student's kernel."""
    wrong = {name: f"def {name}(x):\n    return None" for name in ("double", "mean")}
    notebook = prepend(answered(solved(course, A), wrong), DROP_CHECKS)
    hand_in(course, S, A, notebook)
    (result,) = batch.grade(course, A, [S])
    assert (result.status, result.score) == (Status.GRADED, 0)
    assert graded_by_stock_settings(course, tmp_path / "stock", notebook)[0] == [3, 2]


@pytest.mark.slow
def test_a_score_that_cannot_be_written_is_an_error_of_the_grader(course, monkeypatch):
    hand_in(course, S, A, solved(course, A))
    hand_in(course, "other", A, solved(course, A))
    monkeypatch.setattr(writer.Writer, "_record", _raise_for(S, writer.Writer._record))
    results = {r.student: r for r in batch.grade(course, A, ["other", S])}
    assert results["other"].status is Status.GRADED
    assert results[S].status is Status.GRADER_ERROR
    assert "disk full" in results[S].message


def _raise_for(student, original):
    def record(self, attempt, name):
        if name == student:
            raise OSError("disk full")
        return original(self, attempt, name)

    return record


@pytest.mark.slow
def test_a_check_that_fails_itself_is_an_error_of_the_grader(course):
    checks = course.hidden / A / "checks.py"
    lines = checks.read_text().partition('@check("mean"')[0]
    broken = 'def broken(student, rng):\n    """Broken."""\n    raise KeyError("ours")\n'
    checks.write_text(f'{lines}@check("mean", points=2)\n{broken}')
    hand_in(course, S, A, solved(course, A))
    (result,) = batch.grade(course, A, [S])
    assert result.status is Status.GRADER_ERROR
    assert "mean/broken: KeyError" in result.message
    assert [c.points for c in result.checks] == [1.0, 2.0, 0.0]


def test_scratch_gradebooks_leave_the_courses_alone(course, tmp_path):
    scratch_api(course, tmp_path)
    assert course.config.CourseDirectory.root == str(course.root)


@pytest.mark.slow
def test_a_folder_with_the_name_of_the_page_costs_nothing(course):
    hand_in(course, "ada", A, solved(course, A))
    page = course.folder("submitted") / "ada" / A / f"{A}.html"
    page.mkdir()
    (page / "data.csv").write_text("1")
    (outcome,) = batch.grade(course, A, ["ada"])
    assert (outcome.status, outcome.score) == (Status.GRADED, 5.0), outcome.message
    assert f"the folder {A}.html was left out" in outcome.notes
    assert (course.folder("feedback") / "ada" / A / f"{A}.html").is_file()
    assert batch.grade(course, A, ["ada"])[0].seconds == round(outcome.seconds, 3)
