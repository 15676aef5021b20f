"""notebooks/ → source/ → release/, in one direction and with the same bytes each time."""

import contextlib
import filecmp
import shutil
import tempfile
from pathlib import Path

import nbformat

from autograder.authoring.expand import expand, write_notebook
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook.released import generate_release
from autograder.variants.filled import TEMPLATE


def build(course: Course) -> list[str]:
    """Write each assignment's notebook in `source/` and its `release/`; return their names.

    Other files beside a notebook in `source/`, such as data, are yours: they stay, and are released
    with it. Folders of other names are left alone.
    """
    with tempfile.TemporaryDirectory() as scratch:
        built = _build_into(course, Path(scratch))
        for name in built:
            source = course.source_notebook(name)
            source.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(scratch) / "source" / name / source.name, source)
            release = course.folder("release") / name
            shutil.rmtree(release, ignore_errors=True)
            shutil.copytree(Path(scratch) / "release" / name, release)
    return built


def stale(course: Course) -> list[str]:
    """The files of `source/` and `release/` that a build would change, add or remove."""
    with tempfile.TemporaryDirectory() as scratch:
        different = []
        for name in _build_into(course, Path(scratch)):
            for kind in ("source", "release"):
                fresh, kept = Path(scratch) / kind / name, course.folder(kind) / name
                paths = {p.relative_to(r) for r in (fresh, kept) for p in r.rglob("*")}
                names = {path for path in paths if not (kept / path).is_dir()}
                _, changed, missing = filecmp.cmpfiles(fresh, kept, names, shallow=False)
                found = map(Path, sorted(changed + missing))
                different += [f"{kept.parent.name}/{name}/{path.as_posix()}" for path in found]
        return different


def _build_into(course: Course, scratch: Path) -> list[str]:
    if not course.assignments:
        raise UserError(f"expected notebooks/*.py in {course.root}, found none")
    for name in course.assignments:
        notebook, folder = expand(course, name), scratch / "source" / name
        with contextlib.suppress(FileNotFoundError):
            ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
            shutil.copytree(course.source_notebook(name).parent, folder, ignore=ignored)
        write_notebook(notebook, folder / f"{name}.ipynb")
    generate_release(course, scratch, course.assignments)
    for path in sorted((scratch / "release").rglob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.metadata.pop(TEMPLATE, None)
        write_notebook(notebook, path)
    return course.assignments
