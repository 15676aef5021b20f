"""Every attack in `attacks/`: what it got, and whether the next kernel is right.

An attack is a student's cell. It is told where everything is (`target`) and puts whatever it gets
hold of into `got`. Comments at its top say what it may use and how it ends:

    # limits: {"memory_bytes": 300000000}
    # ends: memory
"""

import json
import os
import re
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from kernel.conftest import SEALED

ATTACKS = sorted(Path(__file__).with_name("attacks").glob("*.py"))
HEALTHY = """\
import json, os, torch
total = float(torch.arange(4.0).sum())
left = [n for place in ("/tmp", "/dev/shm") for n in os.listdir(place)]
print(json.dumps([total, left, os.listdir(".")]))
"""


def directive(source: str, name: str) -> str:
    found = re.search(rf"^# {name}: (.*)$", source, re.MULTILINE)
    return found.group(1) if found else ""


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def processes_named(name: str) -> list[str]:
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Path("/proc", process, "comm").read_text().strip() == name:
                found.append(process)
        except OSError:
            continue
    return found


@pytest.fixture(scope="session")
def untouched(run, tmp_path_factory):
    """What a kernel finds that runs after no attack."""
    folder = tmp_path_factory.mktemp("untouched")
    (folder / "notes.txt").write_text("mine")
    found = run(HEALTHY, folder=folder).last
    assert found[0] == 6 and found[2] == ["notes.txt"]
    return found


# They use up a limit, and some seconds.
LONG = "cpu deaf fork_bomb full_backlog memory memory_of_many output stopped zip_of_death zombies".split()


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in LONG else [])
        for path in ATTACKS
    ],
)
def test_the_attacker_gets_nothing_and_the_next_kernel_is_right(
    run, treasure, tmp_path, untouched, attack
):
    source = attack.read_text()
    (tmp_path / "notes.txt").write_text("mine")
    before = files_below(treasure.root), files_below(tmp_path)
    ran = run(
        f"import json\ngot = []\ntarget = json.loads({json.dumps(treasure.told)!r})",
        source,
        "print(json.dumps(got, default=repr))",
        folder=tmp_path,
        data=str(treasure.data),
        limits=json.loads(directive(source, "limits") or "{}"),
    )
    ends = directive(source, "ends")
    if ends:
        assert (ran.ending.limit or "died") == ends, ran
    else:
        assert ran.ending.limit == "", ran
        assert ran.last == [], ran
        assert ran.errors[1] == "", ran
    assert (files_below(treasure.root), files_below(tmp_path)) == before
    assert treasure.visits == []
    assert processes_named("evil") == []
    healthy = run(HEALTHY, folder=tmp_path)
    assert healthy.last == untouched, healthy


WRITE = """
import os, socket
for place in ("/dev/shm", "/tmp", "."):
    open(f"{place}/note", "w").write("the answer")
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0the answer")
abstract.listen()
local = socket.create_server(("127.0.0.1", 4711))
import fcntl, sys
shared = [open(sys.executable, "rb") for _ in range(2)]
fcntl.flock(shared[0], fcntl.LOCK_EX)
fcntl.lockf(shared[1], fcntl.LOCK_SH)
"""
READ = """
import os, socket
found = [p for p in ("/dev/shm/note", "/tmp/note", "note") if os.path.exists(p)]
for family, address in ((socket.AF_UNIX, "\\0the answer"), (socket.AF_INET, ("127.0.0.1", 4711))):
    try:
        socket.socket(family).connect(address)
        found.append(address)
    except OSError:
        pass
import fcntl, struct, sys
with open(sys.executable, "rb") as shared:
    try:
        fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        found.append("flock")
    asked = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
    if struct.unpack("hhqqi", fcntl.fcntl(shared, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK:
        found.append("lockf")
assert not found, found
"""


def test_two_kernels_at_one_time_have_no_channel_between_them(sealed):
    """Shared memory, temporary files, sockets without a path, locks: each kernel has its own."""
    kernels = [start_new_kernel(kernel_name=SEALED.kernel_name) for _ in range(2)]
    (_, writer), (_, reader) = kernels
    try:
        for client, source in ((writer, WRITE), (reader, READ)):
            assert client.execute_interactive(source)["content"]["status"] == "ok"
    finally:
        for manager, client in kernels:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
