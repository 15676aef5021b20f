"""Damaged and hostile submissions by the thousand: each ends in one status, none in an exception."""

import copy
import json
import os
import random
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import overwritecells, overwritekernelspec
from scale_helpers import A, left_over
from traitlets.utils.importstring import import_item

from autograder.authoring.classroom import cell_of, hand_in, solved
from autograder.course import Course
from autograder.feedback import page as pages
from autograder.feedback.facts import Facts
from autograder.gradebook import ledger
from autograder.gradebook.released import take_snapshot
from autograder.grading import batch
from autograder.grading.judging.grade import Grader
from autograder.grading.judging.judge import Judge
from autograder.kernel.grader import tiers
from autograder.outcome import Status
from autograder.submission import repair
from autograder.submission.intake import Unreadable, read_submission
from autograder.submission.pack import pack
from autograder.submission.tidy import tidy

SEED = int(os.environ.get("FUZZ_SEED", 0))
READ = int(os.environ.get("FUZZ_READ", 1000))
GRADED = int(os.environ.get("FUZZ_GRADED", 300))

Draw = random.Random
STRANGE = [
    None, True, -1, 10**400, 1e999, float("nan"), "", "\0", "\ud800", "x" * 5000, "‮🍎", [], {},
    [None], [[]], {"": None}, {"nbgrader": {}}, ["a", 3, None], {"output_type": "stream"},
]  # fmt: skip
KEYS = [
    "cells", "metadata", "nbformat", "nbformat_minor", "cell_type", "source", "outputs", "id",
    "execution_count", "attachments", "nbgrader", "grade_id", "worksheets", "tags", "kernelspec",
]  # fmt: skip
NBGRADER = [
    "grade",
    "grade_id",
    "locked",
    "solution",
    "task",
    "points",
    "schema_version",
    "checksum",
]
OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": ["a", 3]},
    {"output_type": "stream"},
    {"output_type": "execute_result", "data": "3.0", "metadata": [], "execution_count": "x"},
    {"output_type": "display_data", "data": {"text/html": ["<script>", {}], "image/png": 7}},
    {"output_type": "error", "ename": 1, "evalue": None, "traceback": "none"},
    {"output_type": "weird"},
    "3.0",
]


def containers(value, found=None) -> list:
    """All lists and dicts in a JSON value."""
    found = [] if found is None else found
    if isinstance(value, (dict, list)):
        found.append(value)
        for part in value.values() if isinstance(value, dict) else value:
            containers(part, found)
    return found


def cells_of(raw: dict) -> list:
    return raw["cells"] if isinstance(raw.get("cells"), list) else []


def a_cell(raw: dict, draw: Draw) -> dict:
    """A cell, or something in its place that is changed without effect."""
    return draw.choice([c for c in cells_of(raw) if isinstance(c, dict)] or [{}])


def replace_anything(raw: dict, draw: Draw) -> None:
    place = draw.choice([c for c in containers(raw) if c] or [raw])
    key = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
    place[key] = copy.deepcopy(draw.choice(STRANGE))


def replace_a_field(raw: dict, draw: Draw) -> None:
    place = draw.choice([raw, a_cell(raw, draw), a_cell(raw, draw)])
    place[draw.choice(KEYS)] = copy.deepcopy(draw.choice(STRANGE))


def remove_anything(raw: dict, draw: Draw) -> None:
    place = draw.choice([c for c in containers(raw) if c] or [raw])
    if place:
        del place[draw.choice(list(place) if isinstance(place, dict) else range(len(place)))]


def nest_deeply(raw: dict, draw: Draw) -> None:
    deep: object = 1
    for _ in range(draw.choice([40, 60, 900])):
        deep = [deep] if draw.random() < 0.5 else {"metadata": deep}
    a_cell(raw, draw)[draw.choice(["metadata", "source", "outputs"])] = deep


