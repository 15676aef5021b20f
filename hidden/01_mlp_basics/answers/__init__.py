"""Known mistakes and accepted alternatives of assignment 01."""

from . import models, training
from .survivors import SURVIVORS as SURVIVORS

ANSWERS = models.ANSWERS + training.ANSWERS
