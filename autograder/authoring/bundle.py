"""What a student downloads: one zip file with the released notebooks and instructions."""

import io
import re
import tomllib
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path, PurePath

from autograder import files
from autograder.authoring import build, solutions
from autograder.authoring.expand import SOLUTION, read_cells
from autograder.authoring.proving import audit
from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.notebook import as_text
from autograder.variants import filled

# Words of the grader that must not appear in anything a student gets.
TELLTALE = re.compile(r"autograder\.checking|BEGIN SOLUTION|BEGIN HIDDEN TESTS")

README = """\
# {title}

{notebooks}

You need Python {python} or later. Once, in the folder of this file:

```
python3 -m venv .venv                          # on Windows: py -m venv .venv
.venv/bin/pip install -r requirements.txt      # on Windows: .venv\\Scripts\\pip …
```

and each time

```
.venv/bin/jupyter lab                          # on Windows: .venv\\Scripts\\jupyter lab
```

Then open a notebook, and fill in the cells that say `YOUR CODE HERE` or `YOUR ANSWER HERE`. Do not
delete or copy cells, and do not rename the notebook: hand in the notebook itself (`.ipynb`), and the
files beside it that it has written.
"""
PYTHON = "3.11"
ENVIRONMENT = """\
# conda env create -f environment.yml && conda activate {name}
name: {name}
channels:
  - conda-forge
dependencies:
  - python>={python}
  - pip
  - pip:
{packages}
      - ./helpers
"""

# One or two lines of a solution appear in many programs; this many in a row were copied.
PIECE = 4


def bundle(
    course: Course, assignments: list[str], name: str = "course.zip", with_solutions: bool = False
) -> bytes:
    """The zip file's bytes, which depend only on the course and `name`; see `bundles`."""
    (content,) = bundles(course, assignments, name, with_solutions).values()
    return content


def bundles(
    course: Course,
    assignments: list[str],
    name: str = "course.zip",
    with_solutions: bool = False,
    students: list[str] | None = None,
) -> dict[str, bytes]:
    """By student: the bytes of a zip file for each; without students, one for everybody, under "".

    All lies in a folder named as the file; its files are dated by the latest text of a notebook.

    Parameters
    ----------
    assignments
        The assignments to hand out; if empty, all of them.
    name
        What the file will be called, for the instructions in it.
    with_solutions
        Whether each assignment has a folder of pages with solutions and known mistakes.
    students
        The students whose own constants the notebooks get: see `variants`.

    Raises
    ------
    UserError
        If a release is not up to date, solutions would come too early, part of a solution, a model
        answer or the hidden checks would be handed out, or there are students but no variants.
    """
    chosen = [course.expect_assignment(a) for a in assignments] or course.assignments
    if with_solutions:
        solutions.expect_due(course, chosen)
    stale = build.stale(course)
    if stale:
        raise UserError(
            f"expected releases that are up to date, but {', '.join(stale)} would change: "
            "run `autograder build`, and look at what it changes"
        )
    varied = [a for a in chosen if a in course.variants] if students is not None else []
    if students is not None and not varied:
        raise UserError(
            "expected an assignment whose constants differ from student to student, but "
            "c.Judge.variants in nbgrader_config.py names none of these: see docs/variants.md"
        )
    folded = Counter(student.casefold() for student in students or ())
    if twice := [student for student in students or () if folded[student.casefold()] > 1]:
        raise UserError(
            f"expected ids that differ by more than case, as they name files; got {', '.join(twice)}"
        )
    content = _files(course, chosen, name)
    leaks = [leak for a in chosen for leak in audit.leaks(course, a)] + _leaks(course, content)
    if leaks:
        more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
        raise UserError(
            f"expected no part of a solution or hidden check in what students get, but {leaks[0]}"
            f"{more}: correct it and build again"
        )
    for assignment in chosen if with_solutions else ():
        content |= solutions.files_of(course, assignment)
    texts = [course.notebooks / f"{a}.py" for a in chosen]
    day = date.fromtimestamp(max(text.stat().st_mtime for text in texts))
    folder = PurePath(name).stem
    found = {}
    for student in [""] if students is None else students:
        for assignment in varied:
            own = hidden.load(course.hidden, assignment)
            notebook = filled.release(course, own, student)
            content[f"{assignment}/{assignment}.ipynb"] = as_text(notebook).encode()
        found[student] = _zipped(content, folder, day)
    return found


