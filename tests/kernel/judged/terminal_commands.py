r"""Commands for terminals: in outputs, names of exceptions, their texts, lines of code and answers."""

SCORE = 2
SOLVED = True
EVIL = "\x1b[2J\x1b]0;evil\x07\x1b]8;;http://evil.example\x07x\x1b]8;;\x07\x1b[8m\x9b31m\r\x08\x7f\x1bc"
CELL = f"""\
import sys
sys.stderr.write({EVIL!r} * 1000)
print({EVIL!r} * 1000, "\\x1b[999999999999999999;38;5;999;4;;m" * 1000)
raise type({EVIL!r}, (Exception,), {{}})({EVIL!r})
"""
DOUBLE = f"""\
def double(x):
    # {EVIL.replace(chr(13), "")}
    raise ValueError({EVIL!r})  # {EVIL.replace(chr(13), "")}
"""


def hand_in(folder, notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "answer_why":
            cell.source = EVIL
