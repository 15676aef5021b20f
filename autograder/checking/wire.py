"""Plain data as bytes: what travels between the grader and a student's process.

A message is a 4-byte little-endian length, a JSON header, and the raw bytes of the arrays. Nothing
is ever unpickled or evaluated, and every size is checked against the bytes received before an array
is made. This file's source also runs inside the student's process: it imports no project code.
"""

import json
import math
import re
import struct

import numpy as np

MAX_BYTES = 32 << 20
# Nested lists take forty times their bytes in JSON: numbers in bulk belong in arrays.
MAX_HEADER_BYTES = 4 << 20
MAX_ARRAYS = 10_000
# Lists and dicts: an empty one takes thirty times its bytes in JSON.
MAX_CONTAINERS = 100_000
MAX_DEPTH = 20
MAX_DIMENSIONS = 8
DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()
)


class WireError(ValueError):
    """The data is not plain, too large or malformed."""


def encode(value):
    """Bytes of `value`: None, bool, numbers, str, list, tuple, dict with str keys, arrays, tensors.

    Tensors become arrays (detached, on the CPU), tuples become lists.

    Raises
    ------
    WireError
        For any other type, and above `MAX_BYTES`.
    """
    arrays = []

    def plain(item, depth):
        if depth > MAX_DEPTH:
            raise WireError(f"expected at most {MAX_DEPTH} nested lists or dicts")
        if item is None or isinstance(item, (bool, str)):
            return item
        if isinstance(item, int):
            return int(item)
        if isinstance(item, float):
            return float(item)
        if isinstance(item, (list, tuple)):
            return [plain(x, depth + 1) for x in item]
        if isinstance(item, dict):
            pairs = [[key, plain(x, depth + 1)] for key, x in item.items()]
            for key, _ in pairs:
                if not isinstance(key, (str, int)):
                    raise WireError(f"expected a str or int as key, got {type(key).__name__}")
            return {"dict": pairs}
        if hasattr(item, "detach"):
            item = item.detach().cpu()
            item = (item.float() if str(item.dtype) == "torch.bfloat16" else item).numpy()
        if isinstance(item, (np.ndarray, np.generic)):
            # The reshape keeps a scalar 0-dimensional; ascontiguousarray alone would not.
            array = np.ascontiguousarray(item).reshape(np.shape(item))
            if array.dtype.name not in DTYPES:
                raise WireError(f"expected an array of numbers, got dtype {array.dtype}")
            arrays.append(array)
            return {"array": len(arrays) - 1}
        raise WireError(
            f"expected numbers, text, lists, dicts or arrays, got {type(item).__name__}"
        )

    tree = plain(value, 0)
    header = {"tree": tree, "arrays": [[a.dtype.name, list(a.shape)] for a in arrays]}
    head = json.dumps(header).encode()
    if len(head) > MAX_HEADER_BYTES or containers(head) > MAX_CONTAINERS:
        raise WireError("expected fewer numbers in lists: send them as an array or a tensor")
    total = 4 + len(head) + sum(a.nbytes for a in arrays)
    if total > MAX_BYTES:
        raise WireError(f"expected at most {MAX_BYTES} bytes, got {total}")
    return b"".join([struct.pack("<I", len(head)), head, *(a.tobytes() for a in arrays)])


def decode(message):
    """The value in `encode`'s bytes, which may come from anybody.

    Raises
    ------
    WireError
        If the bytes are anything but a well-formed message of at most `MAX_BYTES`.
    """
    if not 4 <= len(message) <= MAX_BYTES:
        raise WireError(f"expected 4 to {MAX_BYTES} bytes, got {len(message)}")
    (size,) = struct.unpack("<I", message[:4])
    if size > MAX_HEADER_BYTES:
        raise WireError(f"expected a header of at most {MAX_HEADER_BYTES} bytes, got {size}")
    head = bytes(message[4 : 4 + size])
    if containers(head) > MAX_CONTAINERS:
        raise WireError(f"expected at most {MAX_CONTAINERS} lists and dicts")
    try:
        header = json_value(head)
        tree, specs = header["tree"], header["arrays"]
        arrays = _arrays(specs, memoryview(message)[4 + size :])
        return _value(tree, arrays, 0)
    except WireError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"malformed message ({type(error).__name__})") from None


def json_value(data):
    """The JSON value in bytes, which may come from anybody; its text can always be encoded.

    Raises
    ------
    ValueError, RecursionError
        If the bytes are not JSON.
    """
    value = json.loads(data.decode())
    if b"\\u" in data:
        # Half a surrogate pair is not a character: writing it to a file would fail.
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        value = json.loads(text)
    return value


def containers(data):
    """How many lists and dicts are in the bytes of some JSON, at most; nothing is decoded."""
    count = data.count(b"[") + data.count(b"{")
    if count > MAX_CONTAINERS:
        # Some may be characters of a text.
        outside = re.sub(rb'"[^"\\]*(?:\\.[^"\\]*)*"', b"", data, flags=re.DOTALL)
        count = outside.count(b"[") + outside.count(b"{")
    return count


def is_shallow(values, depth, containers):
    """Whether JSON values have at most `depth` levels, and `containers` lists and dicts in all.

    Copying or writing deeper ones later would run out of stack.
    """
    level, count = [v for v in values if isinstance(v, (dict, list))], 0
    for _ in range(depth):
        if not level:
            return True
        count += len(level)
        if count > containers:
            return False
        inner = [v for part in level for v in (part.values() if isinstance(part, dict) else part)]
        level = [v for v in inner if isinstance(v, (dict, list))]
    return not level


def _arrays(specs, payload):
    if len(specs) > MAX_ARRAYS:
        raise WireError(f"expected at most {MAX_ARRAYS} arrays, got {len(specs)}")
    arrays: dict = {}
    start = 0
    for name, shape in specs:
        if name not in DTYPES or len(shape) > MAX_DIMENSIONS:
            raise WireError("expected an array of numbers of at most 8 dimensions")
        if not all(type(n) is int and 0 <= n <= MAX_BYTES for n in shape):
            raise WireError("malformed shape")
        dtype = np.dtype(name)
        end = start + dtype.itemsize * math.prod(shape)
        if end > len(payload):
            raise WireError(f"expected at least {end} bytes of arrays, got {len(payload)}")
        arrays[len(arrays)] = np.frombuffer(payload[start:end], dtype).reshape(shape)
        start = end
    if start != len(payload):
        raise WireError(f"expected {start} bytes of arrays, got {len(payload)}")
    return arrays


def _value(tree, arrays, depth):
    if depth > MAX_DEPTH:
        raise WireError(f"expected at most {MAX_DEPTH} nested lists or dicts")
    if isinstance(tree, list):
        return [_value(x, arrays, depth + 1) for x in tree]
    if isinstance(tree, dict):
        if list(tree) == ["array"]:
            # Each array once: naming one costs the sender a few bytes, and the reader a copy.
            return arrays.pop(tree["array"])
        # Other keys can be chosen to share one hash: a dict of them takes minutes to fill.
        keys = [key for key, _ in tree["dict"]]
        if not all(isinstance(k, str) or type(k) is int and abs(k) < 2**31 for k in keys):
            raise WireError("malformed key")
        return {key: _value(x, arrays, depth + 1) for key, x in tree["dict"]}
    if type(tree) is int and not -(2**63) <= tree < 2**64:
        raise WireError("expected whole numbers of at most 64 bits")
    return tree
