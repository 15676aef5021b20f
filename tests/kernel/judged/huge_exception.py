"""Exceptions of many megabytes, chains of a hundred thousand, groups within groups."""

SCORE = 2
SOLVED = True
CELL = """\
raise ValueError("x" * 5_000_000)
"""
DOUBLE = """\
def double(x):
    error = ValueError("<b>" * 10_000_000)
    for number in range(100_000):
        last, error = error, KeyError(number)
        error.__cause__ = last
    for _ in range(500):
        error = ExceptionGroup("x" * 1000, [error, ValueError()])
    raise error
"""
