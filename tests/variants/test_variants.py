"""Two students' releases differ in the constants they draw, and each is judged by the own ones."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from conftest import course_with, hidden_of
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.authoring.build import build
from autograder.authoring.bundle import bundle, bundles
from autograder.authoring.classroom import answered, hand_in, released, solved
from autograder.authoring.proving.audit import audit
from autograder.checking import hidden
from autograder.cli import app
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports.gradescope import autograder_zip
from autograder.grading import batch
from autograder.grading.judging.judge import expect_settings
from autograder.notebook import CONSTANTS
from autograder.outcome import Status
from autograder.variants import constants, filled
from autograder.viva import viva

A = "99_tiny"
VARIANT = """\
CONSTANTS = {"FACTOR": 2, "SQUARED": "4"}


def draw(rng):
    factor = int(rng.integers(3, 1000))
    return {"FACTOR": factor, "SQUARED": str(factor**2)}
"""
NBGRADER = Path(sys.executable).with_name("nbgrader")


def rewrite(path, *pairs):
    text = path.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)


def varied(course, *pairs, config="c.Judge.variants = ['99_tiny']\n") -> Course:
    """The tiny course, whose `double` takes a number as many times as the student's release says."""
    rewrite(
        course.notebooks / f"{A}.py",
        ("import torch", "import torch\n\nFACTOR = 2  # é"),
        ("# # Two small exercises", "# # {{FACTOR}} times\n#\n# Squared: ${{SQUARED}}$."),
        ("return 2 * x", "return FACTOR * x"),
        ('== 6, f"got', '== 3 * FACTOR, f"got'),
        *pairs,
    )
    rewrite(course.hidden / A / "checks.py", (", 2 * x", ', student.constants["FACTOR"] * x'))
    (course.hidden / A / "variant.py").write_text(VARIANT)
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\n{config}")
    course = Course(course.root)
    build(course)
    return course


def own_of(course):
    return hidden.load(course.hidden, A)


def release_of(course, student):
    return filled.release(course, own_of(course), student)


def texts(notebook):
    return [cell.source for cell in notebook.cells]


def worked_out(course, student):
    """A student's own release, solved."""
    answers = {c.metadata.nbgrader.grade_id: c.source for c in solved(course, A).cells
               if c.metadata.get("nbgrader", {}).get("solution")}  # fmt: skip
    return answered(release_of(course, student), answers)


def test_everybodys_release_has_the_constants_of_the_text(course):
    course = varied(course, config="")
    notebook = released(course, A)
    assert "# 2 times\n\nSquared: $4$." in texts(notebook)[0]
    assert not any("autograder_template" in cell.metadata for cell in notebook.cells)


def test_two_releases_differ_in_text_and_code_and_nowhere_else(course):
    course = varied(course)
    ada, bob = release_of(course, "ada"), release_of(course, "bob")
    factor = ada.metadata[CONSTANTS]["FACTOR"]
    assert factor != bob.metadata[CONSTANTS]["FACTOR"]
    assert texts(ada)[0] == f"# {factor} times\n\nSquared: ${factor**2}$."
    assert texts(ada)[1] == f"import torch\n\nFACTOR = {factor}  # é"
    assert texts(ada)[2:] == texts(bob)[2:] == texts(released(course, A))[2:]
    assert release_of(course, "ada") == ada


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("{{SQUARED}}", "{{CUBED}}"), "{{CUBED}} is none of the constants"),
        (("{{SQUARED}}", "4"), "SQUARED of variant.py is neither"),
        (
            ("FACTOR = 2", "FACTOR = 3"),
            "expected `FACTOR = 2` as in variant.py, found `FACTOR = 3`",
        ),
    ],
)
def test_a_text_that_disagrees_with_the_constants_is_refused(course, pair, message):
    with pytest.raises(UserError) as refused:
        varied(course, pair)
    assert message in str(refused.value)


def test_a_draw_of_other_names_is_refused(course):
    course = varied(course)
    (course.hidden / A / "variant.py").write_text(VARIANT.replace('{"FACTOR": factor, ', "{"))
    with pytest.raises(UserError, match="expected draw to return a dict with FACTOR, SQUARED"):
        constants.drawn(own_of(course), "ada")
    (course.hidden / A / "variant.py").write_text(VARIANT.replace("3, 1000", "3, 1"))
    with pytest.raises(UserError, match="draw raised ValueError"):
        constants.drawn(own_of(course), "ada")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("['99_tin']", "expected names of assignments"),
        ("'99_tiny'", "expected a list of assignments' names"),
    ],
)
def test_a_wrong_setting_is_refused(course, line, message):
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.Judge.variants = {line}\n")
    with pytest.raises(UserError, match=message):
        expect_settings(Course(course.root))


