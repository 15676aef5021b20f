"""One grading run at a time on a course."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from autograder.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Held(UserError):
    """Another process holds the lock."""


@contextmanager
def held(folder: Path, doing: str) -> Iterator[None]:
    """Hold a folder's lock; the operating system releases it when this process ends.

    Parameters
    ----------
    doing
        What the lock is for, such as "grading", for the message to others.

    Raises
    ------
    Held
        If another process holds it.
    """
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "a+b") as file:
        try:
            take(file, wait=False)
        except OSError:
            raise Held(
                f"expected no other `autograder` command {doing}, but one is running: "
                "wait until it has finished"
            ) from None
        yield


def take(file: IO[bytes], wait: bool) -> None:
    """Lock an open file until it is closed.

    Raises
    ------
    OSError
        If `wait` is false and another process has locked it.
    """
    if sys.platform == "win32":
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return
            except OSError as error:
                # LK_LOCK gives up after ten seconds.
                if not wait or error.errno != errno.EDEADLK:
                    raise
    else:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
