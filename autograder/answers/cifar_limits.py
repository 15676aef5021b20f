"""Known mistakes and accepted alternatives of assignment 05."""

from autograder.answers import _cifar_limits_tools, _cifar_limits_training
from autograder.answers._cifar_limits_files import write_files

ANSWERS = _cifar_limits_tools.ANSWERS + _cifar_limits_training.ANSWERS
FILES = write_files
