"""A student opens a notebook in JupyterLab, runs it, moves a slider and sees the picture change."""

import json
import shutil

import pytest
from conftest import ROOT

from autograder.authoring.classroom import solved

NAMES = sorted(path.parent.name for path in ROOT.glob("release/*/*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_first_widget_works_before_anything_is_solved(lab, screenshots, name):
    shutil.copytree(ROOT / "release" / name, lab.folder / name)
    with lab.open(f"{name}/{name}.ipynb") as page:
        page.run_all()
        complaints = page.complaints()
        assert len(complaints) == 1 and "NotImplementedError" in complaints[0]
        slider = page.slider()
        page.move(slider)
        page.screenshot(slider, screenshots / f"{name}.png")


@pytest.mark.slow
def test_the_solved_optimizers_can_be_explored(lab, screenshots, real_course):
    name = "03_optimizers"
    path = lab.folder / "solved" / f"{name}.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(solved(real_course, name)), encoding="utf-8")
    with lab.open(f"solved/{name}.ipynb") as page:
        page.run_all()
        assert page.complaints() == []
        slider = page.slider("momentum")
        page.move(slider)
        page.screenshot(slider, screenshots / f"{name}_solved.png")
