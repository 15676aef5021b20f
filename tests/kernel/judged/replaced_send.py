"""A session that sends other bytes than it is given."""

SCORE = 0
CELL = """\
import json, struct
session = get_ipython().kernel.session
send = session.send
def other(stream, kind, *args, buffers=None, **kwargs):
    if kind == "autograder_reply":
        head = json.dumps({"tree": {"dict": [["value", True]]}, "arrays": []}).encode()
        buffers = [struct.pack("<I", len(head)) + head]
    return send(stream, kind, *args, buffers=buffers, **kwargs)
session.send = other
"""
