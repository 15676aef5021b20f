"""The figures that a notebook states, read from its text and compared with what they should be.

A figure is found by the words around it: in `"the slope is only #. Along"` each `#` is one, as
digits or as one of `WORDS`.
"""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from conftest import ROOT, hidden_of, reference_of

from autograder.variants.filled import MARK

WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "nine": 9, "ten": 10,
    "tenth": 10, "twelfth": 12, "sixteen": 16, "twenty": 20, "fifty": 50, "a million": 1_000_000,
}  # fmt: skip
DIGITS = r"[-−]?\d+(?:[,_]\d{3})*(?:\.\d+)?(?:e-?\d+)?"
FIGURE = f"({DIGITS}|{'|'.join(WORDS)})"


@dataclass
class Below:
    """The stated figure is a bound that the truth stays below."""

    truth: float


@dataclass
class Above:
    """The stated figure is a bound that the truth stays above."""

    truth: float


def source(assignment: str) -> str:
    return (ROOT / "notebooks" / f"{assignment}.py").read_text(encoding="utf-8")


def text_of(assignment: str) -> str:
    """A notebook's text on one line, as everybody gets it, without the marks of comments."""
    constants = hidden_of(assignment).constants
    text = MARK.sub(lambda mark: str(constants[mark[1]]), source(assignment))
    return " ".join(re.sub(r"^\s*# ?", "", text, flags=re.MULTILINE).split())


@functools.cache
def spans(text: str, sentence: str) -> list[tuple[int, int]]:
    """Where the figures of a sentence stand in a text.

    Raises
    ------
    AssertionError
        If the sentence is not in the text.
    """
    pattern = re.escape(sentence).replace(r"\#", FIGURE).replace(r"\ ", " ")
    found = list(re.finditer(pattern, text, re.IGNORECASE))
    assert found, f"expected this sentence in the notebook, which does not have it: {sentence}"
    return [match.span(n) for match in found for n in range(1, match.re.groups + 1)]


def value(figure: str) -> float:
    word = WORDS.get(figure.lower())
    return float(re.sub("[,_]", "", figure).replace("−", "-")) if word is None else word


def read(assignment: str, sentence: str) -> list[float]:
    """The figures of a sentence or a line of code."""
    text = text_of(assignment)
    return [value(text[start:end]) for start, end in spans(text, sentence)]


def expect(text: str, sentence: str, truth: tuple) -> None:
    """Fail unless each figure equals its truth as far as it is written out, or bounds it."""
    figures = [text[start:end] for start, end in spans(text, sentence)]
    for figure, true in zip(figures, truth, strict=True):
        assert _holds(figure, true), f"{sentence!r} states {figure}, expected {true}"


def _holds(figure: str, true) -> bool:
    stated = value(figure)
    if isinstance(true, Below):
        return true.truth < stated
    if isinstance(true, Above):
        return true.truth > stated
    decimals = re.search(r"\.(\d+)", figure)
    return round(float(true), len(decimals[1]) if decimals else 0) == stated


def changed(text: str, sentence: str, truth: tuple) -> Iterator[str]:
    """The text with one figure of a sentence wrong; each in turn, and in each of its digits."""
    for (start, end), true in zip(spans(text, sentence), truth, strict=True):
        for wrong in _wrong(text[start:end], true):
            yield text[:start] + wrong + text[end:]


def _wrong(figure: str, true) -> Iterator[str]:
    if figure.lower() in WORDS:
        yield "two" if figure.lower() != "two" else "three"
    elif isinstance(true, Below):
        yield "-9"
    elif isinstance(true, Above):
        yield "9" + figure
    else:
        for digit in re.finditer(r"\d", figure):
            yield figure[: digit.start()] + str((int(digit[0]) + 1) % 10) + figure[digit.end() :]


def expect_noticed(text: str, sentence: str, truth: tuple) -> None:
    """Fail unless `expect` fails for every way in which a figure of the sentence can be wrong."""
    places, around = spans(text, sentence), 2 * len(sentence)
    text = text[max(places[0][0] - around, 0) : places[-1][1] + around]
    for wrong in changed(text, sentence, truth):
        try:
            expect(wrong, sentence, truth)
        except AssertionError:
            continue
        raise AssertionError(f"a wrong figure stays unnoticed: {sentence}")


@functools.cache
def given(assignment: str, name: str):
    """A function or value that a cell of a notebook defines, made beside the solved cells' names."""
    (node,) = (node for node in ast.parse(source(assignment)).body if name in _defined_by(node))
    namespace = reference_of(assignment).namespace()
    exec(compile(ast.Module([node], []), name, "exec"), namespace)
    return namespace[name]


def _defined_by(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef) else []
