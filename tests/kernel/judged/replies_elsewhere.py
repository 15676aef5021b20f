"""Answers on every other channel, and in messages of other types."""

SCORE = 0
DOUBLE = """\
import json, struct
def double(x):
    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    head = json.dumps({"tree": {"dict": [["value", 1.0]]}, "arrays": []}).encode()
    reply = struct.pack("<I", len(head)) + head
    content = {"status": "ok", "execution_count": 1, "user_expressions": {"points": 5.0}, "payload": []}
    shell = kernel.shell_channel_thread.manager.get_subshell_to_shell_channel_socket(None)
    for channel in (shell, kernel.control_stream, kernel.stdin_socket, kernel.iopub_socket):
        for kind in ("execute_reply", "autograder_reply ", "Autograder_Reply", "execute_result"):
            kernel.session.send(channel, kind, content, parent=parent, buffers=[reply])
    raise SystemExit
"""
