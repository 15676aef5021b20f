"""An entry for the answer bank, made from a student's wrong answer that matches no known mistake."""

import ast
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import files, lock
from autograder.authoring.anonymous import anonymous
from autograder.authoring.classroom import answered, cell_of, released, solved
from autograder.authoring.proving.bench import Bench
from autograder.checking.answers import Mistake
from autograder.course import Course
from autograder.errors import UserError
from autograder.feedback.table import FOLLOWS
from autograder.gradebook.released import take_snapshot
from autograder.gradebook.writer import opened
from autograder.grading import task
from autograder.grading.workers import local
from autograder.outcome import Outcome
from autograder.submission.pack import pack

# As many challenges; an audit tries more.
CHALLENGES = 5
HEAD = "from autograder.checking import Mistake\n\nANSWERS = [\n"


@dataclass(frozen=True)
class Draft:
    """A mistake to be read, named and added to the bank; `notes` are for whoever does that."""

    mistake: Mistake
    notes: list[str]

    @property
    def entry(self) -> str:
        """The text of the entry, as it stands in a list of answers."""
        m = self.mistake
        fails = repr(m.fails).replace("'", '"')
        text = m.source.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        return (
            f'    Mistake(\n        "{m.exercise}",\n        "{m.name}",\n        fails={fails},\n'
            f'        source="""\\\n{text}""",\n        tells="",\n    ),\n'
        )


def draft(
    course: Course, assignment: str, exercise: str, student: str, allow_unsealed: bool = False
) -> Draft:
    """Make an entry from a student's answer: anonymous, with the checks that it fails by itself.

    The answer is graded beside the reference's other cells, sealed off like a submission.

    Raises
    ------
    UserError
        If there is no such answer, it is not a wrong one, it behaves like a known mistake, or
        students' code cannot be sealed off and nobody has allowed that.
    """
    with Bench(course, assignment) as bench:
        bench.expect_exercise(exercise)
        source = _answer(course, assignment, exercise, student)
        given = "\n".join(c.source for c in released(course, assignment).cells)
        given += "\n".join(bench.reference.solutions.values())
        try:
            source = anonymous(source, _people(course), given)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise UserError(
                f"the answer of {student} to {exercise} is not Python ({error}): the bank's answers run"
            ) from None
        bank = [a for a in bench.hidden.answers if a.exercise == exercise]
        for known in bank:
            if _same(known.source, source):
                raise UserError(f"the bank has this answer already: {exercise}/{known.name}")
        outcomes = _graded(course, assignment, exercise, source, bench.files, allow_unsealed)
        failing, unsure = _failing(outcomes, exercise)
        taken = {a.name for a in bank}
    said = next((c.diagnosis for o in outcomes for c in o.checks if c.diagnosis), "")
    if said:
        raise UserError(f"it behaves like a mistake that the bank knows: {said}")
    if not failing:
        raise UserError(
            f"beside the reference's other cells the answer of {student} to {exercise} loses nothing "
            "for certain: what it lost came from another exercise, or from chance"
        )
    notes = ["read it, call it by a name, and say in `tells` what is wrong with it"]
    notes += [f"it fails {name} with some challenges only: judge less there" for name in unsure]
    name = next(n for k in range(1, 999) if (n := f"drafted_{k}") not in taken)
    fails = failing[0] if len(failing) == 1 else tuple(failing)
    return Draft(Mistake(exercise, name, fails, source), notes)


def _same(first: str, second: str) -> bool:
    """Whether two sources are the same program, whatever their layout."""
    try:
        return ast.dump(ast.parse(first)) == ast.dump(ast.parse(second))
    except SyntaxError:
        return False


def _answer(course: Course, assignment: str, exercise: str, student: str) -> str:
    path = course.folder("autograded") / student / assignment / f"{assignment}.ipynb"
    try:
        cell = cell_of(nbformat.read(path, as_version=4), exercise)
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise UserError(
            f"expected an answer to {exercise} in {path}, which cannot be read "
            f"({type(error).__name__}): grade {student} first"
        ) from None
    if cell.source.strip() in ("", cell_of(released(course, assignment), exercise).source.strip()):
        raise UserError(f"{student} has not changed {exercise}: there is no answer to draft from")
    return cell.source


