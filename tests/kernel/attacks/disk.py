"""Ten gigabytes of files, in every place that can be written to."""
# limits: {"disk_bytes": 50000000}

import os

written = 0
for place in (".", "/tmp", "/dev/shm"):
    for number in range(200):
        try:
            with open(f"{place}/{number}", "wb") as file:
                for _ in range(50):
                    written += file.write(bytes(1_000_000))
        except OSError:
            break
if written > 50_000_000:
    got.append(written)
with open("sparse", "wb") as file:
    try:
        os.truncate("sparse", 10**12)
        got.append("a file of a terabyte")
    except OSError:
        pass
