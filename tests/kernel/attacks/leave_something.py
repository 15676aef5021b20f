"""Leave files for the next kernel, and change what it was forked from."""

import os
import sys

import IPython
import torch

for place in (".", "/tmp", "/dev/shm", os.path.expanduser("~")):
    with open(f"{place}/left", "w") as file:
        file.write("hello")
os.makedirs("/tmp/.ipython/profile_default/startup", exist_ok=True)
with open("/tmp/.ipython/profile_default/startup/evil.py", "w") as file:
    file.write("raise SystemExit")
torch.arange = torch.Tensor.sum = lambda *args, **kwargs: torch.tensor(-1.0)
torch.set_default_dtype(torch.float16)
IPython.core.interactiveshell.InteractiveShell.showtraceback = print
sys.settrace(lambda *args: None)
os.environ["PYTHONSTARTUP"] = "/tmp/left"
os.umask(0)
sys.settrace(None)
