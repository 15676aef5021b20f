"""Questions for students about their own submissions, and the files that hold them."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from autograder import files
from autograder.checking import hidden
from autograder.checking.check import challenge_seed
from autograder.checking.reference import Reference, read_reference
from autograder.checking.student import Student
from autograder.course import Course
from autograder.errors import UserError
from autograder.files import printable
from autograder.gradebook import ledger, orals
from autograder.gradebook.writer import opened
from autograder.grading.judging.judge import meeting
from autograder.variants import filled
from autograder.viva.bench import Mistakes
from autograder.viva.interview import Unasked, interview
from autograder.viva.question import Question
from autograder.viva.sheet import Sheet, choose
from autograder.viva.written import moodle, page, qti

FORMATS = {"moodle": moodle.write, "qti": qti.write}


def make(
    course: Course,
    assignment: str,
    students: Sequence[str],
    count: int,
    seed: int,
    on_sheet: Callable[[Sheet], None] = lambda sheet: None,
) -> list[Sheet]:
    """A sheet with `count` questions for each of the students, some at a time.

    Raises
    ------
    UserError
        If the assignment has no scenarios, or students' code cannot be sealed off.
    """
    known = hidden.load(course.hidden, assignment)
    if not known.scenarios:
        raise UserError(
            f"expected scenarios in hidden/{assignment}/scenarios.py, found none: write some, as "
            "docs/viva.md says"
        )
    known.import_all()
    everybodys = read_reference(course.source_notebook(assignment))
    mistakes = Mistakes(known, everybodys, _kept(course, assignment))
    names = _names(course, students)

    def sheet_of(student: str) -> Sheet:
        def talk(asked: Student, solutions: dict[str, str]) -> list[Question]:
            names = (assignment, student)
            rng = np.random.default_rng(challenge_seed(b"viva", str(seed).encode(), *names))
            own = mistakes
            if assignment in course.variants:
                # With this student's constants a known mistake gives something else.
                own = Mistakes(known, Reference(filled.source(course, known, student)))
            return choose(asked, solutions, known.scenarios, own, count, rng)

        questions, problem = [], ""
        try:
            questions = interview(course, assignment, student, talk)
            if len(questions) < count:
                problem = f"only {len(questions)} of {count} questions: what runs gives no more"
        except Unasked as reason:
            problem = printable(str(reason))
        found = Sheet(student, names.get(student, student), assignment, questions, problem)
        on_sheet(found)
        return found

    with (
        meeting(course, course.private / "viva"),
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        sheets = list(pool.map(sheet_of, students))
    mistakes.keep()
    return sheets


def write(sheets: Sequence[Sheet], folder: Path, formats: Sequence[str] = ()) -> list[Path]:
    """Write each sheet and its key as a page and as JSON, a table for marks, and `formats`.

    A mark that is in the table already stays.
    """
    written = []
    sheets = [_fit_to_print(sheet) for sheet in sheets]
    for sheet in sheets:
        for key in (False, True):
            path = folder / f"{sheet.student}{'_key' if key else ''}"
            plain = json.dumps(sheet.as_dict(key), indent=1, ensure_ascii=False)
            content = {".html": page.render(sheet, key), ".json": f"{plain}\n"}
            for ending, text in content.items():
                data = text.encode("utf-8", "replace")
                written.append(files.write(path.with_name(path.name + ending), data))
    written.append(orals.prepare(folder, {s.student: s.name for s in sheets if s.questions}))
    written += [FORMATS[name](sheets, folder) for name in formats]
    return written


def _fit_to_print(sheet: Sheet) -> Sheet:
    """The sheet, or one that says so if what a student's code has given cannot be written."""
    try:
        page.render(sheet, key=True)
        json.dumps(sheet.as_dict(key=True), allow_nan=False)
    except Exception as error:
        problem = f"the questions cannot be written: {type(error).__name__}: {error}"
        return replace(sheet, questions=[], problem=printable(problem))
    return sheet


def _kept(course: Course, assignment: str) -> Path:
    """The file for what known mistakes do: its name tells on what that depends."""
    own = files.digest(files.read_folder(Path(__file__).parent))
    parts = [*ledger.hashes(course, assignment).values(), own]
    name = files.digest_of(part.encode() for part in parts)[:32]
    return course.private / "viva" / assignment / f"{name}.json"


def _names(course: Course, students: Sequence[str]) -> dict[str, str]:
    with opened(course) as book:
        known = {s.id: f"{s.first_name or ''} {s.last_name or ''}".strip() for s in book.students}
    return {student: known.get(student) or student for student in students}
