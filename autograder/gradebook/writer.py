"""The one writer: a graded submission into the gradebook, `autograded/` and `feedback/`.

Everything that belongs to an attempt is first prepared in a folder of its own. Then it is put in
place, in steps that can be repeated: whenever a run is killed, the next one repeats them.
"""

import copy
import html
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils
from nbgrader.api import Assignment as AssignmentEntry
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text

from autograder import files, lock
from autograder.course import Course, steps
from autograder.errors import UserError
from autograder.feedback.page import Facts, Pages, no_response
from autograder.gradebook import ledger
from autograder.gradebook.released import empty_gradebook, make_gradebook
from autograder.outcome import Outcome
from autograder.submission import timestamp
from autograder.submission.pack import Packed

STALE = "This score is of an earlier submission; the last grading run could not grade: "
# Seconds to wait while somebody else, such as formgrader, writes into an SQLite gradebook.
PATIENCE = 60


class Damaged(Exception):
    """A prepared attempt cannot be read."""


@contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook, created if there is none."""
    file = Path(course.db_url.removeprefix("sqlite:///"))
    if not course.db_url.startswith("sqlite:///"):
        make_gradebook(course.db_url)
    elif file.parent.is_dir() and not file.exists():
        files.write(file, empty_gradebook())
    with Gradebook(course.db_url, course.course_id) as book:
        if book.engine.dialect.name == "sqlite":
            book.db.execute(text(f"PRAGMA busy_timeout = {PATIENCE * 1000}"))
            book.db.commit()
        yield book


def automatic_scores(book: Gradebook, assignment: str) -> dict[str, dict[str, float | None]]:
    """The automatic score of each check cell in the gradebook, by student."""
    rows = (
        book.db.query(Student.id, GradeCell.name, Grade.auto_score)
        .select_from(Grade)
        .join(GradeCell, GradeCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(AssignmentEntry, AssignmentEntry.id == SubmittedAssignment.assignment_id)
        .join(Student, Student.id == SubmittedAssignment.student_id)
        .filter(AssignmentEntry.name == assignment, GradeCell.cell_type == "code")
    )
    found: dict[str, dict[str, float | None]] = {}
    for student, cell, score in rows:
        found.setdefault(student, {})[cell] = score
    return found


def agrees(outcome: Outcome, scores: dict[str, float | None]) -> bool:
    """Whether the automatic scores are those of the outcome."""
    earned: dict[str, float] = {}
    for check in outcome.checks:
        name = f"check_{check.exercise}"
        earned[name] = earned.get(name, 0.0) + check.points
    return all(
        score is not None and abs(score - earned.get(name, 0.0)) < 1e-6
        for name, score in scores.items()
    )


def recover(course: Course, assignment: str) -> None:
    """Finish what a killed run has left unfinished; do nothing while another run is going on."""
    if not any((course.private / "writing").glob(f"{assignment}/*")):
        return
    try:
        with lock.held(course.private, "writing"), opened(course) as book:
            Writer(course, assignment, book).recover()
    except UserError:
        # The other run has just done the same.
        pass


class Writer:
    """Writes attempts at one assignment, one writer per course; the caller holds the course's lock."""

    def __init__(self, course: Course, assignment: str, book: Gradebook):
        self.course, self.assignment, self._book = course, assignment, book
        self._ready = course.private / "writing" / assignment
        self._pages: Pages | None = None

    def recover(self) -> int:
        """Put in place what an earlier run has prepared; returns the number of attempts."""
        if not self._ready.is_dir():
            return 0
        count, written = 0, ledger.read(self.course, self.assignment)
        for folder in sorted(self._ready.iterdir()):
            if folder.name.startswith("."):
                shutil.rmtree(folder)
                continue
            try:
                self._put_in_place(folder, written)
                count += 1
            except (MissingEntry, Damaged):
                # Meanwhile the assignment was removed from the gradebook, or the disk lost the last
                # writes; the submission is graded again.
                self._book.db.rollback()
                _remove(folder)
        return count

    def write(self, outcome: Outcome, packed: Packed, hashes: dict[str, str]) -> None:
        """Record scores, the judged notebook, feedback and the attempt; or mark the old score."""
        if outcome.notebook is None:
            outcome.stale_score = self._old_score(outcome.student)
        folder = self._lay_ready(outcome, packed, hashes)
        try:
            self._put_in_place(folder)
        except Exception:
            self._book.db.rollback()
            if not (folder / "committed").exists():
                _remove(folder)
            raise

    def _old_score(self, student: str) -> float | None:
        try:
            return self._book.find_submission(self.assignment, student).score
        except MissingEntry:
            return None

    def _target(self, kind: str, student: str) -> Path:
        return self.course.folder(kind) / student / self.assignment

    def _lay_ready(self, outcome: Outcome, packed: Packed, hashes: dict[str, str]) -> Path:
        name = uuid.uuid4().hex
        partial = self._ready / f".{name}"
        partial.mkdir(parents=True)
        if outcome.notebook is not None:
            (partial / "autograded").mkdir()
            own = (f"{self.assignment}.ipynb", f"{self.assignment}.html")
            outcome.notes += packed.files_beside(partial / "autograded", own)
            (partial / "autograded" / f"{self.assignment}.ipynb").write_bytes(outcome.notebook)
        attempt = ledger.Attempt(ledger.now(), outcome.student, hashes, outcome)
        record: dict[str, Any] = {
            "attempt": attempt.as_dict(), "timestamp": None, "cells": {}, "changed": []
        }  # fmt: skip
        if outcome.notebook is not None:
            nb = nbformat.reads(outcome.notebook.decode(), as_version=4)
            record["timestamp"] = packed.text("timestamp.txt")
            record["cells"] = _judged_cells(nb)
            old = self._target("autograded", outcome.student) / f"{self.assignment}.ipynb"
            record["changed"] = _changed_answers(nb, old)
        if outcome.page is not None:
            (partial / "page.html").write_text(outcome.page, encoding="utf-8")
        (partial / "record.json").write_text(json.dumps(record), encoding="utf-8")
        return partial.rename(self._ready / name)

    def _put_in_place(self, folder: Path, written: Sequence[ledger.Attempt] = ()) -> None:
        record, attempt = _recorded(folder)
        autograded = self._target("autograded", attempt.student)
        feedback = self._target("feedback", attempt.student)
        if record["cells"]:
            source = folder / "autograded" if (folder / "autograded").is_dir() else autograded
            submission = self._record(record, attempt.student)
        else:
            source = autograded
            submission = self._mark_stale(attempt.student, attempt.outcome.message)
        if submission is not None:
            self._write_page(folder, source, submission)
        self._book.db.commit()
        (folder / "committed").touch()
        _swap(folder / "autograded", autograded, folder / "old-autograded")
        _swap(folder / "feedback", feedback, folder / "old-feedback")
        if attempt not in written:
            ledger.append(self.course, self.assignment, attempt)
        _remove(folder)

    def _record(self, record: dict, student: str) -> SubmittedAssignment:
        db = self._book.db
        submission = self._submission(student)
        if record["timestamp"] and record["timestamp"].strip():
            submission.timestamp = timestamp.read(record["timestamp"])
        notebook = self._notebook(submission)
        for grade in notebook.grades:
            cell = record["cells"].get(grade.name, {})
            score, before = cell.get("score"), grade.auto_score
            looked_at = grade.manual_score is not None
            grade.auto_score = score
            # A manual grade stays; it needs another look when what it judged has changed.
            moved = grade.name in record["changed"] or (score is not None and score != before)
            keep = looked_at and not moved and not grade.needs_manual_grade
            grade.needs_manual_grade = False if keep else looked_at or score is None
        for comment in notebook.comments:
            comment.auto_comment = record["cells"].get(comment.name, {}).get("comment")
        db.flush()
        db.expire_all()
        self._penalize(submission, notebook)
        db.flush()
        db.expire_all()
        return submission

    def _submission(self, student: str) -> SubmittedAssignment:
        """The student's submission with an entry for every cell, created if there is none."""
        db = self._book.db
        try:
            submission = self._book.find_submission(self.assignment, student)
        except MissingEntry:
            person = db.get(Student, student) or Student(id=student)
            assignment = self._book.find_assignment(self.assignment)
            submission = SubmittedAssignment(assignment=assignment, student=person)
            for notebook in assignment.notebooks:
                SubmittedNotebook(notebook=notebook, assignment=submission)
            db.add(submission)
        db.flush()
        for notebook in submission.notebooks:
            graded = {grade.cell_id for grade in notebook.grades}
            commented = {comment.cell_id for comment in notebook.comments}
            for cell in notebook.notebook._base_cells:
                if not isinstance(cell, SolutionCell) and cell.id not in graded:
                    db.add(Grade(cell_id=cell.id, notebook=notebook))
                if not isinstance(cell, GradeCell) and cell.id not in commented:
                    db.add(Comment(cell_id=cell.id, notebook=notebook))
        db.flush()
        db.expire_all()
        return submission

    def _notebook(self, submission: SubmittedAssignment) -> SubmittedNotebook:
        return next(n for n in submission.notebooks if n.name == self.assignment)

    def _penalize(self, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> None:
        """Do what nbgrader's own step does, in this transaction."""
        config = copy.deepcopy(self.course.config)
        if AssignLatePenalties not in steps(config):
            return
        step = AssignLatePenalties(config=config)
        step.init_plugin()
        notebook.late_submission_penalty = None
        late = submission.total_seconds_late
        if late > 0:
            penalty = step.plugin_inst.late_submission_penalty(
                submission.student.id, notebook.score, late
            )
            if penalty is not None:
                notebook.late_submission_penalty = step._check_late_penalty(notebook, penalty)

    def _mark_stale(self, student: str, reason: str) -> SubmittedAssignment | None:
        """Keep an old score, and make formgrader and feedback show that it is old."""
        try:
            submission = self._book.find_submission(self.assignment, student)
        except MissingEntry:
            return None
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.needs_manual_grade = True
            for comment in notebook.comments:
                comment.auto_comment = STALE + html.escape(reason, quote=False)
        self._book.db.flush()
        self._book.db.expire_all()
        return submission

    def _write_page(self, folder: Path, source: Path, submission: SubmittedAssignment) -> None:
        """Prepare the feedback, rendered from the gradebook's state after this transaction."""
        notebook = source / f"{self.assignment}.ipynb"
        if not notebook.is_file():
            return
        content = notebook.read_bytes()
        facts = Facts.of(self._notebook(submission))
        rendered, page = folder / "page.html", None
        if rendered.is_file():
            first = Facts.before_anybody_looked(nbformat.reads(content.decode(), as_version=4))
            if facts.is_like(first):
                page = rendered.read_text(encoding="utf-8")
        if page is None:
            self._pages = self._pages or Pages(self.course.config)
            page = self._pages.page(content, submission.student.id, self.assignment, facts)
        target = folder / "feedback"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.ipynb"))
        (target / f"{self.assignment}.html").write_text(page, encoding="utf-8")


def _recorded(folder: Path) -> tuple[dict, ledger.Attempt]:
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        return record, ledger.Attempt.from_dict(record["attempt"])
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise Damaged(folder) from error


def _remove(folder: Path) -> None:
    """Remove a prepared folder; even half removed, it is not taken for a prepared one again."""
    shutil.rmtree(folder.rename(folder.with_name(f".{folder.name}")))


def _judged_cells(nb) -> dict[str, dict]:
    """The automatic score and comment of each cell that the gradebook knows, by grade_id."""
    cells = {}
    for cell in nb.cells:
        known = {}
        if utils.is_grade(cell):
            known["score"] = utils.determine_grade(cell)[0]
        if utils.is_solution(cell):
            known["comment"] = no_response(cell)
        if known:
            cells[cell.metadata.nbgrader["grade_id"]] = known
    return cells


def _changed_answers(nb, old_path: Path) -> list[str]:
    """The ids of written answers that differ from those graded before."""
    if not old_path.is_file():
        return []

    def answers(cells) -> dict[str, str]:
        return {c.metadata.nbgrader["grade_id"]: c.source for c in cells if utils.is_grade(c)}

    old = answers(nbformat.read(old_path, as_version=4).cells)
    return [name for name, answer in answers(nb.cells).items() if old.get(name) != answer]


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put `new` in place of `target`, if that has not been done already."""
    if not new.is_dir():
        return
    if os.path.lexists(target):
        shutil.rmtree(old, ignore_errors=True)
        shutil.move(target, old)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(new, target)
