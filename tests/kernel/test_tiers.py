"""The probe says what this host offers, and why not more; the second tier works where bwrap does."""

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from autograder.kernel import tiers
from autograder.kernel.tiers import Tier
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
from autograder.kernel import trial
trial.main()
"""
    pytest.importorskip("pyseccomp")
    reason = tiers._run([tiers.sys.executable, "-c", denied])
    assert "unshare(): Operation not permitted" in reason


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
print(found, os.listdir("."), os.listdir(os.environ["MLP_COURSE_DATA"]))
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    manager = AsyncKernelManager(kernel_name=Tier.BUBBLEWRAP.kernel_name)
    manager.config.BubblewrapProvisioner.data = str(treasure.data)
    client = NotebookClient(
        notebook, manager, resources={"metadata": {"path": str(tmp_path)}}, startup_timeout=120
    )
    client.execute(cleanup_kc=True)
    assert notebook.cells[0].outputs[0].text == "[] ['notes.txt'] ['images.npz']\n"
