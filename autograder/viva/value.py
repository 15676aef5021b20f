"""What a run has given, read from a reply that may be forged: as text, and as numbers to compare."""

import math
from dataclasses import dataclass

from autograder.checking.reply import CheckFailed, Reply

# Figures that are told; values that agree in them look alike.
FIGURES = 3
# Above it a shape or a list takes too long to read.
MOST_LETTERS = 60
# Of a curve.
MOST_POINTS = 100
RAISES, ENDLESS = "it raises ", "it never ends"


@dataclass(frozen=True)
class Value:
    """A value that can be told in one line.

    Parameters
    ----------
    text
        As it is printed, with few figures.
    is_short
        Whether it can be worked out in the head: all its numbers have at most two decimals.
    shape
        Of a tensor or an array.
    curve
        The numbers of a long list, which are not told in a line; None for nan, which equals nothing.
    """

    text: str
    is_short: bool
    shape: tuple[int, ...] | None = None
    curve: tuple[float | None, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.text.startswith(RAISES)

    def told(self, asks: str) -> str:
        """A clause: what `asks` is, or that the code raises, or never ends."""
        is_outcome = self.text in (ENDLESS, "") or self.is_error
        return self.text if is_outcome else f"`{asks}` is {self.text}"


def raised(name: str) -> Value:
    """The value of a run that ended with this exception."""
    return Value(f"{RAISES}{name}" if name != "endless" else ENDLESS, True)


def read(reply: Reply) -> Value | None:
    """The value that `observe.plain` has sent; None if it cannot be told in a line."""
    try:
        kind, *rest = reply.items()
        if kind.text() == "curve":
            points = tuple(map(_height, rest[0].items()))
            return Value("", False, curve=points) if 1 < len(points) <= MOST_POINTS else None
        is_array = kind.text() in ("tensor", "array")
        shape = tuple(map(int, rest[0].integers(None))) if is_array else None
        if is_array and rest[1].is_none:
            return Value("", False, shape)
        text, is_short = _text(reply)
    except (CheckFailed, ValueError, IndexError):
        return None
    if len(text) > MOST_LETTERS:
        return None if shape is None else Value("", False, shape)
    return Value(text, is_short, shape)


def _text(reply: Reply) -> tuple[str, bool]:
    kind, *rest = reply.items()
    match kind.text():
        case "plain":
            return _scalar(rest[0])
        case "list" | "tuple" as which:
            parts = [_text(item) for item in rest[0].items()]
            inner = ", ".join(text for text, _ in parts)
            if which == "tuple":
                inner = f"({inner},)" if len(parts) == 1 else f"({inner})"
            else:
                inner = f"[{inner}]"
            return inner, all(short for _, short in parts)
        case "dict":
            pairs = [pair.items(2) for pair in rest[0].items()]
            told = [(name.text(), *_text(value)) for name, value in pairs]
            inner = ", ".join(f"'{name}': {text}" for name, text, _ in told)
            return f"{{{inner}}}", all(short for *_, short in told)
        case "tensor" | "array" if not rest[1].is_none:
            return _nested(rest[1])
    raise CheckFailed("the value cannot be told")


def _height(reply: Reply) -> float | None:
    """One of a curve's numbers, to six figures."""
    number = reply.number()
    return None if math.isnan(number) else float(f"{number:.6g}")


def _nested(reply: Reply) -> tuple[str, bool]:
    if reply.kind != "list":
        return _scalar(reply)
    parts = [_nested(item) for item in reply.items()]
    return f"[{', '.join(text for text, _ in parts)}]", all(short for _, short in parts)


def _scalar(reply: Reply) -> tuple[str, bool]:
    match reply.kind:
        case "str":
            return repr(reply.text()), True
        case "bool":
            return str(reply.flag()), True
        case "NoneType":
            return "None", True
    number = reply.number()
    if not math.isfinite(number):
        return str(number), True
    if reply.kind == "int":
        return str(int(number)), abs(number) < 10_000
    # float32 knows seven figures.
    exact = abs(100 * number - round(100 * number)) < 1e-4 * max(1, abs(number))
    if exact and abs(number) < 1000:
        return f"{round(number, 2):g}", True
    return f"{number:.{FIGURES}g}", False
