"""The given cells of a submission that need not run again when it is graded.

Hidden checks depend only on setup and solution cells; `autograder audit` runs nothing else. A given
demonstration, plot or training that the student has not changed needs to run only if code that does
run may use what it leaves behind. The names in the cells decide that, and in case of doubt
everything runs. A change to this module must never change a score.
"""

import ast
import base64
import binascii
import functools
import re
import symtable
import threading
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

NOTE = "given demonstration, not run again for grading"
TEXT_LENGTH = 20_000
IMAGE_BYTES = 2 << 20
OUTPUTS_KEPT = 50
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# With these a program can reach names that its source does not contain.
REFLECTION = frozenset(
    """
    eval exec compile globals locals vars dir __import__ __builtins__ __loader__ __spec__ __main__
    get_ipython importlib inspect gc builtins runpy pickle dill IPython In Out exit quit
    """.split()
)
REFLECTING_ATTRIBUTES = frozenset("user_ns __globals__ f_globals f_back f_locals _getframe".split())
# IPython's names for earlier inputs and outputs.
HISTORY = re.compile(r"_+|_i+|_i?\d+|_[ido]h")
# Before Python 3.11.8 and 3.12.2, all threads count the depth of what they parse in one variable
# (CPython issue 106905).
ONE_PARSER = threading.Lock()


@dataclass(frozen=True)
class Names:
    """The global names of one cell.

    Parameters
    ----------
    reads
        Names that are looked up, at module level or inside functions and classes.
    changes
        Names that are bound, deleted, or given a new item or attribute.
    imports
        The names in `changes` that an import binds.
    opaque
        Whether the cell may use names that its source does not show.
    """

    reads: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    opaque: bool = False


@functools.lru_cache(maxsize=1000)
def names_of(source: str) -> Names:
    """The global names that a cell's source uses."""
    try:
        with ONE_PARSER:
            tree = ast.parse(source)
        scopes = [symtable.symtable(source, "<cell>", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        # IPython's own lines (%matplotlib, !ls) and anything else that is not Python. SystemError:
        # a library was parsing in another thread.
        return Names(opaque=True)
    reads, changes, imports = set(), set(), set()
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        module = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            if not (module or symbol.is_global()):
                continue
            if symbol.is_referenced():
                reads.add(symbol.get_name())
            if symbol.is_assigned() or symbol.is_imported():
                changes.add(symbol.get_name())
            if symbol.is_imported():
                imports.add(symbol.get_name())
    opaque = False
    for node in ast.walk(tree):
        match node:
            case ast.AugAssign(target=ast.Name(id=name)) | ast.Name(id=name, ctx=ast.Del()):
                if name in changes:
                    reads.add(name)
            case (
                ast.Subscript(ctx=ast.Store() | ast.Del())
                | ast.Attribute(ctx=ast.Store() | ast.Del())
            ):
                if (root := _root(node)) in reads:
                    changes.add(root)
        opaque = opaque or _reflects(node)
    history = {name for name in reads - changes if HISTORY.fullmatch(name)}
    return Names(frozenset(reads), frozenset(changes), frozenset(imports), opaque or bool(history))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _reflects(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in REFLECTION
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return True
        case ast.Attribute(attr=name):
            return name in REFLECTING_ATTRIBUTES
        case ast.Import(names=aliases):
            return any(alias.name.partition(".")[0] in REFLECTION for alias in aliases)
        case ast.ImportFrom(module=module, names=aliases):
            names = {alias.name for alias in aliases} | {(module or "").partition(".")[0]}
            # `display` is all that most notebooks need from IPython.
            if module == "IPython.display":
                names.discard("IPython")
            return bool(names & {"*", "modules", *REFLECTION, *REFLECTING_ATTRIBUTES})
        case ast.Constant(value=str(text)):
            return "__main__" in text
    return False


def needless(nb: NotebookNode, demonstrations: frozenset[str], asked: frozenset[str]) -> set[int]:
    """The positions of the cells that need not run.

    Parameters
    ----------
    nb
        A submission.
    demonstrations
        What `autograder.notebook.demonstrations` returns.
    asked
        More names that are used after the cells have run.
    """
    code = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code"}
    # Check cells are judged, not run.
    run = {i for i, cell in code.items() if not utils.is_grade(cell)}
    skipped = {
        i
        for i in run
        if "nbgrader" not in code[i].metadata and code[i].source.rstrip() in demonstrations
    }
    names = {i: names_of(code[i].source) for i in run}
    skipped -= {i for i in skipped if names[i].opaque}
    run -= skipped
    if any(names[i].opaque for i in run):
        return set()
    used = asked.union(*(names[i].reads | names[i].changes for i in run))
    # Any use of a value that one demonstration makes may be a change by another; modules excepted.
    values = frozenset().union(*(names[i].changes - names[i].imports for i in skipped))
    while found := {
        i for i in skipped if names[i].changes & used or names[i].reads & used & values
    }:
        skipped -= found
        # A new name may be a second name for an old value.
        used = used.union(*(names[i].reads | names[i].changes - names[i].imports for i in found))
    return skipped


def presentable(outputs) -> list[NotebookNode]:
    """The part of handed-in outputs that may be shown: printed text and PNG images.

    Everything else, and all metadata, is left out; nothing remains a cell's result.
    """
    kept = []
    for output in outputs[:OUTPUTS_KEPT] if isinstance(outputs, list) else []:
        match output:
            case {"output_type": "stream", "name": "stdout", "text": text}:
                if text := _text(text):
                    kept.append(nbformat.v4.new_output("stream", name="stdout", text=text))
            case {"output_type": "display_data" | "execute_result", "data": dict(data)}:
                shown = {"text/plain": _text(data.get("text/plain"))}
                shown["image/png"] = _image(data.get("image/png"))
                if shown := {kind: value for kind, value in shown.items() if value}:
                    kept.append(nbformat.v4.new_output("display_data", shown))
    return kept


def _text(value) -> str:
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    if not isinstance(value, str):
        return ""
    return value if len(value) <= TEXT_LENGTH else value[:TEXT_LENGTH] + "\n[more dropped]\n"


def _image(value) -> str:
    """The same image, encoded again in base64; "" if it is not a PNG image or too large."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    if not isinstance(value, str) or len(value) > IMAGE_BYTES * 4 / 3:
        return ""
    try:
        image = base64.b64decode(re.sub(r"\s", "", value), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(image).decode() if image.startswith(PNG_SIGNATURE) else ""


def not_run(outputs) -> list[NotebookNode]:
    """The outputs to show for a cell that was not run, given those handed in."""
    kept = presentable(outputs)
    note = f"[{NOTE}; {'its output as handed in:' if kept else 'no output was handed in'}]"
    return [nbformat.v4.new_output("display_data", {"text/plain": note}), *kept]
