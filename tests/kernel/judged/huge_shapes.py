"""Headers that promise terabytes, and a million arrays."""

SCORE = 0
DOUBLE = """\
import json, struct
forged = [
    {"tree": {"array": 0}, "arrays": [["float64", [2**40]]]},
    {"tree": {"array": 0}, "arrays": [["float64", [2**24] * 8]]},
    {"tree": {"array": 0}, "arrays": [["float64", [0, 2**63]]]},
    {"tree": {"array": 0}, "arrays": [["uint8", [0]]] * 300_000},
    {"tree": [[]] * 1_500_000, "arrays": []},
]
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    head = json.dumps(forged.pop() if forged else {}).encode()
    reply = struct.pack("<I", len(head)) + head
    kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[reply])
    raise SystemExit
"""
