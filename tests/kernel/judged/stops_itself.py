"""Stop one's own process by a signal that cannot be caught: it never hears an interrupt."""

STATUS = "timed out"
SCORE = 3
SOLVED = True
MEAN = """\
import os, signal
def mean(values):
    os.kill(os.getpid(), signal.SIGSTOP)
    return values.mean()
"""
