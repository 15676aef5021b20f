"""The boundary: how a check talks to a student's code.

A check gets a `Student` and calls probes on it. What comes back is plain data, already decoded and
size-checked; whether it is right is decided here, in the grader's process.
"""

import contextlib
import functools
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from autograder.checking import raised, wire
from autograder.checking.reply import CheckFailed, Reply
from autograder.errors import UserError

AGENT_SOURCE = "\n".join(
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("wire.py", "libraries.py", "agent.py")
)
# What makes an agent of this source: its words stay what they are now.
AGENT = """\
import builtins
agent = {"__name__": "agent", "__builtins__": dict(vars(builtins))}
exec(compile(source, "<agent>", "exec"), agent)
known = agent, {}, agent["Libraries"]()
"""


class StudentError(CheckFailed):
    """The student's code raised; `details` are its own words, which feedback does not repeat."""

    def __init__(self, type: str, message: str, line: str = ""):
        self.details = f"{type}: {message}"
        super().__init__(raised.described(type, message, line))


class OutOfTime(CheckFailed):
    """The student's code did not return within the time limit."""


class KernelDied(CheckFailed):
    """The student's process is gone."""


class Student(ABC):
    """What a check may ask of a student's code."""

    def __init__(self) -> None:
        self.seed = 0
        # The lines that the student has written, if they are known: no other one is shown.
        self.lines: frozenset[str] | None = None
        # What the student's release has drawn, or everybody's values: see `variants`.
        self.constants: dict[str, object] = {}

    def call(self, probe, *args, timeout: float = 20.0, **kwargs) -> Reply:
        """Run `probe(ns, *args, **kwargs)` beside the student's names and return its plain result.

        Parameters
        ----------
        probe
            A module-level function of the assignment's `probes`, or of a module in `hidden/shared`.
            The random generators of Python, NumPy and, where it is loaded, torch are seeded with
            `self.seed` before it runs.
        timeout
            Seconds until the call counts as timed out.

        Raises
        ------
        StudentError
            If the student's code raised, or the reply is not plain data.
        OutOfTime, KernelDied
            If no reply arrived.
        """
        return self._call(sys.modules[probe.__module__], probe.__name__, args, kwargs, timeout)

    def load(self, module: ModuleType, timeout: float = 60.0) -> None:
        """Execute a probe module where the student's code will run, and keep nothing of it.

        Raises
        ------
        StudentError
            If it cannot be executed there.
        """
        self._call(module, "", (), {}, timeout)

    def _call(self, module: ModuleType, probe: str, args, kwargs, timeout: float) -> Reply:
        request = wire.encode(
            {
                "modules": [[name, source] for name, source in sent_modules(module)],
                "probe": probe,
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
            return Reply(reply["value"])
        failure = reply.get("error") if isinstance(reply, dict) else None
        if not isinstance(failure, dict):
            raise CheckFailed("the answer could not be read: unknown form")
        # Anything but text was forged, and may take minutes to print.
        texts = [failure.get(key, "") for key in ("type", "message", "line")]
        kind, message, line = (text[:400] if isinstance(text, str) else "?" for text in texts)
        own = self.lines is None or line.strip() in self.lines
        raise StudentError(kind, message, line if own else "")

    @abstractmethod
    def _ask(self, request: bytes, timeout: float) -> bytes: ...


@functools.cache
def sent_modules(module: ModuleType) -> tuple[tuple[str, str], ...]:
    """The names and sources that a student's process needs to run a probe of `module`.

    The modules of `hidden/shared` that it imports come first, the module itself last. Names are
    relative to the package that `hidden/` was loaded as.

    Raises
    ------
    UserError
        If one of them imports `autograder`: checks and answers must not be sent.
    """
    root = module.__name__.partition(".")[0]
    found: dict[str, str] = {}

    def add(name: str) -> None:
        if name in found or name not in sys.modules:
            return
        part = sys.modules[name]
        if getattr(part, "__file__", None) is None:
            return
        for imported in list(vars(part).values()):
            owner = imported.__name__ if isinstance(imported, ModuleType) else getattr(
                imported, "__module__", None
            )  # fmt: skip
            if owner != name and isinstance(owner, str) and owner.partition(".")[0] == "autograder":
                place = name.removeprefix(f"{root}.").replace(".", "/")
                raise UserError(
                    f"hidden/{place}.py imports autograder, which a student's process cannot: "
                    "write probes in probes.py, which imports libraries and hidden/shared alone"
                )
            if isinstance(owner, str) and owner != name and owner.startswith(f"{root}."):
                add(owner)
        found[name] = inspect.getsource(part)

    add(module.__name__)
    return tuple((name.removeprefix(f"{root}."), source) for name, source in found.items())


class LocalStudent(Student):
    """A namespace in this process: for unit tests and `autograder audit`, never for submissions."""

    def __init__(self, namespace: dict):
        super().__init__()
        self._namespace = namespace
        made: dict = {"source": AGENT_SOURCE}
        exec(AGENT, made)
        self._agent, self._modules, self._libraries = made["known"]

    def become(self, namespace: dict) -> None:
        """Answer with these names from now on; the probes need not be compiled again."""
        self._namespace = namespace

    def warm_up(self) -> None:
        """Import what the first probe would: once in a process, seconds for torch's compiler."""
        with self._agent["usual_state"]():
            pass

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """A state of Python and its libraries in which no code that ran before has left anything."""
        with self._libraries, self._agent["usual_state"]():
            yield

    def _ask(self, request: bytes, timeout: float) -> bytes:
        return self._agent["answer"](request, self._namespace, self._modules, self._libraries)
