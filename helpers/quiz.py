"""Questions about a student's own code, with instant answers: no points, no records.

    quiz.ask(quiz.Use("SGD", "w = …", "w.item()"))

What is right is found by running the code that is in memory, and so are the other options: they are
what the same code gives without one of its lines, or with a detail changed.
"""

import ast
import html
import io
import random
import sys
import tokenize
import warnings
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
import torch
from IPython import get_ipython

OPTIONS = 4
# What is easily taken for something else.
TWINS = (
    "+ -,* /,< <=,> >=,== !=,True False,mean sum,max min,train eval,floor ceil,ones zeros".split(
        ","
    )
)
TWIN = {a: b for pair in TWINS for a, b in (pair.split(), reversed(pair.split()))}
# Whoever sees these knows which line is missing.
TELLING = "NameError UnboundLocalError AttributeError SyntaxError".split()
RAISES = "it raises "
# Lines that a run may take until it counts as endless.
MOST_LINES = 3_000
FILE = "<quiz>"


@dataclass(frozen=True)
class Use:
    """What a question is about.

    Parameters
    ----------
    name
        The student's function or class.
    code
        Python that uses it.
    expression
        What is asked for after the code has run: a number, a shape or a short list.
    """

    name: str
    code: str
    expression: str


@dataclass(frozen=True)
class Question:
    """A question with the texts of its options.

    Parameters
    ----------
    source : the student's cell.
    change : what is changed in it, as HTML; "" if nothing is.
    right : one of the options.
    told : for each outcome that is known, which code gives it, as HTML.
    """

    use: Use
    source: str
    change: str
    options: list[str]
    right: str
    told: dict[str, str]

    @property
    def text(self) -> str:
        """The question, as HTML."""
        asked = f"what is <code>{html.escape(self.use.expression)}</code> at the end?"
        return (
            f"If {self.change}: {asked}" if self.change else f"After your code this is run: {asked}"
        )


class Unasked(Exception):
    """Why there is no question, as a phrase."""


class Endless(BaseException):
    """The run takes too many lines; code that expects exceptions does not expect this one."""


def source_of(name: str, inputs: list[str]) -> str:
    """The cell, among those that have run, that last defined the function or class `name`.

    Raises
    ------
    Unasked : there is none.
    """
    for source in reversed(inputs):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        if any(getattr(node, "name", None) == name for node in tree.body):
            return source
    raise Unasked("solve it and run its cell first")


def result(source: str, use: Use, namespace: dict, seed: int = 0) -> str:
    """What the expression gives, as text, when `source` takes the place of the student's cell.

    Raises
    ------
    Unasked : the exercise is not solved yet: it raises NotImplementedError without a word.
    """
    names = dict(namespace) | {"print": lambda *arguments, **options: None}
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    lines = 0

    def limit(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        if lines > MOST_LINES:
            raise Endless
        return limit if frame.f_code.co_filename == FILE else None

    before = sys.gettrace()
    try:
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
            exec(compile(source, FILE, "exec"), names)
            sys.settrace(limit)
            exec(compile(use.code, FILE, "exec"), names)
            return told(eval(use.expression, names))
    except Endless:
        return "it never ends"
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):
            raise Unasked("solve it and run its cell first") from None
        return f"{RAISES}{type(error).__name__}"
    finally:
        sys.settrace(before)


