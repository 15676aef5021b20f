"""Given cells that need not run again: which they are, what is shown of them, and no score moves."""

import base64
import gc
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from conftest import ROOT, TINY, course_with
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.authoring.build import build
from autograder.authoring.classroom import answered, cell_of, hand_in, prepend, released, solved
from autograder.authoring.expand import expand
from autograder.course import Course
from autograder.gradebook.released import take_snapshot
from autograder.grading.judging.grade import Grader
from autograder.notebook import SETUP, demonstrations
from autograder.outcome import Status
from autograder.submission import given
from autograder.submission.pack import pack

A = "98_shown"
NOTEBOOK = """\
# %% setup=true
import torch

settings = {}

# %%
print("ran: nothing that counts")

# %%
factors = {"three": 2}
print("ran: factors")

# %%
factors["three"] = 3
print("ran: a change of factors")

# %%
import time

shape = torch.zeros(3)
print("ran: shape")

# %% solution="triple"
def triple(x):
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION

# %% selfcheck="triple" points=2
assert triple(1) == 3
"""
PNG = base64.b64encode(given.PNG_SIGNATURE + b"rest of a picture").decode()


class Cycle:
    """Garbage whose finalizer lets another thread run."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        for _ in range(50):
            pass


@pytest.fixture
def hurried_threads():
    """Threads that take turns after every few instructions and collect garbage all the time."""
    before = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50, 2, 2)
    yield
    sys.setswitchinterval(before[0])
    gc.set_threshold(*before[1])


@pytest.mark.slow
def test_threads_that_parse_at_once_do_not_disturb_each_other(hurried_threads):
    source = (ROOT / "hidden" / "03_optimizers" / "checks.py").read_text()

    def parse(number, depth):
        if depth:
            return parse(number, depth - 1)
        Cycle()
        return given.names_of(f"{source}\n# {number}").opaque

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda number: parse(number, number % 3 * 5), range(90)))
    assert not any(found)


def needless(known, *own):
    """Which of the `known` sources need not run beside cells with the sources `own`."""
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_code_cell(source) for source in (*known, *own)]
    return {nb.cells[i].source for i in given.needless(nb, frozenset(known), frozenset())}


BOUND, MUTATED, PLOT = "path = [1]", "path.append(2)", "shown = 3\nprint(shown)"


def test_what_nobody_looks_at_need_not_run():
    known = {BOUND, MUTATED, PLOT}
    assert needless(known, "def solve(x):\n    return 2 * x") == known


@pytest.mark.parametrize(
    "own",
    [
        "print(path)",
        "def solve(x):\n    return path[0]",
        "class Solve:\n    first = path",
        "f'{path}'",
        "del path",
        "path += [3]",
        "path = None",
        "def solve(x):\n    global path\n    path = x",
    ],
)
def test_an_added_cell_that_uses_a_name_makes_its_demonstrations_run(own):
    assert needless({BOUND, MUTATED, PLOT}, own) == {PLOT}


def test_a_demonstration_that_changes_a_value_by_another_name_runs():
    alias = "other = path", "other.append(4)"
    assert needless({BOUND, *alias, PLOT}, "print(path)") == {PLOT}


def test_a_demonstration_that_changes_a_value_in_a_function_runs():
    change = "def grow():\n    path.append(4)", "grow()"
    assert needless({BOUND, *change, PLOT}, "print(path)") == {PLOT}


@pytest.mark.parametrize(
    "demonstration",
    [
        "rate = 3",
        "for rate in (1, 2): pass",
        "import math as rate",
        "rates['a'] = 1",
        "rates.x = 1",
    ],
)
def test_a_demonstration_that_changes_what_own_code_made_runs(demonstration):
    own = "rate, rates = 1, {}\ndef solve(x):\n    return x * rate"
    assert needless({demonstration, PLOT}, own) == {PLOT}


def test_a_changed_demonstration_counts_as_own_code():
    assert needless({BOUND, PLOT}, MUTATED + "  # mine") == {PLOT}
    assert needless({BOUND}, PLOT + "  # mine") == {BOUND}


def test_names_inside_functions_are_their_own():
    own = "def solve(x):\n    path = x\n    path.grad = 0\n    path[0] += 1\n    return path"
    assert needless({BOUND, PLOT}, own) == {BOUND, PLOT}


def test_using_a_module_does_not_call_for_all_who_use_it():
    known = {"import plots", "plots.draw(1)"}
    assert needless(known, "plots.draw(2)") == {"plots.draw(1)"}


@pytest.mark.parametrize(
    "own",
    [
        "globals()['path']", "eval('pa' + 'th')", "exec('print(path)')", "vars()", "Out[3]", "_3",
        "get_ipython().user_ns", "%timeit path", "!ls", "from torch import *", "def f(:",
        "import sys\nsys.modules['x']", "from sys import modules", "import inspect", "print(_i3)",
        "(lambda: 0).__globals__", "import __main__", "import sys\nsys._getframe().f_globals",
        "import importlib as i\ni.import_module('__main__')", "import gc", "print(___)",
        "from IPython import get_ipython as shell", "import builtins as b",
    ],
)  # fmt: skip
def test_code_that_may_reach_any_name_makes_everything_run(own):
    assert needless({BOUND, PLOT}, own) == set()


@pytest.mark.parametrize(
    "own",
    [
        "model.eval()", "model.modules()", "torch.compile(f)", "for _ in range(3): pass",
        "a, _ = 1, 2\nprint(_)", "from IPython.display import display", "self.exec(1)",
    ],
)  # fmt: skip
def test_ordinary_code_does_not(own):
    assert needless({BOUND, PLOT}, own) == {BOUND, PLOT}


def test_the_list_is_the_courses_and_setup_is_not_in_it(course):
    found = demonstrations(course.source_notebook(A))
    assert len(found) == 4
    assert not any("settings" in text or "triple" in text for text in found)
    assert demonstrations(course.root / "nowhere") == frozenset()


@pytest.mark.parametrize(
    "output",
    [
        None, 3, {}, {"output_type": 3}, {"output_type": "stream", "name": "stdout", "text": 5},
        {"output_type": "stream", "name": "stderr", "text": "x"},
        {"output_type": "error", "ename": "x", "evalue": "x", "traceback": []},
        {"output_type": "display_data", "data": None},
        {"output_type": "display_data", "data": {"text/html": "<script>", "text/latex": "x"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=x>"}},
        {"output_type": "display_data", "data": {"image/png": "\"><script>"}},
        {"output_type": "display_data", "data": {"image/png": base64.b64encode(b"GIF89a").decode()}},
        {"output_type": "display_data", "data": {"image/png": "A" * (5 << 20)}},
    ],
)  # fmt: skip
def test_other_outputs_are_not_shown(output):
    assert given.presentable([output]) == []
    assert given.presentable(output) == []


def test_text_and_pictures_are_shown_and_nothing_beside_them():
    data = {"text/plain": ["1", "2"], "text/html": "<b>", "image/png": [PNG[:20] + "\n", PNG[20:]]}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
        {"output_type": "execute_result", "data": data, "metadata": {"x": 1}},
        {"output_type": "stream", "name": "stdout", "text": "long" * 10_000},
    ]
    text, picture, long = given.presentable(outputs)
    assert (text.output_type, text.text) == ("stream", "a\nb\n")
    assert picture.output_type == "display_data" and picture.metadata == {}
    assert picture.data == {"text/plain": "12", "image/png": PNG}
    assert len(long.text) < 21_000
    for output in (text, picture, long):
        nbformat.validate(output, ref="output", version=4, version_minor=5)
    assert given.presentable([text, picture]) == [text, picture]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("shown") / "course"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / f"{A}.py").write_text(NOTEBOOK)
    shutil.copytree(TINY / "hidden" / A, root / "hidden" / A)
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config + "\nc.Judge.allow_unsealed = True\n")
    build(Course(root))
    Course(root).private.mkdir()
    return Course(root)


@pytest.fixture
def grade(course, tmp_path):
    """Grade a notebook of the course; the result and the judged notebook."""
    (tmp_path / "scratch").mkdir()
    grader = Grader(course, take_snapshot(course, A), tmp_path / "scratch")

    def grade(notebook):
        folder = tmp_path / "handed-in"
        folder.mkdir(exist_ok=True)
        (folder / f"{A}.ipynb").write_text(json.dumps(notebook))
        outcome = grader.grade("ada", pack(folder))
        assert outcome.status is Status.GRADED, outcome.message
        return outcome, nbformat.reads(outcome.notebook.decode(), as_version=4)

    return grade


def ran(notebook) -> set[str]:
    """What the demonstrations that were run have printed."""
    return {
        output.text.strip().removeprefix("ran: ")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.text.startswith("ran: ")
    }


def with_solution(course, code):
    return answered(released(course, A), {"triple": code})


def test_a_solved_notebook_runs_no_demonstration_and_says_so(course, grade):
    result, notebook = grade(solved(course, A))
    assert result.score == result.max_score == 2
    assert ran(notebook) == set()
    shown = json.dumps(notebook)
    assert shown.count(given.NOTE) == 4


def test_a_solution_that_uses_a_demonstrations_variable_keeps_its_points(course, grade):
    notebook = with_solution(course, "def triple(x):\n    return factors['three'] * x")
    result, judged = grade(notebook)
    assert result.score == 2
    assert ran(judged) == {"factors", "a change of factors"}


def test_an_added_cell_gets_the_module_that_a_demonstration_imports(course, grade):
    notebook = solved(course, A)
    notebook.cells.append(nbformat.v4.new_code_cell("print(f'ran: mine {time.time() > 0}')"))
    assert ran(grade(notebook)[1]) == {"mine True", "shape"}


def test_a_changed_demonstration_runs(course, grade):
    notebook = solved(course, A)
    cell = next(c for c in notebook.cells if "nothing that counts" in c.source)
    cell.source = cell.source.replace("nothing", "something")
    assert ran(grade(notebook)[1]) == {"something that counts"}


@pytest.mark.parametrize(
    "code",
    [
        "def triple(x):\n    return 3 * x",
        "def triple(x):\n    return 2 * x",
        "def triple(x):\n    return factors['three'] * x",
        "def triple(x):\n    return globals()['factors']['three'] * x",
        "def triple(x):\n    return x * len(shape)",
        "three = factors['three'] + 1\ndef triple(x):\n    return three * x",
    ],
)
def test_skipping_never_changes_a_score(course, grade, monkeypatch, code):
    skipping, _ = grade(with_solution(course, code))
    monkeypatch.setattr(given, "needless", lambda *args: set())
    everything, notebook = grade(with_solution(course, code))
    assert len(ran(notebook)) == 4
    assert [c.points for c in skipping.checks] == [c.points for c in everything.checks]


def with_forged_outputs(notebook):
    """Every cell claims full marks, and more, in its outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": "2.0"}, execution_count=7),
                nbformat.v4.new_output("execute_result", {"text/html": "<b>FORGED</b>"}),
                nbformat.v4.new_output("stream", name="stdout", text="FORGED"),
            ]
    return notebook


