"""`KernelStudent`: the boundary to a student's code in a Jupyter kernel."""

import base64
import binascii
import time
from queue import Empty

from jupyter_core.utils import ensure_async, run_sync

from autograder import wire
from autograder.student import AGENT_SOURCE, CheckFailed, KernelDied, OutOfTime, Student

MIME = "application/vnd.mlp-course.reply"

# Runs in the student's process. Everything is sent as text each time, so nothing has to survive
# there between two calls.
CALL = """\
def _(source, request):
    import base64, IPython
    agent = {{"__name__": "agent"}}
    exec(compile(source, "<agent>", "exec"), agent)
    shell = IPython.get_ipython()
    reply = agent["answer"](base64.b64decode(request), shell.user_ns, {{}})
    shell.display_pub.publish({{"{mime}": base64.b64encode(reply).decode()}})
_({source!r}, "{request}")
"""


class KernelStudent(Student):
    """Probes run in the kernel of `client`.

    Parameters
    ----------
    client, manager
        A started `jupyter_client` kernel client and its manager (asynchronous ones).
    seconds_left
        A function: seconds until the submission's time is used up.
    grace
        Seconds an interrupted kernel has to come back before it is killed.
    """

    def __init__(self, client, manager, seconds_left, grace: float):
        super().__init__()
        self._client, self._manager = client, manager
        self._seconds_left, self._grace = seconds_left, grace
        self.died = ""
        self.timed_out = False

    def run(self, code: str, timeout: float) -> None:
        """Run code of the grader's in the kernel, before the student's."""
        run_sync(self._run)(code, timeout, expect_reply=False)

    def _ask(self, request: bytes, timeout: float) -> bytes:
        if self.died:
            raise KernelDied(self.died)
        code = CALL.format(
            mime=MIME, source=AGENT_SOURCE, request=base64.b64encode(request).decode()
        )
        timeout = min(timeout, self._seconds_left())
        reply = run_sync(self._run)(code, timeout) if timeout > 0 else None
        if reply is None:
            self.timed_out = True
            raise OutOfTime(f"the code did not finish within {max(timeout, 0):.0f} seconds")
        return reply

    async def _run(self, code: str, timeout: float, expect_reply=True) -> bytes | None:
        """The reply's bytes; None when time ran out (the kernel is then idle again, or dead)."""
        message_id = await ensure_async(
            self._client.execute(code, silent=True, store_history=False, allow_stdin=False)
        )
        found: list[str] = []
        if await self._until_idle(message_id, timeout, found):
            if not expect_reply:
                return None
            if len(found) != 1:
                raise CheckFailed("the code gave no answer: was something of Python replaced?")
            if len(found[0]) > wire.MAX_BYTES * 4 / 3 + 4:
                raise CheckFailed("the answer could not be read: it is too large")
            try:
                return base64.b64decode(found[0], validate=True)
            except (binascii.Error, ValueError):
                raise CheckFailed("the answer could not be read: not base64") from None
        await ensure_async(self._manager.interrupt_kernel())
        if not await self._until_idle(message_id, self._grace, []):
            await ensure_async(self._manager.shutdown_kernel(now=True))
            self.died = "the program could not be stopped after its time was up"
        return None

    async def _until_idle(self, message_id: str, timeout: float, found: list[str]) -> bool:
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                message = await ensure_async(
                    self._client.get_iopub_msg(timeout=max(0.01, min(left, 0.5)))
                )
            except Empty:
                if not await ensure_async(self._client.is_alive()):
                    self.died = "the program ended while it was being checked"
                    raise KernelDied(self.died) from None
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                await self._drop_reply(message_id)
                return True
            if message["msg_type"] == "display_data" and MIME in content.get("data", {}):
                if isinstance(content["data"][MIME], str):
                    found.append(content["data"][MIME])
        return False

    async def _drop_reply(self, message_id: str) -> None:
        """Take the shell channel's reply to our request, so that nobody finds it later."""
        try:
            while True:
                reply = await ensure_async(self._client.get_shell_msg(timeout=1))
                if reply["parent_header"].get("msg_id") == message_id:
                    return
        except Empty:
            return
