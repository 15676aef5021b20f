"""The notebooks as people meet them: solved ones run and earn everything, stubs run and earn nothing.

A solved notebook is first run in a folder of its own, as at home; what it saves is handed in with it.
"""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
import stated
import torch
from conftest import REAL_DATA, ROOT

from autograder.authoring.build import build
from autograder.authoring.classroom import hand_in, released, solved, worked_on
from autograder.course import Course
from autograder.grading import batch
from autograder.outcome import Status

ASSIGNMENTS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))
BASICS, LIMITS = "01_mlp_basics", "05_cifar_limits"
# What is tried on real images where they are.
REAL = {BASICS: "mnist.npz", LIMITS: "cifar10.npz"}
# An unsolved cell, or one that needs what that would have made; a self-check that fails.
OF_A_STUB = {"NotImplementedError", "AssertionError"}
# What a notebook says of its length: the card below a heading, a row of the table of parts, hours.
CARD = re.compile(
    r"^# ##+ (?P<title>.+)\n#\n"
    r"# [●○]{3} · (?P<minutes>\d+) minutes(?: · (?P<points>\d+) points?)? · (?P<use>.+)$",
    re.MULTILINE,
)
ROW = re.compile(r"^# \|[^|]+\|[^|]+\| (?P<minutes>\d+) \| (?P<points>\d+)? *\|$", re.MULTILINE)
HOURS = re.compile(r"about (\w+) hours", re.IGNORECASE)


def next_card(text, place):
    """Where the card after `place` begins."""
    following = CARD.search(text, place)
    return following.start() if following else len(text)


