"""How far the bank's answer to the challenge of assignment 05 gets, and how long it takes.

    uv run python benchmarks/challenge.py [--seeds N] [--epochs N]

Trains with all cores, one seed after the other, on the images that the data folder has. The epoch is
chosen on validation images, as in the notebook.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch

from autograder.authoring.expand import expand
from autograder.checking import hidden
from autograder.checking.reference import Reference
from autograder.course import Course

ASSIGNMENT = "05_cifar_limits"


def main(seeds: int, epochs: int | None) -> None:
    """Print the accuracy on the test images and the seconds of each seed, and their mean."""
    course = Course(Path(__file__).resolve().parents[1])
    own = hidden.load(course.hidden, ASSIGNMENT)
    calibration, challenge = own.module("calibration"), own.module("answers.challenge")
    prepared = calibration.prepare(Reference(expand(course, ASSIGNMENT)).namespace())
    exec(challenge.CHALLENGE, prepared.namespace)
    torch.set_num_threads(os.cpu_count() or 1)
    settings = {} if epochs is None else {"num_epochs": epochs}
    accuracies = []
    for seed in range(seeds):
        images = calibration.Split(prepared, seed).arrays()
        with tempfile.TemporaryDirectory() as folder:
            begin = time.perf_counter()
            accuracies.append(prepared.namespace["improved"](*images, [seed], folder, **settings))
            seconds = time.perf_counter() - begin
        print(f"{prepared.dataset}, seed {seed}: {accuracies[-1]:.4f} in {seconds:.0f} s")
    print(f"mean {statistics.mean(accuracies):.4f}, n = {seeds}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=None)
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.epochs)
