"""A student reads the feedback in a browser: on a phone, in the dark, without a network, on paper."""

import pytest
from feedback.made_up import full

from autograder.feedback import page
from autograder.feedback.facts import Facts
from browser.test_accessibility import violations

pytestmark = pytest.mark.slow

OPEN = "for (const part of document.querySelectorAll('details')) part.open = true"
# What lies beyond the right edge and is not in a box of its own that scrolls.
BEYOND = """return [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, math"))
    .map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("feedback")
    trouble = Facts("eve", "Eve Moon", "99_tiny", trouble="expected a notebook, found cat.png")
    for name, text in {"full": page.render(*full()), "broken": page.fill([], trouble)}.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def browser(driver):
    yield driver
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    driver.get("about:blank")


def look(driver, width, scheme="light", media="screen"):
    """Set what the page is shown on."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["full", "broken"])
def test_no_violation_and_nothing_beyond_the_edge(browser, pages, screenshots, name, width, scheme):
    look(browser, width, scheme)
    browser.get((pages / f"{name}.html").as_uri())
    browser.save_screenshot(str(screenshots / f"feedback_{name}_{width}_{scheme}.png"))
    assert violations(browser, pages / f"{name}.html", OPEN) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(BEYOND) == []


def test_it_asks_nobody_for_anything_and_draws_its_formulas(browser, pages):
    browser.get_log("browser")
    browser.get((pages / "full.html").as_uri())
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    # A rule of its policy that the page itself breaks would be here.
    assert browser.get_log("browser") == []
    assert browser.title == "99_tiny: feedback"
    browser.execute_script(OPEN)
    heights = browser.execute_script(
        "return [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)"
    )
    assert len(heights) >= 3 and min(heights) > 5


def test_on_paper_everything_is_open(browser, pages):
    look(browser, 800)
    browser.get((pages / "full.html").as_uri())
    last = """const all = [...document.querySelectorAll(".notebook .cell, .card ul")];
        return all.filter(e => !e.checkVisibility()).length"""
    assert browser.execute_script(last) > 5
    look(browser, 800, media="print")
    assert browser.execute_script(last) == 0
