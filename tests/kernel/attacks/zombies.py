"""Ended processes that nobody waits for, more than may be alive."""
# limits: {"processes": 60}

import os

count = 0
try:
    for _ in range(5_000):
        if os.fork() == 0:
            os._exit(0)
        count += 1
except OSError:
    pass
if count > 60:
    got.append(count)
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    pass
# Orphans, which the first process has to wait for.
for _ in range(30):
    child = os.fork()
    if child == 0:
        try:
            os.fork()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
