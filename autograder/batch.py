"""Many submissions at once; a bad one never touches another, and one thread writes."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from autograder import held_out
from autograder.checking import held_out_sets
from autograder.course import Course
from autograder.errors import UserError
from autograder.gradebook import Writer
from autograder.grading import Assignment, Graded, Result, grade_submission
from autograder.kernel import tiers
from autograder.status import Status
from helpers.data import DataError


def submitted_students(course: Course, assignment: str) -> list[str]:
    """The students with a folder for the assignment, sorted; broken links count as folders."""
    folder = course.folder("submitted")
    if not folder.is_dir():
        return []
    return sorted(
        name
        for name in os.listdir(folder)
        if not name.startswith(".") and os.path.lexists(folder / name / assignment)
    )


def grade(
    course: Course,
    assignment: str,
    students: list[str],
    on_result: Callable[[Result], None] = lambda result: None,
    workers: int | None = None,
) -> list[Result]:
    """Grade the students' submissions into the gradebook, `autograded/` and `feedback/`.

    Raises
    ------
    UserError
        If the assignment cannot be entered into the gradebook, or images that its checks need
        are missing.
    """
    results = []
    course.private.mkdir(exist_ok=True)
    _prepare_images(course, assignment)
    with tempfile.TemporaryDirectory(dir=course.private, prefix="scratch-") as scratch:
        writer = Writer(course, assignment)
        prepared = Assignment(course, assignment, Path(scratch))
        folders = {s: course.folder("submitted") / s / assignment for s in students}
        # The work is done in kernels, processes of their own: threads only wait for them.
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            tasks = {
                pool.submit(grade_submission, prepared, student, folder): folder
                for student, folder in folders.items()
            }
            for task in as_completed(tasks):
                graded = task.result()
                _write(writer, graded)
                results.append(graded.result)
                on_result(graded.result)
    results.sort(key=lambda result: result.student)
    return results


def expect_sealed(course: Course) -> None:
    """Raise `UserError` where students' code cannot be sealed off and nobody allowed that."""
    offer = tiers.probe()
    if not offer.tier.sealed and not course.config.Judge.get("allow_unsealed", False):
        reasons = "; ".join(f"not {tier}: {why}" for tier, why in offer.missing.items())
        raise UserError(
            f"students' code cannot be sealed off on this host ({reasons}): it could read every "
            "file you can, the network is open to it. Grade on another host, or pass "
            "--allow-unsealed"
        )


def _prepare_images(course: Course, assignment: str) -> None:
    try:
        for name in held_out_sets(assignment):
            held_out.load(name)
    except DataError as error:
        raise UserError(str(error)) from None
    held_out.student_folder(course.private)


def _write(writer: Writer, graded: Graded) -> None:
    try:
        writer.write(graded)
    except Exception as error:
        graded.result.status = Status.GRADER_ERROR
        graded.result.message = f"not written: {type(error).__name__}: {error}"
    shutil.rmtree(graded.files, ignore_errors=True)


def choose_students(course: Course, assignment: str, student: str | None) -> list[str]:
    """All students who handed in, or the one asked for.

    Raises
    ------
    UserError
        If nobody, or not the one asked for, handed in.
    """
    students = submitted_students(course, assignment)
    place = course.folder("submitted")
    if student is not None:
        if student not in students:
            raise UserError(f"expected {place / student / assignment}, which does not exist")
        return [student]
    if not students:
        raise UserError(f"expected submissions in {place}/STUDENT/{assignment}, found none")
    return students


def write_results(results: list[Result], path: Path) -> None:
    """Write the results as JSON, replacing the file in one step."""
    text = json.dumps([r.as_dict() for r in results], indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
