"""After many kernels, and many that were killed, there is no more than after one.

`LEAKS=200,100 uv run pytest tests/kernel/test_leaks.py` tries 200 kernels and 100 kills.
"""

import contextlib
import os
import random
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel

from autograder.kernel.grader import launcher
from autograder.kernel.supervisor import cgroup
from kernel.conftest import SEALED, run_cells
from kernel.test_recovery import fork_server, node

KERNELS, KILLS = map(int, os.environ.get("LEAKS", "20,6").split(","))


def counts() -> dict:
    """What could be left over."""
    grader, server = psutil.Process(), fork_server()
    # What belonged to a kernel ends a moment after it.
    psutil.wait_procs([p for p in node().children(recursive=True) if p != server], timeout=10)
    below = grader.children(recursive=True)
    # One that an earlier test has killed, and nobody waited for, is counted but is in no namespace.
    alive = [p for p in below if p.status() != psutil.STATUS_ZOMBIE]
    kinds = ("mnt", "net", "ipc", "uts", "pid", "user")
    return {
        "processes": len(below),
        "namespaces": {os.readlink(f"/proc/{p.pid}/ns/{kind}") for p in alive for kind in kinds},
        "the grader's descriptors": grader.num_fds(),
        "the grader's threads": grader.num_threads(),
        "the node's descriptors": node().num_fds(),
        "the fork server's descriptors": server.num_fds(),
        "the fork server's threads": server.num_threads(),
        "folders": sorted(os.listdir(os.path.dirname(launcher._address))),
        "mounts": Path("/proc/self/mountinfo").read_text(),
        "control groups": [str(g) for place in cgroup._parents() for g in place.glob("mlp-*")],
    }


def test_nothing_is_left_over(sealed):
    def use_one():
        assert run_cells("import torch\nprint(torch.ones(3).sum().item())").texts == ["3.0\n"]

    use_one()
    before, memory = counts(), fork_server().memory_info().rss
    for _ in range(KERNELS):
        use_one()
    assert counts() == before
    grown = fork_server().memory_info().rss - memory
    assert grown < 2_000_000, f"the fork server has grown by {grown} bytes over {KERNELS} kernels"


def killed(rng: random.Random) -> None:
    """Start a kernel that is busy, and kill one of its processes."""
    manager, client = start_new_kernel(kernel_name=SEALED.kernel_name)
    client.execute("while True: pass" if rng.random() < 0.5 else "import time; time.sleep(100)")
    own = psutil.Process(manager.provisioner.pid)
    victims = [own, *(p for p in node().children() if p.pid != fork_server().pid)]
    victim = rng.choice(victims)
    with contextlib.suppress(psutil.NoSuchProcess):
        victim.kill()
    own.wait(60)
    while manager.is_alive():
        pass
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def test_nothing_of_killed_kernels_is_left_over(sealed):
    """The kernel itself, or the supervisor outside it."""
    rng = random.Random(0)
    killed(rng)
    before = counts()
    for _ in range(KILLS):
        killed(rng)
    assert counts() == before
    assert run_cells("print(6 * 7)").texts == ["42\n"]
