"""What is not taken from a submission, and the words for it."""

from autograder.files import printable

MAX_NOTEBOOK_BYTES = 400 << 20
MAX_OTHER_BYTES = 200 << 20
LINKED = "the folder is a symbolic link: expected the submitted files themselves"


class Unreadable(Exception):
    """Nothing here can be graded; the message says why and what to do."""


def left_out(name: str, link: bool) -> str:
    """The remark about a symbolic link or a special file."""
    kind = "a symbolic link" if link else "not an ordinary file"
    return f"{printable(name)} is {kind} and was left out"
