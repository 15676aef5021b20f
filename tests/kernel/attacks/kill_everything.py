"""Kill every process there is."""
# ends: died

import os
import signal

if os.fork() == 0:
    os.kill(-1, signal.SIGKILL)
signal.pause()
