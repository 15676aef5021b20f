"""Settings of this process that would lift its seal, or help to break it."""

import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
# Becomes the parent of its orphans and keeps capabilities: it has none, and they end all the same.
libc.prctl(36, ctypes.c_ulong(1), 0, 0, 0)
libc.prctl(8, ctypes.c_ulong(1), 0, 0, 0)
if os.fork() == 0:
    with open("/proc/self/comm", "w") as file:
        file.write("evil")
    if os.fork() == 0:
        while True:
            signal.pause()
    os._exit(0)
os.wait()
# No new privileges off, seccomp off, a capability raised, security bits, an address in memory.
for number, *arguments in ((38, 0), (22, 0), (47, 2, 21), (28, 0), (35, 8, 4096)):
    if libc.prctl(number, *map(ctypes.c_ulong, [*arguments, 0, 0, 0, 0][:4])) == 0:
        got.append(number)
if libc.personality(0x0040000) != -1:
    got.append("no random addresses")
for name in (
    "uid_map",
    "gid_map",
    "setgroups",
    "loginuid",
    "attr/current",
    "clear_refs",
    "coredump_filter",
):
    try:
        with open(f"/proc/self/{name}", "w") as file:
            file.write("0 0 1" if name.endswith("map") else "1")
        if name not in ("clear_refs", "coredump_filter"):
            got.append(name)
    except OSError:
        pass
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
got += [n for n in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb") if int(status[n], 16)]
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2":
    got.append("no seal")
