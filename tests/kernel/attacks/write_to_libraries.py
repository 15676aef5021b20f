"""Change what the next kernel runs: interpreter, libraries, data, the root folder."""

import os
import sys

import torch

places = [os.path.dirname(torch.__file__), sys.prefix, sys.base_prefix, "/usr/bin", "/", "/etc", "/proc",
          "/dev", os.environ["DATA"], os.path.dirname(os.__file__)]  # fmt: skip
for place in places:
    try:
        with open(os.path.join(place, "evil.py"), "w"):
            got.append(place)
    except OSError:
        pass
for path in (
    torch.__file__,
    os.__file__,
    os.environ["DATA"] + "/images.npz",
    "/etc/passwd",
):
    for action in (lambda p: open(p, "a").close(), os.unlink, lambda p: os.chmod(p, 0o777),
                   lambda p: os.rename(p, p + "x"), lambda p: os.utime(p)):  # fmt: skip
        try:
            action(path)
            got.append(path)
        except OSError:
            pass
