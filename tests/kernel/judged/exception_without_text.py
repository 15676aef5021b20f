"""Exceptions whose text ends the program, or raises another one, in cells and in functions."""

SCORE = 0
CELL = """\
class Mute(Exception):
    def __str__(self):
        raise TypeError("no words")
    __repr__ = __str__
raise Mute
"""
DOUBLE = """\
class Ends(Exception):
    def __str__(self):
        raise SystemExit
def double(x):
    raise Ends
"""
MEAN = """\
def mean(values):
    raise Mute
"""
