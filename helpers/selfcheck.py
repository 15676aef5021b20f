"""All self-checks of a notebook at once.

In the notebook, with the kernel's current state: `selfcheck.button()` or `selfcheck.run_all()`.
In a terminal, from the beginning and in a new kernel: `python -m helpers.selfcheck NOTEBOOK`.
"""

import argparse
import contextlib
import html
import io
import json
import linecache
import os
import sys
from pathlib import Path

from IPython import get_ipython
from IPython.core.inputtransformer2 import TransformerManager

from helpers.verdicts import NOT_SOLVED, Verdict, forgotten, verdict_on

LEGEND = f"○ {NOT_SOLVED}: this exercise, or one it builds on, still raises NotImplementedError"
EMPTY_ANSWER = "YOUR ANSWER HERE"


def report(verdicts: list[Verdict], total: int, empty: list[str]) -> str:
    """One line per exercise, how many of `total` are solved, and which answers are `empty`."""
    lines = [str(v) for v in verdicts]
    lines += ["", f"solved {sum(not v.error for v in verdicts)} of {total}"]
    if any(v.unsolved for v in verdicts):
        lines.append(LEGEND)
    if len(verdicts) < total:
        lines.append(f"interrupted: {total - len(verdicts)} not checked")
    if empty:
        lines.append(f"written answers still empty: {', '.join(empty)}")
    return "\n".join(lines)


def checks(cells: list[dict]) -> dict[str, str]:
    """Exercise → source of its self-check, in the notebook's order."""
    found = {}
    for cell in cells:
        grade_id = _grade_id(cell)
        if cell["cell_type"] == "code" and grade_id.startswith("check_"):
            found[grade_id.removeprefix("check_")] = "".join(cell["source"])
    return found


def empty_answers(cells: list[dict]) -> list[str]:
    """The written answers that still hold what they were released with."""
    return [
        _grade_id(cell).removeprefix("answer_")
        for cell in cells
        if _grade_id(cell).startswith("answer_") and EMPTY_ANSWER in "".join(cell["source"])
    ]


def try_all(
    sources: dict[str, str], namespace: dict, missing: dict[str, str], tell=lambda exercise: None
) -> list[Verdict]:
    """Run self-checks in `namespace`, then restore it; their output is not shown.

    Parameters
    ----------
    missing
        Why names are missing that the notebook had before, by name.
    tell
        Called with each exercise before its self-check.

    Returns
    -------
    list
        A verdict for each; after an interrupt, the one that was interrupted is the last.
    """
    before = dict(namespace)
    verdicts: list[Verdict] = []
    try:
        for exercise, source in sources.items():
            tell(exercise)
            verdicts.append(_try(exercise, source, namespace, missing))
            if verdicts[-1].error == "KeyboardInterrupt":
                break
    finally:
        namespace.clear()
        namespace.update(before)
    return verdicts


def _try(exercise: str, source: str, namespace: dict, missing: dict[str, str]) -> Verdict:
    code, name = TransformerManager().transform_cell(source), f"<check {exercise}>"
    # Known to tracebacks as a cell's code is.
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, name, "exec"), namespace)
    except (Exception, KeyboardInterrupt) as error:
        return verdict_on(exercise, error, missing)
    return Verdict(exercise)


