"""Listen to the kernel's own news, which may be about the host."""

import socket

# Firewall, audit, connector of processes, devices, security, generic.
for protocol in (4, 9, 11, 12, 15, 16, 21):
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol).close()
        got.append(protocol)
    except OSError:
        pass
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
    route.settimeout(0.5)
    # All network devices of this namespace: only its own loopback.
    route.send(bytes.fromhex("1400000012000103") + bytes(12))
    news = route.recv(1 << 16)
    got += [name for name in (b"eth", b"wlan", b"veth", b"docker", b"enp") if name in news]
    if b"lo\0" not in news:
        got.append(news)
