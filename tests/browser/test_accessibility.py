"""axe-core looks for violations of WCAG 2.1 AA in the pages that people read."""

import pytest
from axe_core_python.selenium import Axe
from conftest import ROOT
from nbconvert import HTMLExporter

from autograder.report import leaderboard, page
from browser.test_report import made_up_report

pytestmark = pytest.mark.slow

NAMES = sorted(path.parent.name for path in ROOT.glob("release/*/*.ipynb"))
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
# JupyterLab's own frame: the numbers beside cells, and the colours of Python.
FRAME = [[".jp-InputPrompt"], [".jp-OutputPrompt"], [".jp-CodeCell .highlight"]]


def violations(driver, path, script="") -> list[str]:
    driver.get(path.as_uri())
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


def test_report_and_leaderboard_have_none(driver, tmp_path):
    places = [leaderboard.Place(1, "ada", "Ada", "amber fox", {"accuracy": 0.7, "numbers": 1e6})]
    pages = {
        "report.html": page.render(made_up_report()),
        "leaderboard.html": leaderboard.render("05_cifar_limits", places, names=False),
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert violations(driver, tmp_path / name) == []
