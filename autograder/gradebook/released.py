"""An assignment as nbgrader's own generator releases it, in a folder with a separate gradebook."""

import copy
import functools
import shutil
import tempfile
import zlib
from pathlib import Path

import nbformat
import nbgrader.dbutil
from alembic.script import ScriptDirectory
from nbformat import NotebookNode
from nbgrader.api import Base, Gradebook
from nbgrader.apps import NbGraderAPI
from sqlalchemy import create_engine, inspect, text

from autograder.checking import hidden
from autograder.course import Course
from autograder.errors import UserError
from autograder.snapshot import Snapshot


def read_source(course: Course, name: str) -> NotebookNode:
    """The notebook in `source/`.

    Raises
    ------
    UserError
        If it is not a notebook.
    """
    path = course.source_notebook(name)
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise UserError(f"{path} is not a notebook ({error}): run `autograder build`") from None


def take_snapshot(course: Course, name: str) -> Snapshot:
    """The assignment's current state in `source/` and `hidden/`.

    Raises
    ------
    UserError
        If nbgrader cannot release it.
    """
    read_source(course, name)
    with tempfile.TemporaryDirectory(dir=course.private, prefix="scratch-") as folder:
        scratch = Path(folder)
        shutil.copytree(course.folder("source") / name, scratch / "source" / name)
        generate_release(course, scratch, [name])
        gradebook = (scratch / "gradebook.db").read_bytes()
        with Gradebook(f"sqlite:///{scratch / 'gradebook.db'}") as book:
            cells = book.find_notebook(name, name).grade_cells
            max_score = sum(float(c.max_score) for c in cells if c.cell_type == "code")
    return Snapshot(
        name,
        course.source_notebook(name).read_bytes(),
        hidden.read(course.hidden, name),
        (course.root / "nbgrader_config.py").read_bytes(),
        course.secret,
        zlib.compress(gradebook),
        dict(course.config.Judge.get("environment", {})),
        bool(course.config.Judge.get("allow_unsealed", False)),
        max_score,
    )


def generate_release(course: Course, root: Path, assignments: list[str]) -> None:
    """Run nbgrader's own generator for `root/source`, with a separate gradebook in `root`.

    Raises
    ------
    UserError
        If nbgrader refuses an assignment.
    """
    api = scratch_api(course, root)
    for name in assignments:
        result = api.generate_assignment(name, force=True, create=True)
        if not result["success"]:
            reason = (result["error"] or result["log"]).strip().splitlines()[-1]
            raise UserError(f"nbgrader could not generate the release of {name}: {reason}")


def scratch_api(course: Course, root: Path) -> NbGraderAPI:
    """nbgrader's API with this course's settings, in another folder with a separate gradebook."""
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
    """A new gradebook's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        make_gradebook(f"sqlite:///{path}")
        return path.read_bytes()


def make_gradebook(url: str) -> None:
    """Create nbgrader's tables in a database that has none.

    nbgrader itself would start a process just to get its schema's version.
    """
    engine = create_engine(url)
    if not inspect(engine).get_table_names():
        migrations = Path(nbgrader.dbutil.__file__).with_name("alembic")
        version = ScriptDirectory(str(migrations)).get_current_head()
        Base.metadata.create_all(engine)
        with engine.begin() as db:
            db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            db.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
    engine.dispose()
