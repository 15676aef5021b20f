"""Leave a core file, which may hold what the fork has copied, or reach the host's collector."""

import os
import resource
import signal

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    got.append("a limit without end")
except (OSError, ValueError):
    pass
for number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV):
    child = os.fork()
    if child == 0:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    if os.WCOREDUMP(os.waitpid(child, 0)[1]):
        got.append(number)
got += [n for place in (".", "/tmp", "/var") if os.path.isdir(place) for n in os.listdir(place)
        if "core" in n]  # fmt: skip
