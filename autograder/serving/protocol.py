"""Where the warm process of a course listens, and what is said there.

Only the owner of the course can connect: the socket's folder and the socket are closed to others.
"""

import json
import os
import socket
import struct
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.kernel.grader.launcher import WARM_NODE

# Seconds for an answer; a process that has just found changed code starts anew before it answers.
PATIENCE = 30
# What a message may have: a command line, a folder and the environment of a shell.
MOST_BYTES = 4 << 20
# stdin, stdout and stderr of the caller.
STREAMS = 3


class Closed(Exception):
    """The other side is gone."""


def folder(course: Course) -> Path:
    """Where the warm process of this course keeps its socket and the address of its node."""
    return course.private / "serve"


def node_address(course: Course) -> Path:
    """A file with the address of the warm process's node, for those who need kernels only."""
    return course.private / WARM_NODE


def listen(course: Course) -> socket.socket:
    """A socket that nobody else has: the caller holds the lock in `folder`.

    Raises
    ------
    UserError
        If this system has no such sockets.
    """
    if not hasattr(socket, "send_fds"):
        raise UserError("`autograder serve` needs Linux or macOS: commands work without it")
    place = folder(course) / "socket"
    place.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with _short(place) as address:
            listener.bind(address)
    finally:
        os.umask(before)
    listener.listen(16)
    return listener


def connect(course: Course) -> socket.socket | None:
    """A connection to the course's warm process; None if there is none."""
    place = folder(course) / "socket"
    if not place.exists() or not hasattr(socket, "send_fds"):
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    try:
        with _short(place) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


class _short:
    """An address for a socket's path, which may be longer than addresses are."""

    def __init__(self, place: Path):
        self._place, self._folder = place, -1

    def __enter__(self) -> str:
        if len(os.fsencode(self._place)) < 100:
            return str(self._place)
        self._folder = os.open(self._place.parent, os.O_RDONLY)
        return f"/proc/self/fd/{self._folder}/{self._place.name}"

    def __exit__(self, *error) -> None:
        if self._folder >= 0:
            os.close(self._folder)


def send(connection: socket.socket, message: dict, streams: tuple[int, ...] = ()) -> None:
    """Send a message, and open files with it."""
    data = json.dumps(message).encode()
    try:
        head = struct.pack("!I", len(data))
        if streams:
            socket.send_fds(connection, [head], list(streams))
        else:
            connection.sendall(head)
        connection.sendall(data)
    except OSError as error:
        raise Closed from error


def receive(connection: socket.socket) -> tuple[dict, list[int]]:
    """A message and the open files that came with it.

    Raises
    ------
    Closed
        If the other side is gone, silent, or says something else.
    """
    descriptors: list[int] = []
    try:
        head, descriptors, _, _ = socket.recv_fds(connection, 4, STREAMS)
        while 0 < len(head) < 4:
            head += connection.recv(4 - len(head)) or b"\xff" * 4
        (length,) = struct.unpack("!I", head[:4])
        if length > MOST_BYTES:
            raise ValueError(length)
        data = b""
        while len(data) < length:
            part = connection.recv(length - len(data))
            if not part:
                raise Closed
            data += part
        message = json.loads(data)
        if not isinstance(message, dict):
            raise ValueError(message)
        return message, list(descriptors)
    except (OSError, ValueError, struct.error, Closed) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        raise Closed from error
