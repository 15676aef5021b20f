"""What a self-check's cell shows in a real kernel: one sentence, and never yesterday's verdict."""

import pytest
from jupyter_client.manager import start_new_kernel

from autograder.authoring.expand import TITLE
from helpers import verdicts

CHECK = f"{TITLE}mean\nassert mean([1, 3]) == 2, 'got {{}}, expected 2'.format(mean([1, 3]))\nprint('✓')"


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def run(kernel, monkeypatch):
    """Run a cell as JupyterLab does: with the cell's id; return what it shows, without colours."""

    def run(id, code, during=None):
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": True,
        }  # fmt: skip
        message = kernel.session.msg("execute_request", content, metadata={"cellId": id})
        kernel.shell_channel.send(message)
        shown = []
        while True:
            got = kernel.get_iopub_msg(timeout=30)
            if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, content = got["msg_type"], got["content"]
            if kind == "stream":
                shown += content["text"].splitlines()
                if during:
                    during(content["text"])
            elif kind == "error":
                shown += content["traceback"]
            elif kind == "status" and content["execution_state"] == "idle":
                kernel.get_shell_msg(timeout=30)
                return shown

    run("reset", "get_ipython().reset(new_session=False)")
    run("setup", "from helpers import verdicts; verdicts.show()")
    return run


def test_the_title_is_the_one_that_the_build_writes():
    assert verdicts.TITLE == TITLE


def test_a_right_answer_gets_what_its_check_prints(run):
    assert run("mean", "def mean(values):\n    return sum(values) / len(values)") == []
    assert run("check", CHECK) == ["✓"]


def test_a_wrong_answer_gets_the_one_sentence(run):
    run("mean", "def mean(values):\n    return sum(values)")
    assert run("check", CHECK) == ["✗ mean: got 4, expected 2"]


def test_a_stub_is_not_solved_yet(run):
    run("mean", "def mean(values):\n    raise NotImplementedError()")
    assert run("check", CHECK) == ["○ mean: not solved yet"]
    assert run("given", "print(mean([1]))") == ["○ not solved yet: it needs `mean`"]


def test_what_a_stub_of_another_exercise_stops_names_it(run):
    run("total", "def total(values):\n    raise NotImplementedError()")
    run("mean", "def mean(values):\n    return total(values) / len(values)")
    assert run("check", CHECK) == ["○ mean: not solved yet: it needs `total`"]


def test_a_librarys_error_of_this_kind_is_an_error(run):
    run("mean", "import logging\ndef mean(values):\n    return logging.Handler().emit(None)")
    assert run("check", CHECK) == [
        "✗ mean: NotImplementedError: emit must be implemented by Handler subclasses",
        "    in your code, line 3: return logging.Handler().emit(None)",
    ]
    shown = "\n".join(run("given", "mean([1])"))
    assert "emit must be implemented" in shown and not shown.startswith("○")


def test_an_error_names_the_line_of_the_answer(run):
    run("mean", "def mean(values):\n    n = 0\n    return sum(values) / n")
    assert run("check", CHECK) == [
        "✗ mean: ZeroDivisionError: division by zero",
        "    in your code, line 3: return sum(values) / n",
    ]


def test_an_assert_of_the_answer_is_not_the_checks(run):
    run("mean", "def mean(values):\n    assert not values, 'mine'\n    return 0")
    shown = run("check", CHECK)
    assert shown[0] == "✗ mean: AssertionError: mine" and "line 2" in shown[1]


def test_a_renamed_function_is_noticed(run):
    run("mean", "def mean(values):\n    return sum(values) / len(values)")
    run("mean", "def average(values):\n    return sum(values) / len(values)")
    assert run("check", CHECK) == ["✗ mean: `mean` is not defined: its cell now defines `average`"]
    run("mean", "def mean(values):\n    return sum(values) / len(values)")
    assert run("check", CHECK) == ["✓"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def mean(values:\n    return 2", "SyntaxError, line 1"),
        ("import nothing_of_this_name\ndef mean(values):\n    return 2", "ModuleNotFoundError"),
    ],
)
def test_a_cell_that_does_not_run_any_more_is_noticed(run, source, why):
    run("mean", "def mean(values):\n    return sum(values) / len(values)")
    run("mean", source)
    said = f"`mean` is not defined: its cell stopped with {why}"
    assert run("check", CHECK) == [f"✗ mean: {said}"]
    assert run("given", "mean([1])") == [f"NameError: {said}"]


def test_a_function_that_another_cell_defines_is_kept(run):
    run("mean", "def mean(values):\n    return 0")
    run("again", "def mean(values):\n    return sum(values) / len(values)")
    run("mean", "1 +")
    assert run("check", CHECK) == ["✓"]


def test_a_name_that_was_never_there_asks_to_run_its_cell(run):
    assert run("check", CHECK) == ["✗ mean: `mean` is not defined: run its cell first"]


def test_other_errors_keep_their_traceback(run):
    shown = run("mine", "def f():\n    return {}['a']\nf()")
    assert len("\n".join(shown).splitlines()) > 5 and "KeyError" in shown[-1]


def test_an_endless_answer_says_how_to_stop_it_and_where_it_was(run, kernel):
    run("setup", "verdicts.PATIENCE = 0.1")
    run("mean", "def mean(values):\n    while True:\n        pass")

    def interrupt(text):
        assert "Kernel → Interrupt" in text
        kernel.control_channel.send(kernel.session.msg("interrupt_request", {}))

    shown = run("check", CHECK, during=interrupt)
    assert shown[-2] == "✗ mean: interrupted" and "in your code, line " in shown[-1]
