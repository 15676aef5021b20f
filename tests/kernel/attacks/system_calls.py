"""Calls that the kernel's attackers like, or that hold memory nobody counts."""

import ctypes
import errno
import platform

calls = {
    "x86_64": {"memfd_create": 319, "shmget": 29, "msgget": 68, "bpf": 321, "perf_event_open": 298,
               "userfaultfd": 323, "io_uring_setup": 425, "keyctl": 250, "add_key": 248,
               "process_vm_readv": 310, "open_by_handle_at": 304, "fsopen": 430, "clone3": 435,
               "setns": 308, "pidfd_getfd": 438, "init_module": 175, "clock_settime": 227},
    "aarch64": {"memfd_create": 279, "shmget": 194, "msgget": 186, "bpf": 280, "perf_event_open": 241,
                "userfaultfd": 282, "io_uring_setup": 425, "keyctl": 219, "add_key": 217,
                "process_vm_readv": 270, "open_by_handle_at": 265, "fsopen": 430, "clone3": 435,
                "setns": 268, "pidfd_getfd": 438, "init_module": 105, "clock_settime": 112},
}  # fmt: skip
libc = ctypes.CDLL(None, use_errno=True)
for name, number in calls[platform.machine()].items():
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != errno.ENOSYS:
        got.append((name, ctypes.get_errno()))
