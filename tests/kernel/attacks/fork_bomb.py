"""Processes that make processes."""
# limits: {"processes": 60}

import os
import signal

children = []
try:
    for _ in range(10_000):
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except OSError:
    pass
if len(children) > 60:
    got.append(len(children))
