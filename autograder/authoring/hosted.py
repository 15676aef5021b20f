"""Where a release can be opened without installing anything: Colab and Kaggle.

Both open a notebook of a public repository by its address. `c.Course.repository` says which one the
course is in, as in "https://github.com/OWNER/NAME/tree/v1.0": a tag or a branch ends it.
"""

import re
import tomllib
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder import files
from autograder.course import Course
from autograder.errors import UserError

REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/tree/([\w./-]+)")
COLAB = "https://colab.research.google.com/github/{name}/blob/{revision}/{path}"
KAGGLE = "https://kaggle.com/kernels/welcome?src=https://github.com/{name}/blob/{revision}/{path}"
INSTALL = """\
# On Colab and Kaggle this installs what the notebook imports; where it is there, nothing happens.
import importlib.util

if importlib.util.find_spec("helpers") is None:
    get_ipython().run_line_magic("pip", "install -q '{project} @ git+https://github.com/{name}@{revision}#subdirectory=helpers'")
"""


def first_cells(course: Course, assignment: str) -> list[tuple[Callable[..., NotebookNode], str]]:
    """The cells that follow a notebook's title, as their makers and sources; none without a repository.

    Raises
    ------
    UserError
        If the address is of another form.
    """
    address = course.config.Course.get("repository", "")
    if not address:
        return []
    found = REPOSITORY.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        raise UserError(
            "expected an address such as https://github.com/OWNER/NAME/tree/v1.0 as "
            f"c.Course.repository, got {address!r}"
        )
    name, revision = found.groups()
    path = f"release/{assignment}/{assignment}.ipynb"
    colab, kaggle = (
        place.format(name=name, revision=revision, path=path) for place in (COLAB, KAGGLE)
    )
    links = f"Open this notebook in [Colab]({colab}) or [Kaggle]({kaggle})."
    cells: list[tuple[Callable[..., NotebookNode], str]] = [(new_markdown_cell, links)]
    project = course.root / "helpers" / "pyproject.toml"
    if project.is_file():
        package = tomllib.loads(files.read_text(project))["project"]["name"]
        code = INSTALL.format(project=package, name=name, revision=revision)
        cells.append((new_code_cell, code.rstrip("\n")))
    return cells
