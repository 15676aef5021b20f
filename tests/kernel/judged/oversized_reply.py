"""A reply above what may be decoded, but below what ends a kernel."""

SCORE = 0
DOUBLE = """\
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[bytes(40 << 20)])
    raise SystemExit
"""
