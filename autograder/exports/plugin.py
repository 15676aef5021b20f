"""What the exporters share: they are nbgrader export plugins, and `autograder export` calls them."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

from autograder import files
from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import text
from autograder.gradebook.records import Record, class_records

# As many scores that are not final are told one by one.
TOLD = 5


@dataclass
class Written:
    """The files an export wrote, and remarks that an instructor should read."""

    files: list[Path]
    notes: list[str] = field(default_factory=list)


def write_results(
    output: Path, classes: Mapping[str, list[Record]], content: Callable[[Record], dict | None]
) -> Written:
    """Write what `content` returns as `ASSIGNMENT/STUDENT/results.json`; None writes nothing.

    Raises
    ------
    UserError
        If a student's id cannot name a folder.
    """
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for record in (record for records in classes.values() for record in records):
        if (results := content(record)) is None:
            continue
        student = record.student
        if Path(student).name != student or student in (".", ".."):
            raise UserError(f"expected a student id that can name a folder, got {student!r}")
        text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        place = output / record.assignment / student / "results.json"
        written.append(files.write(place, text))
    return Written(written)


class Exporter(ExportPlugin):
    """Base class: reads the class from the gradebook and leaves the writing to `write`."""

    results = Unicode(
        "", help="The file that the last `autograder grade … --results FILE` wrote."
    ).tag(config=True)
    template = Unicode(
        "", help="The file downloaded from the platform that is to be filled in."
    ).tag(config=True)
    allow_unfinished = Bool(
        False, help="Export scores that are not final, too, and say so in the file."
    ).tag(config=True)

    default_output = "grades.csv"
    # Whether the platform's own file has no room for flags, so that they go into a file beside it.
    flags_beside = False
    one_assignment = False
    # Whether `output` is a folder, with a file for each student.
    folder = False

    @abstractmethod
    def write(self, classes: Mapping[str, list[Record]], output: Path) -> Written:
        """Write the records by assignment to `output`."""

    def export(self, gradebook: Gradebook) -> None:
        """Export what `nbgrader export --to … --assignment … --student …` asks for."""
        course = Course(Path(self.parent.coursedir.root).resolve())
        names = [str(a) for a in self.assignment] or [a.name for a in gradebook.assignments]
        try:
            written = self.run(course, names, gradebook)
        except UserError as error:
            self.parent.fail("%s", error)
        for note in written.notes:
            self.log.warning(note)

    def run(
        self, course: Course, assignments: list[str], gradebook: Gradebook | None = None
    ) -> Written:
        """Write the assignments' grades to `to`, or to the platform's default file.

        Raises
        ------
        UserError
            If there is nothing to export, a file that is needed cannot be read, or scores are not
            final and nobody has allowed to export them.
        """
        if not assignments:
            raise UserError("expected graded assignments in the gradebook, found none: grade first")
        if self.one_assignment and len(assignments) > 1:
            raise UserError(
                f"expected one assignment for {type(self).__name__}, got {', '.join(assignments)}: "
                "name one (--assignment)"
            )
        if self.template and not Path(self.template).is_file():
            raise UserError(f"expected the downloaded file {self.template}, which does not exist")
        output = self.expect_output()
        results = Path(self.results) if self.results else None
        chosen = {str(s) for s in self.student}
        classes = {
            name: [
                record
                for record in class_records(course, name, results, gradebook)
                if not chosen or record.student in chosen
            ]
            for name in assignments
        }
        everybody = [record for records in classes.values() for record in records]
        if not self.allow_unfinished:
            _expect_finished(everybody)
        self.course = course
        written = self.write(classes, output)
        flagged = [record for record in everybody if record.flags]
        if self.flags_beside and flagged:
            folder = output if output.is_dir() else output.parent
            name = "flags.csv" if output.is_dir() else f"{output.stem}.flags.csv"
            written.files.append(files.write(folder / name, text.flag_table(flagged)))
        for r in flagged:
            why = r.stale or r.message
            written.notes.append(
                f"{r.student}: {'; '.join(r.flags)}" + (f" ({why})" if why else "")
            )
        return written

    def expect_output(self) -> Path:
        """Where to write, if that is possible.

        Raises
        ------
        UserError
            If it is not, or would replace the downloaded file.
        """
        output = Path(self.to or self.default_output)
        if self.folder:
            return files.expect_folder(output)
        if self.template and output.exists() and output.samefile(self.template):
            raise UserError(f"{output} is the downloaded file: choose another name for the new one")
        return files.expect_writable(output, Path(self.default_output).suffix)


def _expect_finished(records: list[Record]) -> None:
    unfinished = [r for r in records if r.unfinished]
    if not unfinished:
        return
    told = [f"{r.assignment}: {r.name}: {r.unfinished}" for r in unfinished[:TOLD]]
    more = [f"and {len(unfinished) - TOLD} more"] if len(unfinished) > TOLD else []
    raise UserError(
        "\n".join(
            [
                f"expected final scores, but {len(unfinished)} of {len(records)} are not:",
                *told, *more,
                "Grade and mark these first, or pass --allow-unfinished: then what there is so far is "
                "exported, and the file says what is not final.",
            ]
        )
    )  # fmt: skip
