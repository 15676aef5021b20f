"""Threads without end."""
# limits: {"processes": 60}

import threading

stop = threading.Event()
threads = 0
try:
    for _ in range(10_000):
        threading.Thread(target=stop.wait, daemon=True).start()
        threads += 1
except RuntimeError:
    pass
if threads > 60:
    got.append(threads)
stop.set()
