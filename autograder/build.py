"""notebooks/ → source/ → release/, in one direction and the same to the byte each time."""

import copy
import filecmp
import functools
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import nbformat
import nbgrader.dbutil
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from nbgrader.apps import NbGraderAPI
from sqlalchemy import create_engine

from autograder.authoring import expand, write_notebook
from autograder.course import Course
from autograder.errors import UserError


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
            for name in sorted(names):
                pair = fresh / name, kept / name
                if not all(p.is_file() for p in pair) or not filecmp.cmp(*pair, shallow=False):
                    different.append(f"{kept.name}/{name.as_posix()}")
        return different


def _build_into(course: Course, scratch: Path) -> list[str]:
    if not course.assignments:
        raise UserError(f"expected notebooks/*.py in {course.root}, found none")
    for name in course.assignments:
        notebook = expand(course.root / "notebooks" / f"{name}.py")
        write_notebook(notebook, scratch / "source" / name / f"{name}.ipynb")
    generate_release(course, scratch, course.assignments)
    for path in sorted((scratch / "release").rglob("*.ipynb")):
        write_notebook(nbformat.read(path, as_version=4), path)
    return course.assignments


def generate_release(course: Course, root: Path, assignments: list[str]) -> None:
    """Run nbgrader's own generator for `root/source`, with a gradebook of its own in `root`."""
    api = scratch_api(course, root)
    for name in assignments:
        result = api.generate_assignment(name, force=True, create=True)
        if not result["success"]:
            reason = (result["error"] or result["log"]).strip().splitlines()[-1]
            raise UserError(f"nbgrader could not generate the release of {name}: {reason}")


def scratch_api(course: Course, root: Path) -> NbGraderAPI:
    """nbgrader's API with this course's settings, in another folder with a gradebook of its own."""
    config = copy.deepcopy(course.config)
    database = root / "gradebook.db"
    if not database.exists():
        database.write_bytes(empty_gradebook())
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{database}"
    for kind in ("source", "release"):
        config.CourseDirectory[f"{kind}_directory"] = kind
    return NbGraderAPI(config=config)


@functools.cache
def empty_gradebook() -> bytes:
    """A new gradebook's file. nbgrader would start a process to ask for its schema's version."""
    migrations = Path(nbgrader.dbutil.__file__).with_name("alembic")
    version = ScriptDirectory(str(migrations)).get_current_head()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            db.execute("INSERT INTO alembic_version VALUES (?)", [version])
        engine = create_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()
