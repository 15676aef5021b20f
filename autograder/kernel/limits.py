"""What a kernel may use, and how it ended."""

from dataclasses import dataclass, fields

GiB = 1 << 30
# What the buffers of a socket can hold, as Linux gives them to those that ask for nothing else (twice
# net.core.wmem_default), and as the sandbox lets them ask for no more.
SOCKET_BYTES = 2 * 212_992
# `Ending.code` of a killed process: minus SIGKILL, a name that not every system has.
KILLED = -9


@dataclass(frozen=True)
class Limits:
    """What one sealed kernel, with all processes it starts, may use.

    Parameters
    ----------
    wall_seconds, cpu_seconds
        Elapsed time and processor time, from the kernel's start.
    memory_bytes
        Memory beyond what the preloaded libraries share; each socket counts as `SOCKET_BYTES`.
    processes
        Processes and threads at a time.
    disk_bytes, files
        Everything written: working folder, /tmp and /dev/shm together.
    output_bytes
        Everything sent to the client.
    descriptors
        Open files of a process.
    """

    wall_seconds: float = 1200
    cpu_seconds: float = 2400
    memory_bytes: int = 4 * GiB
    processes: int = 256
    disk_bytes: int = 1 * GiB
    files: int = 20_000
    output_bytes: int = GiB // 2
    descriptors: int = 1024

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"expected a positive number for {field.name}, got {value!r}")

    @classmethod
    def from_dict(cls, values: dict) -> "Limits":
        """The defaults, with `values` replacing some of them.

        Raises
        ------
        ValueError
            For a name that is not a limit, or a value that is not a positive number.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"expected limits named {', '.join(known)}, got {', '.join(unknown)}")
        return cls(**values)


@dataclass(frozen=True)
class Ending:
    """How a kernel ended.

    Parameters
    ----------
    code
        Exit status, or minus the signal that ended it; None if it is unknown.
    limit
        The limit that was hit: "memory", "cpu", "wall", "processes" or "output"; "" for none.
    errors
        The end of the kernel's own standard error, which the student's process writes.
    """

    code: int | None
    limit: str = ""
    errors: str = ""

    def __str__(self) -> str:
        if self.limit:
            return f"the kernel was stopped: limit of {self.limit} reached"
        if self.code is None:
            return "the kernel ended"
        if self.code == KILLED:
            return "the kernel was killed (signal 9), by its own code or by this machine"
        if self.code < 0:
            return f"the kernel was ended by signal {-self.code}"
        return f"the kernel ended with status {self.code}"
