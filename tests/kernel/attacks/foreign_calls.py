"""System calls with the numbers of another architecture, which a filter may not know."""

import ctypes
import mmap
import os
import platform

# mov eax, 20 (getpid of i386); int 0x80; ret - and getpid of x32: mov eax, 0x40000027; syscall; ret.
CODES = {
    "i386": bytes.fromhex("b814000000cd80c3"),
    "x32": bytes.fromhex("b8270000400f05c3"),
}
for name, code in CODES.items() if platform.machine() == "x86_64" else ():
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    pid = os.fork()
    if pid == 0:
        os._exit(42 if call() == os.getpid() else 0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42:
        got.append(name)
