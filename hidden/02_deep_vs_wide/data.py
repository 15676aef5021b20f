"""The images of this assignment: animal faces, as prepared for the notebooks."""

import shutil
from pathlib import Path

from helpers import data

NAME = "animal_faces"


def sources() -> list[Path]:
    return [data.data_folder() / NAME]


def prepare(folder: Path) -> None:
    for path in sources():
        if path.is_dir():
            shutil.copytree(path, folder / path.name)


def facts() -> dict[str, str]:
    return data.facts(NAME)


def built_in():
    return data.using("synthetic")
