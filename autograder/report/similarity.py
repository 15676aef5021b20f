"""Answers of different students that are closer to each other than is usual in the class.

A finding is a question for people, never a verdict: there are few ways to write a short function,
and students may be allowed to work together.
"""

import ast
import builtins
import functools
import io
import json
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from autograder.checking.wire import MAX_CONTAINERS, containers
from autograder.submission.intake import MAX_NOTEBOOK_BYTES

# An answer with fewer tokens of its own can hardly be written in two ways.
SHORTEST = 60
# No pair below this is reported, however different the class's other answers are.
FLOOR = 0.9
# Fewer answers do not show how close answers naturally are: then only near equality counts.
CLASS_SIZE = 8
NEARLY_EQUAL = 0.95
SPREADS = 4
FRACTION = 0.25
MAX_PAIRS = 2000
ROWS = 256
MAX_SOURCE = 50_000

RENAMED = "·"
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
FIRST_CODE_POINT = 0x10000
CODE_POINTS = 0x110000 - FIRST_CODE_POINT


@dataclass(frozen=True)
class Alike:
    """How close a group's answers to one exercise are.

    `lowest` and `highest` are similarities from 0 to 1 of the pairs that made the group; `typical`
    is the median, over all other answers, of the similarity to the nearest one, None if there are no
    others. `sources` has the answers by student.
    """

    exercise: str
    lowest: float
    highest: float
    typical: float | None
    sources: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Group:
    """Students with close answers, and the exercises where they are close."""

    students: tuple[str, ...]
    exercises: tuple[Alike, ...]


def similar_groups(released: Path, notebooks: dict[str, Path]) -> tuple[list[Group], int]:
    """Groups of students with close answers, those with the most exercises first.

    Parameters
    ----------
    released
        The notebook that students were given; its own lines are not compared.
    notebooks
        By student, the notebook that counts. One that cannot be read is left out.

    Returns
    -------
    groups, compared
        `compared` is the number of notebooks that could be read.
    """
    given = solution_cells(released)
    sequences: dict[str, dict[str, str]] = {exercise: {} for exercise in given}
    sources: dict[str, dict[str, str]] = {}
    encode = Encoder()
    compared = 0
    for student, path in sorted(notebooks.items()):
        try:
            cells = solution_cells(path)
        except (OSError, ValueError, RecursionError):
            continue
        compared += 1
        sources[student] = cells
        for exercise, stub in given.items():
            answer = own_tokens(cells.get(exercise, ""), stub)
            if len(answer) >= SHORTEST:
                sequences[exercise][student] = encode(answer)
    found: dict[tuple[str, ...], list[Alike]] = {}
    for exercise, answers in sequences.items():
        for students, alike in _groups(exercise, answers):
            own = {student: sources[student][exercise] for student in students}
            found.setdefault(students, []).append(replace(alike, sources=own))
    groups = [Group(students, tuple(alike)) for students, alike in found.items()]
    groups.sort(key=lambda g: (-len(g.exercises), -max(a.highest for a in g.exercises), g.students))
    return groups, compared


