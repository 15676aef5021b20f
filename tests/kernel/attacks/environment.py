"""Find the grader's secret in an environment."""

import glob
import os

got += [name for name, value in os.environ.items() if target["secret"] in value]
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        with open(path) as file:
            if target["secret"] in file.read():
                got.append(path)
    except OSError:
        pass
