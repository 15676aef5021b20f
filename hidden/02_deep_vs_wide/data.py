"""The images of this assignment: animal faces, as prepared for the notebooks."""

from pathlib import Path

from helpers import data, folders

from ..shared import prepared

NAME = "animal_faces"


def sources() -> list[Path]:
    # A folder's own time changes with the files in it.
    return [data.data_folder() / NAME / inside for inside in ("", *folders.INSIDE)]


def prepare(folder: Path) -> None:
    tree = sources()[0]
    if tree.is_dir():
        prepared.copy_images(tree, folder / NAME)


def facts() -> dict[str, str]:
    return data.facts(NAME)


def built_in():
    return data.using("synthetic")
