"""Commands through the warm process of a course: as without it, whatever dies."""

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from autograder.authoring.classroom import hand_in, solved
from autograder.course import Course
from autograder.gradebook import ledger
from autograder.serving import protocol
from serving.conftest import AUTOGRADER, SECONDS, Warm, needs_warm

pytestmark = [needs_warm, pytest.mark.slow]


def run(course: Course, *arguments: str, **options) -> subprocess.CompletedProcess:
    command = [AUTOGRADER, *arguments]
    return subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, timeout=SECONDS, **options
    )


def forked(warm: Warm) -> list[psutil.Process]:
    """The copies of the warm process that run a command."""
    children = psutil.Process(warm.process.pid).children()
    return [p for p in children if "node.node" not in " ".join(p.cmdline())]


def test_a_command_is_run_by_the_warm_process_with_the_same_result(course, warm):
    name = course.assignments[0]
    done = run(course, "grade", name, "--force", "--results", "warm.json")
    assert done.returncode == 0, done.stderr
    assert "ada" in done.stdout and done.stderr == ""
    warm.end()
    cold = run(course, "grade", name, "--results", "cold.json")
    assert "unchanged since" in cold.stdout
    assert (course.root / "warm.json").read_text() == (course.root / "cold.json").read_text()


def test_a_wrong_call_gets_its_message_and_exit_code(course, warm):
    done = run(course, "grade", course.assignments[0], "--student", "nobody")
    assert done.returncode == 2
    assert done.stderr.startswith("autograder: expected")


def test_the_folder_and_the_environment_are_those_of_the_caller(course, warm, tmp_path):
    name = course.assignments[0]
    here = tmp_path / "elsewhere"
    here.mkdir()
    run(course, "grade", name)
    command = [AUTOGRADER, "report", name, "--course", course.root, "--json", "figures.json"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in here.iterdir()} == {f"{name}_report.html", "figures.json"}


def test_only_the_owner_can_connect(course, warm):
    assert protocol.folder(course).stat().st_mode & 0o077 == 0
    assert (protocol.folder(course) / "socket").stat().st_mode & 0o077 == 0


def test_a_second_one_is_refused(course, warm):
    done = run(course, "serve")
    assert done.returncode == 2
    assert "serving" in done.stderr


def test_it_stops_cleanly_and_leaves_no_process(course, warm):
    run(course, "grade", course.assignments[0], "--force")
    below = psutil.Process(warm.process.pid).children(recursive=True)
    assert warm.end() == 0
    assert not (protocol.folder(course) / "socket").exists()
    assert psutil.wait_procs(below, timeout=SECONDS)[1] == []


def test_it_ends_by_itself_when_nobody_asks(course):
    idle = Warm(course, "--idle", "0.1")
    assert idle.process.wait(SECONDS) == 0
    idle.process.stdout.close()


def test_without_it_or_after_its_death_commands_do_the_work_themselves(course, warm):
    warm.process.kill()
    warm.process.wait()
    assert (protocol.folder(course) / "socket").exists()
    assert run(course, "grade", course.assignments[0], "--force").returncode == 0


def test_a_killed_node_is_replaced(course, warm):
    for process in psutil.Process(warm.process.pid).children():
        process.kill()
    done = run(course, "grade", course.assignments[0], "--force")
    assert done.returncode == 0, done.stdout + done.stderr


def test_changed_code_or_configuration_is_not_used_from_memory(course, warm):
    name = course.assignments[0]
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write("c.Judge.timeout = 'two minutes'\n")
    try:
        done = run(course, "grade", name, "--force")
        assert done.returncode == 2
        assert "two minutes" in done.stderr
    finally:
        path = course.root / "nbgrader_config.py"
        path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    # It has started anew, with the same process number.
    assert "commands start warm" in warm.process.stdout.readline()


@pytest.mark.skipif(sys.platform != "linux", reason="sealed kernels need Linux")
def test_nbgraders_own_commands_take_kernels_from_it(course, warm):
    """And so does formgrader's button."""
    if not protocol.node_address(course).is_file():
        pytest.skip("kernels cannot be sealed in namespaces here")
    node = next(
        p for p in psutil.Process(warm.process.pid).children() if "node.node" in str(p.cmdline())
    )
    before = node.cpu_times().children_system + node.cpu_times().children_user
    command = [AUTOGRADER.with_name("nbgrader"), "autograde", course.assignments[0], "--student",
               "bob", "--create", "--force"]  # fmt: skip
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    # The supervisor of the kernel was a child of this node, and has ended.
    assert node.cpu_times().children_system + node.cpu_times().children_user > before


def is_being_graded(course: Course) -> bool:
    try:
        return any(course.private.glob("scratch-*/order-*/worker-*/*/files"))
    except FileNotFoundError:
        # A folder has gone while it was looked into.
        return False


def interrupted(course: Course, warm: Warm, number: int) -> tuple[int, str]:
    """Exit code and errors of a command that gets a signal while a student's code runs."""
    name, student = course.assignments[0], "endless"
    book = solved(course, name)
    book.cells.insert(0, {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
                          "source": "while True: pass"})  # fmt: skip
    hand_in(course, student, name, book)
    command = [AUTOGRADER, "grade", name, "--student", student, "--force"]

    def hear_interrupts():
        # A shell starts background jobs without.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    caller = subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear_interrupts,
    )  # fmt: skip
    while not is_being_graded(course):
        assert caller.poll() is None, caller.communicate()
    (running,) = forked(warm)
    if number == signal.SIGKILL:
        running.kill()
    else:
        caller.send_signal(number)
    _, told = caller.communicate(timeout=SECONDS)
    shutil.rmtree(course.folder("submitted") / "endless")
    return caller.returncode, told


def test_an_interrupt_ends_the_command_and_not_the_warm_process(course, warm):
    code, told = interrupted(course, warm, signal.SIGINT)
    assert code == 130, told
    assert "run the same command again" in told
    assert run(course, "grade", course.assignments[0], "--student", "ada").returncode == 0


def test_a_killed_command_is_reported_and_nothing_is_lost(course, warm):
    code, told = interrupted(course, warm, signal.SIGKILL)
    assert code == 2, told
    assert "was killed" in told
    assert run(course, "grade", course.assignments[0], "--student", "ada").returncode == 0
    assert "ada" in ledger.latest(course, course.assignments[0])
    assert os.path.exists(course.root / "gradebook.db")
