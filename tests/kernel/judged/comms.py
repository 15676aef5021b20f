"""Widgets that would take over outputs, and comms to targets that nobody has."""

SCORE = 5
SOLVED = True
CELL = """\
import comm
kernel = get_ipython().kernel
state = {"_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel", "outputs": []}
parent = kernel.get_parent("shell")
state["msg_id"] = parent["header"]["msg_id"]
for target in ("jupyter.widget", "jupyter.widget.control", "autograder", "../../gradebook"):
    one = comm.create_comm(target_name=target, data={"state": state, "buffer_paths": []})
    one.send({"method": "update", "state": {"outputs": [{"output_type": "stream", "text": 5}]}})
    one.send({"method": "request_state"}, buffers=[b"x" * 1000])
    one.close()
"""


def hand_in(folder, notebook):
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": {"state": "<script>evil()"}}}
    }
