"""An assignment's hidden folder as Python modules: checks, probes, answers and anything else in it.

`hidden/` becomes a package whose name holds a hash of its content and place, so that a process which
grades for weeks never mixes two versions, and reads nothing from a folder that is gone. Inside, `from . import probes` finds a module of the same
assignment, `from ..shared import reference` one that several assignments use.
"""

import functools
import importlib
import importlib.util
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from autograder import files
from autograder.checking.answers import Alternative, Mistake, Scenario, WriteFiles
from autograder.checking.check import Check, registered
from autograder.checking.student import sent_modules
from autograder.errors import UserError

SHARED = "shared"


def read(folder: Path, assignment: str) -> dict[str, bytes]:
    """The files of an assignment's hidden folder and of the shared one, by path in `folder`."""
    return {
        f"{name}/{path}": content
        for name in (assignment, SHARED)
        for path, content in files.read_folder(folder / name).items()
    }


class Hidden:
    """The modules in `hidden/ASSIGNMENT`, imported on first use.

    Raises
    ------
    UserError
        From every property, if the module it needs is missing or cannot be imported.
    """

    def __init__(self, folder: Path, assignment: str, digest: str):
        self.folder, self.assignment, self.digest = folder / assignment, assignment, digest
        place = files.digest_of([digest.encode(), os.fsencode(folder)])
        self._package = f"hidden_{place[:16]}"
        if self._package not in sys.modules:
            spec = ModuleSpec(self._package, None, is_package=True)
            spec.submodule_search_locations = [str(folder)]
            sys.modules[self._package] = importlib.util.module_from_spec(spec)

    def module(self, name: str) -> ModuleType:
        """The module `name` of the assignment."""
        try:
            module = importlib.import_module(f"{self._package}.{self.assignment}.{name}")
            if torch := sys.modules.get("torch"):
                # Verdicts must not depend on how many threads share a sum.
                torch.set_num_threads(1)
            return module
        except (Exception, SystemExit) as error:
            place = f"hidden/{self.assignment}/{name}"
            if isinstance(error, ModuleNotFoundError) and not self.has(name):
                raise UserError(f"expected {place}.py, which does not exist: write it") from None
            raise UserError(
                f"{place}.py cannot be imported: {type(error).__name__}: {error}{self._line(error)}"
            ) from error

    def _line(self, error: BaseException) -> str:
        """Where in `hidden/` an error was raised, for its message; empty if nobody can tell."""
        if isinstance(error, SyntaxError):
            return ""  # Its own message says it.
        root = self.folder.parent
        places = [
            f"{Path(frame.filename).relative_to(root).as_posix()}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(root)
        ]
        return f" (hidden/{places[-1]})" if places else ""

    def _constant(self, module: str, name: str):
        try:
            return getattr(self.module(module), name)
        except AttributeError:
            raise UserError(
                f"expected {name} in hidden/{self.assignment}/{module}.py, found none"
            ) from None

    def has(self, name: str) -> bool:
        """Whether the assignment has a module `name`."""
        return (self.folder / f"{name}.py").is_file() or (self.folder / name).is_dir()

    def import_all(self) -> None:
        """Import what grading uses, before several threads do."""
        for name in ("checks", "answers", "pictures", "data"):
            if name in ("checks", "answers") or self.has(name):
                self.module(name)
        # Each refuses what would fail with every submission.
        _ = self.answers, self.pictures, self.asked_names

    @functools.cached_property
    def checks(self) -> dict[str, list[Check]]:
        """Exercise → checks, in the order of `checks.py`."""
        exercises: dict[str, list[Check]] = {}
        for item in registered(self.module("checks").__name__):
            exercises.setdefault(item.exercise, []).append(item)
        return exercises

    @functools.cached_property
    def asked_names(self) -> frozenset[str]:
        """The student's names that the assignment's probes mention."""
        sources = "\n".join(source for _, source in sent_modules(self.module("probes")))
        return frozenset(re.findall(r"\bns\.(\w+)", sources))

    @property
    def answers(self) -> list[Mistake | Alternative]:
        """The answer bank: `ANSWERS` of the module `answers`."""
        return self._constant("answers", "ANSWERS")

    @property
    def reference_files(self) -> WriteFiles | None:
        """The function that writes the files the reference hands in: `FILES` of `answers`, if any."""
        return getattr(self.module("answers"), "FILES", None)

    @property
    def file_checks(self) -> tuple[str, ...]:
        """The checks that read handed-in files, which a mistake's source cannot explain: `FILE_CHECKS`."""
        return getattr(self.module("answers"), "FILE_CHECKS", ())

    @property
    def survivors(self) -> dict[str, dict[str, str] | str]:
        """Exercise → mutants that may earn every point, with the reason: `SURVIVORS` of `answers`.

        A text in their place says why the exercise's mutants are not tried.
        """
        return getattr(self.module("answers"), "SURVIVORS", {})

    @property
    def pictures(self) -> dict[str, Callable]:
        """Exercise → a function that draws a wrong answer: `PICTURES` of `pictures`, if any."""
        return self._constant("pictures", "PICTURES") if self.has("pictures") else {}

    @property
    def scenarios(self) -> list[Scenario]:
        """What questions about answers are made from: `SCENARIOS` of `scenarios`, if any."""
        return self._constant("scenarios", "SCENARIOS") if self.has("scenarios") else []

    @property
    def constants(self) -> dict[str, object]:
        """What a student's release may have another value of: `CONSTANTS` of `variant`, if any."""
        return self._constant("variant", "CONSTANTS") if self.has("variant") else {}

    @property
    def draw(self) -> Callable:
        """Maps a NumPy generator to other `constants`: `draw` of `variant`."""
        return self._constant("variant", "draw")

    @property
    def data(self) -> ModuleType | None:
        """The module `data`, if any: what checks and students' kernels read (see `grading.data`)."""
        return self.module("data") if self.has("data") else None


def load(folder: Path, assignment: str) -> Hidden:
    """The current hidden folder of an assignment.

    Parameters
    ----------
    folder
        The course's `hidden/`.

    Raises
    ------
    UserError
        If the assignment has no folder there.
    """
    _expect_folder(folder, assignment)
    return _load(folder, assignment, files.digest(read(folder, assignment)))


def expect_python(folder: Path, assignment: str) -> None:
    """Look at the hidden files without importing any of them, which is quick.

    Raises
    ------
    UserError
        If the assignment has no folder there, or a module in it is not Python.
    """
    _expect_folder(folder, assignment)
    for name, content in read(folder, assignment).items():
        if name.endswith(".py"):
            try:
                with warnings.catch_warnings(action="ignore"):
                    compile(content, f"hidden/{name}", "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
                said = error.msg if isinstance(error, SyntaxError) else error
                raise UserError(f"hidden/{name}{line}: this is not Python: {said}") from None


def _expect_folder(folder: Path, assignment: str) -> None:
    if not (folder / assignment).is_dir():
        raise UserError(
            f"expected the folder {folder / assignment} with checks.py, probes.py and answers.py, "
            "which does not exist: see docs/your-own-course.md"
        )


_load = functools.lru_cache(maxsize=64)(Hidden)
