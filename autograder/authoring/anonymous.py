"""A student's code without what may say whose it is: comments, docstrings, names of people."""

import ast
import builtins
import re
from collections.abc import Iterable

# IPython's own lines are not Python.
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
WORD = re.compile(r"[^\W_]+")
# Words of a name in one go: `adaLoss`, `ada_loss`, `ADA2`.
PART = re.compile(r"[^\W\d_]+|\d+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# From this length on, a word is looked for inside others, too.
LONG = 5
SOMEONE = "someone"


def anonymous(source: str, people: Iterable[str], given: str) -> str:
    """The same program in a uniform layout, without comments, docstrings and people's names.

    Parameters
    ----------
    people
        Ids, names and addresses of everybody in the class.
    given
        Code that everybody has got, or that must go on to work with this: its names stay, even if
        somebody has the same one.

    Raises
    ------
    SyntaxError
        If the source is not Python.
    """
    tree = ast.parse(MAGIC.sub(r"\1pass", source))
    kept = {word.casefold() for word in WORD.findall(given)}
    ids = {person.strip().casefold() for person in people if person.strip()}
    words = {w.casefold() for person in people for w in WORD.findall(person) if len(w) > 1}
    used = set(re.findall(r"\w+", source + given))
    own = _bound(tree) - set(re.findall(r"\w+", given))
    cleaner = _Cleaner(words - kept, ids, given, own, used)
    return ast.unparse(ast.fix_missing_locations(cleaner.visit(tree))) + "\n"


def _bound(tree: ast.AST) -> set[str]:
    """The names that the code itself gives to something."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.arg(arg=name) | ast.alias(asname=str(name)):
                names.add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                names.add(name)
    return names - set(dir(builtins))


class _Cleaner(ast.NodeTransformer):
    def __init__(self, words: set[str], ids: set[str], given: str, own: set[str], used: set[str]):
        self._words, self._ids, self._given = words, ids, given
        self._new: dict[str, str] = {}
        for name in sorted(own):
            if (new := self._name(name)) != name:
                while new in used:
                    new += "_"
                used.add(new)
                self._new[name] = new

    def _is_person(self, word: str) -> bool:
        word = word.casefold()
        return word in self._words or any(len(w) >= LONG and w in word for w in self._words)

    def _name(self, name: str) -> str:
        parts = PART.findall(CAMEL.sub("_", name))
        if not any(map(self._is_person, parts)):
            return name
        rest = [part for part in parts if not self._is_person(part)]
        return "_".join(["x", *rest])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name", "asname"):
            old = getattr(node, field, None)
            if isinstance(old, str) and old in self._new:
                setattr(node, field, self._new[old])
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._new.get(name, name) for name in node.names]
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                left = [line for line in block if not _is_text(line)]
                setattr(node, field, left or ([ast.Pass()] if field == "body" else []))
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, str) and value not in self._given:
            pattern = re.compile(r"\w[\w.@+-]*")
            node.value = pattern.sub(lambda found: self._text(found[0]), value)
        elif isinstance(value, int) and str(value) in self._ids and len(str(value)) > 2:
            # The number of a student, as in a seed.
            node.value = 1
        return node

    def _text(self, token: str) -> str:
        if token.casefold() in self._ids:
            return SOMEONE
        return WORD.sub(lambda found: SOMEONE if self._is_person(found[0]) else found[0], token)


def _is_text(line: ast.stmt) -> bool:
    """A docstring, or a comment in disguise."""
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
