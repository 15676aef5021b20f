"""What people see of a student's notebook, in feedback and in formgrader: all of it, and harmless."""

import base64
import functools
import io
import shutil

import nbformat
import pytest
from attacks import DO, HTML_ATTACKS, MARKDOWN_ATTACKS, SCRIPT, SVG, Page
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from PIL import Image

from autograder.authoring.classroom import answered, hand_in, prepend, released, solved
from autograder.feedback import formulas, sanitise, table
from autograder.feedback import page as pages
from autograder.feedback.facts import Facts
from autograder.grading import batch
from autograder.outcome import CheckResult, Status

A = "99_tiny"


def hostile_outputs():
    png = {"metadata": {"image/png": {"width": f"1 onerror={DO}", "alt": f'" onerror="{DO}'}}}
    bundles = [{"text/html": code} for code in HTML_ATTACKS.values()] + [
        {"text/markdown": text} for text in MARKDOWN_ATTACKS.values()
    ]
    bundles += [
        {"application/javascript": DO, "text/plain": "js"},
        {"image/svg+xml": SVG},
        {"text/latex": f"$x$ </div>{SCRIPT}"},
        {"application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{SCRIPT}"}},
        {"text/vnd.mermaid": f"</pre>{SCRIPT}"},
        {"image/png": f'x" onerror="{DO}'},
        {"image/jpeg": base64.b64encode(SVG.encode()).decode()},
        {"application/x-unknown": SCRIPT},
    ]
    outputs = [new_output("display_data", data) for data in bundles]
    outputs += [
        new_output("display_data", {"image/png": picture_text()}, **png),
        new_output(
            "display_data", {"text/html": "PWNED"}, metadata={"text/html": {"isolated": True}}
        ),
        new_output("stream", name="stdout", text=f"\x1b[31m{SCRIPT}\x1b[0m"),
        new_output("error", ename=SCRIPT, evalue=SCRIPT, traceback=[f"\x1b[1m{SCRIPT}"]),
    ]
    return outputs


def picture_text() -> str:
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def with_attacks(notebook):
    """The notebook with every attack in it, and with what ordinary students write."""
    notebook = answered(notebook, {})
    code = new_code_cell(f'x = "{SCRIPT}"', outputs=hostile_outputs(), execution_count=1)
    code.metadata = {"tags": [f'x" onclick="{DO}'], "alt": f'"><script>{DO}</script>'}
    code["id"] = "a"
    notebook.cells += [code, new_raw_cell(SCRIPT, metadata={"raw_mimetype": "text/html"})]
    for text in (*MARKDOWN_ATTACKS.values(), *HTML_ATTACKS.values()):
        notebook.cells.append(new_markdown_cell(text))
        notebook.cells[-1]["attachments"] = {
            "PWNED.svg": {"image/svg+xml": base64.b64encode(SVG.encode()).decode()}
        }
    notebook.metadata.update(
        title=f"</title>{SCRIPT}",
        widgets={"application/vnd.jupyter.widget-state+json": {"x": f"</script>{SCRIPT}"}},
        language_info={"name": f'"><script>{DO}</script>', "pygments_lexer": "html"},
        kernelspec={"name": SCRIPT, "display_name": SCRIPT},
    )
    return notebook


def feedback_page(course, notebook):
    copied = nbformat.reads(nbformat.writes(notebook), as_version=4)
    return pages.render(copied, Facts("ada", "Ada", A))


def formgrader_page(course, notebook, student="ada"):
    """As `FormgradeExtension.build_extra_config` and `SubmissionHandler.get` do it."""
    config = course.config
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources = {
        "assignment_id": A, "notebook_id": A, "submission_id": "f00", "index": 0, "total": 1,
        "base_url": "", "student": student, "last_name": student, "first_name": student,
        "notebook_path": f"course/autograded/{student}/x.ipynb",
    }  # fmt: skip
    return HTMLExporter(config=config).from_notebook_node(notebook, resources=resources)[0]


@pytest.fixture(params=[feedback_page, formgrader_page], ids=["feedback", "formgrader"])
def render(request, course):
    return functools.partial(request.param, course)


