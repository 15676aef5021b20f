"""An exception whose text never ends: whoever shows it is deaf to an interrupt, too."""

STATUS = "timed out"
SCORE = 0
SOLVED = True
DOUBLE = """\
class Endless(Exception):
    def __str__(self):
        while True:
            pass
    __repr__ = __str__
def double(x):
    raise Endless
"""
