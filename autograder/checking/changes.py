"""What is easily taken for something else in Python code: operators, and names of methods."""

import ast

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
