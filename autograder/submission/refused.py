"""What is not taken from a submission, and the words for it."""

from pathlib import Path, PurePosixPath

from autograder.files import printable

MAX_NOTEBOOK_BYTES = 400 << 20
MAX_OTHER_BYTES = 200 << 20
LINKED = "the folder is a symbolic link: expected the submitted files themselves"


def is_notebook(path: Path | PurePosixPath) -> bool:
    """Whether a name is that of a notebook."""
    return path.suffix.lower() == ".ipynb"


class Unreadable(Exception):
    """Nothing here can be graded; the message says why and what to do."""


def left_out(name: str, link: bool) -> str:
    """The remark about a symbolic link or a special file."""
    kind = "a symbolic link" if link else "not an ordinary file"
    return f"{printable(name)} is {kind} and was left out"


def too_large(name: str, size: int) -> str:
    """The remark about a file that is not taken along."""
    return (
        f"{printable(name)} has {size >> 20} MB and was left out: the files beside the notebook may "
        f"have {MAX_OTHER_BYTES >> 20} MB"
    )
