"""The grader's side of a kernel: it starts one, talks to it, and believes nothing it says."""
