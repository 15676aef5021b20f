"""Known mistakes and accepted alternatives of assignment 05."""

from autograder.answers import _cifar_limits_tools, _cifar_limits_training
from autograder.answers._cifar_limits_files import write_files

ANSWERS = _cifar_limits_tools.ANSWERS + _cifar_limits_training.ANSWERS
FILES = write_files
FILE_CHECKS = (
    "baseline_file_is_the_asked_network",
    "baseline_reaches_its_accuracy",
    "three_files_are_three_mlps",
    "improved_reaches_its_accuracy",
)
