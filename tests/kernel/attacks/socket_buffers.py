"""Memory in the buffers of sockets, more than the limit."""
# limits: {"memory_bytes": 300000000, "descriptors": 2048}
# ends: memory

import socket
import time

held = []
try:
    while True:
        pair = socket.socketpair()
        held.append(pair)
        for end in pair:
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
            try:
                while True:
                    end.send(bytes(1 << 20))
            except BlockingIOError:
                pass
except OSError:
    pass
time.sleep(10)
got.append(len(held))
