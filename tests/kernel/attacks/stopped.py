"""Stop every process that there is, so that nothing answers."""
# limits: {"wall_seconds": 1.5}
# ends: wall

import os
import signal

try:
    os.kill(-1, signal.SIGSTOP)
except ProcessLookupError:
    pass
os.kill(1, signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)
