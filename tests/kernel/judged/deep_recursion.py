"""Recursion without a limit, until the stack is at its end."""

STATUS = "crashed"
SCORE = 3
SOLVED = True
MEAN = """\
import sys, functools
def mean(values):
    sys.setrecursionlimit(2**30)
    chain = []
    for _ in range(1_000_000):
        chain = (chain,)
    return hash(chain)
"""
