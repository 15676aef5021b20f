"""Zip files that lead out of their folder, hold links, or unpack to gigabytes."""

import io
import stat
import zipfile

SCORE = 0
NAMES = ["../../gradebook.db", "/tmp/unpacked-by-the-grader", "..\\..\\led-outside", "a/../../../../led-outside", "C:led-outside",
         "99_tiny.ipynb/x", "a\x00b", "x" * 300]  # fmt: skip


def hand_in(folder, notebook):
    for number, name in enumerate(NAMES):
        with zipfile.ZipFile(folder / f"{number}.zip", "w") as archive:
            archive.writestr("a", b"x")
            archive.writestr(name, b"evil")
    with zipfile.ZipFile(folder / "link.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
        archive.writestr("link/led-outside", b"evil")
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(f"{number}.bin", bytes(10_000_000))
    (folder / "large.zip").write_bytes(large.getvalue())
    (folder / "false.zip").write_bytes(b"PK\x03\x04" + b"x" * 1000)


def got(course, student, result):
    import os

    # In no folder that outlives the run, and nowhere else.
    found = [str(p) for p in course.root.parent.rglob("*led-outside*")]
    places = ["/tmp/unpacked-by-the-grader", "/etc/led-outside", "/tmp/led-outside"]
    return found + [path for path in places if os.path.exists(path)]
