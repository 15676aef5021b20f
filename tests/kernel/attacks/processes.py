"""See, signal and trace processes that are not one's own."""

import ctypes
import os
import signal

mine = {os.getpid()}
got += [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in mine | {1}]
for process in (target["grader"], os.getppid()):
    try:
        os.kill(process, 0)
        # 0 stands for one's own process group.
        if process:
            got.append(("signalled", process))
    except OSError:
        pass
os.kill(1, signal.SIGKILL)
os.kill(1, signal.SIGTERM)
os.kill(1, signal.SIGINT)
libc = ctypes.CDLL(None)
if libc.ptrace(16, 1, 0, 0) == 0:
    got.append("traces the first process")
for name in ("mem", "environ", "maps", "root", "cwd", "exe", "fd"):
    path = f"/proc/1/{name}"
    try:
        if os.path.isdir(path):
            got += [f"{path}/{entry}" for entry in os.listdir(path)]
        else:
            got.append((path, open(path, "rb").read(1)))
    except OSError:
        pass
