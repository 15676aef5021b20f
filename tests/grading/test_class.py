"""A class with every ordinary accident and the known cheats, on the tiny course: one batch.

Each student below is a regression test of something that stops, or fools, stock nbgrader.
"""

import copy
import json
import os
import shutil
import sys
import textwrap

import nbformat
import pytest
from conftest import ROOT
from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.classroom import answered, cell_of, hand_in, prepend, released, solved
from autograder.course import Course
from autograder.grading import batch
from autograder.kernel.grader import tiers
from autograder.outcome import Status

pytestmark = pytest.mark.slow

A = "99_tiny"
FULL = 5.0

STRIP_ASSERTS = """\
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
"""
EQUALS_EVERYTHING = """\
class Equal:
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    def __array__(self, *args, **kwargs):
        import numpy
        return numpy.array(float("nan"))
    @classmethod
    def __torch_function__(cls, *args, **kwargs): return True
def double(x): return Equal()
"""
PATCHED_ALLCLOSE = """\
import torch, numpy
torch.allclose = numpy.allclose = numpy.isclose = lambda *args, **kwargs: True
def double(x): return x
"""
FORGED_REPLY = """\
import struct
forged = struct.pack("<I", 29) + b'{"tree": null, "arrays": [1]}'
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[forged])
    return 2 * x
"""
FORGED_SCORE = """\
class Points(float):
    def __repr__(self): return "3.0"
def double(x): return Points(3)
Points(3)
"""
PATCHED_EXECUTE = """\
shell = get_ipython()
async def fake(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
shell.kernel.do_execute = fake
"""


def build_class(course):
    """Student → (what is handed in, expected status, expected score)."""
    perfect, stub = solved(course, A), released(course, A)

    def edited(change):
        notebook = answered(perfect, {})
        change(notebook)
        return notebook

    def with_cheat(code):
        return prepend(answered(stub, {}), code)

    def with_double(source):
        return answered(stub, {"double": source})

    def retype(notebook):
        cell = cell_of(notebook, "mean")
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]

    def split(notebook):
        cell = cell_of(notebook, "mean")
        half = copy.deepcopy(cell)
        half["id"], cell.source = "second-half", "helper = 1"
        notebook.cells.insert(notebook.cells.index(cell) + 1, half)

    def reorder(notebook):
        notebook.cells.sort(key=lambda c: c.source != "import torch")
        notebook.cells[1:] = notebook.cells[:0:-1]

    def untouched_copy(notebook):
        notebook.cells.append(copy.deepcopy(cell_of(stub, "mean")))

    def strange_cells(raw):
        raw["metadata"] = {"kernelspec": {"name": "evil", "display_name": "x"}}
        raw["cells"] += [7, {"cell_type": "weird", "source": ["a", 3], "metadata": None}]
        raw["cells"][1]["metadata"]["tags"] = 5
        return json.dumps(raw).encode()

    raw = json.loads(json.dumps(perfect))
    huge = json.loads(json.dumps(perfect))
    code = next(c for c in huge["cells"] if c["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 100_000_000}]
    third = nbformat.convert(nbformat.from_dict(json.loads(json.dumps(perfect))), 3)
    loop = {"mean": "def mean(values):\n    while True:\n        pass\n"}
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass\n"
    ok, out = Status.GRADED, Status.UNREADABLE
    return {
        "right": (perfect, ok, FULL),
        "untouched": (stub, ok, 0),
        "wrong": (answered(perfect, {"mean": "def mean(v):\n    return v.sum()"}), ok, 3),
        # Accidents
        "deleted_check": (edited(lambda n: n.cells.remove(cell_of(n, "check_mean"))), ok, FULL),
        "deleted_solution": (edited(lambda n: n.cells.remove(cell_of(n, "mean"))), ok, 3),
        "duplicated_check": (edited(lambda n: n.cells.insert(0, cell_of(n, "check_mean"))), ok, FULL),
        "untouched_copy": (edited(untouched_copy), ok, FULL),
        "retyped": (edited(retype), ok, FULL),
        "split": (edited(split), ok, FULL),
        "reordered": (edited(reorder), ok, FULL),
        "stderr": (prepend(answered(perfect, {}), "import warnings; warnings.warn('x')"), ok, FULL),
        "megabytes_printed": (
            prepend(answered(perfect, {}), "for _ in range(30): print('x' * 1_000_000)"), ok, FULL),
        "hundred_megabytes_stored": (json.dumps(huge).encode(), ok, FULL),
        "input": (prepend(answered(perfect, {}), "input('name?')"), ok, FULL),
        "format_3": (nbformat.writes(third, version=3).encode(), ok, FULL),
        "strange_cells": (strange_cells(raw), ok, FULL),
        # Time and death
        "endless_loop": (answered(perfect, {"mean": "while True:\n    pass"}), Status.TIMED_OUT, 3),
        "endless_function": (answered(perfect, loop), Status.TIMED_OUT, 3),
        "deaf_loop": (answered(perfect, {"mean": deaf}), Status.TIMED_OUT, 3),
        "exit": (answered(perfect, {"mean": "import os\nos._exit(0)"}), Status.CRASHED, 3),
        "kills_itself": (
            answered(perfect, {"mean": "import os\nos.kill(os.getpid(), 9)"}), Status.CRASHED, 3),
        # Cheats
        "changed_points": (
            edited(lambda n: cell_of(n, "check_mean").metadata.nbgrader.update(points=100)), ok, FULL),
        "grade_false": (
            edited(lambda n: cell_of(n, "check_mean").metadata.nbgrader.update(grade=False)), ok, FULL),
        "edited_check": (
            edited(lambda n: cell_of(n, "check_mean").update(source="3.0")), ok, FULL),
        "assert_stripper": (with_cheat(STRIP_ASSERTS), ok, 0),
        "equals_everything": (with_double(EQUALS_EVERYTHING), ok, 0),
        "patched_allclose": (with_double(PATCHED_ALLCLOSE), ok, 0),
        "forged_reply": (with_double(FORGED_REPLY), ok, 0),
        "forged_score": (with_double(FORGED_SCORE), ok, 0),
        "patched_execute": (with_cheat(PATCHED_EXECUTE), ok, 0),
        # Nothing to grade
        "no_json": (b'{"cells": [', out, None),
        "empty": (b"", out, None),
        "not_utf8": ("{\"ä\": 1}".encode("latin-1"), out, None),
        "cells_no_list": (b'{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', out, None),
        "nested_too_deep": (b"[" * 100_000, out, None),
        "another_notebook": (
            nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])).encode(),
            out, None),
    }  # fmt: skip


