"""Every small change of a reference solution: what a hidden check does not notice, a student may write.

Each mutant differs from the reference in one place (a first-order mutant; DeMillo, Lipton and Sayward,
"Hints on Test Data Selection", 1978). Only the lines between `### BEGIN SOLUTION` and
`### END SOLUTION` are changed.
"""

import ast
import copy
import difflib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Change = Callable[[ast.AST], None]

OPERATORS: dict[type, list[type]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}
# Names that are often taken for each other, of methods and functions.
TWINS = [
    "mean sum", "train eval", "modules children", "named_modules named_children", "min max",
    "argmin argmax", "append extend", "zeros ones", "zeros_like ones_like", "weight bias",
    "no_grad enable_grad", "std var", "sqrt square", "normal_ uniform_", "in_features out_features",
    "floor ceil", "log exp", "items values", "rand randn", "any all", "softmax log_softmax",
    "parameters buffers", "sin cos", "cumsum cumprod", "flip roll", "fan_in fan_out", "shape size",
    "minimum maximum",
]  # fmt: skip
TWIN = {a: b for pair in TWINS for a, b in (pair.split(), reversed(pair.split()))}
# Methods without which an expression still has a value.
DROPPED = (
    "clone detach item float long double int copy contiguous flatten cpu squeeze tolist".split()
)
CONVERSIONS = "float int list tuple abs round sorted set".split()


@dataclass(frozen=True)
class Mutant:
    """A changed solution cell; `change` is its first changed line, as `before → after`."""

    change: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All mutants of a solution cell, without those that are equal as text."""
    tree = ast.parse(source)
    regions = _regions(source)
    before = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for node in ast.walk(tree):
        for part, change in _changes(node):
            line = getattr(part, "lineno", 0)
            if not any(first < line < last for first, last in regions):
                continue
            memo: dict[int, ast.AST] = {}
            changed = copy.deepcopy(tree, memo)
            change(memo[id(node)])
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != before:
                found.setdefault(text, Mutant(_describe(before, text), text))
    return list(found.values())


def _regions(source: str) -> list[tuple[int, int]]:
    marks = [
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() in ("### BEGIN SOLUTION", "### END SOLUTION")
    ]
    return list(zip(marks[::2], marks[1::2], strict=True))


def _describe(before: str, after: str) -> str:
    lines = [
        line
        for line in difflib.ndiff(before.splitlines(), after.splitlines())
        if line[:2] in ("- ", "+ ")
    ]
    old = next((line[2:].strip() for line in lines if line[0] == "-"), "")
    new = next((line[2:].strip() for line in lines if line[0] == "+"), "")
    return f"{old} → {new}"


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, Change]]:
    """What can be changed at a node: the part of the text, and how to change a copy of the node."""
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from _list_changes(node, field, value)
        elif isinstance(value, ast.AST):
            yield from ((value, _put(field, new)) for new in _expressions(value))
    for change in _own_changes(node):
        yield node, change


def _own_changes(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            yield from (_put("op", other()) for other in OPERATORS.get(type(node.op), []))
        case ast.Compare(ops=[op]):
            yield from (_put("ops", [other()]) for other in OPERATORS.get(type(op), []))
        case ast.Attribute(attr=name) if name in TWIN:
            yield _put("attr", TWIN[name])
        case ast.Name(id=name, ctx=ast.Load()) if name in TWIN:
            yield _put("id", TWIN[name])
        case ast.Constant(value=value):
            yield from (_put("value", new) for new in _constants(value))
        case ast.If() | ast.While() | ast.IfExp():
            yield from (_put("test", ast.Constant(fixed)) for fixed in (True, False))
        case ast.comprehension(ifs=[_, *_]):
            yield _put("ifs", [])
        case ast.Slice():
            for bound in ("lower", "upper", "step"):
                if getattr(node, bound) is not None:
                    yield _put(bound, None)


def _list_changes(node, field: str, items: list) -> Iterator[tuple[ast.AST, Change]]:
    if field in ("body", "orelse", "finalbody") and isinstance(node, ast.stmt | ast.Module):
        for index, item in enumerate(items):
            for statements in _statements(item):
                yield item, _splice(field, index, statements)
    if field in ("keywords", "decorator_list"):
        for index, item in enumerate(items):
            yield item, _splice(field, index, [])
    if field == "args" and isinstance(node, ast.Call):
        for index, pair in enumerate(itertools.pairwise(items)):
            yield pair[0], _splice(field, index, pair[::-1], 2)
    for index, item in enumerate(items):
        if isinstance(item, ast.expr):
            for expression in _expressions(item):
                yield item, _splice(field, index, [expression])


def _statements(item: ast.stmt) -> Iterator[list[ast.stmt]]:
    """What may stand in the place of a statement."""
    if isinstance(item, ast.FunctionDef | ast.ClassDef | ast.Pass) or _is_text(item):
        return
    yield [ast.Pass()]
    if isinstance(item, ast.With):
        yield item.body
    if isinstance(item, ast.AugAssign):
        yield [ast.Assign([item.target], item.value)]
    if isinstance(item, ast.For | ast.While):
        once = copy.deepcopy(item)
        once.body.append(ast.Break())
        yield [once]


def _expressions(value: ast.AST) -> Iterator[ast.expr]:
    """What may stand in the place of an expression."""
    match value:
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield ast.BinOp(right, ast.MatMult(), left)
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in DROPPED:
            yield inner
        case ast.Call(func=ast.Name(id="range"), args=[stop]):
            yield ast.Call(ast.Name("range"), [ast.Constant(1), stop], [])
            yield ast.Call(ast.Name("range"), [ast.BinOp(stop, ast.Sub(), ast.Constant(1))], [])
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in CONVERSIONS:
            yield inner


def _constants(value) -> list:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [2 * value, 0.0] if value else [1.0]
    return []


def _put(field: str, new) -> Change:
    return lambda node: setattr(node, field, copy.deepcopy(new))


def _splice(field: str, index: int, new: Sequence[ast.AST], length: int = 1) -> Change:
    def change(node: ast.AST) -> None:
        getattr(node, field)[index : index + length] = copy.deepcopy(list(new))

    return change


def _is_text(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)
