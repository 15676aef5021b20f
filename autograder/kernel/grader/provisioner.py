"""Sealed kernels for every tool that uses Jupyter kernels: nbclient, nbgrader, papermill.

The kernel's name `mlp-sealed` is enough; `c.SealedProvisioner` in a configuration sets the rest.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from typing import cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Dict, List, Unicode

from autograder.kernel import protocol, visible
from autograder.kernel.grader import client, launcher
from autograder.kernel.limits import Ending, Limits

# What a student's process may know about the environment it was started from.
KEPT = "LANG LC_ALL LC_CTYPE TZ NBGRADER_EXECUTION NBGRADER_VALIDATING".split()
ATTEMPTS = 3
# Seconds until a kernel has started, longer than the supervisor waits itself; and until its
# supervisor, told to end it, has done so.
START_SECONDS = 400
END_SECONDS = 90


class Settings(KernelProvisionerBase):
    """What both kinds of sealed kernels are told about the files and limits of a kernel."""

    limits = Dict(help="What a kernel may use: the fields of `Limits`, such as memory_bytes.").tag(
        config=True
    )
    data = Unicode(help="Folder of prepared data, shown read-only as /data. Default: none.").tag(
        config=True
    )
    variables = Dict(
        help="A kernel's environment variables; {data} in a value is the folder with its data."
    ).tag(config=True)
    visible = List(
        Unicode(), help="More files and folders that a kernel may read, beside Python's own."
    ).tag(config=True)
    hidden = List(
        Unicode(), help="Folders to show empty if they are inside something visible."
    ).tag(config=True)
    devices = List(
        Unicode(), help="Device files that a kernel may use, such as /dev/nvidia0. Default: none."
    ).tag(config=True)


class SealedProvisioner(Settings):
    """Starts a kernel that is forked from a preloaded process and sees nothing it does not need.

    After the kernel has ended, `ending` says how.
    """

    preload = List(
        Unicode(),
        help="Modules imported before kernels start, unless one has been started already.",
    ).tag(config=True)

    ending: Ending | None = None
    pid: int | None = None
    _connection: socket.socket | None = None

    @property
    def has_process(self) -> bool:
        return self._connection is not None and self.ending is None

    async def launch_kernel(self, cmd, **kwargs):
        """Have a kernel started; `cmd` is not used. The working folder is copied into the sandbox.

        Raises
        ------
        RuntimeError
            If no sealed kernel can be started on this host; the message says why.
        """
        if sys.platform != "linux":
            raise RuntimeError(f"sealed kernels need Linux, and this is {sys.platform}")
        env, cwd = kwargs.get("env", os.environ), kwargs.get("cwd")
        key = secrets.token_hex(32)
        request = protocol.Launch(
            key=key,
            limits=Limits.from_dict(self.limits),
            environment=environment(env, self.variables),
            folder=os.path.abspath(cwd) if cwd else None,
            data=os.path.abspath(self.data) if self.data else None,
            visible=[*visible.interpreter_paths(), *self.visible],
            hidden=[*visible.grader_paths(), *self.hidden],
            devices=list(self.devices),
        )
        self.ending = None
        reply = await self._launch(request)
        if isinstance(reply, protocol.Failed):
            self._close()
            raise RuntimeError(f"no sealed kernel could be started: {reply.reason}")
        self.pid = reply.pid
        ports = {f"{name}_port": port for port, name in enumerate(protocol.CHANNELS, 1)}
        info = {
            "transport": "ipc", "ip": reply.address, "key": key.encode(),
            "signature_scheme": "hmac-sha256", **ports,
        }  # fmt: skip
        self.connection_info = cast(KernelConnectionInfo, info)
        if self.parent is not None:
            self.parent.client_factory = client.guarded(self.parent.client_factory)
        return self.connection_info

    async def _launch(self, request: protocol.Launch):
        for _ in range(ATTEMPTS):
            self._connection = launcher.connect(self.preload)
            self._connection.setblocking(False)
            try:
                protocol.send(self._connection, request)
                return await asyncio.wait_for(self._receive(), START_SECONDS)
            except TimeoutError:
                return protocol.Failed(f"no answer within {START_SECONDS} s")
            except protocol.Closed:
                # The process that should answer has just been killed.
                self._close()
        return protocol.Failed("the processes that start kernels are repeatedly killed")

    async def pre_launch(self, **kwargs):
        return {"cmd": [], **await super().pre_launch(**kwargs)}

    async def poll(self) -> int | None:
        if self._connection is not None and self.ending is None:
            try:
                self._note(protocol.receive(self._connection)[0])
            except BlockingIOError:
                return None
            except protocol.Closed:
                self._note(None)
        return self._code()

    async def wait(self) -> int | None:
        if self._connection is not None and self.ending is None:
            try:
                self._note(await self._receive())
            except protocol.Closed:
                self._note(None)
        return self._code()

    async def send_signal(self, signum: int) -> None:
        if await self.poll() is None and self._connection is not None:
            try:
                protocol.send(self._connection, protocol.Signal(int(signum)))
            except protocol.Closed:
                self._note(None)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started, at once: nothing in it is worth waiting for."""
        await self.send_signal(signal.SIGKILL)
        try:
            await asyncio.wait_for(self.wait(), END_SECONDS)
        except TimeoutError:
            # The supervisor ends it when the connection is closed, or is itself ended.
            self._note(None)

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def shutdown_requested(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Return when nothing is left of the kernel: its supervisor closes the connection last."""
        if self._connection is not None:
            with contextlib.suppress(protocol.Closed, TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    while True:
                        await self._receive()
        self._close()

    async def _receive(self):
        loop, connection = asyncio.get_running_loop(), self._connection
        if connection is None:
            raise protocol.Closed
        while True:
            try:
                return protocol.receive(connection)[0]
            except BlockingIOError:
                ready = loop.create_future()
                loop.add_reader(connection, ready.set_result, None)
                try:
                    await ready
                finally:
                    loop.remove_reader(connection)

    def _note(self, message) -> None:
        failed = message is None or isinstance(message, protocol.Failed)
        self.ending = Ending(None) if failed else message

    def _code(self) -> int:
        # To Jupyter, None means "running".
        return -1 if self.ending is None or self.ending.code is None else self.ending.code

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def environment(env, variables: dict[str, str]) -> dict[str, str]:
    """A kernel's environment, given the one it was started from and the course's variables."""
    kept = {name: env[name] for name in KEPT if name in env}
    path = [os.path.join(sys.prefix, "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
    own = {name: value.format(data=visible.DATA) for name, value in variables.items()}
    return kept | own | launcher.SET | {
        "PATH": os.pathsep.join(path),
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "USER": "student",
    }  # fmt: skip
