"""A task of the kernel's own loop that answers later calls, and one that never yields again."""

SCORE = 0
CELL = """\
import asyncio, json, struct
kernel = get_ipython().kernel
head = json.dumps({"tree": {"dict": [["value", 0.0]]}, "arrays": []}).encode()
zero = struct.pack("<I", len(head)) + head
async def answer():
    while True:
        parent = kernel.get_parent("shell")
        kernel.session.send(kernel.iopub_socket, "autograder_reply", {}, parent=parent, buffers=[zero])
        await asyncio.sleep(0.02)
task = asyncio.get_event_loop().create_task(answer())
"""
DOUBLE = """\
def double(x):
    return x
"""
