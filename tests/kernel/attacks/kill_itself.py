"""End in the middle of a cell, by a signal."""
# ends: died

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
