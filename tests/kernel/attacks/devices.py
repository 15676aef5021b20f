"""Use devices: disks, memory, terminals."""

import os

got += [n for n in os.listdir("/dev") if n not in
        "null zero full random urandom shm fd stdin stdout stderr pts ptmx".split()]  # fmt: skip
for kind, major, minor in ((0o60000, 254, 0), (0o20000, 1, 1), (0o20000, 5, 0)):
    try:
        os.mknod("/tmp/device", kind | 0o666, os.makedev(major, minor))
        os.close(os.open("/tmp/device", os.O_RDONLY))
        got.append((major, minor))
    except OSError:
        pass
for place in (
    "/sys",
    "/proc/sys",
    "/proc/kcore",
    "/proc/sysrq-trigger",
    "/proc/kallsyms",
    "/run",
    "/boot",
):
    if os.path.exists(place):
        got.append(place)
