"""An instructor reads a written answer in nbgrader's formgrader and gives it points."""

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
ANSWER = "Each entry is counted once, and their number divides the sum."


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


@pytest.mark.slow
def test_points_given_by_hand_arrive_in_the_gradebook_the_export_and_the_report(
    driver, graded, screenshots, tmp_path_factory
):
    home = tmp_path_factory.mktemp("formgrader")
    wait = WebDriverWait(driver, 30)
    row = exported(graded, home / "before.csv")
    assert (row["score"], row["why"], row["flags"]) == ("3", "", "needs manual grading")
    assert reported(graded).exercises["why"] is None

    def find(grade_id):
        return wait.until(expected.element_to_be_clickable((By.ID, grade_id)))

    def enter(grade_id, text):
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
        page = driver.find_element(By.TAG_NAME, "body").text
        assert ANSWER in page and "return values.sum()" in page
        enter("answer_why", "2.5")
        enter("answer_why-comment", "well put")
        driver.refresh()
        expect("answer_why", "2.5")
        expect("answer_why-comment", "well put")
        driver.save_screenshot(str(screenshots / "formgrader.png"))
        driver.get("about:blank")

    with Gradebook(graded.db_url, graded.course_id) as gradebook:
        grade = gradebook.find_grade("answer_why", A, A, S)
        assert (grade.manual_score, grade.needs_manual_grade) == (2.5, False)
    row = exported(graded, home / "after.csv")
    assert (row["score"], row["why"], row["flags"]) == ("5.5", "2.5", "")
    assert (reported(graded).score, reported(graded).exercises["why"]) == (5.5, 2.5)
