"""One grading run at a time on a course."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import UserError

try:
    import fcntl
except ImportError:
    fcntl = None
    import msvcrt


@contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold the lock of a folder; the operating system gives it back when this process ends.

    Raises
    ------
    UserError
        If another process holds it.
    """
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "a+b") as file:
        try:
            take(file, wait=False)
        except OSError:
            raise UserError(
                f"expected to be the only one who {what}, but another `autograder` is at it: "
                "wait until it has finished"
            ) from None
        yield


def take(file, wait: bool) -> None:
    """Lock an open file until it is closed.

    Raises
    ------
    OSError
        If `wait` is false and another process has locked it.
    """
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    else:
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
