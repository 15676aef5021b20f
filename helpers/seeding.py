"""One seed for all random generators, and the device to compute on."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's (CPU and GPU) global generators.

    NumPy's legacy generator sets the limit: `seed` lies in 0 ... 2**32 - 1, else `ValueError`.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie in 0 ... 2**32 - 1, came {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def default_device() -> torch.device:
    """Return the CUDA device where there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
