"""The boundary's bytes: round trips, and refusals before anything is allocated."""

import json
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checking import wire

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(-9, 9), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_plain_values_come_back(value):
    assert wire.decode(wire.encode(value)) == value


@settings(max_examples=50)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=4, max_side=5),
    )
)
def test_arrays_come_back_with_dtype_and_shape(array):
    got = wire.decode(wire.encode({"a": [array]}))["a"][0]
    assert got.dtype == array.dtype and got.shape == array.shape
    np.testing.assert_array_equal(got, array)


def test_tensors_become_arrays_without_their_graph():
    x = torch.ones(2, 3, requires_grad=True)
    np.testing.assert_array_equal(wire.decode(wire.encode(2 * x)), np.full((2, 3), 2.0))


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", np.array(["text"]), np.array([object()]), 1j, {(1,): 2}]
)
def test_other_types_are_refused(value):
    with pytest.raises(wire.WireError):
        wire.encode(value)


def nested(levels):
    return [nested(levels - 1)] if levels else 1


def message(header, payload=b""):
    head = json.dumps(header).encode()
    return struct.pack("<I", len(head)) + head + payload


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"\x00",
        struct.pack("<I", 2**32 - 1) + b"{}",
        message({"tree": {"array": 0}, "arrays": [["float64", [2**31]]]}),
        message({"tree": {"array": 0}, "arrays": [["float64", [-1]]]}, b"12345678"),
        message({"tree": {"array": 0}, "arrays": [["float64", [True]]]}, b"12345678"),
        message({"tree": {"array": 0}, "arrays": [["object", [1]]]}, b"12345678"),
        message({"tree": {"array": 3}, "arrays": []}),
        message({"tree": [{"array": 0}] * 2, "arrays": [["uint8", [1]]]}, b"1"),
        message({"tree": {"array": "x"}, "arrays": []}),
        message({"tree": {"dict": 5}, "arrays": []}),
        message({"tree": {"else": 5}, "arrays": []}),
        # Numbers like these all have the same hash.
        message({"tree": {"dict": [[2**61 - 1, 0]]}, "arrays": []}),
        message({"tree": {"dict": [[0.5, 0]]}, "arrays": []}),
        message({"tree": 1, "arrays": []}, b"left over"),
        message({"tree": 10**19 * 2, "arrays": []}),
        message({"tree": nested(21), "arrays": []}),
        message({"tree": [[]] * (wire.MAX_CONTAINERS + 1), "arrays": []}),
        message([1]),
        message({"tree": 1, "arrays": [["float64", [1] * 99]]}, b"12345678"),
        struct.pack("<I", 200_000) + b"[" * 200_000,
        struct.pack("<I", 4) + b"\xff\xff\xff\xff",
    ],
)
def test_a_forged_message_is_refused(forged):
    with pytest.raises(wire.WireError):
        wire.decode(forged)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data):
    try:
        wire.decode(data)
    except wire.WireError:
        pass


def test_an_oversized_value_is_refused():
    with pytest.raises(wire.WireError, match="at most"):
        wire.encode(np.zeros(wire.MAX_BYTES // 8 + 1))


def test_many_numbers_in_lists_are_refused_before_they_are_decoded(monkeypatch):
    with pytest.raises(wire.WireError, match="as an array"):
        wire.encode([0.123456789] * 500_000)
    monkeypatch.setattr(wire, "json_value", None)
    head = b"[" * (wire.MAX_HEADER_BYTES + 1)
    with pytest.raises(wire.WireError, match="header of at most"):
        wire.decode(struct.pack("<I", len(head)) + head)


def test_replies_may_be_views_of_a_message():
    got = wire.decode(memoryview(wire.encode({"a": np.arange(3.0)})))
    np.testing.assert_array_equal(got["a"], [0, 1, 2])


def test_half_a_character_is_replaced():
    assert wire.decode(message({"tree": "a\ud800b", "arrays": []})) == "a?b"
    assert wire.decode(message({"tree": "\U0001f600", "arrays": []})) == "\U0001f600"


@pytest.mark.parametrize(
    "values, shallow",
    [([], True), ([1, "text"], True), ([{"a": [1]}], True), ([[[[]]]], False), ([[]] * 6, False)],
)
def test_deep_and_crowded_values_are_told(values, shallow):
    assert wire.is_shallow(values, depth=2, containers=5) is shallow


def test_lists_are_counted_before_they_are_made(monkeypatch):
    monkeypatch.setattr(wire, "json_value", None)
    forged = struct.pack("<I", 4_000_000) + b"[]," * 1_333_333 + b"1"
    with pytest.raises(wire.WireError, match="lists and dicts"):
        wire.decode(forged)


def test_brackets_in_a_text_are_no_lists():
    text = '[{"' * wire.MAX_CONTAINERS + "\\"
    assert wire.decode(wire.encode([text])) == [text]
    assert wire.decode(wire.encode(nested(19))) == nested(19)
