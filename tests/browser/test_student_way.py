"""A student's way through a release: run, answer, be corrected, play with a widget, check it all."""

import json
import shutil

import pytest
from conftest import ROOT

from helpers import selfcheck

NAME = "03_optimizers"
SOLUTION, LAST = "class SGD(OptimizerTemplate)", "selfcheck.button("


@pytest.mark.slow
def test_an_answer_is_written_corrected_and_checked(lab, screenshots):
    shutil.copytree(ROOT / "release" / NAME, lab.folder / "student" / NAME)
    path = lab.folder / "student" / NAME / f"{NAME}.ipynb"
    exercises = selfcheck.checks(json.loads(path.read_text(encoding="utf-8"))["cells"])
    with lab.open(f"student/{NAME}/{NAME}.ipynb") as page:
        page.run_all(600)
        page.move(page.slider())

        page.retype_last_line(SOLUTION, "p += self.lr * p.grad")
        page.run_with_next(SOLUTION)
        page.expect_shown("✗ sgd: ")
        page.expect_shown("this goes up the gradient, not down")
        page.retype_last_line(SOLUTION, "p -= self.lr * p.grad")
        page.run_with_next(SOLUTION)
        page.expect_shown("✓ steps down, in place, gradient untouched")

        page.press("Check the whole notebook")
        page.expect_output(LAST, f"solved 1 of {len(exercises)}")
        page.expect_output(LAST, "✓ sgd\n○ noisy: not solved yet\n○ sgd_momentum: not solved yet")
        page.screenshot(page.cell(LAST), screenshots / "student.png")