def test_an_assignment_without_variants_is_refused(course):
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write("\nc.Judge.variants = ['99_tiny']\n")
    with pytest.raises(UserError, match="there is no hidden/99_tiny/variant.py"):
        expect_settings(Course(course.root))
    with pytest.raises(UserError, match="c.Judge.variants"):
        bundles(varied(course, config="c.Judge.variants = []\n"), [A], students=["ada"])


def test_the_roster_gets_a_zip_file_each(course, tmp_path):
    course = varied(course)
    roster, out = tmp_path / "roster.csv", tmp_path / "tiny.zip"
    roster.write_text("student_id,name\nada,Ada A\nbob,Bob B\n")
    command = ["bundle", A, "--course", str(course.root), "--roster", str(roster)]
    done = CliRunner().invoke(app, [*command, "--output", str(out)])
    assert done.exit_code == 0, done.output
    assert "tiny/ (2 zip files)" in done.output.replace("\n", "")
    everybody = files_in(bundle(course, [A], out.name))
    for student in ("ada", "bob"):
        found = files_in((tmp_path / "tiny" / f"{student}.zip").read_bytes())
        path = f"tiny/{A}/{A}.ipynb"
        assert nbformat.reads(found[path], as_version=4) == release_of(course, student)
        assert {k for k in found if found[k] != everybody[k]} == {path}
        assert b"BEGIN SOLUTION" not in found[path] and b"{{" not in found[path]


def test_ids_that_some_disks_take_for_one_file_are_refused(course):
    with pytest.raises(UserError, match="Ada, ada"):
        bundles(varied(course), [A], students=["Ada", "bob", "ada"])