def test_nothing_of_a_student_acts_on_the_page(render, course):
    plain = released(course, A)
    before, after = Page(render(plain)), Page(render(with_attacks(plain)))
    assert after.active == before.active
    handlers_found = [a for a in after.attributes if a[1].startswith("on")]
    assert handlers_found == [a for a in before.attributes if a[1].startswith("on")]
    for tag, name, value in after.attributes:
        # The text of an image is a text.
        assert "PWNED" not in value or name in ("alt", "title"), (tag, name, value)
        assert "javascript:" not in value.lower().replace("\t", "") or name in ("alt", "title")
        if name == "style":
            assert "position" not in value and "url" not in value
        if tag in formulas.ELEMENTS:
            assert name in {*formulas.ATTRIBUTES, "style", "tabindex"}, (tag, name, value)
            assert "9" not in value
    assert all(image.startswith("data:image/png;base64,") for image in after.images)
    assert own_ids(after) == own_ids(before)


def own_ids(page):
    """The ids of the page itself: each cell has one of its own besides."""
    ids = [value for _, name, value in page.attributes if name == "id"]
    return [value for value in ids if not value.startswith("cell-id=")]


def test_ordinary_work_stays(render, course):
    notebook = released(course, A)
    table = (
        "<div><style scoped>.dataframe tbody tr th {x: y}</style><table border='1' class='dataframe'>"
        "<thead><tr style='text-align: right;'><th></th><th>loss</th></tr></thead>"
        "<tbody><tr><th>0</th><td>0.25 &lt; 1</td></tr></tbody></table></div>"
    )
    notebook.cells += [
        new_code_cell(
            "show()",
            outputs=[
                new_output("display_data", {"text/html": table}),
                new_output(
                    "display_data",
                    {"image/png": picture_text(), "text/plain": "<Figure>"},
                    metadata={"image/png": {"width": 2, "height": 2, "alt": "of 4 pixels"}},
                ),
                new_output("stream", name="stdout", text="epoch 3 < 4"),
                new_output("execute_result", {"text/plain": "tensor([1., 2.])"}),
            ],
        ),
        new_markdown_cell(
            "**bold** `a < b` $w < 0$ [paper](https://example.org/x)\n\n"
            "<details><summary>hint</summary>text</details>\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n"
            "```python\ndef f(): pass\n```\n\n![plot](attachment:p.png)",
            attachments={"p.png": {"image/png": picture_text()}},
        ),
    ]
    html = render(notebook)
    page = Page(html)
    assert page.images == [f"data:image/png;base64,{picture_text()}"] * 2
    for text in ("loss", "0.25 < 1", "epoch 3 < 4", "tensor([1., 2.])", "a < b", "w<0", "hint"):
        assert text in page.text, text
    # A picture of high resolution is shown at the size it is meant to have.
    assert {("img", "width", "2"), ("img", "height", "2"), ("img", "alt", "of 4 pixels")} <= set(
        page.attributes
    )
    assert "<mi>w</mi><mo>&lt;</mo><mn>0</mn>" in html
    assert ".dataframe tbody" not in page.text
    assert {"strong", "code", "details", "summary", "th", "thead"} <= set(page.tags)
    assert ("a", "href", "https://example.org/x") in page.attributes
    assert ("table", "class", "dataframe") in page.attributes
    assert ("span", "class", "k") in page.attributes


def test_a_hostile_name_is_text_in_formgrader(course):
    name = f'"><img src=x onerror="{DO}">'
    page = Page(formgrader_page(course, released(course, A), student=name))
    assert not [a for a in page.attributes if a[1] == "onerror"]


def test_an_id_that_is_markup_does_not_enter_the_gradebook(course):
    name = f'<img src=x onerror="{DO}">'
    hand_in(course, name, A, released(course, A))
    (result,) = batch.grade(course, A, [name], workers=1)
    assert result.status is Status.UNREADABLE and "rename" in result.message
    with Gradebook(course.db_url, course.course_id) as gradebook:
        assert not [s.id for s in gradebook.students]


def test_the_line_that_fails_closed_is_not_shown(render, course):
    notebook = nbformat.read(course.source_notebook(A), as_version=4)
    assert "the hidden checks have not run" not in render(notebook)


def test_formgraders_mathjax_comes_with_its_own_protection(course):
    # \\href{javascript:...} in what is left to it is MathJax's to refuse: its Safe extension does.
    page = Page(formgrader_page(course, released(course, A)))
    sources = [value for tag, name, value in page.attributes if (tag, name) == ("script", "src")]
    mathjax = [source for source in sources if "mathjax" in source.lower()]
    assert mathjax and all(s.endswith(",Safe") for s in mathjax)


def test_a_students_page_has_no_script_and_its_policy_allows_none(course):
    html = feedback_page(course, with_attacks(released(course, A)))
    page = Page(html)
    assert "script" not in page.tags
    (policy,) = (v for t, n, v in page.attributes if (t, n) == ("meta", "content") and "-src" in v)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "script-src" not in policy


