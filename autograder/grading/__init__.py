"""Submissions → outcomes: one in `judging`, many by `batch`, `dispatch`, `workers` and `task`."""
