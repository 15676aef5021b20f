"""An assignment as nbgrader's own generator releases it, in a folder with a separate gradebook."""

import base64
import contextlib
import copy
import functools
import json
import shutil
import tempfile
import zlib
from importlib import metadata
from pathlib import Path

import nbformat
import nbgrader.dbutil
from alembic.script import ScriptDirectory
from nbformat import NotebookNode
from nbgrader.api import Base, Gradebook
from nbgrader.apps import NbGraderAPI
from sqlalchemy import create_engine, inspect, text

from autograder import files
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
    gradebook, max_score = _generated(course, name)
    return Snapshot(
        name,
        course.source_notebook(name).read_bytes(),
        hidden.read(course.hidden, name),
        (course.root / "nbgrader_config.py").read_bytes(),
        course.secret,
        gradebook,
        dict(course.config.Judge.get("environment", {})),
        bool(course.config.Judge.get("allow_unsealed", False)),
        max_score,
    )


def _generated(course: Course, name: str) -> tuple[bytes, float]:
    """A compressed gradebook with the assignment alone, and the points that checks give.

    nbgrader's generator takes a second, so what it made of the same files is kept.
    """
    source, kept = course.folder("source") / name, course.private / "released" / f"{name}.json"
    notebooks = {path.name: path.read_bytes() for path in source.glob("*.ipynb")}
    parts = notebooks | {
        "nbgrader": metadata.version("nbgrader").encode(),
        "config": (course.root / "nbgrader_config.py").read_bytes(),
    }
    state = files.digest(parts)
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        found = json.loads(kept.read_text(encoding="ascii"))
        if found["state"] == state:
            return base64.b64decode(found["gradebook"]), float(found["max_score"])
    with tempfile.TemporaryDirectory(dir=course.private, prefix="scratch-") as folder:
        scratch = Path(folder)
        shutil.copytree(source, scratch / "source" / name)
        generate_release(course, scratch, [name])
        gradebook = zlib.compress((scratch / "gradebook.db").read_bytes())
        with Gradebook(f"sqlite:///{scratch / 'gradebook.db'}") as book:
            cells = book.find_notebook(name, name).grade_cells
            max_score = sum(float(c.max_score) for c in cells if c.cell_type == "code")
    content = {
        "state": state,
        "max_score": max_score,
        "gradebook": base64.b64encode(gradebook).decode(),
    }
    files.write(kept, json.dumps(content))
    return gradebook, max_score


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
