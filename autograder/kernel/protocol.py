"""How the processes of sealed kernels are started, and the messages between them.

Each message is one packet on a unix socket: JSON that names its class, and file descriptors beside it.
"""

import dataclasses
import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.kernel.limits import Ending, Limits

# A kernel's sockets, in the order in which they are passed; their Jupyter ports count from 1.
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
MAX_PACKET = 1 << 17
MAX_DESCRIPTORS = 16


@dataclass(frozen=True)
class Launch:
    """Provisioner → supervisor: start a kernel."""

    key: str
    limits: Limits
    environment: dict[str, str]
    # The submission's folder, copied in; the data folder, shown read-only.
    folder: str | None = None
    data: str | None = None
    # Files and folders to show beside the interpreter and its libraries, and to blank out.
    visible: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    # Device files that work inside, such as a GPU's.
    devices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Started:
    """Supervisor → provisioner: the kernel runs; its sockets are `address-1` … `address-5`."""

    address: str
    pid: int


@dataclass(frozen=True)
class Failed:
    """To the provisioner: no kernel could be started."""

    reason: str


@dataclass(frozen=True)
class Signal:
    """Provisioner → supervisor: send the kernel a signal."""

    number: int


@dataclass(frozen=True)
class Spawn:
    """Supervisor → fork server: fork a kernel into the sandbox of the process sent along.

    The descriptors: a pidfd of the sandbox's first process, one for the kernel's standard error,
    five listening sockets.
    """

    key: str
    limits: Limits
    environment: dict[str, str]
    # The user to become; None if the process is already an ordinary user's.
    user: int | None


@dataclass(frozen=True)
class Spawned:
    """Fork server → supervisor: the kernel's process number."""

    pid: int


@dataclass(frozen=True)
class Exited:
    """Fork server → supervisor: the kernel is gone; `code` as in `Ending`."""

    code: int


_CLASSES = {
    cls.__name__: cls for cls in (Launch, Started, Failed, Signal, Spawn, Spawned, Exited, Ending)
}


def command(module: str, *arguments) -> list[str]:
    """The command that runs `main` of a module in this package as a separate process."""
    code = f"import sys; from autograder.kernel.{module} import main; main(*sys.argv[1:])"
    return [sys.executable, "-P", "-c", code, *map(str, arguments)]


class Closed(EOFError):
    """The other side is gone."""


def send(connection: socket.socket, message, descriptors: Sequence[int] = ()) -> None:
    """Send one message.

    Raises
    ------
    Closed
        If the other side is gone.
    """
    data = {"message": type(message).__name__, **dataclasses.asdict(message)}
    packet = json.dumps(data).encode()
    if len(packet) > MAX_PACKET:
        raise ValueError(f"expected a message of at most {MAX_PACKET} bytes, got {len(packet)}")
    try:
        socket.send_fds(connection, [packet], list(descriptors))
    except (BrokenPipeError, ConnectionResetError):
        raise Closed from None


def receive(connection: socket.socket):
    """The next message and its file descriptors, which the caller must close.

    Raises
    ------
    Closed
        If the other side is gone.
    """
    try:
        packet, descriptors, _, _ = socket.recv_fds(connection, MAX_PACKET, MAX_DESCRIPTORS)
    except ConnectionResetError:
        packet = b""
    if not packet:
        raise Closed
    data = json.loads(packet)
    cls = _CLASSES[data.pop("message")]
    if "limits" in data:
        data["limits"] = Limits(**data["limits"])
    return cls(**data), descriptors
