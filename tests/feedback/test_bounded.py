"""Texts that lead parsers and highlighters into quadratic time cost their own formatting, no more."""

import contextlib
import operator
import os
import re
import signal
import subprocess
import sys

import psutil
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.feedback import bounded, sanitise

PADDING = "#" * bounded.SMALL
ENDLESS = ("(?x) (?:a|a)*b " + PADDING, "", "a" * 60)


def test_a_text_that_takes_for_ever_is_given_up_and_the_next_one_is_not():
    with pytest.raises(bounded.TooMuch, match="too long"):
        bounded.call(re.sub, *ENDLESS)
    assert bounded.call(re.sub, "(?x) b " + PADDING, "a", "bb") == "aa"


def test_a_text_that_takes_gigabytes_is_given_up_and_the_next_one_is_not():
    with pytest.raises(bounded.TooMuch, match="memory"):
        bounded.call(operator.mul, "x" * 2000, 1 << 20)
    assert bounded.call(operator.mul, "x" * 2000, 2) == "x" * 4000


def test_an_error_and_half_a_character_pass_through():
    for text in ("[", "[" + "a" * bounded.SMALL):
        with pytest.raises(bounded.TooMuch):
            bounded.call(re.sub, text, "", "")
    assert bounded.call(operator.mul, "\ud800" * 2000, 1) == "\ud800" * 2000


def test_a_page_has_a_time_for_all_of_its_texts(monkeypatch):
    monkeypatch.setattr(bounded, "PAGE_SECONDS", 0.5)
    monkeypatch.setattr(bounded, "_page", bounded.threading.local())
    bounded.new_page()
    with pytest.raises(bounded.TooMuch, match="too long"):
        bounded.call(re.sub, *ENDLESS)
    with pytest.raises(bounded.TooMuch, match="used up"):
        bounded.call(operator.mul, "x", 2)
    bounded.new_page()
    assert bounded.call(operator.mul, "x", 2) == "xx"


def formatters() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [p for p in children if "bounded import main" in " ".join(p.cmdline())]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
def test_a_killed_process_is_replaced():
    bounded.call(operator.mul, PADDING, 2)
    for process in formatters():
        process.kill()
    # Whether it was already gone when it was asked, or in the middle of that.
    with contextlib.suppress(bounded.TooMuch):
        bounded.call(operator.mul, PADDING + "x", 2)
    assert bounded.call(operator.mul, PADDING + "x", 2) == 2 * (PADDING + "x")


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_it_ends_with_its_grader_even_in_the_middle_of_a_text(number):
    code = (
        "import re, threading; from autograder.feedback import bounded\n"
        f"bounded.call(re.sub, {PADDING + 'x'!r}, '', '')\n"
        f"threading.Thread(target=bounded.call, args=(re.sub, *{ENDLESS!r}), daemon=True).start()\n"
        "print(bounded._formatter._process.pid, flush=True); threading.Event().wait()"
    )
    command = [sys.executable, "-c", code]

    def hear_interrupts():
        # A shell starts background jobs without.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=hear_interrupts) as grader:
        helper = psutil.Process(int(grader.stdout.readline()))
        all_of_it = [helper, *helper.children()]
        os.kill(grader.pid, number)
    assert psutil.wait_procs(all_of_it, timeout=60)[1] == []


ATTRIBUTES = "a." * 30_000
MARKDOWN = "\\begin{a}" * 9000
COLOURS = "\x1b[1m" * 200_000


@pytest.mark.slow
def test_a_notebook_made_to_be_slow_becomes_a_plain_page_in_stock_nbconvert(course):
    """As nbgrader's generate_feedback and formgrader render it: their own exporter, these filters."""
    printed = new_output("stream", name="stdout", text=COLOURS + "still told")
    cells = [new_code_cell(ATTRIBUTES, outputs=[printed])]
    cells += [new_markdown_cell(MARKDOWN + "also told")]
    exporter = HTMLExporter(config=course.config)
    page, _ = exporter.from_notebook_node(new_notebook(cells=cells))
    assert "still told" in page and "also told" in page
    assert ATTRIBUTES in page
    assert sanitise.ansi_to_html("\x1b[1mbold") == '<span class="ansi-bold">bold</span>'


def test_outputs_of_many_cells_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(sanitise, "MAX_OUTPUTS", 1000)
    printed = [new_output("stream", name="stdout", text="x" * 400) for _ in range(2)]
    cells = [new_code_cell("1", outputs=printed) for _ in range(3)]
    kept = sanitise.SafeNotebook().preprocess(new_notebook(cells=cells), {})[0].cells
    assert [[o.text for o in cell.outputs] for cell in kept] == [
        ["x" * 400, "x" * 400], [sanitise.LEFT_OUT], [sanitise.LEFT_OUT]
    ]  # fmt: skip
