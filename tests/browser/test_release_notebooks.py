"""A student opens a notebook in JupyterLab, runs it, moves a slider and sees the picture change."""

import json
import shutil

import pytest
from conftest import ROOT

from autograder.authoring.classroom import released, solved
from helpers import selfcheck

NAMES = sorted(path.parent.name for path in ROOT.glob("release/*/*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_unsolved_notebook_runs_to_its_end_and_its_widget_works(
    lab, screenshots, real_course, name
):
    shutil.copytree(ROOT / "release" / name, lab.folder / name)
    with lab.open(f"{name}/{name}.ipynb") as page:
        page.run_all(600)
        complaints = page.complaints()
        assert all(c.startswith("○ ") and "\n" not in c for c in complaints), complaints
        for exercise in selfcheck.checks(released(real_course, name).cells):
            said = [c for c in complaints if c.startswith(f"○ {exercise}: not solved yet")]
            assert len(said) == 1, (exercise, complaints)
        page.screenshot(page.complaint(), screenshots / f"{name}_unsolved.png")
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
        choices = page.choices()
        assert len(choices) == 3
        for choice in choices:
            page.choose(choice)
        page.screenshot(choices[0], screenshots / f"{name}_quiz.png")
