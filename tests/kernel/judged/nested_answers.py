"""Lists in lists in lists, in answers and in answers to answers, and one that holds itself."""

SCORE = 2
SOLVED = True
DOUBLE = """\
def double(x):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    itself = {}
    itself["x"] = itself
    return [deep, itself] if isinstance(x, float) else itself
"""
