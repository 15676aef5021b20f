"""Workers on other hosts, played by network namespaces: the same scores as one machine."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client
from scale_helpers import POINTS, A, book_of, grade_by_hand, left_over, submission

from autograder.authoring.classroom import hand_in
from autograder.course import Course
from autograder.grading import batch

# Two hosts and this one, on a bridge of their own.
NETWORK = "10.213.91"
HOSTS = ("mlp-test-a", "mlp-test-b")
BRIDGE = "mlp-test-br"
SCHEDULER = f"tcp://{NETWORK}.2:8786"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextmanager
def hosts():
    """Two network namespaces with addresses NETWORK.2 and .3; this host is NETWORK.1."""
    if sys.platform != "linux" or os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and iproute2")
    # Of a run that was killed.
    for arguments in (("link", "del", BRIDGE), *(("netns", "del", host) for host in HOSTS)):
        with suppress(subprocess.CalledProcessError):
            ip(*arguments)
    with ExitStack() as undo:
        try:
            ip("link", "add", BRIDGE, "type", "bridge")
            undo.callback(ip, "link", "del", BRIDGE)
            ip("addr", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
            ip("link", "set", BRIDGE, "up")
            for number, host in enumerate(HOSTS, start=2):
                ip("netns", "add", host)
                undo.callback(ip, "netns", "del", host)
                veth = f"link add mlp-test-{number} type veth peer name eth0 netns {host}"
                ip(*veth.split())
                ip("link", "set", f"mlp-test-{number}", "master", BRIDGE, "up")
                ip("-n", host, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
                ip("-n", host, "link", "set", "eth0", "up")
                ip("-n", host, "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
        yield


@pytest.fixture
def client(tmp_path):
    """A client of a scheduler on one host, with two workers there and two on the other."""
    with hosts(), ExitStack() as undo:
        # As the README says: what kills its worker twice is set aside.
        env = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}

        def start(host, *arguments):
            command = [Path(sys.executable).with_name("dask"), *arguments]
            process = subprocess.Popen(
                ["ip", "netns", "exec", host, *command], cwd=tmp_path, env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            undo.callback(end, process)

        start(HOSTS[0], "scheduler", "--host", f"{NETWORK}.2", "--no-dashboard")
        for number, host in enumerate(HOSTS, start=2):
            start(
                host, "worker", SCHEDULER, "--host", f"{NETWORK}.{number}", "--nworkers", "2",
                "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / host),
            )  # fmt: skip
        with Client(SCHEDULER, timeout=120) as client:
            client.wait_for_workers(4, timeout=300)
            yield client


def end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.last(minutes=7)
def test_four_workers_on_two_hosts_give_the_results_of_one_machine(course, client, tmp_path):
    """Bit for bit; and so they do when one of them is killed on the way."""
    names = [f"student{number:02}" for number in range(8)]
    for number, name in enumerate(names):
        kind = list(POINTS)[number % len(POINTS)]
        hand_in(course, name, A, submission(course, kind, f"Answer of {name}."))
    # The same secret, or the challenges would be others.
    assert course.secret
    shutil.copytree(course.root, tmp_path / "there")
    there = Course(tmp_path / "there")
    here = batch.grade(course, A, names, workers=2)

    addresses = {info["host"] for info in client.scheduler_info()["workers"].values()}
    assert addresses == {f"{NETWORK}.2", f"{NETWORK}.3"}
    results = batch.grade(there, A, names, scheduler=SCHEDULER)
    assert same(results) == same(here)
    assert book_of(there) == book_of(course)
    assert {r.isolation for r in results} == {r.isolation for r in here}

    for one in (course, there):
        grade_by_hand(one, names[0], 2.5, "well put")
    watcher = batch.Watcher(outcome=kill_a_worker_once(client))
    results = batch.grade(there, A, names, scheduler=SCHEDULER, force=True, watcher=watcher)
    here = batch.grade(course, A, names, workers=2, force=True)
    assert same(results) == same(here)
    assert book_of(there) == book_of(course)
    assert left_over(there) == []


def same(results):
    return [replace(result, seconds=0.0) for result in results]


def kill_a_worker_once(client):
    """A watcher's function that kills a worker, which has another submission by then."""
    address = next(iter(client.scheduler_info()["workers"]))
    pids = list(client.run(os.getpid, workers=[address]).values())
    return lambda outcome: os.kill(pids.pop(), signal.SIGKILL) if pids else None