@pytest.fixture
def own_course(tmp_path):
    """A copy of the course with a class of its own."""
    root = tmp_path / "course"
    for name in ("notebooks", "hidden", "source", "release"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return Course(root)


def at_home(course, assignment, folder):
    """Run the solved notebook, as a student does: the run notebook, and the folder it ran in."""
    folder.mkdir()
    return worked_on(solved(course, assignment), folder)


def graded(course, assignment, files):
    """Results and judged notebooks of the solved notebook, with its files, and of the stub."""
    hand_in(course, "solved", assignment, solved(course, assignment), files)
    hand_in(course, "stub", assignment, released(course, assignment))
    results = batch.grade(course, assignment, ["solved", "stub"])
    assert all(r.status.has_score for r in results), [r.message for r in results]
    notebooks = {
        s: nbformat.read(course.folder("autograded") / s / assignment / f"{assignment}.ipynb", 4)
        for s in ("solved", "stub")
    }
    return {r.student: r for r in results}, notebooks


def outputs(notebook):
    return [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]


def problems(notebook):
    """Errors and what went to stderr."""
    return [o for o in outputs(notebook) if o.output_type == "error" or o.get("name") == "stderr"]


def printed(notebook):
    return "".join(o.text for o in outputs(notebook) if o.output_type == "stream")


def expect_full_marks(result):
    assert result.status is Status.GRADED, result.message
    lost = [f"{c.exercise}/{c.check}: {c.message}" for c in result.checks if c.message]
    assert lost == [] and result.score == result.max_score


def first_run_and_graded(course, assignment, tmp_path):
    run = at_home(course, assignment, tmp_path / "home")
    assert problems(run) == []
    pictures = [o for o in outputs(run) if "image/png" in o.get("data", {})]
    assert pictures and all(o.metadata.get("image/png", {}).get("alt") for o in pictures)
    results, notebooks = graded(course, assignment, tmp_path / "home")
    expect_full_marks(results["solved"])
    assert problems(notebooks["solved"]) == []
    return run, results


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solved_earns_everything_and_the_stub_nothing(
    own_course, tmp_path, monkeypatch, assignment
):
    if assignment in REAL and Path(REAL_DATA or "", REAL[assignment]).is_file():
        pytest.skip("tried on real images instead")
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    _, results = first_run_and_graded(own_course, assignment, tmp_path)
    expect_nothing(own_course, assignment, results["stub"], tmp_path)


def expect_nothing(course, assignment, result, folder):
    """The untouched notebook earns nothing, and runs to its end at home."""
    assert result.status is Status.GRADED
    assert result.score == 0
    stub = worked_on(released(course, assignment), folder)
    raised = {o.ename for o in outputs(stub) if o.output_type == "error"}
    assert "NotImplementedError" in raised and raised <= OF_A_STUB


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solved_earns_everything_on_cuda(own_course, tmp_path, monkeypatch, assignment):
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    run, *_ = first_run_and_graded(own_course, assignment, tmp_path)
    if "seeding.default_device()" in stated.source(assignment):
        assert "computing on: cuda" in printed(run)


@pytest.mark.slow
def test_the_solved_basics_reach_the_stated_accuracy_on_real_mnist(own_course, tmp_path, real_data):
    real_data(REAL[BASICS])
    run, results = first_run_and_graded(own_course, BASICS, tmp_path)
    accuracy = float(printed(run).split("test accuracy: ")[1].split("%")[0])
    low, high = stated.read(BASICS, "a test accuracy between # and # %")
    assert low <= accuracy <= high
    expect_nothing(own_course, BASICS, results["stub"], tmp_path)


def shorten(course, assignment, changes):
    """Change the lengths of trainings of a notebook: each old text, and what replaces it."""
    path = course.root / "notebooks" / f"{assignment}.py"
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    build(course)


@pytest.mark.slow
@pytest.mark.longest
def test_the_solved_limits_earn_everything_on_real_cifar(own_course, tmp_path, real_data):
    """With short trainings: given ones of one epoch, a graded one of as many as earn its points."""
    real_data(REAL[LIMITS])
    lengths = {
        "study_run(seed, num_epochs=20": "study_run(seed, num_epochs=1",
        "num_inputs=3072, num_epochs=8": "num_inputs=3072, num_epochs=1",
        '"first_idea", 6': '"first_idea", 1',
        'startswith("synthetic") else {}': 'startswith("synthetic") else {"num_epochs": 7}',
    }
    shorten(own_course, LIMITS, lengths)
    _, results = first_run_and_graded(own_course, LIMITS, tmp_path)
    expect_nothing(own_course, LIMITS, results["stub"], tmp_path)


def contradictions(text):
    """Where the minutes and points that a notebook states do not agree."""
    cards, rows = list(CARD.finditer(text)), list(ROW.finditer(text))
    found = []
    for name in ("minutes", "points"):
        stated_sum, real_sum = (sum(int(m[name] or 0) for m in ms) for ms in (rows, cards))
        if stated_sum != real_sum:
            found.append(f"the table's {name}: {stated_sum}, the cards': {real_sum}")
    minutes = sum(int(card["minutes"]) for card in cards if "★" not in card["title"])
    if round(minutes / 60) != stated.value(HOURS.search(text)[1]):
        found.append(f"hours: {minutes} minutes without what is marked ★")
    for card in cards:
        part = text[card.end() : next_card(text, card.end())]
        points = sum(map(int, re.findall(r"^# %% .*points=(\d+)", part, re.MULTILINE)))
        if int(card["points"] or 0) != points:
            found.append(f"{card['title']}: {card['points']} points, its cells: {points}")
    return found


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_minutes_and_points_agree(assignment):
    text = stated.source(assignment)
    assert contradictions(text) == []
    places = [row.span("minutes") for row in ROW.finditer(text)] + [HOURS.search(text).span(1)]
    places += [card.span("points") for card in CARD.finditer(text) if card["points"]]
    assert len(places) > 5
    for start, end in places:
        wrong = "nine" if text[start].isalpha() else "77"
        assert contradictions(text[:start] + wrong + text[end:]), "a wrong figure stays unnoticed"


def test_the_readme_states_the_same_hours():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\d\d_\w+)` \|[^|]*\| (\d+) \|$", readme, re.MULTILINE))
    hours = {a: stated.value(HOURS.search(stated.source(a))[1]) for a in ASSIGNMENTS}
    assert {name: int(row) for name, row in rows.items()} == hours


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_exercise_has_the_same_rhythm(assignment):
    """Goal, hints, prediction, code; what the run shows is explained after it, folded."""
    text = stated.source(assignment)
    assert text.index("**You will learn to**") < CARD.search(text).start()
    assert "**What to expect" not in text
    cards = list(CARD.finditer(text))
    for solution in re.finditer(r'^# %% solution="(\w+)"', text, re.MULTILINE):
        card = [c for c in cards if c.start() < solution.start()][-1]
        before = text[card.end() : solution.start()]
        order = [before.find(mark) for mark in ("**Goal", "<summary>Hint 1", "**Predict")]
        if "solution=" in before:
            assert order[0] >= 0, f"{solution[1]}: expected a goal between its card and its code"
        else:
            assert -1 not in order and order == sorted(order), (solution[1], order)
    predictions = text.count("*My guess:*") + text.count("*My guesses:*")
    assert predictions and text.count("<details><summary>After the run") >= predictions
