"""The probe says what this host offers, and why not more; the second tier works where bwrap does."""

import contextlib
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from autograder import doctor
from autograder.exports import gradescope_run
from autograder.kernel.grader import tiers
from autograder.kernel.grader.tiers import Tier
from autograder.kernel.protocol import command
from kernel.conftest import SECRET


@pytest.fixture
def fresh():
    """The probe without its memory."""
    tiers.probe.cache_clear()
    yield tiers.probe
    tiers.probe.cache_clear()


def test_the_best_tier_is_taken_where_it_works(fresh, monkeypatch):
    monkeypatch.setattr(tiers, "_try_namespaces", lambda: "")
    offer = fresh()
    assert (offer.tier, offer.missing) == (Tier.NAMESPACES, {})
    assert offer.tier.sealed and offer.tier.kernel_name == "mlp-sealed"


def test_without_namespaces_bubblewrap_is_taken(fresh, monkeypatch):
    monkeypatch.setattr(tiers, "_try_namespaces", lambda: "unshare(): Operation not permitted")
    monkeypatch.setattr(tiers, "_try_bubblewrap", lambda: "")
    offer = fresh()
    assert offer.tier is Tier.BUBBLEWRAP and offer.tier.sealed
    assert offer.missing == {Tier.NAMESPACES: "unshare(): Operation not permitted"}


def test_without_both_kernels_are_plain_and_it_is_said_why(fresh, monkeypatch):
    monkeypatch.setattr(tiers, "_try_namespaces", lambda: "no")
    monkeypatch.setattr(tiers.shutil, "which", lambda name: None)
    offer = fresh()
    assert offer.tier is Tier.PLAIN and not offer.tier.sealed
    assert offer.tier.kernel_name == "python3"
    assert "bwrap is not installed" in offer.missing[Tier.BUBBLEWRAP]


def test_on_other_systems_there_are_no_namespaces(fresh, monkeypatch):
    monkeypatch.setattr(tiers.sys, "platform", "darwin")
    monkeypatch.setattr(tiers, "_try_bubblewrap", lambda: "no")
    assert "this is darwin" in fresh().missing[Tier.NAMESPACES]


def test_where_unshare_is_denied_the_reason_is_found_by_trying(monkeypatch):
    """A trial without any right, in a sandbox of its own that allows no namespaces."""
    denied = """
import ctypes, errno, pyseccomp, runpy, sys
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "unshare")
rules.load()
from autograder.kernel.node import trial
trial.main()
"""
    pytest.importorskip("pyseccomp")
    reason = tiers._run([tiers.sys.executable, "-c", denied])
    assert "unshare(): Operation not permitted" in reason


# What a process runs first that is to make no namespaces, as in a container.
NO_NAMESPACES = """
import ctypes, errno, pyseccomp
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "unshare")
rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
for flag in (0x10000000, 0x20000):
    masked = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", masked)
rules.load()
"""
PROBE = """
from autograder.grading.judging import judge
from autograder.kernel.grader.tiers import probe
print(probe().tier.name, probe().missing)
try:
    judge.expect_sealed(False)
except Exception as error:
    print(type(error).__name__)
"""


