"""The sockets of a kernel that clients connect to, with a limit on what the kernel sends."""

import functools
import os
import selectors
import socket
import stat
from collections.abc import Callable, Iterable

from autograder.kernel.supervisor.framing import Frames, Oversized
from autograder.kernel.supervisor.relay import Relay


class Gate:
    """Listens at `outside-N` and relays bytes to and from `inside-N`, where the kernel listens.

    Parameters
    ----------
    selector
        Calls `data(fileobj, events)` of a registered socket when it is ready.
    ports
        The numbers N.
    limit
        Bytes that the kernel may send.
    stop
        Called when it has sent more, or a message that is too large for any client.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        outside: str,
        inside: str,
        ports: Iterable[int],
        limit: int,
        stop: Callable[[], None],
    ):
        self._selector, self._limit, self._stop = selector, limit, stop
        self._sent = 0
        self._relays: list[Relay] = []
        self._listeners = []
        for number in ports:
            listener = listen(f"{outside}-{number}")
            listener.setblocking(False)
            handle = functools.partial(self._on_client, f"{inside}-{number}")
            selector.register(listener, selectors.EVENT_READ, handle)
            self._listeners.append(listener)

    def close(self) -> None:
        """Close everything on both sides."""
        for listener in self._listeners:
            self._selector.unregister(listener)
            listener.close()
        for relay in self._relays:
            relay.close()

    def _on_client(self, inside: str, listener: socket.socket, events: int) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            # It has given up again.
            return
        client.setblocking(False)
        kernel = socket.socket(socket.AF_UNIX)
        # A kernel that does not accept must not keep its limits from being enforced. The client
        # connects again by itself.
        kernel.setblocking(False)
        try:
            _connect(kernel, inside)
        except OSError:
            client.close()
            kernel.close()
            return
        count = functools.partial(self._count, Frames())
        self._relays.append(Relay(self._selector, client, kernel, count))

    def _count(self, frames: Frames, data: bytes) -> None:
        try:
            self._sent += frames.feed(data)
        except Oversized:
            self._stop()
            raise
        if self._sent > self._limit:
            self._stop()


def listen(path: str) -> socket.socket:
    """A unix socket that listens at `path`."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    return listener


def _connect(connection: socket.socket, path: str) -> None:
    """Connect to the socket at `path`; a link there, which the kernel may have made, is not followed."""
    place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(place).st_mode):
            raise OSError(f"{path} is not a socket")
        connection.connect(f"/proc/self/fd/{place}")
    finally:
        os.close(place)
