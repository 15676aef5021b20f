"""Texts and code that parsers and highlighters take very long for."""

import nbformat

SCORE = 5
SOLVED = True
PARTS = [
    "[",
    "![](",
    "*a **",
    "<a ",
    "`" * 3 + "\n",
    "> ",
    "- ",
    "|a",
    "<!--",
    "&",
    "[^1]",
    "<b>",
    "_a__b",
    "http://",
]
CODE = ['f"{', "'" * 3, "0x", "(" * 3, "#", "\\\n", "@a\n", "lambda:", "if 1:\n ", "1 if 1 else "]


def hand_in(folder, notebook):
    notebook.cells += [nbformat.v4.new_markdown_cell(part * 20_000) for part in PARTS]
    notebook.cells += [nbformat.v4.new_code_cell(part * 20_000) for part in CODE]
