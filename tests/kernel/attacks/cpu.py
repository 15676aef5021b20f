"""Use the processor in several processes."""
# limits: {"cpu_seconds": 1}
# ends: cpu

import os

os.fork()
while True:
    pass
