"""A kernel client that waits for a kernel no longer than it must, and does not trust it."""

import asyncio
import functools
import time
from collections.abc import Iterator
from queue import Empty
from typing import Any

import zmq
from jupyter_client.channels import AsyncZMQSocketChannel, ZMQSocketChannel
from jupyter_client.client import KernelClient
from jupyter_core.utils import ensure_async, run_sync
from traitlets import Type

from autograder.kernel.grader import messages
from autograder.kernel.supervisor.framing import MAX_PART_BYTES

# Seconds until a request is repeated: the first may be answered before iopub is subscribed.
PATIENCE = 0.2
# Messages that may wait in the client although nobody reads them: on stdin, on control, between
# cells.
WAITING = 1000


class Channel(ZMQSocketChannel):
    """A channel on which only well-formed messages arrive, of some types; others are dropped."""

    kinds: frozenset[str] | None = None

    def get_msg(self, timeout: float | None = None) -> dict:
        """The next message; raises `Empty` after `timeout` seconds."""
        assert self.socket is not None  # It is until the channel is closed.
        for left in _milliseconds(timeout):
            if not self.socket.poll(left):
                break
            try:
                return messages.read(self.session, self.socket.recv_multipart(), self.kinds)
            except messages.Refused:
                continue
        raise Empty


class AsyncChannel(AsyncZMQSocketChannel):
    """`Channel` for asyncio."""

    kinds: frozenset[str] | None = None

    async def get_msg(  # type: ignore[override]  # as in jupyter_client's own AsyncZMQSocketChannel
        self, timeout: float | None = None
    ) -> dict:
        """The next message; raises `Empty` after `timeout` seconds."""
        for left in _milliseconds(timeout):
            if not await self.socket.poll(left):
                break
            try:
                return messages.read(self.session, await self.socket.recv_multipart(), self.kinds)
            except messages.Refused:
                continue
        raise Empty


class Shell(Channel):
    """The shell channel, on which replies arrive and nothing else."""

    kinds = messages.REPLIES


class AsyncShell(AsyncChannel):
    """`Shell` for asyncio."""

    kinds = messages.REPLIES


def _milliseconds(seconds: float | None) -> Iterator[int | None]:
    """The time left, again and again until it is used up; None stands for no limit."""
    if seconds is None:
        while True:
            yield None
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield int(left * 1000)
    yield 0


@functools.cache
def guarded(cls: type[KernelClient]) -> type[KernelClient]:
    """`cls`, a kernel client's class, with three changes.

    `wait_for_ready` returns as soon as the kernel answers. The stock one listens for another fifth
    of a second, in case messages for an earlier client are left in the queue; the kernels here have
    no earlier client.

    There is no heartbeat: if a kernel sends half an answer, its thread waits for ever, and closing
    the client waits for the thread. The provisioner reports when a kernel ends.

    Frames that are too large are refused before they are read, and messages that do not have the
    form of their type never reach a caller. Only the supervisor of a sealed kernel also limits the
    number of a message's frames, and their total size.
    """
    # A base class that is only known at run time has no static type.
    base: Any = cls
    waiting = asyncio.iscoroutinefunction(base.wait_for_ready)
    channel, shell = (AsyncChannel, AsyncShell) if waiting else (Channel, Shell)

    class Guarded(base):
        wait_for_ready = _wait_for_ready if waiting else run_sync(_wait_for_ready)
        shell_channel_class = Type(shell)
        iopub_channel_class = Type(channel)
        stdin_channel_class = Type(channel)
        control_channel_class = Type(channel)

        def start_channels(self, shell=True, iopub=True, stdin=True, hb=False, control=True):
            # These apply to sockets that this context makes from now on, which are this client's.
            self.context.setsockopt(zmq.MAXMSGSIZE, MAX_PART_BYTES)
            self.context.setsockopt(zmq.RCVHWM, WAITING)
            super().start_channels(shell, iopub, stdin, hb, control)

    return Guarded


async def _wait_for_ready(self, timeout: float | None = None) -> None:
    """Return when the kernel answers on both channels.

    Raises
    ------
    RuntimeError
        If the kernel dies first, or `timeout` seconds pass.
    """
    end = float("inf") if timeout is None else time.monotonic() + timeout
    while time.monotonic() < end:
        request = self.kernel_info()
        try:
            await _wait_for(self.get_shell_msg, request, "kernel_info_reply", 1)
            await _wait_for(self.get_iopub_msg, request, "status", PATIENCE)
            return
        except Empty:
            if not await ensure_async(self.is_alive()):
                raise RuntimeError("Kernel died before replying to kernel_info") from None
    raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


async def _wait_for(get_message, request: str, kind: str, patience: float) -> None:
    while True:
        message = await ensure_async(get_message(timeout=patience))
        if message["parent_header"].get("msg_id") != request or message["msg_type"] != kind:
            continue
        if message["content"].get("execution_state", "idle") == "idle":
            return
