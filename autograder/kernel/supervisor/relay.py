"""Bytes between a client's socket and a kernel's, inspected on their way."""

import selectors
import socket
from collections.abc import Callable

_CHUNK = 1 << 18


class Relay:
    """Two connected sockets; each receives what the other sends.

    A side that does not read makes the other wait: at most one chunk in each direction is held
    here.

    Parameters
    ----------
    selector
        Calls `data(fileobj, events)` of a registered socket when it is ready.
    client, kernel
        Non-blocking sockets, closed by the relay when either side ends.
    sent
        Called with the bytes the kernel sent, before they are passed on; an `OSError` ends the relay.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        client: socket.socket,
        kernel: socket.socket,
        sent: Callable[[bytes], None],
    ):
        self._selector, self._kernel, self._sent = selector, kernel, sent
        self._other = {client: kernel, kernel: client}
        self._waiting = {client: b"", kernel: b""}
        for side in self._other:
            selector.register(side, selectors.EVENT_READ, self._ready)

    def close(self) -> None:
        """Close both sides."""
        for side in self._other:
            if side.fileno() >= 0:
                self._watch(side, 0)
                side.close()

    def _ready(self, side: socket.socket, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._write(side)
            if events & selectors.EVENT_READ:
                self._read(side)
        except OSError:
            self.close()

    def _read(self, side: socket.socket) -> None:
        try:
            data = side.recv(_CHUNK)
        except BlockingIOError:
            # Meanwhile watched for writing only, or already read in this round.
            return
        if not data:
            self.close()
            return
        if side is self._kernel:
            self._sent(data)
        other = self._other[side]
        self._waiting[other] = data
        self._write(other)

    def _write(self, side: socket.socket) -> None:
        try:
            count = side.send(self._waiting[side])
        except BlockingIOError:
            count = 0
        self._waiting[side] = self._waiting[side][count:]
        for one, other in self._other.items():
            # Read no more from one side before the other has taken the last chunk.
            reading = selectors.EVENT_READ if not self._waiting[other] else 0
            writing = selectors.EVENT_WRITE if self._waiting[one] else 0
            self._watch(one, reading | writing)

    def _watch(self, side: socket.socket, events: int) -> None:
        key = self._selector.get_map().get(side)
        if key is None and events:
            self._selector.register(side, events, self._ready)
        elif key is not None and not events:
            self._selector.unregister(side)
        elif key is not None and key.events != events:
            self._selector.modify(side, events, self._ready)
