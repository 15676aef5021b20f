"""What a student's process sent, opened with care.

    reply = student.call(probes.trained, data)
    loss = reply["loss"].number("the loss")
    first, second = reply["weights"].items(2)
    matrix = first.array((3, 4), "the first weight")

Whatever was sent, reading from it either gives what was asked for or fails the check; nothing else
can happen. A reply cannot be compared, iterated or used as a condition before it has been opened.
"""

from typing import NoReturn

import numpy as np


class CheckFailed(Exception):
    """A check's verdict: the message is shown to the student."""


# More than any probe sends one by one.
MAX_ITEMS = 1_000_000
UNKNOWN_FORM = "the answer could not be read: parts are missing"


class Reply:
    """A value from a student's process: plain data of any form and size that the wire lets through.

    Parameters
    ----------
    value
        What `wire.decode` gave.
    """

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = value

    def __repr__(self) -> str:
        return f"Reply({type(self._value).__name__})"

    @property
    def untrusted(self):
        """The raw value, for code that assumes nothing about it."""
        return self._value

    @property
    def is_none(self) -> bool:
        return self._value is None

    @property
    def kind(self) -> str:
        """The name of the value's type, for a message."""
        return type(self._value).__name__

    def __getitem__(self, key: str) -> "Reply":
        """The value under `key` of a dict."""
        if not isinstance(self._value, dict) or key not in self._value:
            raise CheckFailed(UNKNOWN_FORM)
        return Reply(self._value[key])

    def fields(self, *keys: str) -> list["Reply"]:
        """The values under several keys of a dict."""
        return [self[key] for key in keys]

    def mapping(self, keys=None, what: str = "the result") -> dict:
        """A dict with a reply for each key; if `keys` are given, exactly these, in this order."""
        if not isinstance(self._value, dict):
            raise CheckFailed(f"{what}: expected a dict, got {self.kind}")
        if keys is None:
            return {key: Reply(value) for key, value in self._value.items()}
        keys = list(keys)
        if set(self._value) != set(keys):
            raise CheckFailed(f"{what}: {_difference(set(self._value), set(keys))}")
        return {key: Reply(self._value[key]) for key in keys}

    def items(self, count: int | None = None, what: str = "the result") -> list["Reply"]:
        """The items of a list, or the entries of an array along its first axis; `count` of them."""
        value = self._value
        expected = "a list" if count is None else f"{count} items"
        if not isinstance(value, list) and not (isinstance(value, np.ndarray) and value.ndim):
            raise CheckFailed(f"{what}: expected {expected}, got {self.kind}")
        if count is not None and len(value) != count:
            raise CheckFailed(f"{what}: expected {expected}, got {len(value)}")
        # Entries without a byte cost the sender nothing, however many there are.
        if len(value) > MAX_ITEMS:
            raise CheckFailed(f"{what}: expected {expected}, got {len(value)}")
        return [Reply(item) for item in value]

    def array(self, shape=None, what: str = "the result", hint: str = "") -> np.ndarray:
        """Numbers in a regular shape, as a float64 array of shape `shape` if one is given.

        An entry -1 in `shape` allows any length.
        """
        array = self._numbers(what)
        if shape is not None:
            shape = tuple(shape)
            fits = len(shape) == array.ndim and all(
                n in (-1, m) for n, m in zip(shape, array.shape)
            )
            if not fits:
                wanted = str(shape).replace("-1", "any")
                message = f"{what}: got shape {array.shape}, expected {wanted}"
                raise CheckFailed(f"{message}. {hint}" if hint else message)
        return array.astype(np.float64)

    def finite(self, shape=None, what: str = "the result", hint: str = "") -> np.ndarray:
        """Like `array`, but no entry may be nan or infinite."""
        array = self.array(shape, what, hint)
        if not np.isfinite(array).all():
            raise CheckFailed(f"{what}: there is a nan or inf")
        return array

    def integers(self, shape=None, what: str = "the result", hint: str = "") -> np.ndarray:
        """Like `array`, but every entry must be a whole number: an int64 array."""
        array = self.array(shape, what, hint)
        with np.errstate(invalid="ignore"):
            whole = np.isfinite(array) & (np.abs(array) < 2**53) & (array == np.round(array))
        if not whole.all():
            raise CheckFailed(f"{what}: expected whole numbers")
        return array.astype(np.int64)

    def number(self, what: str = "the result") -> float:
        """One number, which may be nan or infinite."""
        array = self._numbers(what)
        if array.size != 1:
            raise CheckFailed(f"{what}: expected one number, got shape {tuple(array.shape)}")
        return float(array.reshape(()))

    def numbers(self, count: int | None = None, what: str = "the result") -> np.ndarray:
        """The items of a list, each one number in any form: a float64 array of length `count`."""
        items = self.items(count, what)
        return np.array([item.number(f"{what}, number {i}") for i, item in enumerate(items, 1)])

    def integer(self, what: str = "the result") -> int:
        """One whole number."""
        return int(Reply(self.number(what)).integers((), what))

    def flag(self, what: str = "the result") -> bool:
        """True or False."""
        if not isinstance(self._value, (bool, np.bool_)):
            raise CheckFailed(f"{what}: expected True or False, got {self.kind}")
        return bool(self._value)

    def text(self, what: str = "the result") -> str:
        """A string."""
        if not isinstance(self._value, str):
            raise CheckFailed(f"{what}: expected text, got {self.kind}")
        return self._value

    def dtype(self) -> str:
        """The name of an array's dtype; that of the value's type if it is not an array."""
        return self._value.dtype.name if isinstance(self._value, np.ndarray) else self.kind

    def _numbers(self, what: str) -> np.ndarray:
        if _has_text(self._value):
            raise CheckFailed(f"{what}: expected numbers, got {self.kind}")
        try:
            array = np.asarray(self._value)
        except (ValueError, OverflowError, MemoryError):
            raise CheckFailed(
                f"{what}: expected numbers in a regular shape, got ragged lists"
            ) from None
        if array.dtype.kind not in "biuf":
            raise CheckFailed(f"{what}: expected numbers, got {self.kind}")
        return array

    def _closed(self, *_) -> NoReturn:
        raise TypeError("open a reply first: .number(), .array(), .items(), …")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _closed
    __bool__ = __len__ = __iter__ = __contains__ = __float__ = __int__ = _closed
    __index__ = __array__ = _closed


def _has_text(value) -> bool:
    """Whether text is among nested lists: numpy would give each entry the room of the longest."""
    level = [value]
    while level and not any(isinstance(item, str) for item in level):
        level = [item for part in level if isinstance(part, list) for item in part]
    return bool(level)


def _difference(found: set, expected: set) -> str:
    missing, extra = len(expected - found), len(found - expected)
    parts = [f"{missing} of {len(expected)} entries are missing"] if missing else []
    parts += [f"{extra} are not expected"] if extra else []
    return ", ".join(parts)
