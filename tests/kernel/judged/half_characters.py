r"""Half a surrogate pair, which no file takes: in sources, outputs, errors and replies."""

import json

SCORE = 2
SOLVED = True
CELL = r"""
kernel = get_ipython().kernel
kernel.session.pack = lambda value: __import__("json").dumps(value, default=str).encode()
print("a\ud800b")
"""
DOUBLE = r"""
def double(x):
    raise ValueError("\udfff <b>")
"""


def hand_in(folder, notebook):
    raw = json.loads(json.dumps(notebook))
    cell = {"cell_type": "markdown", "source": "a \ud800 b", "metadata": {"title": "\udfff"}}
    raw["cells"].append(cell)
    raw["metadata"]["\ud800"] = "\ud800"
    return json.dumps(raw).encode()
