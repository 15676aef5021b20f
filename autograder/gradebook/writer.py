"""The one writer: a graded submission into the gradebook, `autograded/` and `feedback/`.

Everything that belongs to an attempt is first prepared in a folder of its own. Then it is put in
place, in steps that can be repeated: whenever a run is killed, the next one repeats them.
"""

import errno
import html
import json
import os
import shutil
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils
from nbgrader.api import (
    Assignment,
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
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload, undefer

from autograder import files, lock
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback import cells, page
from autograder.feedback.facts import GRADER_FAILED, STALE, Facts, full_name
from autograder.gradebook import dates, ledger, penalties
from autograder.gradebook.best import Best, is_on
from autograder.gradebook.released import empty_gradebook, make_gradebook
from autograder.gradebook.scores import sqlite_file
from autograder.outcome import Outcome, Status
from autograder.submission import timestamp
from autograder.submission.pack import Packed

# What the exchange needs to know whose submission it was.
RECEIPTS = ("timestamp.txt", "submission_secret.txt")
# Seconds to wait while somebody else, such as formgrader, writes into an SQLite gradebook.
PATIENCE = 60


class Damaged(Exception):
    """A prepared attempt cannot be read."""


@contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook, created if there is none.

    Raises
    ------
    UserError
        If it is damaged, or nobody can open it or write into it.
    """
    file = sqlite_file(course)
    try:
        if file is None:
            make_gradebook(course.db_url)
        elif file.parent.is_dir() and not file.exists():
            files.write(file, empty_gradebook())
        with Gradebook(course.db_url, course.course_id) as book:
            if book.engine.dialect.name == "sqlite":
                book.db.execute(text(f"PRAGMA busy_timeout = {PATIENCE * 1000}"))
                book.db.commit()
            yield book
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise UserError(
            f"the gradebook {file or course.db_url} cannot be used: {reason}"
        ) from error


def whole_submissions(book: Gradebook, assignment: str) -> list[SubmittedAssignment]:
    """All submissions of an assignment with grades, comments and students, in a few queries."""
    notebooks = selectinload(SubmittedAssignment.notebooks)
    return (
        book.db.query(SubmittedAssignment)
        .join(Assignment)
        .filter(Assignment.name == assignment)
        .options(
            selectinload(SubmittedAssignment.student),
            notebooks.selectinload(SubmittedNotebook.grades).options(
                undefer(Grade.max_score), selectinload(Grade.cell)
            ),
            notebooks.selectinload(SubmittedNotebook.comments).selectinload(Comment.cell),
        )
        .all()
    )


def bring_up_to_date(course: Course, assignment: str) -> None:
    """Make scores fit to be read: dates and penalties as they are now, nothing left half written.

    While another run is going on, nothing is done: it has just done the same. Nor is anything done
    where this user may not write.
    """
    try:
        with lock.held(course.private, "writing"), opened(course) as book:
            writer = Writer(course, assignment, book)
            writer.recover()
            changed = [change.student for change in penalties.settle(course, book, assignment)]
            writer.refresh_pages(changed)
    except lock.Held:
        pass
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise


class Writer:
    """Writes attempts at one assignment, one writer per course; the caller holds the course's lock."""

    def __init__(self, course: Course, assignment: str, book: Gradebook):
        self.course, self.assignment, self._book = course, assignment, book
        self._ready = ledger.prepared(course, assignment)
        self._penalties = penalties.step(course)
        self._best = Best(course, assignment) if is_on(course, assignment) else None

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

    def set_aside(self, outcome: Outcome, hashes: dict[str, str]) -> None:
        """Record an attempt that does not count, and tell its student on the page of the one that does."""
        attempt = ledger.Attempt(ledger.now(), outcome.student, hashes, outcome, counts=False)
        ledger.append(self.course, self.assignment, attempt)
        self.refresh(outcome.student)

    def give_receipts(self, student: str) -> None:
        """The page is feedback on what was handed in last, whichever submission counts."""
        handed_in = self.course.folder("submitted") / student / self.assignment
        for name in RECEIPTS:
            file, target = handed_in / name, self._target("feedback", student) / name
            if file.is_file() and not file.is_symlink() and target.parent.is_dir():
                content = file.read_bytes()
                if not target.is_file() or target.read_bytes() != content:
                    files.write(target, content)

    def refresh(self, student: str) -> Path | None:
        """Write a student's page again, with the marks and comments that the gradebook has now.

        Returns the page; None if there is none.
        """
        source, target = self._target("autograded", student), self._target("feedback", student)
        page_, notebook = (target / f"{self.assignment}.html"), source / f"{self.assignment}.ipynb"
        with suppress(MissingEntry, FileNotFoundError):
            submission = self._book.find_submission(self.assignment, student)
            rendered = cells.render(nbformat.reads(notebook.read_text("utf-8"), as_version=4))
            if not target.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.ipynb"))
            files.write(page_, page.fill(rendered, self._facts(submission)))
        return page_ if page_.is_file() else None

    def refresh_pages(self, students: Collection[str]) -> list[str]:
        """Write the pages anew that show something else than the gradebook; returns whose."""
        refreshed = []
        for submission in whole_submissions(self._book, self.assignment) if students else ():
            student = submission.student.id
            page_ = self._target("feedback", student) / f"{self.assignment}.html"
            if student in students and page_.is_file():
                if not page.shows(page_.read_bytes(), self._facts(submission)):
                    self.refresh(student)
                    refreshed.append(student)
        return refreshed

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
        receipts = {name: packed.text(name) for name in RECEIPTS}
        attempt = ledger.Attempt(ledger.now(), outcome.student, hashes, outcome)
        record: dict[str, Any] = {
            "attempt": attempt.as_dict(), "receipts": receipts, "cells": {}, "changed": []
        }  # fmt: skip
        if outcome.notebook is not None:
            nb = nbformat.reads(outcome.notebook.decode(), as_version=4)
            record["cells"] = _judged_cells(nb)
            old = self._target("autograded", outcome.student) / f"{self.assignment}.ipynb"
            record["changed"] = _changed_answers(nb, old)
        if outcome.page is not None:
            (partial / "page.json").write_text(outcome.page, encoding="utf-8")
        (partial / "record.json").write_text(json.dumps(record), encoding="utf-8")
        return partial.rename(self._ready / name)

    def _put_in_place(self, folder: Path, written: Sequence[ledger.Attempt] = ()) -> None:
        record, attempt = _recorded(folder)
        if self._best:
            self._best.now_counts(attempt.student, attempt.hashes.get("submission", ""))
        autograded = self._target("autograded", attempt.student)
        feedback = self._target("feedback", attempt.student)
        if record["cells"]:
            source = folder / "autograded" if (folder / "autograded").is_dir() else autograded
            submission = self._record(record, attempt.student)
        else:
            source = autograded
            submission = self._mark_stale(attempt.student, _trouble(attempt.outcome))
        self._write_page(folder, source, record, submission)
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
        stamp = record["receipts"]["timestamp.txt"]
        if stamp and stamp.strip():
            submission.timestamp = timestamp.read(stamp)
        elif self._best:
            # The time is of another submission.
            submission.timestamp = None
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
        rules = self.course.rules.of(self.assignment)
        if rules.due:
            dates.extend(rules, submission)
        if self._penalties:
            self._penalties.penalize(rules, submission)
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

    def _facts(self, submission: SubmittedAssignment) -> Facts:
        later = self._best.later(submission.student.id) if self._best else []
        return Facts.of(self._notebook(submission), later)

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

    def _write_page(
        self, folder: Path, source: Path, record: dict, submission: SubmittedAssignment | None
    ) -> None:
        """Prepare the feedback, from the gradebook's state after this transaction."""
        notebook, rendered = source / f"{self.assignment}.ipynb", folder / "page.json"
        target = folder / "feedback"
        shutil.rmtree(target, ignore_errors=True)
        if submission is not None and notebook.is_file():
            facts = self._facts(submission)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.ipynb"))
            if rendered.is_file():
                found = cells.from_json(rendered.read_text(encoding="utf-8"))
            else:
                found = cells.render(nbformat.reads(notebook.read_bytes().decode(), as_version=4))
        else:
            # Nothing of this student has ever been graded.
            attempt = ledger.Attempt.from_dict(record["attempt"])
            facts, found = self._without_grades(attempt), []
            target.mkdir()
        for name, text_ in record["receipts"].items():
            if text_ is not None:
                (target / name).write_text(text_, encoding="utf-8", newline="")
        files.write(target / f"{self.assignment}.html", page.fill(found, facts))

    def _without_grades(self, attempt: ledger.Attempt) -> Facts:
        student = self._book.db.get(Student, attempt.student) or Student(id=attempt.student)
        trouble = _trouble(attempt.outcome)
        return Facts(student.id, full_name(student), self.assignment, trouble=trouble)


def _trouble(outcome: Outcome) -> str:
    """Why a submission has no score, in words for its student."""
    return GRADER_FAILED if outcome.status is Status.GRADER_ERROR else outcome.message


def _recorded(folder: Path) -> tuple[dict, ledger.Attempt]:
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        _ = record["receipts"]  # Earlier versions did not write it.
        return record, ledger.Attempt.from_dict(record["attempt"])
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise Damaged(folder) from error


def _remove(folder: Path) -> None:
    """Remove a prepared folder; even half removed, it is not taken for a prepared one again."""
    shutil.rmtree(folder.rename(folder.with_name(f".{folder.name}")))


def _judged_cells(nb) -> dict[str, dict]:
    """The automatic score and comment of each cell that the gradebook knows, by grade_id."""
    found = {}
    for cell in nb.cells:
        known: dict[str, Any] = {}
        if utils.is_grade(cell):
            known["score"] = utils.determine_grade(cell)[0]
        if utils.is_solution(cell):
            known["comment"] = no_response(cell)
        if known:
            found[cell.metadata.nbgrader["grade_id"]] = known
    return found


def no_response(cell) -> str | None:
    """The comment on an answer that was handed in unchanged; None on any other."""
    same = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    return "No response." if same else None


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
