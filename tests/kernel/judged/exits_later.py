"""A watchdog of Python's own that ends the process in the middle of a later call."""

STATUS = "crashed"
SCORE = 3
SOLVED = True
MEAN = """\
import faulthandler, os, time
def mean(values):
    faulthandler.dump_traceback_later(0.2, exit=True, file=open(os.devnull, "w"))
    time.sleep(1)
    return values.mean()
"""
