"""Every decoder of bytes that a student may have chosen: it decodes or refuses, and that is all.

FUZZ_REPLIES, FUZZ_ZIPS and FUZZ_PAGES say how many are tried, FUZZ_SEED where they begin; the worst
time and the memory are printed (`pytest -s`).
"""

import io
import os
import random
import resource
import string
import struct
import time
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from autograder.checking import wire
from autograder.checking.reply import CheckFailed, Reply
from autograder.feedback import bounded, sanitise
from autograder.zips import Archive, Refused

SEED = int(os.environ.get("FUZZ_SEED", 0))
REPLIES = int(os.environ.get("FUZZ_REPLIES", 300))
ZIPS = int(os.environ.get("FUZZ_ZIPS", 100))
PAGES = int(os.environ.get("FUZZ_PAGES", 10))


@contextmanager
def measured():
    """Yields a function that times a call, and prints the worst and this process's peak memory."""
    worst = [(0.0, -1)]

    def timed(seed, function, *args):
        begun = time.perf_counter()
        try:
            return function(*args)
        finally:
            worst.append((time.perf_counter() - begun, seed))

    yield timed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"n = {len(worst) - 1}, worst {max(worst)[0]:.3f} s (seed {max(worst)[1]}), {peak} MB")


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Bytes flipped, cut out, doubled or moved."""
    data = bytearray(data)
    for _ in range(draw.choice([0, 1, 1, 2, 5, 30])):
        place = draw.randrange(len(data) + 1)
        end = min(len(data), place + draw.choice([1, 1, 2, 4, 50]))
        kind = draw.randrange(5)
        if kind == 0:
            data[place:end] = draw.randbytes(end - place)
        elif kind == 1:
            del data[place:end]
        elif kind == 2:
            data[place:place] = data[place:end] * draw.choice([1, 3])
        elif kind == 3:
            data[place:end] = draw.choice([b"\xff", b"\0", b"[", b"9", b'"']) * (end - place)
        else:
            numbers = [0, 1, 2**16 - 1, 2**31, 2**32 - 1]
            data[place : place + 4] = struct.pack("<I", draw.choice(numbers))
    return bytes(data)


HEADS = [
    '[]', '{}', '{"array": 0}', '{"array": 1}', '{"array": "0"}', '{"dict": [["a", 1], ["a", 2]]}',
    '{"dict": [[[], 1]]}', '1e999', 'NaN', '-0.0', '9' * 400, '9' * 5000, '"\\ud800"', 'true',
    'null', '[' * 90 + ']' * 90, '{"dict": [["value", {"array": 0}]]}', '[1, [2, 3], "x"]',
]  # fmt: skip
SPECS = ['["uint8", [4]]', '["float64", [0, 33554432, 33554432]]', '["float16", [2, 1]]',
         '["object", [1]]', '["bool", [4]]', '["int64", [-1]]', '["uint8", [1e2]]', '[]']  # fmt: skip


def forged_reply(draw: random.Random) -> bytes:
    """Any of these, put together, and half of the time damaged as bytes."""
    tree = draw.choice(HEADS)
    for _ in range(draw.randrange(4)):
        form = draw.choice(["[{}, {}]", '{{"dict": [["value", {}], ["error", {}]]}}'])
        tree = form.format(tree, draw.choice(HEADS))
    specs = ", ".join(draw.choices(SPECS, k=draw.randrange(4)))
    head = f'{{"tree": {tree}, "arrays": [{specs}]}}'.encode()
    if draw.random() < 0.5:
        head = damaged(head, draw)
    data = struct.pack("<I", len(head)) + head + draw.randbytes(draw.choice([0, 4, 8, 12]))
    if draw.random() < 0.2:
        value = {"value": [np.arange(6.0).reshape(2, 3), {"loss": 0.5, "n": 3}, "text", None]}
        data = wire.encode(value)
    return damaged(data, draw) if draw.random() < 0.5 else data


READERS = [
    lambda r: r.array(), lambda r: r.finite((2, 3)), lambda r: r.integers(), lambda r: r.number(),
    lambda r: r.numbers(), lambda r: r.integer(), lambda r: r.flag(), lambda r: r.text(),
    lambda r: r.mapping(), lambda r: r.items(), lambda r: r.fields("value", "error"),
    lambda r: r.dtype(), lambda r: r.kind,
]  # fmt: skip


def opened(data: bytes) -> bool:
    try:
        replies = [Reply(wire.decode(data))]
    except wire.WireError:
        return False
    for _ in range(3):
        inner = []
        for reply in replies:
            for read in READERS:
                try:
                    found = read(reply)
                except CheckFailed:
                    continue
                parts = found.values() if isinstance(found, dict) else found
                inner += (
                    [p for p in parts if isinstance(p, Reply)]
                    if isinstance(found, (dict, list))
                    else []
                )
        replies = inner[:20]
    return True


def test_any_reply_is_read_or_refused():
    with measured() as timed:
        decoded = 0
        for seed in range(SEED, SEED + REPLIES):
            decoded += timed(seed, opened, forged_reply(random.Random(seed)))
    assert 0 < decoded < REPLIES


def forged_zip(draw: random.Random) -> bytes:
    made = io.BytesIO()
    methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]
    with zipfile.ZipFile(made, "w", draw.choice(methods)) as archive:
        for number in range(draw.randint(1, 5)):
            name = draw.choice(["a.ipynb", "b/c.ipynb", "ü.zip", "x" * 300, "con.txt", "d/"])
            archive.writestr(f"{number}{name}", draw.randbytes(draw.choice([0, 10, 3000])))
    return damaged(made.getvalue(), draw)


def unpacked(path, target) -> int:
    try:
        with Archive(path) as archive:
            for number, member in enumerate(archive.members):
                try:
                    archive.unpack(member, target / str(number) / member.path)
                except Refused:
                    continue
            return 1
    except Refused:
        return 0


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_archive_is_unpacked_or_refused(tmp_path):
    with measured() as timed:
        read = 0
        for seed in range(SEED, SEED + ZIPS):
            path = tmp_path / f"{seed}.zip"
            path.write_bytes(forged_zip(random.Random(seed)))
            read += timed(seed, unpacked, path, tmp_path / str(seed))
    assert 0 < read < ZIPS


BITS = [
    "<b>", "<b title={}>", "<p>", "</p>", "<div>", "<table><tr><td>", "<a href=x>", "<svg><b>",
    "<!--", "<ul><li>", "&amp;", "<style>", "\\begin{{a}}", "\\end{{a}}", "\\\\(", "\\(", "$a", "$$",
    "[", "![", "](", "*a", "**", "_a", "`", "```\n", "~~~x\n", ">", "> ", "- ", "1. ", "|a", "|-",
    "\n", "\n\n", "    ", "#", "# a\n", "<", "<a ", "\x1b[1m", "http://", "www.", ":", "{{", "\t",
    "a.", "a?", "(", "'", "f'{{", "@", "\\", "x" * 20, "&#", "[a]: b\n", "[^1]", "==", "~~", "^",
]  # fmt: skip


def slow_text(draw: random.Random) -> str:
    """A few pieces, repeated to up to 200 kB in one of the ways that parsers go back over."""
    size = draw.choice([2000, 20_000, 199_000])
    parts = [draw.choice(BITS) for _ in range(draw.randint(1, 3))]
    pieces, length = [], 0
    for number in range(size):
        piece = draw.choice(parts) if draw.random() < 0.3 else parts[number % len(parts)]
        pieces.append(piece.format(number))
        length += len(pieces[-1])
        if length > size:
            break
    if draw.random() < 0.3:
        half = len(pieces) // 2
        pieces[half:] = [
            draw.choice(["</p><p>x", "\n\n", "a", draw.choice(string.punctuation)])
        ] * half
    return "".join(pieces)[:200_000]


def test_any_text_becomes_a_part_of_a_page():
    bounded.start()
    context = SimpleNamespace(get=lambda key, default: default)
    bounded.call(sanitise.ansi2html, "x" * (bounded.SMALL + 1))
    ways = [sanitise.clean, lambda t: sanitise.markdown_to_html(context, t), sanitise.ansi_to_html,
            lambda t: sanitise.highlight(t) or "False"]  # fmt: skip
    memory, given_up = 0, 0
    with measured() as timed:
        for seed in range(SEED, SEED + PAGES):
            text = slow_text(random.Random(seed))
            for way in ways[: 4 if seed % 4 == 0 else 2]:
                found = timed(seed, way, text)
                assert isinstance(found, str)
                given_up += found in (sanitise.TOO_LARGE, "False") or found.startswith("<pre>")
                for process in psutil.Process().children(recursive=True):
                    memory = max(memory, process.memory_info().rss >> 20)
    print(f"{given_up} without formatting; the formatter had up to {memory} MB after a text")
