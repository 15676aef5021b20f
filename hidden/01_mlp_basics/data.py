"""The images of this assignment: MNIST, as prepared for the notebooks."""

from pathlib import Path

import numpy as np

from helpers import data

from ..shared import prepared

NAME = "mnist"


def sources() -> list[Path]:
    return [data.data_folder() / f"{NAME}.npz"]


def prepare(folder: Path) -> None:
    for path in sources():
        if path.is_file():
            np.savez(folder / path.name, **prepared.arrays(path))


def facts() -> dict[str, str]:
    return data.facts(NAME)


def built_in():
    return data.using("synthetic")
