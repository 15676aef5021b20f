"""A solution cell as text with numbered lines, and its small changes, which keep the other lines."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.proving.mutants import OPERATORS, TWIN

SYMBOLS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==",
    ast.NotEq: "!=", ast.And: "and", ast.Or: "or", ast.Is: "is", ast.IsNot: "is not",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
# Lines that a person reads in a minute, and letters on a line of a sheet: longer ones are wrapped.
MOST_LINES, MOST_LETTERS = 50, 100


@dataclass(frozen=True)
class Change:
    """The cell with one line left out or changed; `after` is the line's new text, "" if left out."""

    line: int
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class Cell:
    """The part of a solution cell that questions are about: its functions, without docstrings.

    Raises
    ------
    ValueError
        If it is not Python that questions can be asked about.
    """

    source: str

    @classmethod
    def of(cls, source: str) -> "Cell":
        """The cell without comments on lines of their own, docstrings, and empty lines in a row."""
        try:
            tree = ast.parse(source)
            compile(tree, "<cell>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ValueError(f"this is not Python: {error}") from None
        gone: set[int] = set()
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and len(body) > 1 and _is_text(body[0]):
                gone |= set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
        inside = {
            n
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant | ast.JoinedStr)
            for n in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
        }
        kept: list[str] = []
        for number, line in enumerate(source.splitlines(), 1):
            text = line.strip()
            if number in gone or (number not in inside and text.startswith("#")):
                continue
            if number not in inside and not text and (not kept or not kept[-1].strip()):
                continue
            kept.append(line.rstrip() if number not in inside else line)
        text = "\n".join(kept).rstrip()
        ast.parse(text)
        return cls(f"{text}\n" if text else "")

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @functools.cached_property
    def lines(self) -> list[str]:
        return self.source.splitlines()

    @property
    def is_readable(self) -> bool:
        """Whether somebody can read it in a minute."""
        return sum(1 + len(line) // MOST_LETTERS for line in self.lines) <= MOST_LINES

    def part(self, code: str) -> "Cell":
        """Only the top-level statements that `code` uses, by the names that they bind."""
        binds: dict[str, set[ast.stmt]] = {}
        for node in self.tree.body:
            for name in _binds(node):
                binds.setdefault(name, set()).add(node)
        used: set[ast.stmt] = set()
        new = set(ast.parse(code).body)
        while new:
            names = {n.id for node in new for n in ast.walk(node) if isinstance(n, ast.Name)}
            # Each name is followed once: a student's cell may have a chain of thousands.
            new = {n for name in names for n in binds.pop(name, ())} - used
            used.update(new)
        kept = {n for node in used for n in range(_first(node), (node.end_lineno or 0) + 1)}
        return Cell.of(
            "\n".join(line for n, line in enumerate(self.lines, 1) if n in kept or not line.strip())
        )

    def text(self, line: int) -> str:
        """A line, counted from 1, without its indentation."""
        return self.lines[line - 1].strip()

    @functools.cached_property
    def statements(self) -> list[ast.stmt]:
        """The simple statements of its functions that take one line each."""
        return [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Return
                          | ast.Raise | ast.Assert | ast.Delete | ast.Break | ast.Continue)
            and node.lineno == node.end_lineno
            and node.col_offset > 0
            and self.text(node.lineno) == (ast.get_source_segment(self.source, node) or "").strip()
            and not _is_text(node)
        ]  # fmt: skip

    def is_counted(self, line: int) -> bool:
        """Whether how often a line runs is plain: in a comprehension it depends on Python's version."""
        inner = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
        return not any(isinstance(x, inner) and x.lineno == line for x in ast.walk(self.tree))

    @functools.cached_property
    def assigned(self) -> dict[int, list[str]]:
        """Line → the plain names that its statement assigns."""
        found = {}
        for node in self.statements:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign | ast.AnnAssign)
                else []
            )
            names = [x.id for t in targets for x in ast.walk(t) if isinstance(x, ast.Name)
                     and isinstance(x.ctx, ast.Store)]  # fmt: skip
            if names:
                found[node.lineno] = names
        return found

    @functools.cached_property
    def functions(self) -> list[ast.FunctionDef]:
        """All functions and methods."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def bound(self, line: int) -> set[str]:
        """The names that the function whose `def` stands on this line assigns, its arguments apart."""
        return {
            node.id
            for function in self.functions
            if function.lineno == line
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    @functools.cached_property
    def left_out(self) -> list[Change]:
        """The cell without one statement, for each that can be missing."""
        found = []
        for node in self.statements:
            if isinstance(node, ast.Return | ast.Raise | ast.Assert):
                continue
            if "super()" in self.text(node.lineno):
                continue
            found.append(
                self._with(node.lineno, node.col_offset, node.end_col_offset or 0, "pass", True)
            )
        return found

    @functools.cached_property
    def altered(self) -> list[Change]:
        """The cell with one number, truth value, operator or method changed."""
        found: dict[str, Change] = {}
        for first, last, text, line in self._alterations():
            change = self._with(line, first, last, text)
            if change.source != self.source and change.line not in self._headers:
                try:
                    ast.parse(change.source)
                except SyntaxError:
                    continue
                found.setdefault(change.source, change)
        return list(found.values())

    @functools.cached_property
    def _headers(self) -> set[int]:
        """Lines of `def` and `class`, where a default is no good to ask about."""
        return {
            n.lineno for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)
        }

    @functools.cached_property
    def _said(self) -> set[int]:
        """Lines that raise an error or hold a text with values in it."""
        return {
            n.lineno
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Raise | ast.Assert | ast.JoinedStr)
        }

    def _alterations(self) -> Iterator[tuple[int, int, str, int]]:
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.expr) or node.lineno != node.end_lineno:
                continue
            if node.lineno in self._said:
                continue
            first, last = node.col_offset, node.end_col_offset or 0
            match node:
                case ast.Constant(value=bool(value)):
                    yield first, last, str(not value), node.lineno
                case ast.Constant(value=int(value)) if abs(value) < 1000:
                    yield first, last, str(value + 1), node.lineno
                case ast.Constant(value=float(value)):
                    yield first, last, f"{2 * value:g}" if value else "1.0", node.lineno
                case ast.Attribute(attr=name) if name in TWIN:
                    yield last - len(name.encode()), last, TWIN[name], node.lineno
                case ast.BinOp(left=left, op=op, right=right):
                    yield from self._operator(left, op, right)
                case ast.Compare(left=left, ops=[op], comparators=[right]):
                    yield from self._operator(left, op, right)

    def _operator(self, left, op, right) -> Iterator[tuple[int, int, str, int]]:
        if left.end_lineno != right.lineno or not OPERATORS.get(type(op)):
            return
        line = self.lines[left.end_lineno - 1].encode()
        first, last = left.end_col_offset, right.col_offset
        between = line[first:last].decode()
        old, new = SYMBOLS.get(type(op)), SYMBOLS.get(OPERATORS[type(op)][0])
        if old and new and between.strip() == old:
            yield first, last, between.replace(old, new), left.end_lineno

    def _with(self, line: int, first: int, last: int, text: str, gone: bool = False) -> Change:
        old = self.lines[line - 1].encode()
        new = (old[:first] + text.encode() + old[last:]).decode()
        lines = [*self.lines[: line - 1], new, *self.lines[line:]]
        source = "\n".join(lines) + "\n"
        return Change(line, self.text(line), "" if gone else new.strip(), source)


def _first(node: ast.stmt) -> int:
    """The line on which a statement begins, its decorators included."""
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])


def _binds(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
