"""A kernel client that neither waits for nor trusts a kernel more than it must."""

import asyncio
import functools
import time
from queue import Empty

import zmq
from jupyter_client.channels import AsyncZMQSocketChannel, ZMQSocketChannel
from jupyter_core.utils import ensure_async, run_sync
from traitlets import Type

from autograder.kernel.grader import messages
from autograder.kernel.supervisor.framing import MAX_PART_BYTES

# Seconds until a request is repeated: the first may be answered before iopub is subscribed.
PATIENCE = 0.2
# Messages that wait in the client for nobody: on stdin, on control, between two cells.
WAITING = 1000


class Channel(ZMQSocketChannel):
    """A channel on which only well-formed messages arrive; others are dropped."""

    def get_msg(self, timeout: float | None = None) -> dict:
        """The next message; raises `Empty` after `timeout` seconds."""
        for left in _milliseconds(timeout):
            if not self.socket.poll(left):
                break
            try:
                return messages.read(self.session, self.socket.recv_multipart())
            except messages.Refused:
                continue
        raise Empty


class AsyncChannel(AsyncZMQSocketChannel):
    """`Channel` for asyncio."""

    async def get_msg(self, timeout: float | None = None) -> dict:
        """The next message; raises `Empty` after `timeout` seconds."""
        for left in _milliseconds(timeout):
            if not await self.socket.poll(left):
                break
            try:
                return messages.read(self.session, await self.socket.recv_multipart())
            except messages.Refused:
                continue
        raise Empty


def _milliseconds(seconds: float | None):
    """What is left of a time, again and again until it is used up; None is for ever."""
    if seconds is None:
        while True:
            yield None
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield int(left * 1000)
    yield 0


@functools.cache
def guarded(cls: type) -> type:
    """`cls`, a kernel client's class, with three changes.

    `wait_for_ready` returns at once. The stock one listens for another fifth of a second after the
    kernel's answer, so that nothing of an earlier client is left in its queue; the kernels here have
    no earlier client.

    No heartbeat is listened to: its thread waits for ever, and whoever closes the client waits for
    the thread, when a kernel sends half an answer. The provisioner tells when a kernel ends.

    Frames that are too large are refused before they are read, and messages that are not of the form
    their type promises never reach a caller. Only the supervisor of a sealed kernel also bounds how
    many frames a message has, and all of them together.
    """
    waiting = asyncio.iscoroutinefunction(cls.wait_for_ready)
    channel = AsyncChannel if waiting else Channel

    class Guarded(cls):
        wait_for_ready = _wait_for_ready if waiting else run_sync(_wait_for_ready)
        shell_channel_class = Type(channel)
        iopub_channel_class = Type(channel)
        stdin_channel_class = Type(channel)
        control_channel_class = Type(channel)

        def start_channels(self, shell=True, iopub=True, stdin=True, hb=False, control=True):
            # For the sockets that this context makes from now on, which are this client's.
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
