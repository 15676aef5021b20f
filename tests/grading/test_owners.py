"""Whatever process of a grading run dies: two seconds later nothing of a submission is alive."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from scale_helpers import A

from autograder.authoring.classroom import hand_in, prepend, solved
from autograder.kernel.grader import tiers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="sealed kernels need Linux"),
]
# Another one in each process that tests.
NAME = f"stays-{os.getpid()}"
# Processes of its own that answer to no signal, and a cell that never ends.
STAYS = f"""
import os, signal, time
open("/proc/self/comm", "w").write({NAME!r})
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            time.sleep(1000)
while True:
    try:
        time.sleep(1000)
    except BaseException:
        pass
"""
COMMAND = """
import os
import signal
from autograder.grading import batch
batch.FEW = int(os.environ["FEW"])
from autograder.cli import main
if __name__ == "__main__":
    # Tests that a background shell has started inherit that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
"""
SECONDS = 2


def alive() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"] == NAME and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def one_of(head: psutil.Process, role: str) -> psutil.Process:
    """A process of the run by what is in its command's line."""
    nodes = [p for p in head.children() if "node.node" in " ".join(p.cmdline())]
    if role == "head":
        return head
    if role == "worker":
        return next(p for p in head.children() if "spawn_main" in " ".join(p.cmdline()))
    if role == "node":
        return nodes[0]
    children = nodes[0].children()
    server = next(p for p in children if "fork_server" in " ".join(p.cmdline()))
    return server if role == "fork server" else next(p for p in children if p != server)


@pytest.mark.parametrize("number, role, few", [
    (signal.SIGINT, "head", 20), (signal.SIGTERM, "head", 20), (signal.SIGKILL, "head", 20),
    (signal.SIGKILL, "head", 0), (signal.SIGKILL, "worker", 0), (signal.SIGKILL, "node", 20),
    (signal.SIGKILL, "supervisor", 20),
])  # fmt: skip
def test_nothing_of_a_submission_outlives(course, tmp_path, number, role, few):
    if tiers.probe().tier is not tiers.Tier.NAMESPACES:
        pytest.skip("no kernels in namespaces here")
    hand_in(course, "stays", A, prepend(solved(course, A), STAYS))
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Judge.timeout = 3", "c.Judge.timeout = 500"))
    script = tmp_path / "command.py"
    script.write_text(COMMAND)
    head = psutil.Popen(
        [sys.executable, script, "grade", A, "--workers", "1"],
        cwd=course.root, env=os.environ | {"FEW": str(few)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: len(alive()) == 4, 120)
        before = alive()
        one_of(head, role).send_signal(number)
        _, left = psutil.wait_procs(before, timeout=30)
        assert left == []
    finally:
        head.kill()
        head.wait()
        psutil.wait_procs(alive(), timeout=30)


def wait_until(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
