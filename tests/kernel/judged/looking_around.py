"""Look for other submissions, the course, keys and other kernels, wherever a kernel can look."""

SCORE = 0
CELL = """\
import glob, os, socket, sys
from ipykernel.kernelapp import IPKernelApp
got = []
words = "gradebook submitted autograded 99_tiny.ipynb nbgrader_config".split()
for top in ("/submission", "/tmp", "/dev", "/run", "/data", "/etc", "/home", "/root", "/var", "/srv", "/old"):
    for folder, folders, files in os.walk(top):
        got += [os.path.join(folder, n) for n in folders + files
                if any(w in n for w in words) and not folder.startswith((sys.prefix, sys.base_prefix))]
for path in glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/environ") + ["/proc/self/mountinfo", "/proc/net/unix"]:
    try:
        text = open(path, errors="replace").read()
        got += [(path, word) for word in words if word in text]
    except OSError:
        pass
got += [os.readlink(fd) for fd in glob.glob("/proc/self/fd/*") if os.path.isdir(fd) and "/proc" not in os.readlink(fd)]
got += [path for path in [IPKernelApp.instance().abs_connection_file] if os.path.exists(path)]
got += glob.glob(os.path.expanduser("~/.local/share/jupyter/runtime/*")) + glob.glob("/proc/[0-9]*/task/*/children")[99:]
print("got", got)
"""
