"""Take memory in many processes, each of which stays small."""
# limits: {"memory_bytes": 800000000}
# ends: memory

import os
import signal

for _ in range(20):
    if os.fork() == 0:
        held = bytearray(b"x") * 100_000_000
        signal.pause()
signal.pause()
