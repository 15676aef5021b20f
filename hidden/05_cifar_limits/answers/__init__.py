"""Known mistakes and accepted alternatives of assignment 05."""

from . import challenge, headlines, tools, training
from .files import write_files
from .survivors import SURVIVORS as SURVIVORS

ANSWERS = tools.ANSWERS + training.ANSWERS + headlines.ANSWERS + challenge.ANSWERS
FILES = write_files
FILE_CHECKS = (
    "baseline_file_is_the_asked_network",
    "baseline_reaches_its_accuracy",
    "three_files_are_three_mlps",
    "improved_reaches_its_accuracy",
)
