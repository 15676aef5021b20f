"""Known mistakes and accepted alternatives of assignment 01."""

from . import models, training

ANSWERS = models.ANSWERS + training.ANSWERS
