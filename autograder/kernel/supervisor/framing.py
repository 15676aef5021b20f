"""The frames in a kernel's bytes (ZMTP 3), counted without keeping them.

ZeroMQ holds a message until its last frame has arrived, however many there are, and a frame of two
bytes costs it thirty times as much. So frames are counted before bytes are passed on to a client.
"""

# Frames in one message, and bytes in any one frame: no client holds more.
MAX_PARTS = 64
MAX_PART_BYTES = 64 << 20
# What every frame costs the client in addition to its bytes.
FRAME_COST = 64
_GREETING = 64
_MORE, _LONG = 1, 2


class Oversized(OSError):
    """A frame or a message is larger than any client should hold, or this is not ZMTP 3."""


class Frames:
    """One direction of a connection, from its beginning."""

    def __init__(self) -> None:
        self._head = b""
        self._greeted = False
        self._left = 0
        self._parts = 0

    def feed(self, data: bytes) -> int:
        """Count the next bytes; return what they cost the client when they are passed on.

        Raises
        ------
        Oversized
            For a frame that is too large, or one too many, before any byte of it is passed on.
        """
        cost, place = len(data), 0
        while place < len(data):
            if self._left:
                skipped = min(self._left, len(data) - place)
                self._left -= skipped
                place += skipped
                continue
            wanted = self._head_size()
            piece = data[place : place + wanted - len(self._head)]
            self._head += piece
            place += len(piece)
            if len(self._head) == self._head_size():
                self._begin()
                cost += FRAME_COST
        return cost

    def _head_size(self) -> int:
        """How many bytes the current header has, as far as the bytes received tell."""
        if not self._greeted:
            return _GREETING
        if not self._head:
            return 1
        return 9 if self._head[0] & _LONG else 2

    def _begin(self) -> None:
        head, self._head = self._head, b""
        if not self._greeted:
            if head[0] != 0xFF or head[9] != 0x7F or head[10] < 3:
                raise Oversized("expected the greeting of ZMTP 3")
            self._greeted = True
            return
        flags, self._left = head[0], int.from_bytes(head[1:], "big")
        self._parts += 1
        if self._left > MAX_PART_BYTES or self._parts > MAX_PARTS:
            raise Oversized("a frame is too large, or a message has too many of them")
        if not flags & _MORE:
            self._parts = 0
