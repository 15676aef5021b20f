"""The side of a command that a person has typed: let the warm process run it, if there is one."""

import os
import signal
import socket
import sys

from autograder.course import Course
from autograder.errors import UserError
from autograder.serving import protocol

# The signals that end a command; the process that runs it gets them, too.
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")

# Whether this process has been asked by another one: it does not ask a third.
is_asked = False


def hand_over(course: Course) -> None:
    """Have this very command run by the course's warm process, and end with its exit code.

    Returns if there is none that could: then this process does the work.

    Raises
    ------
    UserError
        If the process that runs the command is killed.
    """
    if is_asked or (connection := protocol.connect(course)) is None:
        return
    with connection:
        try:
            sys.stdout.flush()
            streams = tuple(stream.fileno() for stream in (sys.stdin, sys.stdout, sys.stderr))
            request = {"argv": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ)}
            protocol.send(connection, request, streams)
            accepted, _ = protocol.receive(connection)
            process = int(accepted["process"])
        except (protocol.Closed, KeyError, OSError, ValueError):
            return
        connection.settimeout(None)
        raise SystemExit(_wait(connection, process))


def _wait(connection: socket.socket, process: int) -> int:
    def pass_on(number, frame):
        os.kill(process, number)

    before = {}
    for name in PASSED_ON:
        number = getattr(signal, name)
        # A signal that is ignored here is ignored there: see `batch`.
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, pass_on)
    try:
        ended, _ = protocol.receive(connection)
        return int(ended["code"])
    except protocol.Closed:
        raise UserError(
            "the process that ran this command was killed: run the same command again; "
            "what it had graded is kept"
        ) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
