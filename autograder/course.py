"""Where things lie in a course folder, and its nbgrader configuration."""

import difflib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader
from traitlets.config.loader import ConfigFileNotFound
from traitlets.utils.importstring import import_item

from autograder import rules
from autograder.errors import UserError
from autograder.rules import Rules

# The sections of `nbgrader_config.py` that are this package's own.
SECTIONS = ("Judge", "Course", "SealedProvisioner", "BubblewrapProvisioner")


@dataclass(frozen=True)
class Course:
    """A folder with `nbgrader_config.py`, `notebooks/`, `hidden/`, `source/` and `release/`."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> "Course":
        """The course at or above `start`.

        Raises
        ------
        UserError
            If there is none, or its configuration or `course.toml` cannot be used.
        """
        root = cls._root(start)
        if root is None:
            raise UserError(
                f"expected a course folder (with nbgrader_config.py) at or above {start}, found none: "
                "change into the course folder or pass --course FOLDER"
            )
        course = cls(root)
        _ = course.rules  # A wrong one is refused before anything else is done.
        return course

    @classmethod
    def is_at(cls, start: Path) -> bool:
        """Whether there is a course at or above `start`."""
        return cls._root(start) is not None

    @staticmethod
    def _root(start: Path) -> Path | None:
        folders = [start.resolve(), *start.resolve().parents]
        return next((f for f in folders if (f / "nbgrader_config.py").is_file()), None)

    @cached_property
    def config(self) -> Config:
        """The traits of `nbgrader_config.py`, with this folder as the course's root."""
        try:
            config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        except ConfigFileNotFound as error:
            raise UserError(f"{error}") from None
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{self.root / 'nbgrader_config.py'} could not be read: "
                f"{type(error).__name__}: {error}"
            ) from None
        if "autograde_preprocessors" not in config.Autograde:
            raise UserError(
                f"{self.root / 'nbgrader_config.py'} does not call use_autograder(c), without which "
                "no hidden check runs: see docs/your-own-course.md"
            )
        self._expect_sections(config)
        _refuse_wrong_types(config, self.root / "nbgrader_config.py")
        config.CourseDirectory.root = str(self.root)
        return config

    def _expect_sections(self, config: Config) -> None:
        """Raise `UserError` for a misspelt section, which traitlets would take for one of another program."""
        path = self.root / "nbgrader_config.py"
        for section in config.keys() - set(SECTIONS):
            near = difflib.get_close_matches(section, SECTIONS, 1, 0.75)
            if near:
                lines = path.read_text(encoding="utf-8").splitlines()
                numbers = [n for n, line in enumerate(lines, 1) if f"c.{section}." in line]
                place = f"{path}:{numbers[-1]}" if numbers else f"{path}"
                raise UserError(
                    f"{place}: there is no section c.{section}: did you mean c.{near[0]}?"
                )

    @cached_property
    def rules(self) -> rules.Rules:
        """Dates, weights and late policies: what `course.toml` says, if there is one.

        Raises
        ------
        UserError
            If the file is wrong, or `nbgrader_config.py` has a late policy, too.
        """
        found = rules.read(self.root / rules.FILE, self.assignments)
        config = self.config
        other = "plugin_class" in config.AssignLatePenalties or (
            config.LateSubmissionPlugin.get("penalty_method", "none") != "none"
        )
        if found.has_late_policy and other:
            raise UserError(
                f"expected one late policy, got two: in {found.path} and in "
                f"{self.root / 'nbgrader_config.py'}: delete one of them"
            )
        return found

    def with_rules(self, found: Rules) -> "Course":
        """The same course under rules that were read later."""
        course = Course(self.root)
        course.__dict__.update(config=self.config, rules=found)
        return course

    @property
    def db_url(self) -> str:
        """The gradebook's address; SQLite in the course folder unless configured."""
        return self.config.CourseDirectory.get("db_url", f"sqlite:///{self.root / 'gradebook.db'}")

    @property
    def course_id(self) -> str:
        return self.config.CourseDirectory.get("course_id", "")

    def folder(self, kind: str) -> Path:
        """The folder nbgrader calls `kind`: source, release, submitted, autograded or feedback."""
        return self.root / self.config.CourseDirectory.get(f"{kind}_directory", kind)

    @property
    def assignments(self) -> list[str]:
        """Names of the assignments written in `notebooks/`, in order."""
        return sorted(p.stem for p in self.notebooks.glob("*.py"))

    @property
    def notebooks(self) -> Path:
        """What is written for students, a text file per assignment."""
        return self.root / "notebooks"

    @property
    def hidden(self) -> Path:
        """What students never see, a folder per assignment."""
        return self.root / "hidden"

    def expect_assignment(self, name: str) -> str:
        """`name`, if it is an assignment of this course with a built source.

        A unique abbreviation such as `03` is completed.
        """
        matches = [a for a in self.assignments if a == name] or [
            a for a in self.assignments if a.startswith(f"{name}_")
        ]
        if len(matches) != 1:
            known = ", ".join(self.assignments) or "none"
            raise UserError(f"expected the name of an assignment ({known}), got {name[:80]!r}")
        if not self.source_notebook(matches[0]).is_file():
            raise UserError(
                f"{matches[0]} has not been built: run `autograder build` in {self.root}"
            )
        return matches[0]

    def submitted_students(self, assignment: str) -> list[str]:
        """The students with a folder for the assignment, sorted; broken links count as folders."""
        folder = self.folder("submitted")
        if not folder.is_dir():
            return []
        return sorted(
            name
            for name in os.listdir(folder)
            if not name.startswith(".") and os.path.lexists(folder / name / assignment)
        )

    def choose_students(self, assignment: str) -> list[str]:
        """All students who have handed in.

        Raises
        ------
        UserError
            If nobody has.
        """
        students = self.submitted_students(assignment)
        if not students:
            place = self.folder("submitted")
            raise UserError(f"expected submissions in {place}/STUDENT/{assignment}, found none")
        return students

    def source_notebook(self, assignment: str) -> Path:
        return self.folder("source") / assignment / f"{assignment}.ipynb"

    @property
    def private(self) -> Path:
        """Where grading keeps its own files: the secret, scratch folders, the students' data."""
        return self.root / ".autograder"

    @cached_property
    def secret(self) -> bytes:
        """The secret behind the challenges' seeds, created on first use and kept out of git."""
        path = self.private / "secret"
        # A process that was killed here may have left an empty one.
        if not path.is_file() or not path.stat().st_size:
            path.parent.mkdir(exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_bytes()

    @property
    def preload(self) -> list[str]:
        """The modules that the course's notebooks use: `c.Judge.preload`."""
        return list(self.config.Judge.get("preload", []))

    @property
    def variants(self) -> list[str]:
        """The assignments whose constants differ from student to student: `c.Judge.variants`."""
        return list(self.config.Judge.get("variants", []))


def _refuse_wrong_types(config: Config, path: Path) -> None:
    """Of the settings that are read before nbgrader, which checks its own, has been loaded."""
    texts = {
        f"CourseDirectory.{name}": value
        for name, value in config.CourseDirectory.items()
        if name.endswith("_directory") or name in ("db_url", "course_id")
    }
    wrong = {name: ("a text", value) for name, value in texts.items() if not isinstance(value, str)}
    for name, expected in {"preload": "modules'", "variants": "assignments'"}.items():
        names = config.Judge.get(name, [])
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            wrong[f"Judge.{name}"] = (f"a list of {expected} names", names)
    for name, (expected, value) in wrong.items():
        lines = path.read_text(encoding="utf-8").splitlines()
        numbers = [number for number, line in enumerate(lines, 1) if name in line]
        place = f"{path}:{numbers[-1]}" if numbers else f"{path}"
        raise UserError(f"{place}: expected {expected} as c.{name}, got {value!r}")


def steps(config: Config) -> list[type]:
    """nbgrader's configured steps, in order: first those that repair, then those that grade."""
    return [import_item(step) if isinstance(step, str) else step for step in _configured(config)]


def step_names(config: Config) -> list[str]:
    """The names of the steps' classes; none of them is imported for it."""
    return [
        step.rpartition(".")[2] if isinstance(step, str) else step.__name__
        for step in _configured(config)
    ]


def _configured(config: Config) -> list[str | type]:
    return config.Autograde.sanitize_preprocessors + config.Autograde.autograde_preprocessors
