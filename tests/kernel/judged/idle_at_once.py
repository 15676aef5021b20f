"""Say that the call is over, with an answer, while it still runs."""

SCORE = 0
DOUBLE = """\
import time
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[b"1234"])
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
    return 2 * x
"""
