"""The site: it loads nothing from elsewhere, and no page has a solution or a hidden check."""

import html
import json
import re
from pathlib import Path

import pytest
from conftest import ROOT

from autograder.authoring.bundle import _leaks
from autograder.course import Course

NAMES = sorted(path.parent.name for path in ROOT.glob("release/*/*.ipynb"))
TEACHING = ("adding-an-exercise.html", "your-own-course.html")
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)


def text_of(page: Path) -> str:
    """What a reader of the page sees."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


def test_no_page_has_a_solution_or_a_hidden_check(site):
    # These show how to write an exercise.
    pages = {
        str(page.relative_to(site)): text_of(page).encode()
        for page in site.rglob("*.html") if page.name not in TEACHING
    }  # fmt: skip
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    pages["search"] = "\n".join(html.unescape(d["text"]) for d in index["docs"]
        if d["location"].partition("#")[0] not in TEACHING).encode()  # fmt: skip
    assert len(pages) > 12
    # The page about the engine names its packages.
    named = "contains 'autograder.checking'"
    leaks = [leak for leak in _leaks(Course(ROOT), pages) if not leak.endswith(named)]
    assert leaks == []
    assert not any(
        "autograder.checking" in pages[f"notebooks/{name}.html"].decode() for name in NAMES
    )


def test_a_solution_on_a_page_would_be_noticed():
    solution = "p -= self.lr * p.grad"
    source = (ROOT / "notebooks" / "03_optimizers.py").read_text("utf-8")
    hidden = re.search(
        r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source.partition("Adam(")[2], re.S
    )
    assert solution in source and len(hidden[1].splitlines()) >= 4
    assert _leaks(Course(ROOT), {"page": hidden[1].encode()})


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|iframe|link)\b[^>]*(?:src|href)="([^"]+)"', text)
        elsewhere = [url for url in loaded if re.match(r"(https?:)?//", url)]
        assert elsewhere == [], page


@pytest.mark.parametrize("name", NAMES)
def test_a_notebooks_page_has_all_of_it(site, name):
    page = site / "notebooks" / f"{name}.html"
    shown = " ".join(text_of(page).split())
    released = json.loads((ROOT / "release" / name / f"{name}.ipynb").read_text("utf-8"))
    headings = [
        line.lstrip("# ")
        for cell in released["cells"] if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines() if re.match("#+ ", line)
    ]  # fmt: skip
    assert headings
    for heading in headings:
        if "$" not in heading:
            assert " ".join(re.sub(r"[`*]", "", heading).split()) in shown
    assert "YOUR CODE HERE" in shown
    assert "$" not in re.sub(r"<[^>]+>", "", CODE.sub("", _article(page)))


def _article(page: Path) -> str:
    return page.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
