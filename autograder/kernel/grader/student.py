"""`KernelStudent`: the boundary to a student's code in a Jupyter kernel."""

import time

import zmq
from jupyter_core.utils import run_sync

from autograder.checking import wire
from autograder.checking.reply import CheckFailed
from autograder.checking.student import AGENT, AGENT_SOURCE, KernelDied, OutOfTime, Student
from autograder.kernel.grader import messages

# Seconds without a message until we look whether the kernel lives.
LOOK = 0.5
# The type of the message on iopub that carries a reply's bytes.
REPLY = "autograder_reply"

# Runs in the student's process. Everything longer than a line travels as binary buffers: IPython
# tokenizes, transforms and hashes a cell's code at every call. The agent is sent with the first one,
# before the student's first cell; who makes the process forget it gives no answer.
CALL = """\
__import__("builtins").exec(\
bytes(__import__("IPython").get_ipython().kernel.get_parent("shell")["buffers"][0]), {})"""
CALLED = f"""\
import IPython
shell = IPython.get_ipython()
parent = shell.kernel.get_parent("shell")
_, make, source, request = map(bytes, parent["buffers"])
if make:
    exec(make)
    shell.__dict__["_autograder"] = known
agent, modules, libraries = shell.__dict__["_autograder"]
reply = agent["answer"](request, shell.user_ns, modules, libraries)
channel = shell.kernel.iopub_socket
shell.kernel.session.send(channel, "{REPLY}", {{}}, parent=parent, buffers=[reply])
"""


class KernelStudent(Student):
    """Probes run in the kernel of `client`.

    Parameters
    ----------
    client, manager
        A started `jupyter_client` kernel client and its manager (asynchronous ones).
    seconds_left
        A function that returns the seconds until the submission's time is used up.
    grace
        Seconds that an interrupted kernel has to respond before it is killed.
    clock
        What the limits are measured with, in seconds.
    """

    def __init__(self, client, manager, seconds_left, grace: float, clock=time.monotonic):
        super().__init__()
        self._client, self._manager = client, manager
        self._seconds_left, self._grace, self._clock = seconds_left, grace, clock
        # The same sockets without asyncio, which would take longer than most probes.
        self._shell: zmq.Socket = zmq.Socket.shadow(client.shell_channel.socket)
        self._iopub: zmq.Socket = zmq.Socket.shadow(client.iopub_channel.socket)
        self._made = False
        self.died = ""
        self.timed_out = False

    def run(self, code: str, timeout: float) -> None:
        """Run the grader's own code in the kernel, before the student's."""
        self._run(code, timeout)

    def _ask(self, request: bytes, timeout: float) -> bytes:
        if self.died:
            raise KernelDied(self.died)
        timeout = min(timeout, self._seconds_left())
        reply = self._run(CALL, timeout, request) if timeout > 0 else None
        if reply is None:
            self.timed_out = True
            raise OutOfTime(f"the code did not finish within {max(timeout, 0):.0f} seconds")
        return reply

    def _run(self, code: str, timeout: float, request: bytes | None = None) -> bytes | None:
        """The reply's bytes; None when time ran out (the kernel is then idle again, or dead)."""
        message_id = self._send(code, request)
        found: list[memoryview] = []
        if self._until_idle(message_id, timeout, found):
            if request is None:
                return None
            if len(found) != 1:
                raise CheckFailed("the code gave no answer: does it replace a part of Python?")
            if found[0].nbytes > wire.MAX_BYTES:
                raise CheckFailed("the answer could not be read: it is too large")
            return bytes(found[0])
        run_sync(self._manager.interrupt_kernel)()
        if not self._until_idle(message_id, self._grace, []):
            run_sync(self._manager.shutdown_kernel)(now=True)
            self.died = "the program could not be stopped when its time was up"
        return None

    def _send(self, code: str, request: bytes | None) -> str:
        """Have the kernel run code, with bytes attached; returns the message's id."""
        content = {
            "code": code, "silent": True, "store_history": False, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": False,
        }  # fmt: skip
        message = self._client.session.msg("execute_request", content)
        if request is not None:
            make, source = (b"", b"") if self._made else (AGENT.encode(), AGENT_SOURCE.encode())
            message["buffers"] = [CALLED.encode(), make, source, request]
            self._made = True
        self._client.session.send(self._shell, message)
        return message["header"]["msg_id"]

    def _until_idle(self, message_id: str, timeout: float, found: list) -> bool:
        end = self._clock() + timeout
        while (left := end - self._clock()) > 0:
            message = self._message(self._iopub, min(left, LOOK))
            if message is None:
                if not run_sync(self._client.is_alive)():
                    self.died = "the program ended while it was being checked"
                    raise KernelDied(self.died)
                continue
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                self._drop_reply(message_id)
                return True
            if message["msg_type"] == REPLY and len(message["buffers"]) == 1 and len(found) < 2:
                found.append(message["buffers"][0])
        return False

    def _drop_reply(self, message_id: str) -> None:
        """Take the shell channel's reply to our request, so that nobody finds it later."""
        end = time.monotonic() + 1
        while (left := end - time.monotonic()) > 0:
            reply = self._message(self._shell, left, messages.REPLIES)
            if reply is None or reply["parent_header"].get("msg_id") == message_id:
                return

    def _message(
        self, socket: zmq.Socket, seconds: float, kinds: frozenset[str] | None = None
    ) -> dict | None:
        """The next well-formed message, of one of these types; None if there is none for so long."""
        end = time.monotonic() + seconds
        while socket.poll(max(1, int(1000 * (end - time.monotonic())))):
            try:
                return messages.read(self._client.session, socket.recv_multipart(), kinds)
            except messages.Refused:
                continue
        return None
