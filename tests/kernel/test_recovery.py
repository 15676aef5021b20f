"""Whatever is killed: nothing is left over, and the next kernel is right."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from autograder.authoring.classroom import hand_in, solved
from autograder.grading import batch
from autograder.kernel.grader import launcher
from autograder.kernel.node.node import Node
from autograder.kernel.supervisor.deadline import Deadline
from kernel.conftest import PRELOAD, SEALED, run_cells


def node() -> psutil.Process:
    """The first process of this grader's sealed kernels."""
    folder = os.path.dirname(launcher._address)
    for process in psutil.Process().children():
        # A child of an earlier test that nobody waited for has no command line any more.
        with contextlib.suppress(psutil.NoSuchProcess):
            if folder in process.cmdline():
                return process
    raise psutil.NoSuchProcess(-1, msg=f"no node is at {folder}")


def fork_servers() -> list[psutil.Process]:
    """The node's fork server; none while another one is being started."""
    found = []
    for process in node().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "fork_server" in " ".join(process.cmdline()):
                found.append(process)
    return found


def fork_server() -> psutil.Process:
    return fork_servers()[0]


@pytest.fixture
def kernel(sealed):
    """A running kernel: manager and client."""
    manager, client = start_new_kernel(kernel_name=SEALED.kernel_name)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel()
    # Where the node was killed, whichever test came next would start one without torch.
    launcher.connect(PRELOAD).close()


def answers(client) -> bool:
    reply = client.execute_interactive("assert 6 * 7 == 42", timeout=60)
    return reply["content"]["status"] == "ok"


@pytest.mark.slow
def test_kernels_outlive_a_killed_fork_server_and_the_next_one_starts(kernel):
    _, client = kernel
    killed = fork_server()
    killed.kill()
    assert answers(client)
    assert run_cells("print(1)").texts == ["1\n"]
    assert fork_server() != killed


def test_a_kernels_end_is_noticed_without_its_fork_server(kernel):
    manager, client = kernel
    fork_server().kill()
    client.execute("import os; os._exit(5)")
    psutil.Process(manager.provisioner.pid).wait(60)
    while manager.is_alive():
        pass
    assert manager.provisioner.ending.code is None


@pytest.mark.slow
def test_another_node_is_started_when_it_was_killed(kernel):
    killed = node()
    killed.kill()
    assert run_cells("print(1)").texts == ["1\n"]
    assert node() != killed


@pytest.mark.slow
def test_a_kernel_dies_with_its_supervisor(kernel):
    manager, _ = kernel
    process = psutil.Process(manager.provisioner.pid)
    for process_of_a_kernel in [p for p in node().children() if p != fork_server()]:
        process_of_a_kernel.kill()
    process.wait(60)
    assert not manager.is_alive()


def test_a_kernel_dies_with_its_node(kernel):
    manager, _ = kernel
    process = psutil.Process(manager.provisioner.pid)
    node().kill()
    process.wait(60)
    assert not manager.is_alive()


@pytest.mark.slow
def test_a_class_is_graded_right_while_its_fork_server_is_killed(sealed, course):
    students = [f"student{number}" for number in range(6)]
    for student in students:
        hand_in(course, student, "99_tiny", solved(course, "99_tiny"))
    killed = []

    def kill(outcome) -> None:
        for server in fork_servers():
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
                killed.append(server.pid)

    watcher = batch.Watcher(outcome=kill)
    results = batch.grade(course, "99_tiny", students, workers=2, watcher=watcher)
    assert [(r.status, r.score, r.message) for r in results] == [("graded", 5, "")] * 6
    assert killed


ATTACK = (Path(__file__).parent / "attacks" / "full_backlog.py").read_text()
GRADER = """
import socket, sys, time
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name=sys.argv[1])
client.execute(sys.stdin.read())
while psutil.Process(manager.provisioner.pid).status() != psutil.STATUS_STOPPED:
    pass
more = [socket.socket(socket.AF_UNIX) for _ in range(10)]
for connection in more:
    connection.connect(f"{manager.ip}-{manager.shell_port}")
print(manager.provisioner.pid, flush=True)
time.sleep(1000)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_grader_whose_kernel_accepts_nothing(sealed, number):
    """Where the supervisor waited for the kernel to accept a connection, both lived on for ever."""
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, SEALED.kernel_name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with grader:
        grader.stdin.write(ATTACK)
        grader.stdin.close()
        kernel = psutil.Process(int(grader.stdout.readline()))
        grader.send_signal(number)
    psutil.wait_procs([kernel], timeout=60)
    assert not kernel.is_running()


def test_the_node_ends_a_supervisor_that_hangs(tmp_path):
    """Whatever it waits for, even if it is stopped and no signal but one reaches it."""
    lifeline, held = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        watching = Node(str(tmp_path), listener, lifeline, None, "")
        for seconds in (-1, 1000):
            deadline = Deadline()
            pid = os.fork()
            if pid == 0:
                deadline.within(seconds)
                os.kill(os.getpid(), signal.SIGSTOP)
                os._exit(0)
            os.waitpid(pid, os.WUNTRACED)
            watching._supervisors[pid] = deadline
        late, other = watching._supervisors
        watching._end_late_ones()
        assert os.waitstatus_to_exitcode(os.waitpid(late, 0)[1]) == -signal.SIGKILL
        assert os.waitpid(other, os.WNOHANG) == (0, 0)
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for end in (lifeline, held):
        os.close(end)
