"""`autograder try`: what an answer would earn, whatever it does."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from autograder.authoring.proving import apart, attempts
from autograder.authoring.proving.mutants import mutants
from autograder.errors import UserError

A = "99_tiny"
RIGHT = "def double(x):\n    return x + x\n"


def tried(course, *sources, seconds=20):
    answers = [{"exercise": "double", "name": str(n), "source": s} for n, s in enumerate(sources)]
    return attempts.attempt(course, A, answers, seeds=2, seconds=seconds)


def test_an_answer_gets_points_messages_a_verdict_and_a_diagnosis(course):
    right, squares = tried(course, RIGHT, "def double(x):\n    return x * x\n")
    assert right == {
        "exercise": "double",
        "name": "0",
        "points": 3.0,
        "max_points": 3.0,
        "checks": {
            "one_number": {"points": 1.0, "max_points": 1.0, "message": ""},
            "an_array": {"points": 2.0, "max_points": 2.0, "message": ""},
        },
        "selfcheck": {"passed": True, "message": ""},
        "diagnosis": "",
        "error": "",
    }
    assert squares["points"] == 0 and squares["diagnosis"] == "This is the square."
    assert "differs" in squares["checks"]["one_number"]["message"]
    assert squares["selfcheck"] == {"passed": False, "message": "got 9, expected 6"}


@pytest.mark.slow
def test_an_endless_answer_costs_its_limit_and_nothing_else(course):
    endless = "def double(x):\n    while getattr(x, 'shape', ()):\n        pass\n    return 2 * x\n"
    stuck, hangs, right = tried(course, endless, "while True:\n    pass\n", RIGHT, seconds=3)
    assert right["points"] == 3
    # What it did before counts.
    assert stuck["checks"]["one_number"]["points"] == 1 and stuck["points"] == 1
    assert stuck["checks"]["an_array"]["message"] == "did not finish within 3 seconds"
    assert hangs["points"] == 0 and hangs["error"] == "did not finish within 3 seconds"


@pytest.mark.parametrize(
    "source, error",
    [
        ("def double(x)\n", "its cell raises SyntaxError"),
        ("import os\nos._exit(3)\n", "its process ended with status 3"),
        ("raise SystemExit\n", "its cell raises SystemExit"),
        ("import os\ndef double(x):\n    os.kill(os.getpid(), 9)\n", "ended with status -9"),
        ("import os\ndef double(x):\n    os._exit(0)\n", "ended with status 0"),
    ],
)
def test_whatever_an_answer_does_only_it_loses(course, source, error):
    bad, right = tried(course, source, RIGHT)
    assert right["points"] == 3
    assert bad["points"] == 0 and error in bad["error"]
    assert all(error in check["message"] for check in bad["checks"].values())


def test_an_answer_that_ends_after_the_first_challenge_earns_nothing_there(course):
    source = """
import os
calls = []

def double(x):
    calls.append(x)
    if len(calls) > 2:
        os._exit(0)
    return 2 * x
"""
    (bad,) = tried(course, source)
    assert bad["points"] == 0 and bad["error"] == "its process ended with status 0"


def test_what_an_answer_writes_into_the_graders_pipe_is_noticed(course):
    source = (
        """
import os
for fd in range(3, 100):
    try:
        os.write(fd, b"\\nrubbish\\n")
    except OSError:
        pass
"""
        + RIGHT
    )
    bad, right = tried(course, source, RIGHT)
    assert right["points"] == 3
    assert bad["points"] == 0 and "wrote into the grader's pipe" in bad["error"]


def test_an_answer_cannot_write_into_what_this_process_has_open(course):
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    source = f"""
import os
try:
    os.write({writing}, b"rubbish")
except OSError:
    pass
