"""Watch the files that all kernels share, to see what others open."""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(os.O_NONBLOCK)
places = [
    os.path.dirname(torch.__file__),
    os.environ["DATA"],
    "/usr/bin",
    "/proc",
    os.path.dirname(os.__file__),
]
for place in places:
    libc.inotify_add_watch(watch, place.encode(), 0xFFF)
for folder in ("/", "/tmp", "/dev/shm"):
    libc.inotify_add_watch(watch, folder.encode(), 0xFFF)
time.sleep(0.2)
# A fanotify group would even be asked before others may open a file.
if libc.fanotify_init(0, 0) >= 0:
    got.append("fanotify")
