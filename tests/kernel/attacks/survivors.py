"""Stay when the notebook has ended: a daemon, a thread, an exit handler."""

import atexit
import ctypes
import os
import signal
import threading
import time

with open("/proc/self/comm", "w") as file:
    file.write("evil")
ready, told = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        os.write(told, b"x")
        while True:
            time.sleep(1)
    os._exit(0)
os.wait()
os.read(ready, 1)
ctypes.CDLL(None).prctl(1, 0)
atexit.register(time.sleep, 1000)
threading.Thread(target=time.sleep, args=(1000,), daemon=False).start()
