"""notebooks/ → source/ → release/, in one direction and with the same bytes each time."""

import filecmp
import shutil
import tempfile
from pathlib import Path

import nbformat

from autograder.authoring.expand import expand, write_notebook
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook.released import generate_release


def build(course: Course) -> list[str]:
    """Write `source/` and `release/` of every assignment; return the assignments' names."""
    with tempfile.TemporaryDirectory() as scratch:
        built = _build_into(course, Path(scratch))
        for kind in ("source", "release"):
            target = course.folder(kind)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(Path(scratch) / kind, target)
    return built


def stale(course: Course) -> list[str]:
    """The files of `source/` and `release/` that a build would change, add or remove."""
    with tempfile.TemporaryDirectory() as scratch:
        _build_into(course, Path(scratch))
        different = []
        for kind in ("source", "release"):
            fresh, kept = Path(scratch) / kind, course.folder(kind)
            names = {p.relative_to(r) for r in (fresh, kept) for p in r.rglob("*") if p.is_file()}
            _, changed, missing = filecmp.cmpfiles(fresh, kept, names, shallow=False)
            paths = map(Path, sorted(changed + missing))
            different += [f"{kept.name}/{path.as_posix()}" for path in paths]
        return different


def _build_into(course: Course, scratch: Path) -> list[str]:
    if not course.assignments:
        raise UserError(f"expected notebooks/*.py in {course.root}, found none")
    for name in course.assignments:
        notebook = expand(course, name)
        write_notebook(notebook, scratch / "source" / name / f"{name}.ipynb")
    generate_release(course, scratch, course.assignments)
    for path in sorted((scratch / "release").rglob("*.ipynb")):
        write_notebook(nbformat.read(path, as_version=4), path)
    return course.assignments
