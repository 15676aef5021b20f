"""Take the processor before all others: priorities, real time, and what the host kills last."""

import os

try:
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) - 1)
    got.append("priority")
except OSError:
    pass
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    try:
        os.sched_setscheduler(0, policy, os.sched_param(1))
        got.append(policy)
    except OSError:
        pass
before = open("/proc/self/oom_score_adj").read()
for path, text in (("oom_score_adj", "-1000"), ("autogroup", "-20"), ("timerslack_ns", "1")):
    try:
        with open(f"/proc/self/{path}", "w") as file:
            file.write(text)
        # A shorter slack of its own hurts nobody.
        if path != "timerslack_ns":
            got.append(path)
    except OSError:
        pass
if open("/proc/self/oom_score_adj").read() != before:
    got.append(before)