def _zipped(content: dict[str, bytes], folder: str, day: date) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(content):
            files.add_to_zip(archive, f"{folder}/{path}", content[path], day=day)
    return out.getvalue()


def _files(course: Course, assignments: list[str], name: str) -> dict[str, bytes]:
    """The content by path: releases, the course's helpers, and instructions.

    The instructions are `notebooks/README.md` if the course has one, otherwise a few general lines.
    The packages to install are those of its helpers and of `notebooks/requirements.txt`.
    """
    content: dict[str, bytes] = {}
    requirements, python = ["jupyterlab>=4.2"], PYTHON
    imported = course.notebooks / "requirements.txt"
    if imported.is_file():
        requirements += files.read_text(imported).splitlines()
    helpers = course.root / "helpers"
    if (helpers / "pyproject.toml").is_file():
        project = _project(helpers / "pyproject.toml")
        python = project["requires-python"].removeprefix(">=")
        requirements.insert(0, "./helpers")
        for path, data in files.read_folder(helpers).items():
            if not path.startswith("build/"):
                content[f"helpers/{path}"] = data
        packages = [*project["dependencies"], "jupyterlab>=4.2"]
        content["environment.yml"] = ENVIRONMENT.format(
            name=project["name"].removesuffix("-helpers"),
            python=python,
            packages="\n".join(f"      - {package}" for package in packages),
        ).encode()
    for assignment in assignments:
        for path, data in files.read_folder(course.folder("release") / assignment).items():
            content[f"{assignment}/{path}"] = data
    own = course.notebooks / "README.md"
    text = files.read_text(own) if own.is_file() else README
    for key, value in {
        "title": "Notebooks to work on" if len(assignments) > 1 else assignments[0],
        "notebooks": "\n".join(f"- `{a}/{a}.ipynb`" for a in assignments),
        "python": python,
        "name": name,
        "folder": PurePath(name).stem,
    }.items():
        text = text.replace(f"{{{key}}}", value)
    content["README.md"] = text.encode()
    content["requirements.txt"] = ("\n".join(requirements) + "\n").encode()
    return content


def _project(path: Path) -> dict:
    """The helpers' own statement of their name and of what they need."""
    try:
        project = tomllib.loads(files.read_text(path))["project"]
        return {key: project[key] for key in ("name", "requires-python", "dependencies")}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"expected name, requires-python and dependencies in [project] of {path}: "
            f"{type(error).__name__}: {error}"
        ) from None


def _leaks(course: Course, content: dict[str, bytes]) -> list[str]:
    """The grader's words in any file, and pieces of solutions in files other than notebooks.

    `audit.leaks` checks the notebooks themselves line by line.
    """
    secret: dict[tuple[str, ...], str] = {}
    for assignment in course.assignments:
        for cell in read_cells(course.notebooks / f"{assignment}.py"):
            where = f"{assignment}.py, line {cell.metadata['line']}"
            if "answer" in cell.metadata:
                secret |= dict.fromkeys(_pieces(cell.source, 1, 60), where)
            elif "solution" in cell.metadata:
                for hidden in SOLUTION.finditer(cell.source):
                    secret |= dict.fromkeys(_pieces(hidden.group(0), PIECE, 0), where)
    found = []
    for path, data in sorted(content.items()):
        text = data.decode("utf-8", "replace")
        if match := TELLTALE.search(text):
            found.append(f"{path} contains {match.group(0)!r}")
        if not path.endswith(".ipynb"):
            shown = secret.keys() & (_pieces(text, 1, 60) | _pieces(text, PIECE, 0))
            found += [f"{path} shows the solution of {secret[p]}: {p[0]} …" for p in sorted(shown)]
    return found


def _pieces(source: str, length: int, characters: int) -> set[tuple[str, ...]]:
    """Runs of `length` lines with more than `characters` characters; blank lines do not count."""
    lines = [line.strip() for line in source.splitlines()]
    lines = [line for line in lines if line and not line.startswith("### ")]
    runs = {tuple(lines[i : i + length]) for i in range(len(lines) - length + 1)}
    return {run for run in runs if sum(map(len, run)) > characters}
