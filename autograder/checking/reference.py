"""The names that a student's kernel holds after setup and solution cells, made in this process."""

import functools
import linecache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.notebook import CONSTANTS, reference_cells


class Reference:
    """The setup and solution cells of a source notebook.

    Parameters
    ----------
    source
        The notebook that `notebooks/NAME.py` expands to, before anything is taken out.
    """

    def __init__(self, source: NotebookNode):
        self._cells = reference_cells(source)
        self.solutions = {name: code for name, code in self._cells if name}
        self.constants: dict[str, object] = dict(source.metadata.get(CONSTANTS, {}))

    def namespace(self, **replaced: str) -> dict:
        """Run the cells as a student's kernel would, some solutions replaced."""
        namespace: dict = {"__name__": "__main__"}
        for number, (name, code) in enumerate(self._cells):
            code = replaced.get(name, code) if name else code
            filename = f"<student {number}>"
            linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
            exec(compile(code, filename, "exec"), namespace)
        return namespace


def read_reference(path: Path) -> Reference:
    """The reference in a course's source notebook.

    Raises
    ------
    FileNotFoundError
        If the notebook has not been built.
    """
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Reference:
    return Reference(nbformat.read(path, as_version=4))