def told(value) -> str:
    """A value with three figures; "" if it takes more than a line."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        text = f"{value:.3g}"
    elif isinstance(value, (list, tuple)):
        inner = ", ".join(told(item) for item in value)
        text = f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    else:
        text = repr(value)
    return text if len(text) <= 60 else ""


def definition(source: str, name: str) -> ast.AST:
    """The function or class of this name in a cell."""
    return next(n for n in ast.parse(source).body if getattr(n, "name", None) == name)


def without(source: str, name: str) -> dict[str, str]:
    """What is left out, as HTML → the cell without it, for each simple statement of `name`."""
    lines, found = source.splitlines(), {}
    for node in ast.walk(definition(source, name)):
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            continue
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
            continue
        line = lines[node.lineno - 1]
        if node.lineno != node.end_lineno or not node.col_offset or "super()" in line:
            continue
        changed = [*lines]
        changed[node.lineno - 1] = " " * node.col_offset + "pass"
        said = (
            f"line {node.lineno} of yours, <code>{html.escape(line.strip())}</code>, were left out"
        )
        found[said] = "\n".join(changed)
    return found


def altered(source: str, name: str) -> dict[str, str]:
    """What is changed, as HTML → the cell with a number, operator or method of `name` changed."""
    lines, found = source.splitlines(), {}
    place: Any = definition(source, name)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, first), (_, last) = token.start, token.end
        if not place.lineno < row <= place.end_lineno:
            continue
        called = token.line[first - 1 : first] == "." or token.string in ("True", "False")
        if token.type == tokenize.NUMBER and token.string.isdigit():
            other = str(int(token.string) + 1)
        elif token.string in TWIN and (token.type == tokenize.OP or called):
            other = TWIN[token.string]
        else:
            continue
        line = lines[row - 1]
        if line.lstrip().startswith(("def ", "class ")):
            continue
        changed = [*lines]
        changed[row - 1] = line[:first] + other + line[last:]
        said = f"line {row} of yours were <code>{html.escape(changed[row - 1].strip())}</code>"
        found[said] = "\n".join(changed)
    return found


def make(use: Use, source: str, namespace: dict, rng: random.Random) -> Question:
    """A question on `use`.

    Raises
    ------
    Unasked : there is nothing to ask, or not yet.
    """
    right = result(source, use, namespace)
    if right.startswith(RAISES):
        raise Unasked(f"{right}: correct it and run its cell first")
    if not right or right != result(source, use, namespace, seed=1):
        raise Unasked("what it gives depends on chance, or is too long to ask about")
    outcomes = {"": right}
    for said, changed in (without(source, use.name) | altered(source, use.name)).items():
        outcomes[said] = result(changed, use, namespace)
    outcomes = {
        said: text
        for said, text in outcomes.items()
        if text and text.removeprefix(RAISES) not in TELLING
    }
    told_by: dict[str, list[str]] = {}
    for said, text in outcomes.items():
        told_by.setdefault(text, []).append(f"if {said}" if said else "as it is")
    change = rng.choice([said for said, text in outcomes.items() if not said or text != right])
    right = outcomes[change]
    others = [text for text in told_by if text != right]
    rng.shuffle(others)
    # An exception is the easiest to rule out.
    others.sort(key=lambda text: text.startswith(RAISES))
    others += [text for text in _near(right) if text not in told_by]
    options = [right, *others[: OPTIONS - 1]]
    if len(options) < 2:
        raise Unasked("no small change of it makes a difference here")
    rng.shuffle(options)
    reasons = {text: _one_of(given, change) for text, given in told_by.items()}
    return Question(use, source, change, options, right, reasons)


def _one_of(reasons: list[str], change: str) -> str:
    """Why an outcome comes about: through the change in question, if it does, or else the first."""
    wanted = f"if {change}" if change else "as it is"
    return wanted if wanted in reasons else reasons[0]


def _near(text: str) -> list[str]:
    """Other numbers, where too few changes make a difference."""
    try:
        number = float(text)
    except ValueError:
        return []
    return [f"{other:.3g}" for other in (2 * number, number / 2, number + 1) if other != number]


def ask(*uses: Use, seed: int = 0):
    """Return a widget with a question on each use, about the code that is in memory now.

    Parameters
    ----------
    seed : another number gives other questions.
    """
    shell = get_ipython()
    if shell is None:
        return print("the questions work inside a notebook")
    rng = random.Random(seed)
    boxes = [_box(number, use, shell, rng) for number, use in enumerate(uses, 1)]
    return ipywidgets.VBox(boxes)


def _box(number: int, use: Use, shell, rng: random.Random):
    try:
        source = source_of(use.name, shell.user_ns.get("In", []))
        question = make(use, source, shell.user_ns, rng)
    except Unasked as reason:
        said = f"<code>{html.escape(use.name)}</code>: {html.escape(str(reason))}"
        return ipywidgets.HTML(f"<p>{number}. {said}</p>")
    text = ipywidgets.HTML(
        f"<p><b>{number}. {question.text}</b></p>{_listing(use.code)}"
        f"<details><summary>your code, with line numbers</summary>{_listing(source, True)}</details>"
    )
    choice = ipywidgets.RadioButtons(options=question.options, value=None)
    choice.layout.width = "auto"
    answer = ipywidgets.HTML()

    def show(change):
        picked = change["new"]
        if picked == question.right:
            verdict = "✓ Yes."
        else:
            verdict = "✗ No."
        if picked in question.told:
            verdict += f" Your code: {html.escape(picked)} {question.told[picked]}."
        answer.value = f'<p role="status">{verdict}</p>'

    choice.observe(show, "value")
    return ipywidgets.VBox([text, choice, answer])


def _listing(source: str, numbered: bool = False) -> str:
    lines = source.rstrip().splitlines()
    if numbered:
        lines = [f"{number:3}  {line}" for number, line in enumerate(lines, 1)]
    style = "white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; margin: 4px 0"
    return f'<pre style="{style}">{html.escape(chr(10).join(lines))}</pre>'
