"""Known mistakes and accepted alternatives of assignment 01."""

from autograder.answers import _mlp_basics_models, _mlp_basics_training

ANSWERS = _mlp_basics_models.ANSWERS + _mlp_basics_training.ANSWERS
