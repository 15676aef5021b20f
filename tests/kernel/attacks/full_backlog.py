"""Stop the process that accepts connections and fill its backlog, so that whoever connects waits."""
# limits: {"wall_seconds": 4}
# ends: wall

import os
import signal
import socket
import stat
import time

if os.fork() == 0:
    os.setsid()
    os.kill(os.getppid(), signal.SIGSTOP)
    for fd in range(3, 400):
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                continue
            own = socket.socket(fileno=os.dup(fd))
            if own.family != socket.AF_UNIX:
                continue
            if own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                # Room for one.
                own.listen(0)
            else:
                # The grader's client connects again.
                own.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    while True:
        time.sleep(1000)
time.sleep(1000)
