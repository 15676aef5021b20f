"""Is exactly one option right? Each is executed here once more, by other means than it was made with.

Lines are counted, and values read, by statements that are put into the code, not by a trace.
"""

import ast
import math
import random
import sys
import warnings
from collections.abc import Callable

import numpy as np

from autograder.viva.observe import MOST_LINES, Endless
from autograder.viva.question import Question

# Options are told with three figures.
RTOL, ATOL = 6e-3, 1e-6
SEED = 3


def problem(question: Question, namespace: Callable[[], dict]) -> str:
    """What is wrong with a question; "" if exactly the option called right is.

    `namespace` makes the names in which the question's cell has run.
    """
    if len(set(question.options)) < len(question.options):
        return "two options are the same"
    (kind, claim), *_ = question.claim.items()
    judged = [_KINDS[kind](question, claim, i, namespace) for i in range(len(question.options))]
    if judged.count(True) != 1:
        return f"{judged.count(True)} options are right"
    return "" if judged[question.right] else "another option is right"


def _value(question: Question, claim: dict, index: int, namespace) -> bool:
    got = _run(namespace(), claim["cell"], question.after, claim["asks"])
    return _says(question.options[index], got)


def _only(question: Question, claim: dict, index: int, namespace) -> bool:
    got = _run(namespace(), claim["cells"][index], question.after, claim["asks"])
    return _says(claim["text"], got)


def _apart(question: Question, claim: dict, index: int, namespace) -> bool:
    after, asks = question.options[index], claim["asks"]
    own = _run(namespace(), question.cell, after, asks)
    other = _run(namespace(), claim["mistake"], after, asks)
    return not _equal(own, other)


def _curve(question: Question, claim: dict, index: int, namespace) -> bool:
    kind, got = _run(namespace(), claim["cell"], question.after, claim["asks"])
    drawn = question.curves[index]
    if kind != "value" or not isinstance(got, list):
        return False
    return len(got) == len(drawn) and all(map(_as_drawn, drawn, got))


def _as_drawn(drawn: float | None, number: float) -> bool:
    return math.isnan(number) if drawn is None else math.isclose(drawn, number, rel_tol=RTOL)


def _count(question: Question, claim: dict, index: int, namespace) -> bool:
    names = namespace() | {"_lines": []}
    cell = _with(question.cell, claim["line"], "_lines.append(0)", before=True)
    _run(names, cell, question.after, "None")
    return question.options[index] == str(len(names["_lines"]))


def _shape(question: Question, claim: dict, index: int, namespace) -> bool:
    names = namespace() | {"_shapes": []}
    extra = f"_shapes.append(tuple({claim['name']}.shape))"
    _run(names, _with(question.cell, claim["line"], extra), question.after, "None")
    return {question.options[index]} == {str(shape) for shape in names["_shapes"]}


def _variable(question: Question, claim: dict, index: int, namespace) -> bool:
    found: list = []

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "return" and (code.co_filename, code.co_name) == ("<own>", claim["function"]):
            if claim["name"] in frame.f_locals:
                found.append(_plain(frame.f_locals[claim["name"]]))

    names = namespace()
    sys.setprofile(watch)
    try:
        _run(names, question.cell, question.after, "None")
    finally:
        sys.setprofile(None)
    return len(found) == 1 and _says(question.options[index], ("value", found[0]))


_KINDS = {
    "value": _value, "only": _only, "apart": _apart, "curve": _curve, "count": _count, "shape": _shape,
    "variable": _variable,
}  # fmt: skip


def _run(names: dict, cell: str, after: str, asks: str) -> tuple[str, object]:
    """`("value", plain data)`, or `("error", its name)`."""
    random.seed(SEED)
    np.random.seed(SEED)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(SEED)
    names["print"] = lambda *arguments, **options: None
    lines = 0

    def limit(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_filename not in ("<own>", "<after>"):
            return None
        lines += event == "line"
        if lines > MOST_LINES:
            raise Endless
        return limit

    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        exec(compile(cell, "<own>", "exec"), names)
        return _watched(after, asks, names, limit)


def _watched(after: str, asks: str, names: dict, limit) -> tuple[str, object]:
    sys.settrace(limit)
    try:
        exec(compile(after, "<after>", "exec"), names)
        return "value", _plain(eval(asks, names))
    except Endless:
        return "error", "endless"
    except Exception as error:
        return "error", type(error).__name__
    finally:
        sys.settrace(None)


def _with(source: str, line: int, extra: str, before: bool = False) -> str:
    """The source with one more statement beside the one on this line."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if not isinstance(body, list):
                continue
            for position, statement in enumerate(body):
                if statement.lineno == line:
                    body.insert(position + (not before), ast.parse(extra).body[0])
                    return ast.unparse(tree)
    raise ValueError(f"there is no statement on line {line}")


def _plain(value):
    """The value as lists, tuples, dicts and scalars."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return (
            type(value)([_plain(item) for item in value])
            if type(value) in (list, tuple)
            else tuple(value)
        )
    return value


def _says(text: str, got: tuple[str, object]) -> bool:
    """Whether an option's text tells what a run has given."""
    kind, value = got
    if kind == "error":
        return text == ("it never ends" if value == "endless" else f"it raises {value}")
    if text.startswith("it "):
        return False
    try:
        told = eval(text, {"__builtins__": {}, "nan": math.nan, "inf": math.inf})
    except (NameError, SyntaxError, TypeError):
        return False
    return _close(told, value)


def _equal(first: tuple[str, object], second: tuple[str, object]) -> bool:
    return first[0] == second[0] and _close(first[1], second[1])


def _close(a, b) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return type(a) is type(b) and a == b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=RTOL, abs_tol=ATOL) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list) and isinstance(b, list) or isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(
            str(x) == str(y) and _close(a[x], b[y]) for x, y in zip(a, b, strict=True)
        )
    return type(a) is type(b) and a == b
