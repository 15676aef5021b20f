"""Arrays of objects, texts, dates and records, which only a pickle could hold."""

SCORE = 2
SOLVED = True
DOUBLE = """\
import numpy
class Evil:
    def __reduce__(self):
        return (exit, ())
kinds = ["O", "U5", "M8[s]", [("value", "f8")], "c16", "longdouble"]
def double(x):
    made = numpy.zeros(numpy.shape(x), kinds[0])
    if kinds.pop(0) == "O":
        made = made.reshape(-1)
        made[0] = Evil()
    return made
"""
