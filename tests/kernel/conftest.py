"""Notebooks run in sealed kernels, and things on the host that an attacker would want."""

import json
import os
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from traitlets.config import Config

import autograder
from autograder.course import Course
from autograder.kernel.grader import launcher, tiers
from autograder.kernel.limits import Ending

SEALED = tiers.Tier.NAMESPACES
# Attacks and graded submissions use torch: a node with nothing imported would be slow.
PRELOAD = Course(ROOT).preload


@dataclass
class Ran:
    """A notebook that was run: each cell's text and error, and how its kernel ended."""

    texts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    outputs: list[list] = field(default_factory=list)
    ending: Ending | None = None

    @property
    def last(self):
        """What the last cell printed, as JSON."""
        return json.loads(self.texts[-1])


def run_cells(*cells: str, folder=None, timeout=60, **traits) -> Ran:
    """Run the cells with nbclient in a sealed kernel; `traits` are the provisioner's."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    config = Config()
    config.SealedProvisioner.update(variables={"DATA": "{data}"}, preload=PRELOAD, **traits)
    manager = AsyncKernelManager(kernel_name=SEALED.kernel_name, config=config)
    resources = {"metadata": {"path": folder and str(folder)}}
    client = NotebookClient(
        notebook, manager, resources=resources, timeout=timeout, allow_errors=True
    )
    try:
        client.execute(cleanup_kc=True)
    except (DeadKernelError, CellTimeoutError):
        pass
    ran = Ran(ending=manager.provisioner.ending)
    for cell in notebook.cells:
        ran.outputs.append(cell.outputs)
        ran.texts.append("".join(o.text for o in cell.outputs if o.output_type == "stream"))
        errors = [f"{o.ename}: {o.evalue}" for o in cell.outputs if o.output_type == "error"]
        ran.errors.append("".join(errors))
    return ran


@pytest.fixture(scope="session")
def sealed():
    """Skips where this host does not let kernels be sealed; ends the node afterwards."""
    offer = tiers.probe()
    if offer.tier is not SEALED:
        pytest.skip(f"no sealed kernels here: {offer.missing[SEALED]}")
    if SEALED.kernel_name not in KernelSpecManager().find_kernel_specs():
        pytest.fail(f"the kernel {SEALED.kernel_name} is not installed: run `uv sync`")
    launcher.connect(PRELOAD).close()
    yield
    launcher.stop()


@pytest.fixture(scope="session")
def run(sealed):
    """Runs cells in a sealed kernel: see `run_cells`."""
    return run_cells


SECRET = "the-solution-is-42-9f1b"


@pytest.fixture(scope="session")
def treasure(tmp_path_factory):
    """What an attacker would want, and where it is: told to the attacker, to make it easy."""
    root = tmp_path_factory.mktemp("grader")
    root.chmod(0o755)
    for name in ("gradebook.db", "source/solution.ipynb", "submitted/anna/01/01.ipynb"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    data = root / "data"
    data.mkdir()
    (data / "images.npz").write_bytes(b"images")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        unix_path = root / "socket"
        for server, address in ((unix, str(unix_path)), (abstract, f"\0{unix_path}")):
            server.bind(address)
            server.listen()
        visits: list = []
        for server in (tcp, unix, abstract):
            threading.Thread(target=_count_visits, args=(server, visits), daemon=True).start()
        os.environ["GRADER_SECRET"] = SECRET
        package = Path(autograder.__file__).resolve().parent
        treasure = Treasure(
            root, data, visits,
            {
                "secret": SECRET,
                "files": [str(root / "gradebook.db"), str(root / "source/solution.ipynb"),
                          str(root / "submitted/anna/01/01.ipynb"), str(package / "grading" / "batch.py"),
                          "/etc/shadow", "/etc/hostname"],
                "folders": [str(root), str(package), os.path.expanduser("~"), "/home", "/var"],
                "data": str(data),
                "port": tcp.getsockname()[1],
                "socket": str(unix_path),
                "grader": os.getpid(),
            },
        )  # fmt: skip
        # Where there is nothing, an attack that finds nothing proves nothing.
        told = treasure.told
        assert [p for p in told["files"] + told["folders"] if not os.path.exists(p)] == []
        yield treasure
        del os.environ["GRADER_SECRET"]


@dataclass
class Treasure:
    """Where things are on the host, who connected to them, and what attackers are told."""

    root: Path
    data: Path
    visits: list
    told: dict


def _count_visits(server: socket.socket, visits: list) -> None:
    try:
        while True:
            connection, address = server.accept()
            visits.append(address)
            connection.close()
    except OSError:
        return
