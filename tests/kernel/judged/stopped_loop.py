"""Stop the kernel's own event loop: the program ends as if it had been told to."""

STATUS = "crashed"
SCORE = 3
SOLVED = True
MEAN = """\
import asyncio
def mean(values):
    asyncio.get_event_loop().stop()
    return values.sum()
"""
