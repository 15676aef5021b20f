"""What all processes in a sandbox use, read from its own /proc."""

import os
import re
from dataclasses import dataclass

from autograder.kernel.limits import SOCKET_BYTES

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """Sums over the processes of a sandbox.

    Parameters
    ----------
    memory_bound
        Bytes of private memory, of the tables that say where it is, and of sockets; pages that
        several processes share count once for each.
    """

    tasks: int
    cpu_seconds: float
    memory_bound: int


def measure(proc: int) -> Usage:
    """Measure every process in the /proc open as `proc`, except the first one, which is ours."""
    tasks, ticks, pages, tables = 0, 0, 0, 0
    for name in _processes(proc):
        try:
            # The student can choose the command's name, which is in parentheses.
            fields = _read(proc, f"{name}/stat").rpartition(")")[2].split()
            _, resident, shared, *_ = map(int, _read(proc, f"{name}/statm").split())
            tables += _tables(proc, name)
        except (OSError, ValueError):
            continue
        tasks += int(fields[17])
        ticks += sum(map(int, fields[11:15]))
        pages += max(0, resident - shared)
    return Usage(tasks, ticks / _TICKS, pages * _PAGE + tables + sockets(proc))


def memory(proc: int) -> int:
    """As `Usage.memory_bound`, with each page counted once; takes milliseconds."""
    total = sockets(proc)
    for name in _processes(proc):
        try:
            lines = _read(proc, f"{name}/smaps_rollup").splitlines()
            total += _tables(proc, name)
        except OSError:
            continue
        sizes = {key: value for key, _, value in (line.partition(":") for line in lines)}
        total += int(sizes.get("Pss_Anon", sizes.get("Pss", "0 kB")).split()[0]) * 1024
    return total


def sockets(proc: int) -> int:
    """Bytes that the sockets of the sandbox's network can hold, also those on their way to others.

    A process's memory does not show them, and a host without control groups counts them nowhere.
    """
    used = re.match(r"sockets: used (\d+)", _read(proc, "1/net/sockstat"))
    return int(used[1]) * SOCKET_BYTES if used else 0


def _tables(proc: int, name: str) -> int:
    """Bytes of a process's page tables: to read far-apart empty pages takes nothing else."""
    found = re.search(r"^VmPTE:\s*(\d+) kB", _read(proc, f"{name}/status"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _processes(proc: int) -> list[str]:
    return [name for name in os.listdir(proc) if name.isdigit() and name != "1"]


def _read(proc: int, path: str) -> str:
    with open(os.open(path, os.O_RDONLY, dir_fd=proc), encoding="ascii", errors="replace") as file:
        return file.read()
