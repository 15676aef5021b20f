"""What pictures of wrong answers have in common: an assignment's `pictures.py` imports it."""

import numpy as np

from autograder.checking.reply import CheckFailed

# Seconds that the student's code has for a picture.
SECONDS = 5.0
YOURS, RIGHT = "#c2410c", "#1d4ed8"


def expect_different(yours: np.ndarray, right: np.ndarray) -> None:
    """Raise `CheckFailed` if the example comes out right: the picture would only mislead."""
    if yours.shape == right.shape and np.allclose(yours, right, rtol=1e-3, atol=2e-3):
        raise CheckFailed("no difference to show")