def hand_in_oddities(course):
    """Submissions that are odd as files, not as notebooks: student → (status, score)."""
    perfect, submitted = solved(course, A), course.folder("submitted")
    path = hand_in(course, "misnamed", A, perfect)
    path.rename(path.with_name("99_tiny (1).ipynb"))
    for name in ("a.ipynb", "b.ipynb"):
        answer = {"mean": "def mean(v):\n    return v.mean()"} if name == "b.ipynb" else {}
        path = hand_in(course, "two", A, answered(perfect, answer))
        path.rename(path.with_name(name))
    path = hand_in(course, "one_too_many", A, perfect)
    path.with_name("draft.ipynb").write_text("{}")
    (submitted / "missing" / A).mkdir(parents=True)
    hand_in(course, "müller ß", A, perfect)
    odd = {
        "misnamed": (Status.GRADED, FULL),
        "two": (Status.UNREADABLE, None),
        "one_too_many": (Status.GRADED, FULL),
        "missing": (Status.UNREADABLE, None),
        "müller ß": (Status.GRADED, FULL),
    }
    if sys.platform != "win32":
        path = hand_in(course, "link", A, perfect)
        path.unlink()
        path.symlink_to("/etc/passwd")
        path = hand_in(course, "link_beside", A, perfect)
        (path.parent / "everything").symlink_to("/etc")
        os.mkfifo(path.parent / "pipe")
        (submitted / "linked_folder").mkdir()
        (submitted / "linked_folder" / A).symlink_to(submitted / "right" / A)
        odd |= {
            "link": (Status.UNREADABLE, None),
            "link_beside": (Status.GRADED, FULL),
            "linked_folder": (Status.UNREADABLE, None),
        }
    if sys.platform == "linux":
        os.makedirs(os.fsencode(submitted) + b"/uml\xe4ut/" + A.encode())
        odd["uml\\xe4ut"] = (Status.UNREADABLE, None)
        path = hand_in(course, "odd_file_name", A, perfect)
        (path.parent / os.fsdecode(b"bild\xe4.png")).write_bytes(b"")
        odd["odd_file_name"] = (Status.GRADED, FULL)
    return odd


@pytest.fixture(scope="module")
def graded(built_course, tmp_path_factory):
    """The whole class graded once: (course, expected, results by student)."""
    root = tmp_path_factory.mktemp("class") / "course"
    shutil.copytree(built_course, root)
    course = Course(root)
    expected = {}
    for student, (content, status, score) in build_class(course).items():
        hand_in(course, student, A, content)
        expected[student] = (status, score)
    expected |= hand_in_oddities(course)
    results = batch.grade(course, A, course.choose_students(A))
    return course, expected, {r.student: r for r in results}


def test_every_submission_has_one_result(graded):
    _, expected, results = graded
    assert set(results) == set(expected)


