"""KeyboardInterrupt, CancelledError, GeneratorExit and others that `except Exception` lets pass."""

SCORE = 2
SOLVED = True
CELL = """\
import asyncio
class Own(BaseException):
    pass
endings = [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, Own, StopIteration, SystemExit]
"""
DOUBLE = """\
def double(x):
    raise endings.pop(0)
double(0)
"""


def hand_in(folder, notebook):
    import nbformat

    own = [nbformat.v4.new_code_cell("double(1)") for _ in range(3)]
    notebook.cells[4:4] = own
