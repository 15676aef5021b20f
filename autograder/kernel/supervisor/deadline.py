"""When a process must have been heard of, in memory that it shares with the one that ends it."""

import mmap
import struct
import time


class Deadline:
    """Made before a fork: the child keeps moving it on, the parent looks."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.within(0)

    def within(self, seconds: float) -> None:
        """The next call comes within so many seconds, or something hangs."""
        self._memory[:] = struct.pack("d", time.monotonic() + seconds)

    @property
    def over(self) -> bool:
        return struct.unpack("d", self._memory[:])[0] < time.monotonic()
