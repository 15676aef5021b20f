"""axe-core looks for violations of WCAG 2.1 AA in the pages that people read."""

from dataclasses import replace
from datetime import datetime

import pytest
from axe_core_python.selenium import Axe
from conftest import ROOT
from nbconvert import HTMLExporter

from autograder.gradebook.records import Record
from autograder.gradebook.totals import Part, Row, Totals
from autograder.report import leaderboard, overview, page, totals
from autograder.viva.question import Question
from autograder.viva.sheet import Sheet
from autograder.viva.written import page as sheet_page
from browser.test_report import made_up_report

pytestmark = pytest.mark.slow

NAMES = sorted(path.parent.name for path in ROOT.glob("release/*/*.ipynb"))
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
# JupyterLab's own frame: the numbers beside cells, and the colours of Python.
FRAME = [[".jp-InputPrompt"], [".jp-OutputPrompt"], [".jp-CodeCell .highlight"]]


def violations(driver, path, script="") -> list[str]:
    driver.get(path.as_uri())
    driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    driver.execute_script(script)
    # A long notebook has thousands of elements.
    driver.set_script_timeout(300)
    found = Axe().run(driver, {"exclude": FRAME}, WCAG)["violations"]
    return [
        f"{violation['id']}: {node['html']}" for violation in found for node in violation["nodes"]
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_rendered_release_has_no_violation_of_its_own(driver, tmp_path, name):
    text, _ = HTMLExporter().from_filename(ROOT / "release" / name / f"{name}.ipynb")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert violations(driver, tmp_path / "page.html") == []


@pytest.mark.parametrize("page", ["index", "notebooks/03_optimizers", "helpers", "instructor"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_of_the_site_has_none_and_fits(driver, site, page, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert violations(driver, site / f"{page}.html") == []
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def made_up_totals() -> Totals:
    """Two assignments: one student has finished both, one waits for a mark, one is missing."""

    def row(student, first, second, finished, so_far, total):
        parts = {}
        for name, (score, share, note) in {"01_lines": first, "02_lists": second}.items():
            parts[name] = Part(Record(student, name, "graded", score, 20.0), share, note)
        return Row(student, student.title(), "Lovelace", "", parts, finished, so_far, total)

    missing = (None, 0.0, "not submitted")
    rows = [
        row("ada", (20.0, 1.0, ""), (17.5, 0.875, "late"), 2, 93.75, 93.75),
        row("ben", (12.0, None, "needs manual grading"), (20.0, 1.0, ""), 1, 100.0, None),
        row("cleo", (12.0, None, "late; stale"), missing, 1, 0.0, None),
    ]
    return Totals({"01_lines": 1.0, "02_lists": 2.0}, rows, ["02_old is in the gradebook"])


QUESTION = Question(
    "what_if", "momentum", 3, "Line 3, `self.mean = torch.zeros(3, dtype=torch.float64, device=p.device)`, is left out. "
    "What is `w.item()` then?", "class SGD:\n    def step(self):\n        p -= self.lr * mean\n" * 3,
    "w = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], requires_grad=True)\n",
    ("1", "-0.5", "it raises ValueError"), 1, "As it is, `w.item()` is 1; then it is -0.5.",
)  # fmt: skip
OTHER = replace(
    QUESTION, other=QUESTION.cell, options=("a = 1\nb = 2\n", "a = 2\nb = 2\n"), are_code=True
)


@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_sheet_of_questions_has_none_and_fits(driver, tmp_path, screenshots, width, key):
    sheet = Sheet(
        "ada", "Ada Lovelace", "03_optimizers", [QUESTION, OTHER], "only 2 of 3 questions"
    )
    path = tmp_path / "sheet.html"
    path.write_text(sheet_page.render(sheet, key), encoding="utf-8")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert violations(driver, path) == []
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        driver.save_screenshot(screenshots / f"sheet_{'key_' * key}{width}.png")
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [390, 1280])
def test_the_terms_table_fits_the_window(driver, tmp_path, width, screenshots):
    path = tmp_path / "totals.html"
    path.write_text(totals.render(made_up_totals(), datetime(2026, 4, 1)), encoding="utf-8")
    driver.get(path.as_uri())
    driver.set_window_size(width, 900)
    inside = driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
    driver.save_screenshot(screenshots / f"totals_{width}.png")
    assert inside <= 0


def test_report_leaderboard_and_totals_have_none(driver, tmp_path):
    places = [leaderboard.Place(1, "ada", "Ada", "amber fox", {"accuracy": 0.7, "numbers": 1e6})]
    pages = {
        "report.html": page.render(made_up_report(), {"student001": "feedback/student001.html"}),
        "overview.html": overview.render(
            [replace(made_up_report(), assignment=name) for name in ("01", "02")],
            {"01": "01_report.html", "02": "02_report.html"},
        ),
        "leaderboard.html": leaderboard.render("05_cifar_limits", places, names=False),
        "totals.html": totals.render(made_up_totals(), datetime(2026, 4, 1)),
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert violations(driver, tmp_path / name) == []
