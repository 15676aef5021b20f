"""A kernel client that neither waits for nor trusts a kernel more than it must."""

import asyncio
import functools
import time
from queue import Empty

from jupyter_core.utils import ensure_async, run_sync

# Seconds until a request is repeated: the first may be answered before iopub is subscribed.
PATIENCE = 0.2


@functools.cache
def client_for_sealed(cls: type) -> type:
    """`cls`, a kernel client's class, with two changes.

    `wait_for_ready` returns at once. The stock one listens for another fifth of a second after the
    kernel's answer, so that nothing of an earlier client is left in its queue; a sealed kernel has no
    earlier client.

    No heartbeat is listened to: its thread waits for ever, and whoever closes the client waits for
    the thread, when a kernel sends half an answer. The supervisor tells when a kernel ends.
    """
    waiting = asyncio.iscoroutinefunction(cls.wait_for_ready)

    class ClientForSealed(cls):
        wait_for_ready = _wait_for_ready if waiting else run_sync(_wait_for_ready)

        def start_channels(self, shell=True, iopub=True, stdin=True, hb=False, control=True):
            super().start_channels(shell, iopub, stdin, hb, control)

    return ClientForSealed


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
