"""Print until the grader's memory is full."""
# limits: {"output_bytes": 20000000}
# ends: output

while True:
    print("x" * 1_000_000)
