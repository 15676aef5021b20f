"""Memory for file locks: thousands of them, each on a byte of its own."""

import fcntl
import os
import struct
import tempfile

with tempfile.TemporaryFile() as file:
    for command in (fcntl.F_SETLK, fcntl.F_OFD_SETLK):
        for place in range(10_000, 0, -2):
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            try:
                fcntl.fcntl(file, command, lock)
            except OSError:
                break
    with open(f"/proc/self/fdinfo/{file.fileno()}") as told:
        locks = told.read().count("lock:")
    if locks:
        got.append(locks)
