"""Messages of every type with wrong types in every field, rightly signed, as part of a cell."""

SCORE = 5
SOLVED = True
CELL = """\
import itertools
kernel = get_ipython().kernel
parent = kernel.get_parent("shell")["header"]
types = ["status", "stream", "display_data", "update_display_data", "execute_result", "error", "comm_open",
         "comm_msg", "clear_output", "execute_reply", "input_request", ["list"], None, 5, "x" * 100_000]
values = [None, [], 7, {}, "x", {"execution_state": 1}, {"name": 5, "text": None}, {"data": 5, "metadata": {}},
          {"data": {}, "metadata": None, "transient": {"display_id": [1]}}, {"comm_id": "c", "data": {"state": 1}},
          {"comm_id": "c", "target_name": "jupyter.widget", "data": {"state": {
              "_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "outputs": 5}}},
          {"comm_id": "c", "data": {"state": {"msg_id": ""}, "buffer_paths": [[[1]]]}},
          {"ename": 1, "evalue": 2, "traceback": 3}, {"execution_count": "many"}]
session = kernel.session
for kind, content in itertools.product(types, values):
    for header in ({"msg_id": "m", "msg_type": kind, "version": "5.4"}, [kind], None, {"msg_type": kind}):
        for about in (parent, None, {"msg_id": ["x"]}):
            frames = [session.pack(part) for part in (header, about, {}, content)]
            kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(frames), *frames])
kernel.iopub_socket.send_multipart([b"x"] * 50)
"""
