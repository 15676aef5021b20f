"""Known mistakes and accepted alternatives of assignment 04."""

from autograder.answers import (
    _initialization_activations,
    _initialization_gradients,
    _initialization_sweep,
    _initialization_weights,
)

ANSWERS = (
    _initialization_weights.ANSWERS
    + _initialization_activations.ANSWERS
    + _initialization_gradients.ANSWERS
    + _initialization_sweep.ANSWERS
)
