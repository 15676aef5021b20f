"""The sealed kernels' names, made known to every Jupyter tool that runs on this interpreter."""

import os
import sys
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

FOLDER = Path(__file__).parents[1] / "jupyter"


def install() -> None:
    """Install the kernelspecs for this interpreter, once; a wheel has already installed them.

    If the interpreter's folder is not writable, only this process and those it starts know the
    names.
    """
    manager = KernelSpecManager()
    known = manager.find_kernel_specs()
    missing = [spec for spec in (FOLDER / "kernels").iterdir() if spec.name not in known]
    try:
        for spec in missing:
            manager.install_kernel_spec(str(spec), spec.name, prefix=sys.prefix)
    except OSError:
        path = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(FOLDER), path]))
