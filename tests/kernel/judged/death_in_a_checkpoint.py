"""A checkpoint of four megabytes that torch.load unpacks to four gigabytes."""

import io
import zipfile
import zlib

SCORE = 3
SOLVED = True
MEAN = """\
import torch
def mean(values):
    try:
        torch.load("model.pt")
    except (MemoryError, RuntimeError):
        raise ValueError("not unpacked")
"""
# Of 100 MB each; the sum is the largest that an ordinary zip can name.
BLOCKS = 40


def hand_in(folder, notebook):
    # The same compressed block again and again: nobody compresses all of it for this.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(100_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * BLOCKS + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in ("model/data.pkl", "model/version"):
            archive.writestr(name, packed if name.endswith("pkl") else b"3\n")
    raw = bytearray(buffer.getvalue())
    # Deflated, and as large as it claims: in the entry's own header and in the directory.
    for start, method, size in ((0, 8, 22), (raw.rindex(b"PK\x01\x02", 0, len(raw) - 100), 10, 24)):
        if raw[start + 30 : start + 44] != b"model/data.pkl" and start == 0:
            raise AssertionError("the first entry is another one")
        raw[start + method : start + method + 2] = (8).to_bytes(2, "little")
        raw[start + size : start + size + 4] = (BLOCKS * 100_000_000).to_bytes(4, "little")
    (folder / "model.pt").write_bytes(raw)


def got(course, student, result):
    copy = course.folder("autograded") / student / "99_tiny" / "model.pt"
    (message,) = [c.message for c in result.checks if c.exercise == "mean"]
    told = [] if "not unpacked" in message else [message]
    return told + ([] if copy.stat().st_size < 50_000_000 else [copy.stat().st_size])
