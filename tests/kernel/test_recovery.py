"""Whatever is killed: nothing is left over, and the next kernel is right."""

import contextlib
import json
import os
import subprocess
import sys

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from autograder.authoring.classroom import hand_in, solved
from autograder.grading import batch
from autograder.kernel.grader import launcher
from kernel.conftest import SEALED, run_cells


def node() -> psutil.Process:
    """The first process of this grader's sealed kernels."""
    folder = os.path.dirname(launcher._address)
    mine = psutil.Process().children()
    return next(p for p in mine if folder in p.cmdline())


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


def answers(client) -> bool:
    reply = client.execute_interactive("assert 6 * 7 == 42", timeout=60)
    return reply["content"]["status"] == "ok"


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


def test_another_node_is_started_when_it_was_killed(kernel):
    killed = node()
    killed.kill()
    assert run_cells("print(1)").texts == ["1\n"]
    assert node() != killed


def test_a_kernel_dies_with_its_supervisor(kernel):
    manager, _ = kernel
    process = psutil.Process(manager.provisioner.pid)
    supervisors = [p for p in node().children() if p != fork_server()]
    for supervisor in supervisors:
        supervisor.kill()
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


GRADER = """\
import json, os, psutil, signal
from autograder.kernel.grader import launcher
from jupyter_client.manager import start_new_kernel
manager, _ = start_new_kernel(kernel_name="mlp-sealed")
processes = [p.pid for p in psutil.Process().children(recursive=True)]
folders = [os.path.dirname(name) for name in (launcher._address, manager.ip)]
print(json.dumps([processes, folders]), flush=True)
input()
"""


def test_everything_ends_with_the_grader(sealed):
    """A grader that is killed leaves no process and no folder."""
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with grader:
        pids, folders = json.loads(grader.stdout.readline())
        processes = [psutil.Process(pid) for pid in pids]
        grader.kill()
    _, alive = psutil.wait_procs(processes, timeout=60)
    # The node, the fork server, and of one kernel the supervisor, the first process, the kernel.
    assert len(processes) >= 5
    assert alive == []
    assert [folder for folder in folders if os.path.exists(folder)] == []
