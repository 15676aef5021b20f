"""Stop the kernel's own event loop: the program ends as if it had been told to."""

STATUS = "crashed"
SCORE = 0
SOLVED = True
DOUBLE = """\
import asyncio
def double(x):
    asyncio.get_event_loop().stop()
    return x
"""
