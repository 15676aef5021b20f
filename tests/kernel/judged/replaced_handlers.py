"""A kernel that says of every request that it is done, and does nothing."""

SCORE = 0
CELL = """\
kernel = get_ipython().kernel
async def execute(stream, ident, parent):
    content = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    kernel.session.send(stream, "execute_reply", content, parent=parent, ident=ident)
kernel.shell_handlers["execute_request"] = execute
"""
