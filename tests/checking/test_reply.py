"""Opening a reply: it gives what was asked for, or the check fails; nothing else happens."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.checking.reply import CheckFailed, Reply

NUMBER = st.integers(-(10**400), 10**400) | st.floats() | st.booleans()
LEAF = st.none() | NUMBER | st.text(max_size=5) | st.sampled_from(
    [np.zeros((0, 3)), np.ones(4), np.ones((2, 2, 2)), np.array(math.nan), np.array([True, False])]
)  # fmt: skip
ANYTHING = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
READERS = {
    "key": lambda reply: reply["key"],
    "fields": lambda reply: reply.fields("a", "b"),
    "mapping": lambda reply: reply.mapping(),
    "mapping of keys": lambda reply: reply.mapping(["a", "b"]),
    "items": lambda reply: reply.items(),
    "two items": lambda reply: reply.items(2),
    "array": lambda reply: reply.array(),
    "array of a shape": lambda reply: reply.array((2, -1)),
    "finite": lambda reply: reply.finite(),
    "integers": lambda reply: reply.integers(),
    "number": lambda reply: reply.number(),
    "integer": lambda reply: reply.integer(),
    "flag": lambda reply: reply.flag(),
    "text": lambda reply: reply.text(),
    "dtype": lambda reply: reply.dtype(),
    "is_none": lambda reply: reply.is_none,
}


# How long it takes to make something up depends on the machine.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(value=ANYTHING)
def test_a_look_into_a_reply_can_only_fail_the_check(value):
    for read in READERS.values():
        try:
            read(Reply(value))
        except CheckFailed as verdict:
            assert str(verdict)


@pytest.mark.parametrize(
    "use",
    [
        bool, len, list, float, int, np.asarray, np.sum, lambda r: r == 1, lambda r: r != 1,
        lambda r: r < 1, lambda r: 1 in r, lambda r: np.float64(1) == r, lambda r: [1, 2][r],
        lambda r: {r: 1}, lambda r: np.allclose(r, 1),
    ],
)  # fmt: skip
def test_a_reply_that_was_not_opened_is_no_use(use):
    with pytest.raises(TypeError):
        use(Reply(1.0))


def test_what_was_asked_for_comes_back():
    reply = Reply(
        {"paths": [np.ones((2, 3)), [[1, 2, 3]]], "accuracy": np.float64(0.5), "ok": True}
    )
    first, second = reply["paths"].items(2)
    assert first.array((2, 3), "the path").dtype == np.float64
    assert second.integers((1, 3)).tolist() == [[1, 2, 3]]
    assert reply["accuracy"].number("the accuracy") == 0.5
    assert reply["ok"].flag() is True and reply["ok"].kind == "bool"
    assert list(reply.mapping(["ok", "accuracy", "paths"])) == ["ok", "accuracy", "paths"]


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda r: r["b"], "parts are missing"),
        (lambda r: r["a"].items(3, "the layers"), "the layers: expected 3 items, got 2"),
        (lambda r: r["a"].array((2, -1), "W"), r"W: got shape \(2,\), expected \(2, any\)"),
        (lambda r: r["a"].number("the loss"), r"the loss: expected one number, got shape \(2,\)"),
        (lambda r: r["a"].finite(None, "W"), "W: there is a nan or inf"),
        (lambda r: r["c"].number("the loss"), "the loss: expected numbers, got str"),
        (lambda r: r["c"].flag("it"), "it: expected True or False, got str"),
        (lambda r: r.mapping(["a", "d"], "the state"), "1 of 2 entries are missing, 1 are not"),
    ],
)
def test_the_message_says_what_was_expected_and_found(look, message):
    with pytest.raises(CheckFailed, match=message):
        look(Reply({"a": [1.0, math.nan], "c": "text"}))


def test_entries_without_bytes_are_counted_before_they_are_made():
    many = np.zeros((1 << 40, 0))
    with pytest.raises(CheckFailed, match="expected a list, got 1099511627776"):
        Reply(many).items()
    with pytest.raises(CheckFailed, match="expected 3 items"):
        Reply(many).items(3)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_text_among_numbers_takes_no_room(monkeypatch, depth):
    """Numpy would give each of them the room of the longest: gigabytes for a message of kilobytes."""
    value = ["x" * 40_000, *[1] * 100_000]
    for _ in range(depth):
        value = [value]
    monkeypatch.setattr(np, "asarray", None)
    with pytest.raises(CheckFailed, match="expected numbers, got list"):
        Reply(value).array()
