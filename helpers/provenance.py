"""What a training depends on in its notebook: the code it reaches, the numbers, the data set."""

import ast
import dis
import functools
import hashlib
import linecache
import types

import torch

from helpers.data import ImageData

CONSTANTS = (bool, int, float, str, type(None))


def made_by(train) -> dict[str, dict[str, str]]:
    """What the result of `train()` depends on, as far as the notebook's own names tell.

    Everything is looked at that `train` uses by a global name, or that is used by what it uses:
    functions and classes of the notebook, image sets, tensors (by shape), numbers and strings.
    Comments, docstrings and the way code is laid out do not count.

    Returns
    -------
    dict
        "code", "data" and "settings", each name → what it was, in a form that can be compared.
    """
    found: dict[str, dict[str, str]] = {"code": {}, "data": {}, "settings": {}}
    if isinstance(train, functools.partial):
        found["settings"]["arguments"] = f"{train.args} {train.keywords}"
        train = train.func
    names = train.__globals__
    seen = set()

    def look(name, value):
        if isinstance(value, ImageData):
            sizes = f"{len(value.train_images):,} and {len(value.test_images):,} images"
            found["data"][name] = f"{value.name} ({sizes})"
        elif isinstance(value, torch.Tensor):
            found["data"][name] = f"a tensor {tuple(value.shape)}"
        elif isinstance(value, CONSTANTS):
            found["settings"][name] = f"{value:.6g}" if isinstance(value, float) else repr(value)
        elif isinstance(value, (tuple, list)) and all(isinstance(v, CONSTANTS) for v in value):
            found["settings"][name] = repr(value)
        elif _is_own(value, names) and id(value) not in seen:
            seen.add(id(value))
            found["code"][name] = _fingerprint(value)
            for code in _codes(value):
                follow(code)
            for cell_name, cell in _closure(value):
                look(cell_name, cell)

    def follow(code):
        for used in _globals_of(code):
            if used in names:
                look(used, names[used])

    look(train.__name__, train)
    return found


def difference(before: dict, now: dict) -> str:
    """The first thing in which two results of `made_by` differ, as a sentence; "" if in none."""
    for name in sorted(now["data"].keys() & before["data"].keys()):
        if before["data"][name] != now["data"][name]:
            return f"`{name}` was {before['data'][name]} and is {now['data'][name]} now"
    for name in sorted(now["code"].keys() & before["code"].keys()):
        if before["code"][name] != now["code"][name]:
            return f"the code of `{name}` has changed"
    for name in sorted(now["settings"].keys() & before["settings"].keys()):
        if before["settings"][name] != now["settings"][name]:
            return f"`{name}` was {before['settings'][name]} and is {now['settings'][name]} now"
    changed = [n for kind in now for n in sorted(now[kind].keys() ^ before[kind].keys())]
    return f"it now depends on other names: {', '.join(changed)}" if changed else ""


def _is_own(value, names) -> bool:
    """Whether this is a function or class of the notebook with these global names."""
    if isinstance(value, types.FunctionType):
        return value.__globals__ is names
    return isinstance(value, type) and value.__module__ == names.get("__name__")


def _codes(value) -> list[types.CodeType]:
    parts = list(vars(value).values()) if isinstance(value, type) else [value]
    parts = [getattr(part, "__func__", getattr(part, "fget", part)) for part in parts]
    return [part.__code__ for part in parts if isinstance(part, types.FunctionType)]


def _closure(value) -> list[tuple[str, object]]:
    if isinstance(value, type):
        return [(base.__name__, base) for base in value.__bases__]
    cells = zip(value.__code__.co_freevars, value.__closure__ or ())
    defaults = [("a default", v) for v in value.__defaults__ or ()]
    return [(name, cell.cell_contents) for name, cell in cells] + defaults


def _globals_of(code: types.CodeType) -> set[str]:
    """The global names that code uses, and the code inside it."""
    used = {
        str(step.argval)
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            used |= _globals_of(constant)
    return used


def _fingerprint(value) -> str:
    codes = _codes(value)
    tree = _definition(codes[0], value.__name__) if codes else None
    text = ast.dump(tree) if tree is not None else repr([_plain(code) for code in codes])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _definition(code: types.CodeType, name: str) -> ast.AST | None:
    """The definition of a function or class in the cell (or file) that the code is from."""
    try:
        module = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return None
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            here = first <= code.co_firstlineno <= (node.end_lineno or first)
            if here and getattr(node, "name", "<lambda>") == name:
                return _without_docstrings(node)
    return None


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _plain(code: types.CodeType) -> list:
    constants = [_plain(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names]