def test_results_table_shows_checks_messages_and_the_known_mistake():
    results = [
        CheckResult("double", "a", "A number is doubled.", 1, 1),
        CheckResult(
            "double", "b", "Arrays too.", 0, 2, f"got <b>{SCRIPT}\nsecond", diagnosis="No `x`."
        ),
    ]
    html = table.as_html(results)
    page = Page(html)
    assert not page.active
    assert "1 / 1" in page.text and "0 / 2" in page.text and SCRIPT in page.text
    assert "<code>x</code>" in html and table.KNOWN in page.text
    assert sanitise.clean(html).count("<tr>") == html.count("<tr>")
    text = table.as_text(results)
    assert "✓ A number is doubled.  (1/1)" in text and "No `x`." in text


def test_the_first_red_line_leads_and_what_follows_from_it_is_folded():
    results = [
        CheckResult("sum", "a", "Passed.", 1, 1),
        CheckResult("sum", "b", "Follows.", 0, 1, "layer 2: depends on the first layer"),
        CheckResult("sum", "c", "Failed.", 0, 1, "expected one number"),
    ]
    text = table.as_text(results)
    places = [text.index(word) for word in ("Failed.", "Passed.", table.FOLLOWING, "Follows.")]
    assert places == sorted(places)
    html = sanitise.clean(table.as_html(results))
    shown, folded = html.split("<details>")
    assert "Failed." in shown and "Follows." in folded and table.FOLLOWING in folded
    # Something has to be red in front of the fold.
    alone = table.as_html(results[:2])
    assert "<details>" not in alone and "Follows." in alone


@pytest.mark.slow
def test_feedback_of_a_graded_class(course):
    """Through kernel, judge and writer: the mistake is named, the attack is not carried out."""
    perfect = solved(course, A)
    wrong = answered(perfect, {"double": "def double(x):\n    return x * x\n"})
    attack = f"from IPython.display import HTML, display\ndisplay(HTML({SCRIPT + '<i>kept</i>'!r}))"
    hand_in(course, "ada", A, prepend(wrong, attack))
    hand_in(course, "bob", A, perfect)
    ada, bob = batch.grade(course, A, ["ada", "bob"], workers=1)
    assert [c.diagnosis for c in ada.checks] == ["This is the square.", "", ""]
    assert [c["diagnosis"] for c in ada.as_dict()["checks"]] == ["This is the square.", "", ""]
    assert not any(c.diagnosis for c in bob.checks)
    pages = {
        name: (course.folder("feedback") / name / A / f"{A}.html").read_text(encoding="utf-8")
        for name in ("ada", "bob")
    }
    assert table.KNOWN in pages["ada"] and table.KNOWN not in pages["bob"]
    page = Page(pages["ada"])
    assert "kept" in page.text
    assert not any("PWNED" in str(part) for part in page.active)


@pytest.fixture
def browser(tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromedriver are not on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(argument)
    # Nothing is loaded from elsewhere, so that the test needs no network.
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND")
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


def show(browser, html, folder):
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    browser.get(path.as_uri())


@pytest.mark.slow
def test_a_planted_script_does_not_run_in_a_browser(render, course, browser, tmp_path):
    show(browser, render(with_attacks(released(course, A))), tmp_path)
    title = browser.title
    assert title in (A, f"{A}: feedback")
    links = browser.find_elements("css selector", "#notebook-container a, .notebook a")
    assert links
    for link in links:
        browser.execute_script("arguments[0].click()", link)
    assert browser.title == title


# What lies on top at the page's first heading, and how deep the last cell is.
LOOK = """
const heading = document.querySelector("h1"), box = heading.getBoundingClientRect();
const top = document.elementFromPoint(box.left + 20, box.top + box.height / 2);
let last = [...document.querySelectorAll("p")].find(p => p.textContent == "the end"), depth = 0;
for (; last; last = last.parentElement) depth++;
return [heading.contains(top), depth];
"""


@pytest.mark.slow
def test_nothing_of_a_student_covers_or_closes_a_part_of_the_page(
    render, course, browser, tmp_path
):
    found = []
    for notebook in (released(course, A), with_attacks(released(course, A))):
        notebook.cells.append(new_markdown_cell("the end"))
        show(browser, render(notebook), tmp_path)
        found.append(browser.execute_script(LOOK))
    assert found[0] == found[1] and found[0][0] and found[0][1] > 3
