"""An instructor marks in nbgrader's formgrader: feedback, report and export show what was given."""

import csv
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

from autograder import exports
from autograder.authoring.classroom import answered, hand_in, released, solved
from autograder.grading import batch
from autograder.report import data
from browser.conftest import serve

A, S = "99_tiny", "ada"
ANSWER = "Each entry is counted once, and their number divides the sum: $\\bar w_1$."
SHOWN = "Each entry is counted once, and their number divides the sum:"


@pytest.fixture
def graded(course):
    """A class of two: ada's mean is wrong, and her written answer waits for points."""
    wrong = {"mean": "def mean(values):\n    return values.sum()", "answer_why": ANSWER}
    hand_in(course, S, A, answered(solved(course, A), wrong))
    hand_in(course, "student002", A, released(course, A))
    batch.grade(course, A, [S, "student002"])
    return course


def reported(course):
    """The student's row of the class report."""
    rows = data.gather(course, A, datetime(2025, 3, 4, tzinfo=UTC)).students
    return next(row for row in rows if row.student == S)


def exported(course, path):
    """The student's row of the CSV export."""
    exports.export(course, A, "csv", path, allow_unfinished=True)
    with path.open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["student_id"] == S)


def pressed(driver, wait, url, button):
    """Press one of formgrader's buttons beside the assignment, and wait for its report."""
    driver.get(f"{url}/formgrader/manage_assignments")
    wait.until(expected.element_to_be_clickable((By.CSS_SELECTOR, f".{button} a"))).click()
    dialog = (By.CSS_SELECTOR, "#success-modal .modal-body")
    wait.until(expected.visibility_of_element_located(dialog))


@pytest.mark.slow
def test_a_mark_an_override_and_a_comment_arrive_in_feedback_report_and_export(
    driver, graded, screenshots, tmp_path_factory
):
    home = tmp_path_factory.mktemp("formgrader")
    wait = WebDriverWait(driver, 30)
    page = graded.folder("feedback") / S / A / f"{A}.html"
    row = exported(graded, home / "before.csv")
    assert (row["score"], row["why"], row["flags"]) == ("3", "", "needs manual grading")
    assert reported(graded).exercises["why"] is None
    assert "waiting for a mark" in page.read_text()

    def find(grade_id):
        return wait.until(expected.element_to_be_clickable((By.ID, grade_id)))

    def enter(grade_id, text):
        find(grade_id).clear()
        find(grade_id).send_keys(text, Keys.TAB)
        wait.until(lambda d: d.execute_script("return jQuery.active == 0"), "not saved")

    def expect(grade_id, text):
        wait.until(lambda _: find(grade_id).get_attribute("value") == text, f"{grade_id}: {text}")

    with serve(home, graded.root) as url:
        driver.get(f"{url}/formgrader/gradebook/{A}/{A}")
        wait.until(expected.element_to_be_clickable((By.LINK_TEXT, "Submission #1")))
        find("toggle_names").click()
        wait.until(expected.element_to_be_clickable((By.LINK_TEXT, S))).click()
        find("answer_why")
        text = driver.find_element(By.TAG_NAME, "body").text
        assert SHOWN in text and "return values.sum()" in text
        # A formula is drawn without a network.
        assert driver.find_element(By.CSS_SELECTOR, "math msub").is_displayed()
        enter("answer_why", "2.5")
        enter("answer_why-comment", "well put")
        enter("check_mean", "1")
        enter("mean-comment", "nearly: divide by $n$")
        driver.refresh()
        expect("answer_why", "2.5")
        expect("answer_why-comment", "well put")
        expect("check_mean", "1")
        driver.save_screenshot(str(screenshots / "formgrader.png"))
        pressed(driver, wait, url, "generate-feedback")
        driver.get(page.as_uri())
        shown = driver.find_element(By.TAG_NAME, "main").text
        driver.save_screenshot(str(screenshots / "feedback.png"))
        assert driver.find_element(By.CSS_SELECTOR, ".facts dd").text == "6.5 of 8"
        driver.get("about:blank")

    assert "A person has changed this from 0 to 1." in shown
    assert "A person has given 2.5 points." in shown
    assert "well put" in shown and "nearly: divide by" in shown and "waiting" not in shown
    with Gradebook(graded.db_url, graded.course_id) as gradebook:
        grade = gradebook.find_grade("answer_why", A, A, S)
        assert (grade.manual_score, grade.needs_manual_grade) == (2.5, False)
    row = exported(graded, home / "after.csv")
    assert (row["score"], row["why"], row["mean"], row["flags"]) == ("6.5", "2.5", "1", "")
    told = reported(graded)
    assert (told.score, told.exercises["why"], told.exercises["mean"]) == (6.5, 2.5, 1.0)