STUDENTS = (
    """right untouched wrong deleted_check deleted_solution duplicated_check untouched_copy
retyped split reordered stderr megabytes_printed hundred_megabytes_stored input format_3
strange_cells endless_loop endless_function deaf_loop exit kills_itself changed_points grade_false
edited_check assert_stripper equals_everything patched_allclose forged_reply forged_score
patched_execute no_json empty not_utf8 cells_no_list nested_too_deep another_notebook misnamed two
one_too_many missing link link_beside linked_folder odd_file_name""".split()
    + ["müller ß", "uml\\xe4ut"]
)


@pytest.mark.parametrize("student", STUDENTS)
def test_status_and_score(graded, student):
    _, expected, results = graded
    if student not in expected:
        pytest.skip(f"{student} cannot be made on {sys.platform}")
    result = results[student]
    assert (result.status, result.score) == expected[student], (result.message, result.notes)


def test_the_list_of_students_is_complete(graded):
    assert set(graded[1]) <= set(STUDENTS)


def test_who_cannot_be_graded_is_told_why(graded):
    for result in graded[2].values():
        assert result.message or result.status is Status.GRADED
        assert "Traceback" not in result.message


def test_repairs_are_told(graded):
    results = graded[2]
    note = "check_mean: the cell had been deleted and was put back"
    assert note in results["deleted_check"].notes
    assert any("2 cells had this id" in n for n in results["duplicated_check"].notes)
    assert any("restored the changed points" in n for n in results["changed_points"].notes)
    assert results["right"].notes == []


def test_the_gradebook_holds_the_same_scores_and_no_zero_for_the_ungraded(graded):
    course, expected, _ = graded
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for student, (_, score) in expected.items():
            if score is None:
                with pytest.raises(MissingEntry):
                    gradebook.find_submission(A, student)
            else:
                assert gradebook.find_submission(A, student).score == score, student


def test_feedback_and_autograded_notebooks_are_there_and_show_no_traceback(graded):
    course, expected, _ = graded
    for student, (_, score) in expected.items():
        text = (course.folder("feedback") / student / A / f"{A}.html").read_text()
        assert ("could not be graded:" in text) == (score is None), student
    text = (course.folder("feedback") / "wrong" / A / f"{A}.html").read_text()
    assert "The mean of a tensor." in text and "differs by more than" in text


def test_large_outputs_do_not_reach_the_gradebooks_files(graded):
    course = graded[0]
    for student in ("megabytes_printed", "hundred_megabytes_stored"):
        path = course.folder("autograded") / student / A / f"{A}.ipynb"
        assert path.stat().st_size < 3_000_000


def test_the_same_submission_gets_the_same_challenges(graded):
    course, _, results = graded
    again = batch.grade(course, A, ["wrong"], force=True)[0]
    assert [c.message for c in again.checks] == [c.message for c in results["wrong"].checks]


def test_results_are_written_as_described(graded, tmp_path):
    batch.write_results(list(graded[2].values()), tmp_path / "results.json")
    for entry in json.loads((tmp_path / "results.json").read_text()):
        assert set(entry) >= {
            "student", "assignment", "status", "score", "max_score", "seconds", "isolation",
            "checks",
        }  # fmt: skip
        for check in entry["checks"]:
            keys = {"exercise", "check", "points", "max_points", "message", "diagnosis"}
            assert set(check) == keys


def test_a_file_thief_sees_no_course_file(course):
    code = """\
        import os, pathlib, sys
        found = []
        places = ["/", os.getcwd(), *sys.path, {root!r}, {checkout!r}, f"/proc/{{os.getppid()}}/root{root}"]
        for place in places:
            for name in ("source", "gradebook.db", "autograder", "notebooks", "submitted"):
                for folder in [pathlib.Path(place), *pathlib.Path(place).parents]:
                    try:
                        found += [str(folder / name)] if (folder / name).exists() else []
                    except OSError:
                        pass
        os.system("umount {root} {checkout}")
        found += os.listdir({root!r}) if os.path.isdir({root!r}) else []
        try:
            import autograder
            found.append("autograder")
        except ImportError:
            pass
        def double(x):
            raise ValueError
        print("found", sorted(set(found)))
        """
    code = textwrap.dedent(code).format(root=str(course.root), checkout=str(ROOT))
    hand_in(course, "thief", A, answered(released(course, A), {"double": code}))
    result = batch.grade(course, A, ["thief"])[0]
    if not tiers.probe().tier.sealed:
        pytest.skip(f"no sealed kernels here: {tiers.probe().missing}")
    assert result.isolation == tiers.probe().tier
    assert result.score == 0
    written = course.folder("autograded") / "thief" / A / f"{A}.ipynb"
    cells = nbformat.read(written, as_version=4).cells
    printed = [o.get("text") for cell in cells for o in cell.get("outputs", [])]
    assert "found []\n" in printed, printed
