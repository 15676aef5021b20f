r"""Characters that hide what is written, and the one that ends texts elsewhere."""

SCORE = 2
SOLVED = True
BIDI = "\u202e\u2066\u2067\u202d\u200b\ufeff\U000e0041\u2028"
CELL = f"""\
print("a\\0b{BIDI}")
"""
DOUBLE = f"""\
def double(x):
    raise ValueError("{BIDI}")  # {BIDI.replace(chr(0x2028), "")} stniop 5
"""


def hand_in(folder, notebook):
    import nbformat

    texts = [
        "\0",
        "x = 1\0",
        "\ufdd0\uffff",
        BIDI,
        "x = '\x1a'",
        "\x0c\x0b\x85 = 1",
        "a\u0301" * 1000,
    ]
    notebook.cells += [nbformat.v4.new_code_cell(text) for text in texts]
    notebook.cells += [nbformat.v4.new_markdown_cell(text) for text in texts]
    notebook.metadata["title"] = "\0" + BIDI
