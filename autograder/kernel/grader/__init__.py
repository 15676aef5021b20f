"""The grader's side of a kernel: it starts one, talks to it, and trusts nothing it says."""
