"""One seed for all random generators, and the device to compute on."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's (CPU and GPU) global generators.

    NumPy's legacy generator limits `seed` to 0 ... 2**32 - 1; anything else is a `ValueError`.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed: expected 0 ... 2**32 - 1, got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def default_device() -> torch.device:
    """Return the CUDA device if there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
