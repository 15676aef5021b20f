"""Files whose names are commands for terminals, options, very long, or other bytes than text."""

import os

SCORE = 5
SOLVED = True
NAMES = [b"a\nb", b"\x1b[2J\x1b]0;evil\x07.txt", b"-rf", b"--help.ipynb.txt", b"x" * 255, b"\xff\xfe.png",
         "\u202egnp.ypi".encode(), b"$(evil)`evil`;evil", b"CON", b" ", b"...", b"%2e%2e%2f.png"]  # fmt: skip


def hand_in(folder, notebook):
    for name in NAMES:
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(b"x")
    os.makedirs(os.path.join(os.fsencode(folder), b"\r\x1b[31m", b"y" * 255))


def got(course, student, result):
    return [note for note in result.notes if "\u202e" in note or "\x1b" in note or "\n" in note]
