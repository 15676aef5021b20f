"""A timer whose handler looks for answers in the frames that it has interrupted."""

SCORE = 0
CELL = """\
import signal, sys
words = ["eulav_detcepxe", "tnedutS", "kcehc_nur", "gnr"]
found = set()
def look(number, frame):
    while frame:
        found.update(w for w in words if w[::-1] in frame.f_locals)
        if "namespace" in frame.f_locals:
            frame.f_locals["value"] = 0.0
        frame = frame.f_back
signal.signal(signal.SIGALRM, look)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
"""
DOUBLE = """\
import time
def double(x):
    for _ in range(50):
        time.sleep(0.002)
    return x
"""


def hand_in(folder, notebook):
    import nbformat

    notebook.cells.append(nbformat.v4.new_code_cell('print("got", sorted(found))'))
