"""The boundary: how a check talks to a student's code.

A check gets a `Student` and calls probes on it. What comes back is plain data, already decoded and
size-checked; whether it is right is decided here, in the grader's process.
"""

import inspect
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from autograder import wire

AGENT_SOURCE = "\n".join(
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("wire.py", "agent.py")
)


class CheckFailed(Exception):
    """A check's verdict: the message is shown to the student."""


class StudentError(CheckFailed):
    """The student's code raised. `type` is the exception's name."""

    def __init__(self, type: str, message: str, line: str = ""):
        self.type = type
        where = f" at `{line}`" if line else ""
        if type == "NotImplementedError":
            text = "not solved yet: the code still raises NotImplementedError"
        else:
            text = f"your code raised {type}{where}: {message}".rstrip(": ")
        super().__init__(text)


class OutOfTime(CheckFailed):
    """The student's code did not come back within the time limit."""


class KernelDied(CheckFailed):
    """The student's process is gone."""


class Student(ABC):
    """What a check may ask of a student's code."""

    def __init__(self) -> None:
        self.seed = 0

    def call(self, probe, *args, timeout: float = 20.0, **kwargs):
        """Run `probe(ns, *args, **kwargs)` beside the student's names and return its plain result.

        Parameters
        ----------
        probe
            A module-level function of `autograder.probes`. Python's, NumPy's and torch's random
            generators are seeded with `self.seed` before it runs.
        timeout
            Seconds until the call counts as endless.

        Raises
        ------
        StudentError
            If the student's code raised, or the reply is not plain data.
        OutOfTime, KernelDied
            If no reply came.
        """
        module = sys.modules[probe.__module__]
        request = wire.encode(
            {
                "module": probe.__module__.rpartition(".")[2],
                "source": inspect.getsource(module),
                "probe": probe.__name__,
                "seed": self.seed,
                "args": list(args),
                "kwargs": kwargs,
            }
        )
        try:
            reply = wire.decode(self._ask(request, timeout))
        except wire.WireError as error:
            raise CheckFailed(f"the answer could not be read: {error}") from None
        if isinstance(reply, dict) and set(reply) == {"value"}:
            return reply["value"]
        error = reply.get("error") if isinstance(reply, dict) else None
        if not isinstance(error, dict):
            raise CheckFailed("the answer could not be read: unknown form")
        raise StudentError(*(str(error.get(key, ""))[:400] for key in ("type", "message", "line")))

    @abstractmethod
    def _ask(self, request: bytes, timeout: float) -> bytes: ...


class LocalStudent(Student):
    """A namespace in this process: for unit tests and `autograder audit`, never for submissions."""

    def __init__(self, namespace: dict):
        super().__init__()
        self._namespace = namespace
        self._modules: dict = {}
        self._agent: dict = {"__name__": "agent"}
        exec(compile(AGENT_SOURCE, "<agent>", "exec"), self._agent)

    def _ask(self, request: bytes, timeout: float) -> bytes:
        return self._agent["answer"](request, self._namespace, self._modules)
