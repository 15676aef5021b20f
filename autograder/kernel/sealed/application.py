"""The Jupyter kernel inside a sandbox: an ordinary ipykernel on sockets that it was given."""

import os

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp

from autograder.kernel.protocol import CHANNELS


class AdoptedHeartbeat(Heartbeat):
    """A heartbeat on a socket that is already listening; `addr[2]` is its descriptor."""

    def _try_bind_socket(self):
        return _adopt(self.socket, self.port)


class SealedKernelApp(IPKernelApp):
    """ipykernel on sockets that are already listening; the ports in its connection are descriptors."""

    def init_connection_file(self):
        """Do nothing: nothing about the connection is written to a disk."""

    def write_connection_file(self, **kwargs):
        """Do nothing, for the same reason."""

    def init_sockets(self):
        super().init_sockets()
        # The debugger's connection back to the shell uses a path that does not exist in the
        # sandbox.
        self.debug_shell_socket.disconnect(self.shell_socket.last_endpoint)

    def init_heartbeat(self):
        address = (self.transport, self.ip, self.hb_port)
        self.heartbeat = AdoptedHeartbeat(zmq.Context(), address)
        self.heartbeat.start()

    def _try_bind_socket(self, s, port):
        # Never drop a message: waiting messages count as this process's memory.
        s.sndhwm = 0
        _adopt(s, port)
        return port


def _adopt(socket: zmq.Socket, descriptor: int) -> None:
    socket.setsockopt(zmq.USE_FD, descriptor)
    socket.bind(f"ipc://adopted-{descriptor}")


def run(key: str, descriptors: list[int]) -> None:
    """Run the kernel until it is told to stop; ends this process."""
    ports = {f"{name}_port": fd for name, fd in zip(CHANNELS, descriptors)}
    app = SealedKernelApp.instance(log_level="CRITICAL", transport="ipc", ip="adopted", **ports)
    app.session.key = key.encode()
    # History would cost a database and a thread, and nobody looks at it. The rest after each cell
    # is for output that reaches a client late; the supervisor's queue keeps everything in order.
    app.initialize(["--HistoryManager.enabled=False", "--Kernel._execute_sleep=0"])
    app.start()
    os._exit(0)
