"""A small complete course, to start one's own from."""

import shutil
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError

TEMPLATE = Path(__file__).with_name("template")


def new_course(folder: Path) -> Course:
    """Write the course into an empty folder, which is made if it does not exist.

    Raises
    ------
    UserError
        If the folder is not empty or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the folder {folder} cannot be made: {error.strerror}") from None
    if any(folder.iterdir()):
        raise UserError(f"expected an empty folder, got {folder.resolve()}: choose another folder")
    # Installers leave compiled files beside the originals, and may protect these.
    shutil.copytree(
        TEMPLATE,
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=shutil.copyfile,
        dirs_exist_ok=True,
    )
    return Course(folder.resolve())