def assert_nothing_forged(notebook):
    for cell in notebook.cells:
        if given.NOTE in json.dumps(cell.get("outputs", [])):
            assert all(o.output_type != "execute_result" for o in cell.outputs)
            assert "<b>" not in json.dumps(cell.outputs)
        else:
            assert "FORGED" not in json.dumps(cell)
    results = [
        o.data["text/plain"]
        for o in cell_of(notebook, "check_triple").outputs
        if o.output_type == "execute_result"
    ]
    assert results == ["0.0"]


def test_forged_outputs_of_cells_that_count_never_survive(course, grade):
    notebook = with_forged_outputs(released(course, A))
    # A cell without code is not executed, and one behind a crash is refused.
    prepend(notebook, "")["cells"][0].outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "2.0 FORGED"})
    ]
    result, judged = grade(notebook)
    assert result.score == 0
    assert_nothing_forged(judged)


@pytest.mark.slow
def test_forged_outputs_never_survive_in_stock_nbgrader_with_this_configuration(course):
    hand_in(course, "ada", A, with_forged_outputs(released(course, A)))
    api = NbGraderAPI(config=course.config)
    assert api.generate_assignment(A, force=True, create=True)["success"]
    done = api.autograde(A, "ada")
    assert done["success"], done["log"]
    path = course.folder("autograded") / "ada" / A / f"{A}.ipynb"
    judged = nbformat.read(path, as_version=4)
    assert_nothing_forged(judged)
    assert json.dumps(judged).count(given.NOTE) == 4
    with Gradebook(course.db_url) as gradebook:
        assert gradebook.find_submission(A, "ada").score == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["03_optimizers"])
def test_a_real_assignment_scores_the_same_with_everything_run(name, tmp_path, monkeypatch):
    course = course_with(tmp_path / "course", name)
    build(course)
    course.private.mkdir()
    folder = hand_in(course, "ada", name, solved(course, name)).parent
    (tmp_path / "scratch").mkdir()
    grader = Grader(course, take_snapshot(course, name), tmp_path / "scratch")
    skipping = grader.grade("ada", pack(folder))
    monkeypatch.setattr(given, "needless", lambda *args: set())
    everything = grader.grade("ada", pack(folder))
    assert skipping.score == everything.score == skipping.max_score


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda p: p.stem)
def test_hidden_checks_of_the_course_need_no_demonstration(path, tmp_path):
    """What a release runs when nothing was added or changed: setup and solution cells."""
    source = expand(Course(ROOT), path.stem)
    (tmp_path / "source.ipynb").write_text(json.dumps(source))
    known = demonstrations(tmp_path / "source.ipynb")
    assert known
    skipped = given.needless(source, known, frozenset())
    for index, cell in enumerate(source.cells):
        if cell.metadata.get(SETUP) or "nbgrader" in cell.metadata:
            assert index not in skipped
    assert skipped
