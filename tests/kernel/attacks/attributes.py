"""Memory in the attributes of files, and files that cannot be changed any more."""
# limits: {"memory_bytes": 300000000, "disk_bytes": 50000000}

import fcntl
import os
import struct

written = 0
try:
    for file in range(200):
        open(f"/tmp/{file}", "w").close()
        for number in range(100):
            os.setxattr(f"/tmp/{file}", f"user.{number}", bytes(60_000))
            written += 60_000
except OSError:
    pass
if written > 600_000_000:
    got.append(written)
for flag in (0x10, 0x20):
    # Immutable, append only.
    try:
        with open("/tmp/0") as file:
            fcntl.ioctl(file, 0x40086602, struct.pack("l", flag))
        got.append(flag)
    except OSError:
        pass
for name in ("security.capability", "trusted.x", "system.posix_acl_access"):
    try:
        os.setxattr("/tmp/0", name, struct.pack("<IIIII", 0x02000001, 0xFFFFFFFF, 0, 0, 0))
        got.append(name)
    except OSError:
        pass
