"""A clear message in a cell that needs what the cells above it define."""

import sys


def needs(*names):
    """Stop the cell, with a message, unless the notebook has all of these names.

    Parameters
    ----------
    names : str, each a global name of the calling cell.

    Raises
    ------
    NotImplementedError : a name is missing, because its cell has not been run or solved yet.
    """
    known = sys._getframe(1).f_globals
    missing = [f"`{name}`" for name in names if name not in known]
    if missing:
        raise NotImplementedError(
            f"this cell uses {' and '.join(missing)}, defined above: solve and run those cells first"
        )
