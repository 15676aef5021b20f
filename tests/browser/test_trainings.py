"""A student interrupts a training, changes its code, changes the data set: what is said each time."""

import nbformat
import pytest

pytestmark = pytest.mark.slow

SETUP = """\
from helpers import checkpoints, data

images = data.synthetic_images("synthetic")"""
TRAINING = """\
def improved():
    total = 0.0
    for epoch in range(num_epochs):
        total += images.train_images.double().mean().item()
    return {"total": total}"""
RUN = 'checkpoints.train_or_load("improved.pt", improved)'


def test_a_checkpoint_in_the_page_tells_what_made_it(lab, screenshots):
    cells = [SETUP, TRAINING, "num_epochs = 10**9", RUN]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / "training.ipynb")
    saved = lab.folder / "improved.pt"
    with lab.open("training.ipynb") as page:
        for code in ("from helpers", "def improved", "num_epochs = "):
            page.run(code)
        page.start("train_or_load")
        page.interrupt("train_or_load")
        page.expect_output("train_or_load", "KeyboardInterrupt")
        assert not saved.exists()

        page.retype_last_line("num_epochs = ", "num_epochs = 2")
        page.run("num_epochs = ")
        page.run("train_or_load")
        assert saved.exists()
        page.run("train_or_load")
        page.expect_output("train_or_load", "loaded improved.pt (trained 20")

        page.retype_last_line("def improved", 'return {"total": 2 * total}')
        page.run("def improved")
        page.run("train_or_load")
        said = "the code of `improved` has changed since it was trained: training again"
        page.expect_output("train_or_load", said)

        page.retype_last_line("from helpers", 'images = data.synthetic_images("synthetic_color")')
        page.run("from helpers")
        page.run("train_or_load")
        page.expect_output("train_or_load", "`images` was synthetic (")
        page.screenshot(page.cell("train_or_load"), screenshots / "training.png")