def test_a_bundle_for_everybody_says_that_it_is_one(course, tmp_path):
    course = varied(course)
    command = ["bundle", A, "--course", str(course.root), "--output", str(tmp_path / "tiny.zip")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0 and "with everybody's constants" in done.output.replace("\n", " ")


def test_a_viva_knows_what_mistakes_do_with_the_own_constants(course, monkeypatch):
    """With everybody's, the key of `why_not` was wrong for some."""
    course, found = varied(course), {}
    for student in ("ada", "bob"):
        hand_in(course, student, A, worked_out(course, student))
    batch.grade(course, A, ["ada", "bob"])

    def choose(asked, solutions, scenarios, mistakes, count, rng):
        found[mistakes._reference.constants["FACTOR"]] = len(solutions)
        return []

    monkeypatch.setattr(viva, "choose", choose)
    viva.make(course, A, ["ada", "bob"], 1, 0)
    own = {release_of(course, s).metadata[CONSTANTS]["FACTOR"] for s in ("ada", "bob")}
    assert set(found) == own


def files_in(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_is_judged_by_the_own_constants(course):
    course = varied(course)
    for student in ("ada", "bob"):
        hand_in(course, student, A, worked_out(course, student))
    # kim has ada's notebook, and lee typed ada's number.
    hand_in(course, "kim", A, worked_out(course, "ada"))
    factor = release_of(course, "ada").metadata[CONSTANTS]["FACTOR"]
    typed = {"double": f"def double(x):\n    return {factor} * x"}
    hand_in(course, "lee", A, answered(worked_out(course, "lee"), typed))
    # An editor that keeps no unknown metadata, and a given cell that is gone, cost nothing.
    bare = worked_out(course, "max")
    del bare.metadata[CONSTANTS], bare.cells[1]
    hand_in(course, "max", A, bare)
    # zoe got the bundle that was made without a roster.
    hand_in(course, "zoe", A, solved(course, A))
    students = ["ada", "bob", "kim", "lee", "max", "zoe"]
    results = {r.student: r for r in batch.grade(course, A, students)}
    assert {s: r.score for s, r in results.items()} == {
        "ada": 5,
        "bob": 5,
        "kim": 2,
        "lee": 2,
        "max": 5,
        "zoe": 2,
    }
    assert {r.status for r in results.values()} == {Status.GRADED}
    assert [s for s, r in results.items() if r.attention] == ["kim", "zoe"]
    assert "with everybody's constants" in results["zoe"].attention[0]
    assert "is it another student's?" in results["kim"].attention[0]
    # Without variants everybody has the constants of the text.
    config = course.root / "nbgrader_config.py"
    rewrite(config, ("c.Judge.variants = ['99_tiny']", "c.Judge.variants = []"))
    course = Course(course.root)
    hand_in(course, "ada", A, solved(course, A))
    again = {r.student: r.score for r in batch.grade(course, A, ["ada", "lee"])}
    assert again == {"ada": 5, "lee": 2}


def test_gradescope_which_calls_everybody_by_one_name_gets_no_autograder(course):
    with pytest.raises(UserError, match="grade here and export with `--to gradescope`"):
        autograder_zip(varied(course), A)


@pytest.mark.slow
def test_the_audit_takes_the_constants_of_the_text(course):
    assert audit(varied(course), A, seeds=1).problems == []


@pytest.mark.slow
def test_the_exchange_gives_each_student_the_own_release(course, tmp_path):
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    where = f"c.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'tiny'\n"
    course = varied(course, config=f"c.Judge.variants = ['99_tiny']\n{where}")
    with Gradebook(course.db_url, course.course_id) as book:
        book.add_student("ada")
        book.add_student("bob")
    run(course.root, "release_assignment", A)
    for student in ("ada", "bob", "new"):
        home = tmp_path / student
        home.mkdir()
        fetch = "c.ExchangeFactory.fetch_assignment = 'autograder.variants.exchange.Fetch'\n"
        (home / "nbgrader_config.py").write_text(f"c = get_config()\n{where}{fetch}")
        run(home, "fetch_assignment", A, f"--CourseDirectory.student_id={student}")
        path = home / A / f"{A}.ipynb"
        expected = released(course, A) if student == "new" else release_of(course, student)
        assert nbformat.read(path, as_version=4) == expected
        # What is there is not replaced.
        path.write_text(json.dumps(worked_out(course, student)))
        run(home, "fetch_assignment", A, "--replace", f"--CourseDirectory.student_id={student}")
        assert nbformat.read(path, as_version=4) == worked_out(course, student)


def run(folder, *arguments):
    done = subprocess.run([NBGRADER, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_the_optimizers_notebook_says_holds_for_each_slope(tmp_path):
    """The figures are computed without PyTorch; here PyTorch's own optimizer walks the same curve."""
    import torch

    own = hidden_of("03_optimizers")
    slopes = {own.draw(np.random.default_rng(seed))["PLATEAU"] for seed in range(200)}
    assert len(slopes) > 8 and own.constants["PLATEAU"] in slopes
    probes = own.module("probes")
    for plateau in slopes:
        said = own.module("variant").said(plateau)
        w = torch.tensor([5.0, 5.0], requires_grad=True)
        optimizer, path = torch.optim.SGD([w], lr=1.0), []
        for _ in range(301):
            optimizer.zero_grad()
            loss = probes.given_curve(w[0], w[1], plateau)
            loss.backward()
            path.append(w[0].item())
            optimizer.step()
        turned = [a * b < 0 for a, b in zip(path, path[1:], strict=False)]
        assert said["SWINGS"] == turned[::-1].index(False)
        assert said["LOSS"] == f"{loss.item():.3f}"
        assert abs(float(said["WIDTH"]) - max(map(abs, path[-20:]))) < 0.006


@pytest.mark.slow
def test_a_varied_release_of_the_optimizers_earns_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("MLP_COURSE_DATASET", "synthetic")
    name = "03_optimizers"
    course = course_with(tmp_path / "course", name)
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc.Judge.variants = ['{name}']\nc.Judge.allow_unsealed = True\n")
    course = Course(course.root)
    build(course)
    own = hidden.load(course.hidden, name)
    answers = {c.metadata.nbgrader.grade_id: c.source for c in solved(course, name).cells
               if c.metadata.get("nbgrader", {}).get("solution")}  # fmt: skip
    given = {"pathological_curve": "def pathological_curve(w1, w2):\n"
             "    return 3 * pathological_curve_loss(w1, w2)\n\n\n"
             "def pathological_settings():\n    return {}\n"}  # fmt: skip
    for student in ("ada", "bob"):
        notebook = filled.release(course, own, student)
        hand_in(
            course, student, name, answered(notebook, answers | (given if student == "bob" else {}))
        )
    ada, bob = batch.grade(course, name, ["ada", "bob"])
    assert ada.score == ada.max_score and not ada.attention
    lost = {c.exercise for c in bob.checks if c.points < c.max_points}
    assert lost == {"pathological_curve"}
    assert any("this is the given curve" in c.message for c in bob.checks)
