"""Submissions → outcomes: one in `judging`, many in `batch`, `dispatch`, `workers` and `task`."""
