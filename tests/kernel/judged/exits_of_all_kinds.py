"""quit(), exit(), sys.exit(), a request to shut down, in cells and in functions."""

SCORE = 2
SOLVED = True
CELL = """\
import sys
get_ipython().ask_exit()
quit()
"""
DOUBLE = """\
ways = [quit, sys.exit]
def double(x):
    ways.pop()()
exit()
"""
