"""What a self-check says: one sentence and a line of your own code, instead of a traceback.

`show()` in a notebook's first cells also lets the notebook forget a function whose cell was changed
and no longer defines it: a self-check would judge yesterday's.
"""

import ast
import contextlib
import linecache
import os
import threading
import traceback
from dataclasses import dataclass

from IPython import get_ipython

from helpers.cells import needs

NOT_SOLVED = "not solved yet"
# The first line of a self-check's cell; Colab shows it in place of the code.
TITLE = "# @title Self-check: "
# Seconds until a self-check that is still running says how to stop it.
PATIENCE = 15
ENDLESS = f"still checking after {PATIENCE} seconds; if this does not end: Kernel → Interrupt"
# The attribute of IPython's shell under which its `Notebook` is kept.
NOTEBOOK = "_course_notebook"


@dataclass(frozen=True)
class Verdict:
    """What one exercise's self-check found: `error` is the exception's name, "" if it passed.

    `unsolved`: it ended at a stub that is still to be filled in.
    """

    exercise: str
    error: str = ""
    message: str = ""
    unsolved: bool = False

    def __str__(self) -> str:
        if not self.error:
            return f"✓ {self.exercise}"
        if self.unsolved:
            return f"○ {self.exercise}: {self.message or NOT_SOLVED}"
        return f"✗ {self.exercise}: {self.message}"


@dataclass(frozen=True)
class _Place:
    """Where a cell was when an error was raised."""

    filename: str
    line: int
    function: str

    def __str__(self) -> str:
        code = linecache.getline(self.filename, self.line).strip()
        return f"in your code, line {self.line}: {code}"


def _places(error: BaseException) -> list[_Place]:
    """The cells' part of a traceback, outermost first."""
    return [
        _Place(frame.f_code.co_filename, line, frame.f_code.co_qualname.split(".")[0])
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _is_cell(frame.f_code.co_filename)
    ]


def _is_cell(filename: str) -> bool:
    """Whether this is a cell's code: IPython keeps its lines without the time of a file."""
    entry = linecache.cache.get(filename)
    return entry is not None and len(entry) > 1 and entry[1] is None


def verdict_on(exercise: str, error: BaseException, forgotten: dict[str, str]) -> Verdict:
    """The verdict of a self-check that ended with `error`.

    Parameters
    ----------
    forgotten
        Why a name is missing that the notebook had before, by name.
    """
    places = _places(error)
    own = [place for place in places if place.filename != places[0].filename]
    in_check = not own or places[-1] != own[-1]
    line = f"\n    {own[-1]}" if own else ""
    name, text = type(error).__name__, " ".join(str(error).split())
    if _is_stub(error):
        return Verdict(exercise, name, text or _unsolved(exercise, own), unsolved=True)
    if isinstance(error, KeyboardInterrupt):
        return Verdict(exercise, name, f"interrupted{line}")
    if in_check and isinstance(error, AssertionError):
        return Verdict(exercise, name, text or "not as expected")
    if in_check and isinstance(error, NameError) and error.name:
        reason = forgotten.get(error.name, "run its cell first")
        return Verdict(exercise, name, f"`{error.name}` is not defined: {reason}")
    return Verdict(exercise, name, (f"{name}: {text}" if text else name) + line)


def _is_stub(error: BaseException) -> bool:
    """Whether a cell itself, or `needs` in it, has raised this: a library's own error is another."""
    if not isinstance(error, NotImplementedError):
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return _is_cell(frame.f_code.co_filename) or frame.f_code is needs.__code__


def _unsolved(exercise: str, own: list[_Place]) -> str:
    other = own[-1].function if own else ""
    is_other = other and other.lower().replace("_", "") != exercise.replace("_", "")
    return f"{NOT_SOLVED}: it needs `{other}`" if is_other else NOT_SOLVED


class Notebook:
    """What is known of a kernel's notebook: which cell defines which function."""

    def __init__(self, shell):
        self.shell = shell
        self.forgotten: dict[str, str] = {}
        self._defined: dict[str, dict[str, object]] = {}
        self._patience: threading.Timer | None = None

    def before(self, info) -> None:
        """A cell is about to run: if it is a self-check, say in time how to stop it."""
        if info.raw_cell.startswith(TITLE):
            self._patience = threading.Timer(PATIENCE, print, [ENDLESS])
            self._patience.daemon = True
            self._patience.start()

    def after(self, result) -> None:
        """A cell has run: forget the functions and classes that it does not define any more."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        info, names = result.info, self.shell.user_ns
        if info.cell_id is None:
            return
        error = result.error_before_exec or result.error_in_exec
        defines = set() if result.error_before_exec else _definitions(info.transformed_cell)
        before = self._defined.get(info.cell_id, {})
        now = {n: names[n] for n in defines if n in names and names[n] is not before.get(n)}
        for name, old in before.items():
            if name not in now and names.get(name) is old:
                del names[name]
                self.forgotten[name] = _why(error, sorted(now))
        for name in now:
            self.forgotten.pop(name, None)
        self._defined[info.cell_id] = now

    def failed(self, shell, etype, error, tb, tb_offset=None):
        """A cell has raised: one line if it is a self-check, or a cell whose work is still to do."""
        places = _places(error)
        title = linecache.getline(places[0].filename, 1) if places else ""
        said = ""
        if title.startswith(TITLE):
            exercise = title.removeprefix(TITLE).strip()
            said = str(verdict_on(exercise, error, self.forgotten))
        elif _is_stub(error) and places:
            said = f"○ {error}" if str(error) else f"○ {_unsolved('', places[1:])}"
        elif isinstance(error, NameError) and error.name in self.forgotten:
            said = f"NameError: `{error.name}` is not defined: {self.forgotten[error.name]}"
        if said:
            # An exception that takes no attribute keeps its traceback.
            with contextlib.suppress(AttributeError):
                error._render_traceback_ = said.split("\n").copy
        shell.showtraceback((etype, error, tb), tb_offset=tb_offset)


def _definitions(source: str) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    try:
        return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}
    except SyntaxError:
        return set()


def _why(error: BaseException | None, now: list[str]) -> str:
    if error is not None:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return f"its cell stopped with {type(error).__name__}{line}"
    return f"its cell now defines {' and '.join(f'`{n}`' for n in now) or 'something else'}"


def show() -> None:
    """Let self-checks say one sentence; without effect outside a notebook and where it is graded."""
    shell = get_ipython()
    if shell is None or os.environ.get("NBGRADER_EXECUTION"):
        return
    if not hasattr(shell, NOTEBOOK):
        notebook = Notebook(shell)
        setattr(shell, NOTEBOOK, notebook)
        shell.events.register("pre_run_cell", notebook.before)
        shell.events.register("post_run_cell", notebook.after)
        shell.set_custom_exc((Exception, KeyboardInterrupt), notebook.failed)


def forgotten(shell) -> dict[str, str]:
    """Why names are missing that the notebook had before, by name."""
    return getattr(shell, NOTEBOOK).forgotten if hasattr(shell, NOTEBOOK) else {}
