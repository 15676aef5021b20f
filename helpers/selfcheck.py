"""All self-checks of a notebook at once.

In the notebook, with the kernel's current state: `selfcheck.button()` or `selfcheck.run_all()`.
In a terminal, from the beginning and in a new kernel: `python -m helpers.selfcheck NOTEBOOK`.
"""

import argparse
import contextlib
import html
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from IPython import get_ipython
from IPython.core.inputtransformer2 import TransformerManager

NOT_SOLVED = "not solved yet"
LEGEND = f"○ {NOT_SOLVED}: this exercise, or one it builds on, still raises NotImplementedError"
EMPTY_ANSWER = "YOUR ANSWER HERE"


@dataclass(frozen=True)
class Verdict:
    """What one exercise's self-check found: `error` is the exception's name, "" if it passed."""

    exercise: str
    error: str = ""
    message: str = ""

    def __str__(self) -> str:
        if not self.error:
            return f"✓ {self.exercise}"
        if self.error == "NotImplementedError":
            return f"○ {self.exercise}: {NOT_SOLVED}"
        name = "" if self.error == "AssertionError" else f"{self.error}: "
        hint = ". Has its cell been run?" if self.error == "NameError" else ""
        return f"✗ {self.exercise}: {name}{self.message or 'not as expected'}{hint}"


def report(verdicts: list[Verdict]) -> str:
    """One line per exercise, and how many are solved."""
    lines = [str(v) for v in verdicts]
    lines += ["", f"solved {sum(not v.error for v in verdicts)} of {len(verdicts)}"]
    if any(v.error == "NotImplementedError" for v in verdicts):
        lines.append(LEGEND)
    return "\n".join(lines)


def checks(cells: list[dict]) -> dict[str, str]:
    """Exercise → source of its self-check, in the notebook's order."""
    found = {}
    for cell in cells:
        grade_id = _grade_id(cell)
        if cell["cell_type"] == "code" and grade_id.startswith("check_"):
            found[grade_id.removeprefix("check_")] = "".join(cell["source"])
    return found


def try_all(sources: dict[str, str], namespace: dict) -> list[Verdict]:
    """Run self-checks on a copy of `namespace`; their output is not shown."""
    scope = dict(namespace)
    verdicts = []
    for exercise, source in sources.items():
        code = TransformerManager().transform_cell(source)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(code, f"<check {exercise}>", "exec"), scope)
        except Exception as error:
            verdicts.append(Verdict(exercise, type(error).__name__, str(error)))
        else:
            verdicts.append(Verdict(exercise))
    return verdicts


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


def check_all(name: str = "") -> str:
    """The report on the notebook that runs in this kernel, with the kernel's current state."""
    shell = get_ipython()
    if shell is None:
        return "this works inside a notebook; in a terminal: python -m helpers.selfcheck NOTEBOOK"
    try:
        path = find_notebook(name)
        sources = checks(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError) as error:
        return f"the self-checks could not be read: {error}"
    if not sources:
        return f"{path} has no self-checks: open the notebook you were given"
    return report(try_all(sources, shell.user_ns))


def run_all(name: str = "") -> None:
    """Print the report on the whole notebook; `name` as for `find_notebook`."""
    print(check_all(name))


def button(name: str = ""):
    """Return a button that runs the self-checks of the whole notebook when it is pressed."""
    import ipywidgets

    pressed = ipywidgets.Button(description="Check the whole notebook", icon="check")
    pressed.layout.width = "auto"
    shown = ipywidgets.HTML()

    def check(_):
        pressed.disabled = True
        shown.value = "checking …"
        try:
            text = html.escape(check_all(name))
            shown.value = f'<pre style="white-space: pre-wrap; line-height: 1.5">{text}</pre>'
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
    verdicts, empty = [], []
    with client.setup_kernel():
        for index, cell in enumerate(progress(notebook.cells, path.stem)):
            client.execute_cell(cell, index)
            grade_id = _grade_id(cell)
            if grade_id.startswith("answer_") and EMPTY_ANSWER in cell.source:
                empty.append(grade_id.removeprefix("answer_"))
            elif cell.cell_type == "code" and grade_id.startswith("check_"):
                exercise = grade_id.removeprefix("check_")
                errors = [o for o in cell.outputs if o.output_type == "error"]
                found = (errors[0].ename, errors[0].evalue) if errors else ()
                verdicts.append(Verdict(exercise, *found))
    return verdicts, empty


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
        print(report(verdicts))
        if empty:
            print(f"written answers still empty: {', '.join(empty)}")
        return int(any(v.error for v in verdicts))
    return 2


def _grade_id(cell) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


if __name__ == "__main__":
    sys.exit(main())
