"""Stock nbgrader, told nothing but the kernel's name."""

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from kernel.conftest import SEALED


def graded_cell(source: str):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade": True, "solution": False, "locked": True, "task": False, "points": 2,
        "grade_id": "check", "schema_version": 3,
    }  # fmt: skip
    return cell


def test_stock_autograde_runs_in_a_sealed_kernel(sealed, tmp_path):
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.Execute.kernel_name = SEALED.kernel_name
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import os\nplace = os.getcwd()"),
            graded_cell("assert place == '/submission'"),
        ]
    )
    for folder in ("source/ps1", "submitted/anna/ps1"):
        path = tmp_path / folder / "problem.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("ps1")["success"]
    done = api.autograde("ps1", "anna")
    assert done["success"], done
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("ps1", "anna").score == 2
