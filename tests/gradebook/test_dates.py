"""Dates and late policy in the gradebook, and the term's table: no kernel is needed for any of it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader.api import Gradebook

from autograder import cli
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports.plain import totals_text
from autograder.feedback.facts import Facts
from autograder.gradebook import dates, penalties, totals
from autograder.gradebook.records import class_records
from autograder.report import totals as page
from autograder.submission import collected

A = "99_tiny"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
DUE = f"[assignments.{A}]\ndue = 2026-03-01T12:00:00Z\n"
LATE = DUE + "late = { per_day = 1 }\n"


@pytest.fixture(scope="module")
def late_gradebook(tmp_path_factory) -> bytes:
    """Two days late with 5 points: Ada, all marked, and Ben, who waits for a mark. Cleo: nothing."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", "mlp") as book:
        book.add_assignment(A)
        book.add_notebook(A, A)
        for name, kind, points in [
            ("check_double", "code", 3), ("check_mean", "code", 2), ("answer_why", "markdown", 3)
        ]:  # fmt: skip
            book.add_grade_cell(name, A, A, max_score=points, cell_type=kind)
        for student, written in [("ada", 0.0), ("ben", None), ("cleo", None)]:
            book.add_student(student, first_name=student.title())
            if student == "cleo":
                continue
            submission = book.add_submission(A, student, timestamp=datetime(2026, 3, 3, 11))
            automatic = {"check_double": 3.0, "check_mean": 2.0}
            for grade in submission.notebooks[0].grades:
                grade.auto_score = automatic.get(grade.name)
                if grade.name == "answer_why":
                    grade.manual_score = written
                grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None
        book.db.commit()
    return path.read_bytes()


@pytest.fixture
def term(course, late_gradebook) -> Course:
    (course.root / "gradebook.db").write_bytes(late_gradebook)
    return course


def say(term: Course, text: str) -> Course:
    """The course after its file has been written."""
    (term.root / "course.toml").write_text(text)
    return Course.find(term.root)


def standing(term: Course) -> dict[str, tuple]:
    """Score, penalty and flags of everybody who has handed in."""
    records = class_records(Course.find(term.root), A)
    return {r.student: (r.score, r.penalty, r.flags) for r in records if r.score is not None}


def entered(term: Course) -> tuple:
    """The due date and Ada's extension in nbgrader's own gradebook."""
    with Gradebook(term.db_url, term.course_id) as book:
        return book.find_assignment(A).duedate, book.find_submission(A, "ada").extension


def test_a_date_moved_after_grading_gives_the_points_back(term):
    """An export said 0 where 20 was earned, because the penalty stayed in the gradebook."""
    waits = "needs manual grading"
    say(term, LATE)
    assert standing(term) == {"ada": (3, 2, ("late",)), "ben": (3, 2, ("late", waits))}
    say(term, LATE.replace("03-01", "03-04"))
    assert standing(term) == {"ada": (5, 0, ()), "ben": (5, 0, (waits,))}
    say(term, LATE + f"[assignments.{A}.extensions]\nada = 2026-03-03T12:00:00Z\n")
    assert standing(term) == {"ada": (5, 0, ()), "ben": (3, 2, ("late", waits))}
    assert entered(term) == (datetime(2026, 3, 1, 12), timedelta(days=2))
    say(term, LATE)
    assert (standing(term)["ada"], entered(term)[1]) == ((3, 2, ("late",)), None)


def test_the_line_deleted_is_the_date_deleted_but_not_one_of_formgraders(term):
    with Gradebook(term.db_url, term.course_id) as book:
        book.update_or_create_assignment(A, duedate="2026-03-01 12:00:00 UTC")
    say(term, f"[assignments.{A}]\nweight = 2\n")
    assert standing(term)["ada"] == (5, 0, ("late",))
    assert entered(term)[0] == datetime(2026, 3, 1, 12)
    say(term, DUE.replace("03-01", "03-02"))
    standing(term)
    assert entered(term)[0] == datetime(2026, 3, 2, 12)
    (term.root / "course.toml").unlink()
    assert standing(term)["ada"] == (5, 0, ())
    assert entered(term) == (None, None)