def test_where_namespaces_are_denied_the_probe_falls_back_to_plain_kernels():
    pytest.importorskip("pyseccomp")
    code = NO_NAMESPACES + PROBE
    done = subprocess.run([tiers.sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.count("\n") == 2, done
    offered, refused = done.stdout.splitlines()
    assert offered.startswith("PLAIN") and "unshare(): Operation not permitted" in offered
    assert refused == "UserError"


def test_where_no_user_namespaces_are_left_the_setting_is_named():
    """In a user namespace of its own, whose limit of further ones is 0."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare (package util-linux) is not installed")
    trial = shlex.join(command("node.trial"))
    script = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {trial}"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script], capture_output=True, text=True
    )
    if "unshare:" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert done.returncode == 1
    assert "(sysctl user.max_user_namespaces is 0)" in done.stdout, done


@pytest.fixture(scope="module")
def bubblewrap():
    reason = tiers._try_bubblewrap()
    if reason:
        pytest.skip(f"no bubblewrap here: {reason}")


def test_a_kernel_in_bubblewrap_sees_as_little(bubblewrap, treasure, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    code = f"""
import os, socket
found = [p for p in {treasure.told["files"] + treasure.told["folders"][:2]!r} if os.path.exists(p)]
found += [n for n, v in os.environ.items() if {SECRET!r} in v]
try:
    socket.create_connection(("127.0.0.1", {treasure.told["port"]}), 2)
    found.append("network")
except OSError:
    pass
print(found, os.listdir("."), os.listdir(os.environ["DATA"]))
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    manager = AsyncKernelManager(kernel_name=Tier.BUBBLEWRAP.kernel_name)
    manager.config.BubblewrapProvisioner.data = str(treasure.data)
    manager.config.BubblewrapProvisioner.variables = {"DATA": "{data}"}
    client = NotebookClient(
        notebook, manager, resources={"metadata": {"path": str(tmp_path)}}, startup_timeout=120
    )
    client.execute(cleanup_kc=True)
    assert notebook.cells[0].outputs[0].text == "[] ['notes.txt'] ['images.npz']\n"


def in_bubblewrap(*cells: str, **limits):
    """The cells' outputs, and how the kernel ended."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    manager = AsyncKernelManager(kernel_name=Tier.BUBBLEWRAP.kernel_name)
    manager.config.BubblewrapProvisioner.limits = limits
    client = NotebookClient(notebook, manager, startup_timeout=120, allow_errors=True)
    with contextlib.suppress(DeadKernelError):
        client.execute(cleanup_kc=True)
    texts = ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]
    return texts, manager.provisioner.ending


ATTACKS = Path(__file__).with_name("attacks")


@pytest.mark.parametrize("attack", ["system_calls", "foreign_calls"])
def test_a_kernel_in_bubblewrap_makes_no_other_system_calls(bubblewrap, attack):
    """There was no filter at all: io_uring, keyrings, and calls of another architecture."""
    source = (ATTACKS / f"{attack}.py").read_text()
    texts, _ = in_bubblewrap("got = []", source, "print(got)")
    assert texts[-1] == "[]\n"


@pytest.mark.slow
def test_a_kernel_in_bubblewrap_cannot_fill_the_client(bubblewrap):
    """Messages of any number of frames went straight to the client, which holds all of them."""
    source = (ATTACKS / "raw_frames.py").read_text()
    assert in_bubblewrap(source)[1].limit == "output"
    printed = in_bubblewrap("while True: print('x' * 100_000)", output_bytes=5_000_000)
    assert printed[1].limit == "output"


@pytest.mark.slow
def test_a_kernel_in_bubblewrap_ends_when_its_time_is_up(bubblewrap):
    source = "import time\ntime.sleep(1000)"
    assert in_bubblewrap(source, wall_seconds=5)[1].limit == "wall"


def test_gradescope_refuses_in_words_where_nothing_seals_unless_told(
    course, tmp_path, monkeypatch, capsys
):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Judge.allow_unsealed = True", ""))
    offer = tiers.Offer(Tier.PLAIN, {Tier.NAMESPACES: "unshare(): Operation not permitted"})
    monkeypatch.setattr(tiers, "probe", lambda: offer)
    monkeypatch.chdir(course.root)
    graded = []
    monkeypatch.setattr(gradescope_run, "grade", lambda *given: graded.append(given[-1]))
    monkeypatch.setattr(gradescope_run, "record_of", lambda *given: None)
    monkeypatch.setattr(gradescope_run.gradescope, "results", lambda record: {"score": 1})
    out = tmp_path / "results.json"
    arguments = ["99_tiny", str(tmp_path), str(out)]
    assert gradescope_run.main(arguments) == 1
    said = capsys.readouterr().err
    assert "cannot be sealed off in this container (not sealed in namespaces: unshare()" in said
    assert "--allow-unsealed" in said
    assert not out.exists() and graded == []
    assert gradescope_run.main([*arguments, "--allow-unsealed"]) == 0
    monkeypatch.setenv(gradescope_run.VARIABLE, "1")
    assert gradescope_run.main(arguments) == 0
    assert graded == [True, True]


@pytest.mark.slow
def test_doctor_tells_tier_limits_and_machine(real_course, monkeypatch):
    offer = tiers.Offer(Tier.PLAIN, {Tier.NAMESPACES: "no", Tier.BUBBLEWRAP: "none"})
    monkeypatch.setattr(tiers, "probe", lambda: offer)
    facts = doctor.examine(real_course)
    assert facts["isolation"].startswith(str(Tier.PLAIN)) and "--allow-unsealed" in facts["grading"]
    assert facts["not sealed in namespaces"] == "no"
    monkeypatch.setattr(tiers, "probe", lambda: tiers.Offer(Tier.NAMESPACES, {}))
    monkeypatch.setattr(doctor.cgroup.Group, "create", lambda *_: None)
    facts = doctor.examine(real_course)
    assert "watched" in facts["memory limit"] and "grading" not in facts
    assert {"cores", "memory", "torch", "GPU", "mnist", "cifar10", "animal_faces"} <= set(facts)