def find_notebook(name: str = "") -> Path:
    """The file of the notebook that runs in this kernel.

    Only its self-checks are read, which nobody changes: an older version of the file, or the
    original one, is just as good.

    Parameters
    ----------
    name
        The notebook's original name without `.ipynb`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    shell = get_ipython()
    told = [os.environ.get("JPY_SESSION_NAME"), shell and shell.user_ns.get("__vsc_ipynb_file__")]
    places = [Path(path) for path in told if path]
    if name:
        # The last one is where the students' zip file is unpacked on Colab.
        folders = (Path(), Path(name), Path("course") / name)
        places += [folder / f"{name}.ipynb" for folder in folders]
    for path in places:
        if path.suffix == ".ipynb" and path.is_file():
            return path
    here = list(Path().glob("*.ipynb"))
    if len(here) == 1:
        return here[0]
    raise FileNotFoundError(
        f"expected {name or 'one notebook'}.ipynb in {Path().resolve()}, found "
        f"{', '.join(sorted(p.name for p in here)) or 'none'}: "
        "put the notebook you were given there"
    )


def check_all(name: str = "", tell=lambda text: None) -> str:
    """The report on the notebook that runs in this kernel, with the kernel's current state.

    Written answers are read from the last saved version of the file. Before each exercise is
    checked, `tell` is called with a line that names it.
    """
    shell = get_ipython()
    if shell is None:
        return "this works inside a notebook; in a terminal: python -m helpers.selfcheck NOTEBOOK"
    try:
        path = find_notebook(name)
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources, empty = checks(cells), empty_answers(cells)
    except (OSError, ValueError, KeyError) as error:
        return f"the self-checks could not be read: {error}"
    if not sources:
        return f"{path} has no self-checks: open the notebook you were given"
    places = {exercise: place for place, exercise in enumerate(sources, 1)}

    def tell_place(exercise):
        tell(f"checking {exercise} ({places[exercise]} of {len(sources)}) …")

    verdicts = try_all(sources, shell.user_ns, forgotten(shell), tell_place)
    text = report(verdicts, len(sources), empty)
    return f"{text} (as last saved)" if empty else text


def run_all(name: str = "") -> None:
    """Print the report on the whole notebook; `name` as for `find_notebook`."""
    print(check_all(name))


def button(name: str = ""):
    """Return a button that runs the self-checks of the whole notebook when it is pressed."""
    import ipywidgets

    pressed = ipywidgets.Button(description="Check the whole notebook", icon="check")
    pressed.layout.width = "auto"
    shown = ipywidgets.HTML()

    def show(text):
        shown.value = (
            f'<pre style="white-space: pre-wrap; line-height: 1.5">{html.escape(text)}</pre>'
        )

    def check(_):
        pressed.disabled = True
        try:
            show(check_all(name, show))
        except KeyboardInterrupt:
            show("interrupted")
        finally:
            pressed.disabled = False

    pressed.on_click(check)
    return ipywidgets.VBox(
        [pressed, shown], layout=ipywidgets.Layout(align_items="flex-start", padding="2px")
    )


def run_notebook(path: Path) -> tuple[list[Verdict], list[str]]:
    """Run a notebook in a new kernel, in its folder; the file stays unchanged.

    Returns
    -------
    tuple
        A verdict for each exercise, and the ids of the written answers that are still empty.
    """
    import nbformat
    from nbclient import NotebookClient

    from helpers.progress import progress

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        allow_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    verdicts = []
    with client.setup_kernel():
        for index, cell in enumerate(progress(notebook.cells, path.stem)):
            client.execute_cell(cell, index)
            grade_id = _grade_id(cell)
            if cell.cell_type == "code" and grade_id.startswith("check_"):
                errors = [o for o in cell.outputs if o.output_type == "error"]
                verdicts.append(_told(grade_id.removeprefix("check_"), errors))
    return verdicts, empty_answers(notebook.cells)


def _told(exercise: str, errors: list) -> Verdict:
    """The verdict that a self-check's cell shows."""
    if not errors:
        return Verdict(exercise)
    name, said = errors[0].ename, "\n".join(errors[0].traceback)
    if said[:1] in ("✗", "○"):
        return Verdict(exercise, name, said.partition(f" {exercise}: ")[2], said[0] == "○")
    # Without `verdicts.show` the cell shows a traceback.
    return Verdict(exercise, name, errors[0].evalue, name == "NotImplementedError")


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 if every exercise is solved, 1 if not, 2 if the notebook cannot be run."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.selfcheck",
        description="Run a notebook from the beginning and say what its self-checks found.",
    )
    parser.add_argument("notebook", type=Path)
    path = parser.parse_args(arguments).notebook
    # A console that lacks a character shows another one instead.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        verdicts, empty = run_notebook(path)
    except FileNotFoundError:
        print(f"expected a notebook, found no file {path}", file=sys.stderr)
    except ImportError as error:
        print(f"{error}: pip install jupyterlab", file=sys.stderr)
    except Exception as error:
        print(f"{path} could not be run: {type(error).__name__}: {error}", file=sys.stderr)
    else:
        print(report(verdicts, len(verdicts), empty))
        return int(any(v.error for v in verdicts))
    return 2


def _grade_id(cell) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


if __name__ == "__main__":
    sys.exit(main())
