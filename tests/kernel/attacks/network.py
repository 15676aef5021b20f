"""Reach the outside by any kind of socket."""

import socket

for address in ("127.0.0.1", "169.254.169.254", "1.1.1.1", "::1"):
    for port in (target["port"], 53, 80):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family) as s:
                s.settimeout(2)
                s.connect((address, port))
                got.append((address, port))
        except OSError:
            pass
try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        got.append(s.sendto(b"x", ("1.1.1.1", 53)))
except OSError:
    pass
for path in (
    target["socket"],
    "\0" + target["socket"],
    "/run/docker.sock",
    "/var/run/dbus/system_bus_socket",
):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            got.append(path)
    except OSError:
        pass
for family in (socket.AF_PACKET, getattr(socket, "AF_VSOCK", 40), getattr(socket, "AF_ALG", 38)):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        got.append(family)
    except OSError:
        pass
try:
    got.append(socket.gethostbyname("example.org"))
except OSError:
    pass
