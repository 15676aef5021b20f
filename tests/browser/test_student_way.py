"""A student's way through a release: run, answer, be corrected, play with a widget, check it all."""

import shutil

import pytest
from conftest import ROOT

NAME = "03_optimizers"
SOLUTION, CHECK, LAST = "class SGD(OptimizerTemplate)", "_p = nn.Parameter(", "selfcheck.button("


@pytest.mark.slow
def test_an_answer_is_written_corrected_and_checked(lab, screenshots):
    shutil.copytree(ROOT / "release" / NAME, lab.folder / "student" / NAME)
    with lab.open(f"student/{NAME}/{NAME}.ipynb") as page:
        page.run_all()
        page.move(page.slider())

        page.retype_last_line(SOLUTION, "p += self.lr * p.grad")
        page.run(SOLUTION)
        page.run(CHECK)
        page.expect_output(CHECK, "this goes up the gradient, not down")
        page.retype_last_line(SOLUTION, "p -= self.lr * p.grad")
        page.run(SOLUTION)
        page.run(CHECK)
        page.expect_output(CHECK, "✓ one step down, in place, gradient untouched")

        page.run(LAST)
        page.press("Check the whole notebook")
        page.expect_output(LAST, "solved 1 of 5")
        # No other cell has been run: Run All Cells stopped at the first stub.
        page.expect_output(LAST, "✓ sgd\n✗ sgd_momentum: NameError")
        page.screenshot(page.cell(LAST), screenshots / "student.png")