def _people(course: Course) -> list[str]:
    """Whatever the gradebook and the folders know of people."""
    with opened(course) as book:
        known = [(s.id, s.first_name, s.last_name, s.email, s.lms_user_id) for s in book.students]
    folders = course.folder("submitted")
    names = [p.name for p in folders.iterdir()] if folders.is_dir() else []
    return [str(part) for person in known for part in person if part] + names


def _graded(
    course: Course, assignment: str, exercise: str, source: str, beside: Path, allow_unsealed: bool
) -> list[Outcome]:
    """The outcomes of the reference with this one answer, with several challenges."""
    if allow_unsealed:
        course.config.Judge.allow_unsealed = True
    notebook = answered(solved(course, assignment), {exercise: source})
    with (
        lock.held(course.private, f"grading in {course.root}"),
        tempfile.TemporaryDirectory() as folder,
    ):
        place = Path(folder) / assignment
        shutil.copytree(beside, place)
        nbformat.write(notebook, place / f"{assignment}.ipynb")
        packed, outcomes = pack(place), []
        snapshot = take_snapshot(course, assignment)
        with local(course, 1, in_process=True) as workers:
            order = workers.prepare(snapshot, {})
            for number in range(CHALLENGES):
                # What is drawn depends on whose submission it is.
                outcome = task.grade(order, f"draft-{number}", packed)
                if isinstance(outcome, str):
                    raise UserError(outcome)
                outcomes.append(outcome)
    return outcomes


def _failing(outcomes: list[Outcome], exercise: str) -> tuple[list[str], list[str]]:
    """The checks that every outcome fails, those that only follow last; and those that some fail."""
    lost: dict[str, list[str]] = {}
    for outcome in outcomes:
        for check in outcome.checks:
            if check.error:
                raise UserError(f"the check {check.check} itself failed: {check.error}")
            if check.exercise == exercise and check.points < check.max_points:
                lost.setdefault(check.check, []).append(check.message)
    always = [name for name, messages in lost.items() if len(messages) == len(outcomes)]
    always.sort(key=lambda name: bool(FOLLOWS.search(lost[name][0])))
    return always, [name for name in lost if name not in always]


def add(draft: Draft, path: Path) -> Path:
    """Add the entry to the list of answers in a file, or write a new file with such a list.

    Raises
    ------
    UserError
        If the file has no such list.
    """
    if not path.exists():
        return files.write(path, f"{HEAD}{draft.entry}]\n")
    text = files.read_text(path)
    try:
        lines = text.splitlines(True)
        end = _end_of_list(ast.parse(text))
    except SyntaxError as error:
        raise UserError(f"{path} is not Python ({error}): correct it first") from None
    if end is None:
        raise UserError(f"expected a list ANSWERS = [ … ] in {path}, found none")
    row, column = end
    # ast counts bytes.
    line = lines[row - 1].encode()
    before, after = line[: column - 1].decode(), line[column - 1 :].decode()
    if before.strip():
        # The list ends on the line of its last entry.
        comma = "" if before.rstrip().endswith(("[", ",")) else ","
        before = f"{before.rstrip()}{comma}\n"
    lines[row - 1] = f"{before}{draft.entry}{after}"
    return files.write(path, "".join(lines))


def _end_of_list(tree: ast.Module) -> tuple[int, int] | None:
    """The line and the column where the list of answers ends."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="ANSWERS")], value=ast.List() as found)
                | ast.AnnAssign(target=ast.Name(id="ANSWERS"), value=ast.List() as found)
                | ast.AugAssign(target=ast.Name(id="ANSWERS"), value=ast.List() as found)
            ):
                if found.end_lineno and found.end_col_offset:
                    return found.end_lineno, found.end_col_offset
    return None