def solution_cells(path: Path) -> dict[str, str]:
    """The sources of a notebook's solution cells, by nbgrader id, in order.

    Nothing about the file is taken for granted: it comes from a student.

    Raises
    ------
    OSError, ValueError, RecursionError
        If it is not a readable notebook.
    """
    if path.is_symlink() or path.stat().st_size > MAX_NOTEBOOK_BYTES:
        raise ValueError(f"{path.name} is not read")
    data = path.read_bytes()
    if containers(data) > MAX_CONTAINERS:
        raise ValueError(f"{path.name} is not read")
    notebook = json.loads(data.decode("utf-8"))
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError(f"{path.name} is not a notebook")
    found: dict[str, str] = {}
    for cell in cells:
        match cell:
            case {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": str(name)} as about}}:
                if about.get("solution"):
                    source = cell.get("source", "")
                    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
                    found[name] = text[:MAX_SOURCE]
    return found


@functools.lru_cache(maxsize=512)
def own_tokens(source: str, stub: str) -> tuple[str, ...]:
    """The tokens of an answer without comments, docstrings, given lines and names of its own."""
    given, _ = _lines_and_names(stub)
    lines, names = _lines_and_names(source)
    return tuple(
        RENAMED if token in names else token
        for line in lines
        if line not in given
        for token in line
    )


@functools.lru_cache(maxsize=512)
def _lines_and_names(source: str) -> tuple[tuple[tuple[str, ...], ...], set[str]]:
    """The tokens of each statement's line, and the names that the code itself binds.

    Code that is not valid Python has no such names; what cannot be tokenized is left out.
    """
    names: set[str] = set()
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
        names = _bound_names(tree)
        # Makes quotes, brackets and commas uniform where they do not matter.
        source = ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    lines: list[tuple[str, ...]] = []
    line: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NEWLINE:
                lines.append(tuple(line))
                line = []
            elif token.type not in SKIPPED:
                line.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    lines.append(tuple(line))
    # A line that is one string is a docstring, or a comment in disguise.
    kept = (line for line in lines if line and not (len(line) == 1 and line[0][-1] in "\"'"))
    return tuple(kept), names


def _bound_names(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names - set(dir(builtins))


class Encoder:
    """Token sequences as text with one character per token, which rapidfuzz compares fastest."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def __call__(self, tokens: Iterable[str]) -> str:
        codes = self._codes
        return "".join(
            chr(FIRST_CODE_POINT + codes.setdefault(token, len(codes)) % CODE_POINTS)
            for token in tokens
        )


def _groups(exercise: str, answers: dict[str, str]) -> Iterable[tuple[tuple[str, ...], Alike]]:
    """The groups whose answers to one exercise are close, by single linkage."""
    students = sorted(answers)
    if len(students) < 2:
        return
    nearest, pairs = _compare([answers[s] for s in students])
    least = threshold(nearest)
    pairs = [pair for pair in pairs if pair[0] >= least]
    linked: dict[int, set[int]] = {}
    for _, first, second in pairs:
        group = linked.get(first, {first}) | linked.get(second, {second})
        linked.update(dict.fromkeys(group, group))
    for group in {id(group): group for group in linked.values()}.values():
        others = [float(n) for i, n in enumerate(nearest) if i not in group]
        typical = float(np.median(others)) if others else None
        # What all have written alike is how the exercise is solved.
        if typical is None and len(students) > 2 or typical is not None and typical >= FLOOR:
            continue
        values = [similarity for similarity, first, _ in pairs if first in group]
        yield (
            tuple(students[i] for i in sorted(group)),
            Alike(exercise, min(values), max(values), typical),
        )


def threshold(nearest: np.ndarray) -> float:
    """The similarity from which a pair is reported; above 1 if all answers are naturally alike.

    A reported pair stands out from the class by `SPREADS` robust standard deviations, or differs by
    less than `FRACTION` of the typical difference between an answer and its nearest other one.

    Parameters
    ----------
    nearest
        For each answer, the similarity to the nearest other one, shape (answers,).
    """
    if len(nearest) < CLASS_SIZE:
        return NEARLY_EQUAL
    median = float(np.median(nearest))
    if median >= FLOOR:
        return np.inf
    spread = 1.4826 * float(np.median(np.abs(nearest - median)))
    return max(FLOOR, min(median + SPREADS * spread, 1 - FRACTION * (1 - median)))


def _compare(answers: list[str]) -> tuple[np.ndarray, list[tuple[float, int, int]]]:
    """Each answer's similarity to the nearest other, and the closest pairs (at most `MAX_PAIRS`).

    Only `ROWS` rows of the matrix of all pairs are in memory at a time.
    """
    nearest = np.zeros(len(answers), dtype=np.float32)
    pairs: list[tuple[float, int, int]] = []
    for start in range(0, len(answers), ROWS):
        rows = answers[start : start + ROWS]
        scores = process.cdist(
            rows, answers[start:], scorer=Indel.normalized_similarity, dtype=np.float32
        )
        # Every pair once: the entries on and below the diagonal are already known.
        scores[np.tril_indices(len(rows), m=scores.shape[1])] = -1.0
        nearest[start : start + len(rows)] = np.maximum(
            nearest[start : start + len(rows)], scores.max(axis=1)
        )
        nearest[start:] = np.maximum(nearest[start:], scores.max(axis=0))
        close = np.argwhere(scores >= FLOOR)
        pairs += [(float(scores[i, j]), start + int(i), start + int(j)) for i, j in close]
        pairs = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:MAX_PAIRS]
    return nearest, pairs
