"""The parts that can be looked at without a kernel."""

import os
import selectors
import socket
import sys

import pytest

from autograder.kernel import protocol, visible
from autograder.kernel.limits import SOCKET_BYTES, Ending, Limits
from autograder.kernel.supervisor import cgroup, usage
from autograder.kernel.supervisor.relay import Relay


@pytest.mark.parametrize("values", [{"memory": 1}, {"files": 0}, {"files": "5"}, {"files": True}])
def test_limits_are_checked(values):
    with pytest.raises(ValueError, match="expected"):
        Limits.from_dict(values)


def test_endings_are_told_in_words():
    assert "limit of memory" in str(Ending(-9, "memory"))
    assert "killed (signal 9), by its own code or" in str(Ending(-9))
    assert str(Ending(-11)) == "the kernel was ended by signal 11"
    assert str(Ending(3)) == "the kernel ended with status 3"
    assert str(Ending(None)) == "the kernel ended"


def test_messages_and_descriptors_arrive_as_they_were_sent():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sent = protocol.Spawn("key", Limits(files=7), {"HOME": "/tmp"}, None)
    with ours, theirs, open(os.devnull) as file:
        protocol.send(ours, sent, [file.fileno()])
        received, (descriptor,) = protocol.receive(theirs)
        assert received == sent
        assert os.readlink(f"/proc/self/fd/{descriptor}") == os.devnull
        os.close(descriptor)
        ours.close()
        with pytest.raises(protocol.Closed):
            protocol.receive(theirs)


def test_a_message_that_is_too_long_is_refused():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, pytest.raises(ValueError, match="at most"):
        protocol.send(ours, protocol.Failed("x" * protocol.MAX_PACKET))


@pytest.fixture
def relayed():
    """A client's socket, a kernel's, and what drives the relay between them."""
    client, outer = socket.socketpair()
    kernel, inner = socket.socketpair()
    for end in (client, outer, kernel, inner):
        end.setblocking(False)
    selector, counts = selectors.DefaultSelector(), []
    Relay(selector, outer, inner, lambda data: counts.append(len(data)))

    def turn():
        for key, events in selector.select(0):
            key.data(key.fileobj, events)

    yield client, kernel, counts, turn
    client.close()
    kernel.close()
    turn()
    turn()
    assert not selector.get_map()


def test_a_relay_passes_bytes_both_ways_and_counts_the_kernels(relayed):
    client, kernel, counts, turn = relayed
    client.send(b"question")
    turn()
    assert kernel.recv(100) == b"question"
    kernel.send(b"answer")
    turn()
    assert client.recv(100) == b"answer"
    assert counts == [6]


def test_a_relay_holds_little_for_a_client_that_does_not_read(relayed):
    client, kernel, counts, turn = relayed
    sent = 0
    for _ in range(1000):
        try:
            sent += kernel.send(bytes(100_000))
        except BlockingIOError:
            pass
        turn()
    assert sent < 5_000_000
    got = 0
    while got < sent:
        try:
            got += len(client.recv(1 << 20))
        except BlockingIOError:
            turn()
    assert sum(counts) == sent


def test_a_relay_ends_when_one_side_does(relayed):
    client, kernel, _, turn = relayed
    kernel.close()
    turn()
    assert client.recv(1) == b""


def test_usage_sums_over_processes():
    proc = os.open("/proc", os.O_RDONLY)
    try:
        used = usage.measure(proc)
        assert used.tasks > 1 and used.cpu_seconds > 0
        assert used.memory_bound > 1_000_000
        assert 0 < usage.memory(proc)
    finally:
        os.close(proc)


def test_each_socket_counts_as_the_most_it_can_hold():
    proc = os.open("/proc", os.O_RDONLY)
    before = usage.sockets(proc)
    pairs = [socket.socketpair() for _ in range(100)]
    try:
        # Other processes may close some of theirs meanwhile.
        assert usage.sockets(proc) - before > 150 * SOCKET_BYTES
        assert usage.memory(proc) > 150 * SOCKET_BYTES
    finally:
        for end in (end for pair in pairs for end in pair):
            end.close()
        os.close(proc)


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A folder that looks like a control group handed to this process."""
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr(cgroup, "_parents", lambda: [tmp_path / "missing", tmp_path])
    return tmp_path


def test_a_control_group_gets_the_limits(groups):
    group = cgroup.Group.create("mlp-1", Limits(memory_bytes=1000, disk_bytes=10, processes=7))
    assert (groups / "mlp-1" / "memory.max").read_text() == "1010"
    assert (groups / "mlp-1" / "pids.max").read_text() == "7"
    assert group.add(5) and (groups / "mlp-1" / "cgroup.procs").read_text() == "5"
    assert not group.out_of_memory
    (groups / "mlp-1" / "memory.events").write_text("oom 1\noom_kill 1\n")
    assert group.out_of_memory


def test_kills_for_lack_of_memory_are_read_from_the_machines_count(monkeypatch, tmp_path):
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 7\n")
    monkeypatch.setattr(cgroup, "Path", lambda path: tmp_path / path.rpartition("/")[2])
    assert cgroup.oom_kills() == 7
    (tmp_path / "vmstat").unlink()
    assert cgroup.oom_kills() == 0


def test_without_the_controllers_there_is_no_group(groups):
    (groups / "cgroup.subtree_control").write_text("cpu\n")
    assert cgroup.Group.create("mlp-1", Limits()) is None
    assert os.listdir(groups) == ["cgroup.subtree_control"]


def test_only_folders_and_ordinary_files_are_copied(tmp_path):
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "inner").mkdir(parents=True)
    target.mkdir()
    (source / "inner" / "a").write_text("a")
    (source / "link").symlink_to("/etc/hostname")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    visible.copy_files(str(source), str(target), None)
    assert sorted(str(p.relative_to(target)) for p in target.rglob("*")) == ["inner", "inner/a"]


def test_packages_of_an_environment_below_this_one_are_shown(tmp_path, monkeypatch):
    below = str(tmp_path / "lib" / "site-packages")
    own = os.path.join(sys.prefix, "lib", "site-packages")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), own, below])
    shown = visible.interpreter_paths()
    assert below in shown
    assert own not in shown and str(tmp_path) not in shown


def test_the_links_that_lead_to_the_interpreter_are_shown(tmp_path, monkeypatch):
    """As uv makes an environment from a `python3` that is itself a link."""
    places = [tmp_path / name / "python3" for name in ("environment", "shims", "chosen")]
    target = os.path.realpath(sys.executable)
    for place in reversed(places):
        place.parent.mkdir()
        place.symlink_to(target)
        target = f"../{place.parent.name}/python3"
    monkeypatch.setattr(sys, "executable", str(places[0]))
    monkeypatch.setattr(sys, "prefix", str(places[0].parent))
    shown = visible.interpreter_paths()
    assert [str(p) in shown for p in places] == [False, True, True]
