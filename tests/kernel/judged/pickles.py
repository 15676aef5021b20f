"""A pickle that writes a file wherever it is read: as reply, as content, as array."""

SCORE = 0
DOUBLE = """\
import pickle, struct
class Evil:
    def __reduce__(self):
        return (open, ("/tmp/unpickled-by-the-grader", "w"))
evil = pickle.dumps(Evil())
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    session = kernel.session
    for reply in (evil, struct.pack("<I", len(evil)) + evil):
        session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[reply])
    session.pack = lambda value: evil
    session.send(kernel.iopub_socket, "display_data", {}, parent=parent)
    raise SystemExit
"""


def got(course, student, result):
    import os

    return [path for path in ["/tmp/unpickled-by-the-grader"] if os.path.exists(path)]
