"""A thread that rewrites the local names of every frame while a probe runs."""

SCORE = 0
CELL = """\
import sys, threading, time
def rewrite():
    while True:
        for frame in list(sys._current_frames().values()):
            while frame:
                for name in ("value", "tree", "plain", "points"):
                    if name in frame.f_locals and "agent" in frame.f_code.co_filename:
                        frame.f_locals[name] = {"value": 5.0, "points": 5.0}
                frame = frame.f_back
        time.sleep(0.0005)
threading.Thread(target=rewrite, daemon=True).start()
"""
DOUBLE = """\
import time
def double(x):
    time.sleep(0.2)
    return x
"""
