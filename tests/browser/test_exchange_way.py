"""A student's way through nbgrader's exchange in JupyterLab, while `serve --watch` runs."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait
from serving.conftest import course_with_exchange, needs_warm, watching_with_release

from autograder.gradebook import ledger
from browser.conftest import Lab, serve

RIGHT = "return np.clip(image.astype(np.int16) + amount, 0, 255).astype(np.uint8)"


class AssignmentList:
    """nbgrader's list of assignments, opened from the menu."""

    def __init__(self, driver, url):
        self.driver = driver
        driver.get(f"{url}/lab?reset")
        self._click(
            By.XPATH, "//li[contains(@class, 'lm-MenuBar-item')][normalize-space()='Nbgrader']"
        )
        self._click(By.CSS_SELECTOR, ".lm-Menu-item[data-command='nbgrader:open-assignment-list']")

    def _click(self, *locator):
        wait = WebDriverWait(self.driver, 60)
        wait.until(expected.element_to_be_clickable(locator), f"no {locator[1]}").click()

    def press(self, name, section):
        """Press a button of a section: released, fetched or submitted."""
        place = f"//*[@id='{section}_assignments_list']"
        self._click(By.XPATH, f"{place}//button[normalize-space()='{name}']")

    def expect(self, xpath):
        located = expected.presence_of_element_located((By.XPATH, xpath))
        return WebDriverWait(self.driver, 60).until(located, f"no {xpath}")


@pytest.mark.slow
@needs_warm
def test_who_submits_finds_feedback_though_nobody_runs_a_command(driver, tmp_path, screenshots):
    course = course_with_exchange(tmp_path)
    (name,) = course.assignments
    home = tmp_path / "student"
    folder = home / "notebooks"
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
        "c.CourseDirectory.course_id = 'images'\n"
    )
    with watching_with_release(course), serve(home, folder) as url:
        AssignmentList(driver, url).press("Fetch", "released")
        AssignmentList(driver, url).expect(
            f"//*[@id='fetched_assignments_list']//*[contains(., '{name}')]"
        )
        notebook = folder / name / f"{name}.ipynb"
        lab = Lab(folder, url, driver)
        with lab.open(f"{name}/{name}.ipynb") as page:
            page.retype_last_line("def brighten(image, amount)", RIGHT)
            page.save()
        assert RIGHT in notebook.read_text(encoding="utf-8")
        page = AssignmentList(driver, url)
        page.press("Submit", "fetched")
        page.expect(
            "//*[@id='submitted_assignments_list']//button[normalize-space()='Fetch Feedback']"
        )
        driver.save_screenshot(str(screenshots / "submitted.png"))
        released = tmp_path / "exchange" / "images" / "feedback"
        WebDriverWait(driver, 60).until(lambda _: any(released.glob("*.html")))
        AssignmentList(driver, url).press("Fetch Feedback", "submitted")
        WebDriverWait(driver, 60).until(lambda _: any(folder.rglob("feedback/**/*.html")))
    (page,) = folder.rglob("feedback/**/*.html")
    text = page.read_text(encoding="utf-8")
    assert "brighten" in text and "5 of 5" in text
    ((student, attempt),) = ledger.latest(course, name).items()
    assert attempt.outcome.score == 5