"""
    tried(course, source + RIGHT)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read() == b""


def test_answers_run_apart(course):
    patched = "import torch\ntorch.Tensor.sum = None\n" + RIGHT
    found = tried(course, patched, RIGHT, patched, RIGHT)
    assert [f["points"] for f in found] == [3, 3, 3, 3]


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "could not be read"),
        ("{}", "expected a list of objects, got dict"),
        ('[{"exercise": "double"}]', "entry 1 is not one"),
        ('[{"exercise": "median", "name": "a", "source": ""}]', "expected an exercise of 99_tiny"),
    ],
)
def test_bad_lists_of_answers_get_one_message(course, tmp_path, content, message):
    path = tmp_path / "answers.json"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        attempts.attempt(course, A, attempts.read(path), seeds=1)


@pytest.mark.slow
def test_the_command_reads_a_cell_and_writes_json(course, tmp_path):
    cell, found = tmp_path / "cell.py", tmp_path / "found.json"
    cell.write_text(RIGHT)
    command = [sys.executable, "-m", "autograder.cli", "try", A, "double", cell, "--json", found]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "double cell: 3 of 3" in done.stdout
    assert json.loads(found.read_text())[0]["points"] == 3
    done = subprocess.run(command[:5], cwd=course.root, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_nothing_of_a_late_process_is_left():
    def work(job):
        if os.fork() == 0:
            time.sleep(1000)
        yield {"group": os.getpgid(0)}
        time.sleep(1000)

    (ended,) = apart.run(work, [None], seconds=0.5)
    assert ended.reason == "did not finish within 0.5 seconds"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(ended.reports[0]["group"], 0)
        except ProcessLookupError:
            return
    pytest.fail("a process is left")


ORPHANS = """
import os, time
from autograder.authoring.proving import apart

def work(job):
    with open(job, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(1000)
    yield {}

list(apart.run(work, [__import__("sys").argv[1]], 1000))
"""


def test_answers_end_with_the_command_that_tries_them(tmp_path):
    """After `kill -9` of an audit, an endless mutant computed on for hours."""
    place = tmp_path / "pid"
    command = subprocess.Popen([sys.executable, "-c", ORPHANS, str(place)])
    while not (place.exists() and place.read_text()):
        pass
    answer = psutil.Process(int(place.read_text()))
    command.kill()
    command.wait()
    psutil.wait_procs([answer], timeout=60)
    assert not answer.is_running()


def changes(body: str) -> set[str]:
    text = f"def f(x, y):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION\n"
    return {m.change for m in mutants(text)}


@pytest.mark.parametrize(
    "body, expected",
    [
        ("return x + y", "return x + y → return x - y"),
        ("return x < y", "return x < y → return x <= y"),
        ("return x.mean()", "return x.mean() → return x.sum()"),
        ("return x.clone()", "return x.clone() → return x"),
        ("return f(x, y)", "return f(x, y) → return f(y, x)"),
        ("return f(x, key=y)", "return f(x, key=y) → return f(x)"),
        ("return x[1:]", "return x[1:] → return x[:]"),
        ("return -x", "return -x → return x"),
        ("return x and y", "return x and y → return x or y"),
        ("return x @ y", "return x @ y → return y @ x"),
        ("return range(x)", "return range(x) → return range(1, x)"),
        ("x += 1", "x += 1 → x -= 1"),
        ("x += 1", "x += 1 → x = 1"),
        ("x += 1", "x += 1 → pass"),
        ("x += 1", "x += 1 → x += 2"),
        ("return 0.5", "return 0.5 → return 1.0"),
        ("return True", "return True → return False"),
        ("return x if y else 0", "return x if y else 0 → return x if True else 0"),
        ("with x: y()", "with x: → y()"),
        ("for x in y: f(x)", " → break"),
    ],
)
def test_each_kind_of_change_is_made(body, expected):
    assert expected in changes(body)


def test_only_the_solution_is_changed():
    assert mutants("x = 1 + 2\n### BEGIN SOLUTION\n### END SOLUTION\ny = 3\n") == []