def test_a_mark_given_later_is_reduced_too(term):
    """A penalty was never more than the points there were when the submission was graded."""
    say(term, LATE.replace("per_day = 1", "per_day = 4"))
    assert standing(term)["ben"][:2] == (0, 5)
    with Gradebook(term.db_url, term.course_id) as book:
        book.find_grade("answer_why", A, A, "ben").manual_score = 3
        book.db.commit()
    assert standing(term)["ben"][:2] == (0, 8)
    say(term, LATE.replace("per_day = 1", "per_day = 3.5"))
    assert standing(term)["ben"][:2] == (1, 7)


def test_within_the_grace_nobody_is_late(term):
    say(term, DUE + "late = { per_day = 1, grace = '47 hours' }\n")
    assert standing(term)["ada"] == (5, 0, ())
    say(term, DUE + "late = { per_day = 1, grace = '46 hours' }\n")
    assert standing(term)["ada"] == (3, 2, ("late",))


def test_an_extension_counts_more_than_what_the_platform_says(term):
    """Moodle calls a submission late that was handed in within an extension."""
    told = {"lms_id": "1", "late": True}
    collected.write(term, A, {"ada": told, "ben": told | {"lms_id": "2"}})
    assert standing(term)["ada"] == (5, 0, ("late",))
    say(term, LATE + f"[assignments.{A}.extensions]\nada = '1 week'\n")
    assert standing(term)["ada"] == (5, 0, ())
    assert "late" in standing(term)["ben"][2]


def test_an_extension_of_nbgraders_own_without_a_date_is_no_error(term):
    """nbgrader adds it to a due date that is not there, and raises."""
    with Gradebook(term.db_url, term.course_id) as book:
        book.grant_extension(A, "ada", days=1)
    assert standing(term)["ada"] == (5, 0, ())


def test_a_policy_in_the_configuration_is_kept_up_to_date(term):
    config = term.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    say(term, DUE)
    assert standing(term)["ada"] == (0, 5, ("late",))
    say(term, DUE.replace("03-01", "03-04"))
    assert standing(term)["ada"] == (5, 0, ())


def test_a_policy_that_no_step_would_apply_is_refused(term):
    config = term.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.Autograde.autograde_preprocessors.pop()\n")
    say(term, LATE)
    with pytest.raises(UserError, match="has no AssignLatePenalties"):
        standing(term)


def test_nbgraders_own_autograde_follows_the_file(term):
    course = say(term, LATE)
    about = {"notebook": A, "assignment": A, "student": "ada", "db_url": term.db_url}
    resources = ResourcesDict(nbgrader=about)
    found = penalties.step(course)
    assert found is not None and course.config.Autograde.autograde_preprocessors[-1] == (
        "autograder.gradebook.penalties.Penalties"
    )
    found.preprocess(None, resources)
    with Gradebook(term.db_url, term.course_id) as book:
        assert book.find_submission(A, "ada").late_submission_penalty == 2
    assert entered(term)[0] == datetime(2026, 3, 1, 12)


def test_nbgraders_own_feedback_reduces_marks_given_later(term):
    """The page of a late student showed points that no export knew."""
    course = say(term, LATE.replace("per_day = 1", "per_day = 4"))
    standing(term)
    with Gradebook(term.db_url, term.course_id) as book:
        book.find_grade("answer_why", A, A, "ben").manual_score = 3
        book.db.commit()
    about = {"notebook": A, "assignment": A, "student": "ben", "db_url": term.db_url}
    nb = nbformat.v4.new_notebook()
    penalties.Penalties(config=course.config).preprocess(nb, ResourcesDict(nbgrader=about))
    with Gradebook(term.db_url, term.course_id) as book:
        facts = Facts.of(book.find_submission_notebook(A, A, "ben"))
    assert (facts.score, facts.penalty) == (0, 8)


