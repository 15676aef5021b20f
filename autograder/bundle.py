"""What a student downloads: one zip with the released notebooks, `helpers` and how to begin."""

import io
import re
import tomllib
import zipfile
from pathlib import Path

import autograder
from autograder import audit, build
from autograder.archive import add
from autograder.authoring import SOLUTION, read_cells
from autograder.course import Course
from autograder.errors import UserError

LEFT_OUT = {"__pycache__", "build", ".ipynb_checkpoints"}
# Words of the grader that must not stand in anything a student gets.
TELLTALE = re.compile(
    r"autograder\.(checks|answers|probes|checking)|BEGIN SOLUTION|BEGIN HIDDEN TESTS"
)

README = """\
# {title}

{notebooks}

## On your computer

You need Python {python} or later. In the folder of this file:

```
pip install ./helpers jupyterlab
jupyter lab
```

Then open a notebook. (With conda: `conda env create -f environment.yml && conda activate
mlp-course`, then `jupyter lab`.) The first command installs PyTorch, which takes a while once.

## On Google Colab

Upload a notebook with *File → Upload notebook*, and this zip file with the folder symbol on the left.
Put a new cell before the first one, and run it:

```python
!unzip -q -o "{name}" -d course && pip install -q ./course/helpers
```

Colab forgets uploaded files when it disconnects: run that cell again, and before you leave download your
notebook (*File → Download → Download .ipynb*) and the `.pt` files it wrote (folder symbol).

## On your school's JupyterHub

Where nbgrader runs, take the notebook from *Nbgrader → Assignment List*: *Fetch*, work, *Submit*. You
do not need this zip file, only `helpers`; if `import helpers` fails there, upload the folder `helpers`
and run `!pip install ./helpers` in a cell once.

## While you work

- Fill in the cells that say `YOUR CODE HERE` or `YOUR ANSWER HERE`. Do not delete or copy cells, and do
  not rename the notebook.
- The cells after yours check your answer and tell you what they found. The button at the end of a
  notebook runs all these checks once more.
- Before you hand in: *Kernel → Restart Kernel and Run All Cells* shows whether everything works from the
  beginning. So does `python -m helpers.selfcheck NOTEBOOK.ipynb` in a terminal, with a line for each
  exercise; it takes as long as all cells of the notebook together.
- Hand in the notebook itself (`.ipynb`), and the `.pt` files beside it if there are any, where you got
  this file: they are your trained networks.
- Images come from a folder that your school may give you (`MLP_COURSE_DATA`), else they are downloaded
  once. If neither works, the notebook says what to do.
"""

ENVIRONMENT = """\
# conda env create -f environment.yml && conda activate mlp-course
name: mlp-course
channels:
  - conda-forge
dependencies:
  - python>={python}
  - pip
  - pip:
{packages}
      - ./helpers
"""

# One or two lines of a solution stand in many programs; this many in a row were copied.
PIECE = 4


def bundle(course: Course, assignments: list[str], name: str = "course.zip") -> bytes:
    """The zip file's bytes, which depend on the course and `name` alone.

    Parameters
    ----------
    assignments
        What to hand out; all of the course if empty.
    name
        What the file will be called, for the instructions in it.

    Raises
    ------
    UserError
        If a release is not what `notebooks/` builds, or something of a solution, of a model answer
        or of the hidden checks would be handed out.
    """
    chosen = [course.expect_assignment(a) for a in assignments] or course.assignments
    stale = build.stale(course)
    if stale:
        raise UserError(
            f"expected releases that are up to date, {', '.join(stale)} would change: "
            "run `autograder build`, and look at what it changed"
        )
    files = _files(course, chosen, name)
    leaks = [leak for a in chosen for leak in audit.leaks(course, a)] + _leaks(course, files)
    if leaks:
        more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
        raise UserError(
            f"expected nothing of solutions or hidden checks in what students get: {leaks[0]}{more}: "
            "correct it and build again"
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(files):
            add(archive, path, files[path])
    return out.getvalue()


def _files(course: Course, assignments: list[str], name: str) -> dict[str, bytes]:
    helpers = _helpers_folder()
    project = tomllib.loads((helpers / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")
    packages = [*project["dependencies"], "jupyterlab>=4.2"]
    files = {
        f"helpers/{path.relative_to(helpers).as_posix()}": path.read_bytes()
        for path in helpers.rglob("*")
        if _is_wanted(path.relative_to(helpers)) and path.is_file()
    }
    for assignment in assignments:
        folder = course.folder("release") / assignment
        for path in folder.rglob("*"):
            if path.is_file() and _is_wanted(path.relative_to(folder)):
                files[f"{assignment}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    listed = "\n".join(f"- `{a}/{a}.ipynb`" for a in assignments)
    title = "Notebooks to work on" if len(assignments) > 1 else assignments[0]
    texts = {
        "README.md": README.format(title=title, notebooks=listed, python=python, name=name),
        "requirements.txt": "./helpers\njupyterlab>=4.2\n",
        "environment.yml": ENVIRONMENT.format(
            python=python, packages="\n".join(f"      - {p}" for p in packages)
        ),
    }
    return files | {path: text.encode() for path, text in texts.items()}


def _helpers_folder() -> Path:
    folder = Path(autograder.__file__).resolve().parents[1] / "helpers"
    if not (folder / "pyproject.toml").is_file():
        raise UserError("expected to run from a checkout of the course: clone it and use `uv run`")
    return folder


def _is_wanted(path: Path) -> bool:
    return not any(
        part in LEFT_OUT or part.endswith((".egg-info", ".pyc", "~")) or part.startswith(".")
        for part in path.parts
    )


def _leaks(course: Course, files: dict[str, bytes]) -> list[str]:
    """The grader's words in any file, and pieces of solutions beside the notebooks.

    `audit.leaks` reads the notebooks themselves line by line.
    """
    secret: dict[tuple[str, ...], str] = {}
    for assignment in course.assignments:
        for cell in read_cells(course.root / "notebooks" / f"{assignment}.py"):
            where = f"{assignment}.py, line {cell.metadata['line']}"
            if "answer" in cell.metadata:
                secret |= dict.fromkeys(_pieces(cell.source, 1, 60), where)
            elif "solution" in cell.metadata:
                for hidden in SOLUTION.finditer(cell.source):
                    secret |= dict.fromkeys(_pieces(hidden.group(0), PIECE, 0), where)
    found = []
    for path, content in sorted(files.items()):
        text = content.decode("utf-8", "replace")
        if match := TELLTALE.search(text):
            found.append(f"{path} contains {match.group(0)!r}")
        if not path.endswith(".ipynb"):
            shown = secret.keys() & (_pieces(text, 1, 60) | _pieces(text, PIECE, 0))
            found += [f"{path} shows the solution of {secret[p]}: {p[0]} …" for p in sorted(shown)]
    return found


def _pieces(source: str, length: int, characters: int) -> set[tuple[str, ...]]:
    """Runs of `length` lines that are longer than `characters`, without blank lines and markers."""
    lines = [line.strip() for line in source.splitlines()]
    lines = [line for line in lines if line and not line.startswith("### ")]
    runs = {tuple(lines[i : i + length]) for i in range(len(lines) - length + 1)}
    return {run for run in runs if sum(map(len, run)) > characters}
