"""Endless loops in all cells and in every function."""

STATUS = "timed out"
SCORE = 0
DOUBLE = MEAN = "def double(x):\n    while True: pass\nmean = double"


def hand_in(folder, notebook):
    import nbformat

    notebook.cells += [nbformat.v4.new_code_cell("while True: pass") for _ in range(6)]
