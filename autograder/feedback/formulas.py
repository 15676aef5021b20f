"""Formulas as MathML, which browsers draw and screen readers read without a script or a network.

A formula never passes through the cleaner as markup. While Markdown is rendered, a mark stands for
it; after cleaning, each mark in a text is replaced by elements that are written here, one by one,
from a list of what is allowed. What cannot be converted is shown as typed.
"""

import functools
import html
import re
import xml.etree.ElementTree as ET

from markupsafe import escape

BEGIN, END = "\ue000", "\ue001"
MARK = re.compile(f"{BEGIN}(\\d{{1,6}}){END}")
# A tag with its attributes, or the text between two tags.
PIECE = re.compile(r'<[^"<>]*(?:"[^"]*"[^"<>]*)*>|[^<]+|<')
# The names that MathML has and XML does not.
ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
ELEMENTS = frozenset(
    """
    math merror mfrac mi mmultiscripts mn mo mover mphantom mprescripts mroot mrow ms mspace msqrt
    mstyle msub msubsup msup mtable mtd mtext mtr munder munderover
    """.split()
)
# No sizes beyond a few letters and none below zero: a formula stays where it is.
LENGTH = r"\d?(\.\d+)?(em|ex|px|pt)?"
WORD = "true|false|block|inline|normal|prefix|infix|postfix|left|right|center"
ATTRIBUTES = {
    "display": WORD, "displaystyle": WORD, "scriptlevel": "[0-3]", "mathvariant": "normal",
    "stretchy": WORD, "fence": WORD, "form": WORD, "separator": WORD, "largeop": WORD,
    "movablelimits": WORD, "symmetric": WORD, "accent": WORD, "accentunder": WORD,
    "lspace": LENGTH, "rspace": LENGTH, "minsize": LENGTH, "maxsize": LENGTH, "width": LENGTH,
    "height": LENGTH, "depth": LENGTH, "linethickness": LENGTH, "columnspan": r"\d",
}  # fmt: skip
STYLE = re.compile(rf"(text-align|justify-items): ?(left|right|center|start|end)|padding-(left|right): ?{LENGTH}")  # fmt: skip


class Formulas:
    """The formulas of one text, each behind a mark until the text has been cleaned."""

    def __init__(self) -> None:
        self._typed: list[tuple[str, str]] = []

    def mark(self, typed: str, tex: str, display: bool) -> str:
        """What stands for a formula; `typed` is shown where it cannot be drawn."""
        mathml = mathml_of(tex, display)
        if mathml is None:
            return str(escape(typed))
        self._typed.append((typed, mathml))
        return f"{BEGIN}{len(self._typed) - 1}{END}"

    def put_into(self, cleaned: str) -> str:
        """`cleaned` with each formula in the place of its mark, once."""
        if BEGIN not in cleaned:
            return cleaned
        left = dict(enumerate(self._typed))

        def put(piece: re.Match[str]) -> str:
            place = 0 if piece[0].startswith("<") else 1

            def formula(mark: re.Match[str]) -> str:
                typed, mathml = left.pop(int(mark[1]), ("", ""))
                return mathml if place else str(escape(typed))

            return MARK.sub(formula, piece[0])

        return PIECE.sub(put, cleaned)


def without_marks(text: str) -> str:
    """`text` without what could be taken for a mark; nobody types these characters."""
    return text.replace(BEGIN, "").replace(END, "")


def is_prose(body: str) -> bool:
    """Whether two dollar signs stand for money: `$5 and $6`. A formula has no space on one side only."""
    return body[:1].isspace() != body[-1:].isspace()


def mathml_of(tex: str, display: bool) -> str | None:
    """The MathML of a formula, with nothing in it that acts; None if it cannot be converted.

    Some formulas take for ever: call this within limits of time (see `bounded`).
    """
    try:
        found = _converter().convert_with_local_state(tex, displaystyle=display)
        return _written(ET.fromstring(ENTITY.sub(lambda e: html.unescape(e[0]), found)))
    except Exception:
        # An unknown command, a brace that is missing, too much nesting.
        return None


@functools.cache
def _converter():
    # Fifty times as fast as latex2mathml, which besides takes `aligned` apart.
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)


def _written(element: ET.Element) -> str:
    """An element with what is allowed in it, as text; others give only their content."""
    content = str(escape(element.text or ""))
    content += "".join(_written(child) + str(escape(child.tail or "")) for child in element)
    if element.tag not in ELEMENTS:
        return content
    kept = {
        name: value
        for name, value in element.attrib.items()
        if name in ATTRIBUTES and re.fullmatch(ATTRIBUTES[name], value)
    }
    styles = [style.strip() for style in element.get("style", "").split(";")]
    if style := ";".join(style for style in styles if STYLE.fullmatch(style)):
        kept["style"] = style
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
    return f"<{element.tag}{attributes}>{content}</{element.tag}>"