def other_format(raw: dict, draw: Draw) -> None:
    raw["nbformat"] = draw.choice([2, 3, 5, 0, -4, 4.0, "4", None, 10**30])
    raw["nbformat_minor"] = draw.choice([0, 2, 5, 99, "5", None])
    if draw.random() < 0.3:
        raw["worksheets"] = draw.choice([[{"cells": cells_of(raw)}], {}, [7], "x"])


def change_ids(raw: dict, draw: Draw) -> None:
    for cell in cells_of(raw):
        if isinstance(cell, dict) and draw.random() < 0.5:
            cell["id"] = draw.choice(["same", "", "ä" * 99, 5, None])
        elif isinstance(cell, dict):
            cell.pop("id", None)


def move_cells(raw: dict, draw: Draw) -> None:
    cells = cells_of(raw)
    if not cells:
        return
    kind, index = draw.randrange(4), draw.randrange(len(cells))
    if kind == 0:
        cells.extend(copy.deepcopy(cells[index]) for _ in range(draw.randint(1, 4)))
    elif kind == 1:
        del cells[index : index + draw.randint(1, 3)]
    elif kind == 2:
        draw.shuffle(cells)
    else:
        merge = [c for c in cells[index : index + 2] if isinstance(c, dict)]
        if len(merge) == 2:
            merge[0]["source"] = f"{merge[0].get('source')}\n{merge[1].get('source')}"
            cells.remove(merge[1])


def forge_metadata(raw: dict, draw: Draw) -> None:
    known = a_cell(raw, draw).get("metadata")
    if isinstance(known, dict):
        forged = known.setdefault("nbgrader", {})
        for key in draw.sample(NBGRADER, draw.randint(1, 3)):
            values = [*STRANGE, "check_double", "mean", "answer_why", 1e9]
            if isinstance(forged, dict):
                forged[key] = copy.deepcopy(draw.choice(values))


def swap_type(raw: dict, draw: Draw) -> None:
    cell = a_cell(raw, draw)
    cell["cell_type"] = draw.choice(["code", "markdown", "raw", "heading", "html", "", 3])


def forge_outputs(raw: dict, draw: Draw) -> None:
    a_cell(raw, draw)["outputs"] = draw.choice([*STRANGE, copy.deepcopy(OUTPUTS), OUTPUTS[:1] * 50])


def attach(raw: dict, draw: Draw) -> None:
    a_cell(raw, draw)["attachments"] = draw.choice(
        [{"a.png": {"image/png": "!"}}, {"../../x": {}}, {"a": []}, "x", [1]]
    )


def change_source(raw: dict, draw: Draw) -> None:
    a_cell(raw, draw)["source"] = draw.choice(
        ["def double(x:", "\0", "\ud83d", "%%bash\nexit 1", "!ls\x1b[2J", "raise SystemExit", "'''",
         "get_ipython().kernel = None", "def double(x): return x\n" * 300, ["a\n", 3]]
    )  # fmt: skip


def many_cells(raw: dict, draw: Draw) -> None:
    one = {"cell_type": draw.choice(["markdown", "code"]), "source": "", "metadata": {}}
    raw["cells"] = cells_of(raw) + [one] * 10_000


def many_outputs(raw: dict, draw: Draw) -> None:
    one = {"output_type": "stream", "name": "stdout", "text": "x"}
    a_cell(raw, draw)["outputs"] = [one] * 100_000


CHANGES: list[Callable] = [
    replace_anything, replace_a_field, remove_anything, nest_deeply, other_format, change_ids,
    move_cells, forge_metadata, swap_type, forge_outputs, attach, change_source,
]  # fmt: skip
LARGE: list[Callable] = [many_cells, many_outputs]


def duplicate_key(data: bytes, draw: Draw) -> bytes:
    key = draw.choice([b'"cells": 5, ', b'"metadata": [], ', b'"nbformat": 3, '])
    return b"{" + key + data[1:] if draw.random() < 0.5 else data[:-1] + b", " + key[:-2] + b"}"


