"""A clear message in a cell that needs what the cells above it make."""

import sys


def needs(*names):
    """Stop the cell, with a message, unless the notebook has all of these names.

    Parameters
    ----------
    names : str, each a global name of the calling cell.

    Raises
    ------
    NotImplementedError: a name is missing, as its cell was not run or could not be solved yet.
    """
    known = sys._getframe(1).f_globals
    missing = [f"`{name}`" for name in names if name not in known]
    if missing:
        raise NotImplementedError(
            f"this cell uses {' and '.join(missing)}, made by a cell above: solve and run those first"
        )
