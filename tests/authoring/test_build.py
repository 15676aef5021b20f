"""The build: deterministic, one way, and clear about an author's mistakes."""

import hashlib
import re

import jupytext
import nbformat
import pytest
import yaml
from conftest import ROOT
from nbgrader.api import Gradebook, get_alembic_version
from sqlalchemy import text

from autograder.authoring.build import build, stale
from autograder.authoring.classroom import cell_of, released
from autograder.authoring.expand import expand
from autograder.errors import UserError
from autograder.gradebook.released import empty_gradebook
from autograder.notebook import FAIL_CLOSED

A = "99_tiny"
TEXT = (ROOT / "tests/tiny/notebooks/99_tiny.py").read_text()


def digests(course):
    return {
        path.relative_to(course.root): hashlib.sha256(path.read_bytes()).hexdigest()
        for kind in ("source", "release")
        for path in course.folder(kind).rglob("*.ipynb")
    }


def test_a_rebuild_changes_no_byte(course):
    before = digests(course)
    build(course)
    assert len(before) == 2
    assert digests(course) == before


def test_one_changed_character_makes_the_outputs_stale(course):
    assert stale(course) == []
    notebook = course.root / "notebooks" / "99_tiny.py"
    notebook.write_text(TEXT.replace("# # Two small", "# # Two smal"))
    assert stale(course) == ["source/99_tiny/99_tiny.ipynb", "release/99_tiny/99_tiny.ipynb"]


def test_what_the_build_did_not_write_stays(course):
    mine = course.folder("source") / "97_mine" / "97_mine.ipynb"
    mine.parent.mkdir()
    mine.write_text("{}")
    build(course)
    assert mine.read_text() == "{}" and stale(course) == []


def test_data_beside_a_source_is_released_and_noticed(course):
    data = course.source_notebook(A).with_name("data.csv")
    data.write_text("1,2")
    assert stale(course) == ["release/99_tiny/data.csv"]
    build(course)
    released = course.folder("release") / A / "data.csv"
    assert data.read_text() == released.read_text() == "1,2" and stale(course) == []
    data.unlink()
    assert stale(course) == ["release/99_tiny/data.csv"]
    build(course)
    assert not released.exists()


def test_the_committed_outputs_are_fresh(real_course):
    assert stale(real_course) == []


def test_ids_of_other_cells_stay_when_one_cell_changes(course):
    path = course.root / "notebooks" / "99_tiny.py"
    before = [cell["id"] for cell in expand(course, A).cells]
    path.write_text(TEXT.replace("Two small exercises", "Two exercises"))
    after = [cell["id"] for cell in expand(course, A).cells]
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_the_release_has_stubs_and_no_solution(course):
    notebook = released(course, "99_tiny")
    assert "raise NotImplementedError()" in cell_of(notebook, "double").source
    source = nbformat.read(course.source_notebook("99_tiny"), as_version=4)
    shown, hidden = ("\n".join(cell.source for cell in n.cells) for n in (notebook, source))
    for secret in ("2 * x", "values.sum()", "counts every entry", "HIDDEN TESTS"):
        assert secret in hidden and secret not in shown


def test_the_source_fails_closed(course):
    source = nbformat.read(course.source_notebook("99_tiny"), as_version=4)
    assert cell_of(source, "check_double").source.endswith(FAIL_CLOSED)
    with pytest.raises(RuntimeError, match="hidden checks have not run"):
        exec(FAIL_CLOSED, {})


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('solution="mean"', 'solution="double"', 17, "'double' is already used on line 7"),
        ('selfcheck="mean" points=2', 'selfcheck="mean" points=3', 24, "is worth 3 points, its hidden checks 2"),
        ('selfcheck="mean"', 'selfcheck="median"', 24, "has no solution cell before it"),
        ('selfcheck="double" points=3', 'selfcheck="double"', 14, "expected points above 0"),
        ('solution="double"', 'solution="Double"', 7, "snake case"),
        ("return 2 * x", "return 2 *", 7, "the cell is not valid Python"),
        ("    ### END SOLUTION\n\n# %% selfcheck=\"double", "\n# %% selfcheck=\"double", 7, "END SOLUTION"),
        ("setup=true", "setup=true colour=1", 4, "expected one of setup"),
        ('answer="why" points=3', 'answer="why"', 27, "expected points above 0"),
    ],
)  # fmt: skip
def test_an_authoring_error_names_file_and_line(course, old, new, line, message):
    assert old in TEXT
    path = course.notebooks / f"{A}.py"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        expand(course, A)
    assert re.match(rf".*99_tiny\.py:{line}: ", str(error.value)), error.value
    assert message in str(error.value)


def test_a_stub_that_is_not_python_is_refused(course):
    path = course.notebooks / f"{A}.py"
    # Valid as written; without the region's first line the rest stands alone.
    solution = "    ### BEGIN SOLUTION\n    if x is None:\n        ### END SOLUTION\n        pass\n"
    path.write_text(
        re.sub(r"    ### BEGIN.*?### END SOLUTION\n", solution, TEXT, count=1, flags=re.S)
    )
    with pytest.raises(UserError, match=r"99_tiny\.py:7: the stub is not valid Python"):
        expand(course, A)


def test_the_text_files_are_plain_jupytext(real_course):
    for name in real_course.assignments:
        path = real_course.root / "notebooks" / f"{name}.py"
        assert len(jupytext.read(path, fmt="py:percent").cells) > 10


def test_conda_and_pip_requirements_agree():
    import tomllib

    wanted = set()
    for file in ("pyproject.toml", "helpers/pyproject.toml"):
        project = tomllib.loads((ROOT / file).read_text())
        wanted |= set(project["project"]["dependencies"])
        developers = project.get("dependency-groups", {}).get("dev", [])
        wanted |= {package for package in developers if package.startswith("pytest>")}
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert sorted(p for p in pip if not p.startswith("-e")) == sorted(wanted)
    names = {re.split("[>=;]", package)[0] for package in pip}
    assert names >= {
        "torch", "torchvision", "jupyterlab", "nbgrader", "matplotlib", "seaborn", "ipywidgets",
        "pytest",
    }  # fmt: skip
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f"python{python}" in environment["dependencies"]


def test_a_new_gradebook_has_the_version_that_nbgrader_gives_it(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_bytes(empty_gradebook())
    with Gradebook(f"sqlite:///{path}") as gradebook:
        (version,) = gradebook.db.execute(text("SELECT version_num FROM alembic_version")).one()
    assert version == get_alembic_version()
