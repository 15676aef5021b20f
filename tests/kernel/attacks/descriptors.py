"""Read, receive and reopen whatever the process has inherited."""

import array
import os
import socket

for name in os.listdir("/proc/self/fd"):
    fd = int(name)
    try:
        place = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    # Libraries, and the student's own memory.
    if place.startswith("/") and not place.startswith(("/dev/", "/proc/", "/usr/", "/lib")):
        got.append(place)
    if not place.startswith("socket:"):
        continue
    with socket.socket(fileno=os.dup(fd)) as inherited:
        inherited.setblocking(False)
        if inherited.family != socket.AF_UNIX:
            continue
        # Whoever is at the other end, and what it has sent along.
        peer = array.array("i", inherited.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if peer[0] not in (0, 1, os.getpid()):
            got.append(("peer", list(peer)))
        try:
            _, sent, _, _ = inherited.recvmsg(1, socket.CMSG_SPACE(400), socket.MSG_PEEK)
            got += sent
        except OSError:
            pass