def flip_bytes(data: bytes, draw: Draw) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randint(1, 20)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


BYTES: list[Callable] = [
    flip_bytes,
    duplicate_key,
    lambda data, draw: data[: draw.randrange(len(data))],
    lambda data, draw: data + draw.choice([b"\0", b"}", b"\n\n", data]),
    lambda data, draw: data.decode(errors="replace").encode(draw.choice(["utf-16", "utf-32"])),
    lambda data, draw: b"\xef\xbb\xbf" + data,
    lambda data, draw: data.replace(b"Return", draw.choice([b"\xff\xfe", b"\xed\xa0\x80", b"\0"])),
    lambda data, draw: data.replace(b"null", draw.choice([b"NaN", b"-Infinity", b"1" * 5000])),
    lambda data, draw: data.replace(b"Return", draw.choice([rb"\ud800", rb"\udc00\ud800"])),
    lambda data, draw: draw.choice([b"[]", b"3", b'"x"', b"null", b" ", b"{}", b"[" * 10**6]),
]


def mutated(notebook: NotebookNode, seed: int, large: bool = False) -> bytes:
    """The bytes of a notebook with one to five kinds of damage, or made huge; told by the seed."""
    draw = random.Random(seed)
    raw = json.loads(json.dumps(notebook))
    for change in [draw.choice(LARGE)] if large else draw.choices(CHANGES, k=draw.randint(1, 4)):
        change(raw, draw)
    data = json.dumps(raw, ensure_ascii=draw.random() < 0.7).encode(errors="surrogatepass")
    return draw.choice(BYTES)(data, draw) if not large and draw.random() < 0.3 else data


@pytest.fixture(scope="module")
def assignment(built_course, tmp_path_factory):
    """The tiny assignment ready for grading, and its right solution."""
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(built_course, folder / "course")
    course = Course(folder / "course")
    (folder / "scratch").mkdir()
    course.private.mkdir()
    return Grader(course, take_snapshot(course, A), folder / "scratch"), solved(course, A)


@pytest.fixture
def one_gradebook(assignment, monkeypatch):
    """The sanitize steps share a gradebook; that each opens it takes most of their time."""
    with Gradebook(assignment[0].db_url) as shared:
        with monkeypatch.context() as patch:
            patch.setattr(shared, "close", lambda: None)
            for module in (repair, overwritecells, overwritekernelspec):
                patch.setattr(module, "Gradebook", lambda url: shared)
            yield


def expect_readable_or_told(assignment: Grader, data: bytes, folder: Path) -> bool:
    """Read, repair and sanitize a submission as grading does; whether it can be graded."""
    handed_in = folder / "handed-in"
    handed_in.mkdir()
    (handed_in / f"{A}.ipynb").write_bytes(data)
    try:
        found = read_submission(handed_in, A, assignment.layout, folder / "files")
    except Unreadable as reason:
        assert "\n" not in str(reason)
        return False
    resources = assignment.resources("student", folder / "files")
    for step in map(import_item, assignment.config.Autograde.sanitize_preprocessors):
        _, resources = step(config=assignment.config)(found.notebook, resources)
    for item in assignment.layout.expected:
        cell = cell_of(found.notebook, item.grade_id)
        assert cell.cell_type == item.cell_type
        assert item.metadata.items() <= cell.metadata["nbgrader"].items()
        if item.locked and item.grade:
            assert cell.source == item.source
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in found.notebook.cells]
    assert sorted(filter(None, ids)) == sorted(item.grade_id for item in assignment.layout.expected)
    json.dumps(found.notebook)
    return True


@pytest.mark.slow
def test_a_thousand_damaged_notebooks_are_repaired_or_refused(assignment, one_gradebook, tmp_path):
    ready, notebook = assignment
    print(f"FUZZ_SEED={SEED}")
    readable = 0
    for seed in range(SEED, SEED + READ):
        place = tmp_path / str(seed)
        place.mkdir()
        try:
            readable += expect_readable_or_told(
                ready, mutated(notebook, seed, large=seed % 250 == 249), place
            )
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        shutil.rmtree(place)
    # Damage that always or never matters would try little.
    assert READ / 4 < readable < READ


