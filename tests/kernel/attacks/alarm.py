"""Be killed by a timer, between two cells."""
# limits: {"wall_seconds": 20}
# ends: died

import signal
import time

signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(10)
