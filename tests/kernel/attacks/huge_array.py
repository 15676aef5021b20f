"""One array larger than any memory: an error, not the machine's end."""
# limits: {"memory_bytes": 800000000}

import numpy as np
import torch

for make in (lambda: np.ones(10**11), lambda: torch.ones(10**11), lambda: bytearray(10**11)):
    try:
        got.append(len(make()))
    except (MemoryError, RuntimeError):
        pass
