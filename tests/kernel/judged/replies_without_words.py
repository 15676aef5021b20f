"""Replies that say less than every reader of them takes for granted, or are none."""

SCORE = 5
SOLVED = True
CELL = """\
kernel = get_ipython().kernel
parent, ident = kernel.get_parent("shell"), kernel._shell_parent_ident.get()
channel = kernel.shell_channel_thread.manager.get_subshell_to_shell_channel_socket(None)
contents = [{"status": "error"}, {"status": "error", "ename": "E"}, {"status": 5}, {}, {"status": "x" * 9_000_000}]
for kind in ("execute_reply", "error", "stream", "inspect_reply", "kernel_info_reply "):
    for content in contents:
        kernel.session.send(channel, kind, content, parent=parent, ident=ident)
"""
