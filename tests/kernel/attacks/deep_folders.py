"""Folders so deep that no path leads there, names of odd bytes, files that nobody may touch."""

import os

top = os.getcwd()
try:
    for _ in range(3000):
        os.mkdir("x" * 200)
        os.chdir("x" * 200)
except OSError as error:
    got.append(error)
open(b"\xff\n\x1b[2J", "w").close()
os.chmod(".", 0)
os.chdir(top)
os.mkdir(b"y" * 255)
os.chmod("x" * 200, 0)
open("/tmp/closed", "w").close()
os.chmod("/tmp/closed", 0)
