# %% [markdown]
# # Two small exercises

# %% setup=true
import torch

# %% solution="double"
def double(x):
    """Return twice `x`."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% selfcheck="double" points=3
assert double(3) == 6, f"got {double(3)}, expected 6"

# %% solution="mean"
def mean(values):
    """Return the mean of a tensor."""
    ### BEGIN SOLUTION
    return values.sum() / values.numel()
    ### END SOLUTION

# %% selfcheck="mean" points=2
assert mean(torch.tensor([1.0, 3.0])) == 2

# %% [markdown] answer="why" points=3
# Because the sum counts every entry once.
