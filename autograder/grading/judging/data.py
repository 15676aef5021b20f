"""The data folder that students' kernels see, made by the assignment's own `hidden/NN/data.py`.

    def sources() -> list[Path]       the files it is made from; it is rebuilt when one has changed
    def prepare(folder: Path)         writes what a student's kernel may read
    def load()                        reads what the checks need, so that missing files are reported early
    def facts() -> dict[str, str]     what `autograder doctor` says about it
    def built_in()                    a context in which built-in data is used instead

The last three may be missing. Each raises an error with a clear message if its files are missing.
"""

import contextlib
import json
import shutil
import threading
from pathlib import Path

from autograder import files
from autograder.checking.hidden import Hidden
from autograder.errors import UserError

_lock = threading.Lock()


def for_kernels(private: Path, hidden: Hidden) -> Path | None:
    """The folder to show to students' kernels, in `private`; None if the assignment has no data.

    Raises
    ------
    UserError
        If a file that it is made from is missing or cannot be read.
    """
    module, target = hidden.data, private / "data" / hidden.assignment
    if module is None:
        return None
    with _lock:
        with told(hidden):
            paths = [path for path in module.sources() if path.exists()]
            stats = [[str(p), p.stat().st_size, p.stat().st_mtime_ns] for p in paths]
            state = json.dumps([hidden.digest, sorted(stats)])
            marker = target.with_suffix(".json")
            if target.is_dir() and marker.is_file() and marker.read_text(encoding="utf-8") == state:
                return target
            marker.unlink(missing_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            module.prepare(target)
        for path in [target, *target.rglob("*")]:
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise UserError(
                    f"{hidden.assignment}: expected ordinary files from prepare() in data.py, got "
                    f"{path.name}: copy what a link leads to"
                )
            # If the grader is root, students' code runs as nobody.
            path.chmod(0o755 if path.is_dir() else 0o644)
        files.write(marker, state)
    return target


def load(hidden: Hidden) -> None:
    """Read what the checks need, once, before the first submission.

    Raises
    ------
    UserError
        If it is not there.
    """
    if hidden.data is not None and hasattr(hidden.data, "load"):
        with told(hidden):
            hidden.data.load()


def facts(hidden: Hidden) -> dict[str, str]:
    """What `autograder doctor` says about the assignment's data."""
    return getattr(hidden.data, "facts", dict)()


def built_in(hidden: Hidden):
    """A context in which the assignment's checks and answers use data that needs no download."""
    return getattr(hidden.data, "built_in", contextlib.nullcontext)()


@contextlib.contextmanager
def told(hidden: Hidden):
    """Turn an error in the course's own data code into one meant for people."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{hidden.assignment}: {error}") from None
