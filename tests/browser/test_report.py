"""An instructor reads the class report in a browser: by keyboard, on a phone, in the dark."""

import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from autograder.report import data, measures, page
from autograder.report.similarity import Alike, Group
from autograder.report.unknown import FailingAlike

pytestmark = pytest.mark.slow

STUDENTS = 30
LATE, UNSCORED = {3, 4, 21}, {5, 17}
SOURCES = {f"student{i:03d}": f"x{i} = 1  # {'long ' * 30}\n" * 20 for i in range(3)}
LONG_NAME = "Aname" * 30 + "</td><script>document.title = 'changed'</script>"


def made_up_report():
    """A report of a class with every kind of section."""
    exercises = {f"exercise_{name}": 5.0 for name in "abcdefghi"}
    scores = {i: None if i in UNSCORED else float(i * 7 % 46) for i in range(STUDENTS)}
    rows = [
        data.Row(
            f"student{i:03d}", LONG_NAME if i == 0 else f"Student {i}",
            "unreadable" if i in UNSCORED else "graded", scores[i],
            ["late", "needs manual grading"] if i in LATE else [], 0.5 * i, "namespaces", {name: None if i in UNSCORED else 2.5 for name in exercises},
        )
        for i in range(STUDENTS)
    ]  # fmt: skip
    known = sorted(s for s in scores.values() if s is not None)
    summary = data.Summary(
        STUDENTS, STUDENTS, len(known), 45.0, sum(known) / len(known), known[len(known) // 2],
        known[0], known[-1], {"graded": 28, "unreadable": 2}, 3, 0, 0,
    )  # fmt: skip
    checks = [
        data.CheckFigures(
            28, i / 9, i / 9, None if i == 0 else i / 10, name, "right", "x" * 90, 5.0
        )
        for i, name in enumerate(exercises)
    ]
    return data.Report(
        "99_tiny", datetime(2025, 3, 4, tzinfo=UTC).isoformat(), summary,
        measures.histogram(known, 45.0), checks,
        [data.KnownMistake("exercise_a", "This is what happens without a sum.", 3)],
        [data.Attention("student005", "Student 5", "unreadable", "W" * 300, [])],
        data.RunTimes(28, 1.0, 9.0, [data.Slow("student000", 61.0)]),
        [data.Written("exercise_i", 5.0, 2, 20, 2.5)], {"namespaces": 28}, exercises, rows,
        data.Similar(28, [Group(tuple(SOURCES), (Alike("exercise_a", 1, 1, 0.6, SOURCES),))]),
        [FailingAlike(
            "exercise_b", ("a_check",), "3 of 6 values differ", tuple(SOURCES), "student000",
            SOURCES["student000"],
        )],
    )  # fmt: skip


@pytest.fixture(scope="module")
def requests():
    """The paths that have been asked for."""
    return []


@pytest.fixture(scope="module")
def address(tmp_path_factory, requests):
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.html").write_text(page.render(made_up_report()), encoding="utf-8")

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, *_):
            requests.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/report.html"
    server.shutdown()
    server.server_close()


@pytest.fixture
def report(driver, address):
    """The browser with the report just opened, in a wide window."""
    driver.get_log("browser")
    driver.get(address)
    yield driver
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    driver.get("about:blank")


def column(driver, number):
    script = """return [...document.querySelectorAll('#students-table tbody tr')]
        .map(row => row.cells[arguments[0]].dataset.value)"""
    return [float(v) if v else None for v in driver.execute_script(script, number)]


def shown(driver):
    rows = driver.find_elements(By.CSS_SELECTOR, "#students-table tbody tr")
    return [row.get_attribute("id") for row in rows if row.is_displayed()]


def tab_to(driver, wanted, most=200):
    """Press Tab until the focus is on `wanted`."""
    for _ in range(most):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        if driver.switch_to.active_element == wanted:
            return
    raise AssertionError(f"{wanted.text} cannot be reached by Tab")


def test_the_page_makes_no_request_and_runs_no_students_words(report, requests):
    # The favicon is the browser's own idea.
    assert set(requests) - {"/favicon.ico"} == {"/report.html"}
    assert report.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert [entry for entry in report.get_log("browser") if "favicon" not in entry["message"]] == []
    assert report.title == "Class report: 99_tiny"


def test_a_table_is_sorted_by_keyboard(report):
    header = report.find_element(By.XPATH, "//table[@id='students-table']//th[.//text()='score']")
    button = header.find_element(By.TAG_NAME, "button")
    tab_to(report, button)
    outline = report.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    known = sorted(v for v in column(report, 2) if v is not None)
    missing = [None] * len(UNSCORED)
    button.send_keys(Keys.ENTER)
    assert header.get_attribute("aria-sort") == "ascending"
    assert column(report, 2) == known + missing
    button.send_keys(Keys.SPACE)
    assert header.get_attribute("aria-sort") == "descending"
    assert column(report, 2) == known[::-1] + missing
    name = report.find_element(By.CSS_SELECTOR, "#students-table th:first-child")
    name.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    sorts = [
        th.get_attribute("aria-sort")
        for th in report.find_elements(By.CSS_SELECTOR, "#students-table th")
    ]
    assert sorts == ["ascending"] + ["none"] * (len(sorts) - 1)
    names = [r.text for r in report.find_elements(By.CSS_SELECTOR, "#students-table bdi")]
    assert [n for n in names if n.startswith("Student ")] == [f"Student {i}" for i in range(1, 30)]


def test_the_filter_leaves_the_rows_with_all_its_words(report):
    box = report.find_element(By.CSS_SELECTOR, ".filter input")
    said = report.find_element(By.CSS_SELECTOR, ".filter output")
    assert (len(shown(report)), said.text) == (STUDENTS, "30 of 30 shown")
    box.send_keys("LATE")
    assert shown(report) == ["student-3", "student-4", "student-21"]
    assert said.text == "3 of 30 shown"
    box.send_keys(" student021")
    assert shown(report) == ["student-21"]
    box.send_keys(Keys.ENTER)
    assert shown(report) == ["student-21"]
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.BACKSPACE)
    assert len(shown(report)) == STUDENTS


def test_the_first_tab_stop_skips_to_the_figures(report):
    report.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = report.switch_to.active_element
    assert (skip.text, skip.is_displayed()) == ("Skip to the figures", True)
    skip.send_keys(Keys.ENTER)
    assert report.switch_to.active_element.get_attribute("id") == "main"


@pytest.mark.parametrize("width", [320, 390, 800, 1400])
def test_the_page_never_scrolls_sideways(report, width, screenshots):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    report.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    script = "return document.documentElement.scrollWidth"
    assert report.execute_script(script) <= width
    if width < 500:
        # On a phone there is nothing to scroll to in the tables either.
        script = """return [...document.querySelectorAll('.scroll')]
            .filter(box => box.scrollWidth > box.clientWidth).length"""
        assert report.execute_script(script) == 0
    report.save_screenshot(screenshots / f"report_{width}.png")


def test_the_page_follows_the_dark_scheme(report):
    script = "return getComputedStyle(document.body).backgroundColor"
    found = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        report.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        found[scheme] = report.execute_script(script)
    assert found == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 29)"}
