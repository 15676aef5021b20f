"""Memory in the buffers of sockets and pipes, more than the limit."""
# needs: control group
# limits: {"memory_bytes": 300000000, "descriptors": 2048}

import fcntl
import os
import socket

held = []
total = 0
try:
    while total < 1_000_000_000:
        pair = socket.socketpair()
        held.append(pair)
        for end in pair:
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
            try:
                while True:
                    total += end.send(bytes(1 << 20))
            except BlockingIOError:
                pass
except OSError:
    pass
pipes = []
try:
    while total < 1_000_000_000:
        ends = os.pipe()
        pipes += ends
        os.set_blocking(ends[1], False)
        try:
            fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, 1 << 20)
        except OSError:
            pass
        total += os.write(ends[1], bytes(1 << 20))
except OSError:
    pass
for pair in held:
    for end in pair:
        end.close()
for fd in pipes:
    os.close(fd)
if total > 600_000_000:
    got.append(total)