def no_notebook(folder: Path, path: Path) -> None:
    path.unlink()


def two_equal_notebooks(folder: Path, path: Path) -> None:
    path.rename(folder / "a.ipynb")
    shutil.copy(folder / "a.ipynb", folder / "b.ipynb")


def a_folder_for_the_notebook(folder: Path, path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe_for_the_notebook(folder: Path, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link_to_itself(folder: Path, path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def a_file_for_the_folder(folder: Path, path: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


def a_name_that_is_no_text(folder: Path, path: Path) -> None:
    path.rename(folder / os.fsdecode(b"99_tiny\xff.ipynb"))


def odd_things_beside_it(folder: Path, path: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(".")
    (folder / os.fsdecode(b"\xe4\n\x1b[31m")).mkdir()
    (folder / ("x" * 255)).write_text("")
    (folder / "data.ipynb").mkdir()


FOLDERS = {
    no_notebook: Status.UNREADABLE,
    two_equal_notebooks: Status.GRADED,
    a_folder_for_the_notebook: Status.UNREADABLE,
    a_pipe_for_the_notebook: Status.UNREADABLE,
    a_link_to_itself: Status.UNREADABLE,
    a_file_for_the_folder: Status.UNREADABLE,
    a_name_that_is_no_text: Status.GRADED,
    odd_things_beside_it: Status.GRADED,
}


@pytest.mark.skipif(sys.platform != "linux", reason="pipes, links and names that are no text")
@pytest.mark.parametrize("damage", FOLDERS, ids=lambda damage: damage.__name__)
def test_a_damaged_folder_has_one_status(assignment, damage, tmp_path):
    ready, notebook = assignment
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    path = folder / f"{A}.ipynb"
    path.write_text(json.dumps(notebook))
    damage(folder, path)
    outcome = ready.grade("student", pack(folder))
    assert outcome.status is FOLDERS[damage], outcome.message
    assert outcome.score == (5.0 if outcome.status is Status.GRADED else None)
    assert "Traceback" not in outcome.message


@pytest.mark.slow
def test_what_was_handed_in_sends_a_terminal_no_commands(assignment, tmp_path):
    ready, notebook = assignment
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    escape = "\x1b[2J\x9b31m\r"
    (folder / f"{A}.ipynb").write_text(json.dumps({"nbformat": escape, "cells": []}))
    (folder / f"{escape}data").symlink_to("nowhere")
    outcome = ready.grade("student", pack(folder))
    assert outcome.status is Status.UNREADABLE
    (folder / f"{A}.ipynb").write_text(json.dumps(notebook))
    graded = ready.grade("student", pack(folder))
    assert graded.status is Status.GRADED and graded.notes
    for text in (outcome.message, *outcome.notes, *graded.notes):
        assert text and not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), repr(text)


@pytest.mark.slow
def test_a_kernel_that_dies_before_it_has_started_is_started_again(
    assignment, tmp_path, monkeypatch
):
    ready, notebook = assignment
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text(json.dumps(notebook))
    start, tries = Judge._start_kernel, []

    def dies_once(self, running):
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        start(self, running)

    monkeypatch.setattr(Judge, "_start_kernel", dies_once)
    outcome = ready.grade("student", pack(folder))
    assert (outcome.status, outcome.score, len(tries)) == (Status.GRADED, 5.0, 2), outcome.message


def test_a_kernel_that_never_starts_is_the_graders_error_and_says_how_it_ended(
    assignment, tmp_path
):
    ready, notebook = assignment
    if tiers.probe().tier is not tiers.Tier.NAMESPACES:
        pytest.skip("no kernels in namespaces here")
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text(json.dumps(notebook))
    ready.config.Judge.limits = {"processes": 1}
    try:
        outcome = ready.grade("student", pack(folder))
    finally:
        del ready.config.Judge.limits
    assert (outcome.status, outcome.score) == (Status.GRADER_ERROR, None)
    assert "the kernel was ended by signal 6" in outcome.message


def test_a_cell_that_python_cannot_parse_is_named_with_its_line(assignment, tmp_path):
    ready, notebook = assignment
    wrong = copy.deepcopy(nbformat.from_dict(notebook))
    cell_of(wrong, "double").source = "def double(x):\n    return x x"
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    (folder / f"{A}.ipynb").write_text(nbformat.writes(wrong))
    outcome = ready.grade("student", pack(folder))
    messages = {c.message for c in outcome.checks if c.exercise == "double"}
    assert messages == {
        "the cell that defines double could not be run: SyntaxError in its line 2: invalid syntax"
    }


@pytest.mark.parametrize(
    "minor",
    [4, None, *(pytest.param(m, marks=pytest.mark.slow) for m in ("5", -1, True, 5, 99))],
)
def test_a_wrong_or_missing_minor_version_costs_nothing(assignment, minor, tmp_path):
    ready, notebook = assignment
    folder = tmp_path / "student" / A
    folder.mkdir(parents=True)
    raw = json.loads(json.dumps(notebook)) | {"nbformat_minor": minor}
    if minor is None:
        del raw["nbformat_minor"]
    (folder / f"{A}.ipynb").write_text(json.dumps(raw))
    outcome = ready.grade("student", pack(folder))
    assert (outcome.status, outcome.score) == (Status.GRADED, 5.0), outcome.message
    assert outcome.page


@pytest.mark.parametrize("damage", [
    {"id": ""}, {"id": 5}, {"id": "ä" * 99}, {"id": None}, {"language_info": 3},
    {"language_info": {"pygments_lexer": ["x"], "name": 1}},
], ids=str)  # fmt: skip
def test_wrong_ids_and_languages_do_not_keep_a_page_from_being_made(
    assignment, one_gradebook, damage, tmp_path
):
    ready, notebook = assignment
    raw = json.loads(json.dumps(notebook))
    for part in [*raw["cells"], raw["metadata"]]:
        part.update(damage)
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()
    (handed_in / f"{A}.ipynb").write_text(json.dumps(raw))
    found = read_submission(handed_in, A, ready.layout, tmp_path / "files").notebook
    resources = ready.resources("student", tmp_path / "files")
    repair.Repair(config=ready.config)(found, resources)
    page = pages.render(found, Facts("student", "student", A))
    assert "Return the mean of a tensor." in page


def test_outputs_of_a_cell_that_has_none_are_dropped_before_anybody_looks_at_them():
    """A hundred thousand in a markdown cell took nbformat half a minute."""
    raw = {"cells": [{"cell_type": kind, "outputs": [OUTPUTS[0]]} for kind in ("markdown", "", 3)]}
    tidy(raw)
    assert not any("outputs" in cell for cell in raw["cells"])


@pytest.mark.slow
@pytest.mark.last(minutes=8)
def test_a_thousand_damaged_notebooks_are_graded_with_one_status_each(course):
    print(f"FUZZ_SEED={SEED}")
    notebook = solved(course, A)
    names = {f"seed-{seed}": seed for seed in range(SEED, SEED + GRADED)}
    for name, seed in names.items():
        hand_in(course, name, A, mutated(notebook, seed, large=seed % 250 == 249))
    results = batch.grade(course, A, list(names))
    assert [r.student for r in results] == sorted(names)
    statuses = {r.student: r.status for r in results}
    errors = {r.student: r.message for r in results if r.status is Status.GRADER_ERROR}
    assert errors == {}
    counts = {s: list(statuses.values()).count(s) for s in set(statuses.values())}
    print(counts)
    assert {Status.GRADED, Status.UNREADABLE} <= counts.keys()
    assert len(ledger.read(course, A)) == len(names) and left_over(course) == []