def test_an_extension_of_somebody_unknown_is_told_with_its_line(term):
    course = say(term, DUE + f"\n[assignments.{A}.extensions]\nada = '1 day'\nbeen = '1 day'\n")
    with Gradebook(term.db_url, term.course_id) as book:
        (sentence,) = dates.unknown_students(course, book, A)
    assert sentence.endswith("course.toml:6: no student 'been' is known yet: did you mean ben?")


def test_a_total_is_of_what_is_finished_and_missing_is_not_unmarked(term):
    course = say(term, LATE)
    found = {row.student: row for row in totals.gather(course, NOW).rows}
    notes = {student: row.parts[A].note for student, row in found.items()}
    assert notes == {
        "ada": "late", "ben": "late; needs manual grading", "cleo": "not submitted"
    }  # fmt: skip
    assert {s: (row.so_far, row.total) for s, row in found.items()} == {
        "ada": (37.5, 37.5), "ben": (None, None), "cleo": (0, 0)
    }  # fmt: skip
    (cleo,) = [r for r in totals.gather(say(term, ""), NOW).rows if r.student == "cleo"]
    assert (cleo.parts[A].note, cleo.total) == ("not submitted, no due date", None)
    course = say(term, LATE + f"[assignments.{A}.extensions]\ncleo = '9 weeks'\n")
    (cleo,) = [r for r in totals.gather(course, NOW).rows if r.student == "cleo"]
    assert (cleo.parts[A].note, cleo.total) == ("not submitted, not due yet", None)


def test_an_assignment_nobody_has_graded_leaves_the_total_open(term):
    (term.notebooks / "98_next.py").write_text("")
    (term.folder("submitted") / "dora" / "98_next").mkdir(parents=True)
    found = {row.student: row for row in totals.gather(say(term, LATE), NOW).rows}
    assert (found["ada"].so_far, found["ada"].finished, found["ada"].total) == (37.5, 1, None)
    assert found["dora"].parts["98_next"].note == "ungraded"
    unweighted = say(term, LATE + "[assignments.98_next]\nweight = 0\n")
    assert totals.gather(unweighted, NOW).rows[0].total == 37.5


def test_the_table_as_a_file_and_as_a_page(term):
    with Gradebook(term.db_url, term.course_id) as book:
        book.find_student("ada").last_name = "<b>=1+1"
        book.db.commit()
    found = totals.gather(say(term, LATE), NOW)
    rows = {r["student_id"]: r for r in csv.DictReader(io.StringIO(totals_text(found)))}
    ada, ben, cleo = rows["ada"], rows["ben"], rows["cleo"]
    assert (ada[A], ada[f"{A}: of"], ada["total_percent"]) == ("3", "8", "37.5")
    assert (ben[A], ben[f"{A}: note"]) == ("3", "late; needs manual grading")
    assert (ben["finished"], ben["so_far_percent"], ben["total_percent"]) == ("0 of 1", "", "")
    assert (cleo[A], cleo[f"{A}: note"], cleo["total_percent"]) == ("", "not submitted", "0")
    text = page.render(found, NOW)
    assert "&lt;b&gt;=1+1" in text and "<b>=" not in text and "://" not in text
    assert "late; needs manual grading" in text and "37.5 %" in text


def test_the_command_writes_what_it_shows(term, tmp_path, capsys):
    say(term, LATE)
    output, figures = tmp_path / "t.html", tmp_path / "t.json"
    cli.totals(term.root, output, figures)
    said = capsys.readouterr().out
    assert "37.5 %" in said and "not submitted" in said
    assert output.read_text().startswith("<!DOCTYPE html>")
    (ada, *_) = json.loads(figures.read_text())["students"]
    assert (ada["total"], ada["assignments"][A]["flags"]) == (37.5, ["late"])
    with pytest.raises(UserError, match=r"expected a file that ends in .csv or .html, got t.pdf"):
        cli.totals(term.root, type(output)("t.pdf"), None)


def test_without_grades_there_is_no_table(course):
    with pytest.raises(UserError, match="grade first"):
        totals.gather(course, NOW)
