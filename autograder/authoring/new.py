"""A small complete course, to start one's own from."""

import shutil
from pathlib import Path

from autograder import files
from autograder.course import Course

TEMPLATE = Path(__file__).with_name("template")


def new_course(folder: Path) -> Course:
    """Write the course into an empty folder, which is made if it does not exist.

    Raises
    ------
    UserError
        If the folder is not empty or cannot be made.
    """
    files.expect_empty(folder)
    # Installers leave compiled files beside the originals, and may protect these.
    shutil.copytree(
        TEMPLATE,
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=shutil.copyfile,
        dirs_exist_ok=True,
    )
    return Course(folder.resolve())
