"""A dict whose items never end, for whoever encodes an answer."""

STATUS = "timed out"
SCORE = 2
SOLVED = True
DOUBLE = """\
import time
class Endless(dict):
    def items(self):
        while True:
            time.sleep(0.001)
            yield "x", 1
def double(x):
    return Endless()
"""
